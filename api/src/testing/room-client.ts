/** A room's socket as a test sees it: joins by HTTP, connects, keeps everything it is told. */
import {
  type Ack,
  type JoinReply,
  joinRoom,
  RoomClosed,
  type RoomEvent,
  RoomFrame,
  type RoomMessageName,
  RoomSnapshot,
  type SequencedEvent,
} from '@walnut-live/contracts';
import { io, type Socket } from 'socket.io-client';
import { vi } from 'vitest';
import type { Principal } from '../platform/principal.ts';
import type { TestApi } from './test-api.ts';

/** The first message of a server that has just started waits for its word list, on a crowded machine for seconds. */
const ANSWER_MS = 20_000;

export interface RoomClient extends AsyncDisposable {
  readonly socket: Socket;
  readonly frames: RoomFrame[];
  readonly snapshots: RoomSnapshot[];
  readonly closed: RoomClosed['reason'][];
  /** Events as a client takes them: what it knows already counts once. */
  events<K extends RoomEvent['kind']>(kind: K): Extract<RoomEvent, { kind: K }>[];
  /** Frames that continue from something this client has not seen: there must be none. */
  readonly gaps: RoomFrame[];
  /** The last number seen. */
  seq(): number;
  /** Sends and waits for the acknowledgement. */
  ask(name: RoomMessageName | (string & {}), ...payload: unknown[]): Promise<Ack<Record<string, unknown>>>;
  waitFor(what: string, condition: () => boolean, timeoutMs?: number): Promise<void>;
  close(): void;
}

/** Connects with a grant; resolves when connected, rejects with the code of the refusal. */
export async function connectRoom(
  url: string,
  auth: { token: string; roomId: string; lastSeq?: number },
  options: {
    transports?: ('websocket' | 'polling')[];
    /** Called before anything can arrive. */
    onSocket?: (client: Pick<RoomClient, 'socket'>) => void;
  } = {},
): Promise<RoomClient> {
  const socket = io(`${url}/room`, {
    auth,
    transports: options.transports ?? ['websocket'],
    reconnection: false,
    forceNew: true,
  });
  const frames: RoomFrame[] = [];
  const heard: SequencedEvent[] = [];
  const snapshots: RoomSnapshot[] = [];
  const closed: RoomClosed['reason'][] = [];
  const gaps: RoomFrame[] = [];
  let seen = auth.lastSeq ?? 0;
  socket.on('room:frame', (raw: unknown) => {
    const frame = RoomFrame.parse(raw);
    frames.push(frame);
    if ((frame.after ?? 0) > seen) gaps.push(frame);
    heard.push(...frame.events.filter(({ seq }) => seq > seen));
    seen = Math.max(seen, frame.seq);
  });
  socket.on('room:snapshot', (raw: unknown) => {
    const snapshot = RoomSnapshot.parse(raw);
    snapshots.push(snapshot);
    seen = snapshot.seq;
  });
  socket.on('room:closed', (raw: unknown) => void closed.push(RoomClosed.parse(raw).reason));
  options.onSocket?.({ socket });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('disconnect', reject); // the server died while we knocked
    socket.once('connect_error', (error: Error & { data?: { code?: string } }) =>
      reject(new Error(error.data?.code ?? error.message)),
    );
  });
  const client: RoomClient = {
    socket,
    frames,
    snapshots,
    closed,
    gaps,
    events: (kind) =>
      heard.flatMap(({ event }) => (event.kind === kind ? [event as Extract<RoomEvent, { kind: typeof kind }>] : [])),
    seq: () => seen,
    ask: (name, ...payload) => socket.timeout(ANSWER_MS).emitWithAck(name, ...payload),
    waitFor: (what, condition, timeoutMs = 5_000) =>
      vi.waitFor(
        () => {
          if (!condition()) throw new Error(`not seen: ${what}`);
        },
        { timeout: timeoutMs, interval: 10 },
      ),
    close: () => void socket.disconnect(),
    async [Symbol.asyncDispose]() {
      socket.disconnect();
    },
  };
  return client;
}

/** Joins as somebody and connects from the snapshot of the join. */
export async function enterRoom(
  api: TestApi,
  roomId: string,
  as: Principal,
  options: { lastSeq?: number | null } = {},
): Promise<RoomClient & { readonly join: JoinReply }> {
  const join = await api.ok(joinRoom, { params: { id: roomId }, body: {}, as });
  const lastSeq = options.lastSeq === undefined ? join.snapshot.seq : options.lastSeq;
  const client = await connectRoom(api.url, {
    token: join.roomToken,
    roomId,
    ...(lastSeq === null ? {} : { lastSeq }),
  });
  return Object.assign(client, { join });
}
