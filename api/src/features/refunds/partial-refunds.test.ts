/** Refunds of parts of an order, by rule ids; every test ends with all books agreeing. */
import {
  type BodyInputOf,
  decideAfterSale,
  escalateAfterSale,
  getAfterSale,
  getOrder,
  placeOrder,
  refundAgain,
  refundOrder,
  requestAfterSale,
  shipOrder,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { giveCouponTo, makeCouponKind } from '../../testing/coupons.ts';
import {
  type Brand,
  makeConsumer,
  makeProduct,
  makeRoom,
  makeStock,
  readStock,
  seedBrand,
} from '../../testing/fixtures.ts';
import { eventually, expectBooksRight, payFor, stateOf, TEST_ADDRESS, waitForState } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { REFUND_JOB } from './index.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const rows = <T extends object>(...args: Parameters<TestApi['api']['platform']['db']['sql']>) =>
  api.api.platform.db.sql<T>(...args);
type Body = BodyInputOf<typeof refundOrder>;
const ask = (as: Principal, orderId: string, body: Omit<Body, 'reason'> = {}) =>
  api.call(refundOrder, { as, params: { id: orderId }, body: { reason: '协商退款', ...body } });

/** Paid: three bags at 33.33 yuan and two tins at 10 yuan, 20 yuan off by a coupon, 8 yuan for shipping. */
async function paid() {
  const bags = await makeProduct(api, '核桃仁', { priceFen: 3_333 });
  const tins = await makeProduct(api, '核桃乳', { priceFen: 1_000 });
  for (const product of [bags, tins]) await makeStock(api, product.sku.id, brand.stores.a, 10);
  const room = await makeRoom(api, {
    orgUnit: brand.stores.a,
    host: brand.staff.a.guide,
    products: [bags, tins],
  });
  const buyer = await makeConsumer(api);
  const kind = await makeCouponKind(api, brand, brand.stores.a, { offFen: 7_000, minSpendFen: 8_000 });
  const coupon = await giveCouponTo(api, brand, kind, buyer);
  const order = await api.ok(placeOrder, {
    as: buyer,
    body: {
      roomId: room.id,
      lines: [
        { skuId: bags.sku.id, quantity: 3, seenPriceFen: 3_333 },
        { skuId: tins.sku.id, quantity: 2, seenPriceFen: 1_000 },
      ],
      address: TEST_ADDRESS,
      couponId: coupon.id,
    },
  });
  await payFor(api, buyer, order.id);
  const [bag, tin] = ['核桃仁', '核桃乳'].map((title) => order.items.find((item) => item.title === title));
  if (!bag || !tin) throw new Error('the order lost an item');
  return {
    ...{ buyer, order, bag, tin, orderId: order.id, couponId: coupon.id },
    stock: async () => [
      (await readStock(api, bags.sku.id, brand.stores.a))?.onHand,
      (await readStock(api, tins.sku.id, brand.stores.a))?.onHand,
    ],
  };
}
const seen = (as: Principal, orderId: string) => api.ok(getOrder, { as, params: { id: orderId } });
const refundedOf = async (orderId: string) =>
  Number((await rows<{ f: bigint }>`SELECT refunded_fen AS f FROM orders WHERE id = ${orderId}`)[0]?.f);
const backBy = (orderId: string, fen: number) => eventually(async () => expect(await refundedOf(orderId)).toBe(fen));
const manager = () => brand.staff.a.manager;

describe('S8 K1 refunds of parts', () => {
  it('S8 K1 M4 one after the other, to the exact fen; the coupon comes back with the last one', async () => {
    const { buyer, order, orderId, bag, tin, couponId, stock } = await paid();
    expect(order).toMatchObject({ itemsFen: 11_999, discountFen: 7_000, shippingFen: 800, totalFen: 5_799 });
    const coupon = async () =>
      (await rows<{ state: string }>`SELECT state FROM coupons WHERE id = ${couponId}`)[0]?.state;
    expect(bag.amountFen + tin.amountFen).toBe(4_999);

    // One bag: a third of what was paid for three, rounded down; it never left the house.
    const share = Math.floor(bag.amountFen / 3);
    const first = await ask(manager(), orderId, { items: [{ itemId: bag.id, quantity: 1 }] });
    expect([first.status, first.body.state]).toEqual([202, 'paid']);
    await backBy(orderId, share);
    expect(await stock()).toEqual([8, 8]);
    await expectBooksRight(api);

    // Something off the tins, without a piece, and half of the shipping fee.
    expect(
      (await ask(manager(), orderId, { items: [{ itemId: tin.id, amountFen: 101 }], shippingFen: 400 })).status,
    ).toBe(202);
    await backBy(orderId, share + 501);
    expect(await stock()).toEqual([8, 8]);
    expect(await stateOf(api, orderId)).toBe('paid');
    expect(await coupon()).toBe('used');
    await expectBooksRight(api);

    // All that is left.
    expect((await ask(buyer, orderId)).body.state).toBe('refunding');
    await waitForState(api, orderId, 'refunded');
    const after = await seen(buyer, orderId);
    expect(after).toMatchObject({ paidFen: 5_799, refundedFen: 5_799 });
    expect(after.items.map((item) => item.refundedFen)).toEqual(after.items.map((item) => item.amountFen));
    expect(after.history.map((step) => step.event)).toEqual([
      ...['place', 'pay', 'refund_part', 'refund_part', 'request_refund', 'finish_refund'],
    ]);
    expect(await stock()).toEqual([10, 10]);
    expect(await coupon()).toBe('held');
    const left = await rows<{ sum: bigint }>`
      SELECT coalesce(sum(amount_fen), 0)::bigint AS sum FROM commission_entries WHERE order_id = ${orderId}`;
    expect(left).toEqual([{ sum: 0n }]);
    const earned = await rows<{
      n: bigint;
    }>`SELECT count(*) AS n FROM commission_entries WHERE order_id = ${orderId} AND event = 'paid'`;
    expect(earned).toEqual([{ n: 2n }]);
    await expectBooksRight(api);
  });

  it('S8 of ten that ask for the same piece at once one gets it; different pieces come back together', async () => {
    const { orderId, bag, tin } = await paid();
    const share = Math.floor(bag.amountFen / 3);
    const rivals = await Promise.all(
      Array.from({ length: 10 }, () =>
        ask(manager(), orderId, { items: [{ itemId: bag.id, quantity: 2 }] }).then((answer) => answer.status),
      ),
    );
    expect(rivals.sort()).toEqual([202, ...Array(9).fill(409)]);
    const both = await Promise.all([
      ask(manager(), orderId, { items: [{ itemId: bag.id, quantity: 1 }] }),
      ask(brand.staff.finance, orderId, { items: [{ itemId: tin.id, quantity: 1 }] }),
    ]);
    expect(both.map((answer) => answer.status)).toEqual([202, 202]);
    await backBy(orderId, bag.amountFen + Math.floor(tin.amountFen / 2));
    expect(share).toBeLessThan(bag.amountFen);
    expect(await stateOf(api, orderId)).toBe('paid');
    await expectBooksRight(api);
  });

  it('S8 sums that would be more than what was paid are refused, whoever is first; the last fen refunds the order', async () => {
    const { orderId, order, bag, tin } = await paid();
    const most = { items: [{ itemId: bag.id, amountFen: bag.amountFen - 100 }], shippingFen: 700 };
    const answers = await Promise.all([ask(manager(), orderId, most), ask(manager(), orderId, most)]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([202, 409]);
    expect((await ask(manager(), orderId, { items: [{ itemId: bag.id, amountFen: 101 }] })).problem.facts).toEqual({
      reason: 'too_much',
    });
    expect((await ask(manager(), orderId, { shippingFen: 101 })).problem.code).toBe('limit_exceeded');
    expect((await ask(manager(), orderId, { items: [] })).problem.facts).toEqual({ reason: 'nothing' });
    const rest = {
      items: [
        { itemId: bag.id, amountFen: 100 },
        { itemId: tin.id, quantity: 2 },
      ],
      shippingFen: 100,
    };
    expect((await ask(manager(), orderId, rest)).body.state).toBe('refunding');
    await waitForState(api, orderId, 'refunded');
    expect(await refundedOf(orderId)).toBe(order.totalFen);
    await expectBooksRight(api);
  });

  it('S7 a refund under way does not keep the rest from being sent, and what was taken out is not sent', async () => {
    const { buyer, orderId, bag, stock } = await paid();
    await rows`ALTER TABLE sandbox_refunds RENAME TO sandbox_refunds_away`; // the provider is out of order
    expect((await ask(manager(), orderId, { items: [{ itemId: bag.id, quantity: 1 }] })).body.state).toBe('paid');
    const sent = await api.ok(shipOrder, { as: manager(), params: { id: orderId }, body: { trackingNo: 'SF4711' } });
    expect(sent.state).toBe('shipped');
    expect(sent.items.map((item) => [item.id === bag.id, item.withdrawn]).sort()).toEqual([
      ...[
        [false, 0],
        [true, 1],
      ],
    ]);
    await rows`ALTER TABLE sandbox_refunds_away RENAME TO sandbox_refunds`;
    api.clock.advanceSeconds(30);
    await api.api.platform.jobs.runNow(REFUND_JOB);
    await backBy(orderId, Math.floor(bag.amountFen / 3));
    expect(await stateOf(api, orderId)).toBe('shipped');
    expect(await stock()).toEqual([8, 8]); // the two others left the house
    expect((await ask(buyer, orderId)).problem.code).toBe('state_conflict');
    // Staff refund what was sent too; it comes back by hand.
    expect((await ask(manager(), orderId)).status).toBe(202);
    await waitForState(api, orderId, 'refunded');
    expect(await stock()).toEqual([8, 8]);
    await expectBooksRight(api);
  });

  it('S8 a part that the provider refuses for good can be asked for again', async () => {
    const { orderId, bag } = await paid();
    const part = { items: [{ itemId: bag.id, quantity: 1 }] };
    await rows`UPDATE sandbox_charges SET refunded_fen = amount_fen WHERE payment_id IN (SELECT id FROM payments WHERE order_id = ${orderId})`;
    expect((await ask(manager(), orderId, part)).status).toBe(202);
    await eventually(async () =>
      expect(await rows`SELECT state FROM refunds WHERE order_id = ${orderId}`).toEqual([{ state: 'failed' }]),
    );
    expect(await rows`SELECT refunding_fen, refunded_pieces, withdrawn FROM order_items WHERE id = ${bag.id}`).toEqual([
      { refunding_fen: 0n, refunded_pieces: 0, withdrawn: 0 },
    ]);
    await expectBooksRight(api);
    await rows`UPDATE sandbox_charges SET refunded_fen = 0 WHERE payment_id IN (SELECT id FROM payments WHERE order_id = ${orderId})`;
    expect((await ask(manager(), orderId, part)).status).toBe(202);
    await backBy(orderId, Math.floor(bag.amountFen / 3));
    await expectBooksRight(api);
  });

  /** The provider refuses every refund of this order, or none any more. */
  const refuses = (orderId: string, is: boolean) =>
    rows`UPDATE sandbox_charges SET refunded_fen = CASE WHEN ${is} THEN amount_fen ELSE 0 END
      WHERE payment_id IN (SELECT id FROM payments WHERE order_id = ${orderId})`;
  const again = async (orderId: string) => {
    const [payment] = await rows<{ id: string }>`SELECT id FROM payments WHERE order_id = ${orderId}`;
    return api.call(refundAgain, {
      ...{ as: brand.staff.finance, params: { paymentId: payment?.id ?? '' }, body: { reason: '已与渠道核实' } },
    });
  };
  const failed = (orderId: string, count: number) =>
    eventually(async () =>
      expect(await rows`SELECT 1 FROM refunds WHERE order_id = ${orderId} AND state = 'failed'`).toHaveLength(count),
    );

  it('S8 a refused part is asked for once more by one refund, whoever presses again, however often it is refused', async () => {
    const { orderId, bag } = await paid();
    const share = Math.floor(bag.amountFen / 3);
    const part = { items: [{ itemId: bag.id, quantity: 1 }] };
    await refuses(orderId, true);
    await ask(manager(), orderId, part);
    await failed(orderId, 1);
    expect((await again(orderId)).status).toBe(200);
    await failed(orderId, 2);
    await refuses(orderId, false);
    expect((await again(orderId)).status).toBe(200);
    expect((await again(orderId)).problem.facts).toEqual({ reason: 'nothing_refused' });
    await backBy(orderId, share);
    expect((await again(orderId)).problem.facts).toEqual({ reason: 'nothing_refused' });
    // Nor when it was asked for in the usual way meanwhile.
    await refuses(orderId, true);
    await ask(manager(), orderId, part);
    await failed(orderId, 3);
    await refuses(orderId, false);
    await ask(manager(), orderId, part);
    expect((await again(orderId)).problem.facts).toEqual({ reason: 'asked_since' });
    await eventually(async () => expect(await refundedOf(orderId)).toBeGreaterThan(share));
    await expectBooksRight(api);
  });

  it('S8 a refused refund of a case is asked for again by whoever decides the case, and by nobody else', async () => {
    const { buyer, orderId, bag } = await paid();
    const params = { id: orderId };
    await api.ok(shipOrder, { as: manager(), params, body: { trackingNo: 'SF4712' } });
    const { id } = await api.ok(requestAfterSale, {
      ...{ as: buyer, params },
      body: { kind: 'refund_only', reason: 'damaged', items: [{ itemId: bag.id, quantity: 1 }] },
    });
    const decide = () =>
      api.ok(decideAfterSale, { as: brand.staff.finance, params: { id }, body: { approve: true, note: '属实' } });
    await api.ok(escalateAfterSale, { as: manager(), params: { id }, body: { note: '请总部处理' } });
    await refuses(orderId, true);
    await decide();
    await failed(orderId, 1);
    await refuses(orderId, false);
    expect((await again(orderId)).problem.facts).toEqual({ reason: 'case_decides' });
    await decide();
    await eventually(async () =>
      expect((await api.ok(getAfterSale, { as: buyer, params: { id } })).state).toBe('refunded'),
    );
    expect((await again(orderId)).problem.facts).toEqual({ reason: 'case_decides' });
    expect(await refundedOf(orderId)).toBe(Math.floor(bag.amountFen / 3));
    await expectBooksRight(api);
  });

  it('S8 the database itself refuses an item share above the item', async () => {
    const { bag } = await paid();
    await expect(rows`UPDATE order_items SET refunding_fen = amount_fen + 1 WHERE id = ${bag.id}`).rejects.toThrow(
      /order_items_refunds/,
    );
  });

  it('M3 a second click answers the same and refunds once; parts are for staff of the order’s own path', async () => {
    const { buyer, orderId, bag } = await paid();
    const part = { items: [{ itemId: bag.id, quantity: 1 }] };
    expect((await ask(buyer, orderId, part)).status).toBe(403);
    expect((await ask(brand.consumers.bella, orderId, part)).status).toBe(404);
    expect((await ask(brand.staff.b.manager, orderId, part)).status).toBe(404);
    expect((await ask(brand.staff.a.guide, orderId, part)).status).toBe(403);
    const click = () =>
      api.call(refundOrder, {
        ...{ as: manager(), key: `click-${orderId}`, params: { id: orderId } },
        body: { reason: '破损', ...part },
      });
    const [one, two] = [await click(), await click()];
    expect([one.status, two.status, two.headers.get('idempotency-replayed')]).toEqual([202, 202, 'true']);
    await backBy(orderId, Math.floor(bag.amountFen / 3));
    expect(await rows`SELECT 1 FROM refunds WHERE order_id = ${orderId}`).toHaveLength(1);
    const told = await rows<{ type: string }>`
      SELECT type FROM domain_events WHERE data ->> 'orderId' = ${orderId} ORDER BY seq`;
    expect(told.map(({ type }) => type)).toEqual(['order.placed', 'order.paid', 'order.partly_refunded']);
    await expectBooksRight(api);
  });
});
