import type { ChatMessage, ChatMode, ChatQuote, RoomEvent, RoomSnapshot, StickerId } from '@walnut-live/contracts';
import type { ClientErrorCode } from '../http/api-error.ts';

/*
 * The talk of a room as one person sees it; a part of the room's state (room-state.ts).
 *
 * Invariants
 * - `chat` holds at most CHAT_LIMIT messages, oldest first, each id once; a deleted one never comes back, nor does what it said
 *   in the quote of a reply or pinned above.
 * - An own message is either in `outbox` (not acknowledged) or in `chat`, and is shown once (`visibleChat`).
 */

/** Messages kept in the room; older ones fall out. */
export const CHAT_LIMIT = 300;
/** Ids of deleted messages remembered. */
const DELETED_LIMIT = 500;

/** What a message carries besides its words. */
export type ChatParts = {
  sticker?: StickerId;
  replyTo?: ChatQuote;
  mentions?: { personId: string; name: string }[];
};

export type OutboxItem = ChatParts & {
  clientMessageId: string;
  text: string;
  name: string;
  personId: string;
  at: string;
  state: 'sending' | 'failed';
  /** Why it failed. */
  code: ClientErrorCode | null;
  /** True once its event was seen although its acknowledgement was not: kept for re-sending, no longer shown. */
  echoed: boolean;
};

export type TalkState = {
  chat: readonly ChatMessage[];
  outbox: readonly OutboxItem[];
  deletedIds: readonly string[];
  pinnedMessage: ChatMessage | null;
  chatMode: ChatMode;
  /** Slow mode: server time (epoch milliseconds) of my next turn; null when I need not wait. */
  nextTurnMs: number | null;
};

export const EVERYBODY_TALKS: ChatMode = { slowSeconds: 0, audience: 'everyone' };
export const initialTalk: TalkState = {
  chat: [],
  outbox: [],
  deletedIds: [],
  pinnedMessage: null,
  chatMode: EVERYBODY_TALKS,
  nextTurnMs: null,
};

export const append = <T>(list: readonly T[], item: T, limit: number): readonly T[] =>
  list.length < limit ? [...list, item] : [...list.slice(list.length - limit + 1), item];

/** The server builds its stable id from ours; the text is the fallback for a server that does not. */
const isEchoOf = (item: OutboxItem, message: ChatMessage): boolean =>
  message.messageId.includes(item.clientMessageId) ||
  (!item.echoed && item.state === 'sending' && message.personId === item.personId && message.text === item.text);

const withoutQuoteOf = (message: ChatMessage, isDeleted: (id: string) => boolean): ChatMessage =>
  message.replyTo?.text && isDeleted(message.replyTo.messageId)
    ? { ...message, replyTo: { ...message.replyTo, text: '' } }
    : message;

export const addChat = <S extends TalkState>(state: S, message: ChatMessage): S => {
  if (state.deletedIds.includes(message.messageId)) return state;
  if (state.chat.some((known) => known.messageId === message.messageId)) return state;
  const echo = state.outbox.findIndex((item) => isEchoOf(item, message));
  const shown = withoutQuoteOf(message, (id) => state.deletedIds.includes(id));
  return {
    ...state,
    chat: append(state.chat, shown, CHAT_LIMIT),
    outbox: echo < 0 ? state.outbox : state.outbox.map((item, at) => (at === echo ? { ...item, echoed: true } : item)),
  };
};

const changeMessage = <S extends TalkState>(state: S, id: string, change: (message: ChatMessage) => ChatMessage): S =>
  state.chat.some((message) => message.messageId === id)
    ? { ...state, chat: state.chat.map((message) => (message.messageId === id ? change(message) : message)) }
    : state;

type TalkEvent = Extract<
  RoomEvent,
  { kind: 'chat:sent' | 'chat:deleted' | 'chat:answered' | 'message:pinned' | 'mode:set' }
>;

export const applyTalk = <S extends TalkState>(state: S, event: TalkEvent): S => {
  switch (event.kind) {
    case 'chat:sent':
      return addChat(state, event.message);
    case 'chat:deleted': {
      const { messageId } = event;
      return {
        ...state,
        chat: state.chat
          .filter((message) => message.messageId !== messageId)
          .map((message) => withoutQuoteOf(message, (id) => id === messageId)),
        deletedIds: append(state.deletedIds, messageId, DELETED_LIMIT),
        pinnedMessage: state.pinnedMessage?.messageId === messageId ? null : state.pinnedMessage,
      };
    }
    case 'chat:answered':
      return changeMessage(state, event.messageId, (message) => ({ ...message, answered: event.answered }));
    case 'message:pinned':
      return {
        ...state,
        pinnedMessage: event.message && state.deletedIds.includes(event.message.messageId) ? null : event.message,
      };
    case 'mode:set':
      return {
        ...state,
        chatMode: event.mode,
        nextTurnMs: event.mode.slowSeconds === 0 ? null : state.nextTurnMs,
      };
  }
};

/** The talk of a snapshot; own messages that it has already are no longer on their way. */
export const talkOf = (state: TalkState, snapshot: RoomSnapshot): TalkState => {
  const deleted = new Set(state.deletedIds);
  const chat = snapshot.chat
    .filter((message) => !deleted.has(message.messageId))
    .slice(-CHAT_LIMIT)
    .map((message) => withoutQuoteOf(message, (id) => deleted.has(id)));
  const chatMode = snapshot.chatMode ?? EVERYBODY_TALKS;
  return {
    chat,
    outbox: state.outbox.map((item) =>
      chat.some((message) => message.messageId.includes(item.clientMessageId)) ? { ...item, echoed: true } : item,
    ),
    deletedIds: state.deletedIds,
    pinnedMessage: snapshot.pinnedMessage ?? null,
    chatMode,
    nextTurnMs: chatMode.slowSeconds === 0 ? null : state.nextTurnMs,
  };
};

export type TalkAction =
  | { type: 'chat:queued'; item: OutboxItem }
  | { type: 'chat:accepted'; clientMessageId: string; message: ChatMessage }
  /** `nextTurnMs`: refused by slow mode until then. */
  | { type: 'chat:failed'; clientMessageId: string; code: ClientErrorCode; nextTurnMs?: number }
  | { type: 'chat:retried'; clientMessageId: string }
  | { type: 'chat:dismissed'; clientMessageId: string };

const changeOutbox = <S extends TalkState>(state: S, id: string, change: (item: OutboxItem) => OutboxItem): S => ({
  ...state,
  outbox: state.outbox.map((item) => (item.clientMessageId === id ? change(item) : item)),
});

const dropOutbox = <S extends TalkState>(state: S, id: string): S => ({
  ...state,
  outbox: state.outbox.filter((item) => item.clientMessageId !== id),
});

export const reduceTalk = <S extends TalkState>(state: S, action: TalkAction): S => {
  switch (action.type) {
    case 'chat:queued':
      return { ...state, outbox: [...state.outbox, action.item] };
    case 'chat:accepted': {
      const { message } = action;
      const { slowSeconds } = state.chatMode;
      const waits = slowSeconds > 0 && message.role === 'viewer';
      const next = dropOutbox(addChat(state, message), action.clientMessageId);
      return waits ? { ...next, nextTurnMs: Date.parse(message.at) + slowSeconds * 1_000 } : next;
    }
    case 'chat:failed': {
      // One that is already in the room did not fail: only its acknowledgement was lost.
      const isThere = state.outbox.some((item) => item.clientMessageId === action.clientMessageId && item.echoed);
      if (isThere) return dropOutbox(state, action.clientMessageId);
      const failed = changeOutbox(state, action.clientMessageId, (item) => ({
        ...item,
        state: 'failed',
        code: action.code,
      }));
      return action.nextTurnMs === undefined ? failed : { ...failed, nextTurnMs: action.nextTurnMs };
    }
    case 'chat:retried':
      return changeOutbox(state, action.clientMessageId, (item) => ({ ...item, state: 'sending', code: null }));
    case 'chat:dismissed':
      return dropOutbox(state, action.clientMessageId);
  }
};

export type ChatLine = ChatMessage & {
  delivery: 'sent' | 'sending' | 'failed';
  clientMessageId?: string;
  code?: ClientErrorCode | null;
};

/** What the chat shows: the room's messages, then own ones that are on their way. */
export const visibleChat = (chat: readonly ChatMessage[], outbox: readonly OutboxItem[], role: ChatMessage['role']) => [
  ...chat.map((message): ChatLine => ({ ...message, delivery: 'sent' })),
  ...outbox
    .filter((item) => !item.echoed)
    .map(
      (item): ChatLine => ({
        messageId: item.clientMessageId,
        clientMessageId: item.clientMessageId,
        personId: item.personId,
        name: item.name,
        role,
        text: item.text,
        ...(item.sticker && { sticker: item.sticker }),
        ...(item.replyTo && { replyTo: item.replyTo }),
        ...(item.mentions && { mentions: item.mentions }),
        at: item.at,
        delivery: item.state,
        code: item.code,
      }),
    ),
];
