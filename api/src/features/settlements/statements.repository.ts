import type { SettlementMode, StoreStatement, StoreStatementRow } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { StoreFigures } from './statement.policy.ts';

type Unit = { id: string; kind: 'hq' | 'channel' | 'store'; path: string; name: string };

/** One account of a store begins where the one before it ended: nobody else issues any meanwhile. */
export async function lockStatements(tx: Tx): Promise<void> {
  await tx`LOCK TABLE store_statements IN SHARE ROW EXCLUSIVE MODE`;
}
export interface OpenStore extends StoreFigures {
  readonly storeId: string;
  readonly orgPath: string;
  readonly mode: SettlementMode;
  readonly hqShareBps: number;
  readonly since: Date;
}
/** What happened in every unit of the scope (but headquarters itself) since its last account. */
export async function openStores(tx: Tx, scope: string, until: Date): Promise<OpenStore[]> {
  return tx<OpenStore>`
    WITH units AS (
      SELECT u.id, u.path, coalesce((SELECT max(s.until) FROM store_statements s WHERE s.store_id = u.id),
        least(u.created_at, (SELECT min(o.paid_at) FROM orders o WHERE o.org_unit_id = u.id),
          (SELECT min(e.at) FROM commission_parts e WHERE e.store_id = u.id))) AS since
      FROM org_units u WHERE u.kind <> 'hq' AND (u.path = ${scope} OR u.path LIKE ${scope} || '.%')),
    sold AS (
      SELECT u.id, count(*)::int AS orders, sum(o.paid_fen)::bigint AS paid, sum(o.shipping_fen)::bigint AS shipping
      FROM units u JOIN orders o ON o.org_unit_id = u.id AND o.paid_at >= u.since AND o.paid_at < ${until} GROUP BY u.id),
    back AS (
      SELECT u.id, count(*)::int AS refunds, sum(r.amount_fen)::bigint AS refunded, sum(r.shipping_fen)::bigint AS shipping
      FROM units u JOIN orders o ON o.org_unit_id = u.id AND o.paid_at IS NOT NULL
      JOIN refunds r ON r.order_id = o.id AND r.state = 'succeeded' AND r.finished_at >= u.since AND r.finished_at < ${until}
      JOIN payments p ON p.id = r.payment_id AND p.state = 'captured' GROUP BY u.id),
    earned AS (
      SELECT u.id, sum(e.amount_fen)::bigint AS fen FROM units u
      JOIN commission_parts e ON e.store_id = u.id AND e.at >= u.since AND e.at < ${until} GROUP BY u.id)
    SELECT u.id AS "storeId", u.path AS "orgPath", u.since, coalesce(m.mode, 'hq_collects') AS mode,
      coalesce(m.hq_share_bps, 0) AS "hqShareBps", coalesce(s.orders, 0) AS orders, coalesce(s.paid, 0)::bigint AS "paidFen",
      coalesce(s.shipping, 0)::bigint AS "shippingFen", coalesce(b.refunds, 0) AS refunds, coalesce(b.refunded, 0)::bigint AS "refundedFen",
      coalesce(b.shipping, 0)::bigint AS "shippingRefundedFen", coalesce(e.fen, 0)::bigint AS "commissionFen"
    FROM units u LEFT JOIN sold s ON s.id = u.id LEFT JOIN back b ON b.id = u.id LEFT JOIN earned e ON e.id = u.id
    LEFT JOIN LATERAL (SELECT mode, hq_share_bps FROM store_settlement_modes m WHERE m.org_unit_id = u.id ORDER BY m.since DESC, m.id DESC LIMIT 1) m ON true
    WHERE u.since < ${until} AND (s.id IS NOT NULL OR b.id IS NOT NULL OR e.id IS NOT NULL) ORDER BY u.path`;
}
export async function insertStatement(
  tx: Tx,
  s: OpenStore & { id: string; runId: string; until: Date; hqShareFen: bigint; dueFen: bigint; at: Date },
): Promise<void> {
  await tx`INSERT INTO store_statements (id, run_id, store_id, org_path, mode, hq_share_bps, since, until, orders, paid_fen, shipping_fen,
      refunds, refunded_fen, shipping_refunded_fen, commission_fen, hq_share_fen, due_fen, state, issued_at)
    VALUES (${s.id}, ${s.runId}, ${s.storeId}, ${s.orgPath}, ${s.mode}, ${s.hqShareBps}, ${s.since}, ${s.until}, ${s.orders}, ${s.paidFen},
      ${s.shippingFen}, ${s.refunds}, ${s.refundedFen}, ${s.shippingRefundedFen}, ${s.commissionFen}, ${s.hqShareFen}, ${s.dueFen},
      'issued', ${s.at})`;
}

export interface StatementRow {
  id: string;
  runId: string;
  store: Unit;
  orgPath: string;
  mode: SettlementMode;
  hqShareBps: number;
  since: Date;
  until: Date;
  orders: number;
  paidFen: bigint;
  shippingFen: bigint;
  refunds: number;
  refundedFen: bigint;
  shippingRefundedFen: bigint;
  commissionFen: bigint;
  hqShareFen: bigint;
  dueFen: bigint;
  state: StoreStatement['state'];
  issuedAt: Date;
  settledBy: { id: string; name: string } | null;
  settledAt: Date | null;
  reference: string | null;
}
export async function listStatements(
  sql: Sql,
  filter: { id?: string; runId?: string | undefined; state?: string | undefined; scope: string },
  after: TimeCursor | undefined,
  limit: number,
): Promise<StatementRow[]> {
  const { scope } = filter;
  return sql<StatementRow>`
    SELECT s.id, s.run_id AS "runId", json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store,
      s.org_path AS "orgPath", s.mode, s.hq_share_bps AS "hqShareBps", s.since, s.until, s.orders, s.paid_fen AS "paidFen",
      s.shipping_fen AS "shippingFen", s.refunds, s.refunded_fen AS "refundedFen", s.shipping_refunded_fen AS "shippingRefundedFen",
      s.commission_fen AS "commissionFen", s.hq_share_fen AS "hqShareFen", s.due_fen AS "dueFen", s.state, s.issued_at AS "issuedAt",
      CASE WHEN p.id IS NULL THEN NULL ELSE json_build_object('id', p.id, 'name', p.name) END AS "settledBy",
      s.settled_at AS "settledAt", s.reference
    FROM store_statements s JOIN org_units u ON u.id = s.store_id LEFT JOIN people p ON p.id = s.settled_by
    WHERE (s.org_path = ${scope} OR s.org_path LIKE ${scope} || '.%')
      AND (${filter.id ?? null}::uuid IS NULL OR s.id = ${filter.id ?? null})
      AND (${filter.runId ?? null}::uuid IS NULL OR s.run_id = ${filter.runId ?? null})
      AND (${filter.state ?? null}::text IS NULL OR s.state = ${filter.state ?? null})
      AND (${after?.at ?? null}::timestamptz IS NULL OR (s.until, s.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY s.until DESC, s.id DESC LIMIT ${limit}`;
}
/** The movements a statement is made of, in the order of time. */
export async function movementsOf(
  sql: Sql,
  s: { storeId: string; since: Date; until: Date },
  after: TimeCursor | undefined,
  limit: number,
): Promise<
  { id: string; kind: StoreStatementRow['kind']; orderNo: string; at: Date; amountFen: bigint; shippingFen: bigint }[]
> {
  return sql`
    SELECT * FROM (
      SELECT o.id, 'order' AS kind, o.order_no AS "orderNo", o.paid_at AS at, o.paid_fen AS "amountFen", o.shipping_fen AS "shippingFen"
      FROM orders o WHERE o.org_unit_id = ${s.storeId} AND o.paid_at >= ${s.since} AND o.paid_at < ${s.until}
      UNION ALL
      SELECT r.id, 'refund', o.order_no, r.finished_at, -r.amount_fen, -r.shipping_fen
      FROM orders o JOIN refunds r ON r.order_id = o.id AND r.state = 'succeeded' JOIN payments p ON p.id = r.payment_id AND p.state = 'captured'
      WHERE o.org_unit_id = ${s.storeId} AND o.paid_at IS NOT NULL AND r.finished_at >= ${s.since} AND r.finished_at < ${s.until}
      UNION ALL
      SELECT e.id, e.shown, coalesce(o.order_no, ''), e.at, -e.amount_fen, 0::bigint
      FROM (SELECT *, CASE kind WHEN 'entry' THEN 'commission' ELSE kind END AS shown FROM commission_parts) e LEFT JOIN orders o ON o.id = e.order_id
      WHERE e.store_id = ${s.storeId} AND e.at >= ${s.since} AND e.at < ${s.until}) m
    WHERE (${after?.at ?? null}::timestamptz IS NULL OR (at, id) > (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY at, id LIMIT ${limit}`;
}
/** Undefined: it was settled before. */
export async function settle(
  tx: Tx,
  id: string,
  by: { personId: string; reference: string; at: Date },
): Promise<{ storeId: string; dueFen: bigint } | undefined> {
  const [row] = await tx<{ storeId: string; dueFen: bigint }>`
    UPDATE store_statements SET state = 'settled', settled_by = ${by.personId}, settled_at = ${by.at}, reference = ${by.reference}
    WHERE id = ${id} AND state = 'issued' RETURNING store_id AS "storeId", due_fen AS "dueFen"`;
  return row;
}

/** Until the transaction ends no store gets another mode. */
export async function holdModes(tx: Tx): Promise<void> {
  await tx`LOCK TABLE store_settlement_modes IN SHARE MODE`;
}
export interface ModeRow {
  store: Unit;
  mode: SettlementMode;
  hqShareBps: number;
  since: Date | null;
}
export async function listModes(sql: Sql, scope: string, id: string | null): Promise<ModeRow[]> {
  return sql<ModeRow>`
    SELECT json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store,
      coalesce(m.mode, 'hq_collects') AS mode, coalesce(m.hq_share_bps, 0) AS "hqShareBps", m.since
    FROM org_units u
    LEFT JOIN LATERAL (SELECT mode, hq_share_bps, since FROM store_settlement_modes m WHERE m.org_unit_id = u.id ORDER BY m.since DESC, m.id DESC LIMIT 1) m ON true
    WHERE u.kind <> 'hq' AND (u.path = ${scope} OR u.path LIKE ${scope} || '.%') AND (${id}::uuid IS NULL OR u.id = ${id}) ORDER BY u.path`;
}
export async function insertMode(
  tx: Tx,
  m: { id: string; unitId: string; mode: SettlementMode; hqShareBps: number; by: string; reason: string; at: Date },
): Promise<void> {
  await tx`INSERT INTO store_settlement_modes (id, org_unit_id, mode, hq_share_bps, since, set_by, reason)
    VALUES (${m.id}, ${m.unitId}, ${m.mode}, ${m.hqShareBps}, ${m.at}, ${m.by}, ${m.reason})`;
}
