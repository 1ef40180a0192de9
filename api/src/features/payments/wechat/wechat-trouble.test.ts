/** WeChat Pay over real HTTP when it says what does not fit, refuses, hangs, or does not end: nothing is booked wrongly or stuck. */
import {
  cancelOrder,
  getPaymentRecord,
  listDifferences,
  listPayments,
  refundAgain,
  refundOrder,
  runReconciliation,
  startPaymentBy,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDays, chinaDayOf, chinaDayStart } from '../../../platform/china-day.policy.ts';
import type { Principal } from '../../../platform/principal.ts';
import { type Brand, makeConsumer, makeProduct, makeRoom, makeStock, seedBrand } from '../../../testing/fixtures.ts';
import { makeGroupCampaign, placeInGroup } from '../../../testing/group-buys.ts';
import { eventually, expectBooksRight, place, shelfLine, stateOf, waitForState } from '../../../testing/shop.ts';
import type { TestApi } from '../../../testing/test-api.ts';
import type { WechatPayCounterpart } from '../../../testing/wechat-pay.ts';
import { startWechatShop, type WechatShop } from '../../../testing/wechat-shop.ts';
import { GROUP_BUYS_JOB } from '../../group-buys/index.ts';
import { EXPIRY_JOB } from '../../orders/index.ts';
import { REFUND_JOB } from '../../refunds/index.ts';
import { ASKING_JOB, askPauseSeconds } from '../index.ts';

let shop: WechatShop;
let api: TestApi;
let wechat: WechatPayCounterpart;
let brand: Brand;
let finance: Principal;
beforeAll(async () => {
  shop = await startWechatShop();
  ({ api, wechat } = shop);
  brand = await seedBrand(api);
  finance = brand.staff.finance;
  toNoon();
});
afterAll(() => shop?.[Symbol.asyncDispose]());

const runJob = (name: string) => api.api.platform.jobs.runNow(name);
const rows = <T extends object>(...args: Parameters<TestApi['api']['platform']['db']['sql']>) =>
  api.api.platform.db.sql<T>(...args);
const bare = (id: string) => id.replaceAll('-', '');
const today = () => chinaDayOf(api.clock.now());
function toNoon(days = 0): void {
  api.clock.set(new Date(chinaDayStart(addDays(today(), days)).getTime() + 12 * 3_600_000));
}

async function unpaid() {
  const product = await makeProduct(api, '核桃礼盒', { priceFen: 9_900 });
  await makeStock(api, product.sku.id, brand.stores.a, 10);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  const buyer = await makeConsumer(api, '林小桃');
  const order = await place(api, buyer, room, [shelfLine(product, 2)]);
  return { buyer, orderId: order.id, paymentId: order.payment?.id ?? '' };
}
const startBy = (as: Principal, paymentId: string, way: 'h5' | 'native' = 'native') =>
  api.call(startPaymentBy, { as, params: { paymentId }, body: { provider: 'wechat', way } });
async function started() {
  const order = await unpaid();
  expect((await startBy(order.buyer, order.paymentId)).status).toBe(200);
  return { ...order, tradeNo: bare(order.paymentId) };
}
async function paid() {
  const order = await started();
  wechat.pay(order.tradeNo);
  const news = wechat.news('TRANSACTION.SUCCESS', wechat.paidNews(order.tradeNo));
  expect(await shop.deliver(news)).toBe(200);
  return order;
}
const askSoon = async () => {
  api.clock.advanceSeconds(askPauseSeconds(0) + 1);
  await runJob(ASKING_JOB);
};
const overTime = () => api.clock.advanceSeconds(api.api.platform.config.RESERVATION_SECONDS + 1);
const capturedOf = async (paymentId: string) =>
  (await rows<{ fen: bigint }>`SELECT captured_fen AS fen FROM payments WHERE id = ${paymentId}`)[0]?.fen;
const differencesOf = async (tradeNo: string) =>
  (await api.ok(listDifferences, { as: finance, query: { limit: 100 } })).items
    .filter(({ number }) => number === tradeNo)
    .map(({ kind, state, theirs }) => [kind, state, theirs?.amountFen, theirs?.state]);

describe('S3 a trade that is not the payment it stands for is not booked, whoever asks, and stands as a difference', () => {
  const amount = { total: 1, payer_total: 1, currency: 'CNY' };
  it.each([
    ['another amount', { amount }, ['amount_differs', 'open', 1, 'captured']],
    ['no amount', { amount: undefined }, ['amount_differs', 'open', 0, 'captured']],
    ['another app', { appid: 'wx9999999999999999' }, ['state_differs', 'open', 19_800, 'other_app']],
    ['another merchant', { mchid: '1900000999' }, ['state_differs', 'open', 19_800, 'other_merchant']],
    ['another number', { out_trade_no: 'f'.repeat(32) }, ['state_differs', 'open', 19_800, 'other_number']],
    [
      'another currency',
      { amount: { ...amount, total: 19_800, currency: 'USD' } },
      ['state_differs', 'open', 19_800, 'other_currency'],
    ],
    ['given back by somebody else', { trade_state: 'REFUND' }, ['state_differs', 'open', 19_800, 'refunded']],
  ])('%s', async (_what, untruth, difference) => {
    const day = today();
    const { orderId, paymentId, tradeNo } = await started();
    wechat.pay(tradeNo);
    wechat.untruths.set(tradeNo, untruth);
    await askSoon();
    expect(await differencesOf(tradeNo)).toEqual([difference]);
    overTime();
    await runJob(EXPIRY_JOB);
    toNoon(1);
    await api.call(runReconciliation, { as: finance, body: { provider: 'wechat', day } });
    expect(await capturedOf(paymentId)).toBe(0n);
    expect(await stateOf(api, orderId)).not.toBe('paid');
    expect((await differencesOf(tradeNo)).every(([, state]) => state === 'open')).toBe(true);
    await expectBooksRight(api);
  });
});

describe('a charge that cannot be paid any more', () => {
  it('closed at WeChat while it is pending here, it is closed here and another one takes its place', async () => {
    const { buyer, paymentId, tradeNo, orderId } = await started();
    const trade = wechat.trades.get(tradeNo);
    if (trade) trade.state = 'CLOSED';
    const next = await startBy(buyer, paymentId);
    expect(next.status).toBe(200);
    expect(next.body.paymentId).not.toBe(paymentId);
    const second = wechat.trades.get(bare(next.body.paymentId));
    if (second) second.state = 'CLOSED';
    await askSoon();
    const states = await rows<{ state: string }>`SELECT state FROM payments WHERE order_id = ${orderId}`;
    expect(states.map(({ state }) => state)).toEqual(['closed', 'closed']);
    expect((await startBy(buyer, paymentId)).status).toBe(200);
  });

  it('its number is spent: closed, and begun under a new one', async () => {
    const { buyer, paymentId, tradeNo } = await started();
    wechat.refusals.push({ path: 'transactions/native', status: 403, code: 'OUT_TRADE_NO_USED' });
    const next = await startBy(buyer, paymentId);
    expect(next.status).toBe(200);
    expect(next.body.paymentId).not.toBe(paymentId);
    expect(wechat.trades.get(tradeNo)?.state).toBe('CLOSED');
  });

  it('this way is not granted: said so, and another way works', async () => {
    const { buyer, paymentId } = await unpaid();
    wechat.refusals.push({ path: 'transactions/h5', status: 403, code: 'NO_AUTH' });
    const refused = await startBy(buyer, paymentId, 'h5');
    expect([refused.status, refused.problem.facts]).toEqual([409, { reason: 'way_refused' }]);
    expect((await startBy(buyer, paymentId, 'native')).status).toBe(200);
  });

  it('in the last seconds of an order it is open for more than a minute', async () => {
    const { buyer, paymentId } = await unpaid();
    api.clock.advanceSeconds(api.api.platform.config.RESERVATION_SECONDS - 20);
    expect((await startBy(buyer, paymentId)).status).toBe(200);
  });
});

describe('a refund', () => {
  const refundsOf = async (paymentId: string) =>
    (await api.ok(getPaymentRecord, { as: finance, params: { paymentId } })).refunds;
  const trouble = async (name: 'refund_failed' | 'refund_stuck') =>
    (await api.ok(listPayments, { as: finance, query: { trouble: name, limit: 100 } })).items.map(({ id }) => id);
  const again = (paymentId: string, as = finance) =>
    api.call(refundAgain, { as, params: { paymentId }, body: { reason: '已与微信核实' } });

  it('S8 of an order that was refused for good is asked for again by finance alone, as it was planned, once', async () => {
    const { buyer, orderId, paymentId } = await paid();
    expect((await again(paymentId)).problem.facts).toEqual({ reason: 'nothing_refused' });
    wechat.setRefundStatus('CLOSED');
    await api.ok(refundOrder, { as: buyer, params: { id: orderId }, body: { reason: '不想要了' } });
    await eventually(async () => expect((await refundsOf(paymentId))[0]).toMatchObject({ state: 'failed' }));
    wechat.setRefundStatus('SUCCESS');
    expect(await trouble('refund_failed')).toContain(paymentId);
    expect((await again(paymentId, brand.staff.a.manager)).status).toBe(403);
    const twice = await Promise.all([again(paymentId), again(paymentId)]);
    expect(twice.map(({ status }) => status).sort()).toEqual([200, 409]);
    await waitForState(api, orderId, 'refunded');
    expect(await trouble('refund_failed')).not.toContain(paymentId);
    expect(
      await rows`SELECT reason FROM audit_log WHERE action = 'refund:requested_again' AND target = ${`payment:${paymentId}`}`,
    ).toEqual([{ reason: '已与微信核实' }]);
    await expectBooksRight(api);
  });

  it('S3 of money that came too late has a second life too', async () => {
    const { buyer, orderId, paymentId, tradeNo } = await started();
    await api.ok(cancelOrder, { as: buyer, params: { id: orderId }, body: { reason: '' } });
    const trade = wechat.trades.get(tradeNo);
    if (trade) trade.state = 'NOTPAY';
    wechat.pay(tradeNo);
    wechat.setRefundStatus('CLOSED');
    await shop.deliver(wechat.news('TRANSACTION.SUCCESS', wechat.paidNews(tradeNo)));
    await eventually(async () => expect((await refundsOf(paymentId))[0]).toMatchObject({ state: 'failed' }));
    wechat.setRefundStatus('SUCCESS');
    if (trade) Object.assign(trade, { state: 'SUCCESS', refunded: 0 });
    expect(await trouble('refund_failed')).toContain(paymentId);
    expect((await again(paymentId)).body).toMatchObject({ amountFen: 19_800 });
    await eventually(async () => expect((await refundsOf(paymentId))[1]).toMatchObject({ state: 'succeeded' }));
    expect((await again(paymentId)).problem.facts).toEqual({ reason: 'nothing_left' });
    await expectBooksRight(api);
  });

  it('S8 that does not end says why, and stands in a list of its own', async () => {
    const { buyer, orderId, paymentId, tradeNo } = await paid();
    wechat.setRefundStatus('ABNORMAL');
    await api.ok(refundOrder, { as: buyer, params: { id: orderId }, body: { reason: '不想要了' } });
    await eventually(async () =>
      expect((await refundsOf(paymentId))[0]).toMatchObject({ state: 'processing', providerState: 'ABNORMAL' }),
    );
    wechat.setRefundStatus('SUCCESS');
    expect(await trouble('refund_stuck')).toContain(paymentId);
    api.clock.advanceSeconds(60);
    wechat.refusals.push({ path: 'domestic/refunds', status: 400, code: 'PARAM_ERROR' });
    await runJob(REFUND_JOB);
    expect((await refundsOf(paymentId))[0]).toMatchObject({ lastError: expect.stringContaining('PARAM_ERROR') });
    for (const refund of wechat.refunds.values()) if (refund.tradeNo === tradeNo) refund.status = 'SUCCESS';
    api.clock.advanceSeconds(120);
    await runJob(REFUND_JOB);
    await waitForState(api, orderId, 'refunded');
    expect(await trouble('refund_stuck')).not.toContain(paymentId);
  });

  it('S8 of many at once: a few calls at a time, and each is asked for once', async () => {
    const orders = [];
    for (let n = 0; n < 8; n++) orders.push(await paid());
    wechat.requests.length = 0;
    wechat.watchRefunds();
    await Promise.all(
      orders.map(({ buyer, orderId }) =>
        api.ok(refundOrder, { as: buyer, params: { id: orderId }, body: { reason: '不想要了' } }),
      ),
    );
    for (const { orderId } of orders) await waitForState(api, orderId, 'refunded');
    expect(wechat.requests.filter((one) => one === 'POST /v3/refund/domestic/refunds')).toHaveLength(8);
    expect(wechat.mostRefundsAtOnce()).toBeLessThanOrEqual(4);
    await expectBooksRight(api);
  });
});

describe('reconciliation', () => {
  it('a difference that ended by itself and comes again is open again', async () => {
    const day = today();
    const { tradeNo } = await paid();
    const run = async () => {
      wechat.remakeBill(day);
      expect((await api.call(runReconciliation, { as: finance, body: { provider: 'wechat', day } })).status).toBe(200);
      return (await differencesOf(tradeNo)).map(([kind, state]) => [kind, state]);
    };
    const trade = wechat.trades.get(tradeNo);
    toNoon(1);
    if (trade) trade.total = 19_801;
    expect(await run()).toEqual([['amount_differs', 'open']]);
    if (trade) trade.total = 19_800;
    expect(await run()).toEqual([['amount_differs', 'resolved']]);
    if (trade) trade.total = 19_801;
    expect(await run()).toEqual([['amount_differs', 'open']]);
  });

  it('one odd line is a difference of its own, and the day is held against the books', async () => {
    const day = today();
    const [good, odd] = [await paid(), await paid()];
    toNoon(1);
    wechat.editBills((csv) =>
      csv
        .split('\r\n')
        .map((line) => (line.includes(odd.tradeNo) ? line.replace('`CNY', '`USD') : line))
        .join('\r\n'),
    );
    const run = await api.call(runReconciliation, { as: finance, body: { provider: 'wechat', day } });
    wechat.editBills((csv) => csv);
    expect(run.status).toBe(200);
    expect(await differencesOf(odd.tradeNo)).toContainEqual(['missing_here', 'open', 0, 'unreadable']);
    expect(await differencesOf(good.tradeNo)).toEqual([]);
  });

  it('S3 a day is done when all the money it names was asked about, also more than a run asks itself', async () => {
    const day = today();
    const { buyer, orderId, paymentId } = await started();
    await api.ok(cancelOrder, { as: buyer, params: { id: orderId }, body: { reason: '' } });
    const paidAt = api.clock.now();
    await rows`INSERT INTO payments (id, order_id, provider, amount_fen, state, created_at, prepared_at, closed_at)
      SELECT gen_random_uuid(), order_id, provider, amount_fen, state, created_at, prepared_at, closed_at
      FROM payments, generate_series(1, 54) WHERE id = ${paymentId}`;
    const ours = await rows<{ id: string }>`SELECT id FROM payments WHERE order_id = ${orderId}`;
    for (const { id } of ours)
      wechat.trades.set(bare(id), { state: 'SUCCESS', total: 19_800, refunded: 0, paidAt, body: {} });
    toNoon(1);
    const run = () => api.call(runReconciliation, { as: finance, body: { provider: 'wechat', day } });
    expect((await run()).status).toBe(502);
    await runJob(ASKING_JOB);
    expect((await run()).body).toMatchObject({ state: 'done' });
    const unbooked = await rows`SELECT 1 FROM payments WHERE order_id = ${orderId} AND captured_fen = 0`;
    expect(unbooked).toEqual([]);
    await expectBooksRight(api);
  });
});

describe('S3 at the end of the time', () => {
  it('a payment that fails here while its provider says it was paid: the money goes back and the order is closed', async () => {
    const { orderId, paymentId, tradeNo } = await started();
    wechat.pay(tradeNo);
    overTime();
    wechat.meanwhile.set(
      tradeNo,
      () => rows`UPDATE payments SET state = 'failed', closed_at = now() WHERE id = ${paymentId} AND state = 'pending'`,
    );
    await runJob(EXPIRY_JOB);
    wechat.meanwhile.clear();
    expect(await stateOf(api, orderId)).toBe('expired');
    await eventually(async () => expect(wechat.trades.get(tradeNo)?.refunded).toBe(19_800));
    await expectBooksRight(api);
  });

  it('an order of a group of which WeChat says odd things does not keep the next group from ending', async () => {
    const product = await makeProduct(api, '核桃礼盒', { priceFen: 12_900 });
    await makeStock(api, product.sku.id, brand.stores.a, 10);
    const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
    const terms = { skuId: product.sku.id, size: 2, hours: 1 };
    const campaign = await makeGroupCampaign(api, brand, brand.stores.a, terms);
    const open = async () => {
      const buyer = await makeConsumer(api);
      const { body } = await placeInGroup(api, buyer, room, { campaignId: campaign.id }, { product });
      const paymentId = body.payment?.id ?? '';
      expect((await startBy(buyer, paymentId)).status).toBe(200);
      await rows`UPDATE orders SET expires_at = expires_at + interval '1 day' WHERE id = ${body.id}`; // the group ends first
      api.clock.advanceSeconds(1);
      return { orderId: body.id, paymentId };
    };
    const [odd, next] = [await open(), await open()];
    wechat.untruths.set(bare(odd.paymentId), { appid: 'wx9999999999999999' });
    api.clock.advanceSeconds(3_600);
    await runJob(GROUP_BUYS_JOB);
    expect([await stateOf(api, odd.orderId), await stateOf(api, next.orderId)]).toEqual(['pending_payment', 'expired']);
    // It waits, and comes again when its provider is itself.
    expect(
      await rows`SELECT 1 FROM payments WHERE id = ${odd.paymentId} AND next_close_at > ${api.clock.now()}`,
    ).toHaveLength(1);
    wechat.untruths.delete(bare(odd.paymentId));
    api.clock.advanceSeconds(30);
    await runJob(GROUP_BUYS_JOB);
    expect(await stateOf(api, odd.orderId)).toBe('expired');
  });
});

// The last: nothing answers meanwhile.
it('while WeChat hangs others are closed, it is left alone for the turn, and it comes again later', async () => {
  const hung = [await started(), await started(), await started()];
  const other = await unpaid();
  overTime();
  wechat.hang(true);
  const turn = runJob(EXPIRY_JOB);
  await waitForState(api, other.orderId, 'expired');
  wechat.hang(false);
  wechat.fates.push(...Array.from({ length: 12 }, () => 'break' as const));
  await turn;
  // One at most was tried (another one if the job's own turn came between), and waits for its next time.
  const tried = await rows`SELECT 1 FROM payments WHERE id = ANY(${hung.map(({ paymentId }) => paymentId)}::uuid[])
    AND next_close_at IS NOT NULL`;
  expect(tried.length).toBeLessThanOrEqual(2);
  wechat.fates.length = 0;
  api.clock.advanceSeconds(60);
  await runJob(EXPIRY_JOB);
  for (const { orderId } of hung) expect(await stateOf(api, orderId)).toBe('expired');
  await expectBooksRight(api);
}, 40_000);
