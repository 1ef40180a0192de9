/**
 * The signalling socket that comes back by itself.
 *
 * Model: `down` → (token, connect) → `up` → … Every attempt asks for a fresh token and makes a new socket; attempts are
 * spaced by jittered back-off. It ends for good on `close`, on a refusal that another attempt cannot change, or when the
 * server puts the peer out. Invariant: listeners hear only the present socket.
 */
import type {
  MediaAck,
  MediaErrorCode,
  MediaEvent,
  MediaEventName,
  MediaReply,
  MediaRequest,
  MediaRequestName,
} from '@walnut-live/contracts';
import { io, type Socket } from 'socket.io-client';
import { createBackoff } from './backoff.ts';
import { createEmitter } from './emitter.ts';
import { isPermanent } from './permanent.ts';
import type { MediaEndpoint, MediaFailureReason, MediaPass } from './types.ts';

const NAMESPACE = '/media';
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 8_000;
/** A host that is there answers within a round trip or two, a lost packet included. */
const ANSWER_TIMEOUT_MS = 1_200;
/** Of a publisher who has muted everything nothing comes for as long as they like. */
const VERIFY_EVERY_MS = 2_000;
/** Tokens refused in a row (clock skew, restart of the other side) before it is believed. */
const MAX_TOKEN_REFUSALS = 3;
/** Redirections in a row before the api is asked again. */
const MAX_HOPS = 3;

/** A request that the server refused or that got no answer (`code` null). */
export interface RequestError extends Error {
  code: MediaErrorCode | null;
}

export function requestError(code: MediaErrorCode | null, message: string): RequestError {
  return Object.assign(new Error(message), { code });
}

export type ConnectionEnd = MediaFailureReason | 'ended' | 'closed';

interface ConnectionEvents {
  up: undefined;
  down: undefined;
  /** It will not come back. */
  end: ConnectionEnd;
}

export interface MediaConnection {
  readonly isUp: boolean;
  on<Name extends keyof ConnectionEvents>(name: Name, listener: (value: ConnectionEvents[Name]) => void): () => void;
  onEvent<Name extends MediaEventName>(name: Name, listener: (payload: MediaEvent<Name>) => void): () => void;
  /** @throws RequestError */
  request<Name extends MediaRequestName>(name: Name, payload: MediaRequest<Name>): Promise<MediaReply<Name>>;
  /**
   * Media have stopped coming: asks the host whether it is there, and looks for another when it does not answer. Socket.IO
   * would find out seconds later. Does nothing while an answer is awaited, soon after one, or while the socket is down.
   */
  verify(): void;
  close(): void;
}

/** `moved`: the first token must be asked for anew, see MediaEndpoint.token. */
export function openConnection(endpoint: MediaEndpoint & { moved?: boolean }): MediaConnection {
  const events = createEmitter<ConnectionEvents>();
  const serverEvents = createEmitter<{ [Name in MediaEventName]: MediaEvent<Name> }>();
  const backoff = createBackoff({ firstMs: 300, maxMs: 6_000 });
  let socket: Socket | null = null;
  let isUp = false;
  let ended = false;
  let tokenRefusals = 0;
  /** What is known of the host is out of date. */
  let moved = endpoint.moved ?? false;
  /** Where a host that takes nobody sent us, with the token that is good there too. */
  let hop: MediaPass | null = null;
  let hops = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The socket that is being asked for a sign of life. */
  let asked: Socket | null = null;
  let answeredAtMs = 0;

  function end(why: ConnectionEnd): void {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    dropSocket();
    events.emit('end', why);
    events.clear();
    serverEvents.clear();
  }

  function dropSocket(): void {
    const old = socket;
    socket = null;
    isUp = false;
    old?.offAny();
    old?.removeAllListeners();
    old?.disconnect();
  }

  function lost(): void {
    const wasUp = isUp;
    dropSocket();
    if (ended) return;
    if (wasUp) events.emit('down', undefined);
    timer = setTimeout(connect, backoff.nextMs());
  }

  /** Ends the connection when `why` says that it is over for good, otherwise tries again. */
  function endOrRetry(why: ConnectionEnd | null): void {
    if (why === null) lost();
    else end(why);
  }

  function verdictOfRefusal(code: string | undefined): ConnectionEnd | null {
    if (code === 'media_token_revoked') return 'revoked';
    if (code === 'media_forbidden') return 'refused';
    if (code !== 'media_token_invalid') return null;
    tokenRefusals += 1;
    return tokenRefusals >= MAX_TOKEN_REFUSALS ? 'refused' : null;
  }

  /** Follows a redirection at once; a ring of hosts that send each other visitors is left after MAX_HOPS. */
  function follow(url: unknown, pass: MediaPass): boolean {
    if (typeof url !== 'string' || hops >= MAX_HOPS) return false;
    hops += 1;
    hop = { ...pass, url };
    dropSocket();
    timer = setTimeout(connect, 0);
    return true;
  }

  async function passFor(): Promise<MediaPass> {
    if (hop) {
      const pass = hop;
      hop = null;
      return pass;
    }
    const answer = await endpoint.token({ moved });
    if (typeof answer === 'string') return { token: answer, url: endpoint.url, path: endpoint.path ?? '/socket.io' };
    return { path: endpoint.path ?? '/socket.io', ...answer };
  }

  async function connect(): Promise<void> {
    let pass: MediaPass;
    try {
      pass = await passFor();
    } catch (error) {
      endOrRetry(isPermanent(error) ? 'refused' : null);
      return;
    }
    if (ended) return;
    moved = true; // whoever has to come again may find the host gone: the next answer must be a fresh one
    const next = io(`${pass.url}${NAMESPACE}`, {
      path: pass.path ?? '/socket.io',
      auth: { token: pass.token },
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      forceNew: true,
      reconnection: false,
      timeout: CONNECT_TIMEOUT_MS,
    });
    socket = next;
    next.on('connect', () => {
      backoff.reset();
      tokenRefusals = 0;
      hops = 0;
      isUp = true;
      events.emit('up', undefined);
    });
    next.on('connect_error', (error: Error & { data?: { code?: string; details?: { url?: unknown } } }) => {
      const { code, details } = error.data ?? {};
      if (code === 'media_elsewhere' && follow(details?.url, pass)) return;
      endOrRetry(verdictOfRefusal(code));
    });
    next.on('disconnect', lost);
    next.onAny((name: string, payload: unknown) => {
      if (name === 'session:closed') endOrRetry(verdictOfClosing(payload as MediaEvent<'session:closed'>));
      else serverEvents.emit(name as MediaEventName, payload as never);
    });
  }

  // In a later tick, so that the caller can subscribe first.
  timer = setTimeout(connect, 0);

  return {
    get isUp() {
      return isUp;
    },
    on: events.on,
    onEvent: (name, listener) => serverEvents.on(name, listener),
    async request<Name extends MediaRequestName>(name: Name, payload: MediaRequest<Name>): Promise<MediaReply<Name>> {
      const current = socket;
      if (!current || !isUp) throw requestError(null, `${name}: not connected`);
      let ack: MediaAck<MediaReply<Name>>;
      try {
        ack = await current.timeout(REQUEST_TIMEOUT_MS).emitWithAck(name, payload);
      } catch {
        throw requestError(null, `${name}: no answer`);
      }
      if (!ack.ok) throw requestError(ack.error.code, `${name}: ${ack.error.code}`);
      return ack.data;
    },
    verify() {
      const current = socket;
      if (!current || !isUp || asked === current || Date.now() - answeredAtMs < VERIFY_EVERY_MS) return;
      asked = current;
      current
        .timeout(ANSWER_TIMEOUT_MS)
        .emitWithAck('session:ping', {})
        .then(
          () => {
            answeredAtMs = Date.now();
          },
          () => {
            if (socket === current) lost();
          },
        )
        .finally(() => {
          if (asked === current) asked = null;
        });
    },
    close() {
      end('closed');
    },
  };
}

function verdictOfClosing({ reason }: MediaEvent<'session:closed'>): ConnectionEnd | null {
  switch (reason) {
    case 'revoked':
      return 'revoked';
    case 'publisher_replaced':
      return 'replaced';
    case 'closed_by_control':
      return 'ended';
    default:
      return null; // drained, or its grace was over: another try
  }
}
