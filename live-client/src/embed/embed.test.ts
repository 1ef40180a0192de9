// @vitest-environment jsdom
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Me, RoomEvent } from '@walnut-live/contracts';
import { Server } from 'socket.io';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { PlaybackOptions, PlaybackState } from '../playback/types.ts';
import { AT, bagItem, joinReply, message, offer, snapshot, uuid } from '../room/fixtures.ts';
import { defineWalnutLiveRoom } from './element.ts';
import { type EmbedEvent, type EmbedState, mountRoom } from './index.ts';

const guest: Me = { id: uuid(900), kind: 'guest', name: '游客', phoneMasked: null, staff: null };
const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of undo.splice(0).reverse()) await end();
  document.body.replaceChildren();
});

const grant = {
  ...{ streamId: uuid(4), right: 'watch' as const, token: 't', expiresAt: '2099-01-01T00:00:00.000Z', socketUrl: '' },
  ...{ socketPath: '/media/socket.io', hlsUrl: '/hls/x/master.m3u8', iceServers: [] },
};

/** The product as an embedded page knows it; `allows` false: its browser keeps all but /healthz from the page. */
async function startRoom(given: { join?: Parameters<typeof joinReply>[0] } = {}) {
  const state = {
    allows: true,
    up: true,
    joins: 0,
    asked: [] as { url: string; credentials: string | undefined; token: string | null }[],
  };
  const http = createServer((request, response) => {
    const url = request.url ?? '';
    response.setHeader('content-type', 'application/json');
    if (url.endsWith('/auth/guest'))
      response.end(JSON.stringify({ accessToken: 'a.b.c', expiresInSeconds: 600, me: guest }));
    else if (url.endsWith('/join')) {
      state.joins += 1;
      const bag = {
        roomId: uuid(1),
        pinnedProductId: uuid(10),
        items: [
          bagItem(0, { offers: [offer({ startsAt: '2026-01-01T00:00:00.000Z', endsAt: '2099-01-01T00:00:00.000Z' })] }),
        ],
      };
      response.end(
        JSON.stringify(
          joinReply({ media: grant, snapshot: snapshot({ bag }), ...given.join, serverTime: new Date().toISOString() }),
        ),
      );
    } else response.end('{}');
  });
  const io = new Server(http, { transports: ['websocket'], cors: { origin: '*' } });
  const namespace = io.of('/room');
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  undo.push(() => void io.close());
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const doFetch: typeof fetch = (input, init) => {
    const url = String(input);
    state.asked.push({
      url: new URL(url).pathname,
      credentials: init?.credentials,
      token: new Headers(init?.headers).get('authorization'),
    });
    if (!state.up || (!state.allows && !url.endsWith('/healthz')))
      return Promise.reject(new TypeError('Failed to fetch'));
    return nodeFetch(input, init);
  };
  let seq = 10;
  const say = (...events: RoomEvent[]): void => {
    seq += events.length;
    namespace.emit('room:frame', {
      seq,
      at: AT,
      events: events.map((event, at) => ({ seq: seq - events.length + 1 + at, at: AT, event })),
    });
  };
  return { origin, state, doFetch, say, sockets: () => namespace.sockets.size };
}
const nodeFetch = globalThis.fetch;

/** What stands where the picture's engine would: records what it is asked for. */
function stage(first: Partial<PlaybackState> = {}) {
  let state: PlaybackState = {
    ...{ status: 'playing', mode: 'realtime', fallbackReason: null, failure: null, needsGesture: true, muted: true },
    ...{ hasVideo: true, hasAudio: true, soundOnly: false, ...first },
  };
  const heard = new Set<(state: PlaybackState) => void>();
  const calls: string[] = [];
  const made: PlaybackOptions[] = [];
  const become = (more: Partial<PlaybackState>): void => {
    state = { ...state, ...more };
    for (const listener of heard) listener(state);
  };
  const createPlayback = (options: PlaybackOptions) => {
    made.push(options);
    return {
      get state() {
        return state;
      },
      on: (_: 'state', listener: (state: PlaybackState) => void) => {
        heard.add(listener);
        return () => void heard.delete(listener);
      },
      figures: async () => ({
        mode: 'realtime' as const,
        latencyMs: null,
        bitrateBps: null,
        width: null,
        height: null,
        framesPerSecond: null,
        lossRatio: null,
        roundTripMs: null,
      }),
      levels: ['auto' as const],
      level: 'auto' as const,
      setLevel: () => undefined,
      setPreference: () => undefined,
      play: async () => void calls.push('play'),
      unmute: async () => {
        calls.push('unmute');
        become({ muted: false, needsGesture: false });
        return true;
      },
      mute: () => {
        calls.push('mute');
        become({ muted: true });
      },
      switchStream: () => void calls.push('switch'),
      goLive: () => undefined,
      retry: () => void calls.push('retry'),
      close: () => void calls.push('close'),
    };
  };
  return { createPlayback, calls, made, become };
}

const part = (host: Element | null | undefined, name: string): HTMLElement => {
  const found = host?.shadowRoot?.querySelector<HTMLElement>(`[part~="${name}"]`);
  if (!found) throw new Error(`no part ${name}`);
  return found;
};
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 10 });

async function mounted(given: Parameters<typeof startRoom>[0] = {}, more: object = {}) {
  const product = await startRoom(given);
  const picture = stage();
  const states: EmbedState[] = [];
  const events: EmbedEvent[] = [];
  const place = document.createElement('main');
  document.body.append(place);
  const room = mountRoom(place, {
    ...{
      origin: product.origin,
      roomId: uuid(1),
      lang: 'en',
      fetch: product.doFetch,
      createPlayback: picture.createPlayback,
    },
    ...{
      onState: (state: EmbedState) => states.push(state),
      onEvent: (event: EmbedEvent) => events.push(event),
      ...more,
    },
  });
  undo.push(room.close);
  const host = place.firstElementChild;
  return { ...product, picture, states, events, place, room, host };
}

describe('mountRoom', () => {
  test('enters as a guest without cookies and shows picture, viewers, talk and product; leaves nothing behind', async () => {
    const { state, room, host, place, picture, states, sockets, origin } = await mounted();
    expect(states[0]?.status).toBe('joining');
    await until(() =>
      expect(room.state).toMatchObject({ status: 'playing', title: '工厂直播', viewersNow: 3, productId: uuid(10) }),
    );
    expect(state.asked.map(({ credentials }) => credentials)).toEqual(state.asked.map(() => 'omit'));
    expect(part(host, 'title').textContent).toBe('工厂直播');
    expect(part(host, 'viewers').textContent).toBe('3 watching');
    expect([...(host?.shadowRoot?.querySelectorAll('[part~="line"]') ?? [])].map((line) => line.textContent)).toEqual([
      '观众1 消息1',
      '观众2 消息2',
    ]);
    expect(part(host, 'price').textContent).toBe('¥39.90');
    expect(part(host, 'card-offer').textContent).toMatch(/^Live price · ends in \d+:\d\d:\d\d$/);
    expect(part(host, 'card-picture').getAttribute('src')).toBe(`${origin}/pictures/walnut.svg`);
    expect(part(host, 'card-picture').getAttribute('crossorigin')).toBe('anonymous');
    // Relative addresses of the grant are the product's, not this page's.
    expect(await picture.made[0]?.grant()).toMatchObject({ socketUrl: origin, hlsUrl: `${origin}/hls/x/master.m3u8` });
    await until(() => expect(sockets()).toBe(1));
    room.close();
    room.close();
    await until(() => expect(sockets()).toBe(0));
    expect(picture.calls).toEqual(['close']);
    expect(place.childElementCount).toBe(0);
  });

  test('words of others are text; a deleted line goes, the rest stays as it is', async () => {
    const { host, say, room } = await mounted();
    await until(() => expect(room.state.status).toBe('playing'));
    const evil = '<img src=x onerror="globalThis.hacked=1"><b>hi</b>';
    await until(() => expect(part(host, 'log').childElementCount).toBe(2));
    const first = part(host, 'log').firstElementChild;
    await until(() => {
      say({ kind: 'chat:sent', message: message(7, { name: '<i>x</i>', text: evil, role: 'host' }) });
      expect(part(host, 'log').childElementCount).toBe(3);
    });
    const line = part(host, 'log').lastElementChild;
    expect(line?.textContent).toBe(`Host<i>x</i> ${evil}`);
    expect(line?.querySelector('img, b, i')).toBeNull();
    say({ kind: 'chat:deleted', messageId: 'm7' } as RoomEvent);
    await until(() => expect(part(host, 'log').childElementCount).toBe(2));
    expect(part(host, 'log').firstElementChild).toBe(first);
    expect((globalThis as { hacked?: number }).hacked).toBeUndefined();
  });

  test('buying and talking lead to the player with the share token; it is told', async () => {
    const { host, origin, events, room } = await mounted({}, { shareToken: 'tok-EN', target: '_self' });
    await until(() => expect(room.state.productId).toBe(uuid(10)));
    const buy = part(host, 'buy') as HTMLAnchorElement;
    expect(buy.href).toBe(`${origin}/s/tok-EN?product=${uuid(10)}&room=${uuid(1)}`);
    expect([buy.target, buy.rel, (part(host, 'enter') as HTMLAnchorElement).href]).toEqual([
      '_self',
      'noopener',
      `${origin}/s/tok-EN?room=${uuid(1)}`,
    ]);
    buy.addEventListener('click', (event) => event.preventDefault());
    buy.click();
    expect(events.at(-1)).toEqual({ kind: 'link:opened', url: buy.href, productId: uuid(10) });
    expect(host?.shadowRoot?.querySelector('form, input, iframe')).toBeNull();
  });

  test('sound, a tap to play, trouble and its end', async () => {
    const { host, picture, room } = await mounted();
    await until(() => expect(room.state.status).toBe('playing'));
    const sound = part(host, 'sound');
    expect([sound.hidden, sound.textContent]).toEqual([false, 'Tap for sound']);
    sound.click();
    await until(() => expect([sound.textContent, room.state.muted]).toEqual(['Mute', false]));
    sound.click();
    expect(picture.calls).toEqual(['unmute', 'mute']);
    picture.become({ status: 'blocked' });
    expect([part(host, 'retry').textContent, sound.hidden]).toEqual(['Tap to play', true]);
    part(host, 'retry').click();
    picture.become({ status: 'failed', failure: 'unreachable' });
    expect(part(host, 'status').textContent).toContain('cannot play');
    part(host, 'retry').click();
    expect(picture.calls.slice(2)).toEqual(['play', 'retry']);
    picture.become({ status: 'playing' });
    expect(part(host, 'message').hidden).toBe(true);
  });

  test('Z7: a generated picture is labelled', async () => {
    const { host, room } = await mounted({ join: { room: { ...joinReply().room, aiPicture: true } } });
    await until(() => expect(room.state.generated).toBe(true));
    expect([part(host, 'generated').hidden, part(host, 'generated').textContent]).toEqual([
      false,
      'AI-generated picture',
    ]);
  });

  test('the end is said, the picture let go, and the way to the room stays', async () => {
    const { host, room, say, picture } = await mounted();
    await until(() => expect(room.state.status).toBe('playing'));
    await until(() => {
      say({ kind: 'room:ended', at: AT });
      expect(room.state.status).toBe('ended');
    });
    expect([part(host, 'status').textContent, part(host, 'card').hidden]).toEqual(['The live has ended', true]);
    expect(picture.calls).toContain('close');
    expect(part(host, 'enter').textContent).toBe('Visit the live room');
  });

  test('a page that is not allowed says so and names itself; one that is offline does not', async () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    undo.push(() => warned.mockRestore());
    const refused = await mounted();
    refused.state.allows = false;
    refused.room.close();
    const again = mountRoom(refused.place, {
      ...{
        origin: refused.origin,
        roomId: uuid(1),
        lang: 'en',
        fetch: refused.doFetch,
        createPlayback: stage().createPlayback,
      },
    });
    undo.push(again.close);
    await until(() => expect(again.state.status).toBe('not-allowed'));
    expect(part(refused.place.firstElementChild, 'status').textContent).toContain(location.origin);
    expect(warned.mock.calls.flat().join(' ')).toContain('EMBED_ORIGINS');
    refused.state.up = false;
    await until(() => expect(again.state.status).toBe('offline'));
    refused.state.up = refused.state.allows = true;
    part(refused.place.firstElementChild, 'retry').click();
    await until(() => expect(again.state.status).toBe('playing'));
  });
});

describe('<walnut-live-room>', () => {
  const picture = stage();
  let product: Awaited<ReturnType<typeof startRoom>> | undefined;
  beforeAll(() =>
    defineWalnutLiveRoom({
      mount: { createPlayback: picture.createPlayback, fetch: (...given) => (product?.doFetch ?? fetch)(...given) },
    }),
  );
  const written = (origin: string, more: Record<string, string> = {}) => {
    const element = document.createElement('walnut-live-room');
    for (const [name, value] of Object.entries({ room: uuid(1), origin, lang: 'en', ...more }))
      element.setAttribute(name, value);
    const states: EmbedState[] = [];
    const events: EmbedEvent[] = [];
    element.addEventListener('walnut:state', (event) => states.push((event as CustomEvent<EmbedState>).detail));
    element.addEventListener('walnut:event', (event) => events.push((event as CustomEvent<EmbedEvent>).detail));
    document.body.append(element);
    undo.push(() => element.remove());
    return { element, states, events };
  };

  test('tells its state and the room’s events; leaves with the page and comes back with it', async () => {
    product = await startRoom();
    const { element, states, events } = written(product.origin);
    await until(() => expect(states.at(-1)?.status).toBe('playing'));
    await until(() => {
      product?.say({ kind: 'notice:set', text: 'hello' });
      expect(events).toContainEqual({ kind: 'notice:set', text: 'hello' });
    });
    element.remove();
    await until(() => expect(product?.sockets()).toBe(0));
    expect(element.shadowRoot?.childElementCount).toBe(0);
    document.body.append(element);
    await until(() => expect(product?.sockets()).toBe(1));
    expect(product.state.joins).toBe(2);
  });

  test('attributes that change together begin once more; one that does not change, not at all', async () => {
    product = await startRoom();
    const { element, states } = written(product.origin);
    await until(() => expect(states.at(-1)?.status).toBe('playing'));
    element.setAttribute('lang', 'zh-CN');
    element.setAttribute('share', 'tok');
    element.setAttribute('lang', 'zh-CN');
    await until(() => expect(part(element, 'enter').textContent).toBe('去直播间聊天、下单'));
    expect((part(element, 'enter') as HTMLAnchorElement).href).toContain('/s/tok');
    await until(() => expect(product?.state.joins).toBe(2));
    await until(() => expect([states.at(-1)?.status, product?.sockets()]).toEqual(['playing', 1]));
    expect(product.state.joins).toBe(2);
  });

  test('without a room nothing is asked; a wrong origin is told', async () => {
    product = await startRoom();
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    undo.push(() => warned.mockRestore());
    written(product.origin, { room: '' });
    const { element } = written('javascript:alert(1)');
    const told = vi.fn();
    element.addEventListener('walnut:error', told);
    element.setAttribute('origin', 'no address');
    await until(() => expect(told).toHaveBeenCalled());
    expect(product.state.asked).toEqual([]);
  });
});
