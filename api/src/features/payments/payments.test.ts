import { randomUUID } from 'node:crypto';
import { cancelOrder, getOrder, getPayment, payOrder, settleSandbox } from '@walnut-live/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../compose.ts';
import { SANDBOX_DELIVERY_JOB } from '../../compose-selling.ts';
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
import {
  approve,
  callback,
  capturedBody,
  eventually,
  expectBooksRight,
  payFor,
  place,
  shelfLine,
  startPaying,
  stateOf,
  waitForState,
} from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { EXPIRY_JOB } from '../orders/index.ts';
import type { DeliveryFate, DeliveryPlan } from './index.ts';

let api: TestApi;
let brand: Brand;
/** What the network does to the callbacks of a payment; others arrive. */
const fates = new Map<string, (attempt: number) => DeliveryFate>();
let everyFate: DeliveryFate = 'send';
const sandboxPlan: DeliveryPlan = ({ paymentId, attempt }) => fates.get(paymentId)?.(attempt) ?? everyFate;
beforeAll(async () => {
  api = await startTestApi({}, { sandboxPlan });
  brand = await seedBrand(api);
});
beforeEach(() => {
  everyFate = 'send';
});
afterAll(() => api[Symbol.asyncDispose]());

const runJob = (name: string) => api.api.platform.jobs.runNow(name);
const rows = <T extends object>(...args: Parameters<TestApi['api']['platform']['db']['sql']>) =>
  api.api.platform.db.sql<T>(...args);
/** An unpaid order of two pieces (19,800 fen) of a product of its own. */
async function unpaid(): Promise<{
  buyer: Principal;
  orderId: string;
  stock: () => ReturnType<typeof readStock>;
  roomId: string;
}> {
  const product = await makeProduct(api, '核桃礼盒', { priceFen: 9_900 });
  await makeStock(api, product.sku.id, brand.stores.a, 10);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  const buyer = await makeConsumer(api, '林小桃');
  const order = await place(api, buyer, room, [shelfLine(product, 2)]);
  return { buyer, orderId: order.id, roomId: room.id, stock: () => readStock(api, product.sku.id, brand.stores.a) };
}
const transfersOf = (ref: string) =>
  rows<{ kind: string; account: string; amount_fen: bigint }>`
    SELECT t.kind, a.kind AS account, e.amount_fen FROM ledger_transfers t JOIN ledger_entries e ON e.transfer_id = t.id
    JOIN ledger_accounts a ON a.id = e.account_id WHERE t.ref = ${ref} ORDER BY e.id`;
const cancel = (buyer: Principal, orderId: string) =>
  api.call(cancelOrder, { as: buyer, params: { id: orderId }, body: { reason: '' } });

describe('a payment', () => {
  it('M2 becomes a sale, a transfer and a bubble with a masked name, in one transaction', async () => {
    const { buyer, orderId, roomId, stock } = await unpaid();
    const paymentId = await payFor(api, buyer, orderId);
    expect(await stock()).toEqual({ onHand: 8, reserved: 0 });
    expect(await transfersOf(paymentId)).toEqual([
      { kind: 'order_paid', account: 'provider_clearing', amount_fen: 19_800n },
      { kind: 'order_paid', account: 'store_sales', amount_fen: -19_800n },
    ]);
    const events = await rows<{
      payload: { kind: string };
    }>`SELECT payload FROM outbox WHERE room_id = ${roomId} ORDER BY id`;
    expect(events.map((event) => event.payload)).toMatchObject([
      { kind: 'stock:changed', available: 8, taken: null },
      { kind: 'order:paid', buyerName: '林*', quantity: 2, productTitle: '核桃礼盒' },
    ]);
    const slip = await api.ok(getPayment, { as: buyer, params: { paymentId } });
    expect(slip).toMatchObject({
      id: paymentId,
      orderId,
      amountFen: 19_800,
      state: 'captured',
      payee: '杭州湖滨店食品有限公司',
    });
    const again = await api.call(payOrder, { as: buyer, params: { id: orderId }, body: { provider: 'sandbox' } });
    expect(again.problem.code).toBe('already_paid');
    await expectBooksRight(api);
  });

  it('is only its payer’s', async () => {
    const { buyer, orderId } = await unpaid();
    const other = brand.consumers.bella;
    const { paymentId, cashierUrl } = await startPaying(api, buyer, orderId);
    expect(cashierUrl).toBe(`/pay/${paymentId}`);
    const outcome = { outcome: 'captured' } as const;
    expect((await api.call(settleSandbox, { as: other, params: { paymentId }, body: outcome })).status).toBe(404);
    expect(
      (await api.call(settleSandbox, { as: brand.staff.admin, params: { paymentId }, body: outcome })).status,
    ).toBe(403);
    expect((await api.call(getPayment, { as: other, params: { paymentId } })).status).toBe(404);
    const pay = { params: { id: orderId }, body: { provider: 'sandbox' } } as const;
    expect((await api.call(payOrder, { as: other, ...pay })).status).toBe(404);
    expect(await stateOf(api, orderId)).toBe('pending_payment');
  });

  it('cannot be approved before its buyer went to pay', async () => {
    const { buyer, orderId } = await unpaid();
    const order = await api.ok(getOrder, { as: buyer, params: { id: orderId } });
    const params = { paymentId: order.payment?.id ?? '' };
    const answer = await api.call(settleSandbox, { as: buyer, params, body: { outcome: 'captured' } });
    expect(answer.problem.code).toBe('state_conflict');
  });

  it('that was declined can be made again, as a new one', async () => {
    const { buyer, orderId } = await unpaid();
    const { paymentId } = await startPaying(api, buyer, orderId);
    await api.ok(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'failed' } });
    await eventually(async () =>
      expect((await api.ok(getPayment, { as: buyer, params: { paymentId } })).state).toBe('failed'),
    );
    expect(await stateOf(api, orderId)).toBe('pending_payment');
    const changedMind = await api.call(settleSandbox, {
      as: buyer,
      params: { paymentId },
      body: { outcome: 'captured' },
    });
    expect(changedMind.problem.code).toBe('state_conflict');
    expect(await payFor(api, buyer, orderId)).not.toBe(paymentId);
    await expectBooksRight(api);
  });
});

describe('callbacks', () => {
  it('that come twice, also at once, are booked once', async () => {
    const { buyer, orderId, stock } = await unpaid();
    const { paymentId } = await startPaying(api, buyer, orderId);
    fates.set(paymentId, () => 'send_twice');
    await api.ok(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'captured' } });
    const same = capturedBody(api, paymentId, 19_800);
    const answers = await Promise.all([
      ...Array.from({ length: 5 }, () => callback(api, same)),
      ...Array.from({ length: 5 }, () => callback(api, capturedBody(api, paymentId, 19_800))),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual(Array(10).fill(200));
    await waitForState(api, orderId, 'paid');
    expect(await stock()).toEqual({ onHand: 8, reserved: 0 });
    expect(await transfersOf(paymentId)).toHaveLength(2);
    expect(await rows`SELECT 1 FROM refunds WHERE order_id = ${orderId}`).toEqual([]);
    await expectBooksRight(api);
  });

  it('that are lost are repeated until they are answered', async () => {
    const { buyer, orderId } = await unpaid();
    const { paymentId } = await startPaying(api, buyer, orderId);
    fates.set(paymentId, (attempt) => (attempt < 3 ? 'lose' : 'send'));
    await api.ok(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'captured' } });
    const attempts = async () => {
      const [row] = await rows<{
        attempts: number;
      }>`SELECT attempts FROM sandbox_deliveries WHERE payment_id = ${paymentId}`;
      return row?.attempts;
    };
    await eventually(async () => expect(await attempts()).toBe(1));
    await runJob(SANDBOX_DELIVERY_JOB);
    expect([await attempts(), await stateOf(api, orderId)]).toEqual([1, 'pending_payment']); // not due yet
    api.clock.advanceSeconds(6);
    await runJob(SANDBOX_DELIVERY_JOB);
    expect([await attempts(), await stateOf(api, orderId)]).toEqual([2, 'pending_payment']);
    api.clock.advanceSeconds(16);
    await runJob(SANDBOX_DELIVERY_JOB);
    expect([await attempts(), await stateOf(api, orderId)]).toEqual([3, 'paid']);
    await runJob(SANDBOX_DELIVERY_JOB);
    expect(await attempts()).toBe(3);
  });

  it('that are forged, stale or name another amount or payment change nothing', async () => {
    const { buyer, orderId } = await unpaid();
    const { paymentId } = await startPaying(api, buyer, orderId);
    const body = capturedBody(api, paymentId, 19_800);
    const minutes = (count: number) => new Date(api.clock.now().getTime() + count * 60_000);
    expect(await callback(api, body, { secret: 'x'.repeat(64) })).toMatchObject({ status: 401 });
    expect(await callback(api, body, { at: minutes(-5.1) })).toMatchObject({ status: 401 });
    expect(await callback(api, body, { at: minutes(5.1) })).toMatchObject({ status: 401 });
    expect(await callback(api, body, { nonce: 'short' })).toMatchObject({ status: 401 });
    const sent = JSON.stringify({ ...body, amountFen: 1 });
    expect(await callback(api, body, { sent })).toMatchObject({ status: 401 });
    expect(await callback(api, body, { sent: JSON.stringify(body, null, 1) })).toMatchObject({ status: 401 });
    expect(await callback(api, { ...body, amountFen: 1 })).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await callback(api, { ...body, amountFen: 19_801 })).toMatchObject({ status: 409 });
    expect(await callback(api, { ...body, paymentId: randomUUID() })).toMatchObject({ status: 404 });
    expect(await callback(api, { ...body, type: 'refund.succeeded', refundNo: 'RF1' })).toMatchObject({ status: 404 });
    expect(await callback(api, { ...body, extra: 1 })).toMatchObject({ status: 400 });
    const unsigned = await fetch(`${api.url}/api/v1/payments/sandbox/notify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(unsigned.status).toBe(401);
    expect(await stateOf(api, orderId)).toBe('pending_payment');
    expect(await rows`SELECT 1 FROM payment_notifications WHERE payment_id = ${paymentId}`).toEqual([]);
    expect(await callback(api, body, { at: minutes(-4.9) })).toMatchObject({ status: 200 }); // late but in the window
    expect(await stateOf(api, orderId)).toBe('paid');
  });

  it('that a dead process still owed are delivered by the next one', async () => {
    const { buyer, orderId } = await unpaid();
    everyFate = 'hold';
    await approve(api, buyer, orderId);
    await runJob(SANDBOX_DELIVERY_JOB);
    expect(await stateOf(api, orderId)).toBe('pending_payment');
    const next = await createApi(api.api.platform.config, { clock: api.clock });
    try {
      await next.listen();
      await next.platform.jobs.runNow(SANDBOX_DELIVERY_JOB);
      expect(await stateOf(api, orderId)).toBe('paid');
    } finally {
      await next.close();
    }
  });

  it('a decline that arrives after the capture changes nothing', async () => {
    const { buyer, orderId } = await unpaid();
    const paymentId = await payFor(api, buyer, orderId);
    const declined = { ...capturedBody(api, paymentId, 19_800), type: 'payment.failed' };
    expect(await callback(api, declined)).toMatchObject({ status: 200 });
    expect(await stateOf(api, orderId)).toBe('paid');
    expect((await api.ok(getPayment, { as: buyer, params: { paymentId } })).state).toBe('captured');
  });
});

describe('S3 closing and paying at once', () => {
  it('S3 expiry asks the provider first: a payment whose callback was lost still counts', async () => {
    const { buyer, orderId, stock } = await unpaid();
    everyFate = 'lose';
    const paymentId = await approve(api, buyer, orderId);
    api.clock.advanceSeconds(api.api.platform.config.RESERVATION_SECONDS + 1);
    await runJob(EXPIRY_JOB);
    expect(await stateOf(api, orderId)).toBe('paid');
    expect(await stock()).toEqual({ onHand: 8, reserved: 0 });
    expect(await callback(api, capturedBody(api, paymentId, 19_800))).toMatchObject({ status: 200 });
    expect(await rows`SELECT 1 FROM refunds WHERE order_id = ${orderId}`).toEqual([]);
    await expectBooksRight(api);
  });

  it('S3 an expired order can neither be paid nor its charge approved', async () => {
    const { buyer, orderId, stock } = await unpaid();
    const { paymentId } = await startPaying(api, buyer, orderId);
    api.clock.advanceSeconds(api.api.platform.config.RESERVATION_SECONDS + 1);
    const pay = { as: buyer, params: { id: orderId }, body: { provider: 'sandbox' } } as const;
    expect((await api.call(payOrder, pay)).problem.code).toBe('state_conflict'); // due, though the job has not run
    await runJob(EXPIRY_JOB);
    expect(await stateOf(api, orderId)).toBe('expired');
    expect(await stock()).toEqual({ onHand: 10, reserved: 0 });
    const settle = await api.call(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'captured' } });
    expect(settle.problem.code).toBe('state_conflict');
    expect((await api.call(payOrder, pay)).problem.code).toBe('state_conflict');
  });

  it('S3 a payment that lands on a closed order is sent back, once', async () => {
    const { buyer, orderId, stock } = await unpaid();
    const { paymentId } = await startPaying(api, buyer, orderId);
    expect((await cancel(buyer, orderId)).status).toBe(200);
    // A provider that took the money although it had been told to close.
    await rows`UPDATE sandbox_charges SET state = 'captured' WHERE payment_id = ${paymentId}`;
    const same = capturedBody(api, paymentId, 19_800);
    const answers = await Promise.all([
      ...Array.from({ length: 4 }, () => callback(api, same)),
      ...Array.from({ length: 4 }, () => callback(api, capturedBody(api, paymentId, 19_800))),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual(Array(8).fill(200));
    const refunds = () =>
      rows<{ state: string; amount_fen: bigint; requested_by: string | null; reason: string }>`
        SELECT state, amount_fen, requested_by, reason FROM refunds WHERE order_id = ${orderId}`;
    await eventually(async () =>
      expect(await refunds()).toEqual([
        { state: 'succeeded', amount_fen: 19_800n, requested_by: null, reason: 'late_payment' },
      ]),
    );
    expect(await rows`SELECT refunded_fen FROM sandbox_charges WHERE payment_id = ${paymentId}`).toEqual([
      { refunded_fen: 19_800n },
    ]);
    expect(await rows`SELECT balance_fen FROM ledger_accounts WHERE kind = 'unmatched_payments'`).toEqual([
      { balance_fen: 0n },
    ]);
    const order = await api.ok(getOrder, { as: buyer, params: { id: orderId } });
    expect(order).toMatchObject({ state: 'cancelled', paidFen: 0, refundedFen: 0, payment: { state: 'closed' } });
    expect(await stock()).toEqual({ onHand: 10, reserved: 0 });
    await expectBooksRight(api);
  });

  it('S7 pay and cancel at once: one wins, the books agree with it', async () => {
    const orders = await Promise.all(Array.from({ length: 12 }, unpaid));
    for (const { buyer, orderId } of orders) await startPaying(api, buyer, orderId);
    const answers = await Promise.all(
      orders.map(async ({ buyer, orderId }) => {
        const { payment } = await api.ok(getOrder, { as: buyer, params: { id: orderId } });
        const params = { paymentId: payment?.id ?? '' };
        const [settled, cancelled] = await Promise.all([
          api.call(settleSandbox, { as: buyer, params, body: { outcome: 'captured' } }),
          cancel(buyer, orderId),
        ]);
        return {
          orderId,
          settled: settled.status === 200,
          cancelled: cancelled.status === 200,
          code: cancelled.problem.code,
        };
      }),
    );
    for (const { orderId, settled, cancelled, code } of answers) {
      expect(settled).toBe(!cancelled);
      if (!cancelled) expect(['already_paid', 'state_conflict']).toContain(code);
      await waitForState(api, orderId, settled ? 'paid' : 'cancelled');
    }
    await expectBooksRight(api);
  });

  it('S7 pay and expire at once: one wins, the books agree with it', async () => {
    const orders = await Promise.all(Array.from({ length: 12 }, unpaid));
    const payments: string[] = [];
    for (const { buyer, orderId } of orders) payments.push((await startPaying(api, buyer, orderId)).paymentId);
    api.clock.advanceSeconds(api.api.platform.config.RESERVATION_SECONDS + 1);
    const [settled] = await Promise.all([
      Promise.all(
        orders.map(({ buyer }, n) =>
          api.call(settleSandbox, {
            as: buyer,
            params: { paymentId: payments[n] ?? '' },
            body: { outcome: 'captured' },
          }),
        ),
      ),
      runJob(EXPIRY_JOB),
    ]);
    for (const [n, { orderId }] of orders.entries())
      await waitForState(api, orderId, settled[n]?.status === 200 ? 'paid' : 'expired');
    await expectBooksRight(api);
  });
});
