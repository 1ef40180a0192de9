/** What pages of other sites get from the api, on real HTTP: those the brand has named, and everybody else's. */
import { request } from 'node:http';
import {
  getBag,
  guestSignIn,
  joinRoom,
  me,
  type Route,
  routes,
  sandboxSignIn,
  staffSignIn,
} from '@walnut-live/contracts';
import { io } from 'socket.io-client';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { EMBEDDED_ROUTES } from './platform/embedding.policy.ts';
import { type Brand, seedBrand } from './testing/fixtures.ts';
import { startTestApi, type TestApi } from './testing/test-api.ts';

const ALLOWED = 'https://www.brand.example';
const OTHER = 'https://elsewhere.example';
const ID = '01890000-0000-7000-8000-000000000001';
const PATH_OF = ({ base, path }: Route) => (base ?? '/api/v1') + path.replaceAll(/:\w+/g, ID);

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi({ EMBED_ORIGINS: `${ALLOWED}, http://localhost:3000/` });
  brand = await seedBrand(api);
  return () => api[Symbol.asyncDispose]();
});

/** By hand: fetch of Node would not send an origin of our choice. */
function ask(method: string, path: string, headers: Record<string, string>, body?: string) {
  return new Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: string }>(
    (resolve, reject) => {
      const asked = request(api.url + path, { method, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
      });
      asked.on('error', reject);
      asked.end(body);
    },
  );
}
const preflight = (origin: string, route: Route) =>
  ask('OPTIONS', PATH_OF(route), {
    origin,
    'access-control-request-method': route.method,
    'access-control-request-headers': 'authorization,content-type,x-walnut-client',
  });
const corsOf = (headers: Record<string, unknown>) =>
  Object.keys(headers).filter((name) => name.startsWith('access-control'));
const post = (path: string, origin: string, more: Record<string, string> = {}, body = '{}') =>
  ask('POST', path, { origin, 'content-type': 'application/json', 'x-walnut-client': 'web', ...more }, body);

test('every route of the contracts: a named site passes the preflight of what a guest needs and of nothing else', async () => {
  const open = new Set(EMBEDDED_ROUTES.map(({ id }) => id));
  const wrong: string[] = [];
  for (const route of routes) {
    const { status, headers } = await preflight(ALLOWED, route);
    const passes = status === 204 && headers['access-control-allow-origin'] === ALLOWED;
    if (passes !== open.has(route.id)) wrong.push(`${route.id}: ${status} ${corsOf(headers)}`);
    if (!open.has(route.id) && corsOf(headers).length > 0) wrong.push(`${route.id}: ${corsOf(headers)}`);
    if (passes && headers['access-control-allow-methods'] !== route.method) wrong.push(`${route.id}: methods`);
    if ('access-control-allow-credentials' in headers) wrong.push(`${route.id}: credentials`);
  }
  expect(wrong).toEqual([]);
  for (const route of EMBEDDED_ROUTES) expect(corsOf((await preflight(OTHER, route)).headers)).toEqual([]);
});

test('the routes themselves answer other sites without CORS headers, staff and money routes everybody', async () => {
  const bag = PATH_OF(getBag).replace(ID, brand.rooms.a.id);
  const read = await ask('GET', bag, { origin: ALLOWED });
  expect(read).toMatchObject({
    status: 200,
    headers: { 'access-control-allow-origin': ALLOWED, vary: expect.stringContaining('Origin') },
  });
  expect(read.headers['access-control-expose-headers']).toContain('Date');
  const foreign = await ask('GET', bag, { origin: OTHER });
  expect([foreign.status, corsOf(foreign.headers)]).toEqual([200, []]);
  expect(foreign.headers.vary).toContain('Origin'); // a cache must not hand one's answer to the other
  const picture = await ask('GET', '/pictures/brand-mark.svg', { origin: ALLOWED });
  expect(picture.headers['access-control-allow-origin']).toBe(ALLOWED);
  for (const route of routes.filter(
    ({ id, method }) => method === 'GET' && !EMBEDDED_ROUTES.some((one) => one.id === id),
  ))
    expect([route.id, corsOf((await ask('GET', PATH_OF(route), { origin: ALLOWED })).headers)]).toEqual([route.id, []]);
  // Refusals can be read too, else a page could not say what is wrong.
  const refused = await post(PATH_OF(joinRoom), ALLOWED);
  expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, ALLOWED]);
});

describe('the guest of an embedded page', () => {
  const path = PATH_OF(guestSignIn);
  const guestOf = async (body: object, origin = ALLOWED, more: Record<string, string> = {}) => {
    const answer = await post(path, origin, more, JSON.stringify(body));
    return { ...answer, session: JSON.parse(answer.body) };
  };

  test('A7, Z8: is the same one after a reload, a night and a restart of api; no cookie is needed', async () => {
    const first = await guestOf({});
    expect([first.status, first.session.me.kind]).toEqual([200, 'guest']);
    expect([first.headers['set-cookie'], first.headers['cache-control']]).toEqual([undefined, 'no-store']);
    const enter = async (accessToken: string) => {
      const { roomToken } = await api.ok(joinRoom, { params: { id: brand.rooms.b.id }, body: {}, token: accessToken });
      const socket = io(`${api.url}/room`, {
        ...{ auth: { token: roomToken, roomId: brand.rooms.b.id }, transports: ['websocket'] },
        ...{ reconnection: false, forceNew: true, extraHeaders: { origin: ALLOWED } },
      });
      await new Promise((resolve, reject) => socket.on('connect', () => resolve(0)).on('connect_error', reject));
      return socket;
    };
    const visits = async () => {
      const { sql } = api.api.platform.db;
      const rows = await sql<{ total: number; people: number }>`SELECT viewers_total AS total,
        (SELECT count(*)::int FROM room_visits WHERE room_id = rooms.id) AS people FROM rooms WHERE id = ${brand.rooms.b.id}`;
      return rows[0];
    };
    let { guestToken } = first.session as { guestToken: string };
    let { accessToken } = first.session as { accessToken: string };
    for (const seconds of [0, 1_200, 12 * 3_600, 80 * 86_400, 80 * 86_400]) {
      api.clock.advanceSeconds(seconds);
      if (seconds > 0) {
        const again = (await guestOf({ guestToken })).session;
        expect(again.me).toEqual(first.session.me);
        ({ guestToken, accessToken } = again); // its life begins anew
      }
      const socket = await enter(accessToken);
      await expect.poll(visits, { timeout: 10_000 }).toEqual({ total: 1, people: 1 });
      socket.close();
    }
    api.clock.advanceSeconds(91 * 86_400);
    expect((await guestOf({ guestToken })).session.me.id).not.toBe(first.session.me.id);
  });

  test('its token is good for its own site, by its own route, while the brand names that site; for nothing else', async () => {
    const { guestToken, accessToken, me: guest } = (await guestOf({})).session;
    const others = [
      await guestOf({ guestToken }, 'http://localhost:3000'),
      await guestOf({ guestToken: `${guestToken.slice(0, -2)}xx` }),
      await guestOf({ guestToken: accessToken }),
      await guestOf({ guestToken: 'no.token.ofours' }),
      // A guest's short token makes no lasting one.
      await guestOf({}, ALLOWED, { authorization: `Bearer ${accessToken}` }),
    ];
    for (const { status, session } of others)
      expect([status, session.me.kind, session.me.id === guest.id]).toEqual([200, 'guest', false]);
    const odd = await guestOf({ guestToken: `${guestToken}?` });
    expect([odd.status, odd.body.includes(guestToken)]).toEqual([400, false]);
    expect((await guestOf({ guestToken }, OTHER)).status).toBe(403);
    const own = await api.call(guestSignIn, { body: { guestToken } });
    expect([own.body.me.id === guest.id, own.body.guestToken]).toEqual([false, undefined]);
    const cookie = await api.call(guestSignIn, { body: {}, headers: { cookie: `wl_visitor=${guestToken}` } });
    expect(cookie.body.me.id).not.toBe(guest.id);
    expect((await api.call(me, { token: guestToken })).problem.code).toBe('session_expired');
    await using narrower = await startTestApi({ EMBED_ORIGINS: 'http://localhost:3000' });
    const refused = await fetch(narrower.url + path, {
      ...{ method: 'POST', headers: { origin: ALLOWED, 'content-type': 'application/json' } },
      body: JSON.stringify({ guestToken }),
    });
    expect(refused.status).toBe(403);
  });

  test('a visitor cookie’s token is no guest token: who reads one cannot be the other', async () => {
    const own = await api.call(guestSignIn, { body: {} });
    const visitor = /wl_visitor=([^;]+)/.exec(own.headers.getSetCookie().join('\n'))?.[1];
    expect((await guestOf({ guestToken: visitor })).session.me.id).not.toBe(own.body.me.id);
  });

  test('is revoked by closing the guest, and names nobody who has become a person', async () => {
    const { sql } = api.api.platform.db;
    const closed = (await guestOf({})).session;
    await sql`UPDATE people SET active = false WHERE id = ${closed.me.id}`;
    const become = (await guestOf({})).session;
    const person = await api.call(sandboxSignIn, { body: { phone: '13800000079' }, token: become.accessToken });
    expect(person.body.me).toMatchObject({ id: become.me.id, kind: 'consumer' });
    const merged = (await guestOf({})).session;
    await api.call(sandboxSignIn, { body: { phone: '13800000079' }, token: merged.accessToken });
    for (const { guestToken, me: before } of [closed, become, merged]) {
      const after = (await guestOf({ guestToken })).session.me;
      expect([after.kind, after.id === before.id, after.id === person.body.me.id]).toEqual(['guest', false, false]);
    }
  });

  test('is never who this browser is to us: cookies and tokens of consumers and staff give a new guest', async () => {
    const signedIn = await fetch(api.url + PATH_OF(sandboxSignIn), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ phone: '13800000077' }),
    });
    const cookie = signedIn.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    expect(cookie).toContain('wl_consumer=');
    const { accessToken, me: consumer } = (await signedIn.json()) as { accessToken: string; me: { id: string } };
    const byCookie = await post(path, ALLOWED, { cookie });
    expect(byCookie.headers['set-cookie']).toBeUndefined();
    const byToken = await guestOf({ guestToken: accessToken }, ALLOWED, { authorization: `Bearer ${accessToken}` });
    for (const guest of [JSON.parse(byCookie.body), byToken.session]) {
      expect(guest.me.kind).toBe('guest');
      expect(guest.me.id).not.toBe(consumer.id);
    }
    // The cookie was not used up either: its owner is still signed in.
    const own = await api.call(guestSignIn, { body: {}, headers: { cookie } });
    expect(own.body.me).toMatchObject({ kind: 'consumer', id: consumer.id });
  });

  test('may not become anybody: signing in from there is refused, as it is from any other site', async () => {
    for (const [route, body] of [
      [sandboxSignIn, { phone: '13800000078' }],
      [staffSignIn, { username: 'hq-operations', password: 'whatever it is' }],
    ] as const) {
      const answer = await post(PATH_OF(route), ALLOWED, {}, JSON.stringify(body));
      expect([answer.status, corsOf(answer.headers), answer.headers['set-cookie']]).toEqual([403, [], undefined]);
    }
    expect((await post(path, OTHER)).status).toBe(403);
    expect((await ask('GET', PATH_OF(me), { origin: ALLOWED })).headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('the room socket', () => {
  async function connect(origin: string | undefined, transport: 'websocket' | 'polling') {
    const guest = JSON.parse((await post(PATH_OF(guestSignIn), ALLOWED)).body);
    const joined = await api.ok(joinRoom, { params: { id: brand.rooms.a.id }, body: {}, token: guest.accessToken });
    const socket = io(`${api.url}/room`, {
      auth: { token: joined.roomToken, roomId: brand.rooms.a.id },
      transports: [transport],
      reconnection: false,
      forceNew: true,
      ...(origin ? { extraHeaders: { origin } } : {}),
    });
    const outcome = await new Promise<string>((resolve) => {
      socket.on('connect', () => resolve('connected'));
      socket.on('connect_error', () => resolve('refused'));
    });
    socket.close();
    return outcome;
  }

  test.each(['websocket', 'polling'] as const)(
    'by %s: named sites and our own pages come in, others do not',
    async (transport) => {
      expect(await connect(ALLOWED, transport)).toBe('connected');
      expect(await connect('http://localhost:3000', transport)).toBe('connected');
      expect(await connect(api.url, transport)).toBe('connected');
      expect(await connect(undefined, transport)).toBe('connected');
      expect(await connect(OTHER, transport)).toBe('refused');
      expect(await connect('null', transport)).toBe('refused');
    },
  );

  test('polling answers name the allowed site alone', async () => {
    const handshake = (origin: string) => ask('GET', '/socket.io/?EIO=4&transport=polling', { origin });
    const good = await handshake(ALLOWED);
    expect([good.status, good.headers['access-control-allow-origin']]).toEqual([200, ALLOWED]);
    expect(good.headers['access-control-allow-credentials']).toBeUndefined();
    const bad = await handshake(OTHER);
    expect([bad.status, bad.headers['access-control-allow-origin']]).toEqual([403, undefined]);
  });
});

describe('our own pages by another name', () => {
  const ALIAS = 'https://m.brand.example';
  const socketOf = (at: TestApi, origin: string, host?: string) =>
    new Promise<number>((resolve, reject) => {
      // As a browser that sends no Sec-Fetch-Site with WebSockets.
      const asked = request(`${at.url}/socket.io/?EIO=4&transport=websocket`, {
        headers: {
          ...{ origin, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
          ...{ 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', ...(host ? { host } : {}) },
        },
      });
      asked.on('upgrade', (answer, socket) => {
        socket.destroy();
        resolve(answer.statusCode ?? 0);
      });
      asked.on('response', (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      asked.on('error', reject);
      asked.end();
    });
  const guestFrom = (at: TestApi, origin: string, host?: string) =>
    new Promise<{ status: number; cookies: string[] }>((resolve, reject) => {
      const headers = { origin, 'content-type': 'application/json', ...(host ? { host } : {}) };
      const asked = request(at.url + PATH_OF(guestSignIn), { method: 'POST', headers }, (answer) => {
        answer.resume();
        resolve({ status: answer.statusCode ?? 0, cookies: answer.headers['set-cookie'] ?? [] });
      });
      asked.on('error', reject);
      asked.end('{}');
    });
  const isPerson = { status: 200, cookies: [expect.stringContaining('wl_visitor=')] };

  test('OWN_ORIGINS names it, whatever name a proxy asks api for: sockets open, guests have their cookie', async () => {
    await using named = await startTestApi({ OWN_ORIGINS: ALIAS, EMBED_ORIGINS: `${ALLOWED},${ALIAS}` });
    expect(await socketOf(named, ALIAS)).toBe(101);
    expect(await socketOf(named, OTHER)).toBe(400);
    expect(await guestFrom(named, ALIAS)).toEqual(isPerson);
    expect(await guestFrom(named, OTHER)).toEqual({ status: 403, cookies: [] });
    expect(await guestFrom(named, ALLOWED)).toEqual({ status: 200, cookies: [] });
    await using silent = await startTestApi();
    expect(await socketOf(silent, ALIAS)).toBe(400);
  });

  test('by whose name api is asked it needs no list, and one in EMBED_ORIGINS makes it no page of others', async () => {
    await using wrong = await startTestApi({ EMBED_ORIGINS: ALIAS });
    expect(await guestFrom(wrong, ALIAS, 'm.brand.example')).toEqual(isPerson);
    expect(await guestFrom(wrong, OTHER, 'm.brand.example')).toEqual({ status: 403, cookies: [] });
    expect(await socketOf(wrong, ALIAS, 'm.brand.example')).toBe(101);
  });
});

test('every page can tell whether the product is there at all', async () => {
  const there = await ask('GET', '/healthz', { origin: OTHER });
  expect([there.status, there.headers['access-control-allow-origin'], there.body]).toEqual([200, '*', '{"ok":true}']);
});

test('by default nobody may embed', async () => {
  await using closed = await startTestApi();
  const answer = await fetch(closed.url + PATH_OF(guestSignIn), {
    method: 'OPTIONS',
    headers: { origin: ALLOWED, 'access-control-request-method': 'POST' },
  });
  expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
});

test.each(['EMBED_ORIGINS', 'OWN_ORIGINS'] as const)('%s takes origins alone', (key) => {
  const needed = {
    DATABASE_URL: 'postgresql://a:b@127.0.0.1/c',
    ...Object.fromEntries(
      ['AUTH_SECRET', 'MEDIA_TOKEN_SECRET', 'SHARE_SECRET', 'SANDBOX_PAYMENT_SECRET', 'CONTROL_TOKEN'].map((key) => [
        key,
        'x'.repeat(32),
      ]),
    ),
  };
  const read = (list: string) => loadConfig({ ...needed, [key]: list })[key];
  expect(read('')).toEqual([]);
  expect(read(' https://a.example/ ,http://b.example:8080,https://a.example')).toEqual([
    'https://a.example',
    'http://b.example:8080',
  ]);
  for (const wrong of [
    '*',
    'a.example',
    'https://a.example/shop',
    'https://*.a.example',
    'HTTPS://A.example',
    'null',
    'file:///x',
  ])
    expect(() => read(wrong)).toThrow(new RegExp(key));
});
