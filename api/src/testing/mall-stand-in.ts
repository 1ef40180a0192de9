/**
 * A mall on a free port, by docs/19-catalogue.md: it checks every signature by its own reckoning, keeps products with a growing
 * version, takes each order fact once and in order. On demand it behaves badly: `misbehave` says how, request by request.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const MALL_KEY = 'walnut-live';
export const MALL_SECRET = 'only-the-mall-and-we-know-this-one';
const CLOCK_SECONDS = 300;
const PAGE = 2;

export interface StandInProduct {
  code: string;
  title: string;
  pictures: string[];
  status: string;
  version?: number;
  skus: Record<string, unknown>[];
  [more: string]: unknown;
}
export interface ToldFact {
  id: string;
  sequence: number;
  type: string;
  order: Record<string, unknown>;
}
/** What to do instead of answering well; `times` requests long. */
export type Misbehaviour =
  | { kind: 'status'; status: number; retryAfter?: number }
  | { kind: 'silent' }
  | { kind: 'truncated' }
  | { kind: 'half-json' }
  | { kind: 'not-json' }
  | { kind: 'huge' }
  | { kind: 'redirect'; to: string }
  /** The page before comes again. */
  | { kind: 'page-again' }
  /** `more`, with a cursor that was given before. */
  | { kind: 'cursor-back' }
  /** It is done, and the answer is lost. */
  | { kind: 'done-then-cut' };

export async function startMallStandIn(options: { now?: () => Date } = {}) {
  const log: { code: string; version: number }[] = [];
  const products = new Map<string, StandInProduct>();
  const pictures = new Map<string, { type: string; content: Buffer }>();
  const levels: { skuCode: string; unit: string | null; onHand: number }[] = [];
  const told: Record<string, unknown>[] = [];
  const facts: ToldFact[] = [];
  const requests: { method: string; path: string }[] = [];
  const bad: { on: RegExp; how: Misbehaviour; times: number }[] = [];
  const nonces = new Set<string>();
  let version = 0;
  let ordersThrough = 0;
  let tries = 0;

  function fault(req: IncomingMessage, body: string): string | undefined {
    const { 'walnut-key': key, 'walnut-timestamp': at, 'walnut-nonce': nonce, 'walnut-signature': given } = req.headers;
    if (key !== MALL_KEY || typeof at !== 'string' || typeof nonce !== 'string' || typeof given !== 'string')
      return 'unsigned';
    const seconds = (options.now?.() ?? new Date()).getTime() / 1_000;
    if (Math.abs(seconds - Number(at)) > CLOCK_SECONDS) return 'old';
    if (nonces.has(nonce)) return 'replayed';
    nonces.add(nonce);
    const digest = createHash('sha256').update(body, 'utf8').digest('hex');
    const text = ['walnut-mall-v1', req.method, req.url, at, nonce, digest].join('\n');
    const wanted = createHmac('sha256', MALL_SECRET).update(text, 'utf8').digest();
    const got = Buffer.from(given, 'base64');
    return got.length === wanted.length && timingSafeEqual(got, wanted) ? undefined : 'forged';
  }

  function answer(req: IncomingMessage, body: string): { status: number; json?: Record<string, unknown> } {
    const url = new URL(req.url ?? '/', 'http://mall');
    const from = Number(url.searchParams.get('cursor') ?? '0');
    if (url.pathname === '/api/products') {
      const page = log.slice(from, from + PAGE);
      const items = page.map(({ code, version: at }) => ({ ...products.get(code), version: at }));
      const next = from + page.length;
      return { status: 200, json: { products: items, cursor: String(next), more: next < log.length } };
    }
    if (url.pathname === '/api/stock' && req.method === 'GET')
      return { status: 200, json: { stock: levels, cursor: null, more: false, ordersThrough } };
    if (url.pathname === '/api/stock' && req.method === 'PUT') {
      told.push(...(JSON.parse(body) as { levels: Record<string, unknown>[] }).levels);
      return { status: 204 };
    }
    if (url.pathname === '/api/orders' && req.method === 'POST') {
      const fact = JSON.parse(body) as ToldFact;
      tries += 1;
      if (req.headers['idempotency-key'] !== fact.id) return { status: 400 };
      if (facts.some(({ id }) => id === fact.id)) return { status: 200, json: {} };
      facts.push(fact);
      return { status: 201, json: {} };
    }
    return { status: 404 };
  }

  function send(res: ServerResponse, { status, json }: ReturnType<typeof answer>): void {
    const text = json ? JSON.stringify(json) : '';
    res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
  }

  const server = createServer(async (req, res) => {
    let body = '';
    for await (const part of req) body += String(part);
    const path = req.url ?? '/';
    requests.push({ method: req.method ?? '', path });
    const picture = pictures.get(path);
    const named = bad.find(({ on, times }) => times > 0 && on.test(`${req.method} ${path}`));
    if (!picture) {
      const why = fault(req, body);
      if (why) return void send(res, { status: 401, json: { why } });
    }
    if (!named) {
      if (picture) return void res.writeHead(200, { 'content-type': picture.type }).end(picture.content);
      return void send(res, answer(req, body));
    }
    named.times -= 1;
    const { how } = named;
    switch (how.kind) {
      case 'status': {
        const wish = how.retryAfter === undefined ? {} : { 'retry-after': String(how.retryAfter) };
        return void res.writeHead(how.status, wish).end();
      }
      case 'silent':
        return;
      case 'truncated': {
        const text = JSON.stringify(answer(req, body).json ?? {});
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length + 50 });
        return void res.write(text, () => res.destroy());
      }
      case 'half-json': {
        const text = JSON.stringify(answer(req, body).json ?? {});
        return void res.writeHead(200).end(text.slice(0, Math.floor(text.length / 2)));
      }
      case 'not-json':
        return void res
          .writeHead(200, { 'content-type': 'text/html' })
          .end('<html>Sign in to the hotel’s network</html>');
      case 'huge': {
        res.writeHead(200);
        const part = Buffer.alloc(1024 * 1024, 0x20);
        for (let sent = 0; sent < 6 && !res.destroyed; sent += 1) res.write(part);
        return void res.end('{}');
      }
      case 'redirect':
        return void res.writeHead(302, { location: how.to }).end();
      case 'page-again': {
        const url = new URL(path, 'http://mall');
        const from = Math.max(0, Number(url.searchParams.get('cursor') ?? '0') - PAGE);
        const again = answer({ ...req, url: `/api/products?cursor=${from}`, method: 'GET' } as IncomingMessage, '');
        const real = answer(req, body);
        return void send(res, { status: 200, json: { ...again.json, cursor: real.json?.cursor, more: true } });
      }
      case 'cursor-back':
        return void send(res, { status: 200, json: { ...answer(req, body).json, cursor: '0', more: true } });
      case 'done-then-cut':
        answer(req, body);
        return void res.destroy();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    origin,
    url: `${origin}/api`,
    requests,
    told,
    facts,
    /** How often orders were brought, repetitions among them. */
    tries: () => tries,
    /** A product as it is from now on; it comes again in the feed. */
    put(product: StandInProduct): void {
      version += 1;
      products.set(product.code, product);
      log.push({ code: product.code, version });
    },
    picture(path: string, content: Buffer, type = 'image/png'): string {
      pictures.set(path, { type, content });
      return `${origin}${path}`;
    },
    setStock(next: { skuCode: string; unit?: string | null; onHand: number }[], through: number): void {
      levels.splice(0, levels.length, ...next.map((level) => ({ unit: null, ...level })));
      ordersThrough = through;
    },
    misbehave(on: RegExp, how: Misbehaviour, times = 1): void {
      bad.push({ on, how, times });
    },
    behave(): void {
      bad.length = 0;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
export type MallStandIn = Awaited<ReturnType<typeof startMallStandIn>>;
