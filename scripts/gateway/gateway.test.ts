import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request as rawRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { Server as SocketServer } from 'socket.io';
import { io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { builtApps, embedFiles } from './apps.ts';
import { createGateway } from './gateway.ts';

let root: string;
const open: Server[] = [];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'walnut-live-gateway-'));
  for (const app of ['player', 'broadcaster', 'console']) {
    mkdirSync(join(root, app, 'dist/assets'), { recursive: true });
    writeFileSync(join(root, app, 'dist/index.html'), `<title>${app}</title>`);
    writeFileSync(join(root, app, 'dist/assets/index-AbCd1234.js'), 'export {};');
    writeFileSync(join(root, app, 'dist/assets/index-AbCd1234.js.br'), brotliCompressSync('export {};'));
  }
  mkdirSync(join(root, 'live-client/dist/embed/v1'), { recursive: true });
  writeFileSync(join(root, 'live-client/dist/embed/v1/walnut-live.js'), 'void 0;');
  writeFileSync(join(root, 'live-client/dist/embed/v1/walnut-live.js.br'), brotliCompressSync('void 0;'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

async function listen(server: Server): Promise<string> {
  open.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const echo = (name: string) =>
  createServer((request, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ name, url: request.url, headers: request.headers }));
  });

async function gatewayTo(api: string, media: string): Promise<string> {
  return listen(createGateway({ backends: { api, media }, apps: builtApps(root), embed: embedFiles(root) }));
}

const NOBODY = 'http://127.0.0.1:9'; // the discard port: nothing listens there

interface Echo {
  name: string;
  url: string;
  headers: Record<string, string>;
}
const json = async (url: string, init?: RequestInit) => (await (await fetch(url, init)).json()) as Echo;

test('sends each path to its backend', async () => {
  const origin = await gatewayTo(await listen(echo('api')), await listen(echo('media')));
  expect(await json(`${origin}/api/v1/rooms?a=1`)).toMatchObject({ name: 'api', url: '/api/v1/rooms?a=1' });
  expect(await json(`${origin}/hls/x/master.m3u8`)).toMatchObject({ name: 'media', url: '/hls/x/master.m3u8' });
  expect(await json(`${origin}/media/socket.io/?EIO=4`)).toMatchObject({ name: 'media', url: '/socket.io/?EIO=4' });
});

test('says who really asks, whatever the caller claims', async () => {
  const origin = await gatewayTo(await listen(echo('api')), NOBODY);
  const { headers } = await json(`${origin}/api/x`, {
    headers: {
      'X-Forwarded-For': '1.2.3.4',
      'X-Forwarded-Proto': 'https',
      'X-Real-IP': '1.2.3.4',
      Forwarded: 'for=1.2.3.4',
    },
  });
  expect(headers['x-forwarded-for']).toBe('127.0.0.1');
  expect(headers['x-forwarded-proto']).toBe('http');
  expect(headers['x-forwarded-host']).toBe(new URL(origin).host);
  expect(headers['x-real-ip']).toBeUndefined();
  expect(headers.forwarded).toBeUndefined();
});

test('answers a problem while a backend is away, and passes again when it is back', async () => {
  const backend = echo('api');
  const address = await listen(backend);
  const origin = await gatewayTo(address, NOBODY);
  expect((await fetch(`${origin}/api/x`)).status).toBe(200);
  backend.closeAllConnections();
  await new Promise((done) => backend.close(done));
  open.splice(open.indexOf(backend), 1);
  const away = await fetch(`${origin}/api/x`, { method: 'POST', body: 'x'.repeat(100_000) });
  expect(away.status).toBe(502);
  expect(away.headers.get('content-type')).toBe('application/problem+json');
  expect(away.headers.get('retry-after')).toBe('1');
  expect(await away.json()).toMatchObject({ status: 502, code: 'unavailable', retryAfterSeconds: 1 });
  expect((await fetch(`${origin}/api/x`, { signal: AbortSignal.timeout(2_000) })).status).toBe(502);
  const again = echo('api');
  open.push(again);
  await new Promise<void>((done) => again.listen(Number(new URL(address).port), '127.0.0.1', done));
  expect((await fetch(`${origin}/api/x`)).status).toBe(200);
});

test('repeats a read whose kept connection ended just as it was used again', async () => {
  let connections = 0;
  const backend = createServer();
  backend.on('connection', (socket) => {
    connections += 1;
    let asked = 0;
    backend.on('request', (request, response) => {
      if (request.socket !== socket) return;
      asked += 1;
      if (asked === 1) response.end('{}');
      else socket.resetAndDestroy();
    });
  });
  const origin = await gatewayTo(await listen(backend), NOBODY);
  const statuses: number[] = [];
  for (const method of ['GET', 'GET', 'POST', 'POST']) {
    const answer = await fetch(`${origin}/api/x`, { method });
    await answer.text();
    statuses.push(answer.status);
  }
  expect(statuses).toEqual([200, 200, 200, 502]); // a write is not repeated: it may have been carried out
  expect(connections).toBe(3);
});

test('serves pages, their fallback and their headers', async () => {
  const origin = await gatewayTo(NOBODY, NOBODY);
  for (const [path, title] of [
    ['/', 'player'],
    ['/rooms/1', 'player'],
    ['/studio/', 'broadcaster'],
    ['/studio/rooms/1?x=1', 'broadcaster'],
    ['/console/reports', 'console'],
  ] as const) {
    const page = await fetch(origin + path);
    expect([path, page.status, await page.text()]).toEqual([path, 200, `<title>${title}</title>`]);
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
    expect(page.headers.get('content-security-policy')).toContain(`ws://${new URL(origin).host}`);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  }
  expect((await fetch(`${origin}/studio`, { redirect: 'manual' })).headers.get('location')).toBe('/studio/');
  expect((await fetch(`${origin}/`, { method: 'POST' })).status).toBe(405);
});

test('serves hashed files for a year, compressed, and does not invent missing ones', async () => {
  const origin = await gatewayTo(NOBODY, NOBODY);
  for (const base of ['/', '/studio/', '/console/']) {
    const asset = await fetch(`${origin}${base}assets/index-AbCd1234.js`, { headers: { 'Accept-Encoding': 'br' } });
    expect(await asset.text()).toBe('export {};');
    expect(asset.headers.get('content-encoding')).toBe('br');
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await fetch(`${origin}${base}assets/index-00000000.js`)).status).toBe(404);
  }
  for (const path of ['/%2e%2e/%2e%2e/package.json', '/assets/..%2f..%2fpackage.json']) {
    expect(await (await fetch(origin + path)).text()).not.toContain('walnut-live');
  }
});

test('carries websockets, rewritten for the media server', async () => {
  const media = createServer();
  const sockets = new SocketServer(media);
  sockets.on('connection', (socket) => socket.on('ping!', (answer: (text: string) => void) => answer('pong')));
  const origin = await gatewayTo(NOBODY, await listen(media));
  const client = io(origin, { path: '/media/socket.io', transports: ['websocket'], forceNew: true });
  expect(await client.timeout(5_000).emitWithAck('ping!')).toBe('pong');
  client.close();
  await sockets.close();
  open.splice(open.indexOf(media), 1);
});

test('does not leave a websocket hanging while the backend is away or where there is none', async () => {
  const origin = await gatewayTo(NOBODY, NOBODY);
  const upgrade = (path: string) =>
    new Promise<number | 'closed'>((resolve) => {
      const asked = rawRequest(origin + path, {
        headers: {
          Connection: 'Upgrade',
          Upgrade: 'websocket',
          'Sec-WebSocket-Version': '13',
          'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        },
      });
      asked.once('response', (response: IncomingMessage) => resolve(response.statusCode ?? 0));
      asked.once('error', () => resolve('closed'));
      asked.end();
    });
  expect(await upgrade('/socket.io/?EIO=4&transport=websocket')).toBe('closed');
  expect(await upgrade('/rooms/1')).toBe(404);
});

test('the file for other sites: for everybody, kept for a day, asked for again by its ETag; nothing else is there', async () => {
  const origin = await gatewayTo(NOBODY, NOBODY);
  const path = `${origin}/embed/v1/walnut-live.js`;
  const file = await fetch(path, { headers: { origin: 'https://www.brand.example', 'Accept-Encoding': 'br' } });
  expect([file.status, await file.text()]).toEqual([200, 'void 0;']);
  expect(Object.fromEntries(file.headers)).toMatchObject({
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'cache-control': 'public, max-age=86400, stale-while-revalidate=604800',
    'content-encoding': 'br',
    'x-content-type-options': 'nosniff',
    vary: 'Accept-Encoding',
  });
  expect(file.headers.get('content-type')).toContain('javascript');
  const again = await fetch(path, {
    headers: { 'If-None-Match': file.headers.get('etag') ?? '', 'Accept-Encoding': 'br' },
  });
  expect(again.status).toBe(304);
  for (const other of ['/embed/', '/embed/v1/', '/embed/v2/walnut-live.js', '/embed/..%2f..%2fpackage.json'])
    expect([other, (await fetch(origin + other)).status]).toEqual([other, 404]);
  expect((await fetch(path, { method: 'POST' })).status).toBe(405);
  const page = await fetch(`${origin}/`);
  expect(page.headers.get('access-control-allow-origin')).toBeNull();
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
});
