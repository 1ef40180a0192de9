/** Rows of runs, bills and differences. Days travel as text: a DATE has no moment. */
import type { DifferenceKind, DifferenceResolution } from '@walnut-live/contracts';
import type { z } from 'zod';
import { chinaDayEnd, chinaDayStart } from '../../platform/china-day.policy.ts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { BillLine, ProviderName } from '../payments/index.ts';
import type { Found, OurRow } from './matching.policy.ts';

export interface RunRow {
  readonly id: string;
  readonly provider: ProviderName;
  readonly day: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly attempts: number;
  readonly payments: number;
  readonly paymentsFen: bigint;
  readonly refunds: number;
  readonly refundsFen: bigint;
  readonly open: number;
  readonly resolved: number;
  readonly error: string | null;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly nextTryAt: Date | null;
}

/** One at a time for a provider and a day, over all processes, until the transaction ends. */
export async function tryLockDay(tx: Tx, provider: ProviderName, day: string): Promise<boolean> {
  const [row] = await tx<{ got: boolean }>`
    SELECT pg_try_advisory_xact_lock(hashtextextended(${`reconciliation ${provider} ${day}`}, 0)) AS got`;
  return row?.got === true;
}

export async function noteRun(
  sql: Sql,
  run: { id: string; provider: ProviderName; day: string; at: Date } & (
    | { state: 'done'; sums: Pick<RunRow, 'payments' | 'paymentsFen' | 'refunds' | 'refundsFen'> }
    | { state: 'failed'; error: string; nextTryAt: (attempts: number) => Date }
  ),
): Promise<void> {
  const sums = run.state === 'done' ? run.sums : { payments: 0, paymentsFen: 0n, refunds: 0, refundsFen: 0n };
  const error = run.state === 'failed' ? run.error : null;
  const [row] = await sql<{ id: string; attempts: number }>`
    INSERT INTO reconciliation_runs (id, provider, day, state, payments, payments_fen, refunds, refunds_fen, error, started_at, finished_at)
    VALUES (${run.id}, ${run.provider}, ${run.day}::date, ${run.state}, ${sums.payments}, ${sums.paymentsFen}, ${sums.refunds},
      ${sums.refundsFen}, ${error}, ${run.at}, ${run.at})
    ON CONFLICT (provider, day) DO UPDATE SET attempts = reconciliation_runs.attempts + 1, error = excluded.error,
      finished_at = excluded.finished_at, next_try_at = NULL,
      -- What was done once stays done: a later try that fails says so, and changes nothing.
      state = CASE WHEN reconciliation_runs.state = 'done' THEN 'done' ELSE excluded.state END,
      payments = CASE WHEN excluded.state = 'done' THEN excluded.payments ELSE reconciliation_runs.payments END,
      payments_fen = CASE WHEN excluded.state = 'done' THEN excluded.payments_fen ELSE reconciliation_runs.payments_fen END,
      refunds = CASE WHEN excluded.state = 'done' THEN excluded.refunds ELSE reconciliation_runs.refunds END,
      refunds_fen = CASE WHEN excluded.state = 'done' THEN excluded.refunds_fen ELSE reconciliation_runs.refunds_fen END
    RETURNING id, attempts`;
  if (run.state === 'failed' && row)
    await sql`UPDATE reconciliation_runs SET next_try_at = ${run.nextTryAt(row.attempts)} WHERE id = ${row.id} AND state = 'failed'`;
}

export async function readRuns(
  sql: Sql,
  filter: { provider?: ProviderName | undefined; day?: string },
  limit: number,
): Promise<RunRow[]> {
  const { provider = null, day = null } = filter;
  return sql<RunRow>`
    SELECT r.id, r.provider, r.day::text AS day, r.state, r.attempts, r.payments, r.payments_fen AS "paymentsFen",
      r.refunds, r.refunds_fen AS "refundsFen", r.error, r.started_at AS "startedAt", r.finished_at AS "finishedAt",
      r.next_try_at AS "nextTryAt", count(d.id) FILTER (WHERE d.state = 'open')::int AS open,
      count(d.id) FILTER (WHERE d.state = 'resolved')::int AS resolved
    FROM reconciliation_runs r LEFT JOIN reconciliation_differences d ON d.provider = r.provider AND d.day = r.day
    WHERE (${provider}::text IS NULL OR r.provider = ${provider}) AND (${day}::date IS NULL OR r.day = ${day}::date)
    GROUP BY r.id ORDER BY r.day DESC, r.provider LIMIT ${limit}`;
}

/** Days that need nothing now: done, or to be tried again later. */
export async function settledDays(sql: Sql, provider: ProviderName, now: Date): Promise<Set<string>> {
  const rows = await sql<{ day: string }>`
    SELECT day::text AS day FROM reconciliation_runs
    WHERE provider = ${provider} AND (state = 'done' OR next_try_at > ${now})`;
  return new Set(rows.map(({ day }) => day));
}

export async function firstStartedAt(sql: Sql, provider: ProviderName): Promise<Date | undefined> {
  const [row] = await sql<{ at: Date | null }>`
    SELECT min(prepared_at) AS at FROM payments WHERE provider = ${provider} AND prepared_at IS NOT NULL`;
  return row?.at ?? undefined;
}

/** What was read before of this day is forgotten. */
export async function keepBill(tx: Tx, provider: ProviderName, day: string, bill: readonly BillLine[]): Promise<void> {
  await tx`DELETE FROM provider_bill_lines WHERE provider = ${provider} AND day = ${day}::date`;
  // A number may stand in several lines, paid and revoked: what moved money first.
  await tx`INSERT INTO provider_bill_lines (provider, kind, number, day, amount_fen, state, provider_ref)
    SELECT DISTINCT ON (b.kind, b.number) ${provider}, b.kind, b.number, ${day}::date, b.fen, b.state, b.ref
    FROM unnest(${bill.map(({ kind }) => kind)}::text[], ${bill.map(({ number }) => number)}::text[],
      ${bill.map(({ amountFen }) => amountFen.toString())}::bigint[], ${bill.map(({ state }) => state)}::text[],
      ${bill.map(({ providerRef }) => providerRef)}::text[]) AS b (kind, number, fen, state, ref)
    ORDER BY b.kind, b.number, b.state IN ('captured', 'refund_succeeded') DESC`;
  await tx`UPDATE payments p SET provider_ref = b.ref
    FROM unnest(${bill.filter((l) => l.kind === 'payment').map(({ number }) => number)}::text[],
      ${bill.filter((l) => l.kind === 'payment').map(({ providerRef }) => providerRef)}::text[]) AS b (number, ref)
    WHERE replace(p.id::text, '-', '') = replace(b.number, '-', '') AND p.provider = ${provider} AND b.ref IS NOT NULL
      AND p.id = ANY(${idsOf(bill)}::uuid[]) AND p.provider_ref IS DISTINCT FROM b.ref`;
}

/** Numbers of payments are their ids, with or without dashes. What is no id is no number of ours. */
const idsOf = (bill: readonly BillLine[]): string[] =>
  bill.flatMap(({ kind, number }) => {
    const parts = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/.exec(number);
    return kind === 'payment' && parts ? [parts.slice(1).join('-')] : [];
  });

export async function ourRowsOf(
  tx: Tx,
  provider: ProviderName,
  bill: readonly BillLine[],
  numberOf: (paymentId: string) => string,
): Promise<Record<BillLine['kind'], OurRow[]>> {
  const payments = await tx<Omit<OurRow, 'number'>>`
    SELECT id AS "paymentId", CASE WHEN captured_fen > 0 THEN captured_fen ELSE amount_fen END AS "amountFen", state,
      captured_fen > 0 AS "isBooked" FROM payments WHERE provider = ${provider} AND id = ANY(${idsOf(bill)}::uuid[])`;
  const numbers = bill.flatMap(({ kind, number }) => (kind === 'refund' ? [number] : []));
  const refunds = await tx<OurRow>`
    SELECT f.refund_no AS number, f.payment_id AS "paymentId", f.amount_fen AS "amountFen", f.state,
      f.state = 'succeeded' AS "isBooked"
    FROM refunds f JOIN payments p ON p.id = f.payment_id WHERE p.provider = ${provider} AND f.refund_no = ANY(${numbers}::text[])`;
  return { payment: payments.map((row) => ({ ...row, number: numberOf(row.paymentId) })), refund: refunds };
}

/** What moved money here on that day and stands in no bill that was read. */
export async function notInBills(
  tx: Tx,
  provider: ProviderName,
  day: string,
  numberOf: (paymentId: string) => string,
): Promise<Record<BillLine['kind'], OurRow[]>> {
  const [from, until] = [chinaDayStart(day), chinaDayEnd(day)];
  const payments = await tx<Omit<OurRow, 'number'>>`
    SELECT p.id AS "paymentId", p.captured_fen AS "amountFen", p.state, true AS "isBooked" FROM payments p
    WHERE p.provider = ${provider} AND p.captured_fen > 0 AND p.captured_at >= ${from} AND p.captured_at < ${until}`;
  const refunds = await tx<OurRow>`
    SELECT f.refund_no AS number, f.payment_id AS "paymentId", f.amount_fen AS "amountFen", f.state, true AS "isBooked"
    FROM refunds f JOIN payments p ON p.id = f.payment_id
    WHERE p.provider = ${provider} AND f.state = 'succeeded' AND f.finished_at >= ${from} AND f.finished_at < ${until}
      AND NOT EXISTS (SELECT 1 FROM provider_bill_lines b
        WHERE b.provider = ${provider} AND b.kind = 'refund' AND b.number = f.refund_no)`;
  const numbered = payments.map((row) => ({ ...row, number: numberOf(row.paymentId) }));
  const known = await tx<{ number: string }>`
    SELECT number FROM provider_bill_lines WHERE provider = ${provider} AND kind = 'payment'
      AND number = ANY(${numbered.map(({ number }) => number)}::text[])`;
  const inBills = new Set(known.map(({ number }) => number));
  return { payment: numbered.filter(({ number }) => !inBills.has(number)), refund: refunds };
}

/** Of these, payments whose provider was not asked about them since then. */
export async function notAskedSince(sql: Sql, paymentIds: readonly string[], since: Date): Promise<string[]> {
  const rows = await sql<{ id: string }>`
    SELECT id FROM payments WHERE id = ANY(${paymentIds}::uuid[]) AND captured_fen = 0
      AND (asked_at IS NULL OR asked_at < ${since}) ORDER BY id`;
  return rows.map(({ id }) => id);
}

/**
 * A difference that is known stays what it is, with its figures as they are now. One that a person ended stays so; one that
 * had ended by itself is open again.
 */
export async function keepDifferences(
  tx: Tx,
  given: { provider: ProviderName; day: string; found: readonly (Found & { id: string })[]; at: Date },
): Promise<void> {
  const { provider, day, found, at } = given;
  for (const one of found)
    await tx`INSERT INTO reconciliation_differences (id, provider, day, subject, number, kind, payment_id, our_fen, their_fen,
        our_state, their_state, state, found_at)
      VALUES (${one.id}, ${provider}, ${day}::date, ${one.subject}, ${one.number}, ${one.kind}, ${one.paymentId},
        ${one.ours?.amountFen ?? null}, ${one.theirs?.amountFen ?? null}, ${one.ours?.state ?? null}, ${one.theirs?.state ?? null},
        'open', ${at})
      ON CONFLICT (provider, subject, number, kind) DO UPDATE SET our_fen = excluded.our_fen, their_fen = excluded.their_fen,
        our_state = excluded.our_state, their_state = excluded.their_state, payment_id = excluded.payment_id,
        day = excluded.day, found_by = 'bill', state = 'open', resolution = NULL, resolved_at = NULL
      WHERE reconciliation_differences.state = 'open' OR reconciliation_differences.resolution = 'gone'`;
}

/**
 * Open differences of this day that the run did not find again, and those of any day that this bill explains, are over. What
 * an answer of the provider told stays until a bill has told it too, or a person ends it.
 */
export async function endGone(
  tx: Tx,
  given: { provider: ProviderName; day: string; found: readonly Found[]; bill: readonly BillLine[]; at: Date },
): Promise<void> {
  const { provider, day, at } = given;
  const found = given.found.map(({ subject, number, kind }) => `${subject} ${number} ${kind}`);
  const lines = given.bill.map(({ kind, number }) => `${kind} ${number}`);
  await tx`UPDATE reconciliation_differences SET state = 'resolved', resolution = 'gone', resolved_at = ${at}
    WHERE provider = ${provider} AND state = 'open' AND found_by = 'bill'
      AND NOT (subject || ' ' || number || ' ' || kind = ANY(${found}::text[]))
      AND (day = ${day}::date OR (kind = 'missing_there' AND subject || ' ' || number = ANY(${lines}::text[])))`;
}

export interface DifferenceRow {
  readonly id: string;
  readonly provider: ProviderName;
  readonly day: string;
  readonly subject: 'payment' | 'refund';
  readonly number: string;
  readonly kind: DifferenceKind;
  readonly paymentId: string | null;
  readonly ourFen: bigint | null;
  readonly theirFen: bigint | null;
  readonly ourState: string | null;
  readonly theirState: string | null;
  readonly state: 'open' | 'resolved';
  readonly resolution: string | null;
  readonly reason: string | null;
  readonly resolvedBy: { id: string; name: string } | null;
  readonly foundAt: Date;
  readonly resolvedAt: Date | null;
}
export async function readDifferences(
  sql: Sql,
  filter: {
    id?: string;
    state?: 'open' | 'resolved' | undefined;
    provider?: ProviderName | undefined;
    day?: string | undefined;
  },
  { after, limit }: { after: TimeCursor | undefined; limit: number },
): Promise<DifferenceRow[]> {
  const { id = null, state = null, provider = null, day = null } = filter;
  return sql<DifferenceRow>`
    SELECT d.id, d.provider, d.day::text AS day, d.subject, d.number, d.kind, d.payment_id AS "paymentId",
      d.our_fen AS "ourFen", d.their_fen AS "theirFen", d.our_state AS "ourState", d.their_state AS "theirState", d.state,
      d.resolution, d.reason, d.found_at AS "foundAt", d.resolved_at AS "resolvedAt",
      CASE WHEN p.id IS NOT NULL THEN json_build_object('id', p.id, 'name', p.name) END AS "resolvedBy"
    FROM reconciliation_differences d LEFT JOIN people p ON p.id = d.resolved_by
    WHERE (${id}::uuid IS NULL OR d.id = ${id}::uuid) AND (${state}::text IS NULL OR d.state = ${state})
      AND (${provider}::text IS NULL OR d.provider = ${provider}) AND (${day}::date IS NULL OR d.day = ${day}::date)
      AND (${after?.at ?? null}::timestamptz IS NULL OR (d.found_at, d.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY d.found_at DESC, d.id DESC LIMIT ${limit}`;
}

/** False when somebody was faster. */
export async function endByHand(
  tx: Tx,
  id: string,
  end: { resolution: z.infer<typeof DifferenceResolution>; reason: string; by: string; at: Date },
): Promise<boolean> {
  const rows = await tx`
    UPDATE reconciliation_differences SET state = 'resolved', resolution = ${end.resolution}, reason = ${end.reason},
      resolved_by = ${end.by}, resolved_at = ${end.at} WHERE id = ${id} AND state = 'open' RETURNING id`;
  return rows.length === 1;
}
