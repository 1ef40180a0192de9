import { z } from 'zod';
import { OrderId, PersonId, RoomId } from '../ids.ts';
import { Empty, Instant, OrgUnitRef, PageQuery, PersonRef, page } from './common.ts';
import { Carrier } from './delivery.ts';
import { defineRoute } from './route.ts';

/** What a message is about; each kind has its own rules of quiet hours, caps and opting out (docs/14). */
export const MessageKind = z
  .enum([
    'room_reminder',
    'room_live',
    'room_moved',
    'room_cancelled',
    'campaign',
    'order_news',
    'coupon_ends',
    'credit_news',
  ])
  .meta({ id: 'MessageKind' });
export type MessageKind = z.infer<typeof MessageKind>;

/** Why somebody gets it; every message says so (rule N2). */
export const MessageWhy = z.enum(['booked', 'customer', 'order', 'coupon', 'shared']).meta({ id: 'MessageWhy' });
export type MessageWhy = z.infer<typeof MessageWhy>;

/** What people may switch off. News of one's own order is in none of them. */
export const messageTopics = ['reminders', 'changes', 'campaigns', 'coupons'] as const;
export const MessageTopic = z.enum(messageTopics).meta({ id: 'MessageTopic' });
export type MessageTopic = z.infer<typeof MessageTopic>;

export const MessageState = z.enum(['waiting', 'sent', 'skipped', 'dead']).meta({ id: 'MessageState' });
export type MessageState = z.infer<typeof MessageState>;
/** Of a skipped or dead one. */
export const MessageReason = z
  .enum(['opted_out', 'quiet_hours', 'too_many', 'too_late', 'not_wanted_any_more', 'refused', 'bad_data', 'gave_up'])
  .meta({ id: 'MessageReason' });
export type MessageReason = z.infer<typeof MessageReason>;
export const MessageChannelName = z.enum(['inbox', 'wechat']).meta({ id: 'MessageChannelName' });
export type MessageChannelName = z.infer<typeof MessageChannelName>;

/** What it says; the reader's own language is made from it. */
export const MessageContent = z
  .object({
    roomTitle: z.string().default(''),
    unitName: z.string(),
    coverUrl: z.string().default(''),
    scheduledAt: Instant.nullable().default(null),
    /** Words of whoever wrote the message; empty for those the product words itself. */
    text: z.string().default(''),
    /** Of news about an order. */
    order: z
      .object({
        id: OrderId,
        orderNo: z.string(),
        event: z.enum(['paid', 'shipped', 'near', 'signed', 'balance_open', 'balance_ends']),
        carrier: Carrier.optional(),
        trackingNo: z.string().optional(),
      })
      .optional(),
    /** Of a ruling on an order that one's share may have brought: it is now mine, no more mine, or as it was. */
    credit: z.object({ orderId: OrderId, event: z.enum(['won', 'lost', 'kept']) }).optional(),
  })
  .meta({ id: 'MessageContent' });
export type MessageContent = z.infer<typeof MessageContent>;

export const MessageId = z.uuid().meta({ description: 'id of a message (UUIDv7)' });
export const MyMessage = z
  .object({
    id: MessageId,
    kind: MessageKind,
    why: MessageWhy,
    roomId: RoomId.nullable(),
    content: MessageContent,
    at: Instant,
    readAt: Instant.nullable(),
  })
  .meta({ id: 'MyMessage' });
export type MyMessage = z.infer<typeof MyMessage>;

export const myMessages = defineRoute({
  id: 'messages.mine',
  method: 'GET',
  path: '/me/messages',
  tag: 'messages',
  access: 'consumer',
  summary: 'What I was told, the newest first, and how much of it I have not read',
  query: PageQuery,
  reply: page(MyMessage).extend({ unread: z.int() }),
});
export const readMessages = defineRoute({
  id: 'messages.read',
  method: 'POST',
  path: '/me/messages/read',
  tag: 'messages',
  access: 'consumer',
  summary: 'I have seen them all',
  body: Empty,
  status: 204,
});

/** Minutes after midnight in China; from = until: no quiet hours. */
const DayMinute = z.int().min(0).max(1_439);
export const QuietHours = z.object({ fromMinute: DayMinute, untilMinute: DayMinute }).meta({ id: 'QuietHours' });
export type QuietHours = z.infer<typeof QuietHours>;

export const MessageSettings = z
  .object({
    topics: z.array(z.object({ topic: MessageTopic, on: z.boolean() })),
    quietHours: QuietHours,
    /** Since when I agree to be told about rooms that I book; null: I have not, or took it back (rule Z6). */
    consentGivenAt: Instant.nullable(),
  })
  .meta({ id: 'MessageSettings' });
export type MessageSettings = z.infer<typeof MessageSettings>;
export const getMessageSettings = defineRoute({
  id: 'messages.settings',
  method: 'GET',
  path: '/me/message-settings',
  tag: 'messages',
  access: 'consumer',
  summary: 'What I want to be told',
  reply: MessageSettings,
});
export const putMessageSettings = defineRoute({
  id: 'messages.settings.put',
  method: 'PUT',
  path: '/me/message-settings',
  tag: 'messages',
  access: 'consumer',
  summary: 'Switch a topic on or off; what waits to be sent follows it',
  body: z.strictObject({ topic: MessageTopic, on: z.boolean() }),
  reply: MessageSettings,
});

// ── desk ────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const OutboxMessage = z
  .object({
    id: MessageId,
    kind: MessageKind,
    why: MessageWhy,
    /** Masked (rule Z6). */
    person: PersonRef,
    orgUnit: OrgUnitRef,
    roomId: RoomId.nullable(),
    content: MessageContent,
    state: MessageState,
    reason: MessageReason.nullable(),
    channel: MessageChannelName.nullable(),
    attempts: z.int(),
    /** What the other side answered last; no names, no tokens. */
    error: z.string().nullable(),
    /** When it goes out, or the next try. */
    dueAt: Instant,
    sentAt: Instant.nullable(),
    readAt: Instant.nullable(),
    createdAt: Instant,
  })
  .meta({ id: 'OutboxMessage' });
export type OutboxMessage = z.infer<typeof OutboxMessage>;
export const listMessages = defineRoute({
  id: 'messages.list',
  method: 'GET',
  path: '/messages',
  tag: 'messages',
  access: { staff: 'campaigns:read' },
  summary: 'The outbox of my scope: what was sent to whom and why, what waits, what was not sent and why',
  query: PageQuery.extend({
    state: MessageState.optional(),
    kind: MessageKind.optional(),
    roomId: RoomId.optional(),
    personId: PersonId.optional(),
  }),
  reply: page(OutboxMessage),
});
export const retryMessage = defineRoute({
  id: 'messages.retry',
  method: 'POST',
  path: '/messages/:id/retry',
  tag: 'messages',
  access: { staff: 'campaigns:write' },
  summary: 'Try a dead message once more; the rules of quiet hours, caps and opting out hold',
  params: z.strictObject({ id: MessageId }),
  body: Empty,
  reply: OutboxMessage,
  errors: ['not_found', 'state_conflict'],
});
export const MessagePolicy = z
  .object({
    quietHours: QuietHours,
    /** Campaign messages stop when a person has had this many messages on one day (news of orders do not count). */
    perDay: z.int().min(1).max(20),
    updatedAt: Instant,
  })
  .meta({ id: 'MessagePolicy' });
export type MessagePolicy = z.infer<typeof MessagePolicy>;
export const getMessagePolicy = defineRoute({
  id: 'messages.policy',
  method: 'GET',
  path: '/message-policy',
  tag: 'messages',
  access: { staff: 'campaigns:read' },
  summary: 'Quiet hours and daily cap of the brand, and whether WeChat is connected',
  reply: MessagePolicy.extend({ wechat: z.boolean() }),
});
export const putMessagePolicy = defineRoute({
  id: 'messages.policy.put',
  method: 'PUT',
  path: '/message-policy',
  tag: 'messages',
  access: { staff: 'campaigns:write' },
  summary: 'Set them, as headquarters; audited. What waits is decided by the new ones',
  body: z.strictObject({
    quietHours: z.strictObject({ fromMinute: DayMinute, untilMinute: DayMinute }),
    perDay: z.int().min(1).max(20),
  }),
  reply: MessagePolicy.extend({ wechat: z.boolean() }),
  errors: ['forbidden', 'not_found'],
});

/** WeChat comes back here with what the person said to being told once about a room. */
export const wechatSubscribed = defineRoute({
  id: 'messages.wechat.subscribed',
  method: 'GET',
  path: '/wechat/subscribed',
  tag: 'messages',
  access: { secret: 'state' },
  summary: 'Answer of a person to a one-time subscription in WeChat; leads back to the room',
  query: z.object({
    openid: z.string().max(64).default(''),
    template_id: z.string().max(64).default(''),
    action: z.enum(['confirm', 'cancel']),
    scene: z.coerce.number().int().min(0).max(10_000),
    reserved: z.string().max(128),
  }),
  status: 302,
  errors: ['not_found'],
});
