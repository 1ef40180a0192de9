/** Levels, points and what was given away, over HTTP and a real database (rules N1, Z5). */
import {
  createPointsExchange,
  exchangePoints,
  getCustomerPoints,
  getMembership,
  listCustomers,
  listPointsExchanges,
  myCoupons,
  myMembership,
  myPoints,
  myPointsEntries,
  placeOrder,
  reportDiscounts,
  setMemberRules,
  stopPointsExchange,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { giveCouponTo, makeCouponKind } from '../../testing/coupons.ts';
import { type Brand, makeConsumer, makeOffer, seedBrand } from '../../testing/fixtures.ts';
import { buy, buyAndReceive, makeMemberRules, memberTerms, refund } from '../../testing/members.ts';
import { expectBooksRight, offerLine, payFor, shelfLine, TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { auditPoints, POINTS_JOB } from '../points/index.ts';
import { auditMembers, MEMBERS_JOB } from './index.ts';

const DAY_SECONDS = 86_400;

let api: TestApi;
let brand: Brand;
let buyer: Principal;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  await makeMemberRules(api, brand);
});
beforeEach(async () => {
  buyer = await makeConsumer(api);
  await api.api.platform.db.sql`UPDATE stocks SET on_hand = 1000 + reserved`;
});
afterAll(() => api[Symbol.asyncDispose]());

const family = (quantity = 1) => [shelfLine(brand.products.family, quantity)]; // 119.00 each
const mine = () => api.ok(myMembership, { as: buyer });
const points = async () => (await api.ok(myPoints, { as: buyer })).balance;
const expectRight = async () => {
  expect(await auditMembers(api.api.platform.db)).toEqual([]);
  expect(await auditPoints(api.api.platform.db)).toEqual([]);
};

describe('N1 levels', () => {
  it('N1 five levels cannot be made, by the route or by the database; each needs more than the one before', async () => {
    const level = (n: number) => ({ name: `等级${n}`, minSpendFen: n * 100, pointsBps: 100, couponKindId: null });
    const make = (levels: ReturnType<typeof level>[]) =>
      api.call(setMemberRules, { as: brand.staff.operations, body: { ...memberTerms, version: 1, levels } });
    expect((await make([1, 2, 3, 4, 5].map(level))).status).toBe(400);
    expect((await make([2, 1].map(level))).status).toBe(400);
    const { sql } = api.api.platform.db;
    const insert = (rank: number, fen: number) => sql`
      INSERT INTO member_levels (version, rank, name, min_spend_fen, points_bps) VALUES (1, ${rank}, '五', ${fen}, 0)`;
    await expect(insert(5, 90_000_000)).rejects.toThrow(/at_most_four/);
    await expect(insert(2, 90_000_000)).rejects.toThrow(/pkey/);
    await expect(insert(3, 20_000)).rejects.toThrow(/a higher level needs more/);
    await expect(sql`UPDATE member_rules SET window_days = 1`).rejects.toThrow(/append-only/);
  });

  it('only headquarters make rules; of two versions made at once one is', async () => {
    const make = (as: Principal, version: number) =>
      api.call(setMemberRules, { as, body: { ...memberTerms, version } });
    expect((await make(brand.staff.a.manager, 1)).status).toBe(403);
    expect((await make(buyer, 1)).status).toBe(403);
    expect((await make(brand.staff.admin, 7)).problem.code).toBe('conflict');
    const [last] = await api.api.platform.db.sql<{ v: number }>`SELECT max(version) AS v FROM member_rules`;
    const both = await Promise.all([brand.staff.admin, brand.staff.operations].map((as) => make(as, last?.v ?? 0)));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('paid lifts, refunded lowers, in the same transaction, with the reason; shipping does not count', async () => {
    expect(await mine()).toMatchObject({ rank: 0, next: { rank: 1 }, spendFen: 0, history: [] });
    const first = await buy(api, buyer, brand.rooms.a, family());
    expect(await mine()).toMatchObject({ rank: 1, level: { name: '银卡' }, spendFen: 11_900 });
    await buy(api, buyer, brand.rooms.b, family(2));
    expect(await mine()).toMatchObject({ rank: 2, next: null, spendFen: 35_700 });
    await refund(api, brand, first);
    const after = await mine();
    expect(after).toMatchObject({ rank: 1, spendFen: 23_800 });
    expect(after.history.map(({ from, to, reason }) => [from, to, reason])).toEqual([
      [2, 1, 'refunded'],
      [1, 2, 'paid'],
      [0, 1, 'paid'],
    ]);
    await expectRight();
  });

  it('two orders paid at once count both', async () => {
    const orders = await Promise.all(
      [1, 2].map(() =>
        api.ok(placeOrder, {
          as: buyer,
          body: { roomId: brand.rooms.a.id, lines: family(2), address: TEST_ADDRESS },
        }),
      ),
    );
    await Promise.all(orders.map(({ id }) => payFor(api, buyer, id)));
    expect(await mine()).toMatchObject({ rank: 2, spendFen: 47_600 });
    await expectRight();
  });

  it('an order of an earlier time that is settled later counts beside the other', async () => {
    await buy(api, buyer, brand.rooms.a, family());
    api.clock.advanceSeconds(-60);
    await buy(api, buyer, brand.rooms.a, family());
    api.clock.advanceSeconds(60);
    expect(await mine()).toMatchObject({ spendFen: 23_800 });
    await expectRight();
  });

  it('what leaves the window leaves the level, by the job; new rules reach everybody; a level’s coupon comes once', async () => {
    const kind = await makeCouponKind(api, brand, brand.hq, { offFen: 500, perPerson: 5 });
    await buy(api, buyer, brand.rooms.a, family());
    const [silver, gold] = memberTerms.levels;
    if (!silver || !gold) throw new Error('two levels');
    await makeMemberRules(api, brand, {
      windowDays: 10,
      levels: [
        { ...silver, couponKindId: kind.id },
        { ...gold, minSpendFen: 20_000 },
      ],
    });
    const turn = () => api.api.platform.jobs.runNow(MEMBERS_JOB);
    await buy(api, buyer, brand.rooms.a, family());
    await turn();
    expect(await mine()).toMatchObject({ rank: 2, spendFen: 23_800 });
    api.clock.advanceSeconds(11 * DAY_SECONDS);
    await turn();
    const gone = await mine();
    expect(gone).toMatchObject({ rank: 0, spendFen: 0, nextCheckAt: null });
    expect(gone.history[0]).toMatchObject({ from: 2, to: 0, reason: 'window' });
    const climber = await makeConsumer(api);
    const coupons = async () =>
      (await api.ok(myCoupons, { as: climber })).items.filter(({ kindId }) => kindId === kind.id);
    for (const round of [1, 2]) {
      await buy(api, climber, brand.rooms.a, family());
      await Promise.all([turn(), turn()]);
      expect(await coupons(), `round ${round}`).toHaveLength(1);
      api.clock.advanceSeconds(11 * DAY_SECONDS);
      await turn();
    }
    expect((await coupons())[0]).toMatchObject({ source: 'level' });
    await expectRight();
    await makeMemberRules(api, brand);
  });

  it('a store sees the customers who bought there or belong to it, and no others', async () => {
    await buyAndReceive(api, brand, buyer, brand.rooms.b, family());
    const params = { id: buyer.personId };
    for (const route of [getMembership, getCustomerPoints] as const) {
      expect((await api.call(route, { as: brand.staff.a.manager, params })).status).toBe(404);
      expect((await api.call(route, { as: brand.staff.b.manager, params })).status).toBe(200);
      expect((await api.call(route, { as: brand.staff.operations, params })).status).toBe(200);
    }
    const seenBy = async (as: Principal) =>
      (await api.ok(listCustomers, { as, query: { limit: 100 } })).items.some(
        ({ person }) => person.id === buyer.personId,
      );
    expect([await seenBy(brand.staff.a.manager), await seenBy(brand.staff.b.manager)]).toEqual([false, true]);
  });
});

describe('N1 points', () => {
  it('come when the goods are received, at the rate of the level, and go with partial refunds to the point', async () => {
    const order = await buy(api, buyer, brand.rooms.a, family());
    expect(await points()).toBe(0);
    await refund(api, brand, order, 1_950);
    const received = await buyAndReceive(api, brand, buyer, brand.rooms.a, family());
    expect(await points()).toBe(238); // silver: 2% of 119.00
    for (const [fen, left] of [
      [49, 237],
      [1, 237],
      [5_000, 137],
      [6_850, 0],
    ] as const) {
      await refund(api, brand, received, fen);
      expect(await points()).toBe(left);
    }
    const entries = (await api.ok(myPointsEntries, { as: buyer })).items;
    expect(entries.map(({ kind, points: p }) => [kind, p])).toEqual([
      ['reverse', -137],
      ['reverse', -100],
      ['reverse', -1],
      ['earn', 238],
    ]);
    await expectRight();
  });

  it('S10 N1 twenty attempts at once with points for one exchange: one coupon; again with its key = the same', async () => {
    const kind = await makeCouponKind(api, brand, brand.hq, { offFen: 1_000, perPerson: 30 });
    const exchange = await api.ok(createPointsExchange, {
      as: brand.staff.operations,
      body: { kindId: kind.id, points: 150 },
    });
    const take = (key?: string) =>
      api.call(exchangePoints, { as: buyer, params: { id: exchange.id }, body: {}, ...(key ? { key } : {}) });
    expect((await take()).problem).toMatchObject({ code: 'insufficient_points', facts: { balance: 0, points: 150 } });
    await buyAndReceive(api, brand, buyer, brand.rooms.a, family());
    const answers = await Promise.all(Array.from({ length: 15 }, () => take()));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await points()).toBe(88);
    await buyAndReceive(api, brand, buyer, brand.rooms.a, family());
    const [once, twice] = [await take('exchange-0001-once'), await take('exchange-0001-once')];
    expect(twice.body.id).toBe(once.body.id);
    expect(once.body).toMatchObject({ source: 'points', state: 'held' });
    const [shown] = (await api.ok(listPointsExchanges, { as: buyer })).items.filter(({ id }) => id === exchange.id);
    expect(shown).toMatchObject({ taken: 2, takeable: true, points: 150 });
    await api.ok(stopPointsExchange, {
      as: brand.staff.operations,
      params: { id: exchange.id },
      body: { reason: '活动结束' },
    });
    expect((await take()).status).toBe(404);
    await expectRight();
    await expectBooksRight(api);
  });

  it('spent points that a refund takes back are owed, and what comes next makes up for it', async () => {
    const kind = await makeCouponKind(api, brand, brand.hq, { offFen: 1_000 });
    const { id } = await api.ok(createPointsExchange, {
      as: brand.staff.operations,
      body: { kindId: kind.id, points: 200 },
    });
    const order = await buyAndReceive(api, brand, buyer, brand.rooms.a, family());
    await api.ok(exchangePoints, { as: buyer, params: { id }, body: {} });
    await refund(api, brand, order);
    expect(await points()).toBe(-200);
    await buyAndReceive(api, brand, buyer, brand.rooms.a, family());
    expect(await points()).toBe(38);
    await expectRight();
  });

  it('end with their time: nobody spends them a moment later, and the job writes it down', async () => {
    await makeMemberRules(api, brand, { pointsValidDays: 30 });
    await buyAndReceive(api, brand, buyer, brand.rooms.a, family());
    const [ending] = (await api.ok(myPoints, { as: buyer })).ending;
    expect(ending).toMatchObject({ points: 238 });
    api.clock.advanceSeconds(30 * DAY_SECONDS + 60);
    expect(await points()).toBe(0);
    await api.api.platform.jobs.runNow(POINTS_JOB);
    expect((await api.ok(myPointsEntries, { as: buyer })).items[0]).toMatchObject({ kind: 'expire', points: -238 });
    await expectRight();
    await makeMemberRules(api, brand);
  });

  it('Z5 no route gives points: they come from received orders alone', async () => {
    const kinds = await api.api.platform.db.sql<{
      kind: string;
    }>`SELECT DISTINCT kind FROM points_entries WHERE amount > 0`;
    expect(kinds).toEqual([{ kind: 'earn' }]);
    await expect(
      api.api.platform.db
        .sql`INSERT INTO points_lots (id, person_id, order_id, bps, granted, remaining, earned_at, expires_at)
        VALUES (gen_random_uuid(), ${buyer.personId}, NULL, 100, 1, 1, now(), now() + interval '1 day')`,
    ).rejects.toThrow(/order_id/);
  });
});

it('N1 优免占比 tells coupons, points and offers of each unit, of what was paid; CSV and scope', async () => {
  const from = api.clock.now().toISOString();
  const place = async (lines: ReturnType<typeof family>, couponId?: string) => {
    const order = await api.ok(placeOrder, {
      as: buyer,
      body: { roomId: brand.rooms.b.id, lines, address: TEST_ADDRESS, ...(couponId ? { couponId } : {}) },
    });
    await payFor(api, buyer, order.id);
  };
  const coupon = await giveCouponTo(api, brand, await makeCouponKind(api, brand, brand.hq), buyer); // 20 off
  await place(family(), coupon.id);
  const offer = await makeOffer(api, brand.rooms.b, brand.products.family.sku.id, { priceFen: 9_900 });
  await place([offerLine(brand.products.family, offer)]);
  const report = await api.ok(reportDiscounts, { as: brand.staff.channelEast, query: { from } });
  expect(report.items).toHaveLength(1);
  expect(report.items[0]).toMatchObject({
    ...{ orgUnit: { path: brand.stores.b.path }, orders: 2, shelfFen: 23_800, couponFen: 2_000, pointsFen: 0 },
    ...{ offerFen: 2_000, counterFen: 0, paidFen: 19_800, ratioBps: 2_020 },
  });
  expect(report.total).toMatchObject({ paidFen: 19_800, ratioBps: 2_020 });
  const store = { orgPath: brand.stores.b.path };
  expect((await api.call(reportDiscounts, { as: brand.staff.a.manager, query: store })).status).toBe(404);
  const token = await api.token(brand.staff.analyst);
  const csv = await fetch(`${api.url}/api/v1/reports/discounts?format=csv&from=${from}`, {
    headers: { authorization: `Bearer ${token}`, 'x-walnut-client': 'test' },
  });
  expect(await csv.text()).toContain('hq.east.shanghai,上海静安店,2,23800,2000,0,2000,0,19800,0,2020');
});
