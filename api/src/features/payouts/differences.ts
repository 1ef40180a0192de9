/** What a provider says of a transfer that our books do not: kept until somebody, or a later answer, ends it. */
import type { PaymentProviderName, PayoutDifference } from '@walnut-live/contracts';
import type { Random } from '../../platform/clock.ts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';

export interface Found {
  readonly provider: PaymentProviderName;
  readonly billNo: string;
  readonly billId: string | null;
  readonly kind: PayoutDifference['kind'];
  readonly ours: { readonly state: string; readonly amountFen: bigint } | null;
  readonly theirs: { readonly state: string; readonly amountFen: bigint | null } | null;
}
/** Once while it is open. */
export async function noteDifference(sql: Sql, deps: { random: Random }, found: Found, at: Date): Promise<void> {
  await sql`INSERT INTO payout_differences (id, provider, bill_no, bill_id, kind, our_state, our_fen, their_state, their_fen, found_at)
    VALUES (${deps.random.id()}, ${found.provider}, ${found.billNo}, ${found.billId}, ${found.kind}, ${found.ours?.state ?? null},
      ${found.ours?.amountFen ?? null}, ${found.theirs?.state ?? null}, ${found.theirs?.amountFen ?? null}, ${at})
    ON CONFLICT (provider, bill_no, kind) WHERE state = 'open' DO NOTHING`;
}
/** What time has settled by itself. */
export async function endGone(
  sql: Sql,
  billId: string,
  kinds: readonly PayoutDifference['kind'][],
  at: Date,
): Promise<void> {
  await sql`UPDATE payout_differences SET state = 'resolved', resolved_at = ${at}
    WHERE bill_id = ${billId} AND kind = ANY(${kinds}::text[]) AND state = 'open'`;
}
export async function endByHand(sql: Sql, id: string, by: string, reason: string, at: Date): Promise<boolean> {
  const rows =
    await sql`UPDATE payout_differences SET state = 'resolved', resolved_at = ${at}, resolved_by = ${by}, reason = ${reason}
    WHERE id = ${id} AND state = 'open' RETURNING id`;
  return rows.length === 1;
}
export async function countOpen(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: bigint }>`SELECT count(*) FROM payout_differences WHERE state = 'open'`;
  return Number(row?.count ?? 0n);
}

interface Row {
  id: string;
  provider: PaymentProviderName;
  billNo: string;
  billId: string | null;
  kind: PayoutDifference['kind'];
  ourState: string | null;
  ourFen: bigint | null;
  theirState: string | null;
  theirFen: bigint | null;
  state: 'open' | 'resolved';
  reason: string | null;
  by: { id: string; name: string } | null;
  foundAt: Date;
  resolvedAt: Date | null;
}
export async function listDifferences(
  sql: Sql,
  filter: { id?: string; state?: 'open' | 'resolved' | undefined },
  after: TimeCursor | undefined,
  limit: number,
): Promise<Row[]> {
  return sql<Row>`
    SELECT d.id, d.provider, d.bill_no AS "billNo", d.bill_id AS "billId", d.kind, d.our_state AS "ourState", d.our_fen AS "ourFen",
      d.their_state AS "theirState", d.their_fen AS "theirFen", d.state, d.reason, d.found_at AS "foundAt", d.resolved_at AS "resolvedAt",
      CASE WHEN p.id IS NULL THEN NULL ELSE json_build_object('id', p.id, 'name', p.name) END AS by
    FROM payout_differences d LEFT JOIN people p ON p.id = d.resolved_by
    WHERE (${filter.id ?? null}::uuid IS NULL OR d.id = ${filter.id ?? null})
      AND (${filter.state ?? null}::text IS NULL OR d.state = ${filter.state ?? null})
      AND (${after?.at ?? null}::timestamptz IS NULL OR (d.found_at, d.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY d.found_at DESC, d.id DESC LIMIT ${limit}`;
}
export const shownDifference = (row: Row): PayoutDifference => ({
  ...{ id: row.id, provider: row.provider, billNo: row.billNo, billId: row.billId, kind: row.kind },
  ours: row.ourState === null ? null : { state: row.ourState, amountFen: Number(row.ourFen ?? 0n) },
  theirs:
    row.theirState === null
      ? null
      : { state: row.theirState, amountFen: row.theirFen === null ? null : Number(row.theirFen) },
  ...{ state: row.state, reason: row.reason, resolvedBy: row.by },
  ...{ foundAt: row.foundAt.toISOString(), resolvedAt: row.resolvedAt?.toISOString() ?? null },
});
