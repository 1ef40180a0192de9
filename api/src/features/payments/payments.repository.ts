/** Rows of payments and of the callbacks that were believed. */
import type { PaymentState, PaymentWay } from '@walnut-live/contracts';
import type { z } from 'zod';
import type { Sql, Tx } from '../../platform/db.ts';
import type { Stored } from '../../platform/tracing.ts';
import type { ProviderName, ProviderNotification } from './provider.ts';

export type PaymentPart = 'whole' | 'deposit' | 'balance';

/**
 * `pending` may still pay its order, `captured` has paid it. `closed` and `failed` cannot any more; when the provider took the
 * money all the same, `capturedFen` says so and the money goes back (rule S3). `refundedFen` counts refunds from the moment
 * they are asked for, so that two at once cannot exceed what was captured (rule S8).
 */
export interface PaymentRow {
  readonly id: string;
  /** What it pays: exactly one of the two. */
  readonly orderId: string | null;
  readonly topUpId: string | null;
  readonly provider: ProviderName;
  readonly amountFen: bigint;
  readonly capturedFen: bigint;
  readonly refundedFen: bigint;
  readonly state: z.infer<typeof PaymentState>;
  /** What of its order it pays; the deposit and the balance of a pre-sale are payments of their own. */
  readonly part: PaymentPart;
  readonly way: PaymentWay | null;
  /** Set before the provider hears of it; null: nobody there can know of it. */
  readonly preparedAt: Date | null;
}

export async function insertPayments(
  tx: Tx,
  payments: readonly (Pick<PaymentRow, 'id' | 'orderId' | 'topUpId' | 'provider' | 'amountFen' | 'part'> & {
    traceparent: Stored;
  })[],
  at: Date,
): Promise<void> {
  await tx`INSERT INTO payments (id, order_id, top_up_id, provider, amount_fen, part, state, created_at, traceparent)
    SELECT p.id, p.order_id, p.top_up_id, p.provider, p.amount_fen, p.part, 'pending', ${at}::timestamptz, p.traceparent
    FROM unnest(${payments.map(({ id }) => id)}::uuid[], ${payments.map(({ orderId }) => orderId)}::uuid[],
      ${payments.map(({ topUpId }) => topUpId)}::uuid[], ${payments.map(({ provider }) => provider)}::text[],
      ${payments.map(({ amountFen }) => String(amountFen))}::bigint[],
      ${payments.map(({ part }) => part)}::text[], ${payments.map(({ traceparent }) => traceparent ?? null)}::text[])
      AS p (id, order_id, top_up_id, provider, amount_fen, part, traceparent)`;
}

/** Where a payment's trace goes on: below what placed its order, and once it is captured below that. */
export async function readTraceparent(sql: Sql, paymentId: string): Promise<string | null> {
  const [row] = await sql<{ traceparent: string | null }>`SELECT traceparent FROM payments WHERE id = ${paymentId}`;
  return row?.traceparent ?? null;
}

export async function readPayment(sql: Sql, paymentId: string): Promise<PaymentRow | undefined> {
  const [row] = await sql<PaymentRow>`
    SELECT id, order_id AS "orderId", top_up_id AS "topUpId", provider, amount_fen AS "amountFen",
      captured_fen AS "capturedFen", refunded_fen AS "refundedFen", state, part, way, prepared_at AS "preparedAt"
    FROM payments WHERE id = ${paymentId}`;
  return row;
}

/** The payment of a top-up that can pay it, or has paid it. */
export async function readTopUpPayment(sql: Sql, topUpId: string): Promise<PaymentRow | undefined> {
  const [row] = await sql<PaymentRow>`
    SELECT id, order_id AS "orderId", top_up_id AS "topUpId", provider, amount_fen AS "amountFen",
      captured_fen AS "capturedFen", refunded_fen AS "refundedFen", state, part, way, prepared_at AS "preparedAt"
    FROM payments WHERE top_up_id = ${topUpId} AND state IN ('pending', 'captured')
    ORDER BY state = 'captured' DESC LIMIT 1`;
  return row;
}

/** The one payment that can pay, or has paid, this order. A deposit that is paid does neither: what follows is the balance. */
export async function readCurrentPayment(sql: Sql, orderId: string): Promise<PaymentRow | undefined> {
  const [row] = await sql<PaymentRow>`
    SELECT id, order_id AS "orderId", top_up_id AS "topUpId", provider, amount_fen AS "amountFen",
      captured_fen AS "capturedFen", refunded_fen AS "refundedFen", state, part, way, prepared_at AS "preparedAt"
    FROM payments WHERE order_id = ${orderId} AND state IN ('pending', 'captured') AND (part <> 'deposit' OR state = 'pending')`;
  return row;
}

/** What an order was paid with, the latest first. */
export async function readCaptured(sql: Sql, orderId: string): Promise<PaymentRow[]> {
  return sql<PaymentRow>`
    SELECT id, order_id AS "orderId", top_up_id AS "topUpId", provider, amount_fen AS "amountFen",
      captured_fen AS "capturedFen", refunded_fen AS "refundedFen", state, part, way, prepared_at AS "preparedAt"
    FROM payments WHERE order_id = ${orderId} AND state = 'captured' ORDER BY part = 'deposit', captured_at DESC, id`;
}

/** From now on its provider may know of it; an unprepared one takes the way that is chosen. */
export async function adoptWay(
  tx: Tx,
  paymentId: string,
  { provider, way, at, nextQueryAt }: { provider: ProviderName; way: PaymentWay | null; at: Date; nextQueryAt: Date },
): Promise<void> {
  await tx`UPDATE payments SET provider = ${provider}, way = ${way}, prepared_at = coalesce(prepared_at, ${at}),
      next_query_at = ${nextQueryAt}, queries = 0
    WHERE id = ${paymentId} AND state = 'pending' AND (prepared_at IS NULL OR (provider = ${provider} AND way IS NOT DISTINCT FROM ${way}))`;
}

export async function movePayment(
  tx: Tx,
  paymentId: string,
  to: 'captured' | 'closed' | 'failed',
  at: Date,
): Promise<boolean> {
  const rows = await tx`
    UPDATE payments SET state = ${to},
      captured_fen = CASE WHEN ${to} = 'captured' THEN amount_fen ELSE captured_fen END,
      captured_at = CASE WHEN ${to} = 'captured' THEN ${at}::timestamptz ELSE captured_at END,
      closed_at = CASE WHEN ${to} = 'captured' THEN closed_at ELSE ${at}::timestamptz END, next_query_at = NULL,
      traceparent = CASE WHEN ${to} = 'captured' THEN coalesce(${tx.traceparent() ?? null}, traceparent) ELSE traceparent END
    WHERE id = ${paymentId} AND state = 'pending' RETURNING id`;
  return rows.length === 1;
}

/** After a provider could not say how a payment stands: nobody tries to close it before this pause is over. */
const CLOSE_AGAIN_MS = 20_000;
export async function closeAgainLater(sql: Sql, orderId: string, at: Date): Promise<void> {
  await sql`UPDATE payments SET next_close_at = ${new Date(at.getTime() + CLOSE_AGAIN_MS)}
    WHERE order_id = ${orderId} AND state = 'pending'`;
}

/** Money that came, in time or not, for something that can be had at any time. False when it was booked before. */
export async function captureAtAnyTime(tx: Tx, paymentId: string, at: Date): Promise<boolean> {
  const rows = await tx`
    UPDATE payments SET state = 'captured', captured_fen = amount_fen, captured_at = ${at}, closed_at = NULL,
      next_query_at = NULL
    WHERE id = ${paymentId} AND captured_fen = 0 RETURNING id`;
  return rows.length === 1;
}

/** Money that came for a payment that can no longer pay its order. False when it was noted before. */
export async function noteLateCapture(tx: Tx, paymentId: string, at: Date): Promise<boolean> {
  const rows = await tx`
    UPDATE payments SET state = 'closed', captured_fen = amount_fen, captured_at = ${at}, closed_at = coalesce(closed_at, ${at}),
      next_query_at = NULL
    WHERE id = ${paymentId} AND captured_fen = 0 RETURNING id`;
  return rows.length === 1;
}

/** Rule S8: sets the amount aside in one conditional statement. */
export async function holdForRefund(tx: Tx, paymentId: string, amountFen: bigint): Promise<boolean> {
  const rows = await tx`
    UPDATE payments SET refunded_fen = refunded_fen + ${amountFen}
    WHERE id = ${paymentId} AND refunded_fen + ${amountFen} <= captured_fen RETURNING id`;
  return rows.length === 1;
}

export async function giveBackHold(tx: Tx, paymentId: string, amountFen: bigint): Promise<void> {
  await tx`UPDATE payments SET refunded_fen = refunded_fen - ${amountFen} WHERE id = ${paymentId}`;
}

/** Remembers a believed callback; false when this one was here before. Waits for a rival that is at the same one. */
export async function insertNotification(
  tx: Tx,
  provider: ProviderName,
  notification: ProviderNotification,
  receivedAt: Date,
): Promise<boolean> {
  const body = { ...notification, amountFen: notification.amountFen.toString() };
  const rows = await tx`
    INSERT INTO payment_notifications (provider, notification_id, payment_id, kind, body, received_at)
    VALUES (${provider}, ${notification.id}, ${notification.paymentId}, ${notification.type}, ${JSON.stringify(body)}::jsonb, ${receivedAt})
    ON CONFLICT (provider, notification_id) DO NOTHING RETURNING notification_id`;
  return rows.length === 1;
}

/** Takes payments whose provider has to be asked, also closed ones that somebody wants to know of; until the next question is due nobody else does. */
export async function claimToQuery(
  sql: Sql,
  now: Date,
  limit: number,
  nextAt: (queries: number) => Date,
): Promise<string[]> {
  const due = await sql<{ id: string; queries: number }>`
    SELECT id, queries FROM payments WHERE next_query_at <= ${now} ORDER BY next_query_at LIMIT ${limit}`;
  const claimed: string[] = [];
  for (const { id, queries } of due) {
    const won = await sql`
      UPDATE payments SET queries = queries + 1, next_query_at = ${nextAt(queries)}
      WHERE id = ${id} AND queries = ${queries} AND next_query_at IS NOT NULL RETURNING id`;
    if (won.length === 1) claimed.push(id);
  }
  return claimed;
}

/** The provider answered. Of a payment that is over nobody has to ask again. */
export async function noteProviderState(sql: Sql, paymentId: string, said: string, at: Date): Promise<void> {
  await sql`UPDATE payments SET provider_state = ${said}, asked_at = ${at},
      next_query_at = CASE WHEN state = 'pending' THEN next_query_at END WHERE id = ${paymentId}`;
}
/** A trace is one purchase: what follows later than this after its payment was opened is none of it. */
const TRACE_MS = 3_600_000;
/** Where the traces of these orders go on. */
export async function readTracesOfOrders(
  sql: Sql,
  orderIds: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, string>> {
  const rows = await sql<{ orderId: string; traceparent: string }>`
    SELECT DISTINCT ON (order_id) order_id AS "orderId", traceparent FROM payments
    WHERE order_id = ANY(${orderIds}::uuid[]) AND traceparent IS NOT NULL AND created_at > ${new Date(now.getTime() - TRACE_MS)}
    ORDER BY order_id, captured_at DESC NULLS LAST, created_at DESC`;
  return new Map(rows.map(({ orderId, traceparent }) => [orderId, traceparent]));
}

/** What is paid for is the first lock of whatever happens to it and its payments. */
export async function lockSubject(
  tx: Tx,
  { orderId, topUpId }: Pick<PaymentRow, 'orderId' | 'topUpId'>,
): Promise<void> {
  if (orderId !== null) await tx`SELECT 1 FROM orders WHERE id = ${orderId} FOR UPDATE`;
  else await tx`SELECT 1 FROM coin_top_ups WHERE id = ${topUpId} FOR UPDATE`;
}
export async function queryAt(sql: Sql, paymentId: string, at: Date): Promise<void> {
  await sql`UPDATE payments SET next_query_at = ${at} WHERE id = ${paymentId} AND state = 'pending'`;
}
/** The same for payments that may be over here: money may have come all the same. */
export async function queryAllAt(sql: Sql, paymentIds: readonly string[], at: Date): Promise<void> {
  await sql`UPDATE payments SET next_query_at = ${at} WHERE id = ANY(${paymentIds}::uuid[]) AND captured_fen = 0`;
}

/** What the cashier page shows of a payment, and whose it is. */
export async function readCashierSlip(sql: Sql, paymentId: string) {
  const [row] = await sql<{
    id: string;
    orderId: string | null;
    orderNo: string;
    topUp: { id: string; coins: number } | null;
    personId: string;
    amountFen: bigint;
    part: PaymentPart;
    state: PaymentRow['state'];
    payee: string;
    provider: ProviderName | null;
    way: PaymentWay | null;
    followedBy: string | null;
    expiresAt: Date;
  }>`
    SELECT p.id, o.id AS "orderId", coalesce(o.order_no, c.top_up_no) AS "orderNo",
      CASE WHEN c.id IS NULL THEN NULL ELSE json_build_object('id', c.id, 'coins', c.coins) END AS "topUp",
      coalesce(o.person_id, c.person_id) AS "personId", p.amount_fen AS "amountFen", p.part, p.state,
      CASE WHEN p.prepared_at IS NOT NULL THEN p.provider END AS provider, p.way,
      CASE WHEN p.state IN ('closed', 'failed') THEN (
        SELECT n.id FROM payments n WHERE (n.order_id = p.order_id OR n.top_up_id = p.top_up_id)
          AND n.part = p.part AND n.state IN ('pending', 'captured') LIMIT 1) END AS "followedBy",
      coalesce(nullif(u.legal_name, ''), u.name) AS payee, coalesce(o.expires_at, c.expires_at) AS "expiresAt"
    FROM payments p LEFT JOIN orders o ON o.id = p.order_id LEFT JOIN coin_top_ups c ON c.id = p.top_up_id
    -- Coins are sold by headquarters.
    JOIN org_units u ON u.id = coalesce(o.org_unit_id, (SELECT id FROM org_units WHERE parent_id IS NULL ORDER BY path LIMIT 1))
    WHERE p.id = ${paymentId}`;
  return row;
}
