/** Settlement of commission: runs that are previewed, approved by a second person and paid; and stores' statements. */
import { z } from 'zod';
import { OrgUnitId } from '../ids.ts';
import { Bps, Fen, SignedFen } from '../money.ts';
import { CommissionMonth } from './commission-rules.ts';
import { Instant, OrgUnitRef, PageQuery, PersonRef, page, text } from './common.ts';
import { PayoutHindrance } from './payouts.ts';
import { defineRoute } from './route.ts';

export const SettlementState = z
  .enum(['draft', 'previewed', 'approved', 'paying', 'paid', 'closed', 'cancelled'])
  .meta({ id: 'SettlementState' });
export type SettlementState = z.infer<typeof SettlementState>;
/**
 * `hq_collects`: headquarters takes the money of the store's orders, pays people and settles the rest with the store.
 * `store_collects`: the store took it, and owes headquarters the commission paid for it and its share.
 */
export const SettlementMode = z.enum(['hq_collects', 'store_collects']).meta({ id: 'SettlementMode' });
export type SettlementMode = z.infer<typeof SettlementMode>;
/** `due`: approved, not claimed. `carried`: nothing claimed, what is due stays for later. `returned`: entries given back. */
export const SettlementLineState = z
  .enum(['due', 'claimed', 'carried', 'paid', 'returned'])
  .meta({ id: 'SettlementLineState' });
export type SettlementLineState = z.infer<typeof SettlementLineState>;

const Sums = z.object({
  people: z.int(),
  payPeople: z.int(),
  carriedPeople: z.int(),
  grossFen: Fen,
  withheldFen: Fen,
  netFen: Fen,
  /** Sum of what is carried forward; may be negative. */
  carriedFen: SignedFen,
  heldFen: SignedFen,
});
export const SettlementRun = z
  .object({
    id: z.uuid(),
    title: z.string(),
    orgUnit: OrgUnitRef,
    upTo: Instant,
    state: SettlementState,
    createdBy: PersonRef,
    createdAt: Instant,
    /** Null before the first one, and for whoever sees only a store's part. */
    preview: z
      .object({
        ...{ id: z.uuid(), no: z.int(), hash: z.string(), at: Instant, by: PersonRef, sums: Sums },
        /** For payments of this month in China the tax is worked out; one that is paid in another is taxed with that one. */
        taxMonth: CommissionMonth,
      })
      .nullable(),
    approvedBy: PersonRef.nullable(),
    approvedAt: Instant.nullable(),
    /** It was approved with these and is paid by them, also when others are in force by then. Null as the preview is. */
    terms: z.object({ version: z.int(), inForce: z.int() }).nullable(),
    payStartedBy: PersonRef.nullable(),
    payStartedAt: Instant.nullable(),
    endedAt: Instant.nullable(),
    /** Lines since it was approved; of the asker's stores alone for managers. */
    progress: z.object({
      due: z.int(),
      claimed: z.int(),
      carried: z.int(),
      paid: z.int(),
      returned: z.int(),
      claimedFen: SignedFen,
      paidFen: SignedFen,
    }),
  })
  .meta({ id: 'SettlementRun' });
export type SettlementRun = z.infer<typeof SettlementRun>;
export const SettlementPreviewLine = z
  .object({
    person: PersonRef,
    kind: z.enum(['guest', 'consumer', 'staff']),
    outcome: z.enum(['pay', 'carried']),
    reason: PayoutHindrance.nullable(),
    entries: z.int(),
    positiveFen: Fen,
    /** Refunds after payment and other corrections, which this run offsets (rule K4). */
    negativeFen: SignedFen,
    grossFen: SignedFen,
    /** On hold, and therefore left out. */
    heldFen: SignedFen,
    withheldFen: Fen,
    netFen: Fen,
    stores: z.array(z.object({ store: OrgUnitRef, amountFen: SignedFen, entries: z.int() })),
    /** Against the preview before. */
    change: z.enum(['new', 'changed', 'same', 'gone']),
    before: z.object({ outcome: z.enum(['pay', 'carried']), grossFen: SignedFen, netFen: Fen }).nullable(),
  })
  .meta({ id: 'SettlementPreviewLine' });
export type SettlementPreviewLine = z.infer<typeof SettlementPreviewLine>;
export const SettlementLine = z
  .object({
    id: z.uuid(),
    person: PersonRef,
    state: SettlementLineState,
    /** These five are null for whoever sees only the part of some stores. */
    approvedFen: Fen.nullable(),
    grossFen: Fen.nullable(),
    withheldFen: Fen.nullable(),
    netFen: Fen.nullable(),
    /** The month in China in which its bill was written: with its other payments it is taxed, and exported. */
    taxMonth: CommissionMonth.nullable(),
    entries: z.int(),
    reason: z.string().nullable(),
    stores: z.array(z.object({ store: OrgUnitRef, amountFen: SignedFen, entries: z.int() })),
    endedAt: Instant.nullable(),
  })
  .meta({ id: 'SettlementLine' });
export type SettlementLine = z.infer<typeof SettlementLine>;

const params = z.strictObject({ id: z.uuid() });
const reason = text(200, 2);
const family = { tag: 'commission' } as const;
export const createSettlement = defineRoute({
  ...family,
  id: 'settlements.create',
  method: 'POST',
  path: '/settlements',
  access: { staff: 'settlements:prepare' },
  summary: 'A new run for a part of the organisation, of what is settleable up to a moment that has passed (now)',
  body: z.strictObject({ title: text(60), orgUnitId: OrgUnitId.optional(), upTo: Instant.optional() }),
  reply: SettlementRun,
  status: 201,
  idempotent: true,
  errors: ['not_found', 'too_early'],
});
export const listSettlements = defineRoute({
  ...family,
  id: 'settlements.list',
  method: 'GET',
  path: '/settlements',
  access: { staff: 'settlements:read' },
  summary: 'Runs, the newest first; for managers those that paid for orders of their stores',
  query: PageQuery.extend({ state: SettlementState.optional() }),
  reply: page(SettlementRun),
});
export const getSettlement = defineRoute({
  ...family,
  id: 'settlements.get',
  method: 'GET',
  path: '/settlements/:id',
  access: { staff: 'settlements:read' },
  summary: 'One run with its history',
  params,
  reply: SettlementRun.extend({
    events: z.array(
      z.object({
        event: z.string(),
        from: SettlementState.nullable(),
        to: SettlementState,
        by: PersonRef.nullable(),
        reason: z.string(),
        at: Instant,
      }),
    ),
  }),
  errors: ['not_found'],
});
export const previewSettlement = defineRoute({
  ...family,
  id: 'settlements.preview',
  method: 'POST',
  path: '/settlements/:id/preview',
  access: { staff: 'settlements:prepare' },
  summary: 'Work out (again) what the run would pay; nothing is claimed',
  params,
  body: z.strictObject({}),
  reply: SettlementRun,
  errors: ['not_found', 'state_conflict'],
});
export const readSettlementPreview = defineRoute({
  ...family,
  id: 'settlements.preview.read',
  method: 'GET',
  path: '/settlements/:id/preview',
  access: { staff: 'settlements:prepare' },
  summary: 'The newest preview, per person, with what changed since the one before; the largest first',
  params,
  produces: ['text/csv'],
  query: PageQuery.extend({
    outcome: z.enum(['pay', 'carried']).optional(),
    change: z.enum(['new', 'changed', 'same', 'gone']).optional(),
    format: z.enum(['json', 'csv']).optional(),
  }),
  reply: page(SettlementPreviewLine),
  errors: ['not_found'],
});
export const approveSettlement = defineRoute({
  ...family,
  id: 'settlements.approve',
  method: 'POST',
  path: '/settlements/:id/approve',
  access: { staff: 'settlements:approve' },
  summary:
    'Approve the preview with this hash: by somebody else than who prepared it, and only as long as its figures are still true',
  params,
  body: z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/), reason }),
  reply: SettlementRun,
  idempotent: true,
  errors: ['not_found', 'state_conflict', 'self_action'],
});
export const paySettlement = defineRoute({
  ...family,
  id: 'settlements.pay',
  method: 'POST',
  path: '/settlements/:id/pay',
  access: { staff: 'settlements:pay' },
  summary: 'Begin to pay an approved run; it goes on by itself, also after a restart',
  params,
  body: z.strictObject({ reason }),
  reply: SettlementRun,
  idempotent: true,
  errors: ['not_found', 'state_conflict'],
});
export const cancelSettlement = defineRoute({
  ...family,
  id: 'settlements.cancel',
  method: 'POST',
  path: '/settlements/:id/cancel',
  access: { staff: 'settlements:prepare' },
  summary: 'Give up a run that does not pay yet',
  params,
  body: z.strictObject({ reason }),
  reply: SettlementRun,
  idempotent: true,
  errors: ['not_found', 'state_conflict'],
});
export const listSettlementLines = defineRoute({
  ...family,
  id: 'settlements.lines',
  method: 'GET',
  path: '/settlements/:id/lines',
  access: { staff: 'settlements:read' },
  summary: 'Lines of an approved run; managers see what orders of their stores earned, and nothing else',
  params,
  produces: ['text/csv'],
  query: PageQuery.extend({ state: SettlementLineState.optional(), format: z.enum(['json', 'csv']).optional() }),
  reply: page(SettlementLine),
  errors: ['not_found'],
});
export const retrySettlementLine = defineRoute({
  ...family,
  id: 'settlements.lines.retry',
  method: 'POST',
  path: '/settlements/:id/lines/:lineId/retry',
  access: { staff: 'settlements:pay' },
  summary: 'Claim a returned line again and pay it under a new bill: its former bills are proven dead',
  params: z.strictObject({ id: z.uuid(), lineId: z.uuid() }),
  body: z.strictObject({ reason }),
  reply: SettlementLine,
  idempotent: true,
  errors: ['not_found', 'state_conflict', 'self_action'],
});

// ── statements ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const StoreStatement = z
  .object({
    id: z.uuid(),
    runId: z.uuid(),
    store: OrgUnitRef,
    mode: SettlementMode,
    hqShareBps: Bps,
    since: Instant,
    until: Instant,
    orders: z.int(),
    paidFen: Fen,
    shippingFen: Fen,
    refunds: z.int(),
    refundedFen: Fen,
    shippingRefundedFen: Fen,
    commissionFen: SignedFen,
    hqShareFen: SignedFen,
    /** Positive: headquarters pays the store; negative: the store pays headquarters. */
    dueFen: SignedFen,
    state: z.enum(['issued', 'settled']),
    issuedAt: Instant,
    settledBy: PersonRef.nullable(),
    settledAt: Instant.nullable(),
    reference: z.string().nullable(),
  })
  .meta({ id: 'StoreStatement' });
export type StoreStatement = z.infer<typeof StoreStatement>;
export const listStoreStatements = defineRoute({
  ...family,
  id: 'store-statements.list',
  method: 'GET',
  path: '/store-statements',
  access: { staff: 'settlements:read' },
  summary: 'Stores’ accounts of their periods within my scope, the newest first',
  produces: ['text/csv'],
  query: PageQuery.extend({
    orgUnitId: OrgUnitId.optional(),
    runId: z.uuid().optional(),
    state: z.enum(['issued', 'settled']).optional(),
    format: z.enum(['json', 'csv']).optional(),
  }),
  reply: page(StoreStatement),
  errors: ['not_found'],
});
const StatementRow = z
  .object({
    kind: z.enum(['order', 'refund', 'commission', 'bonus']),
    /** Empty for a bonus, which is of a month. */
    orderNo: z.string(),
    at: Instant,
    /** As the statement counts it: paid positive, refunds and commission negative. */
    amountFen: SignedFen,
    shippingFen: SignedFen,
  })
  .meta({ id: 'StoreStatementRow' });
export const getStoreStatement = defineRoute({
  ...family,
  id: 'store-statements.get',
  method: 'GET',
  path: '/store-statements/:id',
  access: { staff: 'settlements:read' },
  summary: 'One statement with the movements it is made of',
  params,
  produces: ['text/csv'],
  query: PageQuery.extend({ format: z.enum(['json', 'csv']).optional() }),
  reply: z.object({ statement: StoreStatement, items: z.array(StatementRow), nextCursor: z.string().nullable() }),
  errors: ['not_found'],
});
export type StoreStatementRow = z.infer<typeof StatementRow>;
export const settleStoreStatement = defineRoute({
  ...family,
  id: 'store-statements.settle',
  method: 'POST',
  path: '/store-statements/:id/settle',
  access: { staff: 'settlements:pay' },
  summary: 'The money between headquarters and the store has gone: books it, with the number of the bank transfer',
  params,
  body: z.strictObject({ reference: text(60, 2), reason }),
  reply: StoreStatement,
  idempotent: true,
  errors: ['not_found', 'state_conflict'],
});
