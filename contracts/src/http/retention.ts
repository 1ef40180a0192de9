/** How long what is kept (rule Z1): policies by kind, a look ahead, and what was deleted. */
import { z } from 'zod';
import { Instant, PageQuery, PersonRef, page, text } from './common.ts';
import { defineRoute } from './route.ts';

/** Kinds that the law has kept three years come first; nobody can keep them shorter. */
export const retentionKinds = [
  'replays',
  'room_logs',
  'product_pages',
  'orders',
  'after_sales',
  'touches',
  'room_visits',
  'guests',
  'messages',
  'sessions',
  'idempotency_keys',
  'deliveries',
] as const;
/** What the daily runs look through. */
export const retentionTables = [
  'room_events',
  'product_snapshots',
  'orders',
  'order_address_changes',
  'after_sales',
  'after_sale_pictures',
  'touches',
  'room_visits',
  'room_watches',
  'people',
  'messages',
  'refresh_tokens',
  'idempotency_keys',
  'outbox',
  'sandbox_deliveries',
] as const;
export type RetentionTable = (typeof retentionTables)[number];
export const RetentionKind = z.enum(retentionKinds).meta({ id: 'RetentionKind' });
export type RetentionKind = z.infer<typeof RetentionKind>;
/** Three years with a leap day. */
export const LEGAL_DAYS = 1_096;
export const MAX_KEEP_DAYS = 36_500;

export const RetentionPolicy = z
  .object({
    kind: RetentionKind,
    keepDays: z.int(),
    /** Nobody can set it shorter. */
    leastDays: z.int(),
    /** By law (rule Z1). */
    byLaw: z.boolean(),
    version: z.int(),
    reason: z.string(),
    setBy: PersonRef.nullable(),
    setAt: Instant.nullable(),
  })
  .meta({ id: 'RetentionPolicy' });
export type RetentionPolicy = z.infer<typeof RetentionPolicy>;
export const listRetention = defineRoute({
  id: 'retention.list',
  method: 'GET',
  path: '/retention',
  tag: 'audit',
  access: { staff: 'audit:read' },
  summary: 'How long each kind is kept',
  reply: z.object({ items: z.array(RetentionPolicy) }),
});
const kind = z.strictObject({ kind: RetentionKind });
export const previewRetention = defineRoute({
  id: 'retention.preview',
  method: 'GET',
  path: '/retention/:kind/preview',
  tag: 'audit',
  access: { staff: 'audit:read' },
  summary: 'What the next run would delete if the kind were kept so many days; nothing is deleted',
  params: kind,
  query: z.strictObject({ keepDays: z.coerce.number().int().min(1).max(MAX_KEEP_DAYS).optional() }),
  reply: z.object({
    kind: RetentionKind,
    keepDays: z.int(),
    before: Instant,
    tables: z.array(z.object({ table: z.enum(retentionTables), rows: z.int(), oldest: Instant.nullable() })),
  }),
  errors: ['invalid_request'],
});
export const setRetention = defineRoute({
  id: 'retention.set',
  method: 'PUT',
  path: '/retention/:kind',
  tag: 'audit',
  access: { staff: 'retention:write' },
  summary: 'Keep a kind so many days, with a reason; never shorter than the law says',
  params: kind,
  body: z.strictObject({
    keepDays: z.int().min(1).max(MAX_KEEP_DAYS),
    reason: text(200, 2),
    /** As it was read; another one set meanwhile is not overwritten unseen. */
    seenVersion: z.int().min(0).max(1_000_000),
  }),
  reply: RetentionPolicy,
  errors: ['invalid_request', 'state_conflict'],
});
export const listRetentionRuns = defineRoute({
  id: 'retention.runs',
  method: 'GET',
  path: '/retention-runs',
  tag: 'audit',
  access: { staff: 'audit:read' },
  summary: 'What was deleted, the newest first',
  query: PageQuery,
  reply: page(
    z.object({
      id: z.uuid(),
      kind: RetentionKind,
      keepDays: z.int(),
      before: Instant,
      rows: z.int(),
      at: Instant,
    }),
  ),
});
export const isRetentionKind = (kind: string): kind is RetentionKind => RetentionKind.safeParse(kind).success;
