/** Random lives of pre-sale orders against a model that knows only states, windows and pieces. */
import { cancelOrder, getOrder, payOrder, refundOrder } from '@walnut-live/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import {
  type Brand,
  makeConsumer,
  makeProduct,
  makeRoom,
  makeStock,
  readStock,
  seedBrand,
} from '../../testing/fixtures.ts';
import { makePreSale, PAID_IN_ALL_FEN, PRE_SALE, placePreSale } from '../../testing/pre-sales.ts';
import { approve, eventually, expectBooksRight, stateOf, waitForState } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { EXPIRY_JOB } from '../orders/index.ts';
import { PRE_SALES_JOB } from './index.ts';

const PEOPLE = 3;
const CAP = 5;
const PIECES = 4;
const PER_PERSON = 3;
const HOUR_MS = 3_600_000;

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
  | { do: 'place'; who: number; quantity: number }
  | { do: 'pay' | 'cancel' | 'refund' | 'return'; which: number }
  | { do: 'minutes' | 'hours' };
const which = fc.nat({ max: 20 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('place' as const),
      who: fc.nat({ max: PEOPLE - 1 }),
      quantity: fc.integer({ min: 1, max: 2 }),
    }),
  },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('pay' as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'refund' as const, 'return' as const), which }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('minutes' as const, 'hours' as const) }) },
);

type State = 'pending_payment' | 'deposit_paid' | 'paid' | 'cancelled' | 'expired' | 'forfeited' | 'refunded';
interface ModelOrder {
  id: string;
  who: number;
  quantity: number;
  state: State;
  expiresAt: number;
  paidFen: number;
  refundedFen: number;
}
const over: readonly State[] = ['cancelled', 'expired', 'forfeited'];

it('S1 S3 S5 S7 S8 one step after the other, orders, money, pieces and stock are as the model says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(step, { minLength: 8, maxLength: 30 }), async (keepsDeposit, steps) => {
      const product = await makeProduct(api, '新核桃', { priceFen: PRE_SALE.priceFen });
      await makeStock(api, product.sku.id, brand.stores.a, PIECES);
      const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
      const campaign = await makePreSale(api, brand, brand.stores.a, product, {
        ...{ keepsDeposit, cap: CAP, perPerson: PER_PERSON },
      });
      const [depositUntil, balanceFrom, balanceUntil] = [
        Date.parse(campaign.depositUntil),
        Date.parse(campaign.balanceFrom),
        Date.parse(campaign.balanceUntil),
      ];
      const orders: ModelOrder[] = [];
      const personOf = (n: number): Principal => people[n] ?? brand.consumers.anna;
      const now = () => api.clock.now().getTime();
      const { jobs, config } = api.api.platform;
      const sum = (list: readonly ModelOrder[]) => list.reduce((all, { quantity }) => all + quantity, 0);
      const counted = () => orders.filter(({ state }) => !over.includes(state));
      const inUse = () => counted().filter(({ state }) => state !== 'refunded');

      const refusalOf = (who: number, quantity: number): string | undefined => {
        if (now() >= depositUntil || sum(counted()) + quantity > CAP) return 'pre_sale_not_open';
        // What the stock has is looked at before anything is counted.
        if (sum(inUse()) + quantity > PIECES) return 'out_of_stock';
        return sum(counted().filter((one) => one.who === who)) + quantity > PER_PERSON ? 'limit_exceeded' : undefined;
      };
      /** What the jobs do when they look. */
      const look = async () => {
        await jobs.runNow(EXPIRY_JOB);
        await jobs.runNow(PRE_SALES_JOB);
        for (const order of orders) {
          if (order.state === 'pending_payment' && now() >= order.expiresAt) order.state = 'expired';
          if (order.state !== 'deposit_paid' || now() < balanceUntil) continue;
          order.state = keepsDeposit ? 'forfeited' : 'expired';
          if (!keepsDeposit) order.refundedFen = order.paidFen;
        }
      };

      for (const one of steps) {
        if (one.do === 'minutes' || one.do === 'hours') {
          api.clock.advanceSeconds(one.do === 'minutes' ? config.RESERVATION_SECONDS + 1 : 13 * 3_600);
          await look();
          continue;
        }
        if (one.do === 'place') {
          const expected = refusalOf(one.who, one.quantity);
          const wish = { product, quantity: one.quantity };
          const before = now();
          const { status, body, problem } = await placePreSale(api, personOf(one.who), room, campaign.id, wish);
          expect(status === 201 ? undefined : problem.code, JSON.stringify(one)).toBe(expected);
          if (status !== 201) continue;
          const expiresAt = Date.parse(body.expiresAt);
          const atMost = (placedAt: number) => Math.min(placedAt + config.RESERVATION_SECONDS * 1_000, depositUntil);
          expect(expiresAt).toBeGreaterThanOrEqual(atMost(before));
          expect(expiresAt).toBeLessThanOrEqual(atMost(now()));
          orders.push({
            ...{ id: body.id, who: one.who, quantity: one.quantity, expiresAt },
            ...{ state: 'pending_payment', paidFen: 0, refundedFen: 0 },
          });
          continue;
        }
        const order = orders[(one as { which: number }).which % Math.max(1, orders.length)];
        if (!order) continue;
        const as = personOf(order.who);
        const params = { id: order.id };
        const deposits = PRE_SALE.depositFen * order.quantity;
        if (one.do === 'pay') {
          const may =
            order.state === 'pending_payment' ||
            (order.state === 'deposit_paid' && now() >= balanceFrom && now() < balanceUntil);
          if (!may) {
            const { status } = await api.call(payOrder, { as, params, body: { provider: 'sandbox' } });
            expect(status, order.state).toBe(409);
            continue;
          }
          await approve(api, as, order.id);
          order.paidFen = order.state === 'pending_payment' ? deposits : PAID_IN_ALL_FEN * order.quantity;
          order.state = order.state === 'pending_payment' ? 'deposit_paid' : 'paid';
          await waitForState(api, order.id, order.state);
        } else if (one.do === 'cancel') {
          const { status } = await api.call(cancelOrder, { as, params, body: { reason: '' } });
          const may =
            order.state === 'pending_payment' ||
            (order.state === 'deposit_paid' && !(keepsDeposit && now() >= balanceFrom));
          expect(status === 200, order.state).toBe(may);
          if (!may) continue;
          order.refundedFen = order.paidFen;
          order.state = 'cancelled';
        } else {
          const by = one.do === 'refund' ? as : brand.staff.a.manager;
          const { status } = await api.call(refundOrder, { as: by, params, body: { reason: '-' } });
          const isReturn = one.do === 'return' && order.state === 'deposit_paid';
          expect(status === 202, `${one.do} ${order.state}`).toBe(isReturn || order.state === 'paid');
          if (status !== 202) continue;
          order.refundedFen = order.paidFen;
          order.state = isReturn ? 'cancelled' : 'refunded';
          await waitForState(api, order.id, order.state);
        }
      }

      for (const order of orders) {
        expect(await stateOf(api, order.id)).toBe(order.state);
        await eventually(async () => {
          const seen = await api.ok(getOrder, { as: personOf(order.who), params: { id: order.id } });
          expect([seen.paidFen, seen.refundedFen]).toEqual([order.paidFen, order.refundedFen]);
        });
      }
      const stock = await readStock(api, product.sku.id, brand.stores.a);
      const sold = sum(orders.filter(({ state }) => state === 'paid'));
      expect([stock?.onHand, stock?.reserved]).toEqual([PIECES - sold, sum(inUse()) - sold]);
      await expectBooksRight(api);
      // Later runs begin where this one ended: nothing of it is left to come due then.
      api.clock.advanceSeconds((Math.max(0, balanceUntil - now()) + HOUR_MS) / 1_000);
      await look();
    }),
    { numRuns: Number(process.env.PRE_SALE_RUNS ?? 10) },
  );
}, 120_000);
