/** The product as an embedded page knows it, and what stands where a picture would: for tests alone. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Me, RoomEvent } from '@walnut-live/contracts';
import { Server } from 'socket.io';
import { vi } from 'vitest';
import type { PlaybackOptions, PlaybackState } from '../playback/types.ts';
import { AT, bagItem, joinReply, offer, snapshot, uuid } from '../room/fixtures.ts';

const guest: Me = { id: uuid(900), kind: 'guest', name: '游客', phoneMasked: null, staff: null };
export const undo: (() => void | Promise<void>)[] = [];
/** Ends what a test began; for afterEach. */
export const endAll = async (): Promise<void> => {
  for (const end of undo.splice(0).reverse()) await end();
  document.body.replaceChildren();
};

const grant = {
  ...{ streamId: uuid(4), right: 'watch' as const, token: 't', expiresAt: '2099-01-01T00:00:00.000Z', socketUrl: '' },
  ...{ socketPath: '/media/socket.io', hlsUrl: '/hls/x/master.m3u8', iceServers: [] },
};

/** The product as an embedded page knows it; `allows` false: its browser keeps all but /healthz from the page. */
export async function startRoom(given: { join?: Parameters<typeof joinReply>[0] } = {}) {
  const state = {
    allows: true,
    up: true,
    joins: 0,
    /** Seconds. */
    tokenLife: 600,
    guests: 0,
    asked: [] as { url: string; credentials: string | undefined; token: string | null; body: string }[],
    /** What becomes of a request besides; a promise of an answer, or none for the ordinary one. */
    meddle: (_url: string): Promise<Response> | undefined => undefined,
  };
  const http = createServer((request, response) => {
    const url = request.url ?? '';
    response.setHeader('content-type', 'application/json');
    if (url.endsWith('/auth/guest'))
      void text(request).then((body) => {
        const given = (JSON.parse(body) as { guestToken?: string }).guestToken;
        if (!given) state.guests += 1;
        const guestToken = given ?? `guest.${state.guests}.x`;
        const me = { ...guest, id: uuid(900 + Number(guestToken.split('.')[1])) };
        response.end(JSON.stringify({ accessToken: 'a.b.c', expiresInSeconds: state.tokenLife, me, guestToken }));
      });
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
      body: String(init?.body ?? ''),
    });
    if (!state.up || (!state.allows && !url.endsWith('/healthz')))
      return Promise.reject(new TypeError('Failed to fetch'));
    return state.meddle(url) ?? nodeFetch(input, init);
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
export function stage(first: Partial<PlaybackState> = {}) {
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

export const part = (host: Element | null | undefined, name: string): HTMLElement => {
  const found = host?.shadowRoot?.querySelector<HTMLElement>(`[part~="${name}"]`);
  if (!found) throw new Error(`no part ${name}`);
  return found;
};
export const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 10 });
