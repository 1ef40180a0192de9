/** Bills against books, with the whole api: the sandbox's own bill and WeChat Pay's counterpart. */
import {
  getPaymentRecord,
  listDifferences,
  listPayments,
  listReconciliationRuns,
  refundOrder,
  resolveDifference,
  runReconciliation,
  startPaymentBy,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addDays, chinaDayOf, chinaDayStart } from '../../platform/china-day.policy.ts';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, makeConsumer, makeProduct, makeRoom, makeStock, seedBrand } from '../../testing/fixtures.ts';
import { expectBooksRight, payFor, place, shelfLine, stateOf, waitForState } from '../../testing/shop.ts';
import type { TestApi } from '../../testing/test-api.ts';
import type { WechatPayCounterpart } from '../../testing/wechat-pay.ts';
import { startWechatShop, type WechatShop } from '../../testing/wechat-shop.ts';
import { RECONCILIATION_JOB } from './index.ts';

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

const rows = <T extends object>(...args: Parameters<TestApi['api']['platform']['db']['sql']>) =>
  api.api.platform.db.sql<T>(...args);
const runJob = () => api.api.platform.jobs.runNow(RECONCILIATION_JOB);
const bare = (id: string) => id.replaceAll('-', '');
const today = () => chinaDayOf(api.clock.now());
/** Midday in China, so that no test runs over midnight. */
function toNoon(days = 0): void {
  api.clock.set(new Date(chinaDayStart(addDays(today(), days)).getTime() + 12 * 3_600_000));
}
const runOf = (provider: 'sandbox' | 'wechat', day: string) =>
  api.call(runReconciliation, { as: finance, body: { provider, day } });
const differences = async (query: { state?: 'open' | 'resolved'; day?: string } = {}) =>
  (await api.ok(listDifferences, { as: finance, query })).items;

async function unpaid() {
  const product = await makeProduct(api, '核桃礼盒', { priceFen: 9_900 });
  await makeStock(api, product.sku.id, brand.stores.a, 10);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  const buyer = await makeConsumer(api, '林小桃');
  const order = await place(api, buyer, room, [shelfLine(product, 2)]);
  return { buyer, orderId: order.id, paymentId: order.payment?.id ?? '' };
}
async function wechatPaid({ told = true } = {}) {
  const order = await unpaid();
  const { buyer, paymentId, orderId } = order;
  await api.ok(startPaymentBy, { as: buyer, params: { paymentId }, body: { provider: 'wechat', way: 'native' } });
  const tradeNo = bare(paymentId);
  wechat.pay(tradeNo);
  if (told) {
    expect(await shop.deliver(wechat.news('TRANSACTION.SUCCESS', wechat.paidNews(tradeNo)))).toBe(200);
    expect(await stateOf(api, orderId)).toBe('paid');
  }
  return { ...order, tradeNo };
}

it('a day that agrees has no differences, however often it is run; the job does it at ten, and catches up', async () => {
  const day = today();
  const { buyer, orderId, tradeNo } = await wechatPaid();
  const other = await unpaid();
  await payFor(api, other.buyer, other.orderId);
  await api.ok(refundOrder, { as: buyer, params: { id: orderId }, body: { reason: '不想要了' } });
  await waitForState(api, orderId, 'refunded');
  expect((await runOf('wechat', day)).problem).toMatchObject({ code: 'too_early' });
  await runJob();
  expect((await api.ok(listReconciliationRuns, { as: finance })).items).toEqual([]);
  toNoon(3);
  await runJob();
  const { items, providers } = await api.ok(listReconciliationRuns, { as: finance });
  expect(providers).toEqual(['sandbox', 'wechat']);
  expect(items.map((run) => [run.day, run.provider])).toEqual(
    [2, 1, 0].flatMap((n) => [
      [addDays(day, n), 'sandbox'],
      [addDays(day, n), 'wechat'],
    ]),
  );
  expect(items.filter((run) => run.day === day)).toMatchObject([
    { state: 'done', payments: 1, paymentsFen: 19_800, refunds: 0, differences: { open: 0 } },
    { state: 'done', payments: 1, paymentsFen: 19_800, refunds: 1, refundsFen: 19_800, differences: { open: 0 } },
  ]);
  const again = await runOf('wechat', day);
  expect(again.body).toMatchObject({ state: 'done', attempts: 2, payments: 1, differences: { open: 0, resolved: 0 } });
  await runJob(); // nothing is due
  expect((await api.ok(listReconciliationRuns, { as: finance })).items.map(({ attempts }) => attempts)).toEqual([
    1, 1, 1, 1, 1, 2,
  ]);
  // The bill told WeChat's own number.
  const [found] = (await api.ok(listPayments, { as: finance, query: { search: tradeNo } })).items;
  expect(found).toMatchObject({ provider: 'wechat', way: 'native', refundedFen: 19_800, providerNo: tradeNo });
  const record = await api.ok(getPaymentRecord, { as: finance, params: { paymentId: found?.id ?? '' } });
  expect(record).toMatchObject({
    ...{ providerRef: `42${tradeNo.slice(0, 20)}`, notifications: [{ kind: 'payment.captured' }] },
    refunds: [{ state: 'succeeded', amountFen: 19_800 }],
  });
});

it('planted differences are found, each by its kind, once; money that was never told is booked instead', async () => {
  const day = today();
  const [missingThere, wrongAmount, untold, unknownHere] = [
    await wechatPaid(),
    await wechatPaid(),
    await wechatPaid({ told: false }),
    'f'.repeat(32),
  ];
  const refunded = await wechatPaid();
  await api.ok(refundOrder, { as: refunded.buyer, params: { id: refunded.orderId }, body: { reason: '不想要了' } });
  await waitForState(api, refunded.orderId, 'refunded');
  const [refundNo, refund] = [...wechat.refunds].find(([, one]) => one.tradeNo === refunded.tradeNo) ?? [];
  if (refund) refund.status = 'CLOSED'; // WeChat has changed its mind
  const paidAt = api.clock.now();
  wechat.trades.set(unknownHere, { state: 'SUCCESS', total: 4_200, refunded: 0, paidAt, body: {} });
  const trade = wechat.trades.get(wrongAmount.tradeNo);
  if (trade) trade.total = 19_801;
  const gone = wechat.trades.get(missingThere.tradeNo);
  if (gone) delete gone.paidAt;

  toNoon(1);
  const run = await runOf('wechat', day);
  expect(run.body).toMatchObject({ state: 'done', payments: 4, differences: { open: 4 } });
  expect(await stateOf(api, untold.orderId)).toBe('paid');
  const found = await differences({ day });
  const facts = Object.fromEntries(
    found.map((one) => [one.number, [one.kind, one.ours?.amountFen, one.theirs?.amountFen]]),
  );
  expect(facts).toEqual({
    [unknownHere]: ['missing_here', undefined, 4_200],
    [missingThere.tradeNo]: ['missing_there', 19_800, undefined],
    [wrongAmount.tradeNo]: ['amount_differs', 19_800, 19_801],
    [refundNo ?? '']: ['state_differs', 19_800, 19_800],
  });
  await runOf('wechat', day);
  expect((await differences({ day })).map(({ id }) => id).sort()).toEqual(found.map(({ id }) => id).sort());

  // Ended by hand, with a reason; once; it stays so when the day is run again.
  const [amount] = found.filter(({ kind }) => kind === 'amount_differs');
  const params = { id: amount?.id ?? '' };
  const body = { resolution: 'put_right', reason: '微信侧已冲正' } as const;
  expect((await api.call(resolveDifference, { as: brand.staff.a.manager, params, body })).status).toBe(403);
  const ended = await Promise.all([1, 2, 3].map(() => api.call(resolveDifference, { as: finance, params, body })));
  expect(ended.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  expect(
    await rows`SELECT reason FROM audit_log WHERE action = 'difference:resolved' AND target = ${`difference:${params.id}`}`,
  ).toEqual([{ reason: '微信侧已冲正' }]);
  // What WeChat puts right is over by itself.
  if (gone) gone.paidAt = paidAt;
  if (refund) refund.status = 'SUCCESS';
  wechat.trades.delete(unknownHere);
  // Its bill stays what it was, until WeChat makes it anew.
  await runOf('wechat', day);
  expect(await differences({ state: 'open', day })).toHaveLength(3);
  wechat.remakeBill(day);
  await runOf('wechat', day);
  expect(await differences({ state: 'open', day })).toEqual([]);
  const over = (await differences({ day })).map(({ number, resolution, resolvedBy }) => [
    number,
    resolution,
    resolvedBy?.id,
  ]);
  expect(over).toContainEqual([wrongAmount.tradeNo, 'put_right', finance.personId]);
  expect(over).toContainEqual([missingThere.tradeNo, 'gone', undefined]);
  await expectBooksRight(api);
});

it('S3 money in the bill for an order that was closed here goes back', async () => {
  const day = today();
  const { orderId, paymentId, buyer } = await unpaid();
  await api.ok(startPaymentBy, { as: buyer, params: { paymentId }, body: { provider: 'wechat', way: 'native' } });
  await rows`UPDATE orders SET expires_at = ${api.clock.now()} WHERE id = ${orderId}`;
  await api.api.platform.jobs.runNow('orders-expiry');
  expect(await stateOf(api, orderId)).toBe('expired');
  const trade = wechat.trades.get(bare(paymentId));
  if (trade) Object.assign(trade, { state: 'SUCCESS', paidAt: api.clock.now() });
  toNoon(1);
  expect((await runOf('wechat', day)).body.differences).toEqual({ open: 0, resolved: 0 });
  expect(await rows`SELECT captured_fen, refunded_fen FROM payments WHERE id = ${paymentId}`).toEqual([
    { captured_fen: 19_800n, refunded_fen: 19_800n },
  ]);
  await expectBooksRight(api);
});

it('a bill that is not made yet, was changed on its way or is no bill changes nothing, and is tried again', async () => {
  const day = today();
  await wechatPaid();
  toNoon(1);
  wechat.editBills(() => 'creating');
  expect((await runOf('wechat', day)).status).toBe(502);
  const failed = async () =>
    (await api.ok(listReconciliationRuns, { as: finance, query: { provider: 'wechat' } })).items[0];
  expect(await failed()).toMatchObject({ day, state: 'failed', attempts: 1, error: 'the bill is not made yet' });
  wechat.editBills((csv) => csv.split('\r\n').slice(0, 2).join('\r\n'));
  await runJob(); // not due yet
  expect(await failed()).toMatchObject({ attempts: 1 });
  api.clock.advanceSeconds(11 * 60);
  await runJob();
  expect(await failed()).toMatchObject({ state: 'failed', attempts: 2, error: expect.stringContaining('not whole') });
  wechat.editBills((csv) => csv);
  api.clock.advanceSeconds(21 * 60);
  await runJob();
  expect(await failed()).toMatchObject({ day, state: 'done', attempts: 3, error: null, payments: 1 });
  expect(await differences({ day })).toEqual([]);
});

it('the sandbox’s books are held against ours in the same way', async () => {
  const day = today();
  const { buyer, orderId } = await unpaid();
  const paymentId = await payFor(api, buyer, orderId);
  await rows`UPDATE sandbox_charges SET amount_fen = amount_fen + 1 WHERE payment_id = ${paymentId}`;
  toNoon(1);
  await runJob();
  expect(await differences({ state: 'open', day })).toMatchObject([
    {
      provider: 'sandbox',
      kind: 'amount_differs',
      number: paymentId,
      ours: { amountFen: 19_800 },
      theirs: { amountFen: 19_801 },
    },
  ]);
});
