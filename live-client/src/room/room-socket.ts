import {
  type Ack,
  type AckError,
  errorStatus,
  type JoinReply,
  RoomClosed,
  type RoomFrame,
  type RoomMessageName,
  RoomPaused,
  type RoomSnapshot,
} from '@walnut-live/contracts';
import { io, type Socket } from 'socket.io-client';
import { ApiError } from '../http/api-error.ts';
import { reconnectDelayMs } from './backoff.ts';

/*
 * One room's connection: joins by HTTP, connects Socket.IO, comes back by itself.
 *
 * Model: idle → connecting → online → (lost) waiting → connecting … → closed. Every step belongs to an `attempt` number;
 * whatever an older attempt still says is ignored.
 *
 * Invariants
 * - At most one socket exists.
 * - Socket.IO's own reconnection is off: a new attempt may need a fresh token and always names the latest lastSeq.
 * - `closed` is final, except that `restart` begins anew.
 */

/** A room token is renewed when it has less than this to live: the handshake must still find it valid. */
const TOKEN_RESERVE_MS = 10_000;
/** How long the handshake may take. */
const CONNECT_TIMEOUT_MS = 8_000;
/** A connection that held this long was good: the next loss starts with a short delay again. */
const STABLE_MS = 5_000;
const ACK_TIMEOUT_MS = 6_000;

export type SocketStatus =
  | { state: 'connecting' | 'online' }
  /** `error`: why the last join by HTTP failed, when that is what failed. */
  | { state: 'reconnecting'; attempt: number; error?: ApiError }
  | { state: 'closed'; reason: RoomClosed['reason'] | 'failed' | 'left'; code?: ApiError['code'] };

export type RoomSocketDeps = {
  roomId: string;
  baseUrl: string;
  /** Joins by HTTP; rejects with ApiError. */
  join: () => Promise<JoinReply>;
  lastSeq: () => number | null;
  serverNowMs: () => number;
  onJoined: (reply: JoinReply) => void;
  onStatus: (status: SocketStatus) => void;
  onSnapshot: (snapshot: RoomSnapshot) => void;
  onPaused: (paused: boolean) => void;
  /** Returns false when the frame shows a gap; the connection is then made anew from lastSeq. */
  onFrame: (frame: RoomFrame) => boolean;
  random?: () => number;
};

export type RoomSocket = ReturnType<typeof createRoomSocket>;

export const ackToError = (error: AckError): ApiError =>
  new ApiError({
    code: error.code,
    status: errorStatus[error.code] ?? 500,
    ...(error.issues ? { issues: error.issues } : {}),
    ...(error.facts ? { facts: error.facts } : {}),
  });

const offline = (): ApiError => new ApiError({ code: 'offline', status: 0 });

/** A join that will not succeed however often it is tried. */
const isFinal = (error: unknown): error is ApiError =>
  error instanceof ApiError &&
  ['banned', 'not_in_audience', 'not_found', 'gone', 'forbidden', 'invalid_request'].includes(error.code);

/** Refused as a person; a fresh token changes nothing. */
const isShutOut = (code: string): code is 'banned' | 'not_in_audience' =>
  code === 'banned' || code === 'not_in_audience';

export const createRoomSocket = (deps: RoomSocketDeps) => {
  const { roomId, onStatus, random = Math.random } = deps;
  let grant: JoinReply | null = null;
  let socket: Socket | null = null;
  let attemptNo = 0;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let stableTimer: ReturnType<typeof setTimeout> | null = null;
  let closed = false;
  let waiting = false;

  const dropSocket = (): void => {
    attemptNo += 1;
    waiting = false;
    if (timer !== null) clearTimeout(timer);
    if (stableTimer !== null) clearTimeout(stableTimer);
    timer = null;
    stableTimer = null;
    socket?.removeAllListeners();
    socket?.disconnect();
    socket = null;
  };

  const finish = (status: Extract<SocketStatus, { state: 'closed' }>): void => {
    closed = true;
    dropSocket();
    onStatus(status);
  };

  const retryLater = (error?: unknown): void => {
    if (closed) return;
    dropSocket();
    onStatus({ state: 'reconnecting', attempt: failures, ...(error instanceof ApiError ? { error } : {}) });
    waiting = true;
    timer = setTimeout(() => void connect(), reconnectDelayMs(failures, random));
    failures += 1;
  };

  const tokenIsGood = (): boolean =>
    grant !== null && Date.parse(grant.roomTokenExpiresAt) - deps.serverNowMs() > TOKEN_RESERVE_MS;

  const onClosed = (raw: unknown): void => {
    const parsed = RoomClosed.safeParse(raw);
    const reason = parsed.success ? parsed.data.reason : 'server_shutdown';
    if (reason === 'token_expired') {
      grant = null;
      retryLater();
    } else if (reason === 'server_shutdown') retryLater();
    else finish({ state: 'closed', reason });
  };

  const connect = async (): Promise<void> => {
    dropSocket();
    if (closed) return;
    const attempt = attemptNo;
    const stale = (): boolean => attempt !== attemptNo || closed;
    onStatus(failures === 0 ? { state: 'connecting' } : { state: 'reconnecting', attempt: failures });

    if (!tokenIsGood()) {
      try {
        const reply = await deps.join();
        if (stale()) return;
        grant = reply;
        deps.onJoined(reply);
      } catch (error) {
        if (stale()) return;
        if (!isFinal(error)) return retryLater(error);
        return finish({ state: 'closed', reason: isShutOut(error.code) ? error.code : 'failed', code: error.code });
      }
    }
    if (!grant || stale()) return;

    const lastSeq = deps.lastSeq();
    const mine = io(`${grant.socketUrl || deps.baseUrl}/room`, {
      path: grant.socketPath,
      auth: { token: grant.roomToken, roomId, ...(lastSeq === null ? {} : { lastSeq }) },
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      reconnection: false,
      forceNew: true,
      timeout: CONNECT_TIMEOUT_MS,
    });
    socket = mine;
    mine.on('connect', () => {
      onStatus({ state: 'online' });
      stableTimer = setTimeout(() => {
        failures = 0;
      }, STABLE_MS);
    });
    mine.on('connect_error', (error: Error & { data?: { code?: string } }) => {
      const code = error.data?.code ?? error.message;
      // Refused by the server rather than not reached: the token is to blame, or the person.
      if (isShutOut(code)) return finish({ state: 'closed', reason: code, code });
      if (code === 'session_expired' || code === 'unauthenticated' || code === 'forbidden') grant = null;
      retryLater();
    });
    mine.on('disconnect', () => retryLater());
    mine.on('room:closed', onClosed);
    mine.on('room:paused', (raw: unknown) => {
      const parsed = RoomPaused.safeParse(raw);
      if (parsed.success) deps.onPaused(parsed.data.paused);
    });
    mine.on('room:snapshot', (snapshot: RoomSnapshot) => deps.onSnapshot(snapshot));
    mine.on('room:frame', (frame: RoomFrame) => {
      if (!deps.onFrame(frame)) retryLater();
    });
  };

  return {
    start: (): void => void connect(),
    /** Joins anew, for example as another person. */
    restart: (): void => {
      closed = false;
      grant = null;
      failures = 0;
      void connect();
    },
    /** The network or the page came back: do not sit out the delay. */
    hurry: (): void => {
      if (waiting) void connect();
    },
    isOnline: (): boolean => socket?.connected === true,
    /** One acknowledged message. Rejects with ApiError; `offline` when there is no connection or no answer in time. */
    request: async <Data>(name: RoomMessageName, payload: unknown): Promise<Data> => {
      const via = socket;
      if (!via?.connected) throw offline();
      const ack = (await via
        .timeout(ACK_TIMEOUT_MS)
        .emitWithAck(name, payload)
        .catch(() => null)) as Ack<Data> | null;
      if (ack?.ok === true) return ack.data;
      throw ack?.ok === false && ack.error ? ackToError(ack.error) : offline();
    },
    close: (): void => {
      if (!closed) finish({ state: 'closed', reason: 'left' });
    },
  };
};
