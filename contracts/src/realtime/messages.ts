import { z } from 'zod';
import { openOffer } from '../http/bag.ts';
import { MAX_INT4, text } from '../http/common.ts';
import { GiftReceipt, GiveGift } from '../http/gifts.ts';
import { PersonId, ProductId, RoomId } from '../ids.ts';
import { activityMessages } from './activities.ts';
import { chatMessages } from './chat.ts';
import { interactionMessages } from './interaction.ts';

/** Socket.IO namespace `/room`. Handshake: `auth: { token, roomId, lastSeq? }`. */
export const RoomHandshake = z.strictObject({
  token: z.string().max(4_000),
  roomId: RoomId,
  lastSeq: z.int().min(0).optional(),
});

/**
 * What a client may send; each is acknowledged `{ ok: true, data } | { ok: false, error }`.
 * `operate` messages need `rooms:operate` (or `offers:write`) within the room's org path.
 */
export const roomMessages = {
  ...interactionMessages,
  ...activityMessages,
  ...chatMessages,
  /** Deltas at most once a second; `batch` (client-made id, growing number) makes a re-send count once. */
  'like:add': {
    operate: false,
    payload: z.strictObject({
      count: z.int().min(1).max(60),
      batch: z.strictObject({ clientId: z.uuid(), no: z.int().min(1).max(MAX_INT4) }).optional(),
    }),
    reply: z.object({ total: z.int() }),
  },
  /** The same as `POST /rooms/:id/gifts`; `idempotencyKey` is its Idempotency-Key (rule M3). */
  'gift:send': {
    operate: false,
    payload: GiveGift.extend({ idempotencyKey: z.string().regex(/^[\x21-\x7e]{8,128}$/) }),
    reply: GiftReceipt,
  },
  'product:pin': {
    operate: true,
    payload: z.strictObject({ productId: ProductId }),
    reply: z.object({ pinnedProductId: ProductId.nullable() }),
  },
  'product:unpin': {
    operate: true,
    payload: z.strictObject({}),
    reply: z.object({ pinnedProductId: ProductId.nullable() }),
  },
  'offer:open': { operate: true, payload: openOffer.body, reply: openOffer.reply },
  'viewer:mute': {
    operate: true,
    payload: z.strictObject({
      personId: PersonId,
      minutes: z.int().min(1).max(525_600).nullable().default(null),
      reason: text(100, 0).default(''),
    }),
    reply: z.object({ personId: PersonId }),
  },
  'viewer:ban': {
    operate: true,
    payload: z.strictObject({ personId: PersonId, reason: text(100, 0).default('') }),
    reply: z.object({ personId: PersonId }),
  },
  'notice:set': {
    operate: true,
    payload: z.strictObject({ text: text(120, 0) }),
    reply: z.object({ text: z.string() }),
  },
} as const;
export type RoomMessageName = keyof typeof roomMessages;

/** Server → client besides `room:snapshot` (RoomSnapshot) and `room:frame` (RoomFrame). */
export const RoomClosed = z.object({
  reason: z.enum(['banned', 'not_in_audience', 'ended', 'token_expired', 'server_shutdown', 'replaced']),
});
export type RoomClosed = z.infer<typeof RoomClosed>;

/**
 * `room:paused`: while true nothing new is taken into the room or shown from it (its log is away); chat waits, orders and
 * payments go on. Told when it changes, and to whoever connects meanwhile.
 */
export const RoomPaused = z.object({ paused: z.boolean() });
export type RoomPaused = z.infer<typeof RoomPaused>;
