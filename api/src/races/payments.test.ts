/** Attacks on payments and what providers tell, over HTTP at once. Each title: the known mistake · the rules: the attack. */
import { randomUUID } from 'node:crypto';
import { cancelOrder, getOrder, payOrder, refundOrder, settleSandbox, startPaymentBy } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPIRY_JOB } from '../features/orders/index.ts';
import { REFUND_JOB } from '../features/refunds/index.ts';
import type { Principal } from '../platform/principal.ts';
import { type Brand, seedBrand } from '../testing/fixtures.ts';
import {
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
} from '../testing/shop.ts';
import type { TestApi } from '../testing/test-api.ts';
import { startWechatShop, type WechatShop } from '../testing/wechat-shop.ts';
import { atOnce, buy, expectOnly, rowsOf, shelf, somebody, tally, won } from './crowd.ts';

const PRICE_FEN = 9_900;

let shop: WechatShop;
let api: TestApi;
let brand: Brand;
let rows: ReturnType<typeof rowsOf>;
beforeAll(async () => {
  shop = await startWechatShop();
  api = shop.api;
  brand = await seedBrand(api);
  rows = rowsOf(api);
});
afterAll(() => shop[Symbol.asyncDispose]());

const cancel = (as: Principal, id: string) => api.call(cancelOrder, { as, params: { id }, body: { reason: '' } });
const settle = (as: Principal, paymentId: string) =>
  api.call(settleSandbox, { as, params: { paymentId }, body: { outcome: 'captured' } });
const tellCaptured = (paymentId: string, times: number, amountFen = PRICE_FEN) => {
  const same = capturedBody(api, paymentId, amountFen);
  return atOnce(times, (n) => callback(api, n % 2 ? same : capturedBody(api, paymentId, amountFen)));
};
const refundsOf = (orderId: string) =>
  rows<{
    state: string;
    amount: number;
  }>`SELECT state, amount_fen::int AS amount FROM refunds WHERE order_id = ${orderId}`;
const paymentsOf = (orderId: string) =>
  rows<{ id: string; state: string; provider: string }>`
    SELECT id, state, provider FROM payments WHERE order_id = ${orderId} ORDER BY id`;

/** An unpaid order of one piece at 99 yuan, no shipping fee, of a shelf with so many pieces. */
async function unpaid(pieces = 1) {
  const goods = await shelf(api, brand, pieces, PRICE_FEN);
  const buyer = await somebody(api);
  const order = await place(api, buyer, goods.room, [shelfLine(goods.product)]);
  expect(order.totalFen).toBe(PRICE_FEN);
  return { ...goods, buyer, orderId: order.id, paymentId: order.payment?.id ?? '' };
}

/** Pays a QR code of WeChat; answers its number there. */
async function paidByWechat(buyer: Principal, orderId: string, paymentId: string): Promise<string> {
  const no = await shownByWechat(buyer, paymentId);
  shop.wechat.pay(no);
  const news = shop.wechat.news('TRANSACTION.SUCCESS', shop.wechat.paidNews(no));
  expect(await shop.deliver(news)).toBe(200);
  await waitForState(api, orderId, 'paid');
  return no;
}
async function shownByWechat(as: Principal, paymentId: string): Promise<string> {
  const body = { provider: 'wechat', way: 'native' } as const;
  const { status } = await api.call(startPaymentBy, { as, params: { paymentId }, body });
  expect(status).toBe(200);
  return paymentId.replaceAll('-', '');
}

describe('money that comes', () => {
  it('late payment on a closed order · S7 S3: pay, cancel five times and expire twice at once', async () => {
    // Moves the order by what it was when it was read: closed and paid, or its piece given back and sold.
    const orders = await atOnce(6, () => unpaid());
    for (const { buyer, orderId } of orders) await startPaying(api, buyer, orderId);
    api.clock.advanceSeconds(api.api.platform.config.RESERVATION_SECONDS + 1);
    const [outcomes] = await Promise.all([
      Promise.all(
        orders.map(async ({ buyer, orderId, paymentId }) => {
          const [settled, cancels] = await Promise.all([
            settle(buyer, paymentId),
            atOnce(5, () => cancel(buyer, orderId)),
          ]);
          return { settled: settled.status === 200, cancels };
        }),
      ),
      api.api.platform.jobs.runNow(EXPIRY_JOB),
      api.api.platform.jobs.runNow(EXPIRY_JOB),
    ]);
    for (const [n, { orderId, stock }] of orders.entries()) {
      const { settled = false, cancels = [] } = outcomes[n] ?? {};
      expectOnly(cancels, 'ok', 'already_paid', 'state_conflict');
      const expected = settled ? 'paid' : won(cancels).length === 1 ? 'cancelled' : 'expired';
      await waitForState(api, orderId, expected);
      expect(await stock()).toEqual(settled ? { onHand: 0, reserved: 0 } : { onHand: 1, reserved: 0 });
      expect(await refundsOf(orderId)).toEqual([]);
    }
    await expectBooksRight(api);
  });

  it('late payment on a closed order · S3 S8: told ten times, when its piece has been sold to somebody else', async () => {
    // Marks the closed order paid (and the piece is sold twice), or sends the money back once per callback.
    const { buyer, orderId, paymentId, product, room, stock } = await unpaid();
    await startPaying(api, buyer, orderId);
    expect((await cancel(buyer, orderId)).status).toBe(200);
    // A provider that took the money although it had been told to close.
    await rows`UPDATE sandbox_charges SET state = 'captured' WHERE payment_id = ${paymentId}`;
    const next = await somebody(api);
    const [told] = await Promise.all([
      tellCaptured(paymentId, 10),
      eventually(async () => {
        const { status, body } = await buy(api, next, room, { lines: [shelfLine(product)] });
        expect(status).toBe(201);
        await payFor(api, next, body.id);
      }),
    ]);
    expect(told.map(({ status }) => status)).toEqual(Array(10).fill(200));
    await eventually(async () => expect(await refundsOf(orderId)).toEqual([{ state: 'succeeded', amount: PRICE_FEN }]));
    const charge = await rows`SELECT refunded_fen::int AS back FROM sandbox_charges WHERE payment_id = ${paymentId}`;
    expect(charge).toEqual([{ back: PRICE_FEN }]);
    expect(await stateOf(api, orderId)).toBe('cancelled');
    expect(await stock()).toEqual({ onHand: 0, reserved: 0 });
    await expectBooksRight(api);
  });

  it('late payment on a closed order · S3 S7: declined and captured are told of one payment at once', async () => {
    // Believes whoever comes last: money is there for a payment that failed, and nobody sends it back.
    for (let round = 0; round < 4; round++) {
      const { buyer, orderId, paymentId } = await unpaid();
      await startPaying(api, buyer, orderId);
      await rows`UPDATE sandbox_charges SET state = 'captured' WHERE payment_id = ${paymentId}`;
      const told = await atOnce(8, (n) => {
        const body = capturedBody(api, paymentId, PRICE_FEN);
        return callback(api, n % 2 === round % 2 ? body : { ...body, type: 'payment.failed' });
      });
      expect(told.map(({ status }) => status)).toEqual(Array(8).fill(200));
      const [payment] = await paymentsOf(orderId);
      if (payment?.state === 'captured') {
        expect([await stateOf(api, orderId), await refundsOf(orderId)]).toEqual(['paid', []]);
        continue;
      }
      // Declined was first: the money goes back once, and the order can be paid by another payment.
      await eventually(async () =>
        expect(await refundsOf(orderId)).toEqual([{ state: 'succeeded', amount: PRICE_FEN }]),
      );
      expect(await payFor(api, buyer, orderId)).not.toBe(paymentId);
    }
    await expectBooksRight(api);
  });

  it('double click · M3 S7: going to pay ten times at once is one payment that can be paid', async () => {
    // Opens a payment per click: the buyer pays two of them.
    const { buyer, orderId, paymentId } = await unpaid();
    const started = await atOnce(10, () => startPaying(api, buyer, orderId));
    expect(new Set(started.map((one) => one.paymentId))).toEqual(new Set([paymentId]));
    const settled = await atOnce(10, () => settle(buyer, paymentId));
    expect(tally(settled)).toEqual({ ok: 10 });
    await waitForState(api, orderId, 'paid');
    expect(await paymentsOf(orderId)).toEqual([{ id: paymentId, state: 'captured', provider: 'sandbox' }]);
    const sales = await rows`SELECT 1 FROM ledger_transfers WHERE kind = 'order_paid' AND ref = ${paymentId}`;
    expect(sales).toHaveLength(1);
    await expectBooksRight(api);
  });

  it('late payment on a closed order · S7 S3: provider and way are changed by twelve screens at once', async () => {
    // Opens the next payment before the last is closed with its provider: both can be paid.
    const { buyer, orderId } = await unpaid();
    const choices = [
      { provider: 'sandbox' },
      { provider: 'wechat', way: 'native' },
      { provider: 'wechat', way: 'h5' },
    ] as const;
    const answers = await atOnce(12, (n) =>
      api.call(payOrder, { as: buyer, params: { id: orderId }, body: choices[n % 3] ?? choices[0] }),
    );
    expectOnly(answers, 'ok', 'conflict', 'state_conflict');
    expect(won(answers).length).toBeGreaterThan(0);
    const open = async () => {
      const charges = await rows<{ id: string }>`
        SELECT c.payment_id AS id FROM sandbox_charges c JOIN payments p ON p.id = c.payment_id
        WHERE p.order_id = ${orderId} AND c.state = 'open'`;
      const trades = [...shop.wechat.trades].filter(([, { state }]) => state === 'NOTPAY').map(([no]) => no);
      return [...charges.map(({ id }) => id.replaceAll('-', '')), ...trades];
    };
    const pending = (await paymentsOf(orderId)).filter(({ state }) => state === 'pending');
    // A screen that gave up closed what the one before had opened; then there is nothing to pay until one asks again.
    expect(pending.length).toBeLessThanOrEqual(1);
    expect(await open()).toEqual(pending.map(({ id }) => id.replaceAll('-', '')));
    const { paymentId } = await startPaying(api, buyer, orderId);
    expect(await open()).toEqual([paymentId.replaceAll('-', '')]);
    await cancel(buyer, orderId);
    expect(await open()).toEqual([]);
    await expectBooksRight(api);
  });
});

describe('what providers tell', () => {
  it('callback believed unchecked · S3: forged, stale, of another amount, replayed or for another order, around the true one', async () => {
    // Checks the signature over what it parsed, or forgets the time, the amount, or whose payment it is.
    const [mine, other] = [await unpaid(), await unpaid()];
    for (const { buyer, orderId } of [mine, other]) await startPaying(api, buyer, orderId);
    const genuine = capturedBody(api, mine.paymentId, PRICE_FEN);
    const old = new Date(api.clock.now().getTime() - 301_000);
    const lies: [body: Record<string, unknown>, bend: Parameters<typeof callback>[2], status: number][] = [
      [genuine, { secret: 'x'.repeat(64) }, 401],
      [genuine, { at: old }, 401],
      [genuine, { sent: JSON.stringify({ ...genuine, paymentId: other.paymentId }) }, 401],
      [{ ...genuine, id: randomUUID(), amountFen: 1 }, {}, 409],
      [capturedBody(api, other.paymentId, PRICE_FEN - 1), {}, 409],
      [capturedBody(api, randomUUID(), PRICE_FEN), {}, 404],
    ];
    const [told, ...answers] = await Promise.all([
      atOnce(5, () => callback(api, genuine)),
      ...lies.flatMap(([body, bend]) => atOnce(3, () => callback(api, body, bend))),
    ]);
    expect(told.map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(answers.flat().map(({ status }) => status)).toEqual(lies.flatMap(([, , status]) => Array(3).fill(status)));
    await waitForState(api, mine.orderId, 'paid');
    // The number of a callback that was believed, with another body: nothing is paid by it.
    const replayed = await atOnce(4, () => callback(api, { ...genuine, paymentId: other.paymentId }));
    for (const { status } of replayed) expect([200, 409]).toContain(status);
    expect(await stateOf(api, other.orderId)).toBe('pending_payment');
    await payFor(api, other.buyer, other.orderId); // and it can still be paid
    await expectBooksRight(api);
  });

  it('callback believed unchecked · S3 M3: WeChat Pay’s, without its tag, forged, old, of another amount or merchant, around the true one', async () => {
    // Decrypts without looking at the GCM tag, or takes any amount that is signed.
    const { buyer, orderId, paymentId } = await unpaid();
    const { wechat, deliver } = shop;
    const no = await shownByWechat(buyer, paymentId);
    wechat.pay(no);
    const news = (more: object = {}, ...fate: [('forge' | 'stale' | 'probe')?]) =>
      wechat.news('TRANSACTION.SUCCESS', wechat.paidNews(no, more), ...fate);
    const sealed = news();
    const flipped = JSON.parse(sealed.body.toString()) as { resource: { ciphertext: string } };
    const bytes = Buffer.from(flipped.resource.ciphertext, 'base64');
    bytes[20] = (bytes[20] ?? 0) ^ 1; // one bit of the amount, say
    flipped.resource.ciphertext = bytes.toString('base64');
    const lies = [
      wechat.news('TRANSACTION.SUCCESS', wechat.paidNews(no), undefined, undefined, { cut: 16 }),
      { headers: sealed.headers, body: Buffer.from(JSON.stringify(flipped)) },
      news({}, 'forge'),
      news({}, 'stale'),
      news({}, 'probe'),
      news({ amount: { total: 1, payer_total: 1, currency: 'CNY' } }),
      news({ mchid: '1900000999' }),
    ];
    const refused = await Promise.all(lies.flatMap((lie) => [deliver(lie), deliver(lie)]));
    expect(refused.map((status) => status >= 400 && status < 500)).toEqual(refused.map(() => true));
    expect(await stateOf(api, orderId)).toBe('pending_payment');
    const [told, again] = await Promise.all([
      atOnce(8, () => deliver(sealed)),
      Promise.all(lies.map((lie) => deliver(lie))),
    ]);
    expect(told).toEqual(Array(8).fill(200));
    expect(again.every((status) => status >= 400)).toBe(true);
    expect(await stateOf(api, orderId)).toBe('paid');
    const seen = await api.ok(getOrder, { as: buyer, params: { id: orderId } });
    expect(seen).toMatchObject({ paidFen: PRICE_FEN, history: [{ event: 'place' }, { event: 'pay' }] });
    await expectBooksRight(api);
  });

  it('refund under a new key · S8: the provider pays back and its answers are lost, while everybody asks again', async () => {
    // Takes a lost answer for a refusal and asks anew under another number: the money goes back twice.
    const { buyer, orderId, paymentId, stock } = await unpaid();
    const { wechat, deliver } = shop;
    const no = await paidByWechat(buyer, orderId, paymentId);
    const ask = (as: Principal) => api.call(refundOrder, { as, params: { id: orderId }, body: { reason: '不想要了' } });
    // Each attempt asks at two addresses. Executed, unanswered; not executed; executed.
    wechat.fates.push('lose', 'lose', 'break', 'break', 'lose', 'lose');
    const asked = await atOnce(6, (n) => ask(n % 2 ? buyer : brand.staff.finance));
    expect(won(asked)).toHaveLength(1);
    const mine = () => [...wechat.refunds].filter(([, { tradeNo }]) => tradeNo === no);
    await eventually(async () => expect(mine()).toHaveLength(1));
    await eventually(async () => {
      // Who clicks again meanwhile asks for nothing new; of several turns at once one asks the provider.
      expect(won(await atOnce(4, (n) => ask(n % 2 ? buyer : brand.staff.finance)))).toEqual([]);
      api.clock.advanceSeconds(60);
      await atOnce(3, () => api.api.platform.jobs.runNow(REFUND_JOB));
      expect(await stateOf(api, orderId)).toBe('refunded');
    });
    expect(wechat.fates).toEqual([]);
    const [attempted] = await rows<{ n: number }>`SELECT attempts AS n FROM refunds WHERE order_id = ${orderId}`;
    expect(attempted?.n).toBeGreaterThan(1);
    await waitForState(api, orderId, 'refunded');
    const [row] = await rows<{ no: string }>`SELECT refund_no AS no FROM refunds WHERE order_id = ${orderId}`;
    expect(mine()).toMatchObject([[row?.no, { refund: PRICE_FEN }]]);
    expect(wechat.trades.get(no)?.refunded).toBe(PRICE_FEN);
    expect(await refundsOf(orderId)).toEqual([{ state: 'succeeded', amount: PRICE_FEN }]);
    expect(await stock()).toEqual({ onHand: 1, reserved: 0 });
    expect(await deliver(wechat.news('TRANSACTION.SUCCESS', wechat.paidNews(no)))).toBe(200); // late and known
    expect(await stateOf(api, orderId)).toBe('refunded');
    await expectBooksRight(api);
  });

  it('late payment on a closed order · S3: a capture whose callback is lost, against expiry from both sides', async () => {
    // Expires by the clock without asking the provider, or asks and forgets the answer.
    const orders = await atOnce(5, () => unpaid());
    for (const { buyer, orderId } of orders) await startPaying(api, buyer, orderId);
    // Three have paid and nobody was told; two have not.
    const paid = orders.slice(0, 3);
    for (const { paymentId } of paid)
      await rows`UPDATE sandbox_charges SET state = 'captured' WHERE payment_id = ${paymentId}`;
    api.clock.advanceSeconds(api.api.platform.config.RESERVATION_SECONDS + 1);
    await Promise.all([
      api.api.platform.jobs.runNow(EXPIRY_JOB),
      api.api.platform.jobs.runNow(EXPIRY_JOB),
      ...paid.map(({ paymentId }) => tellCaptured(paymentId, 3)),
      ...orders.map(({ buyer, orderId }) => cancel(buyer, orderId)),
    ]);
    for (const { orderId, stock } of paid) {
      await waitForState(api, orderId, 'paid');
      expect(await stock()).toEqual({ onHand: 0, reserved: 0 });
      expect(await refundsOf(orderId)).toEqual([]);
    }
    for (const { orderId, stock } of orders.slice(3)) {
      expect(['expired', 'cancelled']).toContain(await stateOf(api, orderId));
      expect(await stock()).toEqual({ onHand: 1, reserved: 0 });
    }
    await expectBooksRight(api);
  });
});
