/** Paying by WeChat over real HTTP: the running api, WeChat Pay's counterpart, and everything between them that can go wrong. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  cancelOrder,
  getOrder,
  getPayment,
  getWallet,
  listPaymentMethods,
  payOrder,
  refundOrder,
  startPaymentBy,
  tellWechatCode,
  topUpWallet,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../../platform/principal.ts';
import { type Brand, makeConsumer, makeProduct, makeRoom, makeStock, seedBrand } from '../../../testing/fixtures.ts';
import { showAdult } from '../../../testing/gifts.ts';
import { eventually, expectBooksRight, place, shelfLine, stateOf, waitForState } from '../../../testing/shop.ts';
import type { TestApi } from '../../../testing/test-api.ts';
import type { WechatPayCounterpart } from '../../../testing/wechat-pay.ts';
import { startWechatShop, type WechatShop } from '../../../testing/wechat-shop.ts';
import { EXPIRY_JOB } from '../../orders/index.ts';
import { REFUND_JOB } from '../../refunds/index.ts';
import { ASKING_JOB, askPauseSeconds } from '../index.ts';

const AGENTS = {
  wechat: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50',
  phone: 'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140 Mobile Safari/537.36',
  desk: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140 Safari/537.36',
} as const;

let shop: WechatShop;
let api: TestApi;
let wechat: WechatPayCounterpart;
let brand: Brand;
let tellsOpenid: ReturnType<typeof createServer>;
beforeAll(async () => {
  // WeChat's own "who is that" (OAuth): the code says it.
  tellsOpenid = createServer((req, res) => {
    const { searchParams: query } = new URL(req.url ?? '/', 'http://wechat');
    const code = query.get('code') ?? '';
    const isOurs = query.get('secret') === 'an app secret that no log shows';
    res.end(JSON.stringify(code.startsWith('good-') && isOurs ? { openid: `o-${code}` } : { errcode: 40_029 }));
  });
  await new Promise<void>((resolve) => tellsOpenid.listen(0, '127.0.0.1', resolve));
  const { port } = tellsOpenid.address() as AddressInfo;
  shop = await startWechatShop({ WECHAT_API_URL: `http://127.0.0.1:${port}` });
  ({ api, wechat } = shop);
  brand = await seedBrand(api);
});
afterAll(async () => {
  await shop?.[Symbol.asyncDispose]();
  tellsOpenid?.close();
});

const runJob = (name: string) => api.api.platform.jobs.runNow(name);
const rows = <T extends object>(...args: Parameters<TestApi['api']['platform']['db']['sql']>) =>
  api.api.platform.db.sql<T>(...args);
const bare = (id: string) => id.replaceAll('-', '');

/** An unpaid order of two pieces (19,800 fen) of a product of its own. */
async function unpaid(): Promise<{ buyer: Principal; orderId: string; paymentId: string }> {
  const product = await makeProduct(api, '核桃礼盒', { priceFen: 9_900 });
  await makeStock(api, product.sku.id, brand.stores.a, 10);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  const buyer = await makeConsumer(api, '林小桃');
  const order = await place(api, buyer, room, [shelfLine(product, 2)]);
  return { buyer, orderId: order.id, paymentId: order.payment?.id ?? '' };
}
type Way = 'jsapi' | 'h5' | 'native';
const startBy = (as: Principal, paymentId: string, way: Way) =>
  api.call(startPaymentBy, { as, params: { paymentId }, body: { provider: 'wechat', way } });
/** Goes to pay by a QR code; WeChat knows of it then. */
async function started() {
  const order = await unpaid();
  const answer = await startBy(order.buyer, order.paymentId, 'native');
  expect(answer.status).toBe(200);
  return { ...order, tradeNo: bare(order.paymentId) };
}
const paidNews = (tradeNo: string, more: object = {}) =>
  wechat.news('TRANSACTION.SUCCESS', wechat.paidNews(tradeNo, more));
async function paid() {
  const order = await started();
  wechat.pay(order.tradeNo);
  expect(await shop.deliver(paidNews(order.tradeNo))).toBe(200);
  expect(await stateOf(api, order.orderId)).toBe('paid');
  return order;
}

describe('how one can pay', () => {
  it('fits the browser that asks: inside WeChat, on a phone, at a desk', async () => {
    const { buyer, paymentId } = await unpaid();
    const ways = async (agent: string) => {
      const given = { as: buyer, params: { paymentId }, headers: { 'user-agent': agent } };
      return (await api.ok(listPaymentMethods, given)).items.map(({ way, provider }) => way ?? provider);
    };
    expect(await ways(AGENTS.wechat)).toEqual(['jsapi', 'sandbox']);
    expect(await ways(AGENTS.phone)).toEqual(['h5', 'native', 'sandbox']);
    expect(await ways(AGENTS.desk)).toEqual(['native', 'sandbox']);
    const other = { as: brand.consumers.bella, params: { paymentId } };
    expect((await api.call(listPaymentMethods, other)).status).toBe(404);
    expect((await startBy(brand.consumers.bella, paymentId, 'native')).status).toBe(404);
  });

  it('inside WeChat once WeChat has said who it is, which nobody can say for somebody else', async () => {
    const { buyer, paymentId } = await unpaid();
    const first = await startBy(buyer, paymentId, 'jsapi');
    expect(first.problem).toMatchObject({ code: 'state_conflict', facts: { needs: 'wechat_account' } });
    const methods = await api.ok(listPaymentMethods, {
      as: buyer,
      params: { paymentId },
      headers: { 'user-agent': AGENTS.wechat },
    });
    const asked = new URL(methods.items[0]?.askUrl ?? '');
    expect(asked.searchParams.get('appid')).toBe(wechat.appId);
    expect(asked.searchParams.get('redirect_uri')).toContain(`/pay/${paymentId}`);
    const state = asked.searchParams.get('state') ?? '';
    const tell = (as: Principal, code: string, given: string) =>
      api.call(tellWechatCode, { as, body: { code, state: given } });
    expect((await tell(brand.consumers.bella, 'good-1', state)).status).toBe(403);
    expect((await tell(buyer, 'good-1', `${state.slice(0, -1)}${state.endsWith('0') ? '1' : '0'}`)).status).toBe(403);
    expect((await tell(buyer, 'bad', state)).status).toBe(403);
    expect((await tell(buyer, 'good-1', state)).status).toBe(204);
    const { body } = await startBy(buyer, paymentId, 'jsapi');
    expect(body).toMatchObject({ way: 'jsapi', bridge: { appId: wechat.appId, signType: 'RSA' }, codeUrl: null });
    expect(wechat.trades.get(bare(paymentId))?.body).toMatchObject({ payer: { openid: 'o-good-1' } });
    api.clock.advanceSeconds(601);
    expect((await tell(buyer, 'good-2', state)).status).toBe(403);
  });

  it('M3 by a key: repeated it answers the same, with another payload it is refused; without a key nothing happens', async () => {
    const { buyer, orderId } = await unpaid();
    const wish = { as: buyer, params: { id: orderId }, body: { provider: 'wechat', way: 'native' } } as const;
    const [one, two] = [
      await api.call(payOrder, { ...wish, key: 'k-12345678' }),
      await api.call(payOrder, { ...wish, key: 'k-12345678' }),
    ];
    expect(one.status).toBe(200);
    expect(two.body).toEqual(one.body);
    const other = await api.call(payOrder, { ...wish, body: { provider: 'wechat', way: 'h5' }, key: 'k-12345678' });
    expect(other.problem.code).toBe('idempotency_key_reused');
    expect((await api.call(payOrder, { ...wish, headers: { 'idempotency-key': '' } })).status).toBe(400);
  });
});

describe('a callback', () => {
  it('M3 pays the order once, however often and however many at once it is told', async () => {
    const { orderId, tradeNo } = await started();
    wechat.pay(tradeNo);
    const news = paidNews(tradeNo);
    const told = await Promise.all([
      ...Array.from({ length: 4 }, () => shop.deliver(news)),
      shop.deliver(paidNews(tradeNo)),
    ]);
    expect(told).toEqual([200, 200, 200, 200, 200]);
    expect(await stateOf(api, orderId)).toBe('paid');
    expect(await shop.deliver(news)).toBe(200); // a replay within the window is the same fact
    api.clock.advanceSeconds(301);
    expect(await shop.deliver(news)).toBe(401); // and nothing at all after it
    await expectBooksRight(api);
  });

  it('S3 is refused when it is forged, a probe, old, early, of another serial, seal, amount, merchant, app or currency', async () => {
    const { orderId, tradeNo } = await started();
    wechat.pay(tradeNo);
    const success = (more: object) => paidNews(tradeNo, more);
    const fated = (fate: 'forge' | 'probe' | 'stale') =>
      wechat.news('TRANSACTION.SUCCESS', wechat.paidNews(tradeNo), fate);
    const good = success({});
    const header = (name: string, value: string) => ({ ...good, headers: { ...good.headers, [name]: value } });
    const soon = String(Math.floor(api.clock.now().getTime() / 1000) + 301);
    const amount = { total: 19_800, payer_total: 19_800, currency: 'CNY' };
    const untagged = wechat.news('TRANSACTION.SUCCESS', wechat.paidNews(tradeNo), undefined, undefined, { cut: 16 });
    const cases: readonly (readonly [string, { body: Buffer; headers: Record<string, string> }, number])[] = [
      ['forged', fated('forge'), 401],
      ['probe', fated('probe'), 401],
      ['old', fated('stale'), 401],
      ['early', header('wechatpay-timestamp', soon), 401],
      ['another serial', header('wechatpay-serial', 'PUB_KEY_ID_0000'), 401],
      ['another byte', { ...good, body: Buffer.from(`${good.body.toString()} `) }, 401],
      ['without a signature', { ...good, headers: {} }, 401],
      ['without its tag', untagged, 400],
      ['amount', success({ amount: { ...amount, total: 1 } }), 409],
      ['currency', success({ amount: { ...amount, currency: 'USD' } }), 409],
      ['merchant', success({ mchid: '1900000999' }), 404],
      ['app', success({ appid: 'wx9999999999999999' }), 404],
      ['unknown number', success({ out_trade_no: bare(crypto.randomUUID()) }), 404],
    ];
    for (const [what, news, status] of cases) expect([what, await shop.deliver(news)]).toEqual([what, status]);
    expect(await stateOf(api, orderId)).toBe('pending_payment');
    expect(await shop.deliver(good)).toBe(200);
    expect(await stateOf(api, orderId)).toBe('paid');
    await expectBooksRight(api);
  });

  it('S3 that never comes is not needed: the provider is asked', async () => {
    const { orderId, tradeNo, buyer, paymentId } = await started();
    await runJob(ASKING_JOB);
    expect(await stateOf(api, orderId)).toBe('pending_payment');
    wechat.pay(tradeNo);
    api.clock.advanceSeconds(askPauseSeconds(0) + 1);
    await runJob(ASKING_JOB);
    expect(await stateOf(api, orderId)).toBe('paid');
    expect((await api.ok(getPayment, { as: buyer, params: { paymentId } })).state).toBe('captured');
    expect(await shop.deliver(paidNews(tradeNo))).toBe(200); // late, and known
    await expectBooksRight(api);
  });

  it('S3 for an order that was closed: its money goes back, once', async () => {
    const { orderId, tradeNo, buyer, paymentId } = await started();
    await api.ok(cancelOrder, { as: buyer, params: { id: orderId }, body: { reason: '' } });
    const trade = wechat.trades.get(tradeNo);
    expect(trade?.state).toBe('CLOSED');
    // Taken all the same, against WeChat's own word.
    if (trade) trade.state = 'NOTPAY';
    wechat.pay(tradeNo);
    await Promise.all([shop.deliver(paidNews(tradeNo)), shop.deliver(paidNews(tradeNo))]);
    await eventually(async () => expect(wechat.trades.get(tradeNo)?.refunded).toBe(19_800));
    await eventually(async () =>
      expect(await rows`SELECT state, reason FROM refunds WHERE payment_id = ${paymentId}`).toEqual([
        { state: 'succeeded', reason: 'late_payment' },
      ]),
    );
    await expectBooksRight(api);
  });

  it('S3 whoever paid in the last moment has paid: expiry asks first', async () => {
    const { orderId, tradeNo } = await started();
    wechat.pay(tradeNo);
    api.clock.advanceSeconds(api.api.platform.config.RESERVATION_SECONDS + 1);
    await runJob(EXPIRY_JOB);
    expect(await stateOf(api, orderId)).toBe('paid');
    const other = await started();
    api.clock.advanceSeconds(api.api.platform.config.RESERVATION_SECONDS + 1);
    await runJob(EXPIRY_JOB);
    expect(await stateOf(api, other.orderId)).toBe('expired');
    expect(wechat.trades.get(other.tradeNo)?.state).toBe('CLOSED');
    await expectBooksRight(api);
  });
});

describe('another way', () => {
  it('closes the first with its provider; never two can be captured', async () => {
    const { buyer, paymentId, tradeNo, orderId } = await started();
    const next = (await startBy(buyer, paymentId, 'h5')).body;
    expect(next.paymentId).not.toBe(paymentId);
    expect(new URL(next.cashierUrl).searchParams.get('redirect_url')).toContain(`/pay/${next.paymentId}`);
    expect(wechat.trades.get(tradeNo)?.state).toBe('CLOSED');
    expect(wechat.trades.get(bare(next.paymentId))).toMatchObject({ state: 'NOTPAY', total: 19_800 });
    const old = await api.ok(getPayment, { as: buyer, params: { paymentId } });
    expect(old).toMatchObject({ state: 'closed', followedBy: next.paymentId, provider: 'wechat', way: 'native' });
    // To the sandbox and back, by the number of a payment that is over.
    const sandbox = await api.ok(startPaymentBy, { as: buyer, params: { paymentId }, body: { provider: 'sandbox' } });
    const back = (await startBy(buyer, sandbox.paymentId, 'native')).body;
    const open = [...wechat.trades].filter(
      ([no, { state }]) => [tradeNo, bare(next.paymentId), bare(back.paymentId)].includes(no) && state === 'NOTPAY',
    );
    expect(open.map(([no]) => no)).toEqual([bare(back.paymentId)]);
    wechat.pay(bare(back.paymentId));
    expect(await shop.deliver(paidNews(bare(back.paymentId)))).toBe(200);
    expect(await stateOf(api, orderId)).toBe('paid');
    await expectBooksRight(api);
  });

  it('is refused to whoever has paid in the first one, and that is booked', async () => {
    const { buyer, paymentId, tradeNo, orderId } = await started();
    wechat.pay(tradeNo);
    expect((await startBy(buyer, paymentId, 'h5')).problem.code).toBe('already_paid');
    await runJob(ASKING_JOB);
    expect(await stateOf(api, orderId)).toBe('paid');
  });

  it('ten devices at once: one payment that can be paid is left, here and at WeChat', async () => {
    const { buyer, paymentId, orderId } = await unpaid();
    const ways: Way[] = ['native', 'h5'];
    await Promise.all(Array.from({ length: 10 }, (_, n) => startBy(buyer, paymentId, ways[n % 2] ?? 'native')));
    const ours = await rows<{ id: string; state: string }>`SELECT id, state FROM payments WHERE order_id = ${orderId}`;
    const open = ours.filter(({ id }) => wechat.trades.get(bare(id))?.state === 'NOTPAY');
    expect(open.length).toBeLessThanOrEqual(1);
    expect(ours.filter(({ state }) => state === 'pending').map(({ id }) => id)).toEqual(
      expect.arrayContaining(open.map(({ id }) => id)),
    );
    await expectBooksRight(api);
  });

  it('for coins too: the way is chosen at the cashier, and changed there', async () => {
    const buyer = await makeConsumer(api, '安然');
    await showAdult(api, buyer);
    const { paymentId } = await api.ok(topUpWallet, { as: buyer, body: { packageId: 'yuan-6' } });
    expect((await startBy(buyer, paymentId, 'native')).status).toBe(200);
    const { paymentId: second } = (await startBy(buyer, paymentId, 'h5')).body;
    wechat.pay(bare(second));
    expect(await shop.deliver(paidNews(bare(second)))).toBe(200);
    expect((await api.ok(getWallet, { as: buyer })).coins).toBe(60);
    await expectBooksRight(api);
  });
});

describe('an answer that gets lost', () => {
  it('is asked for again under the same number, and counts once', async () => {
    const { buyer, paymentId, orderId } = await unpaid();
    wechat.fates.push('lose');
    expect((await startBy(buyer, paymentId, 'native')).status).toBe(200);
    wechat.pay(bare(paymentId));
    await shop.deliver(paidNews(bare(paymentId)));
    wechat.fates.push('lose', 'lose'); // at both addresses: executed, and nobody knows
    await api.ok(refundOrder, { as: buyer, params: { id: orderId }, body: { reason: '不想要了' } });
    await eventually(async () => expect(wechat.fates).toHaveLength(0));
    await eventually(async () =>
      expect(await rows`SELECT state, attempts FROM refunds WHERE order_id = ${orderId}`).toEqual([
        { state: 'processing', attempts: 1 },
      ]),
    );
    api.clock.advanceSeconds(30);
    await runJob(REFUND_JOB);
    await waitForState(api, orderId, 'refunded');
    expect(wechat.trades.get(bare(paymentId))?.refunded).toBe(19_800);
    expect([...wechat.refunds.values()].filter(({ tradeNo }) => tradeNo === bare(paymentId))).toHaveLength(1);
    await expectBooksRight(api);
  });

  it('of which nobody knows is told as such, and the next try goes on with the same payment', async () => {
    const { buyer, paymentId } = await unpaid();
    wechat.fates.push('break', 'break');
    expect((await startBy(buyer, paymentId, 'native')).problem).toMatchObject({ code: 'provider_unavailable' });
    expect((await startBy(buyer, paymentId, 'native')).body.paymentId).toBe(paymentId);
  });
});

describe('a refund', () => {
  it('S8 under way at WeChat is asked about until it is over', async () => {
    const { buyer, orderId, tradeNo } = await paid();
    wechat.setRefundStatus('PROCESSING');
    await api.ok(refundOrder, { as: buyer, params: { id: orderId }, body: { reason: '不想要了' } });
    await eventually(async () =>
      expect([...wechat.refunds.values()].some((refund) => refund.tradeNo === tradeNo)).toBe(true),
    );
    wechat.setRefundStatus('SUCCESS');
    expect(await stateOf(api, orderId)).toBe('refunding');
    for (const refund of wechat.refunds.values()) if (refund.tradeNo === tradeNo) refund.status = 'SUCCESS';
    api.clock.advanceSeconds(60);
    await runJob(REFUND_JOB);
    await waitForState(api, orderId, 'refunded');
    await expectBooksRight(api);
  });

  it('S8 may be told by its callback first, twice, and before the callback of its payment', async () => {
    const { buyer, orderId, tradeNo, paymentId } = await started();
    wechat.pay(tradeNo);
    api.clock.advanceSeconds(askPauseSeconds(0) + 1);
    await runJob(ASKING_JOB);
    wechat.fates.push('lose', 'lose');
    await api.ok(refundOrder, { as: buyer, params: { id: orderId }, body: { reason: '不想要了' } });
    await eventually(async () => expect(wechat.fates).toHaveLength(0));
    const [refundNo] = [...wechat.refunds].find(([, refund]) => refund.tradeNo === tradeNo) ?? [];
    const news = (refund: number) =>
      wechat.news('REFUND.SUCCESS', {
        ...{ mchid: wechat.merchantId, out_trade_no: tradeNo, out_refund_no: refundNo, refund_status: 'SUCCESS' },
        amount: { refund, total: 19_800 },
      });
    expect(await shop.deliver(news(1))).toBe(409);
    expect(await Promise.all([shop.deliver(news(19_800)), shop.deliver(news(19_800))])).toEqual([200, 200]);
    await waitForState(api, orderId, 'refunded');
    expect(await shop.deliver(paidNews(tradeNo))).toBe(200);
    expect((await api.ok(getOrder, { as: buyer, params: { id: orderId } })).state).toBe('refunded');
    expect((await api.ok(getPayment, { as: buyer, params: { paymentId } })).state).toBe('captured');
    await expectBooksRight(api);
  });
});
