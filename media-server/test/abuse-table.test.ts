/**
 * Who may ask a media server for what, by HTTP: everything that answers, by construction. A new route fails the first test until it
 * says here what opens it. The sockets are in signalling-table.test.ts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, test } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { CONTROL, SECRET, startServer } from './kit.ts';
import { makeOffer } from './sdp-kit.ts';
import { publishToken, watchToken } from './whip-kit.ts';
import { type Door, doors, hlsSession, media, nowSeconds, replay, replaySession } from './wrong-rights.ts';

let server: MediaServer;
let folder: string;
beforeAll(async () => {
  // What is ordered here of recordings is written.
  folder = await mkdtemp(join(tmpdir(), 'walnut-abuse-'));
  server = await startServer({ WORKERS: '1', OFFERS_PER_SECOND_PER_ADDRESS: '1000', DATA_DIR: folder });
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Row {
  /** open: tells nothing about anybody. secret address: who knows it may. no such method: a refusal for everybody. */
  opens: Door | 'open' | 'secret address' | 'no such method';
  /** Where the right is written; in the header unless said here. */
  query?: 'token' | 'session';
  body?: unknown;
}
const byControl: Row = { opens: 'control' };
const order = { version: 1, state: 'recording', spans: [{ streamId: 'here', fromMs: 0, toMs: null }] };
const inputs = ['here', 'there'].map((streamId) => ({ streamId, muted: false }));
const session = (prefix: string, opens: Door): Record<string, Row> => ({
  [`OPTIONS ${prefix}/:streamId`]: { opens: 'open' },
  [`HEAD ${prefix}/:streamId`]: { opens: 'open' },
  [`GET ${prefix}/:streamId`]: { opens: 'open' },
  [`POST ${prefix}/:streamId`]: { opens, body: makeOffer() },
  [`ALL ${prefix}/:streamId`]: { opens: 'no such method' },
  [`OPTIONS ${prefix}/:streamId/:session`]: { opens: 'open' },
  [`GET ${prefix}/:streamId/:session`]: { opens: 'secret address' },
  [`PATCH ${prefix}/:streamId/:session`]: { opens: 'secret address' },
  [`DELETE ${prefix}/:streamId/:session`]: { opens: 'secret address' },
  [`ALL ${prefix}/:streamId/:session`]: { opens: 'no such method' },
});
const rows: Record<string, Row> = {
  'GET /healthz': { opens: 'open' },
  'GET /readyz': { opens: 'open' },
  'GET /metrics': { opens: 'open' }, // of the inner network: no gateway leads there
  'GET /hls/:streamId/{*rest}': { opens: 'open' }, // says which host has the stream, and where it is here nothing
  'GET /hls/:streamId/master.m3u8': { opens: 'watch', query: 'token' },
  'GET /hls/:streamId/session': { opens: 'hls session', query: 'session' },
  'GET /hls/:streamId/media.m3u8': { opens: 'hls session', query: 'session' },
  'GET /hls/:streamId/:run/:file': { opens: 'secret address' },
  ...session('/whip', 'publish'),
  ...session('/whep', 'watch'),
  'GET /replay/:roomId/master.m3u8': { opens: 'replay to watch', query: 'token' },
  'GET /replay/:roomId/media.m3u8': { opens: 'replay session', query: 'session' },
  'GET /replay/:roomId/segments/:streamId/:run/:file': { opens: 'secret address' },
  'GET /replay/:roomId/video.mp4': { opens: 'replay to keep', query: 'token' },
  'PUT /control/recordings/:roomId': { opens: 'control', body: order },
  'PUT /control/recordings/:roomId/help': { opens: 'control', body: order },
  'PUT /control/recordings/:roomId/visibility': { opens: 'control', body: { hidden: true } },
  'GET /control/recordings/:roomId': byControl,
  'DELETE /control/recordings/:roomId': byControl,
  'POST /control/recordings/:roomId/files': { opens: 'control', body: { range: null } },
  'GET /control/streams': byControl,
  'GET /control/streams/:id': byControl,
  'GET /control/stream-details': byControl,
  'POST /control/streams/:id/rtp-ingest': byControl,
  'DELETE /control/streams/:id/rtp-ingest': byControl,
  'POST /control/streams/:id/close': byControl,
  'POST /control/revocations': { opens: 'control', body: { personId: 'everybody' } },
  'GET /control/cluster': byControl,
  'POST /control/drain': byControl,
  'PUT /control/…': { opens: 'control', body: { inputs, orientation: 'landscape' } },
  'GET /control/…': byControl,
  'DELETE /control/…': byControl,
};

const KNOWN: Record<string, string> = { run: '0123456789abcdef', file: 'init.mp4', session: 'made-up' };
const pathOf = (route: string) =>
  route
    .replace(/^\w+ /, '')
    .replace('/control/…', '/control/composites/here')
    .replace('{*rest}', 'anything')
    .replaceAll(/:(\w+)/g, (_, name: string) => KNOWN[name] ?? 'here');

function ask(route: string, { query, body }: Row, right: string | undefined, scheme = 'Bearer') {
  const [method = ''] = route.split(' ');
  const isSdp = typeof body === 'string';
  const asked = query && right !== undefined ? `?${query}=${encodeURIComponent(right)}` : '';
  return fetch(`${server.url}${pathOf(route)}${asked}`, {
    method: method === 'ALL' ? 'PUT' : method,
    redirect: 'manual',
    headers: {
      ...(!query && right !== undefined && { authorization: `${scheme} ${right}` }),
      ...(body !== undefined && { 'content-type': isSdp ? 'application/sdp' : 'application/json' }),
    },
    ...(body !== undefined && { body: isSdp ? body : JSON.stringify(body) }),
  });
}

it('has a row for everything that answers, and for nothing else', () => {
  expect([...new Set(server.surface.routes)].sort()).toEqual(Object.keys(rows).sort());
});

const guarded = Object.entries(rows).filter(([, { opens }]) => Object.hasOwn(doors, opens));
test.each(guarded)('%s opens by nothing that is for something else', async (route, row) => {
  for (const right of await doors[row.opens as Door]()) {
    const response = await ask(route, row, right);
    expect([401, 403], `${right} → ${response.status}`).toContain(response.status);
    expect(await response.text()).not.toContain('#EXTM3U');
  }
  // Nor by another scheme, nor from a place where rights are not looked for.
  if (!row.query) {
    const good = row.opens === 'control' ? CONTROL : row.opens === 'publish' ? await publishToken('here') : '';
    if (good) expect((await ask(route, row, good, 'Basic')).status).toBe(401);
    if (good) expect((await ask(route, { ...row, query: 'token' }, good)).status).toBe(401);
  }
});

test.each(Object.entries(rows).filter(([, { opens }]) => opens === 'secret address'))(
  '%s: nothing where nobody was told of it, and no way out of its folder',
  async (route, row) => {
    expect((await ask(route, row, undefined)).status).toBe(404);
    expect((await ask(route, row, await watchToken('here'))).status).toBe(404);
    const method = route.split(' ')[0] ?? '';
    for (const evil of [
      '..%2f..%2f..%2fetc%2fpasswd',
      '%2e%2e%2f',
      '..%5c..%5c',
      'init.mp4%00.m4s',
      '%00',
      '%E0%A4%A',
    ]) {
      const path = pathOf(route).replace(/[^/]+$/, evil);
      const { status } = await fetch(`${server.url}${path}`, { method, redirect: 'manual' });
      expect([400, 404], path).toContain(status);
    }
  },
);

test.each(Object.entries(rows).filter(([, { opens }]) => opens === 'no such method'))('%s', async (route, row) => {
  const response = await ask(route, row, await publishToken('here'));
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toContain('OPTIONS');
});

test.each(Object.entries(rows).filter(([, { opens }]) => opens === 'open'))(
  '%s tells no secret',
  async (route, row) => {
    const response = await ask(route, row, undefined);
    expect(response.status).toBeLessThan(500);
    const text = await response.text();
    for (const secret of [SECRET, CONTROL]) expect(text).not.toContain(secret);
    // A STUN or TURN password is for those who may come in.
    expect(response.headers.get('link')).toBeNull();
  },
);

it('gives a session of one person to nobody else, and not under another stream or the other protocol', async () => {
  const mine = await publishToken('mine', { sub: 'me' });
  const made = await ask(
    'POST /whip/:streamId'.replace(':streamId', 'mine'),
    { opens: 'publish', body: makeOffer() },
    mine,
  );
  expect(made.status).toBe(201);
  const { pathname } = new URL(made.headers.get('location') ?? '');
  const end = (path: string, token?: string) =>
    fetch(`${server.url}${path}`, {
      method: 'DELETE',
      ...(token && { headers: { authorization: `Bearer ${token}` } }),
    });
  expect((await end(pathname.replace('/whip/', '/whep/'))).status).toBe(404);
  expect((await end(pathname.replace('/mine/', '/here/'))).status).toBe(404);
  expect((await end(pathname, await publishToken('mine', { sub: 'another' }))).status).toBe(403);
  expect((await end(pathname, await watchToken('mine'))).status).toBe(403);
  expect((await end(pathname, mine)).status).toBe(200);
});

it('opens by what is for it, or the refusals above would prove nothing', async () => {
  const good: readonly (readonly [string, string])[] = [
    ['GET /hls/:streamId/master.m3u8', await media()],
    ['GET /hls/:streamId/session', await hlsSession()],
    ['POST /whep/:streamId', await media()],
    ['POST /whip/:streamId', await media({ right: 'publish-key', exp: nowSeconds() + 3_600 })],
    ['GET /replay/:roomId/master.m3u8', await replay({ exp: nowSeconds() + 60 })],
    ['GET /replay/:roomId/media.m3u8', await replaySession()],
    ['GET /replay/:roomId/video.mp4', await replay({ right: 'download' })],
    ...Object.keys(rows).flatMap((route) =>
      rows[route]?.opens === 'control' && !route.includes('drain') ? [[route, CONTROL] as const] : [],
    ),
  ];
  for (const [route, right] of good) {
    const { status } = await ask(route, rows[route] as Row, right);
    expect([401, 403, 405], `${route}: ${status}`).not.toContain(status);
    expect(status, route).toBeLessThan(500);
  }
  // Nobody was let into /control/drain above.
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});
