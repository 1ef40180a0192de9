import { getOrder, refundOrder, shipOrder } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import {
  type Brand,
  makeConsumer,
  makeOffer,
  makeProduct,
  makeRoom,
  makeStock,
  readStock,
  seedBrand,
} from '../../testing/fixtures.ts';
import {
  callback,
  eventually,
  expectBooksRight,
  offerLine,
  payFor,
  place,
  stateOf,
  waitForState,
} from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { REFUND_JOB, refundPauseSeconds } from './index.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const rows = <T extends object>(...args: Parameters<TestApi['api']['platform']['db']['sql']>) =>
  api.api.platform.db.sql<T>(...args);
const ask = (as: Principal, orderId: string) =>
  api.call(refundOrder, { as, params: { id: orderId }, body: { reason: '不想要了' } });
const refundsOf = (orderId: string) =>
  rows<{ state: string; refund_no: string; attempts: number }>`
    SELECT state, refund_no, attempts FROM refunds WHERE order_id = ${orderId} ORDER BY id`;

/** A paid order of two pieces at 5,000 fen under an offer limited to two per person. */
async function paid() {
  const product = await makeProduct(api, '核桃仁', { priceFen: 6_000 });
  await makeStock(api, product.sku.id, brand.stores.a, 10);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  const offer = await makeOffer(api, room, product.sku.id, { priceFen: 5_000, cap: 5, perPersonLimit: 2 });
  const buyer = await makeConsumer(api);
  const order = await place(api, buyer, room, [offerLine(product, offer, 2)]);
  const paymentId = await payFor(api, buyer, order.id);
  return { buyer, orderId: order.id, paymentId, offer, stock: () => readStock(api, product.sku.id, brand.stores.a) };
}
const ship = (orderId: string) =>
  api.ok(shipOrder, { as: brand.staff.a.manager, params: { id: orderId }, body: { trackingNo: 'SF100' } });

describe('S7 who may refund when', () => {
  it('S7 the buyer before shipping; the goods are back on the shelf, cap and limit stay used', async () => {
    const { buyer, orderId, offer, stock } = await paid();
    expect(await stock()).toEqual({ onHand: 8, reserved: 0 });
    const answer = await ask(buyer, orderId);
    expect([answer.status, answer.body.state]).toEqual([202, 'refunding']);
    await waitForState(api, orderId, 'refunded');
    expect(await stock()).toEqual({ onHand: 10, reserved: 0 });
    expect(await rows`SELECT taken FROM offers WHERE id = ${offer.id}`).toEqual([{ taken: 2 }]);
    const order = await api.ok(getOrder, { as: buyer, params: { id: orderId } });
    expect(order).toMatchObject({
      paidFen: 10_000,
      refundedFen: 10_000,
      items: [{ amountFen: 10_000, refundedFen: 10_000 }],
    });
    expect(order.closedAt).not.toBeNull();
    await expectBooksRight(api);
  });

  it('S7 not the buyer after shipping, but staff with the right; what was sent is not on the shelf', async () => {
    const { buyer, orderId, stock } = await paid();
    await ship(orderId);
    expect((await ask(buyer, orderId)).problem.code).toBe('state_conflict');
    expect((await ask(brand.staff.finance, orderId)).status).toBe(202);
    await waitForState(api, orderId, 'refunded');
    expect(await stock()).toEqual({ onHand: 8, reserved: 0 });
    await expectBooksRight(api);
  });

  it('neither other buyers, nor other stores, nor roles without the right', async () => {
    const { orderId } = await paid();
    expect((await ask(brand.consumers.bella, orderId)).status).toBe(404);
    expect((await ask(brand.staff.b.manager, orderId)).status).toBe(404);
    expect((await ask(brand.staff.a.guide, orderId)).status).toBe(403);
    expect((await ask(brand.staff.channelEast, orderId)).status).toBe(403);
    expect((await ask(brand.guest, orderId)).status).toBe(401);
    expect(await stateOf(api, orderId)).toBe('paid');
  });
});

describe('S8 a refund', () => {
  it('S8 asked for ten times at once, by buyer and staff, happens once', async () => {
    const { buyer, orderId, paymentId } = await paid();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => ask(n % 2 === 0 ? buyer : brand.staff.a.manager, orderId)),
    );
    expect(answers.filter((answer) => answer.status === 202)).toHaveLength(1);
    for (const answer of answers.filter((one) => one.status !== 202))
      expect(answer.problem.code).toBe('state_conflict');
    await waitForState(api, orderId, 'refunded');
    expect(await refundsOf(orderId)).toMatchObject([{ state: 'succeeded' }]);
    expect(await rows`SELECT captured_fen, refunded_fen FROM payments WHERE id = ${paymentId}`).toEqual([
      { captured_fen: 10_000n, refunded_fen: 10_000n },
    ]);
    expect(await rows`SELECT refunded_fen FROM sandbox_charges WHERE payment_id = ${paymentId}`).toEqual([
      { refunded_fen: 10_000n },
    ]);
    await expectBooksRight(api);
  });

  it('S8 the database itself refuses more refunds than were captured', async () => {
    const { paymentId } = await paid();
    await expect(rows`UPDATE payments SET refunded_fen = captured_fen + 1 WHERE id = ${paymentId}`).rejects.toThrow(
      /payments_sums/,
    );
  });

  it('S8 is asked for again under the same number until the provider answers', async () => {
    const { buyer, orderId } = await paid();
    await rows`ALTER TABLE sandbox_refunds RENAME TO sandbox_refunds_away`; // the provider is out of order
    expect((await ask(buyer, orderId)).status).toBe(202);
    await eventually(async () =>
      expect(await refundsOf(orderId)).toMatchObject([{ state: 'processing', attempts: 1 }]),
    );
    const [first] = await refundsOf(orderId);
    await api.api.platform.jobs.runNow(REFUND_JOB);
    expect(await refundsOf(orderId)).toMatchObject([{ attempts: 1 }]); // not due yet
    api.clock.advanceSeconds(refundPauseSeconds(0) + 1);
    await api.api.platform.jobs.runNow(REFUND_JOB);
    expect(await refundsOf(orderId)).toMatchObject([{ state: 'processing', attempts: 2 }]);
    expect(await stateOf(api, orderId)).toBe('refunding');
    await rows`ALTER TABLE sandbox_refunds_away RENAME TO sandbox_refunds`;
    api.clock.advanceSeconds(refundPauseSeconds(1) + 1);
    await api.api.platform.jobs.runNow(REFUND_JOB);
    expect(await refundsOf(orderId)).toEqual([{ state: 'succeeded', attempts: 3, refund_no: first?.refund_no }]);
    expect(await stateOf(api, orderId)).toBe('refunded');
    await expectBooksRight(api);
  });

  it('S8 its callback may come first, late or twice', async () => {
    const { buyer, orderId, paymentId } = await paid();
    await rows`ALTER TABLE sandbox_refunds RENAME TO sandbox_refunds_away`;
    await ask(buyer, orderId);
    await eventually(async () => expect(await refundsOf(orderId)).toMatchObject([{ attempts: 1 }]));
    await rows`ALTER TABLE sandbox_refunds_away RENAME TO sandbox_refunds`;
    const [refund] = await refundsOf(orderId);
    const body = (id: string, amountFen: number) => ({
      id,
      type: 'refund.succeeded',
      paymentId,
      refundNo: refund?.refund_no,
      amountFen,
      occurredAt: api.clock.now().toISOString(),
    });
    expect((await callback(api, body(`wrong-${orderId}`, 1))).status).toBe(409);
    expect(await stateOf(api, orderId)).toBe('refunding');
    const answers = await Promise.all([1, 1, 2, 3].map((n) => callback(api, body(`${n}-${orderId}`, 10_000))));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    expect(await stateOf(api, orderId)).toBe('refunded');
    api.clock.advanceSeconds(3_600);
    await api.api.platform.jobs.runNow(REFUND_JOB);
    await expectBooksRight(api);
  });

  it('S8 that the provider refuses for good puts the order back and sets the money free', async () => {
    const { buyer, orderId, paymentId } = await paid();
    await ship(orderId);
    await rows`UPDATE sandbox_charges SET refunded_fen = amount_fen WHERE payment_id = ${paymentId}`;
    expect((await ask(brand.staff.a.manager, orderId)).status).toBe(202);
    await waitForState(api, orderId, 'shipped');
    expect(await refundsOf(orderId)).toMatchObject([{ state: 'failed' }]);
    expect(await rows`SELECT refunded_fen FROM payments WHERE id = ${paymentId}`).toEqual([{ refunded_fen: 0n }]);
    await expectBooksRight(api);
    await rows`UPDATE sandbox_charges SET refunded_fen = 0 WHERE payment_id = ${paymentId}`;
    expect((await ask(brand.staff.a.manager, orderId)).status).toBe(202);
    await waitForState(api, orderId, 'refunded');
    const seen = await api.ok(getOrder, { as: buyer, params: { id: orderId } });
    expect(seen.history.map((step) => step.event)).toEqual([
      'place',
      'pay',
      'ship',
      'request_refund',
      'resume_shipped',
      'request_refund',
      'finish_refund',
    ]);
    await expectBooksRight(api);
  });

  it('S8 pauses double up to an hour', () => {
    expect([0, 1, 2, 8, 9, 100].map(refundPauseSeconds)).toEqual([10, 20, 40, 2_560, 3_600, 3_600]);
  });
});
