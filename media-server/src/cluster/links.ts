/**
 * Sockets to the hosts that are origins of streams which are watched here: one per host, kept while a stream needs it.
 *
 * Model: `to(url)` counts its users; the socket comes back by itself and says `up` and `down`. Invariant: a link without
 * users is closed.
 */
import {
  CLUSTER_NAMESPACE,
  type ClusterEvents,
  type ClusterReply,
  type ClusterRequest,
  type ClusterRequestName,
  clusterEvents,
  type MediaAck,
} from '@walnut-live/contracts';
import { io, type Socket } from 'socket.io-client';
import type { z } from 'zod';
import { createSignal } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';

const REQUEST_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 1_000;
const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 500;

type ClusterEvent<Name extends keyof ClusterEvents> = z.infer<ClusterEvents[Name]>;

export interface ClusterLink {
  readonly isUp: boolean;
  /** @throws MediaFailure the other side's code, or media_worker_lost when it cannot be asked */
  request<Name extends ClusterRequestName>(name: Name, payload: ClusterRequest<Name>): Promise<ClusterReply<Name>>;
  on<Name extends keyof ClusterEvents>(name: Name, listener: (event: ClusterEvent<Name>) => void): () => void;
  onUp(listener: () => void): () => void;
  onDown(listener: () => void): () => void;
  /** Gives the link back. Idempotent. */
  release(): void;
}

export interface ClusterLinks {
  to(controlUrl: string): ClusterLink;
  close(): void;
}

interface Entry {
  socket: Socket;
  users: number;
  up: ReturnType<typeof createSignal<void>>;
  down: ReturnType<typeof createSignal<void>>;
}

export function createClusterLinks(deps: {
  token: string;
  self: { nodeId: string; incarnation: string };
  log: Logger;
}): ClusterLinks {
  const entries = new Map<string, Entry>();

  function connect(controlUrl: string): Entry {
    const socket = io(new URL(CLUSTER_NAMESPACE, controlUrl).href, {
      auth: { token: deps.token, ...deps.self },
      transports: ['websocket'],
      forceNew: true,
      timeout: CONNECT_TIMEOUT_MS,
      reconnectionDelay: RECONNECT_MIN_MS,
      reconnectionDelayMax: RECONNECT_MAX_MS,
    });
    const entry: Entry = { socket, users: 0, up: createSignal(), down: createSignal() };
    socket.on('connect', () => entry.up.emit());
    socket.on('disconnect', () => entry.down.emit());
    socket.on('connect_error', (error) => {
      deps.log.debug({ err: error, controlUrl }, 'no link to the other host');
      entry.down.emit();
    });
    return entry;
  }

  async function request(socket: Socket, name: string, payload: unknown): Promise<unknown> {
    let ack: MediaAck<unknown>;
    try {
      // What cannot be sent now is not queued: whoever asked has to look again where the stream is.
      if (!socket.connected) await connected(socket);
      ack = await socket.timeout(REQUEST_TIMEOUT_MS).emitWithAck(name, payload);
    } catch (cause) {
      throw mediaFailure('media_worker_lost', { why: 'no-answer' }, cause);
    }
    if (!ack.ok) throw mediaFailure(ack.error.code, ack.error.details);
    return ack.data;
  }

  function connected(socket: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        socket.off('connect', onConnect);
        socket.off('connect_error', settle);
        if (error) reject(error);
        else resolve();
      };
      const onConnect = (): void => settle();
      const timer = setTimeout(() => settle(new Error('not connected in time')), CONNECT_TIMEOUT_MS);
      socket.on('connect', onConnect);
      socket.on('connect_error', settle);
    });
  }

  return {
    to(controlUrl) {
      const entry = entries.get(controlUrl) ?? connect(controlUrl);
      entries.set(controlUrl, entry);
      entry.users += 1;
      const undos: Array<() => void> = [];
      let released = false;
      const keep = (undo: () => void): (() => void) => {
        undos.push(undo);
        return undo;
      };
      return {
        get isUp() {
          return entry.socket.connected;
        },
        request: async <Name extends ClusterRequestName>(name: Name, payload: ClusterRequest<Name>) =>
          (await request(entry.socket, name, payload)) as ClusterReply<Name>,
        on(name, listener) {
          const heard = (raw: unknown): void => {
            const parsed = clusterEvents[name].safeParse(raw);
            if (parsed.success) listener(parsed.data as never);
            else deps.log.error({ err: parsed.error, event: name }, 'unreadable event of another host');
          };
          entry.socket.on(name as string, heard);
          return keep(() => entry.socket.off(name as string, heard));
        },
        onUp: (listener) => keep(entry.up.subscribe(listener)),
        onDown: (listener) => keep(entry.down.subscribe(listener)),
        release() {
          if (released) return;
          released = true;
          for (const undo of undos) undo();
          entry.users -= 1;
          if (entry.users > 0) return;
          if (entries.get(controlUrl) === entry) entries.delete(controlUrl);
          entry.socket.disconnect();
        },
      };
    },
    close() {
      for (const { socket } of entries.values()) socket.disconnect();
      entries.clear();
    },
  };
}
