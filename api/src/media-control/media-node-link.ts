/**
 * One media server as api sees it: its load, the state of every stream there, and two orders it is given (close a stream,
 * put a person out).
 *
 * Model: a Socket.IO connection to `/control` brings a snapshot, then every change; it comes back by itself. Orders go by
 * HTTP. Invariants: without a connection for AWAY_AFTER_MS every stream counts as idle (rooms go on without a picture, api
 * stays ready); an order that could not be given is kept (at most ORDERS_KEPT) and given again after the next connection,
 * unless it is older than ORDER_LIFE_MS: by then the media tokens it was about have expired.
 */
import { CONTROL_NAMESPACE, ControlStream, MediaNode } from '@walnut-live/contracts';
import { io } from 'socket.io-client';
import { z } from 'zod';
import type { Logger } from '../platform/logger.ts';

const AWAY_AFTER_MS = 10_000;
/** A server tells its load every second: after this it may be gone without a goodbye, long before its socket says so. */
const SILENT_AFTER_MS = 2_500;
const CALL_TIMEOUT_MS = 2_000;
const RECONNECT_FIRST_MS = 500;
const RECONNECT_LONGEST_MS = 5_000;
const ORDERS_KEPT = 1_000;
const ORDER_LIFE_MS = 10 * 60_000;

export interface MediaNodeLink {
  /** True until the first snapshot and after a longer loss of the connection. */
  readonly isAway: boolean;
  /** It has told its streams at least once, or was given up: from then on an unknown stream is not there. */
  readonly hasSpoken: boolean;
  /** Connected now: what it says is not out of date. */
  readonly isConnected: boolean;
  /** Connected, but has not told its load when it should have. */
  readonly isSilent: boolean;
  /** As last told; null before. */
  readonly node: MediaNode | null;
  stream(streamId: string): ControlStream | undefined;
  onChange(listener: (changed: readonly string[] | 'all') => void): () => void;
  /** After every connection, with the streams that are not idle. Failures are logged. */
  onConnect(listener: (streamIds: readonly string[]) => Promise<void>): () => void;
  /** Gives an order (POST), now or when the server is there again. Never throws. */
  order(path: string, body: unknown, method?: 'PUT' | 'DELETE'): Promise<void>;
  close(): void;
}

interface Order {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body: unknown;
  readonly atMs: number;
}

export function createMediaNodeLink(deps: {
  url: string;
  token: string;
  log: Logger;
  now?: () => number;
}): MediaNodeLink {
  const { url, token, log, now = Date.now } = deps;
  const streams = new Map<string, ControlStream>();
  const listeners = new Set<(changed: readonly string[] | 'all') => void>();
  const connectListeners = new Set<(streamIds: readonly string[]) => Promise<void>>();
  let kept: Order[] = [];
  let closed = false;
  let away = true;
  let hasSpoken = false;
  let node: MediaNode | null = null;
  let heardAtMs = 0;
  let awayTimer: NodeJS.Timeout | undefined;

  const socket = io(new URL(CONTROL_NAMESPACE, url).href, {
    auth: { token },
    transports: ['websocket'],
    reconnectionDelay: RECONNECT_FIRST_MS,
    reconnectionDelayMax: RECONNECT_LONGEST_MS,
    timeout: CALL_TIMEOUT_MS,
    forceNew: true,
  });

  const tell = (changed: readonly string[] | 'all'): void => {
    for (const listener of listeners) listener(changed);
  };
  const countAsAway = (): void => {
    awayTimer ??= setTimeout(() => {
      log.warn('the media server is away');
      away = true;
      hasSpoken = true;
      streams.clear();
      tell('all');
    }, AWAY_AFTER_MS).unref();
  };
  const isBack = (): void => {
    clearTimeout(awayTimer);
    awayTimer = undefined;
  };

  countAsAway();
  socket.on('disconnect', countAsAway);
  socket.on('connect', () => void giveKeptOrders());
  socket.on('connect_error', (error) => {
    log.debug({ err: error }, 'media control: no connection');
    // A refusal ends Socket.IO's own attempts; a media server that restarts with the right token must be found again.
    if (!socket.active && !closed) setTimeout(() => void (closed || socket.connect()), RECONNECT_LONGEST_MS).unref();
  });
  socket.on('node:state', (raw: unknown) => {
    const parsed = MediaNode.safeParse(raw);
    heardAtMs = now();
    if (parsed.success) node = parsed.data;
    else log.error({ err: parsed.error }, 'media control: unreadable node state');
  });
  socket.on('streams:snapshot', (raw: unknown) => {
    const parsed = z.array(ControlStream).safeParse(raw);
    if (!parsed.success) return log.error({ err: parsed.error }, 'media control: unreadable snapshot');
    isBack();
    away = false;
    hasSpoken = true;
    streams.clear();
    for (const stream of parsed.data) streams.set(stream.streamId, stream);
    tell('all');
    const busy = parsed.data.filter(({ state }) => state !== 'idle').map(({ streamId }) => streamId);
    for (const listener of connectListeners) {
      listener(busy).catch((error: unknown) => log.error({ err: error }, 'media control: orders not repeated'));
    }
  });
  socket.on('stream:state', (raw: unknown) => {
    const parsed = ControlStream.safeParse(raw);
    if (!parsed.success) return log.error({ err: parsed.error }, 'media control: unreadable stream state');
    streams.set(parsed.data.streamId, parsed.data);
    if (parsed.data.state === 'idle') streams.delete(parsed.data.streamId); // unknown is idle: the map stays small
    tell([parsed.data.streamId]);
  });

  /** True when the order was carried out or makes no sense to the media server. */
  async function give(order: Order): Promise<boolean> {
    try {
      const response = await fetch(new URL(order.path, url), {
        method: order.method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(order.body),
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
      await response.body?.cancel();
      if (!response.ok) log.warn({ path: order.path, status: response.status }, 'media control: order refused');
      return response.status < 500;
    } catch (error) {
      log.warn({ err: error, path: order.path }, 'media control: order not delivered, kept for later');
      return false;
    }
  }
  async function giveOrKeep(path: string, body: unknown, method: Order['method'] = 'POST'): Promise<void> {
    const order: Order = { method, path, body, atMs: Date.now() };
    if (await give(order)) return;
    kept = [...kept, order].slice(-ORDERS_KEPT);
  }
  async function giveKeptOrders(): Promise<void> {
    const orders = kept;
    kept = [];
    for (const order of orders) {
      if (Date.now() - order.atMs > ORDER_LIFE_MS) continue;
      if (!(await give(order))) kept = [...kept, order].slice(-ORDERS_KEPT);
    }
  }

  return {
    get isAway() {
      return away;
    },
    get hasSpoken() {
      return hasSpoken;
    },
    get isConnected() {
      return socket.connected && !away;
    },
    get isSilent() {
      return now() - heardAtMs > SILENT_AFTER_MS;
    },
    get node() {
      return node;
    },
    stream: (streamId) => streams.get(streamId),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onConnect(listener) {
      connectListeners.add(listener);
      return () => void connectListeners.delete(listener);
    },
    order: giveOrKeep,
    close() {
      closed = true;
      isBack();
      listeners.clear();
      connectListeners.clear();
      socket.disconnect();
    },
  };
}
