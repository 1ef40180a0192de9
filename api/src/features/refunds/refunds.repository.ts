/** Rows of refunds. A row exists before the provider hears of it (rule S8), so a refund under way survives any crash. */
import type { Sql, Tx } from '../../platform/db.ts';
import type { RefundLine } from '../orders/index.ts';

export interface RefundRow {
  readonly id: string;
  readonly refundNo: string;
  /** None for coins that go back. */
  readonly orderId: string | null;
  readonly paymentId: string;
  readonly amountFen: bigint;
  /** Of the amount. */
  readonly shippingFen: bigint;
  readonly attempts: number;
  /** The first of the refunds that were asked for together with it; none for that one, and for one alone. */
  readonly askedWith: string | null;
}

export async function insertRefund(
  tx: Tx,
  refund: {
    id: string;
    refundNo: string;
    orderId: string | null;
    paymentId: string;
    amountFen: bigint;
    shippingFen: bigint;
    lines: readonly RefundLine[];
    reason: string;
    requestedBy: string | null;
    /** The refused refund that is asked for once more by this one. */
    retryOf: string | null;
    askedWith: string | null;
    at: Date;
  },
): Promise<void> {
  await tx`INSERT INTO refunds (id, refund_no, order_id, payment_id, amount_fen, shipping_fen, state, reason, requested_by, retry_of,
      asked_with, next_try_at, created_at)
    VALUES (${refund.id}, ${refund.refundNo}, ${refund.orderId}, ${refund.paymentId}, ${refund.amountFen}, ${refund.shippingFen}, 'requested',
      ${refund.reason}, ${refund.requestedBy}, ${refund.retryOf}, ${refund.askedWith}, ${refund.at}, ${refund.at})`;
  const { lines } = refund;
  if (lines.length === 0) return;
  await tx`INSERT INTO refund_lines (refund_id, order_item_id, amount_fen, pieces, withdrawn)
    SELECT ${refund.id}::uuid, l.id, l.amount, l.pieces, l.withdrawn
    FROM unnest(${lines.map(({ itemId }) => itemId)}::uuid[], ${lines.map(({ amountFen }) => amountFen.toString())}::bigint[],
      ${lines.map(({ pieces }) => pieces)}::int[], ${lines.map(({ withdrawn }) => withdrawn)}::int[]) AS l (id, amount, pieces, withdrawn)`;
}

/** Takes the next due refund for one attempt; until `nextTryAt` nobody else does. */
export async function claimDueRefund(
  tx: Tx,
  now: Date,
  nextTryAt: (attempts: number) => Date,
  except: readonly string[],
): Promise<RefundRow | undefined> {
  const [due] = await tx<RefundRow>`
    SELECT id, refund_no AS "refundNo", order_id AS "orderId", payment_id AS "paymentId", amount_fen AS "amountFen",
      shipping_fen AS "shippingFen", attempts, asked_with AS "askedWith"
    FROM refunds WHERE state IN ('requested', 'processing') AND next_try_at <= ${now} AND id <> ALL(${except}::uuid[])
    ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
  if (!due) return undefined;
  await tx`UPDATE refunds SET state = 'processing', attempts = attempts + 1, next_try_at = ${nextTryAt(due.attempts)}
    WHERE id = ${due.id}`;
  return due;
}

export async function readRefund(tx: Tx, refundNo: string): Promise<RefundRow | undefined> {
  const [row] = await tx<RefundRow>`
    SELECT id, refund_no AS "refundNo", order_id AS "orderId", payment_id AS "paymentId", amount_fen AS "amountFen",
      shipping_fen AS "shippingFen", attempts, asked_with AS "askedWith"
    FROM refunds WHERE refund_no = ${refundNo}`;
  return row;
}

/** What a refund of an order is of, beside the shipping fee. */
export async function readRefundLines(tx: Tx, refundId: string): Promise<RefundLine[]> {
  return tx<RefundLine>`
    SELECT l.order_item_id AS "itemId", l.amount_fen AS "amountFen", l.pieces, l.withdrawn
    FROM refund_lines l JOIN order_items i ON i.id = l.order_item_id WHERE l.refund_id = ${refundId} ORDER BY i.position`;
}

/** Refunds of a payment that were not refused. */
export async function countRefunds(tx: Tx, paymentId: string): Promise<number> {
  const [row] = await tx<{ count: bigint }>`
    SELECT count(*) AS count FROM refunds WHERE payment_id = ${paymentId} AND state <> 'failed'`;
  return Number(row?.count ?? 0n);
}

/** Ends a refund once; false when it had ended before. */
export async function endRefund(tx: Tx, refundId: string, outcome: 'succeeded' | 'failed', at: Date): Promise<boolean> {
  const rows = await tx`
    UPDATE refunds SET state = ${outcome}, finished_at = ${at}, next_try_at = NULL
    WHERE id = ${refundId} AND state IN ('requested', 'processing') RETURNING id`;
  return rows.length === 1;
}

/** What came of an attempt; without `said` the provider's last words stay. */
export async function noteRefund(
  sql: Sql,
  refundId: string,
  { said = null, error }: { said?: string | null; error: string | null },
): Promise<void> {
  await sql`UPDATE refunds SET provider_state = coalesce(${said}::text, provider_state), last_error = ${error} WHERE id = ${refundId}`;
}

export interface RefusedRefund {
  readonly id: string;
  readonly shippingFen: bigint;
  /** It was of an after-sale case: whoever decides that case asks for it again. */
  readonly ofCase: boolean;
  /** Something of it went back, or is on its way back, by a refund that was asked for later in another way. */
  readonly asked: boolean;
}
/**
 * The last refund of a payment that was refused for good and that nobody asked for once more; those of no case first. What was
 * asked for since is looked for in all payments of the order: of one that was paid in parts each refund may be of several.
 */
export async function readLastRefused(tx: Tx, paymentId: string): Promise<RefusedRefund | undefined> {
  const [row] = await tx<RefusedRefund>`
    SELECT * FROM (
      SELECT r.id, r.shipping_fen AS "shippingFen", r.finished_at,
        EXISTS (SELECT 1 FROM after_sales a WHERE a.order_id = r.order_id
          AND (a.refund_id = r.id OR r.reason = 'after_sale ' || a.case_no)) AS "ofCase",
        EXISTS (SELECT 1 FROM refunds n LEFT JOIN refunds f ON f.id = n.asked_with
          WHERE n.order_id = r.order_id AND n.state <> 'failed' AND coalesce(f.retry_of, n.retry_of) IS NULL
          AND n.created_at >= r.finished_at AND (n.shipping_fen > 0 AND r.shipping_fen > 0 OR EXISTS (
            SELECT 1 FROM refund_lines a JOIN refund_lines b ON b.order_item_id = a.order_item_id
            WHERE a.refund_id = n.id AND b.refund_id = r.id AND (a.amount_fen > 0 OR a.pieces > 0)))) AS asked
      FROM refunds r WHERE r.payment_id = ${paymentId} AND r.state = 'failed'
        AND NOT EXISTS (SELECT 1 FROM refunds n WHERE n.retry_of = r.id)) refused
    ORDER BY "ofCase", asked, finished_at DESC LIMIT 1`;
  return row;
}
