/** Attacks on refunds and after-sale cases, over HTTP at once. Each title: the known mistake · the rules: the attack. */
import {
  type BodyInputOf,
  decideAfterSale,
  escalateAfterSale,
  getAfterSale,
  refundOrder,
  requestAfterSale,
  shipOrder,
  withdrawAfterSale,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REFUND_JOB, refundPauseSeconds } from '../features/refunds/index.ts';
import type { Principal } from '../platform/principal.ts';
import { giveCouponTo, makeCouponKind } from '../testing/coupons.ts';
import { type Brand, seedBrand } from '../testing/fixtures.ts';
import { callback, eventually, expectBooksRight, payFor, shelfLine, stateOf, waitForState } from '../testing/shop.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { atOnce, buy, expectOnly, goods, roomOf, rowsOf, shelf, somebody, tally, won } from './crowd.ts';

let api: TestApi;
let brand: Brand;
let rows: ReturnType<typeof rowsOf>;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  rows = rowsOf(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const manager = () => brand.staff.a.manager;
const finance = () => brand.staff.finance;
const ask = (as: Principal, orderId: string, body: Omit<BodyInputOf<typeof refundOrder>, 'reason'> = {}) =>
  api.call(refundOrder, { as, params: { id: orderId }, body: { reason: '协商退款', ...body } });
const runRefunds = () => api.api.platform.jobs.runNow(REFUND_JOB);
const refundsOf = (orderId: string) =>
  rows<{ no: string; state: string; amount: number }>`
    SELECT refund_no AS no, state, amount_fen::int AS amount FROM refunds WHERE order_id = ${orderId} ORDER BY id`;
const backOf = async (orderId: string) => {
  const [row] = await rows<{ paid: number; back: number; provider: number }>`
    SELECT o.paid_fen::int AS paid, o.refunded_fen::int AS back, (SELECT sum(c.refunded_fen)::int FROM payments p
      JOIN sandbox_charges c ON c.payment_id = p.id WHERE p.order_id = o.id) AS provider FROM orders o WHERE o.id = ${orderId}`;
  return row ?? { paid: 0, back: 0, provider: 0 };
};
/** Every refund that was asked for has ended. */
const settled = (orderId: string) =>
  eventually(async () => {
    await runRefunds();
    expect((await refundsOf(orderId)).filter(({ state }) => state !== 'succeeded')).toEqual([]);
  });

/** Paid: three bags at 33.33 yuan and two tins at 10 yuan, less 20 yuan by a coupon, and 8 yuan for shipping. */
async function paid() {
  const [bags, tins] = [await goods(api, brand, 10, 3_333), await goods(api, brand, 10, 1_000)];
  const room = await roomOf(api, brand, bags.product, tins.product);
  const buyer = await somebody(api);
  const kind = await makeCouponKind(api, brand, brand.stores.a, { offFen: 7_000, minSpendFen: 8_000 });
  const coupon = await giveCouponTo(api, brand, kind, buyer);
  const { body: order } = await buy(api, buyer, room, {
    lines: [shelfLine(bags.product, 3), shelfLine(tins.product, 2)],
    couponId: coupon.id,
  });
  const paymentId = await payFor(api, buyer, order.id);
  const itemOf = (skuId: string) => {
    const item = order.items.find((one) => one.skuId === skuId);
    if (!item) throw new Error('the order lost an item');
    return item;
  };
  return {
    ...{ buyer, order, orderId: order.id, paymentId, totalFen: order.totalFen },
    ...{ bag: itemOf(bags.product.sku.id), tin: itemOf(tins.product.sku.id) },
    onHand: async () => [(await bags.stock())?.onHand, (await tins.stock())?.onHand],
  };
}
/** Three bags at 20 yuan, paid, and a case that asks for so many of them. */
async function asked(quantity: number) {
  const { product, room, stock } = await shelf(api, brand, 10, 2_000);
  const buyer = await somebody(api);
  const { body: order } = await buy(api, buyer, room, { lines: [shelfLine(product, 3)] });
  await payFor(api, buyer, order.id);
  const itemId = order.items[0]?.id ?? '';
  const request = (pieces = quantity) =>
    api.call(requestAfterSale, {
      ...{ as: buyer, params: { id: order.id } },
      body: { kind: 'refund_only', reason: 'damaged', items: [{ itemId, quantity: pieces }] },
    });
  const { body } = await request();
  return { buyer, orderId: order.id, itemId, caseId: body.id, request, onHand: async () => (await stock())?.onHand };
}
const decide = (as: Principal, id: string, approve: boolean) =>
  api.call(decideAfterSale, { as, params: { id }, body: { approve, note: '核实' } });
const caseState = async (as: Principal, id: string) => (await api.ok(getAfterSale, { as, params: { id } })).state;

describe('money that goes back', () => {
  it('lost update · S7 S8: the buyer’s whole refund, staff’s whole refund and three parcels at once', async () => {
    // Looks at the state first: goods are sent and paid back, or paid back by each who asked.
    for (let round = 0; round < 3; round++) {
      const { buyer, orderId, totalFen, onHand } = await paid();
      const ship = (no: number) =>
        api.call(shipOrder, { as: manager(), params: { id: orderId }, body: { trackingNo: `SF70${no}` } });
      const [parcels, refunds] = await Promise.all([
        atOnce(3, ship),
        atOnce(6, (n) => ask(n % 3 ? buyer : finance(), orderId)),
      ]);
      expect(won(parcels).length).toBeLessThanOrEqual(1);
      expect(won(refunds).length).toBeLessThanOrEqual(1);
      expect(won([...parcels, ...refunds]).length).toBeGreaterThan(0);
      if (won(refunds).length === 0) expect(await stateOf(api, orderId)).toBe('shipped');
      else {
        await waitForState(api, orderId, 'refunded');
        expect(await backOf(orderId)).toEqual({ paid: totalFen, back: totalFen, provider: totalFen });
      }
      // What was sent is not on the shelf; what never left is.
      expect(await onHand()).toEqual(won(parcels).length === 1 ? [7, 8] : [10, 10]);
    }
    await expectBooksRight(api);
  });

  it('balance checked outside · S8: fifteen parts at once, of pieces, fen and shipping, worth far more than was paid', async () => {
    // Sums up what went back before it adds its own: together they exceed what was captured.
    const { orderId, bag, tin, totalFen } = await paid();
    const wishes: Parameters<typeof ask>[2][] = [
      { items: [{ itemId: bag.id, quantity: 1 }] },
      { items: [{ itemId: bag.id, amountFen: Math.floor(bag.amountFen / 2) }] },
      { items: [{ itemId: tin.id, quantity: 1 }], shippingFen: 300 },
      { shippingFen: 501 },
      { items: [{ itemId: tin.id, amountFen: tin.amountFen - 1 }] },
    ];
    const answers = await atOnce(15, (n) => ask(n % 2 ? manager() : finance(), orderId, wishes[n % 5]));
    // A piece whose fen are gone is worth nothing: state_conflict.
    expectOnly(answers, 'ok', 'limit_exceeded', 'state_conflict');
    await settled(orderId);
    const parts = await refundsOf(orderId);
    expect(parts).toHaveLength(won(answers).length);
    const sum = parts.reduce((total, { amount }) => total + amount, 0);
    expect(await backOf(orderId)).toEqual({ paid: totalFen, back: sum, provider: sum });
    // The rest, asked for eight times, is the rest to the fen.
    const rest = await atOnce(8, () => ask(manager(), orderId));
    expect(won(rest)).toHaveLength(1);
    await waitForState(api, orderId, 'refunded');
    expect(await backOf(orderId)).toEqual({ paid: totalFen, back: totalFen, provider: totalFen });
    await expectBooksRight(api);
  });

  it('lost update · S8: ten callbacks of one refund, good and bad, while it is being asked for', async () => {
    // Ends it as often as it is told: stock and ledger move twice, or a refusal undoes a success.
    const { buyer, orderId, paymentId, totalFen, onHand } = await paid();
    await rows`ALTER TABLE sandbox_refunds RENAME TO sandbox_refunds_away`;
    await ask(buyer, orderId);
    await eventually(async () => expect(await refundsOf(orderId)).toMatchObject([{ state: 'processing' }]));
    await rows`ALTER TABLE sandbox_refunds_away RENAME TO sandbox_refunds`;
    api.clock.advanceSeconds(refundPauseSeconds(0) + 1);
    const [refund] = await refundsOf(orderId);
    const news = (n: number, type: string, amountFen = totalFen) => ({
      ...{ id: `evt-${n}-${orderId}`, type, paymentId, refundNo: refund?.no, amountFen },
      occurredAt: api.clock.now().toISOString(),
    });
    const [told, wrong] = await Promise.all([
      atOnce(10, (n) => callback(api, news(n % 4, 'refund.succeeded'))),
      atOnce(3, (n) => callback(api, news(50 + n, 'refund.succeeded', totalFen - 1))),
      runRefunds(),
      runRefunds(),
    ]);
    expect(told.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(wrong.map(({ status }) => status)).toEqual(Array(3).fill(409));
    expect(await stateOf(api, orderId)).toBe('refunded');
    // A refusal that comes after it changes nothing.
    const late = await atOnce(4, (n) => callback(api, news(90 + n, 'refund.failed')));
    expect(late.map(({ status }) => status)).toEqual(Array(4).fill(200));
    expect(await refundsOf(orderId)).toEqual([{ ...refund, state: 'succeeded' }]);
    expect(await onHand()).toEqual([10, 10]);
    await expectBooksRight(api);
  });
});

describe('cases of after-sale', () => {
  it('balance checked outside · S8: staff refund the pieces that a case asks for, while it is approved', async () => {
    // Counts what the refunds took and what the cases ask for at different moments.
    for (let round = 0; round < 3; round++) {
      const { buyer, orderId, itemId, caseId, request, onHand } = await asked(2);
      const [decided, byHand, anew] = await Promise.all([
        decide(manager(), caseId, true),
        atOnce(4, () => ask(finance(), orderId, { items: [{ itemId, quantity: 2 }] })),
        atOnce(3, () => request(2)),
      ]);
      expectOnly(byHand, 'ok', 'limit_exceeded');
      expect(won([decided, ...byHand])).toHaveLength(1);
      expect(won(anew)).toEqual([]);
      await settled(orderId);
      // Two of three bags at 20 yuan, once.
      expect(await backOf(orderId)).toEqual({ paid: 6_000, back: 4_000, provider: 4_000 });
      expect(await onHand()).toBe(9);
      if (decided.status === 200) await eventually(async () => expect(await caseState(buyer, caseId)).toBe('refunded'));
      else expect(await caseState(buyer, caseId)).toBe('requested');
    }
    await expectBooksRight(api);
  });

  it('balance checked outside · S8 S7: the whole order is refunded five times while its case is approved', async () => {
    // The case pays its part and the refund pays everything.
    for (let round = 0; round < 3; round++) {
      const { buyer, orderId, caseId, onHand } = await asked(1);
      const [decided, whole] = await Promise.all([
        atOnce(2, (n) => decide(n ? finance() : manager(), caseId, true)),
        atOnce(5, (n) => ask(n % 2 ? buyer : manager(), orderId)),
      ]);
      expect(won(decided).length).toBeLessThanOrEqual(1);
      expect(won(whole)).toHaveLength(1);
      await settled(orderId);
      await waitForState(api, orderId, 'refunded');
      expect(await backOf(orderId)).toEqual({ paid: 6_000, back: 6_000, provider: 6_000 });
      expect(await onHand()).toBe(10);
      await eventually(async () =>
        expect(await caseState(buyer, caseId)).toBe(won(decided).length === 1 ? 'refunded' : 'withdrawn'),
      );
    }
    await expectBooksRight(api);
  });

  it('lost update · S7 S8: two staff say yes, two say no, one lays it before headquarters, the buyer withdraws', async () => {
    // Writes the answer over the other one: "no" is on the screen and the money is gone.
    const outcomes = new Set<string>();
    for (let round = 0; round < 6; round++) {
      const { buyer, orderId, caseId } = await asked(1);
      const rivals = [
        () => decide(manager(), caseId, true),
        () => decide(finance(), caseId, false),
        () => api.call(withdrawAfterSale, { as: buyer, params: { id: caseId }, body: {} }),
        () => decide(finance(), caseId, true),
        () => decide(manager(), caseId, false),
        () => api.call(withdrawAfterSale, { as: buyer, params: { id: caseId }, body: {} }),
      ];
      const answers = await atOnce(6, (n) => (rivals[(n + round) % 6] as (typeof rivals)[0])());
      expect(tally(answers)).toEqual({ ok: 1, state_conflict: 5 });
      await settled(orderId);
      await eventually(async () => expect(await caseState(buyer, caseId)).not.toBe('refunding'));
      const state = await caseState(buyer, caseId);
      outcomes.add(state);
      expect(await refundsOf(orderId)).toHaveLength(state === 'refunded' ? 1 : 0);
      expect((await backOf(orderId)).back).toBe(state === 'refunded' ? 2_000 : 0);
    }
    for (const state of outcomes) expect(['refunded', 'rejected', 'refused', 'withdrawn']).toContain(state);
    await expectBooksRight(api);
  });

  it('check then use · S8: one case laid before headquarters by store and buyer, and answered there, at once', async () => {
    // The store's no is final for one and open for the other: both pay.
    for (let round = 0; round < 3; round++) {
      const { buyer, orderId, caseId, request } = await asked(3);
      expect((await decide(manager(), caseId, false)).status).toBe(200);
      const up = (as: Principal) =>
        api.call(escalateAfterSale, { as, params: { id: caseId }, body: { note: '请总部看' } });
      const [appeals, hq, more] = await Promise.all([
        atOnce(3, () => up(buyer)),
        atOnce(3, () => decide(brand.staff.admin, caseId, true)),
        atOnce(3, () => request(3)), // the pieces of a refused case may be asked for anew
      ]);
      expect(won(appeals).length + won(more).length).toBe(1);
      expect(won(hq).length).toBeLessThanOrEqual(1);
      if (won(more).length === 1) expect(won(hq)).toEqual([]);
      else if (won(hq).length === 0) expect((await decide(brand.staff.admin, caseId, true)).status).toBe(200);
      await settled(orderId);
      expect((await backOf(orderId)).back).toBe(won(more).length === 1 ? 0 : 6_000);
    }
    await expectBooksRight(api);
  });
});
