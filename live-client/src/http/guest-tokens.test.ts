// @vitest-environment jsdom
import { guestSignIn, joinRoom, type Me, type Route } from '@walnut-live/contracts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createApi, createGuestTokens, type GuestTokens } from './index.ts';

const ID = '01890000-0000-7000-8000-000000000001';
const PRODUCT = 'https://live.brand.example';
const KEY = `walnut-live.guest:${PRODUCT}`;
const meOf = (name: string): Me => ({ id: ID, kind: 'guest', name, phoneMasked: null, staff: null });

beforeEach(() => localStorage.clear());

/** The product as a page without cookies knows it: a guest token names its guest, none makes a new one. */
const serve = () => {
  const asked: { path: string; init: RequestInit; body: { guestToken?: string } }[] = [];
  const state = { guests: 0, reads: (_token: string) => true, delayMs: 0 };
  const answer = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const body = JSON.parse(String(init.body ?? '{}')) as { guestToken?: string };
    asked.push({ path: new URL(String(input)).pathname, init, body });
    if (state.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, state.delayMs));
    if (!String(input).endsWith('/auth/guest')) return Response.json({});
    const { guestToken } = body;
    if (guestToken && !state.reads(guestToken)) return Response.json({ code: 'invalid_request' }, { status: 400 });
    if (!guestToken) state.guests += 1;
    const guest = guestToken ?? `guest.${state.guests}.x`;
    return Response.json({ accessToken: 't', expiresInSeconds: 600, me: meOf(guest), guestToken: guest });
  };
  const of = (route: Route) => asked.filter(({ path }) => path.endsWith(route.path));
  return { asked, state, answer: answer as typeof fetch, guestsAsked: () => of(guestSignIn) };
};
const enter = (fetch: typeof globalThis.fetch, guests?: GuestTokens, now: () => number = () => 0) =>
  createApi({
    ...{ baseUrl: PRODUCT, audience: 'consumer', credentials: 'omit', fetch, now },
    ...(guests ? { guests } : {}),
  });
const inBrowser = () => createGuestTokens({ product: PRODUCT });

describe('a page without cookies', () => {
  it('A7: is the same guest after its token has ended, asleep or not, and sends no cookie and no other token', async () => {
    let nowMs = 0;
    const { answer, asked, guestsAsked } = serve();
    const api = enter(answer, undefined, () => nowMs);
    const people: unknown[] = [];
    api.subscribe((me) => people.push(me?.name));
    for (const laterMs of [0, 580_000, 86_400_000]) {
      nowMs += laterMs;
      await api.call(joinRoom, { params: { id: ID }, body: {} });
    }
    expect(guestsAsked().map(({ body }) => body)).toEqual([
      {},
      { guestToken: 'guest.1.x' },
      { guestToken: 'guest.1.x' },
    ]);
    expect(people).toEqual(['guest.1.x']);
    expect(guestsAsked().map(({ init }) => new Headers(init.headers).get('authorization'))).toEqual([null, null, null]);
    expect(asked.filter(({ init }) => init.credentials !== 'omit')).toEqual([]);
  });

  it('A7: ten reloads are one visitor; another product has its own guest', async () => {
    const { answer, state } = serve();
    for (let reload = 0; reload < 10; reload += 1)
      expect((await enter(answer, inBrowser()).ensureSession()).name).toBe('guest.1.x');
    expect(state.guests).toBe(1);
    const other = createGuestTokens({ product: 'https://other.example' });
    expect((await enter(answer, other).ensureSession()).name).toBe('guest.2.x');
  });

  it.each(['browser', 'page'] as const)('rooms of one page that begin together are one guest (%s)', async (lasts) => {
    const { answer, state } = serve();
    state.delayMs = 5;
    const product = `https://${lasts}.example`;
    const rooms = Array.from({ length: 5 }, () => enter(answer, createGuestTokens({ product, lasts })));
    const people = await Promise.all(rooms.map((room) => room.ensureSession()));
    expect(new Set(people.map(({ name }) => name)).size).toBe(1);
    expect(state.guests).toBe(1);
  });

  it('tabs that begin together wait for each other by a lock of this product', async () => {
    const names: string[] = [];
    const request = async (name: string, task: () => Promise<unknown>) => {
      names.push(name);
      localStorage.setItem(KEY, 'tab.before.us'); // whoever had the lock before
      return task();
    };
    vi.stubGlobal('navigator', { locks: { request } });
    try {
      const { answer, guestsAsked } = serve();
      expect((await enter(answer, inBrowser()).ensureSession()).name).toBe('tab.before.us');
      expect([names, guestsAsked().length]).toEqual([[KEY], 1]);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('stays who it is when another tab stores somebody else', async () => {
    let nowMs = 0;
    const { answer } = serve();
    const api = enter(answer, inBrowser(), () => nowMs);
    const before = await api.ensureSession();
    localStorage.setItem(KEY, 'another.tab.x');
    nowMs += 3_600_000;
    expect(await api.ensureSession()).toEqual(before);
  });

  it('where storage is forbidden, is the same guest for as long as the page lasts', async () => {
    const forbidden = vi.spyOn(globalThis, 'localStorage', 'get').mockImplementation(() => {
      throw new DOMException('denied', 'SecurityError');
    });
    const { answer, state } = serve();
    const product = 'https://private.example';
    try {
      await enter(answer, createGuestTokens({ product })).ensureSession();
      await enter(answer, createGuestTokens({ product })).ensureSession();
      expect(state.guests).toBe(1);
    } finally {
      forbidden.mockRestore();
    }
  });

  it('kept in the page alone leaves nothing in the browser, and takes away what was there', async () => {
    const { answer } = serve();
    await enter(answer, inBrowser()).ensureSession();
    expect(localStorage.getItem(KEY)).toBe('guest.1.x');
    await enter(answer, createGuestTokens({ product: PRODUCT, lasts: 'page' })).ensureSession();
    expect(localStorage.length).toBe(0);
  });

  it('what the page wrote there, and what the server does not read, is forgotten; other trouble forgets nobody', async () => {
    const { answer, state, guestsAsked } = serve();
    const product = 'https://odd.example';
    const key = `walnut-live.guest:${product}`;
    localStorage.setItem(key, '{"not": "ours"}');
    state.reads = (token) => token !== 'not.read.here';
    expect((await enter(answer, createGuestTokens({ product })).ensureSession()).name).toBe('guest.1.x');
    expect(guestsAsked().map(({ body }) => body)).toEqual([{}]);
    localStorage.setItem(key, 'not.read.here');
    expect((await enter(answer, createGuestTokens({ product })).ensureSession()).name).toBe('guest.2.x');
    expect(localStorage.getItem(key)).toBe('guest.2.x');
    for (const trouble of [
      () => Promise.reject(new TypeError('Failed to fetch')),
      async () => Response.json({ code: 'rate_limited' }, { status: 429 }),
      async () => Response.json({ code: 'unavailable' }, { status: 503 }),
    ])
      await expect(enter(trouble, createGuestTokens({ product })).ensureSession()).rejects.toThrow();
    expect(localStorage.getItem(key)).toBe('guest.2.x');
  });
});
