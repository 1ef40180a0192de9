// @vitest-environment jsdom
/** Who the guest of an embedded page is, and why somebody is not let in. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiError } from '../http/api-error.ts';
import { uuid } from '../room/fixtures.ts';
import { endAll, stage, startRoom, undo, until } from '../testing/embed.ts';
import { defineWalnutLiveRoom } from './element.ts';
import { type EmbedState, type MountRoomOptions, mountRoom } from './index.ts';
import { mayBeRefusal } from './refusal.ts';

beforeEach(() => localStorage.clear());
afterEach(endAll);

type Product = Awaited<ReturnType<typeof startRoom>>;

function open(product: Product, more: Partial<MountRoomOptions> = {}) {
  const states: EmbedState[] = [];
  const room = mountRoom(document.body, {
    ...{ origin: product.origin, roomId: uuid(1), lang: 'en', fetch: product.doFetch },
    ...{ createPlayback: stage().createPlayback, onState: (state: EmbedState) => states.push(state), ...more },
  });
  undo.push(room.close);
  return { room, statuses: () => states.map(({ status }) => status) };
}
const plays = (room: { state: EmbedState }) => until(() => expect(room.state.status).toBe('playing'));
const guestsAsked = ({ state }: Product) =>
  state.asked.filter(({ url }) => url.endsWith('/auth/guest')).map(({ body }) => JSON.parse(body));

describe('A7, Z8: one person is one visitor', () => {
  test('after reloads of the page, which keeps a guest’s token for the product; it is in no address', async () => {
    const product = await startRoom();
    for (let load = 0; load < 3; load += 1) {
      const { room } = open(product);
      await plays(room);
      room.close();
    }
    const guestToken = 'guest.1.x';
    expect(guestsAsked(product)).toEqual([{}, { guestToken }, { guestToken }]);
    expect(product.state.guests).toBe(1);
    expect(localStorage.getItem(`walnut-live.guest:${product.origin}`)).toBe(guestToken);
    expect(product.state.asked.filter(({ url, token }) => `${url}${token}`.includes('guest.'))).toEqual([]);
  });

  test('two rooms of one page are watched by the same guest', async () => {
    const product = await startRoom();
    const [one, other] = [open(product), open(product)];
    await Promise.all([plays(one.room), plays(other.room)]);
    expect(product.state.guests).toBe(1);
  });

  test('remember="page" keeps nothing in the browser', async () => {
    const product = await startRoom();
    const { room } = open(product);
    await plays(room);
    room.close();
    expect(localStorage.length).toBe(1);
    defineWalnutLiveRoom({ mount: { createPlayback: stage().createPlayback, fetch: product.doFetch } });
    const element = document.createElement('walnut-live-room');
    for (const [name, value] of Object.entries({ room: uuid(1), origin: product.origin, remember: 'page' }))
      element.setAttribute(name, value);
    document.body.append(element);
    undo.push(() => element.remove());
    await until(() => expect(product.state.guests).toBe(2));
    await until(() => expect(product.sockets()).toBe(1));
    expect(localStorage.length).toBe(0);
  });

  test('whoever only watches has a new token before theirs ends, until the room is over', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    undo.push(() => void vi.useRealTimers());
    const product = await startRoom();
    product.state.tokenLife = 31; // one second before the last half minute, which is when it is renewed
    const { room } = open(product);
    await plays(room);
    vi.advanceTimersByTime(20_000);
    expect(guestsAsked(product)).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    vi.advanceTimersByTime(20_000);
    await until(() => expect(guestsAsked(product)).toEqual([{}, { guestToken: 'guest.1.x' }]));
    await until(() => expect(product.sockets()).toBe(1));
    expect(product.state.joins).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    room.close();
    vi.advanceTimersByTime(60_000);
    expect(guestsAsked(product)).toHaveLength(2);
  });
});

describe('not allowed is said of a page that is kept out, and of nothing else', () => {
  const problem = (status: number, code: string) => async () =>
    new Response(JSON.stringify({ code, status }), { status, headers: { 'content-type': 'application/json' } });
  const warnings = () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    undo.push(() => warned.mockRestore());
    return warned;
  };

  test('one request lost on its way, then a join slower than /healthz', async () => {
    const warned = warnings();
    const product = await startRoom();
    let joins = 0;
    product.state.meddle = (url) => {
      if (!url.endsWith('/join')) return undefined;
      joins += 1;
      if (joins === 1) return Promise.reject(new TypeError('Failed to fetch'));
      return new Promise((resolve) => setTimeout(resolve, 1_000)).then(() => fetch(url, { method: 'POST' }));
    };
    const { room, statuses } = open(product);
    await plays(room);
    expect(product.state.asked.filter(({ url }) => url === '/healthz')).toHaveLength(1);
    expect(statuses()).not.toContain('not-allowed');
    expect(warned).not.toHaveBeenCalled();
  });

  test.each([
    [429, 'rate_limited'],
    [500, 'internal'],
    [503, 'unavailable'],
    [200, 'no reply of ours'],
  ])('an answer that could be read: %i', async (status, code) => {
    const warned = warnings();
    const product = await startRoom();
    let joins = 0;
    product.state.meddle = (url) => {
      if (!url.endsWith('/join') && !url.endsWith('/auth/guest')) return undefined;
      joins += 1;
      return joins > 2 ? undefined : problem(status, code)();
    };
    const { room, statuses } = open(product);
    await plays(room);
    expect(joins).toBeGreaterThan(2);
    expect(statuses()).not.toContain('not-allowed');
    expect(product.state.asked.filter(({ url }) => url === '/healthz')).toEqual([]);
    expect(warned).not.toHaveBeenCalled();
  });

  test('two joins without an answer while the product is away between them', async () => {
    warnings();
    const product = await startRoom();
    let joins = 0;
    let asks = 0;
    product.state.meddle = (url) => {
      if (url.endsWith('/healthz')) {
        asks += 1;
        return asks === 2 ? Promise.reject(new TypeError('Failed to fetch')) : undefined;
      }
      if (!url.endsWith('/join')) return undefined;
      joins += 1;
      return joins > 3 ? undefined : Promise.reject(new TypeError('Failed to fetch'));
    };
    const { room, statuses } = open(product);
    await plays(room);
    expect([joins, asks]).toEqual([4, 3]);
    expect(statuses()).not.toContain('not-allowed');
  });

  test('a product that takes its time answers nobody, but keeps nobody out', () => {
    const error = (status: number, cause?: unknown) => new ApiError({ code: 'offline', status, cause });
    expect(mayBeRefusal(error(0, new TypeError('Failed to fetch')))).toBe(true);
    expect(mayBeRefusal(error(0, new DOMException('', 'AbortError')))).toBe(false);
    expect(mayBeRefusal(error(503))).toBe(false);
  });
});
