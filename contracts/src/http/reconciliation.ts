import { z } from 'zod';
import { PaymentId } from '../ids.ts';
import { Fen } from '../money.ts';
import { Instant, PageQuery, PersonRef, text } from './common.ts';
import { PaymentProviderName } from './payment-ways.ts';
import { defineRoute } from './route.ts';

export const DifferenceKind = z
  .enum(['missing_here', 'missing_there', 'amount_differs', 'state_differs'])
  .meta({ id: 'DifferenceKind' });
export type DifferenceKind = z.infer<typeof DifferenceKind>;
export const ReconciliationRunState = z.enum(['running', 'done', 'failed']).meta({ id: 'ReconciliationRunState' });

export const ReconciliationRun = z
  .object({
    id: z.uuid(),
    provider: PaymentProviderName,
    /** A day in China, as providers' bills are. */
    day: z.iso.date(),
    state: ReconciliationRunState,
    attempts: z.int(),
    /** What the bill says. */
    payments: z.int(),
    paymentsFen: Fen,
    refunds: z.int(),
    refundsFen: Fen,
    differences: z.object({ open: z.int(), resolved: z.int() }),
    error: z.string().nullable(),
    startedAt: Instant,
    finishedAt: Instant.nullable(),
    nextTryAt: Instant.nullable(),
  })
  .meta({ id: 'ReconciliationRun' });
export type ReconciliationRun = z.infer<typeof ReconciliationRun>;

export const Difference = z
  .object({
    id: z.uuid(),
    provider: PaymentProviderName,
    day: z.iso.date(),
    subject: z.enum(['payment', 'refund']),
    /** The number that the provider knows it by. */
    number: z.string(),
    kind: DifferenceKind,
    paymentId: PaymentId.nullable(),
    ours: z.object({ amountFen: Fen, state: z.string() }).nullable(),
    theirs: z.object({ amountFen: Fen, state: z.string() }).nullable(),
    state: z.enum(['open', 'resolved']),
    resolution: z.string().nullable(),
    reason: z.string().nullable(),
    /** Null when the system found it gone. */
    resolvedBy: PersonRef.nullable(),
    foundAt: Instant,
    resolvedAt: Instant.nullable(),
  })
  .meta({ id: 'Difference' });
export type Difference = z.infer<typeof Difference>;

/** Why a person ends a difference: it was put right with the provider, is booked elsewhere, or is no mistake. */
export const DifferenceResolution = z
  .enum(['put_right', 'booked_elsewhere', 'no_mistake'])
  .meta({ id: 'DifferenceResolution' });

export const listReconciliationRuns = defineRoute({
  id: 'reconciliation.runs',
  method: 'GET',
  path: '/reconciliation/runs',
  tag: 'payments',
  access: { staff: 'payments:read' },
  summary: 'Bills held against our books, the newest day first; and which providers have bills',
  query: z.strictObject({
    provider: PaymentProviderName.optional(),
    limit: z.coerce.number().int().min(1).max(100).default(30),
  }),
  reply: z.object({ items: z.array(ReconciliationRun), providers: z.array(PaymentProviderName) }),
});
export const runReconciliation = defineRoute({
  id: 'reconciliation.run',
  method: 'POST',
  path: '/reconciliation/runs',
  tag: 'payments',
  access: { staff: 'payments:reconcile' },
  summary: 'Read the bill of a day that is over (again) and hold it against our books',
  body: z.strictObject({ provider: PaymentProviderName, day: z.iso.date() }),
  reply: ReconciliationRun,
  errors: ['not_found', 'too_early', 'request_in_flight'],
});
export const listDifferences = defineRoute({
  id: 'reconciliation.differences',
  method: 'GET',
  path: '/reconciliation/differences',
  tag: 'payments',
  access: { staff: 'payments:read' },
  summary: 'What bills and books do not agree about, newest first',
  query: PageQuery.extend({
    state: z.enum(['open', 'resolved']).optional(),
    provider: PaymentProviderName.optional(),
    day: z.iso.date().optional(),
  }),
  reply: z.object({ items: z.array(Difference), nextCursor: z.string().nullable() }),
});
export const resolveDifference = defineRoute({
  id: 'reconciliation.resolve',
  method: 'POST',
  path: '/reconciliation/differences/:id/resolve',
  tag: 'payments',
  access: { staff: 'payments:reconcile' },
  summary: 'End a difference by hand; audited',
  params: z.strictObject({ id: z.uuid() }),
  body: z.strictObject({ resolution: DifferenceResolution, reason: text(200, 2) }),
  reply: Difference,
  errors: ['not_found', 'state_conflict'],
});
