/** Payments as finance looks at them: with what they pay, who paid and what the provider said. */
import type { PaymentState, PaymentWay } from '@walnut-live/contracts';
import type { z } from 'zod';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';
import type { ProviderName } from './provider.ts';

/** A refund that took so many attempts (an hour and more) is shown as one that does not end. */
const LONG_ATTEMPTS = 10;

export interface RecordFilter {
  readonly state?: z.infer<typeof PaymentState> | undefined;
  readonly provider?: ProviderName | undefined;
  readonly trouble?: 'late' | 'refunded' | 'refund_failed' | 'refund_stuck' | undefined;
  readonly search?: string | undefined;
  /** From its first to before its last moment. */
  readonly from?: Date | undefined;
  readonly until?: Date | undefined;
}
export interface RecordRow {
  readonly id: string;
  readonly provider: ProviderName;
  readonly started: boolean;
  readonly way: PaymentWay | null;
  readonly state: z.infer<typeof PaymentState>;
  readonly amountFen: bigint;
  readonly capturedFen: bigint;
  readonly refundedFen: bigint;
  readonly order: { id: string; no: string; state: string } | null;
  readonly topUp: { id: string; no: string; state: string } | null;
  readonly payer: { id: string; name: string };
  readonly payee: string;
  readonly createdAt: Date;
  readonly capturedAt: Date | null;
  readonly closedAt: Date | null;
  readonly providerRef: string | null;
  readonly providerState: string | null;
  readonly queries: number;
  readonly nextQueryAt: Date | null;
}

/** A payment's own id as the provider writes it has no dashes. */
const DASHED = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;
const asId = (search: string | undefined): string | null =>
  search === undefined ? null : (DASHED.exec(search)?.slice(1).join('-') ?? null);

export async function readRecords(
  sql: Sql,
  filter: RecordFilter & { id?: string },
  { after, limit }: { after: TimeCursor | undefined; limit: number },
): Promise<RecordRow[]> {
  const { state = null, provider = null, trouble = null, search = null, from = null, until = null } = filter;
  return sql<RecordRow>`
    SELECT p.id, p.provider, p.prepared_at IS NOT NULL AS started, p.way, p.state,
      p.amount_fen AS "amountFen", p.captured_fen AS "capturedFen", p.refunded_fen AS "refundedFen",
      CASE WHEN o.id IS NOT NULL THEN json_build_object('id', o.id, 'no', o.order_no, 'state', o.state) END AS "order",
      CASE WHEN c.id IS NOT NULL THEN json_build_object('id', c.id, 'no', c.top_up_no, 'state', c.state) END AS "topUp",
      json_build_object('id', b.id, 'name', b.name) AS payer,
      coalesce(nullif(u.legal_name, ''), u.name) AS payee,
      p.created_at AS "createdAt", p.captured_at AS "capturedAt", p.closed_at AS "closedAt",
      p.provider_ref AS "providerRef", p.provider_state AS "providerState", p.queries,
      CASE WHEN p.state = 'pending' THEN p.next_query_at END AS "nextQueryAt"
    FROM payments p LEFT JOIN orders o ON o.id = p.order_id LEFT JOIN coin_top_ups c ON c.id = p.top_up_id
    JOIN people b ON b.id = coalesce(o.person_id, c.person_id)
    -- Coins are sold by headquarters.
    JOIN org_units u ON u.id = coalesce(o.org_unit_id, (SELECT id FROM org_units WHERE parent_id IS NULL ORDER BY path LIMIT 1))
    WHERE (${filter.id ?? null}::uuid IS NULL OR p.id = ${filter.id ?? null}::uuid)
      AND (${state}::text IS NULL OR p.state = ${state})
      AND (${provider}::text IS NULL OR (p.provider = ${provider} AND p.prepared_at IS NOT NULL))
      AND (${trouble}::text IS NULL
        OR (${trouble} = 'late' AND p.state = 'closed' AND p.captured_fen > 0)
        OR (${trouble} = 'refunded' AND p.refunded_fen > 0)
        OR (${trouble} = 'refund_failed' AND p.captured_fen > p.refunded_fen
          AND EXISTS (SELECT 1 FROM refunds f WHERE f.payment_id = p.id AND f.state = 'failed'))
        OR (${trouble} = 'refund_stuck' AND EXISTS (SELECT 1 FROM refunds f WHERE f.payment_id = p.id
          AND f.state IN ('requested', 'processing') AND (f.attempts >= ${LONG_ATTEMPTS} OR f.provider_state = 'ABNORMAL'))))
      AND (${from}::timestamptz IS NULL OR p.created_at >= ${from})
      AND (${until}::timestamptz IS NULL OR p.created_at < ${until})
      AND (${search}::text IS NULL OR p.id = ${asId(filter.search)}::uuid OR p.provider_ref = ${search}
        OR p.order_id IN (SELECT id FROM orders WHERE order_no = upper(${search}))
        OR p.top_up_id IN (SELECT id FROM coin_top_ups WHERE top_up_no = upper(${search}))
        OR p.id IN (SELECT payment_id FROM refunds WHERE refund_no = ${search}))
      AND (${after?.at ?? null}::timestamptz IS NULL OR (p.created_at, p.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY p.created_at DESC, p.id DESC LIMIT ${limit}`;
}

export interface RefundOfRecord {
  readonly id: string;
  readonly no: string;
  readonly amountFen: bigint;
  readonly state: 'requested' | 'processing' | 'succeeded' | 'failed';
  readonly reason: string;
  readonly attempts: number;
  readonly providerState: string | null;
  readonly lastError: string | null;
  readonly nextTryAt: Date | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}
export const readRefundsOf = (sql: Sql, paymentId: string): Promise<RefundOfRecord[]> =>
  sql<RefundOfRecord>`
    SELECT id, refund_no AS no, amount_fen AS "amountFen", state, reason, attempts,
      provider_state AS "providerState", last_error AS "lastError", next_try_at AS "nextTryAt",
      created_at AS "createdAt", finished_at AS "finishedAt"
    FROM refunds WHERE payment_id = ${paymentId} ORDER BY created_at`;

export interface NotificationOfRecord {
  readonly id: string;
  readonly kind: string;
  readonly body: unknown;
  readonly receivedAt: Date;
}
export const readNotificationsOf = (sql: Sql, paymentId: string): Promise<NotificationOfRecord[]> =>
  sql<NotificationOfRecord>`
    SELECT notification_id AS id, kind, body, received_at AS "receivedAt"
    FROM payment_notifications WHERE payment_id = ${paymentId} ORDER BY received_at LIMIT 50`;
