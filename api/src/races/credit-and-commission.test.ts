/** Attacks on credit, bonds and commission, over HTTP at once. Each title: the known mistake · the rules: the attack. */
import { cancelOrder, getBinding, orderCredit, refundOrder, settleSandbox } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../platform/principal.ts';
import { giveCouponTo, makeCouponKind } from '../testing/coupons.ts';
import { type Brand, seedBrand } from '../testing/fixtures.ts';
import {
  callback,
  capturedBody,
  eventually,
  expectBooksRight,
  payFor,
  shelfLine,
  startPaying,
  waitForState,
} from '../testing/shop.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { visit } from '../testing/visits.ts';
import { atOnce, buy, crowd, expectOnly, goods, roomOf, rowsOf, shelf, somebody, won } from './crowd.ts';

let api: TestApi;
let brand: Brand;
let rows: ReturnType<typeof rowsOf>;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  rows = rowsOf(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const creditOf = (orderId: string) => api.ok(orderCredit, { as: brand.staff.admin, params: { id: orderId } });
const payableTo = async (personId: string) =>
  (
    await rows<{ fen: number }>`
      SELECT -balance_fen::int AS fen FROM ledger_accounts WHERE kind = 'commission_payable' AND owner = ${personId}`
  )[0]?.fen ?? 0;

/** Rule K1, from the rows: what each item has earned is the floor of its share of what is left of it. */
async function expectCommissionRight(orderId: string, beneficiary: Principal): Promise<number> {
  const items = await rows<{ id: string; left: number; earned: number; bps: number }>`
    SELECT i.id, (i.amount_fen - i.refunded_fen)::int AS left, coalesce(sum(c.amount_fen), 0)::int AS earned, max(c.bps) AS bps
    FROM order_items i LEFT JOIN commission_entries c ON c.order_item_id = i.id AND c.beneficiary_id = ${beneficiary.personId}
    WHERE i.order_id = ${orderId} GROUP BY i.id`;
  expect(items.length).toBeGreaterThan(0);
  for (const { left, earned, bps } of items) expect(earned).toBe(Math.floor((left * bps) / 10_000));
  return items.reduce((sum, { earned }) => sum + earned, 0);
}

describe('whose an order is', () => {
  it('credit resolved at payment · A4: other sharers’ links are clicked while the order is paid', async () => {
    // Looks for the last click when the money comes: whoever clicked in between has the commission.
    const { product, room } = await shelf(api, brand, 20, 10_000);
    const [buyer, friend, ...others] = await crowd(api, 8);
    if (!buyer || !friend) throw new Error('nobody');
    await visit(api, friend, buyer, room.id);
    const { body: order } = await buy(api, buyer, room, { lines: [shelfLine(product)] });
    expect(order.credit).toMatchObject({ reason: 'share_link', inviter: { id: friend.personId } });
    const { paymentId } = await startPaying(api, buyer, order.id);
    await Promise.all([
      ...others.slice(0, 3).map((one) => visit(api, one, buyer, room.id)),
      api.call(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'captured' } }),
      atOnce(5, () => callback(api, capturedBody(api, paymentId, order.totalFen))),
      ...others.slice(3).map((one) => visit(api, one, buyer, room.id)),
    ]);
    await waitForState(api, order.id, 'paid');
    const { credit, commission } = await creditOf(order.id);
    expect(credit).toMatchObject({ reason: 'share_link', inviter: { id: friend.personId } });
    expect(commission).toMatchObject([{ event: 'paid', amountFen: 1_000, beneficiary: { id: friend.personId } }]);
    for (const one of others) expect(await payableTo(one.personId)).toBe(0);
    await expectBooksRight(api);
  });

  it('check then use · A3: two links are clicked while ten orders are placed; each names a click that was there', async () => {
    // Reads the clicks twice: credited to one sharer, explained by another's click, or by one that came later.
    const { product, room } = await shelf(api, brand, 20);
    const [buyer, first, second] = await crowd(api, 3);
    if (!buyer || !first || !second) throw new Error('nobody');
    await visit(api, first, buyer, room.id);
    const [orders] = await Promise.all([
      atOnce(10, () => buy(api, buyer, room, { lines: [shelfLine(product)] })),
      visit(api, second, buyer, room.id),
    ]);
    expectOnly(orders, 'ok');
    for (const { body } of orders) {
      const { credit, considered } = await creditOf(body.id);
      const winner = considered.filter((one) => one.won);
      expect(winner).toMatchObject([{ reason: 'share_link', person: { id: credit.inviter?.id } }]);
      const clicks = considered.filter((one) => one.reason === 'share_link' && one.why !== 'none');
      // The last click that the decision knew of won; one that is newer was not known to it.
      const newest = clicks.toSorted((a, b) => Date.parse(b.at ?? '') - Date.parse(a.at ?? ''))[0];
      expect(newest?.person?.id).toBe(credit.inviter?.id);
      expect(clicks.length === 2 ? second.personId : first.personId).toBe(credit.inviter?.id);
    }
    await expectBooksRight(api);
  });

  it('check then use · A3 A7: after one paid order no rival order of the same person uses the click again', async () => {
    // Decides rivals by what each has read: one click earns as often as the person taps.
    const { product, room } = await shelf(api, brand, 40, 10_000);
    const [buyer, friend] = await crowd(api, 2);
    if (!buyer || !friend) throw new Error('nobody');
    await visit(api, friend, buyer, room.id);
    const order = () => buy(api, buyer, room, { lines: [shelfLine(product)] });
    // Unpaid orders are no sales: they leave the click to the order that is.
    const unpaid = won(await atOnce(5, order));
    expect(unpaid.map(({ body }) => body.credit.reason)).toEqual(Array(5).fill('share_link'));
    const [first] = unpaid;
    await payFor(api, buyer, first?.body.id ?? '');
    const after = won(await atOnce(8, order));
    expect(after).toHaveLength(8);
    for (const { body } of after) expect(body.credit.reason).not.toBe('share_link');
    const cancels = unpaid
      .slice(1)
      .map(({ body }) => api.call(cancelOrder, { as: buyer, params: { id: body.id }, body: { reason: '' } }));
    expectOnly(await Promise.all(cancels), 'ok');
    expect(await payableTo(friend.personId)).toBe(1_000);
    await expectBooksRight(api);
  });

  it('lost update · A2 A1 A7: two stores’ links, clicked twenty times, and a first order race for one customer', async () => {
    // Reads "nobody's" twice: two stores own them, or the later touch takes a protected customer over.
    const { product, room } = await shelf(api, brand, 20);
    const { a, b } = brand.staff;
    for (let round = 0; round < 3; round++) {
      const customer = await somebody(api);
      const [placed] = await Promise.all([
        buy(api, customer, room, { lines: [shelfLine(product)] }),
        ...Array.from({ length: 20 }, (_, n) => visit(api, n % 2 ? a.guide : b.guide, customer, room.id)),
      ]);
      expect(placed.status).toBe(201);
      const bonds = await rows<{ ended: boolean }>`
        SELECT ended_at IS NOT NULL AS ended FROM owner_bindings WHERE customer_id = ${customer.personId}`;
      expect(bonds).toEqual([{ ended: false }]);
      expect(await rows`SELECT 1 FROM invite_edges WHERE invitee_id = ${customer.personId}`).toHaveLength(1);
      // Ten taps on one link within a minute are one visit (rule A7).
      expect(await rows`SELECT 1 FROM touches WHERE visitor_id = ${customer.personId}`).toHaveLength(2);
      const mine = () => api.ok(getBinding, { as: customer, params: { id: customer.personId } });
      const bound = await mine();
      expect([brand.stores.a.id, brand.stores.b.id]).toContain(bound.store?.id);
      // Protected: whoever comes now earns orders, not the customer.
      api.clock.advanceSeconds(61);
      await atOnce(6, (n) => visit(api, n % 2 ? a.secondGuide : b.secondGuide, customer, room.id));
      expect(await mine()).toEqual(bound);
    }
    await expectBooksRight(api);
  });
});

describe('what it earns', () => {
  /** Paid through a friend's link: three at 33.33 yuan and two at 10 yuan, 20 yuan off, 8 yuan for shipping. */
  async function soldByFriend() {
    const [bags, tins] = [await goods(api, brand, 10, 3_333), await goods(api, brand, 10, 1_000)];
    const room = await roomOf(api, brand, bags.product, tins.product);
    const [buyer, friend] = await crowd(api, 2);
    if (!buyer || !friend) throw new Error('nobody');
    const kind = await makeCouponKind(api, brand, brand.stores.a, { offFen: 7_001, minSpendFen: 8_000 });
    const coupon = await giveCouponTo(api, brand, kind, buyer);
    await visit(api, friend, buyer, room.id);
    const { body: order } = await buy(api, buyer, room, {
      lines: [shelfLine(bags.product, 3), shelfLine(tins.product, 2)],
      couponId: coupon.id,
    });
    expect(order).toMatchObject({ discountFen: 7_001, shippingFen: 800, totalFen: 11_999 - 7_001 + 800 });
    return { buyer, friend, order, orderId: order.id };
  }

  it('commission on coupon money · K1 M4: paid in twelve callbacks at once; of what was paid for the goods alone', async () => {
    // Takes a tenth of the price before the coupon, or of the whole payment with its shipping; or once per callback.
    const { buyer, friend, order, orderId } = await soldByFriend();
    const { paymentId } = await startPaying(api, buyer, orderId);
    await atOnce(12, () => callback(api, capturedBody(api, paymentId, order.totalFen)));
    await waitForState(api, orderId, 'paid');
    const { commission } = await creditOf(orderId);
    expect(commission.map(({ itemId, basisFen, event }) => ({ itemId, basisFen, event }))).toEqual(
      expect.arrayContaining(
        order.items.map(({ id, amountFen }) => ({ itemId: id, basisFen: amountFen, event: 'paid' })),
      ),
    );
    expect(commission).toHaveLength(2);
    const expected = order.items.reduce((sum, { amountFen }) => sum + Math.floor(amountFen / 10), 0);
    expect(expected).toBeLessThan(Math.floor(order.itemsFen / 10));
    expect(await expectCommissionRight(orderId, friend)).toBe(expected);
    expect(await payableTo(friend.personId)).toBe(expected);
    await expectBooksRight(api);
  });

  it('partial refund voids a commission · K1 K4 S8: nine parts in any order and at once, then the rest', async () => {
    // Reverses everything at the first part; or floors each part by itself, and a fen is lost with every one.
    const { buyer, friend, order, orderId } = await soldByFriend();
    await payFor(api, buyer, orderId);
    const [one, two] = order.items.map(({ id }) => id) as [string, string];
    const parts = [
      { items: [{ itemId: one, amountFen: 333 }] },
      { items: [{ itemId: two, amountFen: 1 }] },
      {
        items: [
          { itemId: one, amountFen: 7 },
          { itemId: two, amountFen: 99 },
        ],
      },
      { shippingFen: 399 },
      { items: [{ itemId: two, amountFen: 19 }], shippingFen: 1 },
      { items: [{ itemId: one, amountFen: 1 }] },
      { items: [{ itemId: one, amountFen: 58 }] },
      { items: [{ itemId: two, amountFen: 100 }] },
      { items: [{ itemId: one, amountFen: 9 }] },
    ];
    const refund = (body: object) =>
      api.call(refundOrder, {
        as: brand.staff.a.manager,
        params: { id: orderId },
        body: { reason: '协商退款', ...body },
      });
    const back = (fen: number) =>
      eventually(async () =>
        expect(await rows`SELECT refunded_fen::int AS fen FROM orders WHERE id = ${orderId}`).toEqual([{ fen }]),
      );
    expectOnly(await atOnce(5, (n) => refund(parts[n] ?? {})), 'ok');
    await back(859);
    const half = await expectCommissionRight(orderId, friend);
    expect(half).toBeGreaterThan(0);
    expectOnly(await atOnce(4, (n) => refund(parts[8 - n] ?? {})), 'ok');
    await back(859 + 168);
    const left = await expectCommissionRight(orderId, friend);
    expect(await payableTo(friend.personId)).toBe(left);
    const rest = await atOnce(6, (n) => (n % 2 ? refund({}) : refund({ items: [{ itemId: one, amountFen: 1_000 }] })));
    expect(won(rest).length).toBeGreaterThan(0);
    await eventually(async () => {
      await refund({});
      expect(await rows`SELECT state FROM orders WHERE id = ${orderId}`).toEqual([{ state: 'refunded' }]);
    });
    expect(await expectCommissionRight(orderId, friend)).toBe(0);
    expect(await payableTo(friend.personId)).toBe(0);
    await expectBooksRight(api);
  });

  it('late payment on a closed order · K1 S3: money for a cancelled order earns nobody anything', async () => {
    // Books commission for whatever is captured, and forgets it when the money goes back.
    const { buyer, friend, order, orderId } = await soldByFriend();
    const { paymentId } = await startPaying(api, buyer, orderId);
    await api.ok(cancelOrder, { as: buyer, params: { id: orderId }, body: { reason: '' } });
    await rows`UPDATE sandbox_charges SET state = 'captured' WHERE payment_id = ${paymentId}`;
    await atOnce(8, () => callback(api, capturedBody(api, paymentId, order.totalFen)));
    await eventually(async () =>
      expect(await rows`SELECT state FROM refunds WHERE order_id = ${orderId}`).toEqual([{ state: 'succeeded' }]),
    );
    expect((await creditOf(orderId)).commission).toEqual([]);
    expect(await payableTo(friend.personId)).toBe(0);
    await expectBooksRight(api);
  });
});
