import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRoom, listRooms, type Me, me, myShares, payOrder, pinProduct, placeOrder } from '@walnut-live/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiError, createApi, createPendingActions, isDefinite, routeUrl } from './index.ts';

const ID = '01890000-0000-7000-8000-000000000001';
const guest: Me = { id: ID, kind: 'guest', name: '游客', phoneMasked: null, staff: null };
const consumer: Me = { ...guest, kind: 'consumer', name: '小桃', phoneMasked: '138****0001' };

type Seen = { method: string; url: string; token: string | null; headers: IncomingMessage['headers']; body: unknown };
type Answer = { status?: number; json?: unknown; text?: string; headers?: Record<string, string>; hang?: boolean };

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of undo.splice(0)) await close();
});

/** A real HTTP server whose answers the test decides. */
const serve = async (answer: (seen: Seen, all: Seen[]) => Answer | Promise<Answer>) => {
  const all: Seen[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const seen: Seen = {
      method: request.method ?? '',
      url: request.url ?? '',
      token: request.headers.authorization?.replace('Bearer ', '') ?? null,
      headers: request.headers,
      body: text ? JSON.parse(text) : undefined,
    };
    all.push(seen);
    const reply = await answer(seen, all);
    if (reply.hang) return;
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
    response.end(reply.text ?? (reply.json === undefined ? '' : JSON.stringify(reply.json)));
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  undo.push(close);
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, all, close };
};

const session = (accessToken: string, who: Me = guest, expiresInSeconds = 600) => ({
  json: { accessToken, expiresInSeconds, me: who },
});
const problem = (status: number, code: string, more: object = {}) => ({
  status,
  json: { type: 'about:blank', title: code, status, code, requestId: 'req-1', ...more },
});
const shares = { json: { visitors: 1, newCustomers: 0, orders: 0, gmvFen: 0, estimatedFen: 0, links: [] } };

describe('the browser’s own person', () => {
  it('says who they are by the cookie alone', async () => {
    let nowMs = 0;
    const { baseUrl, all } = await serve((seen) => (seen.url.endsWith('/auth/guest') ? session('t') : shares));
    const api = createApi({ baseUrl, audience: 'consumer', now: () => nowMs });
    await api.call(myShares);
    nowMs += 580_000;
    await api.call(myShares);
    const guests = all.filter(({ url }) => url.endsWith('/auth/guest'));
    expect(guests.map(({ token, body }) => [token, body])).toEqual([
      [null, {}],
      [null, {}],
    ]);
  });
});

describe('createApi', () => {
  it('makes a consumer without a session a guest once, however many calls wait for it', async () => {
    const { baseUrl, all } = await serve((seen) => (seen.url.endsWith('/auth/guest') ? session('t1') : shares));
    const people: (string | undefined)[] = [];
    const api = createApi({ baseUrl, audience: 'consumer', onSession: (who) => people.push(who?.kind) });
    await Promise.all([api.call(myShares), api.call(myShares), api.call(myShares)]);
    expect(all.filter((seen) => seen.url === '/api/v1/auth/guest')).toHaveLength(1);
    expect(all.filter((seen) => seen.url === '/api/v1/me/shares').map((seen) => seen.token)).toEqual([
      't1',
      't1',
      't1',
    ]);
    expect(people).toEqual(['guest']);
  });

  it('knows the time of a server whose clock differs from the device', async () => {
    const aheadMs = 3 * 3_600_000;
    const { baseUrl } = await serve(() => ({
      json: { items: [], nextCursor: null },
      headers: { date: new Date(Date.now() + aheadMs).toUTCString() },
    }));
    const api = createApi({ baseUrl, audience: 'consumer' });
    expect(Math.abs(api.serverNowMs() - Date.now())).toBeLessThan(1_000);
    await api.call(listRooms);
    expect(Math.abs(api.serverNowMs() - Date.now() - aheadMs)).toBeLessThan(3_000);
  });

  it('does not wait for a session on a public route', async () => {
    const { baseUrl, all } = await serve(() => ({ json: { items: [], nextCursor: null } }));
    const api = createApi({ baseUrl, audience: 'consumer' });
    await api.call(listRooms, { query: { state: 'live' } });
    await api.call(listRooms);
    expect(all.map((seen) => seen.url)).toEqual(['/api/v1/rooms?state=live', '/api/v1/rooms']);
    expect(all[0]?.token).toBeNull();
  });

  it('refreshes once for calls refused together, with the header and audience, and repeats them', async () => {
    const { baseUrl, all } = await serve((seen) => {
      if (seen.url.endsWith('/auth/guest')) return session('old', consumer);
      if (seen.url.endsWith('/auth/refresh')) return session('new', consumer);
      return seen.token === 'new' ? shares : problem(401, 'session_expired');
    });
    const api = createApi({ baseUrl, audience: 'consumer' });
    await Promise.all([api.call(myShares), api.call(myShares)]);
    const refreshes = all.filter((seen) => seen.url.endsWith('/auth/refresh'));
    expect(refreshes).toHaveLength(1);
    expect(refreshes[0]).toMatchObject({ body: { audience: 'consumer' }, headers: { 'x-walnut-client': 'web' } });
  });

  it('refreshes before the token expires', async () => {
    let nowMs = 1_000_000;
    const { baseUrl, all } = await serve((seen) => {
      if (seen.url.endsWith('/auth/guest')) return session('t1', consumer, 60);
      if (seen.url.endsWith('/auth/refresh')) return session('t2', consumer, 60);
      return shares;
    });
    const api = createApi({ baseUrl, audience: 'consumer', now: () => nowMs });
    await api.call(myShares);
    nowMs += 31_000;
    await api.call(myShares);
    expect(all.map((seen) => seen.token)).toEqual([null, 't1', null, 't2']);
  });

  it('a guest has no refresh token: a new access token comes from being the guest of this browser again', async () => {
    let tokens = 0;
    const { baseUrl, all } = await serve((seen) => {
      if (seen.url.endsWith('/auth/guest')) return session(`g${++tokens}`);
      return seen.token === 'g2' ? shares : problem(401, 'session_expired');
    });
    await createApi({ baseUrl, audience: 'consumer' }).call(myShares);
    expect(all.map((seen) => seen.url.split('/').at(-1))).toEqual(['guest', 'shares', 'guest', 'shares']);
  });

  it('falls back to a guest when the refresh family is gone, and tells it', async () => {
    const kinds: (string | undefined)[] = [];
    const { baseUrl } = await serve((seen) => {
      if (seen.url.endsWith('/auth/sandbox')) return session('c1', consumer);
      if (seen.url.endsWith('/auth/guest')) return session('g1');
      if (seen.url.endsWith('/auth/refresh')) return problem(401, 'session_expired');
      return seen.token === 'g1' ? shares : problem(401, 'session_expired');
    });
    const api = createApi({ baseUrl, audience: 'consumer', onSession: (who) => kinds.push(who?.kind) });
    await api.signInSandbox({ phone: '13800000001' });
    await api.call(myShares);
    expect(kinds).toEqual(['consumer', 'guest']);
  });

  it('staff without a session get 401 and never become guests', async () => {
    const { baseUrl, all } = await serve(() => problem(401, 'session_expired'));
    const api = createApi({ baseUrl, audience: 'staff' });
    await expect(api.call(me)).rejects.toMatchObject({ code: 'session_expired', requestId: 'req-1' });
    expect(all.map((seen) => seen.url)).toEqual(['/api/v1/auth/refresh']);
    expect(api.me()).toBeNull();
  });

  it('wrong credentials are not answered with a refresh', async () => {
    const { baseUrl, all } = await serve(() => problem(401, 'wrong_credentials'));
    const api = createApi({ baseUrl, audience: 'staff' });
    await expect(api.signInStaff({ username: 'a', password: 'b' })).rejects.toMatchObject({
      code: 'wrong_credentials',
    });
    expect(all).toHaveLength(1);
  });

  it('carries a guest’s token into the sandbox sign-in and forgets everything on sign-out', async () => {
    const { baseUrl, all } = await serve((seen) => {
      if (seen.url.endsWith('/auth/guest')) return session('g1');
      if (seen.url.endsWith('/auth/sandbox')) return session('c1', consumer);
      return { status: 204 };
    });
    const api = createApi({ baseUrl, audience: 'consumer' });
    await api.ensureSession();
    await api.signInSandbox({ phone: '13800000001' });
    expect(all[1]?.token).toBe('g1');
    expect(api.me()?.kind).toBe('consumer');
    await api.signOut();
    expect(api.me()).toBeNull();
  });

  it('gives problem details as ApiError with facts, issues and retry-after', async () => {
    const { baseUrl } = await serve((seen) =>
      seen.url.endsWith('/auth/guest')
        ? session('t')
        : problem(409, 'price_changed', {
            facts: { priceFen: 990 },
            issues: [{ path: '/lines/0', issue: 'price' }],
            retryAfterSeconds: 2,
          }),
    );
    const api = createApi({ baseUrl, audience: 'consumer' });
    const error = await api
      .call(payOrder, { params: { id: ID }, body: { provider: 'sandbox' }, idempotencyKey: 'k' })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: 'price_changed',
      status: 409,
      facts: { priceFen: 990 },
      retryAfterSeconds: 2,
      requestId: 'req-1',
    });
    expect((error as ApiError).issues).toEqual([{ path: '/lines/0', issue: 'price' }]);
  });

  it('maps answers that are not ours by their status', async () => {
    const { baseUrl } = await serve(() => ({
      status: 502,
      text: '<html>bad gateway</html>',
      headers: { 'retry-after': '3' },
    }));
    const api = createApi({ baseUrl, audience: 'consumer' });
    await expect(api.call(listRooms)).rejects.toMatchObject({ code: 'unavailable', status: 502, retryAfterSeconds: 3 });
  });

  it('is offline, not an error of the server, when nobody answers or the answer takes too long', async () => {
    const { baseUrl, close } = await serve(() => ({ hang: true }));
    const api = createApi({ baseUrl, audience: 'consumer', timeoutMs: 30 });
    await expect(api.call(listRooms)).rejects.toMatchObject({
      ...{ code: 'offline', status: 0, cause: { name: 'AbortError' } },
    });
    await close();
    await expect(api.call(listRooms)).rejects.toMatchObject({
      ...{ code: 'offline', status: 0, cause: { name: 'TypeError' } },
    });
  });

  it('rejects with the caller’s own reason when the caller aborts', async () => {
    const { baseUrl } = await serve(() => ({ hang: true }));
    const api = createApi({ baseUrl, audience: 'consumer' });
    const controller = new AbortController();
    const call = api.call(listRooms, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('sends bodies, parameters and the idempotency key', async () => {
    const { baseUrl, all } = await serve((seen) => (seen.url.endsWith('/auth/refresh') ? session('t') : { json: {} }));
    const api = createApi({ baseUrl, audience: 'staff' });
    await api.call(pinProduct, { params: { id: ID }, body: { productId: null } });
    expect(all[1]).toMatchObject({ method: 'POST', url: `/api/v1/rooms/${ID}/pin`, body: { productId: null } });
    await api.call(placeOrder, {
      body: {
        roomId: ID,
        lines: [{ skuId: ID, quantity: 1, seenPriceFen: 100 }],
        address: {
          recipient: '林',
          phone: '13800000001',
          province: '浙江',
          city: '杭州',
          district: '西湖',
          street: '1',
        },
      },
      idempotencyKey: 'key-1',
    });
    expect(all[2]?.headers['idempotency-key']).toBe('key-1');
  });

  it('hands on a reply of a newer server instead of failing, and reports it', async () => {
    const { baseUrl } = await serve(() => ({ json: { id: ID, state: 'rehearsal' } }));
    const odd: string[] = [];
    const api = createApi({ baseUrl, audience: 'consumer', onUnexpectedReply: (id) => odd.push(id) });
    expect(await api.call(getRoom, { params: { id: ID } })).toMatchObject({ state: 'rehearsal' });
    expect(odd).toEqual(['rooms.get']);
  });
});

describe('routeUrl', () => {
  it('encodes parameters and leaves out empty query fields', () => {
    expect(routeUrl('', getRoom, { params: { id: 'a/b' } })).toBe('/api/v1/rooms/a%2Fb');
    expect(routeUrl('http://h', listRooms, { query: { cursor: undefined, limit: 5 } })).toBe(
      'http://h/api/v1/rooms?limit=5',
    );
    expect(() => routeUrl('', getRoom, {})).toThrow('rooms.get: no id');
  });
});

const memoryStorage = () => {
  const map = new Map<string, string>();
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  };
};
const failure = (status: number, code: ApiError['code']) => new ApiError({ status, code });

describe('pending actions (rule M3)', () => {
  const make = (storage = memoryStorage()) => {
    let count = 0;
    return createPendingActions({ storage, newKey: () => `k${++count}`, now: () => 1_000 });
  };

  it('keeps the key of the same attempt across a reload and changes it with the payload', () => {
    const storage = memoryStorage();
    expect(make(storage).begin('order', { a: 1, b: [2] }).key).toBe('k1');
    const reloaded = createPendingActions({ storage, newKey: () => 'other', now: () => 2_000 });
    expect(reloaded.begin('order', { b: [2], a: 1 }).key).toBe('k1');
    expect(reloaded.peek('order')?.payload).toEqual({ a: 1, b: [2] });
    expect(reloaded.begin('order', { a: 2, b: [2] }).key).toBe('other');
  });

  it('forgets the key only when the server has decided', async () => {
    const pending = make();
    const keys: string[] = [];
    const attempt = (error: ApiError | null) =>
      pending
        .run('order', { a: 1 }, async (key) => {
          keys.push(key);
          if (error) throw error;
        })
        .catch(() => undefined);
    await attempt(failure(0, 'offline'));
    await attempt(failure(503, 'unavailable'));
    await attempt(failure(409, 'request_in_flight'));
    await attempt(failure(401, 'session_expired'));
    await attempt(failure(409, 'out_of_stock'));
    await attempt(null);
    await attempt(null);
    expect(keys).toEqual(['k1', 'k1', 'k1', 'k1', 'k1', 'k2', 'k3']);
  });

  it('works in memory when the storage refuses, and forgets after a day', () => {
    const refuse = () => {
      throw new Error('blocked');
    };
    const pending = make({ getItem: refuse, setItem: refuse, removeItem: refuse });
    expect(pending.begin('order', 1).key).toBe('k1');
    expect(pending.begin('order', 1).key).toBe('k1');
    pending.finish('order');
    expect(pending.peek('order')).toBeNull();

    const storage = memoryStorage();
    make(storage).begin('order', 1);
    const later = createPendingActions({ storage, newKey: () => 'new', now: () => 1_000 + 24 * 3_600_000 });
    expect(later.begin('order', 1).key).toBe('new');
  });

  it('isDefinite', () => {
    expect(isDefinite(failure(409, 'limit_exceeded'))).toBe(true);
    expect(isDefinite(failure(500, 'internal'))).toBe(false);
    expect(isDefinite(new TypeError('x'))).toBe(false);
  });
});

describe('types of call', () => {
  it('demands what the contract demands', () => {
    const api = createApi({ audience: 'consumer' });
    const neverRun = async (): Promise<void> => {
      // @ts-expect-error a room id is needed
      await api.call(getRoom);
      // @ts-expect-error an idempotency key is needed
      await api.call(payOrder, { params: { id: ID }, body: { provider: 'sandbox' } });
      // @ts-expect-error unknown provider
      await api.call(payOrder, { params: { id: ID }, body: { provider: 'cash' }, idempotencyKey: 'k' });
      const room = await api.call(getRoom, { params: { id: ID } });
      const state: 'scheduled' | 'live' | 'ended' = room.state;
      expect(state).toBeDefined();
    };
    expect(neverRun).toBeTypeOf('function');
  });
});
