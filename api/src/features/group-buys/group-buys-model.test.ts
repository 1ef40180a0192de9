/** Random lives of groups against a model that knows only seats, people and deadlines. */
import { cancelOrder, getGroupBuy, refundOrder, settleSandbox } from '@walnut-live/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, makeConsumer, makeProduct, makeRoom, makeStock, seedBrand } from '../../testing/fixtures.ts';
import { GROUP_PRICE_FEN, makeGroupCampaign, placeInGroup } from '../../testing/group-buys.ts';
import { expectBooksRight, startPaying, stateOf, waitForState } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { EXPIRY_JOB } from '../orders/index.ts';
import { GROUP_BUYS_JOB } from './index.ts';

const PEOPLE = 4;
const SIZE = 3;
const MAX_GROUPS = 2;
const PER_PERSON = 2;
const PIECES = 6;
const HOUR_SECONDS = 3_600;

let api: TestApi;
let brand: Brand;
let people: Principal[];
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  people = await Promise.all(Array.from({ length: PEOPLE }, (_, n) => makeConsumer(api, `客${n}`)));
});
afterAll(() => api[Symbol.asyncDispose]());

type Step =
  | { do: 'open' | 'join'; who: number; which: number }
  | { do: 'pay' | 'cancel' | 'refund'; which: number }
  | { do: 'expire' | 'deadline' };
const which = fc.nat({ max: 20 });
const who = fc.nat({ max: PEOPLE - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open' as const), who, which }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('join' as const), who, which }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('pay' as const), which }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'refund' as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('expire' as const, 'deadline' as const) }) },
);

interface ModelGroup {
  id: string;
  state: 'open' | 'complete' | 'expired';
}
interface ModelOrder {
  id: string;
  who: number;
  group: ModelGroup;
  /** The seat. */
  state: 'held' | 'paid' | 'gone';
  /** The order in the end. */
  order: 'pending_payment' | 'paid' | 'cancelled' | 'expired' | 'refunded';
}

it('S9 S3 S8 one step after the other, groups, seats, orders and stock are as the model says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30 }), async (steps) => {
      const product = await makeProduct(api, '礼盒', { priceFen: GROUP_PRICE_FEN + 1_000 });
      await makeStock(api, product.sku.id, brand.stores.a, PIECES);
      const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
      const campaign = await makeGroupCampaign(api, brand, brand.stores.a, {
        ...{ skuId: product.sku.id, size: SIZE, hours: 1, maxGroups: MAX_GROUPS, perPerson: PER_PERSON },
      });
      const groups: ModelGroup[] = [];
      const orders: ModelOrder[] = [];
      const personOf = (n: number): Principal => people[n] ?? brand.consumers.anna;
      const seatsOf = (group: ModelGroup, states: readonly string[]) =>
        orders.filter((one) => one.group === group && states.includes(one.state));
      const pieces = () => orders.filter(({ state }) => state !== 'gone').length;
      const leave = (one: ModelOrder, order: ModelOrder['order']) => {
        one.order = order;
        if (one.group.state === 'complete') return; // its seat stays the group's
        one.state = 'gone';
        if (one.group.state === 'open' && seatsOf(one.group, ['held', 'paid']).length === 0)
          one.group.state = 'expired';
      };
      /** Sold pieces of a complete group that came back; their seats still count for the person. */
      const cameBack = () => orders.filter(({ state, order }) => state === 'paid' && order === 'refunded').length;

      const refusalOf = (
        one: Extract<Step, { do: 'open' | 'join' }>,
        group: ModelGroup | undefined,
      ): string | undefined => {
        const mine = orders.filter((other) => other.who === one.who && other.state !== 'gone');
        if (one.do === 'open') {
          if (groups.filter(({ state }) => state !== 'expired').length >= MAX_GROUPS) return 'group_buy_not_open';
        } else {
          if (!group) return 'skip';
          if (mine.some((other) => other.group === group)) return 'already_in_group';
          if (group.state !== 'open') return 'group_over';
          if (seatsOf(group, ['held', 'paid']).length >= SIZE) return 'group_full';
        }
        if (pieces() - cameBack() >= PIECES) return 'out_of_stock';
        return mine.length >= PER_PERSON ? 'limit_exceeded' : undefined;
      };

      for (const one of steps) {
        if (one.do === 'open' || one.do === 'join') {
          const group = one.do === 'join' ? groups[one.which % Math.max(1, groups.length)] : undefined;
          const expected = refusalOf(one, group);
          if (expected === 'skip') continue;
          const wish = group ? { groupId: group.id } : { campaignId: campaign.id };
          const { status, body, problem } = await placeInGroup(api, personOf(one.who), room, wish, { product });
          expect(status === 201 ? undefined : problem.code, JSON.stringify(one)).toBe(expected);
          if (status !== 201) continue;
          const joined = group ?? { id: body.groupBuy?.id ?? '', state: 'open' };
          if (!group) groups.push(joined);
          orders.push({ id: body.id, who: one.who, group: joined, state: 'held', order: 'pending_payment' });
        } else if (one.do === 'expire' || one.do === 'deadline') {
          const { RESERVATION_SECONDS } = api.api.platform.config;
          api.clock.advanceSeconds(one.do === 'expire' ? RESERVATION_SECONDS + 1 : HOUR_SECONDS + 1);
          await api.api.platform.jobs.runNow(EXPIRY_JOB);
          for (const held of orders.filter(({ state }) => state === 'held')) leave(held, 'expired');
          await api.api.platform.jobs.runNow(GROUP_BUYS_JOB);
          const isOver = async ({ id }: ModelGroup) => {
            const { groupBuy } = await api.ok(getGroupBuy, { as: personOf(0), params: { id } });
            return Date.parse(groupBuy.deadlineAt) <= api.clock.now().getTime();
          };
          for (const group of groups.filter(({ state }) => state === 'open'))
            if (await isOver(group)) {
              group.state = 'expired';
              for (const paid of seatsOf(group, ['paid'])) leave(paid, 'refunded');
            }
        } else {
          const order = orders[(one as { which: number }).which % Math.max(1, orders.length)];
          if (!order) continue;
          const as = personOf(order.who);
          if (one.do === 'pay') {
            if (order.order !== 'pending_payment') continue;
            const { paymentId } = await startPaying(api, as, order.id);
            await api.ok(settleSandbox, { as, params: { paymentId }, body: { outcome: 'captured' } });
            await waitForState(api, order.id, 'paid');
            order.order = 'paid';
            order.state = 'paid';
            if (seatsOf(order.group, ['paid']).length === SIZE) order.group.state = 'complete';
          } else if (one.do === 'cancel') {
            const { status } = await api.call(cancelOrder, { as, params: { id: order.id }, body: { reason: '' } });
            expect(status === 200).toBe(order.order === 'pending_payment');
            if (status === 200) leave(order, 'cancelled');
          } else {
            const { status } = await api.call(refundOrder, { as, params: { id: order.id }, body: { reason: '-' } });
            expect(status === 202).toBe(order.order === 'paid');
            if (status !== 202) continue;
            await waitForState(api, order.id, 'refunded');
            leave(order, 'refunded');
          }
        }
      }

      for (const order of orders) {
        if (order.order === 'refunded') await waitForState(api, order.id, 'refunded');
        expect(await stateOf(api, order.id)).toBe(order.order);
      }
      for (const group of groups) {
        const { groupBuy } = await api.ok(getGroupBuy, { as: personOf(0), params: { id: group.id } });
        expect(groupBuy.state).toBe(group.state);
        if (group.state === 'open')
          expect([groupBuy.held, groupBuy.paid]).toEqual([
            seatsOf(group, ['held', 'paid']).length,
            seatsOf(group, ['paid']).length,
          ]);
      }
      const [stock] = await api.api.platform.db.sql<{ left: number }>`
        SELECT on_hand - reserved AS left FROM stocks WHERE sku_id = ${product.sku.id}`;
      expect(stock?.left).toBe(PIECES - (pieces() - cameBack()));
      await expectBooksRight(api);
    }),
    { numRuns: Number(process.env.GROUP_BUY_RUNS ?? 12) },
  );
}, 120_000);
