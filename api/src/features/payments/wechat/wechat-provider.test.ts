/** The provider against a counterpart that keeps to WeChat Pay's rules, and breaks them on demand. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { systemRandom } from '../../../platform/clock.ts';
import { createLogger } from '../../../platform/logger.ts';
import { createTestClock } from '../../../testing/test-api.ts';
import { startWechatPay, type WechatPayCounterpart } from '../../../testing/wechat-pay.ts';
import type { Payer } from '../provider.ts';
import { createWechatClient, WechatError, wechatMerchant } from './wechat-client.ts';
import { createWechatProvider } from './wechat-provider.ts';

const log = createLogger('silent', 'test');
let wechat: WechatPayCounterpart;
afterEach(() => wechat?.close());

async function open(keys: 'public key' | 'certificates' | 'both' = 'public key') {
  const clock = createTestClock();
  wechat = await startWechatPay({ clock });
  const { merchantId, appId, serial, privateKeyPem, apiV3Key, publicKey } = wechat;
  const merchant = wechatMerchant({
    ...{ merchantId, appId, serial, privateKeyPem, apiV3Key },
    publicKey: keys === 'certificates' ? null : publicKey,
  });
  if (keys !== 'public key') wechat.signBy('certificate');
  const certificates = keys !== 'public key';
  const origins = [wechat.origin, wechat.origin];
  const client = createWechatClient({ merchant, clock, random: systemRandom, log, origins, certificates });
  const provider = createWechatProvider({
    ...{ client, clock, random: systemRandom, log },
    notifyUrl: 'https://shop.example/api/v1/payments/wechat/notify',
    returnUrl: (id) => `https://shop.example/pay/${id}`,
    description: ({ orderNo }) => `核桃直播订单 ${orderNo}`,
  });
  const paymentId = randomUUID();
  const charge = (payer?: Payer) => ({
    ...{ paymentId, orderNo: '26112200001', amountFen: 5_490n, payer },
    expiresAt: new Date(clock.now().getTime() + 900_000),
  });
  const tradeNo = paymentId.replaceAll('-', '');
  const tell = (news: { body: Buffer; headers: Record<string, string> }) =>
    provider.verifyNotification((name) => news.headers[name.toLowerCase()], news.body);
  return { clock, client, provider, paymentId, charge, tradeNo, tell };
}

test.each(['public key', 'certificates', 'both'] as const)(
  'with %s: registered, asked about, paid, told, given back once by its number',
  async (keys) => {
    const { provider, paymentId, charge, tradeNo, tell } = await open(keys);
    expect(await provider.query(paymentId)).toMatchObject({ state: 'none' });
    expect(await provider.prepare(charge())).toMatchObject({
      state: 'open',
      codeUrl: expect.stringMatching(/^weixin:/),
    });
    expect(wechat.trades.get(tradeNo)).toMatchObject({ total: 5_490, state: 'NOTPAY' });
    expect(await provider.query(paymentId)).toMatchObject({ state: 'open' });
    wechat.pay(tradeNo);
    expect(await provider.query(paymentId)).toMatchObject({ state: 'captured' });
    expect(await provider.prepare(charge())).toMatchObject({ state: 'captured' });
    expect(await provider.close(paymentId)).toMatchObject({ state: 'captured' });

    const told = await tell(wechat.news('TRANSACTION.SUCCESS', wechat.paidNews(tradeNo)));
    expect(told).toMatchObject({ type: 'payment.captured', paymentId, amountFen: 5_490n, refundNo: null });

    const refund = { refundNo: 'RF1', paymentId, amountFen: 490n, totalFen: 5_490n, isRepeated: false };
    expect(await provider.refund(refund)).toMatchObject({ outcome: 'succeeded' });
    expect(await provider.refund(refund)).toMatchObject({ outcome: 'succeeded' });
    expect(wechat.trades.get(tradeNo)?.refunded).toBe(490);
    expect(await provider.query(paymentId)).toMatchObject({ state: 'refunded' });
    const news = { mchid: wechat.merchantId, out_trade_no: tradeNo, out_refund_no: 'RF1', refund_status: 'SUCCESS' };
    const amount = { refund: 490, total: 5_490 };
    expect(await tell(wechat.news('REFUND.SUCCESS', { ...news, amount }))).toMatchObject({
      ...{ type: 'refund.succeeded', refundNo: 'RF1', amountFen: 490n, paymentId },
    });
  },
);

test('three ways to pay: inside WeChat by its bridge, in a browser by an address, at a desk by a code', async () => {
  const { provider, charge, paymentId } = await open();
  const bridged = await provider.prepare(charge({ way: 'jsapi', openId: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' }));
  expect(bridged).toMatchObject({ state: 'open', cashierUrl: `/pay/${paymentId}`, bridge: { signType: 'RSA' } });
  // The same number with other parameters is another charge, and refused as such.
  const h5Charge = { ...charge({ way: 'h5', address: '203.0.113.7' }) };
  await expect(provider.prepare(h5Charge)).rejects.toMatchObject({ name: 'ChargeRefused', why: 'number_spent' });
  const h5Id = randomUUID();
  const h5 = await provider.prepare({ ...h5Charge, paymentId: h5Id });
  expect(h5.cashierUrl).toMatch(/^https:\/\/wx\.tenpay\.com\//);
  expect(new URL(h5.cashierUrl).searchParams.get('redirect_url')).toBe(`https://shop.example/pay/${h5Id}`);
  const native = { ...charge({ way: 'native' }), paymentId: randomUUID() };
  expect((await provider.prepare(native)).codeUrl).toMatch(/^weixin:/);
});

test('S3 a closed charge cannot be paid, and registering it again does not open it', async () => {
  const { provider, charge, paymentId } = await open();
  await provider.prepare(charge());
  expect(await provider.close(paymentId)).toMatchObject({ state: 'closed' });
  expect(await provider.close(paymentId)).toMatchObject({ state: 'closed' });
  expect(await provider.query(paymentId)).toMatchObject({ state: 'closed' });
  expect(await provider.prepare(charge())).toMatchObject({ state: 'closed' });
});

test('an answer that got lost is asked for again, at the other address, and counts once', async () => {
  const { provider, charge, paymentId, tradeNo } = await open();
  wechat.fates.push('lose');
  expect(await provider.prepare(charge())).toMatchObject({ state: 'open' });
  wechat.pay(tradeNo);
  wechat.fates.push('lose');
  const refund = { refundNo: 'RF2', paymentId, amountFen: 5_490n, totalFen: 5_490n, isRepeated: false };
  expect(await provider.refund(refund)).toMatchObject({ outcome: 'succeeded' });
  expect(wechat.trades.get(tradeNo)?.refunded).toBe(5_490);
  wechat.fates.push('break', 'break');
  const failure = await provider.query(paymentId).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(failure).not.toBeInstanceOf(WechatError); // nobody knows what came of it
});

test.each(['forge', 'probe', 'stale'] as const)(
  'an answer or a callback that is a %s is not believed',
  async (fate) => {
    const { provider, charge, paymentId, tradeNo, tell } = await open();
    await provider.prepare(charge());
    wechat.pay(tradeNo);
    wechat.fates.push(fate);
    await expect(provider.query(paymentId)).rejects.toThrow('not to be believed');
    const news = wechat.news('TRANSACTION.SUCCESS', wechat.paidNews(tradeNo), fate);
    await expect(tell(news)).rejects.toMatchObject({ code: 'unauthenticated' });
  },
);

test('a callback whose bytes were touched, of another merchant or app, or of no payment of ours is refused', async () => {
  const { provider, charge, tradeNo, tell } = await open();
  await provider.prepare(charge());
  wechat.pay(tradeNo);
  const genuine = wechat.news('TRANSACTION.SUCCESS', wechat.paidNews(tradeNo));
  const touched = Buffer.concat([genuine.body, Buffer.from(' ')]);
  await expect(tell({ ...genuine, body: touched })).rejects.toMatchObject({ code: 'unauthenticated' });
  const unknown = { ...genuine.headers, 'wechatpay-serial': 'PUB_KEY_ID_OTHER' };
  await expect(tell({ ...genuine, headers: unknown })).rejects.toMatchObject({ code: 'unauthenticated' });
  for (const more of [{ mchid: '1900000110' }, { appid: 'wx9999999999999999' }, { out_trade_no: '123' }]) {
    const news = wechat.news('TRANSACTION.SUCCESS', wechat.paidNews(tradeNo, more));
    await expect(tell(news)).rejects.toMatchObject({ code: 'not_found' });
  }
  expect(await tell(wechat.news('COUPON.USE', {}))).toBeNull();
});

test('a refund under way is not over, one that WeChat could not pay out is nobody’s, a closed one has failed', async () => {
  const { provider, charge, paymentId, tradeNo, tell } = await open();
  await provider.prepare(charge());
  wechat.pay(tradeNo);
  const refund = (refundNo: string) =>
    provider.refund({ refundNo, paymentId, amountFen: 100n, totalFen: 5_490n, isRepeated: false });
  for (const [status, outcome] of [
    ['PROCESSING', 'processing'],
    ['ABNORMAL', 'processing'],
    ['CLOSED', 'failed'],
  ] as const) {
    wechat.setRefundStatus(status);
    expect(await refund(`RF-${status}`)).toEqual({ outcome, said: status });
    if (status === 'PROCESSING') continue;
    const told = await tell(
      wechat.news(`REFUND.${status}`, {
        ...{ mchid: wechat.merchantId, out_trade_no: tradeNo, out_refund_no: `RF-${status}`, refund_status: status },
        amount: { refund: 100, total: 5_490 },
      }),
    );
    expect(told?.type ?? null).toBe(status === 'CLOSED' ? 'refund.failed' : null);
  }
  // More than was paid: refused as a mistake of ours, not booked as an end.
  const tooMuch = provider.refund({
    refundNo: 'RF9',
    paymentId,
    amountFen: 5_491n,
    totalFen: 5_490n,
    isRepeated: false,
  });
  await expect(tooMuch).rejects.toMatchObject({ code: 'PARAM_ERROR' });
});

test('a new certificate is asked for when its serial turns up, at most once a minute', async () => {
  const { clock, provider, paymentId } = await open('certificates');
  const asked = () => wechat.requests.filter((request) => request === 'GET /v3/certificates').length;
  expect(await provider.query(paymentId)).toMatchObject({ state: 'none' });
  expect(await provider.query(paymentId)).toMatchObject({ state: 'none' });
  await provider.prepare({
    paymentId,
    orderNo: '1',
    amountFen: 100n,
    expiresAt: new Date(clock.now().getTime() + 900_000),
  });
  expect(asked()).toBe(1);
  wechat.renewCertificate();
  await expect(provider.query(paymentId)).rejects.toThrow('unknown serial'); // asked a moment ago
  clock.advanceSeconds(61);
  expect(await provider.query(paymentId)).toMatchObject({ state: 'open' });
  expect(asked()).toBe(2);
});

test('a bill is what was announced, or it is not taken; nothing else is downloaded from', async () => {
  const { client } = await open();
  const bill = Buffer.from('交易时间,公众账号ID\n`2026-11-22,`wx1\n');
  const sha1 = createHash('sha1').update(bill).digest('hex');
  const url = wechat.offer('/v3/billdownload/file?token=abc', gzipSync(bill));
  expect(await client.download(url, sha1, true)).toEqual(bill);
  const own = url.replace(wechat.origin, 'https://api.mch.weixin.qq.com');
  expect(await client.download(own, sha1, true)).toEqual(bill); // WeChat names its own address, whatever ours is
  await expect(client.download(url, randomBytes(20).toString('hex'), true)).rejects.toThrow('announced');
  await expect(client.download('https://elsewhere.example/file', sha1, false)).rejects.toThrow('elsewhere');
});

test('a wrong configuration is named without being shown', () => {
  const given = { merchantId: '1', appId: 'wx', serial: 'A', privateKeyPem: 'secret words', apiV3Key: 'x'.repeat(32) };
  const attempt = (more: object) => () => wechatMerchant({ ...given, publicKey: null, ...more });
  expect(attempt({})).toThrow('no PEM private key');
  expect(attempt({})).not.toThrow('secret words');
  expect(attempt({ apiV3Key: 'short' })).toThrow('32 bytes');
});

test('with a public key every call names it, and only so WeChat signs by it: also a download and the certificates', async () => {
  const { provider, charge, paymentId, client } = await open('both');
  await provider.prepare(charge());
  await provider.query(paymentId);
  await client.keys.warmUp();
  expect(new Set(wechat.named)).toEqual(new Set([wechat.publicKey.id]));
});

test('429 is not answered by the same at once', async () => {
  const { provider, paymentId } = await open();
  wechat.refusals.push({ path: 'out-trade-no', status: 429, code: 'FREQUENCY_LIMITED' });
  await expect(provider.query(paymentId)).rejects.toThrow('could not be reached');
  expect(wechat.requests).toHaveLength(1);
});

test('S8 a refund that WeChat may know of is asked about first; that its trade is unknown is not believed unsigned', async () => {
  const { provider, charge, paymentId, tradeNo } = await open();
  await provider.prepare(charge());
  wechat.pay(tradeNo);
  const refund = { refundNo: 'RF1', paymentId, amountFen: 100n, totalFen: 5_490n };
  wechat.setRefundStatus('PROCESSING');
  await provider.refund({ ...refund, isRepeated: false });
  const made = wechat.refunds.get('RF1');
  if (made) made.status = 'SUCCESS';
  wechat.requests.length = 0;
  expect(await provider.refund({ ...refund, isRepeated: true })).toEqual({ outcome: 'succeeded', said: 'SUCCESS' });
  expect(wechat.requests).toEqual(['GET /v3/refund/domestic/refunds/RF1']);
  wechat.refusals.push({ path: 'domestic/refunds', status: 404, code: 'RESOURCE_NOT_EXISTS' });
  await expect(provider.refund({ ...refund, refundNo: 'RF2', isRepeated: false })).rejects.toMatchObject({
    code: 'RESOURCE_NOT_EXISTS',
  });
  wechat.trades.delete(tradeNo);
  expect(await provider.refund({ ...refund, refundNo: 'RF3', isRepeated: false })).toMatchObject({ outcome: 'failed' });
});

test('a try of the payer’s that failed leaves the charge open; a charge is open for more than a minute', async () => {
  const { clock, provider, charge, paymentId, tradeNo } = await open();
  await provider.prepare({ ...charge(), expiresAt: new Date(clock.now().getTime() + 5_000) });
  const trade = wechat.trades.get(tradeNo);
  if (trade) trade.state = 'PAYERROR';
  expect(await provider.query(paymentId)).toMatchObject({ state: 'open' });
});

test('certificates: whoever comes while they are on their way waits; the minute counts from the last answer', async () => {
  const { clock, provider, client, paymentId } = await open('certificates');
  const asked = () => wechat.requests.filter((request) => request === 'GET /v3/certificates').length;
  const both = await Promise.all([provider.query(paymentId), provider.query(paymentId), client.keys.forSealing()]);
  expect(both).toMatchObject([{ state: 'none' }, { state: 'none' }, { serial: expect.any(String) }]);
  expect(asked()).toBe(1);
  const old = await client.keys.forSealing();
  clock.advanceSeconds(366 * 86_400); // it is over, and WeChat has another one
  wechat.renewCertificate();
  expect((await client.keys.forSealing()).serial).not.toBe(old.serial);
});
