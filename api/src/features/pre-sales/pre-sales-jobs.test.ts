/** Orders of pre-sales as time goes by: the end of the window, reminders; every test ends with all books agreeing. */
import { myMessages } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '../../compose.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, seedBrand } from '../../testing/fixtures.ts';
import { HOURS, preSaleSteps } from '../../testing/pre-sales.ts';
import { expectBooksRight, payFor, waitForState } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { MESSAGES_JOB } from '../messages/index.ts';
import { createDue } from './due.ts';
import { PRE_SALE_REMINDERS_JOB } from './index.ts';
import { createPreSaleReminders } from './reminders.ts';

let api: TestApi;
let brand: Brand;
let steps: ReturnType<typeof preSaleSteps>;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  steps = preSaleSteps(api, brand);
});
afterAll(() => api[Symbol.asyncDispose]());

/** A clock ahead of the api's: what is due by it alone no job of the api takes away from a test. */
const ahead = (hours: number) => {
  let ms = hours * 3_600_000;
  return {
    now: () => new Date(api.clock.now().getTime() + ms),
    advanceSeconds: (seconds: number) => {
      ms += seconds * 1_000;
    },
  };
};

describe('S3 the end of the window', () => {
  it('an order that cannot be ended now comes again later and holds up no other', async () => {
    const { people, shop, toEnd, due } = steps;
    const s = await shop();
    const [stuck, other] = await people(2);
    if (!stuck || !other) throw new Error('people');
    const held = await s.deposited(stuck);
    const order = await s.deposited(other);
    await steps.rows`UPDATE payments SET provider = 'wechat', prepared_at = ${api.clock.now()}
      WHERE order_id = ${held.id} AND part = 'balance'`;
    const tried: string[] = [];
    const { platform } = api.api;
    const { endDue } = createDue({
      ...{ db: platform.db, clock: ahead(HOURS.balanceUntil), log: platform.log },
      endDueDeposit: async (_tx, orderId) => {
        tried.push(orderId);
        if (orderId === held.id) throw new AppError('provider_unavailable');
        return 'gone';
      },
    });
    await endDue();
    await endDue();
    expect(tried.filter((id) => id === held.id)).toHaveLength(1);
    expect(tried.at(-1)).toBe(order.id);
    expect(tried.filter((id) => id === order.id)).toHaveLength(2);
    await steps.rows`UPDATE payments SET provider = 'sandbox', prepared_at = NULL WHERE order_id = ${held.id} AND part = 'balance'`;
    toEnd();
    api.clock.advanceSeconds(21);
    await due();
    for (const id of [held.id, order.id]) await waitForState(api, id, 'expired');
    await expectBooksRight(api);
  });

  it('one that fails without any provider makes room too, and one that another process is at is left to it', async () => {
    const { people, shop, toEnd, due, rows } = steps;
    const s = await shop();
    const [stuck, other] = await people(2);
    if (!stuck || !other) throw new Error('people');
    const [broken, held] = [await s.deposited(stuck), await s.deposited(other)];
    const { db, log } = api.api.platform;
    const tried: string[] = [];
    const { endDue } = createDue({
      ...{ db, clock: ahead(HOURS.balanceUntil), log },
      endDueDeposit: async (_tx, orderId) => {
        tried.push(orderId);
        if (orderId === broken.id) throw new AppError('internal');
        return 'gone';
      },
    });
    await db.transaction(async (rival) => {
      await rival`SELECT 1 FROM orders WHERE id = ${held.id} FOR UPDATE`;
      await endDue();
    });
    expect(tried).toEqual([broken.id]);
    await endDue();
    expect(tried).toEqual([broken.id, held.id]);
    toEnd();
    api.clock.advanceSeconds(21);
    await due();
    for (const id of [broken.id, held.id]) await waitForState(api, id, 'expired');
    expect(await rows`SELECT 1 FROM pre_sale_orders WHERE due_at <= ${api.clock.now()}`).toEqual([]);
    await expectBooksRight(api);
  });
});

describe('N2 reminders', () => {
  it('when the window opens, and shortly before it ends: once each, only to who owes a balance', async () => {
    const { people, hours, toBalance, shop } = steps;
    const s = await shop();
    const [waits, pays] = await people(2);
    if (!waits || !pays) throw new Error('people');
    const [a, b] = [await s.deposited(waits), await s.deposited(pays)];
    const { jobs, config } = api.api.platform;
    const newsOf = async (as: Principal, orderId: string) =>
      (await api.ok(myMessages, { as })).items
        .filter(({ content }) => content.order?.id === orderId && content.order.event.startsWith('balance'))
        .map(({ content }) => content.order?.event);
    const turn = async () => {
      const other = await createApi({ ...config, PORT: 0 }, { clock: api.clock });
      try {
        await Promise.all([jobs.runNow(PRE_SALE_REMINDERS_JOB), other.platform.jobs.runNow(PRE_SALE_REMINDERS_JOB)]);
      } finally {
        await other.close();
      }
      await jobs.runNow(MESSAGES_JOB);
    };
    await turn();
    expect(await newsOf(waits, a.id)).toEqual([]);
    toBalance();
    await turn();
    expect(await newsOf(waits, a.id)).toEqual(['balance_open']);
    await payFor(api, pays, b.id);
    hours(22);
    await turn();
    expect((await newsOf(waits, a.id)).sort()).toEqual(['balance_ends', 'balance_open']);
    expect(await newsOf(pays, b.id)).toEqual(['balance_open']);
    await expectBooksRight(api);
  });

  it('one that cannot be told keeps nobody else from being told, and comes again some minutes later', async () => {
    const { people, shop, rows } = steps;
    const s = await shop();
    const [one, two] = await people(2);
    if (!one || !two) throw new Error('people');
    const [broken, fine] = [await s.deposited(one), await s.deposited(two)];
    const clock = ahead(HOURS.balanceFrom);
    const { db, log, jobs } = api.api.platform;
    let isBroken = true;
    let tries = 0;
    const told: string[] = [];
    let turn = async (): Promise<void> => {};
    createPreSaleReminders({
      ...{ db, clock, log },
      jobs: {
        ...jobs,
        every: (_name, _ms, work) => {
          turn = () => work(new AbortController().signal);
          return async () => {};
        },
      },
      messages: {
        enqueue: async (_tx, drafts) => {
          const ids = drafts.map(({ content }) => content.order?.id ?? '');
          if (ids.includes(broken.id)) tries++;
          if (isBroken && ids.includes(broken.id)) throw new AppError('internal');
          told.push(...ids);
          return ids.length;
        },
      },
    });
    await turn();
    expect([told, tries]).toEqual([[fine.id], 2]); // with the others, then alone
    await turn();
    expect(tries).toBe(2);
    isBroken = false;
    clock.advanceSeconds(5 * 60);
    await turn();
    expect(told).toEqual([fine.id, broken.id]);
    const count = await rows`SELECT told FROM pre_sale_orders WHERE order_id IN (${broken.id}, ${fine.id})`;
    expect(count).toEqual([{ told: 1 }, { told: 1 }]);
    await expectBooksRight(api);
  });
});
