/** Rows of bills. Facts and ends of a bill are kept by a trigger; only where it stands changes. */
import type { PaymentProviderName, PayoutBillState, PayoutSource } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { PayoutStatus } from './provider.ts';

interface RawBill {
  id: string;
  bill_no: string;
  line_id: string;
  run_id: string | null;
  person_id: string;
  source: PayoutSource;
  provider: PaymentProviderName;
  open_id: string;
  real_name: string | null;
  gross_fen: bigint;
  withheld_fen: bigint;
  net_fen: bigint;
  state: PayoutBillState;
  provider_ref: string | null;
  acceptance: string | null;
  fail_reason: string | null;
  told_at: Date | null;
  attempts: number;
  last_error: string | null;
  next_ask_at: Date | null;
  created_at: Date;
  ended_at: Date | null;
  checked_at: Date | null;
}
const toBill = (raw: RawBill) => ({
  id: raw.id,
  billNo: raw.bill_no,
  lineId: raw.line_id,
  runId: raw.run_id,
  personId: raw.person_id,
  source: raw.source,
  provider: raw.provider,
  openId: raw.open_id,
  realName: raw.real_name,
  grossFen: raw.gross_fen,
  withheldFen: raw.withheld_fen,
  netFen: raw.net_fen,
  state: raw.state,
  providerRef: raw.provider_ref,
  acceptance: raw.acceptance,
  failReason: raw.fail_reason,
  toldAt: raw.told_at,
  attempts: raw.attempts,
  lastError: raw.last_error,
  nextAskAt: raw.next_ask_at,
  createdAt: raw.created_at,
  endedAt: raw.ended_at,
  checkedAt: raw.checked_at,
});
export type BillRow = Readonly<ReturnType<typeof toBill>>;
export interface NamedBillRow extends BillRow {
  readonly personName: string;
  readonly personKind: string;
  readonly ownerPath: string | null;
  readonly entries: number;
}
type NewBill = Pick<
  BillRow,
  'id' | 'billNo' | 'lineId' | 'runId' | 'personId' | 'source' | 'provider' | 'openId' | 'realName'
> &
  Pick<BillRow, 'grossFen' | 'withheldFen' | 'netFen'>;

export async function insertBill(tx: Tx, bill: NewBill & { at: Date; actorId: string | null }): Promise<void> {
  const { at } = bill;
  await tx`INSERT INTO payout_bills (id, bill_no, line_id, run_id, person_id, source, provider, open_id, real_name, gross_fen,
      withheld_fen, net_fen, state, next_ask_at, created_at)
    VALUES (${bill.id}, ${bill.billNo}, ${bill.lineId}, ${bill.runId}, ${bill.personId}, ${bill.source}, ${bill.provider},
      ${bill.openId}, ${bill.realName}, ${bill.grossFen}, ${bill.withheldFen}, ${bill.netFen}, 'created', ${at}, ${at})`;
  await noteStep(tx, { id: bill.id, from: null, to: 'created', event: 'write', actorId: bill.actorId, at });
}

export async function noteStep(
  sql: Sql,
  step: {
    id: string;
    from: PayoutBillState | null;
    to: PayoutBillState;
    event: string;
    actorId?: string | null;
    reason?: string;
    at: Date;
  },
): Promise<void> {
  await sql`INSERT INTO payout_bill_events (bill_id, from_state, to_state, event, actor_id, reason, at)
    VALUES (${step.id}, ${step.from}, ${step.to}, ${step.event}, ${step.actorId ?? null}, ${step.reason ?? ''}, ${step.at})`;
}

export async function readBill(sql: Sql, id: string): Promise<BillRow | undefined> {
  const [raw] = await sql<RawBill>`SELECT * FROM payout_bills WHERE id = ${id}`;
  return raw && toBill(raw);
}
export async function lockBill(tx: Tx, id: string): Promise<BillRow | undefined> {
  const [raw] = await tx<RawBill>`SELECT * FROM payout_bills WHERE id = ${id} FOR UPDATE`;
  return raw && toBill(raw);
}
export async function findBill(sql: Sql, provider: PaymentProviderName, billNo: string): Promise<BillRow | undefined> {
  const [raw] = await sql<RawBill>`SELECT * FROM payout_bills WHERE bill_no = ${billNo} AND provider = ${provider}`;
  return raw && toBill(raw);
}

// ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export const dueBills = async (sql: Sql, now: Date, limit: number): Promise<string[]> =>
  (
    await sql<{
      id: string;
    }>`SELECT id FROM payout_bills WHERE next_ask_at <= ${now} ORDER BY next_ask_at, id LIMIT ${limit}`
  ).map(({ id }) => id);
/** Every bill that is not over, of one run or of all. */
export const openBills = async (sql: Sql, runId: string | null): Promise<string[]> =>
  (
    await sql<{
      id: string;
    }>`SELECT id FROM payout_bills WHERE ended_at IS NULL AND (${runId}::uuid IS NULL OR run_id = ${runId})
      ORDER BY created_at, id`
  ).map(({ id }) => id);

/**
 * The turn to speak with the provider about a bill: nobody else asks before `until`. From here on the provider may know of it.
 * Undefined: it is over, or somebody else's turn.
 */
export async function takeTurn(
  sql: Sql,
  id: string,
  { now, until }: { now: Date; until: Date },
): Promise<BillRow | undefined> {
  const [raw] = await sql<RawBill>`
    UPDATE payout_bills SET next_ask_at = ${until}, attempts = attempts + 1, told_at = coalesce(told_at, ${now}),
      state = CASE state WHEN 'created' THEN 'moving' ELSE state END
    WHERE id = ${id} AND ended_at IS NULL AND next_ask_at <= ${now} RETURNING *`;
  return raw && toBill(raw);
}
export async function noteAnswer(
  tx: Sql,
  id: string,
  { status, nextAskAt, at }: { status: PayoutStatus; nextAskAt: Date; at: Date },
): Promise<void> {
  const [before] = await tx<{
    state: PayoutBillState;
  }>`SELECT state FROM payout_bills WHERE id = ${id} AND ended_at IS NULL FOR UPDATE`;
  if (!before) return;
  const to = status.state === 'waiting' ? 'waiting' : 'moving';
  await tx`UPDATE payout_bills SET state = ${to}, provider_ref = coalesce(${status.providerRef}, provider_ref),
      acceptance = ${status.acceptance}, last_error = NULL, next_ask_at = ${nextAskAt} WHERE id = ${id} AND ended_at IS NULL`;
  if (to !== before.state) await noteStep(tx, { id, from: before.state, to, event: 'answer', at });
}
export async function noteTrouble(sql: Sql, id: string, error: string, nextAskAt: Date): Promise<void> {
  await sql`UPDATE payout_bills SET last_error = ${error}, next_ask_at = ${nextAskAt} WHERE id = ${id} AND ended_at IS NULL`;
}
/** Ends a bill once, whoever tells it first. Undefined: it was over before. */
export async function endBill(
  tx: Tx,
  id: string,
  end: { state: 'succeeded' | 'failed' | 'cancelled'; providerRef: string | null; failReason: string | null; at: Date },
): Promise<BillRow | undefined> {
  const [raw] = await tx<RawBill>`
    UPDATE payout_bills SET state = ${end.state}, provider_ref = coalesce(${end.providerRef}, provider_ref), acceptance = NULL,
      fail_reason = ${end.failReason}, last_error = NULL, next_ask_at = NULL, ended_at = ${end.at}
    WHERE id = ${id} AND ended_at IS NULL RETURNING *`;
  return raw && toBill(raw);
}
/** One whose provider was provably never told of it, and never will be: from here on nobody gets a turn. */
export async function cancelUntold(tx: Tx, id: string, at: Date): Promise<BillRow | undefined> {
  const [raw] = await tx<RawBill>`
    UPDATE payout_bills SET state = 'cancelled', next_ask_at = NULL, ended_at = ${at}
    WHERE id = ${id} AND ended_at IS NULL AND told_at IS NULL RETURNING *`;
  return raw && toBill(raw);
}

// ── holding ended ones against their provider ───────────────────────────────────────────────────────────────────────

export async function uncheckedBills(
  sql: Sql,
  range: { from: Date; to: Date; runId: string | null },
  limit: number,
): Promise<BillRow[]> {
  const rows =
    await sql<RawBill>`SELECT * FROM payout_bills WHERE ended_at BETWEEN ${range.from} AND ${range.to} AND checked_at IS NULL
    AND (${range.runId}::uuid IS NULL OR run_id = ${range.runId}) ORDER BY ended_at, id LIMIT ${limit}`;
  return rows.map(toBill);
}
export async function noteChecked(sql: Sql, id: string, at: Date): Promise<void> {
  await sql`UPDATE payout_bills SET checked_at = ${at} WHERE id = ${id} AND checked_at IS NULL`;
}

// ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface BillFilter {
  readonly id?: string | undefined;
  readonly personId?: string | undefined;
  readonly runId?: string | undefined;
  readonly state?: PayoutBillState | undefined;
  readonly kind?: 'settlement' | 'withdrawal' | undefined;
  readonly search?: string | undefined;
}
export async function listBills(
  sql: Sql,
  filter: BillFilter,
  after: TimeCursor | undefined,
  limit: number,
): Promise<NamedBillRow[]> {
  const like = filter.search ? `%${filter.search.replaceAll(/[\\%_]/g, '\\$&')}%` : null;
  const rows = await sql<
    RawBill & { person_name: string; person_kind: string; owner_path: string | null; entries: number }
  >`
    SELECT b.*, p.name AS person_name, p.kind AS person_kind, u.path AS owner_path, l.entries
    FROM payout_bills b JOIN settlement_lines l ON l.id = b.line_id JOIN people p ON p.id = b.person_id
    LEFT JOIN owner_bindings o ON o.customer_id = p.id AND o.ended_at IS NULL LEFT JOIN org_units u ON u.id = o.store_id
    WHERE (${filter.id ?? null}::uuid IS NULL OR b.id = ${filter.id ?? null})
      AND (${filter.personId ?? null}::uuid IS NULL OR b.person_id = ${filter.personId ?? null})
      AND (${filter.runId ?? null}::uuid IS NULL OR b.run_id = ${filter.runId ?? null})
      AND (${filter.state ?? null}::text IS NULL OR b.state = ${filter.state ?? null})
      AND (${filter.kind ?? null}::text IS NULL OR (b.run_id IS NOT NULL) = (${filter.kind ?? null} = 'settlement'))
      AND (${like}::text IS NULL OR p.name ILIKE ${like} OR b.bill_no ILIKE ${like})
      AND (${after?.at ?? null}::timestamptz IS NULL OR (b.created_at, b.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY b.created_at DESC, b.id DESC LIMIT ${limit}`;
  return rows.map((raw) => ({
    ...toBill(raw),
    ...{ personName: raw.person_name, personKind: raw.person_kind, ownerPath: raw.owner_path, entries: raw.entries },
  }));
}
