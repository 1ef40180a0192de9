/** What we sign and open, beside a published library that others sign and open with. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import oracle from 'wechatpay-axios-plugin';
import {
  answerMessage,
  authorization,
  bridgeParameters,
  openSealed,
  requestMessage,
  sealForWechat,
  sign,
  signatureFault,
} from './signatures.policy.ts';

const { Aes, Formatter, Rsa } = oracle;
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const NOW = new Date('2026-11-22T12:00:00Z');
const timestampSeconds = String(NOW.getTime() / 1000);
const nonce = '593BEC0C930BF1AFEB40B4A08C8FB242';

test.each([
  ['GET', '/v3/certificates', ''],
  ['GET', '/v3/pay/transactions/out-trade-no/1217752501201407033233368018?mchid=1900000109', ''],
  ['POST', '/v3/pay/transactions/jsapi', '{"description":"核桃乳 12 瓶装","amount":{"total":100}}'],
])('%s %s: the same message and the same signature as the library', (method, target, body) => {
  const message = requestMessage(method, target, { timestampSeconds, nonce, body });
  expect(message).toBe(Formatter.request(method, target, timestampSeconds, nonce, body));
  expect(sign(privateKey, message)).toBe(Rsa.sign(message, privateKey));
  const merchant = { merchantId: '1900000109', serial: 'AB12', privateKey };
  const header = authorization(merchant, { method, target, timestampSeconds, nonce, body });
  // The order of the fields is free.
  const fields = (value: string) => new Set(value.replace('WECHATPAY2-SHA256-RSA2048 ', '').split(','));
  const theirs = Formatter.authorization('1900000109', nonce, sign(privateKey, message), timestampSeconds, 'AB12');
  expect(fields(header)).toEqual(fields(theirs));
});

test('an answer that the library signs is believed, and what we sign the library believes', () => {
  const body = '{"code_url":"weixin://wxpay/bizpayurl?pr=核桃"}';
  const message = answerMessage(timestampSeconds, nonce, body);
  expect(message).toBe(Formatter.response(timestampSeconds, nonce, body));
  const signature = Rsa.sign(message, privateKey);
  const answer = { timestampSeconds, nonce, signature, body: Buffer.from(body) };
  expect(signatureFault(publicKey, answer, NOW)).toBeNull();
  expect(Rsa.verify(message, sign(privateKey, message), publicKey)).toBe(true);
});

test('an answer is not believed when a byte, the time, the nonce or the key is another one, or when it is a probe', () => {
  const body = Buffer.from('{"a":1}');
  const signature = sign(privateKey, answerMessage(timestampSeconds, nonce, body.toString()));
  const answer = { timestampSeconds, nonce, signature, body };
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
  expect(signatureFault(publicKey, answer, at(300))).toBeNull();
  expect(signatureFault(publicKey, answer, at(-300))).toBeNull();
  expect(signatureFault(publicKey, answer, at(301))).toBe('stale');
  expect(signatureFault(publicKey, answer, at(-301))).toBe('stale');
  expect(signatureFault(other, answer, NOW)).toBe('wrong');
  expect(signatureFault(publicKey, { ...answer, body: Buffer.from('{"a": 1}') }, NOW)).toBe('wrong');
  expect(signatureFault(publicKey, { ...answer, nonce: 'another' }, NOW)).toBe('wrong');
  expect(signatureFault(publicKey, { ...answer, signature: 'AAAA' }, NOW)).toBe('wrong');
  expect(signatureFault(publicKey, { ...answer, signature: `WECHATPAY/SIGNTEST/${signature}` }, NOW)).toBe('probe');
  expect(signatureFault(publicKey, { ...answer, signature: undefined }, NOW)).toBe('incomplete');
  expect(signatureFault(publicKey, { ...answer, timestampSeconds: '1e9' }, NOW)).toBe('incomplete');
});

test('what the library seals is opened; what was touched, or lacks its tag, is not', () => {
  const key = randomBytes(16).toString('hex');
  const ciphertext = Aes.AesGcm.encrypt('{"out_trade_no":"核桃"}', key, 'abcdef012345', 'transaction');
  const sealed = { algorithm: 'AEAD_AES_256_GCM', nonce: 'abcdef012345', associated_data: 'transaction', ciphertext };
  expect(openSealed(Buffer.from(key), sealed).toString()).toBe('{"out_trade_no":"核桃"}');
  const touched = Buffer.from(ciphertext, 'base64');
  touched[0] = (touched[0] ?? 0) ^ 1;
  expect(() => openSealed(Buffer.from(key), { ...sealed, ciphertext: touched.toString('base64') })).toThrow();
  expect(() => openSealed(Buffer.from(key), { ...sealed, associated_data: 'refund' })).toThrow();
  expect(() => openSealed(Buffer.from(key), { ...sealed, algorithm: 'AES' })).toThrow('unknown algorithm');
  expect(() => openSealed(Buffer.from(key), { ...sealed, ciphertext: '' })).toThrow('without its tag');
  const untagged = Buffer.from(ciphertext, 'base64').subarray(0, -16).toString('base64');
  expect(() => openSealed(Buffer.from(key), { ...sealed, ciphertext: untagged })).toThrow();
});

test('a name sealed for WeChat is read by whoever has the key; the bridge gets what the documentation says', () => {
  expect(Rsa.decrypt(sealForWechat(publicKey, '林小桃'), privateKey)).toBe('林小桃');
  const parameters = bridgeParameters(privateKey, { appId: 'wx1', prepayId: 'wx2', timestampSeconds, nonce });
  expect(parameters).toMatchObject({ appId: 'wx1', package: 'prepay_id=wx2', signType: 'RSA' });
  const message = Formatter.joinedByLineFeed('wx1', timestampSeconds, nonce, 'prepay_id=wx2');
  expect(Rsa.verify(message, parameters.paySign, publicKey)).toBe(true);
});
