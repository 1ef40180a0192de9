/**
 * How WeChat Pay API v3 signs and seals: pure, keys and times come in.
 *
 * Requests are signed by the merchant's private key, answers and callbacks by WeChat's, both RSA-SHA256 over lines that end in
 * a line feed; what is secret in a callback is sealed with AES-256-GCM under the merchant's API v3 key.
 * Source: WeChat Pay merchant documentation, "签名生成", "签名验证", "证书和回调报文解密".
 */
import { constants, createDecipheriv, createSign, createVerify, type KeyObject, publicEncrypt } from 'node:crypto';

export const AUTH_SCHEMA = 'WECHATPAY2-SHA256-RSA2048';
/** Older or more futuristic answers and callbacks are refused, so that a recorded one is worth nothing later. */
export const SIGNATURE_WINDOW_SECONDS = 300;
/** WeChat sends wrong signatures of this look now and then, to see who does not check. */
const PROBE_PREFIX = 'WECHATPAY/SIGNTEST/';
const GCM_TAG_BYTES = 16;

const lines = (...parts: readonly string[]): string => parts.map((part) => `${part}\n`).join('');

/** `target`: path and query as they are sent. `body`: the bytes of the request, '' for none. */
export const requestMessage = (
  method: string,
  target: string,
  { timestampSeconds, nonce, body }: { timestampSeconds: string; nonce: string; body: string },
): string => lines(method, target, timestampSeconds, nonce, body);

/** Of an answer or a callback. */
export const answerMessage = (timestampSeconds: string, nonce: string, body: string): string =>
  lines(timestampSeconds, nonce, body);

export const sign = (privateKey: KeyObject, message: string): string =>
  createSign('RSA-SHA256').update(message, 'utf8').sign(privateKey, 'base64');

export function authorization(
  merchant: { merchantId: string; serial: string; privateKey: KeyObject },
  request: { method: string; target: string; timestampSeconds: string; nonce: string; body: string },
): string {
  const signature = sign(merchant.privateKey, requestMessage(request.method, request.target, request));
  const fields = {
    mchid: merchant.merchantId,
    nonce_str: request.nonce,
    signature,
    timestamp: request.timestampSeconds,
    serial_no: merchant.serial,
  };
  return `${AUTH_SCHEMA} ${Object.entries(fields)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}`;
}

export interface SignedAnswer {
  readonly timestampSeconds: string | undefined;
  readonly nonce: string | undefined;
  readonly signature: string | undefined;
  /** Exactly the bytes that came. */
  readonly body: Buffer;
}
export type SignatureFault = 'incomplete' | 'stale' | 'probe' | 'wrong';

/** Null when it is WeChat's own and fresh. */
export function signatureFault(publicKey: KeyObject, answer: SignedAnswer, now: Date): SignatureFault | null {
  const { timestampSeconds, nonce, signature, body } = answer;
  if (!timestampSeconds || !nonce || !signature || !/^\d{1,12}$/.test(timestampSeconds)) return 'incomplete';
  if (Math.abs(now.getTime() / 1000 - Number(timestampSeconds)) > SIGNATURE_WINDOW_SECONDS) return 'stale';
  if (signature.startsWith(PROBE_PREFIX)) return 'probe';
  const genuine = createVerify('RSA-SHA256')
    .update(`${timestampSeconds}\n${nonce}\n`, 'utf8')
    .update(body)
    .update('\n')
    .verify(publicKey, signature, 'base64');
  return genuine ? null : 'wrong';
}

export interface SealedResource {
  readonly algorithm: string;
  readonly ciphertext: string;
  readonly nonce: string;
  readonly associated_data?: string | undefined;
}

/** @throws Error when the seal is broken, the tag is missing or the algorithm is another one */
export function openSealed(apiV3Key: Buffer, sealed: SealedResource): Buffer {
  if (sealed.algorithm !== 'AEAD_AES_256_GCM') throw new Error(`unknown algorithm ${sealed.algorithm}`);
  const data = Buffer.from(sealed.ciphertext, 'base64');
  if (data.length < GCM_TAG_BYTES) throw new Error('sealed data without its tag');
  const decipher = createDecipheriv('aes-256-gcm', apiV3Key, sealed.nonce, { authTagLength: GCM_TAG_BYTES });
  decipher.setAuthTag(data.subarray(-GCM_TAG_BYTES));
  decipher.setAAD(Buffer.from(sealed.associated_data ?? '', 'utf8'));
  return Buffer.concat([decipher.update(data.subarray(0, -GCM_TAG_BYTES)), decipher.final()]);
}

/** For names and the like in requests ("敏感信息加密"): RSA-OAEP with SHA-1 under WeChat's public key. */
export const sealForWechat = (publicKey: KeyObject, text: string): string =>
  publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING }, Buffer.from(text, 'utf8')).toString(
    'base64',
  );

export type BridgeParameters = {
  readonly appId: string;
  readonly timeStamp: string;
  readonly nonceStr: string;
  readonly package: string;
  readonly signType: 'RSA';
  readonly paySign: string;
};
/** What WeChat's browser is given to ask the payer (JSAPI, "调起支付"). */
export function bridgeParameters(
  privateKey: KeyObject,
  request: { appId: string; prepayId: string; timestampSeconds: string; nonce: string },
): BridgeParameters {
  const parcel = `prepay_id=${request.prepayId}`;
  return {
    appId: request.appId,
    timeStamp: request.timestampSeconds,
    nonceStr: request.nonce,
    package: parcel,
    signType: 'RSA',
    paySign: sign(privateKey, lines(request.appId, request.timestampSeconds, request.nonce, parcel)),
  };
}
