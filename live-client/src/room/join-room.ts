import {
  type ActivityName,
  type ActivityPayload,
  type ActivityReply,
  type BodyInputOf,
  type ChatMessage,
  type ChatMode,
  type Draw,
  getBag,
  joinRoom as joinRoute,
  type OfferView,
  type openOffer,
  type ReportReason,
  type RoomEvent,
} from '@walnut-live/contracts';
import { isApiError } from '../http/api-error.ts';
import type { Api } from '../http/create-api.ts';
import { randomId } from '../http/pending-actions.ts';
import type { ChatParts, OutboxItem } from './chat-state.ts';
import { createLikeBatcher, type LikeAnswer } from './like-batcher.ts';
import { createRoomSocket } from './room-socket.ts';
import { initialRoomState, isGap, type RoomAction, type RoomState, reduce } from './room-state.ts';
import { createServerClock } from './server-clock.ts';
import { createStore, type Store } from './store.ts';

/** An own message that nobody acknowledged for this long is shown as failed; a retry keeps its id. */
const CHAT_GIVE_UP_MS = 30_000;
/** Until a message that the room could not take is sent again. */
const CHAT_RETRY_MS = 1_000;
/** Own messages on their way; more are refused as `rate_limited`. */
const OUTBOX_LIMIT = 20;
/** Wait before the bag is asked for again after a failure. */
const BAG_RETRY_MS = 3_000;

export type JoinRoomOptions = {
  api: Api;
  roomId: string;
  /** Local monotonic milliseconds. */
  now?: () => number;
  random?: () => number;
  newId?: () => string;
};

/** One person in one room. Everything it starts ends with `close`. */
export type RoomSession = Store<RoomState> & {
  readonly roomId: string;
  /** Server time in epoch milliseconds. */
  serverNowMs: () => number;
  /** Facts as they happen (not those of snapshots); returns its undo. */
  onEvent: (listener: (event: RoomEvent) => void) => () => void;
  /** Shows the message at once and sends it until it is acknowledged. Null = nothing to send or too many on their way. */
  sendChat: (text: string, parts?: ChatParts) => string | null;
  retryChat: (clientMessageId: string) => void;
  dismissChat: (clientMessageId: string) => void;
  /** Brings a message before the room's moderators; rejects with ApiError. */
  report: (messageId: string, reason: ReportReason, note?: string) => Promise<void>;
  like: (count?: number) => void;
  /** Acknowledged commands of hosts and assistants; each rejects with ApiError. */
  pin: (productId: string) => Promise<void>;
  unpin: () => Promise<void>;
  deleteChat: (messageId: string, reason?: string) => Promise<void>;
  /** `minutes` null = until lifted. */
  mute: (personId: string, minutes?: number | null, reason?: string) => Promise<void>;
  ban: (personId: string, reason?: string) => Promise<void>;
  setNotice: (text: string) => Promise<void>;
  /** The host's mark on a message. */
  answer: (messageId: string, answered?: boolean) => Promise<void>;
  /** Null takes the pinned message down. */
  pinMessage: (messageId: string | null) => Promise<void>;
  setMode: (mode: ChatMode) => Promise<void>;
  openOffer: (offer: BodyInputOf<typeof openOffer>) => Promise<OfferView>;
  openDraw: (drawId: string) => Promise<Draw>;
  /** Draws the winners. */
  closeDraw: (drawId: string) => Promise<Draw>;
  /** Into a draw, for everybody; says its keyword. Answers the own public id. */
  enterDraw: (drawId: string) => Promise<string>;
  /** Check-in, an answer, a line of a chain: what the server made of it; rejects with ApiError. Sent again it counts once. */
  take: <Name extends ActivityName>(name: Name, payload: ActivityPayload<Name>) => Promise<ActivityReply<Name>>;
  /** Tries again at once, also after `closed`. */
  reconnect: () => void;
  close: () => void;
};

const payloadOf = ({ clientMessageId, text, sticker, replyTo, mentions }: OutboxItem) => ({
  text,
  clientMessageId,
  ...(sticker && { sticker }),
  ...(replyTo && { replyTo: replyTo.messageId }),
  ...(mentions?.length && { mentions: mentions.map(({ personId }) => personId) }),
});

/**
 * Enters a room. Returns at once; the state tells how far it is (`connection`, `loaded`). When the person changes (a guest
 * signs in) the room is joined anew by itself and keeps what it shows.
 */
export const joinRoom = (options: JoinRoomOptions): RoomSession => {
  const { api, roomId } = options;
  const now = options.now ?? (() => performance.now());
  const newId = options.newId ?? randomId;
  const clock = createServerClock(now);
  const store = createStore(initialRoomState(roomId));
  const eventListeners = new Set<(event: RoomEvent) => void>();
  const undo: (() => void)[] = [];
  const chatTimers = new Map<string, ReturnType<typeof setTimeout>>();
  const chatInFlight = new Set<string>();
  let bagTimer: ReturnType<typeof setTimeout> | null = null;
  let bagAsked = false;
  let joinedAs: string | null = null;
  let closed = false;

  const dispatch = (action: RoomAction): void => store.set(reduce(store.get(), action));
  const identity = (): string | null => {
    const me = api.me();
    return me && `${me.kind}:${me.id}`;
  };

  const socket = createRoomSocket({
    roomId,
    baseUrl: api.baseUrl,
    serverNowMs: clock.nowMs,
    ...(options.random ? { random: options.random } : {}),
    join: async () => {
      await api.ensureSession();
      const sentMs = now();
      const reply = await api.call(joinRoute, { params: { id: roomId }, body: {} });
      clock.sample({ sentMs, receivedMs: now(), serverMs: Date.parse(reply.serverTime) });
      return reply;
    },
    lastSeq: () => (store.get().loaded ? store.get().seq : null),
    onJoined: (reply) => {
      joinedAs = identity();
      dispatch({ type: 'joined', reply, selfId: api.me()?.id ?? null });
    },
    onStatus: (status) => {
      dispatch({ type: 'connection', connection: status });
      if (status.state !== 'online') return;
      transmitAll();
      likes.resume();
    },
    onPaused: (paused) => {
      dispatch({ type: 'connection', connection: store.get().connection, paused });
      if (!paused) transmitAll();
    },
    onSnapshot: (snapshot) => {
      clock.observe(Date.parse(snapshot.at));
      dispatch({ type: 'snapshot', snapshot });
    },
    onFrame: (frame) => {
      const before = store.get();
      if (isGap(before, frame)) return false;
      clock.observe(Date.parse(frame.at));
      dispatch({ type: 'frame', frame });
      if (store.get().bagStale) void refreshBag();
      for (const { seq, event } of frame.events) {
        if (seq > before.seq) for (const listener of [...eventListeners]) listener(event);
      }
      return true;
    },
  });

  const refreshBag = async (): Promise<void> => {
    if (bagAsked || closed) return;
    bagAsked = true;
    try {
      dispatch({ type: 'bag', bag: await api.call(getBag, { params: { id: roomId } }) });
    } catch {
      bagTimer = setTimeout(() => void refreshBag(), BAG_RETRY_MS);
    } finally {
      bagAsked = false;
    }
  };

  const likes = createLikeBatcher({
    clientId: newId(),
    canSend: socket.isOnline,
    onChange: (unsent, total) => dispatch({ type: 'likes:local', unsent, ...(total === undefined ? {} : { total }) }),
    send: async (batch): Promise<LikeAnswer> => {
      try {
        const { total } = await socket.request<{ total: number }>('like:add', batch);
        return { type: 'counted', total };
      } catch (error) {
        if (isApiError(error, 'rate_limited'))
          return { type: 'again', afterMs: (error.retryAfterSeconds ?? 2) * 1_000 };
        return isApiError(error) && error.status > 0 && error.status < 500
          ? { type: 'refused' }
          : { type: 'again', afterMs: 1_000 };
      }
    },
  });

  const settleChat = (id: string): void => {
    clearTimeout(chatTimers.get(id));
    chatTimers.delete(id);
  };

  /** Sends one message of the outbox; without an answer it stays there and goes out again on the next connection. */
  const transmit = async (id: string): Promise<void> => {
    // Asking again and again would use up what one may say; when the pause ends, everything that waits goes out.
    if (store.get().paused) return;
    const item = store.get().outbox.find((other) => other.clientMessageId === id);
    if (!item || chatInFlight.has(id) || closed) return;
    chatInFlight.add(id);
    let again = false;
    try {
      const payload = payloadOf(item);
      const { message } = await socket.request<{ message: ChatMessage }>('chat:send', payload);
      settleChat(id);
      dispatch({ type: 'chat:accepted', clientMessageId: id, message });
    } catch (error) {
      const code = isApiError(error) ? error.code : 'internal';
      if (code === 'offline') again = socket.isOnline() && chatTimers.has(id);
      else if (code === 'unavailable' && chatTimers.has(id)) {
        // A pause: the same id may be sent again, and again, until we give up.
        setTimeout(() => {
          if (chatTimers.has(id) && socket.isOnline()) void transmit(id);
        }, CHAT_RETRY_MS);
      } else {
        settleChat(id);
        const waitMs = isApiError(error) ? error.facts?.retryAfterMs : undefined;
        const nextTurn =
          code === 'slow_mode' && typeof waitMs === 'number' ? { nextTurnMs: clock.nowMs() + waitMs } : {};
        dispatch({ type: 'chat:failed', clientMessageId: id, code, ...nextTurn });
      }
    } finally {
      chatInFlight.delete(id);
    }
    if (again) void transmit(id);
  };

  const transmitAll = (): void => {
    for (const item of store.get().outbox) if (item.state === 'sending') void transmit(item.clientMessageId);
  };

  const startChat = (id: string): void => {
    settleChat(id);
    chatTimers.set(
      id,
      setTimeout(() => {
        // It waits as long as the room is paused; what the server did not take before may be taken after.
        if (store.get().paused) return startChat(id);
        chatTimers.delete(id);
        dispatch({ type: 'chat:failed', clientMessageId: id, code: 'offline' });
      }, CHAT_GIVE_UP_MS),
    );
    void transmit(id);
  };

  const command = async (name: Parameters<typeof socket.request>[0], payload: unknown): Promise<void> => {
    await socket.request(name, payload);
  };

  undo.push(
    api.subscribe(() => {
      // Only a change of the person we joined as; null is a sign-out whose next person comes with the new join.
      if (joinedAs !== null && identity() !== joinedAs) {
        joinedAs = null;
        socket.restart();
      }
    }),
  );
  if (typeof window !== 'undefined') {
    const hurry = (): void => {
      if (document.visibilityState === 'visible') socket.hurry();
    };
    window.addEventListener('online', hurry);
    document.addEventListener('visibilitychange', hurry);
    undo.push(() => {
      window.removeEventListener('online', hurry);
      document.removeEventListener('visibilitychange', hurry);
    });
  }
  socket.start();

  return {
    roomId,
    get: store.get,
    subscribe: store.subscribe,
    select: store.select,
    serverNowMs: clock.nowMs,
    onEvent: (listener) => {
      eventListeners.add(listener);
      return () => eventListeners.delete(listener);
    },
    sendChat: (raw, parts = {}) => {
      const text = raw.trim();
      const me = api.me();
      if ((!text && !parts.sticker) || closed || store.get().outbox.length >= OUTBOX_LIMIT) return null;
      const clientMessageId = newId();
      dispatch({
        type: 'chat:queued',
        item: {
          clientMessageId,
          text,
          name: me?.name ?? '',
          personId: me?.id ?? '',
          at: new Date(clock.nowMs()).toISOString(),
          state: 'sending',
          code: null,
          echoed: false,
          ...parts,
        },
      });
      startChat(clientMessageId);
      return clientMessageId;
    },
    retryChat: (id) => {
      dispatch({ type: 'chat:retried', clientMessageId: id });
      startChat(id);
    },
    dismissChat: (id) => {
      settleChat(id);
      dispatch({ type: 'chat:dismissed', clientMessageId: id });
    },
    like: likes.like,
    pin: (productId) => command('product:pin', { productId }),
    unpin: () => command('product:unpin', {}),
    deleteChat: (messageId, reason = '') => command('chat:delete', { messageId, reason }),
    mute: (personId, minutes = null, reason = '') => command('viewer:mute', { personId, minutes, reason }),
    ban: (personId, reason = '') => command('viewer:ban', { personId, reason }),
    setNotice: (text) => command('notice:set', { text }),
    report: (messageId, reason, note = '') => command('chat:report', { messageId, reason, note }),
    answer: (messageId, answered = true) => command('chat:answer', { messageId, answered }),
    pinMessage: (messageId) => command('message:pin', { messageId }),
    setMode: (mode) => command('mode:set', mode),
    openOffer: (offer) => socket.request<OfferView>('offer:open', offer),
    openDraw: async (drawId) => (await socket.request<{ draw: Draw }>('draw:open', { drawId })).draw,
    closeDraw: async (drawId) => (await socket.request<{ draw: Draw }>('draw:close', { drawId })).draw,
    enterDraw: async (drawId) =>
      (await socket.request<{ publicId: string }>('draw:enter', { drawId, clientMessageId: newId() })).publicId,
    take: (name, payload) => socket.request(name, payload),
    reconnect: socket.restart,
    close: () => {
      closed = true;
      for (const end of undo.splice(0)) end();
      for (const timer of chatTimers.values()) clearTimeout(timer);
      if (bagTimer !== null) clearTimeout(bagTimer);
      likes.close();
      socket.close();
      eventListeners.clear();
    },
  };
};
