/** Starts a real media server and real pages for the tests in this folder. */
import { randomUUID } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { MediaTokenClaims } from '@walnut-live/contracts';
import { SignJWT } from 'jose';
import type { Browser, Page } from 'playwright-core';
import { blockWebRtc, dropFrames } from '../../e2e/kit/block-webrtc.ts';
import { type ChromiumOptions, launchChromium } from '../../e2e/kit/chromium.ts';
import type { MediaPageApi } from '../../e2e/kit/media-page-api.ts';
import { serveTestPage } from '../../e2e/kit/test-page.ts';
import { readConfig } from '../src/config.ts';
import { createMediaServer, type MediaServer, type MediaServerTuning } from '../src/media-server.ts';

export const SECRET = 'test-secret-of-media-tokens';
export const CONTROL = 'test-token-of-the-control-api';

/** A server's ports reach so far from its base; see engine/ports.ts. */
const PORTS_PER_SERVER = 2_000;
/** Below the ports that the kernel gives to clients; test files that run at the same time use different halves. */
const FIRST_PORT = 12_000;
const SERVERS_PER_HALF = 5;
const half = Number(process.env.VITEST_POOL_ID ?? 1) % 2;
let given = 0;

/** A base whose first ports are free for TCP. The servers of a file take turns, so that a living one keeps its ports. */
export async function freePortBase(): Promise<number> {
  for (;;) {
    const slot = half * SERVERS_PER_HALF + (given % SERVERS_PER_HALF);
    given += 1;
    const base = FIRST_PORT + slot * PORTS_PER_SERVER;
    const free = await Promise.all([base, base + 1].map(isTcpPortFree));
    if (free.every(Boolean)) return base;
  }
}

function isTcpPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

export async function startServer(
  environment: Record<string, string> = {},
  tuning: MediaServerTuning = {},
): Promise<MediaServer> {
  const config = readConfig({
    PORT: '0',
    WORKERS: '2',
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
    MEDIA_TOKEN_SECRET: SECRET,
    CONTROL_TOKEN: CONTROL,
    RTC_PORT_BASE: String(await freePortBase()),
    MEDIASOUP_WORKER_BIN: process.env.MEDIASOUP_WORKER_BIN,
    ...environment,
  });
  return createMediaServer(config, tuning);
}

/** A media token like the ones api issues; every claim can be bent. */
export function mintToken(claims: Partial<MediaTokenClaims> = {}, secret = SECRET): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return new SignJWT({
    sub: `person-${randomUUID()}`,
    streamId: 'stream-a',
    right: 'watch',
    jti: randomUUID(),
    iat: nowSeconds,
    exp: nowSeconds + 60,
    ...claims,
  })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret));
}

export function control(server: MediaServer, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${server.url}/control${path}`, {
    method,
    headers: { authorization: `Bearer ${CONTROL}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** Waits for a condition; the time-out says what was seen last. */
export async function until<T>(
  what: string,
  read: () => T | Promise<T>,
  accept: (value: T) => boolean = Boolean,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms, last ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The API of media-page.ts, called across the process border: everything becomes a promise. */
export type RemotePage = {
  [Name in keyof MediaPageApi]: (
    ...args: Parameters<MediaPageApi[Name]>
  ) => Promise<Awaited<ReturnType<MediaPageApi[Name]>>>;
} & { page: Page };

export interface Stage {
  /** A fresh page of its own person. */
  open(options?: {
    personId?: string;
    /** No media gets through to this page; see block-webrtc.ts. */
    webRtcBlocked?: boolean;
    /** WebRTC connects, and its frames are lost on their way to the decoder. */
    framesDropped?: boolean;
    /**
     * Runs before the page is opened and gives it `mintToken`; then nothing is evaluated in the page and no function is
     * exposed to it, because playwright does both as if a person had touched it.
     */
    untouched?: (page: Page) => Promise<void>;
    mint?: (right: 'publish' | 'watch', streamId: string) => Promise<string | { token: string; url: string }>;
  }): Promise<RemotePage>;
  browser: Browser;
  close(): Promise<void>;
}

/** One Chromium and the bundled test page (or another one of e2e/kit that imports it). */
export async function openStage(chromium: ChromiumOptions = {}, entry = 'media-page.ts'): Promise<Stage> {
  const [site, browser] = await Promise.all([
    serveTestPage(fileURLToPath(new URL(`../../e2e/kit/${entry}`, import.meta.url))),
    launchChromium(chromium),
  ]);
  return {
    browser,
    async open({
      personId = `person-${randomUUID()}`,
      mint,
      untouched,
      webRtcBlocked = false,
      framesDropped = false,
    } = {}) {
      const context = await browser.newContext();
      const page = await context.newPage();
      page.on('pageerror', (error) => process.stderr.write(`page error: ${error.message}\n`));
      const give =
        mint ?? ((right: 'publish' | 'watch', streamId: string) => mintToken({ sub: personId, right, streamId }));
      if (untouched) await untouched(page);
      else await page.exposeFunction('mintToken', give);
      if (webRtcBlocked) await blockWebRtc(page);
      if (framesDropped) await dropFrames(page);
      await page.goto(site.url);
      if (!untouched) await page.waitForFunction('Boolean(window.mediaPage)');
      return new Proxy({ page } as RemotePage, {
        get(target, name: string) {
          if (name === 'page') return target.page;
          if (name === 'then') return undefined; // it is not a promise
          return (...args: unknown[]) => page.evaluate(`window.mediaPage.${name}(...${JSON.stringify(args)})`);
        },
      });
    },
    async close() {
      await browser.close();
      await site.close();
    },
  };
}

export interface CuttableProxy {
  url: string;
  /** Breaks every connection that is open now; new ones are accepted. */
  cut(): number;
  /** Says nothing more on the connections that are open now and does not close them, like a phone without network. */
  freeze(): void;
  /** From the server to all clients together; null = unlimited. */
  setRate(bitsPerSecond: number | null): void;
  close(): Promise<void>;
}

/** A TCP proxy in front of the server, to lose sockets without losing media. */
export async function startProxy(server: MediaServer): Promise<CuttableProxy> {
  const open = new Set<Socket>();
  const upstreams = new Set<Socket>();
  let bitsPerSecond: number | null = null;
  let freeAtMs = 0;
  /** One chunk after the other, through one narrow place. */
  function passThrough(upstream: Socket, client: Socket, chunk: Buffer): void {
    if (bitsPerSecond === null) return void client.write(chunk);
    freeAtMs = Math.max(Date.now(), freeAtMs) + (chunk.length * 8_000) / bitsPerSecond;
    upstream.pause();
    setTimeout(() => {
      client.write(chunk);
      upstream.resume();
    }, freeAtMs - Date.now());
  }
  const proxy = createServer((client) => {
    const upstream = connect(server.port, '127.0.0.1');
    open.add(client);
    upstreams.add(upstream);
    const end = (): void => {
      open.delete(client);
      upstreams.delete(upstream);
      client.destroy();
      upstream.destroy();
    };
    for (const side of [client, upstream]) side.on('close', end).on('error', end);
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => passThrough(upstream, client, chunk));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const cut = (): number => {
    const count = open.size;
    for (const socket of open) socket.destroy();
    return count;
  };
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    cut,
    freeze() {
      for (const socket of open) socket.unpipe();
      for (const upstream of upstreams) upstream.removeAllListeners('data').pause();
    },
    setRate(rate) {
      bitsPerSecond = rate;
    },
    close: () =>
      new Promise((resolve) => {
        proxy.close(() => resolve());
        cut();
      }),
  };
}
