/** Rows of wallets: top-ups of their own, everything else read from the ledger. */

import type { Sql, Tx } from '../../platform/db.ts';
import { decodeSeq } from './movements.ts';
import type { Refundable } from './wallet.policy.ts';

export interface TopUpRow {
  readonly id: string;
  readonly topUpNo: string;
  readonly personId: string;
  readonly priceFen: bigint;
  readonly coins: bigint;
  readonly state: 'pending' | 'paid' | 'expired';
  readonly expiresAt: Date;
}

/** Positive: what the person has. */
export async function readBalanceFen(sql: Sql, personId: string): Promise<bigint> {
  const [row] = await sql<{ fen: bigint }>`
    SELECT -balance_fen AS fen FROM ledger_accounts WHERE kind = 'coin_wallet' AND owner = ${personId}`;
  return row?.fen ?? 0n;
}

export async function insertTopUp(tx: Tx, row: Omit<TopUpRow, 'state'> & { at: Date }): Promise<void> {
  await tx`INSERT INTO coin_top_ups (id, top_up_no, person_id, price_fen, coins, state, created_at, expires_at)
    VALUES (${row.id}, ${row.topUpNo}, ${row.personId}, ${row.priceFen}, ${row.coins}, 'pending', ${row.at}, ${row.expiresAt})`;
}

export async function lockTopUp(tx: Tx, id: string): Promise<TopUpRow | undefined> {
  const [row] = await tx<TopUpRow>`
    SELECT id, top_up_no AS "topUpNo", person_id AS "personId", price_fen AS "priceFen", coins, state, expires_at AS "expiresAt"
    FROM coin_top_ups WHERE id = ${id} FOR UPDATE`;
  return row;
}

/** Top-ups somebody else is at are passed over. */
export async function lockNextDue(tx: Tx, now: Date, except: readonly string[]): Promise<string | undefined> {
  const [row] = await tx<{ id: string }>`
    SELECT id FROM coin_top_ups WHERE state = 'pending' AND expires_at <= ${now} AND id <> ALL(${except}::uuid[])
    ORDER BY expires_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
  return row?.id;
}

/** An expired one may still be paid: coins can be had at any time. False when it had got there before. */
export async function moveTopUp(tx: Tx, id: string, to: 'paid' | 'expired', at: Date): Promise<boolean> {
  const rows = await tx`
    UPDATE coin_top_ups SET state = ${to}, paid_at = CASE WHEN ${to} = 'paid' THEN ${at}::timestamptz END
    WHERE id = ${id} AND (state = 'pending' OR (state = 'expired' AND ${to} = 'paid')) RETURNING id`;
  return rows.length === 1;
}

/**
 * Payments of this person's top-ups that have money left, the newest first; locked until the transaction ends. Those with a
 * refund under way are `busy`: a payment has one refund at a time (rule S8).
 */
export async function lockRefundable(tx: Tx, personId: string): Promise<{ free: Refundable[]; busy: Refundable[] }> {
  const all = await tx<Refundable>`
    SELECT p.id AS "paymentId", p.captured_fen - p.refunded_fen AS "leftFen"
    FROM payments p JOIN coin_top_ups c ON c.id = p.top_up_id
    WHERE c.person_id = ${personId} AND p.captured_fen > p.refunded_fen
    ORDER BY p.captured_at DESC, p.id FOR UPDATE OF p`;
  const open = await tx<{ id: string }>`
    SELECT payment_id AS id FROM refunds WHERE state IN ('requested', 'processing')
      AND payment_id = ANY(${all.map(({ paymentId }) => paymentId)}::uuid[])`;
  const busy = new Set(open.map(({ id }) => id));
  return {
    free: all.filter(({ paymentId }) => !busy.has(paymentId)),
    busy: all.filter(({ paymentId }) => busy.has(paymentId)),
  };
}

export interface MovementRow {
  readonly seq: bigint;
  readonly kind: string;
  readonly amountFen: bigint;
  readonly currentFen: bigint;
  readonly at: Date;
  readonly giftName: string | null;
  readonly giftNameEn: string | null;
  readonly quantity: number | null;
  readonly roomTitle: string | null;
}
/** Newest first. */
export async function readMovements(
  sql: Sql,
  personId: string,
  cursor: string | undefined,
  limit: number,
): Promise<MovementRow[]> {
  const before = decodeSeq(cursor);
  return sql<MovementRow>`
    SELECT e.account_seq AS seq, t.kind, e.amount_fen AS "amountFen", e.current_fen AS "currentFen", e.at,
      g.name AS "giftName", g.name_en AS "giftNameEn", v.quantity, r.title AS "roomTitle"
    FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id JOIN ledger_transfers t ON t.id = e.transfer_id
    LEFT JOIN given_gifts v ON t.kind IN ('gift_given', 'gift_taken_back') AND v.id::text = t.ref
    LEFT JOIN gifts g ON g.id = v.gift_id LEFT JOIN rooms r ON r.id = v.room_id
    WHERE a.kind = 'coin_wallet' AND a.owner = ${personId} AND (${before}::bigint IS NULL OR e.account_seq < ${before})
    ORDER BY e.account_seq DESC LIMIT ${limit}`;
}

export interface SummaryRow {
  readonly id: string;
  readonly name: string;
  readonly phone: string | null;
  readonly balanceFen: bigint;
  readonly boughtFen: bigint;
  readonly leftFen: bigint;
  readonly refundingFen: bigint;
}
/** One person's wallet, or the fullest of all that match. */
export async function readSummaries(
  sql: Sql,
  filter: { personId?: string; search?: string | undefined; limit: number },
): Promise<SummaryRow[]> {
  const { personId = null, search = null, limit } = filter;
  return sql<SummaryRow>`
    SELECT p.id, p.name, p.phone, -a.balance_fen AS "balanceFen", coalesce(b.bought, 0)::bigint AS "boughtFen",
      coalesce(b.left_fen, 0)::bigint AS "leftFen", coalesce(b.refunding, 0)::bigint AS "refundingFen"
    FROM ledger_accounts a JOIN people p ON p.id::text = a.owner
    LEFT JOIN LATERAL (
      SELECT sum(y.captured_fen) AS bought, sum(y.captured_fen - y.refunded_fen) AS left_fen,
        sum((SELECT sum(f.amount_fen) FROM refunds f WHERE f.payment_id = y.id AND f.state IN ('requested', 'processing'))) AS refunding
      FROM coin_top_ups c JOIN payments y ON y.top_up_id = c.id WHERE c.person_id = p.id) b ON true
    WHERE a.kind = 'coin_wallet'
      AND (${personId}::uuid IS NULL OR p.id = ${personId})
      AND (${search}::text IS NULL OR position(lower(${search}) IN lower(p.name)) > 0 OR p.phone = ${search}
        OR EXISTS (SELECT 1 FROM coin_top_ups c WHERE c.person_id = p.id AND c.top_up_no = upper(${search})))
    ORDER BY a.balance_fen, p.id LIMIT ${limit}`;
}
