import { z } from 'zod';
import { Instant, text } from '../http/common.ts';
import { PersonId } from '../ids.ts';

/** Drawn by the clients; what stands in `text` beside one is for whoever cannot draw it. */
export const stickers = ['hello', 'like', 'love', 'want', 'laugh', 'thanks', 'question', 'cheer'] as const;
export const StickerId = z.enum(stickers).meta({ id: 'StickerId' });
export type StickerId = z.infer<typeof StickerId>;
export const stickerTexts: Record<StickerId, string> = {
  hello: '[你好]',
  like: '[点赞]',
  love: '[爱了]',
  want: '[想要]',
  laugh: '[哈哈]',
  thanks: '[谢谢]',
  question: '[疑问]',
  cheer: '[加油]',
};

/**
 * Levels of people by one honest fact: paid orders with this brand that were not refunded in full. The level is the number
 * of these thresholds that are reached; 0 has not bought here yet.
 */
export const CHAT_LEVEL_ORDERS = [1, 3, 6, 12] as const;
export const ChatLevel = z.int().min(0).max(CHAT_LEVEL_ORDERS.length);

/** People one message may name. */
export const MAX_MENTIONS = 5;
/** Characters of the message that is replied to, as they stand above the reply. */
export const QUOTE_LENGTH = 60;

export const ChatQuote = z
  .object({
    messageId: z.string().max(120),
    personId: PersonId,
    name: z.string(),
    /** Empty once that message was deleted. */
    text: z.string(),
  })
  .meta({ id: 'ChatQuote' });
export type ChatQuote = z.infer<typeof ChatQuote>;

export const ChatMessage = z
  .object({
    /** Stable id of the message: the same for a re-sent one. */
    messageId: z.string().max(120),
    personId: PersonId,
    name: z.string(),
    /** host and operator messages are marked in the room. */
    role: z.enum(['viewer', 'operator', 'host']),
    text: z.string(),
    at: Instant,
    sticker: StickerId.optional(),
    replyTo: ChatQuote.optional(),
    /** The people it names; they see it marked. */
    mentions: z
      .array(z.object({ personId: PersonId, name: z.string() }))
      .max(MAX_MENTIONS)
      .optional(),
    /** Of a customer; absent for guests' namesakes of old and for staff. */
    level: ChatLevel.optional(),
    /** The host has answered it. */
    answered: z.boolean().optional(),
  })
  .meta({ id: 'ChatMessage' });
export type ChatMessage = z.infer<typeof ChatMessage>;

export const chatAudiences = ['everyone', 'followers', 'customers'] as const;
export const MAX_SLOW_SECONDS = 600;
/** How a room talks. The crew of the room is free of it. */
export const ChatMode = z
  .object({
    /** Seconds between two messages of one person; 0 is off. */
    slowSeconds: z.int().min(0).max(MAX_SLOW_SECONDS),
    /** followers: of the host. customers: whoever has bought from the brand. */
    audience: z.enum(chatAudiences),
  })
  .meta({ id: 'ChatMode' });
export type ChatMode = z.infer<typeof ChatMode>;

export const reportReasons = ['abuse', 'advert', 'false_claim', 'fraud', 'other'] as const;
export const ReportReason = z.enum(reportReasons);
export type ReportReason = z.infer<typeof ReportReason>;

const messageId = text(120);

export const chatMessages = {
  /** `clientMessageId` makes a re-send after a lost acknowledgement the same message. */
  'chat:send': {
    operate: false,
    payload: z
      .strictObject({
        /** May be empty with a sticker. */
        text: text(200, 0),
        clientMessageId: z.uuid().optional(),
        sticker: StickerId.optional(),
        /** A message of this room. */
        replyTo: messageId.optional(),
        /** People who have been in this room. */
        mentions: z.array(PersonId).max(MAX_MENTIONS).optional(),
      })
      .refine((message) => message.text !== '' || message.sticker !== undefined, {
        path: ['text'],
        message: 'empty_message',
      }),
    reply: z.object({ message: ChatMessage }),
  },
  'chat:delete': {
    operate: true,
    payload: z.strictObject({ messageId, reason: text(100, 0).default('') }),
    reply: z.object({ messageId: z.string() }),
  },
  'chat:report': {
    operate: false,
    payload: z.strictObject({ messageId, reason: ReportReason, note: text(200, 0).default('') }),
    reply: z.object({ messageId: z.string() }),
  },
  'chat:answer': {
    operate: true,
    payload: z.strictObject({ messageId, answered: z.boolean().default(true) }),
    reply: z.object({ messageId: z.string(), answered: z.boolean() }),
  },
  /** One message stays above the chat; null takes it down. */
  'message:pin': {
    operate: true,
    payload: z.strictObject({ messageId: messageId.nullable() }),
    reply: z.object({ message: ChatMessage.nullable() }),
  },
  'mode:set': {
    operate: true,
    payload: z.strictObject(ChatMode.shape),
    reply: ChatMode,
  },
} as const;

/** Kinds of room events, for the union in events.ts. */
export const chatEventShapes = {
  'chat:sent': { message: ChatMessage },
  'chat:deleted': { messageId: z.string(), by: PersonId },
  'chat:answered': { messageId: z.string(), answered: z.boolean(), by: PersonId },
  'message:pinned': { message: ChatMessage.nullable() },
  'mode:set': { mode: ChatMode },
} as const;

/** Of a snapshot; servers that know none of it leave them out. */
export const chatSnapshotShape = {
  pinnedMessage: ChatMessage.nullable().optional(),
  chatMode: ChatMode.optional(),
} as const;
