/**
 * Calls to WeChat Pay API v3: signed by us, and believed only when signed by WeChat.
 *
 * Model: one call is one signed request; when its connection fails or WeChat answers 5xx or "SYSTEM_ERROR", it is made once
 * more at the other domain, signed anew; after 429 it is not, as that would make it worse. Where a public key is configured
 * every call names it, so that WeChat signs its answer by it. That is safe because every call here is idempotent by its number. What fails then is
 * a WechatError for a refusal, and any other error for an outcome that nobody knows.
 */
import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import type { Clock, Random } from '../../../platform/clock.ts';
import type { Logger } from '../../../platform/logger.ts';
import { createPlatformKeys, type PlatformKeys } from './platform-keys.ts';
import { authorization, type SignedAnswer, signatureFault } from './signatures.policy.ts';

const TIMEOUT_MS = 8_000;
const DOWNLOAD_TIMEOUT_MS = 90_000;
/** The second one reaches another data centre. */
const ORIGINS = ['https://api.mch.weixin.qq.com', 'https://api2.mch.weixin.qq.com'] as const;
const LARGEST_ANSWER_BYTES = 1024 * 1024;
/** Of a bill as it is sent, and unpacked. */
const LARGEST_FILE_BYTES = 64 * 1024 * 1024;
const LARGEST_UNPACKED_BYTES = 256 * 1024 * 1024;

export interface WechatMerchant {
  readonly merchantId: string;
  readonly appId: string;
  /** Serial number of the merchant's certificate. */
  readonly serial: string;
  readonly privateKey: KeyObject;
  /** 32 bytes. */
  readonly apiV3Key: Buffer;
  readonly publicKey: { readonly id: string; readonly pem: string } | null;
}

/** @throws Error naming what is wrong with the configuration, never its content */
export function wechatMerchant(given: {
  merchantId: string;
  appId: string;
  serial: string;
  privateKeyPem: string;
  apiV3Key: string;
  publicKey: { id: string; pem: string } | null;
}): WechatMerchant {
  const apiV3Key = Buffer.from(given.apiV3Key, 'utf8');
  if (apiV3Key.length !== 32) throw new Error('the API v3 key of WeChat Pay must have 32 bytes');
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(given.privateKeyPem);
  } catch {
    throw new Error('the private key of the WeChat Pay merchant is no PEM private key');
  }
  return { ...given, apiV3Key, privateKey };
}

/** WeChat has understood, and says no. */
export class WechatError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(`WeChat Pay ${status} ${code}: ${message}`);
    this.name = 'WechatError';
    this.status = status;
    this.code = code;
  }
}

interface Sent {
  readonly method: string;
  readonly target: string;
  readonly body: string;
  /** Of the key that we want the answer signed by, or that something in the body is sealed with. */
  readonly serial: string | undefined;
  readonly isFile: boolean;
}
interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly serial: string | undefined;
  readonly signed: SignedAnswer;
}

const Refusal = z.object({ code: z.string(), message: z.string().default('') });
const isPassing = (status: number, code: string): boolean => status >= 500 || status === 429 || code === 'SYSTEM_ERROR';

export interface WechatClient {
  readonly merchant: WechatMerchant;
  readonly keys: PlatformKeys;
  /** `target` is path and query. @throws WechatError; any other error: the outcome is unknown */
  call<T>(
    method: 'GET' | 'POST',
    target: string,
    schema: z.ZodType<T>,
    body?: object,
    /** Of the key that something in the body is sealed with. */
    sealedUnder?: string,
  ): Promise<T>;
  /** A file that an answer pointed to; its answer is not signed, so its digest must be right. */
  download(url: string, sha1: string, gzip: boolean): Promise<Buffer>;
}

export function createWechatClient(deps: {
  merchant: WechatMerchant;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Elsewhere than WeChat's own: a proxy, a counterpart in tests. */
  origins?: readonly string[] | undefined;
  /** Whether platform certificates are used beside (or instead of) the public key. */
  certificates: boolean;
}): WechatClient {
  const { merchant, clock, random, log } = deps;
  const origins = (deps.origins ?? ORIGINS).map((origin) => origin.replace(/\/+$/, ''));
  const keys = createPlatformKeys({
    clock,
    apiV3Key: merchant.apiV3Key,
    publicKey: merchant.publicKey,
    download: deps.certificates ? learnCertificates : undefined,
  });

  async function send(origin: string, { method, target, body, serial, isFile }: Sent): Promise<Answer> {
    const timestampSeconds = String(Math.floor(clock.now().getTime() / 1000));
    const nonce = random.bytes(16).toString('hex');
    const response = await fetch(origin + target, {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'walnut-live',
        authorization: authorization(merchant, { method, target, timestampSeconds, nonce, body }),
        ...(body === '' ? {} : { 'content-type': 'application/json' }),
        ...(serial ? { 'wechatpay-serial': serial } : {}),
      },
      ...(body === '' ? {} : { body }),
      redirect: 'error',
      signal: AbortSignal.timeout(isFile ? DOWNLOAD_TIMEOUT_MS : TIMEOUT_MS),
    });
    const bytes = await readAtMost(response, isFile ? LARGEST_FILE_BYTES : LARGEST_ANSWER_BYTES);
    const header = (name: string): string | undefined => response.headers.get(name) ?? undefined;
    return {
      status: response.status,
      body: bytes,
      serial: header('wechatpay-serial'),
      signed: {
        timestampSeconds: header('wechatpay-timestamp'),
        nonce: header('wechatpay-nonce'),
        signature: header('wechatpay-signature'),
        body: bytes,
      },
    };
  }

  /** @throws WechatError for a refusal that another try would not change */
  async function sendTwice(given: Pick<Sent, 'method' | 'target'> & Partial<Sent>): Promise<Answer> {
    const sent: Sent = { body: '', isFile: false, serial: merchant.publicKey?.id, ...given };
    let last: unknown;
    for (const origin of origins.slice(0, 2)) {
      try {
        const answer = await send(origin, sent);
        if (answer.status < 300) return answer;
        const refusal = readRefusal(answer);
        last = new WechatError(answer.status, refusal.code, refusal.message);
        if (!isPassing(answer.status, refusal.code)) throw last;
      } catch (error) {
        if (error === last) throw error;
        last = error;
      }
      log.warn({ err: last, target: sent.target.split('?')[0] }, 'WeChat Pay: a call failed');
      if (last instanceof WechatError && last.status === 429) break;
    }
    // Of what failed in passing nobody knows what came of it.
    throw new Error('WeChat Pay could not be reached', { cause: last });
  }

  async function prove({ serial, signed }: Answer): Promise<void> {
    const key = serial === undefined ? undefined : await keys.find(serial);
    const fault = key ? signatureFault(key, signed, clock.now()) : 'unknown serial';
    if (fault) throw new Error(`an answer of WeChat Pay is not to be believed: ${fault}`);
  }

  /** Proven by one of the certificates it brings: nobody else could have sealed them. */
  async function learnCertificates(): Promise<void> {
    const answer = await sendTwice({ method: 'GET', target: '/v3/certificates' });
    const found = keys.read(answer.body);
    const key = answer.serial === undefined ? undefined : (found.get(answer.serial)?.key ?? keys.known(answer.serial));
    const fault = key ? signatureFault(key, answer.signed, clock.now()) : 'unknown serial';
    if (fault) throw new Error(`the certificates of WeChat Pay are not to be believed: ${fault}`);
    keys.adopt(found);
  }

  /** Of a file at WeChat's own address or at ours; it is asked for by way of ours. @throws Error when it is elsewhere */
  function targetOf(url: string): string {
    const { origin, pathname, search } = new URL(url);
    const target = pathname + search;
    if ((ORIGINS as readonly string[]).includes(origin)) return target;
    const base = origins.find((one) => (origin + target).startsWith(`${one}/`));
    if (base === undefined) throw new Error('a download of WeChat Pay points elsewhere');
    return (origin + target).slice(base.length);
  }

  return {
    merchant,
    keys,
    async call(method, target, schema, body, sealedUnder) {
      const answer = await sendTwice({
        ...{ method, target, body: body ? JSON.stringify(body) : '' },
        ...(sealedUnder === undefined ? {} : { serial: sealedUnder }),
      });
      await prove(answer);
      return schema.parse(answer.body.length === 0 ? undefined : JSON.parse(answer.body.toString('utf8')));
    },
    async download(url, sha1, gzip) {
      const { body } = await sendTwice({ method: 'GET', target: targetOf(url), isFile: true });
      const file = gzip ? gunzipSync(body, { maxOutputLength: LARGEST_UNPACKED_BYTES }) : body;
      if (createHash('sha1').update(file).digest('hex') !== sha1.toLowerCase()) {
        throw new Error('a download of WeChat Pay is not what was announced');
      }
      return file;
    },
  };
}

/** Never more than this in memory, whatever is sent. */
async function readAtMost(response: Response, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > most) throw new Error('WeChat Pay answered too much'); // leaving the loop ends the transfer
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readRefusal({ body }: Answer): z.infer<typeof Refusal> {
  try {
    return Refusal.parse(JSON.parse(body.toString('utf8')));
  } catch {
    return { code: 'UNREADABLE', message: '' };
  }
}
