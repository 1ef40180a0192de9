/** Other systems: facts as they happen (Standard Webhooks), and the same facts to read from a cursor. */
import { z } from 'zod';
import { OrgUnitId } from '../ids.ts';
import { Empty, Instant, OrgUnitRef, PageQuery, page, text } from './common.ts';
import { defineRoute } from './route.ts';

export const domainEventTypes = [
  'order.placed',
  'order.paid',
  'order.cancelled',
  'order.expired',
  'order.shipped',
  'order.received',
  'order.refund_requested',
  'order.refunded',
  'order.refund_failed',
  'order.partly_refunded',
  'order.deposit_paid',
  'order.forfeited',
  'after_sale.requested',
  'after_sale.changed',
  'after_sale.settled',
  'after_sale.closed',
  'room.started',
  'room.ended',
  'alert.opened',
  'alert.closed',
] as const;
/** `webhook.test` is only ever sent by hand. */
export const DomainEventType = z.enum([...domainEventTypes, 'webhook.test']).meta({ id: 'DomainEventType' });
/** Without a person's name, phone or address: who needs them reads the order with its own right (rule Z6). */
export const DomainEvent = z
  .object({
    id: z.uuid(),
    type: DomainEventType,
    timestamp: Instant,
    /** Ids, numbers, states and fen of what it is about. */
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'DomainEvent' });
export type DomainEvent = z.infer<typeof DomainEvent>;

export const WebhookId = z.uuid().meta({ description: 'id of a webhook endpoint (UUIDv7)' });
export const WebhookDeliveryId = z.uuid().meta({ description: 'id of a delivery (UUIDv7)' });
const Url = z.url({ protocol: /^https?$/ }).max(500);
const Types = z.array(z.enum(domainEventTypes)).max(domainEventTypes.length);

export const Webhook = z
  .object({
    id: WebhookId,
    orgUnit: OrgUnitRef,
    url: z.string(),
    description: z.string(),
    /** Empty: all, also those that are added later. */
    types: z.array(z.string()),
    state: z.enum(['active', 'disabled']),
    /** by_hand; gone: it answered 410; failing: for five days nothing arrived. */
    disabledReason: z.enum(['by_hand', 'gone', 'failing']).nullable(),
    failingSince: Instant.nullable(),
    /** Until then the secret before the present one signs too. */
    previousSecretUntil: Instant.nullable(),
    createdAt: Instant,
  })
  .meta({ id: 'Webhook' });
export type Webhook = z.infer<typeof Webhook>;
/** The secret is told when it is made, and at no other time. */
export const WebhookWithSecret = Webhook.extend({ secret: z.string() }).meta({ id: 'WebhookWithSecret' });

const params = z.strictObject({ id: WebhookId });
const access = { staff: 'webhooks:write' } as const;

export const listWebhooks = defineRoute({
  id: 'webhooks.list',
  method: 'GET',
  path: '/webhooks',
  tag: 'integration',
  access,
  summary: 'The endpoints of my scope',
  reply: z.object({ items: z.array(Webhook) }),
});
export const createWebhook = defineRoute({
  id: 'webhooks.create',
  method: 'POST',
  path: '/webhooks',
  tag: 'integration',
  access,
  summary:
    'Send the facts of a unit and those under it to an address, signed by Standard Webhooks. https to a public address only; audited',
  body: z.strictObject({
    orgUnitId: OrgUnitId,
    url: Url,
    description: text(100, 0).default(''),
    types: Types.default([]),
  }),
  reply: WebhookWithSecret,
  status: 201,
  errors: ['not_found', 'invalid_request', 'limit_exceeded'],
});
export const changeWebhook = defineRoute({
  id: 'webhooks.change',
  method: 'PATCH',
  path: '/webhooks/:id',
  tag: 'integration',
  access,
  summary: 'Change where it goes and what; switch it off and on. What waits goes on waiting; audited',
  params,
  body: z.strictObject({
    url: Url.optional(),
    description: text(100, 0).optional(),
    types: Types.optional(),
    state: z.enum(['active', 'disabled']).optional(),
  }),
  reply: Webhook,
  errors: ['not_found', 'invalid_request'],
});
export const deleteWebhook = defineRoute({
  id: 'webhooks.delete',
  method: 'DELETE',
  path: '/webhooks/:id',
  tag: 'integration',
  access,
  summary: 'End it; what waits is not sent. Its log stays; audited. Again = the same answer',
  params,
  status: 204,
  errors: ['not_found'],
});
export const rotateWebhookSecret = defineRoute({
  id: 'webhooks.rotate-secret',
  method: 'POST',
  path: '/webhooks/:id/rotate-secret',
  tag: 'integration',
  access,
  summary: 'A new secret; for a day the one before signs as well, and there is no third meanwhile. Audited',
  params,
  body: Empty,
  reply: WebhookWithSecret,
  errors: ['not_found', 'state_conflict'],
});
export const testWebhook = defineRoute({
  id: 'webhooks.test',
  method: 'POST',
  path: '/webhooks/:id/test',
  tag: 'integration',
  access,
  summary: 'Send a `webhook.test`; the delivery log tells what came of it',
  params,
  body: Empty,
  reply: z.object({ deliveryId: WebhookDeliveryId }),
  status: 202,
  errors: ['not_found', 'state_conflict', 'rate_limited'],
});

export const WebhookDelivery = z
  .object({
    id: WebhookDeliveryId,
    /** `webhook-id` of the message: the same for every attempt. */
    eventId: z.uuid(),
    type: DomainEventType,
    state: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.int(),
    nextTryAt: Instant.nullable(),
    lastStatus: z.int().nullable(),
    lastError: z.string().nullable(),
    /** Milliseconds of the last attempt. */
    lastMs: z.int().nullable(),
    createdAt: Instant,
    endedAt: Instant.nullable(),
    body: z.string(),
  })
  .meta({ id: 'WebhookDelivery' });
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;
export const listWebhookDeliveries = defineRoute({
  id: 'webhooks.deliveries',
  method: 'GET',
  path: '/webhooks/:id/deliveries',
  tag: 'integration',
  access,
  summary: 'What was sent and what came of it, the newest first; kept for 30 days',
  params,
  query: PageQuery.extend({ state: z.enum(['pending', 'delivered', 'failed']).optional() }),
  reply: page(WebhookDelivery),
  errors: ['not_found'],
});
export const replayWebhookDelivery = defineRoute({
  id: 'webhooks.replay',
  method: 'POST',
  path: '/webhook-deliveries/:id/replay',
  tag: 'integration',
  access,
  summary:
    'Send it again, from the first attempt on, under the same `webhook-id`. Again while it waits = the same answer',
  params: z.strictObject({ id: WebhookDeliveryId }),
  body: Empty,
  reply: WebhookDelivery,
  errors: ['not_found', 'state_conflict'],
});

export const listEvents = defineRoute({
  id: 'events.list',
  method: 'GET',
  path: '/events',
  tag: 'integration',
  access,
  summary:
    'The facts of my scope in the order in which they were committed, from a cursor on. `nextCursor` is always there: ask again with it. Kept for 30 days',
  query: PageQuery.extend({ type: z.enum(domainEventTypes).optional() }),
  reply: z.object({ items: z.array(DomainEvent), nextCursor: z.string(), hasMore: z.boolean() }),
});
