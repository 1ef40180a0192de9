/** The mall over HTTP: signed requests, pages by cursor, passing faults tried again with growing pauses. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CatalogueCode } from '@walnut-live/contracts';
import { z } from 'zod';
import type { Clock, Random } from '../../platform/clock.ts';
import { retryAfterSeconds } from '../webhooks/index.ts';
import { type Answer, createExchange } from './exchange.ts';
import { isPassing, type Mall, MallFault, MallLevel, type MallPage, MallProduct } from './port.ts';
import { signatureOf } from './signature.policy.ts';

const TIMEOUT_MS = 10_000;
/** Pauses before asking once more; what still fails then waits for the next turn. */
const PAUSES_MS = [300, 1_000];
/** A mall that asks for more time than this gets it from the next turn. */
const LONGEST_WAIT_SECONDS = 2;
const PAGE = 100;
const MOST_ITEMS = 500;
const JSON_BYTES = 4 * 1024 * 1024;
const PICTURE_BYTES = 10 * 1024 * 1024;
const CURSOR_CHARACTERS = 500;
const NONCE_BYTES = 16;
const JITTER_STEPS = 256;

const Cursor = z.string().min(1).max(CURSOR_CHARACTERS).nullable();
const Items = z.array(z.unknown()).max(MOST_ITEMS);
const ProductsReply = z.object({ products: Items, cursor: Cursor, more: z.boolean() });
const StockReply = z.object({ stock: Items, cursor: Cursor, more: z.boolean(), ordersThrough: z.int().min(0) });

export interface RestMallOptions {
  readonly url: string;
  readonly keyId: string;
  readonly secret: string;
  /** It may stand in the brand's own network, and speak http. */
  readonly allowPrivate: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs?: number;
  readonly pausesMs?: readonly number[];
}

export function createRestMall(options: RestMallOptions): Mall {
  const { clock, random, pausesMs = PAUSES_MS } = options;
  const base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`);
  const exchange = createExchange({ ...options, timeoutMs: options.timeoutMs ?? TIMEOUT_MS });

  async function once(method: string, url: URL, body: string, more: Record<string, string>, stop: AbortSignal) {
    const path = `${url.pathname}${url.search}`;
    const timestampSeconds = Math.floor(clock.now().getTime() / 1_000);
    const nonce = Buffer.from(random.bytes(NONCE_BYTES)).toString('base64url');
    const answer = await exchange(url.href, {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'walnut-live-mall',
        ...(body ? { 'content-type': 'application/json' } : {}),
        'walnut-key': options.keyId,
        'walnut-timestamp': String(timestampSeconds),
        'walnut-nonce': nonce,
        'walnut-signature': signatureOf(options.secret, { method, path, timestampSeconds, nonce, body }),
        ...more,
      },
      body,
      mostBytes: JSON_BYTES,
      stop,
    });
    refuse(answer, clock.now());
    return answer;
  }

  /** Asks until it goes well, a fault is not a passing one, or the pauses are used up. */
  async function again<T>(stop: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let tried = 0; ; tried += 1) {
      try {
        return await work();
      } catch (error) {
        const pause = pausesMs[tried];
        if (!(error instanceof MallFault) || !isPassing(error) || pause === undefined) throw error;
        const wishMs = (error.retryAfterSeconds ?? 0) * 1_000;
        if (wishMs > LONGEST_WAIT_SECONDS * 1_000) throw error;
        const jitter = 1 + (random.bytes(1)[0] ?? 0) / JITTER_STEPS / 2;
        await sleep(Math.max(pause * jitter, wishMs), undefined, { signal: stop }).catch((cause: unknown) => {
          throw new MallFault('stopped', { cause });
        });
      }
    }
  }
  const read = <T>(path: string, cursor: string | null, schema: z.ZodType<T>, stop: AbortSignal): Promise<T> =>
    again(stop, async () => {
      const url = new URL(path, base);
      url.searchParams.set('limit', String(PAGE));
      if (cursor !== null) url.searchParams.set('cursor', cursor);
      return parse(schema, (await once('GET', url, '', {}, stop)).body);
    });
  const write = (method: string, path: string, body: object, more: Record<string, string>, stop: AbortSignal) =>
    again(stop, () => once(method, new URL(path, base), JSON.stringify(body), more, stop));

  return {
    kind: 'rest',
    source: base.href,
    async changedProducts(cursor, stop) {
      const reply = await read('products', cursor, ProductsReply, stop);
      return pageOf(reply, reply.products, MallProduct, 'code');
    },
    async stock(cursor, stop) {
      const reply = await read('stock', cursor, StockReply, stop);
      return { ...pageOf(reply, reply.stock, MallLevel, 'skuCode'), ordersThrough: reply.ordersThrough };
    },
    async putStock(levels, stop) {
      await write('PUT', 'stock', { levels }, {}, stop);
    },
    async pushOrder(fact, stop) {
      await write('POST', 'orders', fact, { 'idempotency-key': fact.id }, stop);
    },
    picture: (url, stop) =>
      again(stop, async () => {
        // Pictures may lie elsewhere (a CDN): what proves who we are does not go there.
        const call = { method: 'GET', headers: { accept: 'image/*' }, mostBytes: PICTURE_BYTES, stop };
        const answer = await exchange(url, call);
        refuse(answer, clock.now());
        return answer.body;
      }),
  };
}

function refuse({ status, headers }: Answer, now: Date): void {
  if (status >= 200 && status < 300) return;
  const given = headers['retry-after'];
  const wish = retryAfterSeconds(typeof given === 'string' ? given : undefined, now);
  const code =
    status === 429 || status === 503
      ? 'busy'
      : status >= 500
        ? 'server_error'
        : status === 408
          ? 'timed_out'
          : // A redirect is not followed: it would carry what we signed to somebody else.
            'refused';
  throw new MallFault(code, { status, retryAfterSeconds: wish });
}

function parse<T>(schema: z.ZodType<T>, body: Buffer): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new MallFault('bad_reply', { cause });
  }
  const read = schema.safeParse(value);
  if (!read.success) throw new MallFault('bad_reply', { cause: read.error });
  return read.data;
}

/** One element that is wrong does not keep the others back. */
function pageOf<T>(
  { cursor, more }: { cursor: string | null; more: boolean },
  given: readonly unknown[],
  schema: z.ZodType<T>,
  name: string,
): MallPage<T> {
  const items: T[] = [];
  const faults: { code: string; issue: string }[] = [];
  for (const one of given) {
    const read = schema.safeParse(one);
    if (read.success) items.push(read.data);
    else {
      const code = typeof one === 'object' && one !== null ? (one as Record<string, unknown>)[name] : undefined;
      const [first] = read.error.issues;
      faults.push({
        code: typeof code === 'string' && CatalogueCode.safeParse(code).success ? code : '?',
        issue: `not_understood /${first?.path.join('/') ?? ''}`,
      });
    }
  }
  return { items, faults, cursor, more };
}
