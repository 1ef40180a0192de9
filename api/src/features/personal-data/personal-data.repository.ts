import type { DataRequestKind, DataRequestState, DeletionBlock } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { OpenMatters } from './deletion.policy.ts';

export interface RequestRow {
  id: string;
  kind: DataRequestKind;
  state: DataRequestState;
  personId: string;
  personName: string;
  askedBy: string;
  askedByName: string;
  reason: string;
  steps: number;
  stepsDone: number;
  blocks: DeletionBlock[];
  askedAt: Date;
  dueAt: Date;
  endedAt: Date | null;
  expiresAt: Date | null;
  bytes: bigint;
  rows: number;
}

export interface Wanted {
  readonly id?: string;
  readonly personId?: string;
  readonly kind?: DataRequestKind | undefined;
  readonly state?: DataRequestState | undefined;
  readonly after?: TimeCursor | undefined;
  readonly limit: number;
}
/** The newest first. */
export function findRequests(sql: Sql, wanted: Wanted): Promise<RequestRow[]> {
  const { id = null, personId = null, kind = null, state = null, after, limit } = wanted;
  return sql<RequestRow>`
    SELECT r.id, r.kind, r.state, r.person_id AS "personId", p.name AS "personName", r.asked_by AS "askedBy", a.name AS "askedByName",
      r.reason, r.steps, r.steps_done AS "stepsDone", r.blocks, r.asked_at AS "askedAt", r.due_at AS "dueAt",
      r.ended_at AS "endedAt", r.expires_at AS "expiresAt", r.bytes, r.rows
    FROM data_requests r JOIN people p ON p.id = r.person_id JOIN people a ON a.id = r.asked_by
    WHERE (${id}::uuid IS NULL OR r.id = ${id}) AND (${personId}::uuid IS NULL OR r.person_id = ${personId})
      AND (${kind}::text IS NULL OR r.kind = ${kind}) AND (${state}::text IS NULL OR r.state = ${state})
      AND (${after?.at ?? null}::timestamptz IS NULL OR (r.asked_at, r.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY r.asked_at DESC, r.id DESC LIMIT ${limit}`;
}

export interface PersonRow {
  id: string;
  name: string;
  kind: 'guest' | 'consumer' | 'staff';
  active: boolean;
  phone: string | null;
  since: Date;
}
/** Who this is now: of a guest who became somebody, that person. */
export async function personOf(sql: Sql, id: string): Promise<PersonRow | undefined> {
  const [row] = await sql<PersonRow>`SELECT p.id, p.name, p.kind, p.active, p.phone, p.created_at AS since
    FROM people p WHERE p.id = (SELECT coalesce(merged_into, id) FROM people WHERE id = ${id})`;
  return row;
}
export function findPeople(
  sql: Sql,
  by: { phone: string | null; id: string | null; orderNo: string | null },
): Promise<PersonRow[]> {
  return sql<PersonRow>`SELECT p.id, p.name, p.kind, p.active, p.phone, p.created_at AS since FROM people p
    WHERE (p.phone = ${by.phone} OR p.id = ${by.id}::uuid OR p.id = (SELECT person_id FROM orders WHERE order_no = ${by.orderNo}))
      AND p.merged_into IS NULL ORDER BY p.created_at LIMIT 20`;
}
/** The person and the guests they were. */
export async function idsOf(sql: Sql, personId: string): Promise<string[]> {
  const rows = await sql<{ id: string }>`SELECT id FROM people WHERE id = ${personId} OR merged_into = ${personId}`;
  return rows.map(({ id }) => id);
}

/** False: one of this kind is open already. */
export async function insertRequest(
  tx: Tx,
  made: {
    id: string;
    kind: DataRequestKind;
    personId: string;
    askedBy: string;
    reason: string;
    steps: number;
    at: Date;
    dueAt: Date;
  },
): Promise<boolean> {
  const rows = await tx`
    INSERT INTO data_requests (id, kind, person_id, asked_by, reason, state, steps, asked_at, due_at)
    VALUES (${made.id}, ${made.kind}, ${made.personId}, ${made.askedBy}, ${made.reason}, 'waiting', ${made.steps}, ${made.at}, ${made.dueAt})
    ON CONFLICT (person_id, kind) WHERE state IN ('waiting', 'closed') DO NOTHING RETURNING id`;
  return rows.length === 1;
}
export async function openRequest(sql: Sql, personId: string, kind: DataRequestKind): Promise<string | undefined> {
  const [row] = await sql<{ id: string }>`SELECT id FROM data_requests
    WHERE person_id = ${personId} AND kind = ${kind} AND state IN ('waiting', 'closed')`;
  return row?.id;
}
export async function exportsSince(sql: Sql, personId: string, since: Date): Promise<number> {
  const [row] = await sql<{ n: number }>`SELECT count(*)::int AS n FROM data_requests
    WHERE person_id = ${personId} AND kind = 'export' AND asked_at > ${since}`;
  return row?.n ?? 0;
}

export async function openMatters(sql: Sql, ids: readonly string[]): Promise<OpenMatters> {
  const [row] = await sql<OpenMatters>`WITH who AS (SELECT unnest(${ids}::uuid[]) AS id),
    owned AS (SELECT kind, balance_fen FROM ledger_accounts WHERE owner = ANY(${ids}::text[]))
    SELECT
      (SELECT count(*)::int FROM orders WHERE person_id IN (SELECT id FROM who)
        AND state IN ('pending_payment', 'deposit_paid', 'paid', 'shipped', 'refunding')) AS "openOrders",
      (SELECT count(*)::int FROM after_sales WHERE person_id IN (SELECT id FROM who) AND closed_at IS NULL) AS "openCases",
      (SELECT count(*)::int FROM refunds r JOIN orders o ON o.id = r.order_id
        WHERE o.person_id IN (SELECT id FROM who) AND r.state IN ('requested', 'processing')) AS "openRefunds",
      (SELECT coalesce(sum(balance_fen), 0)::bigint FROM owned WHERE kind = 'coin_wallet') AS coins,
      (SELECT coalesce(sum(abs(balance_fen)), 0)::bigint FROM owned
        WHERE kind IN ('reward_balance', 'gift_payable', 'commission_payable')) AS rewards,
      (SELECT count(*)::int FROM commission_entries WHERE beneficiary_id IN (SELECT id FROM who)
        AND state NOT IN ('paid', 'reversed')) AS commission,
      (SELECT count(*)::int FROM payout_bills WHERE person_id IN (SELECT id FROM who) AND ended_at IS NULL) AS payouts,
      (SELECT count(*)::int FROM staff_accounts WHERE person_id IN (SELECT id FROM who) AND active) AS "staffAccount",
      (SELECT count(*)::int FROM rooms WHERE host_id IN (SELECT id FROM who) AND state IN ('scheduled', 'live')) AS hosting`;
  if (!row) throw new Error('no row');
  return row;
}

export interface Due {
  id: string;
  kind: DataRequestKind;
  state: 'waiting' | 'closed';
  personId: string;
  askedBy: string;
  steps: number;
  stepsDone: number;
  roomId: string | null;
  roomSeq: bigint;
}
/** The next that is to be worked on. */
export async function nextDue(sql: Sql, at: Date, seen: readonly string[]): Promise<string | undefined> {
  const [row] = await sql<{ id: string }>`SELECT id FROM data_requests
    WHERE state IN ('waiting', 'closed') AND due_at <= ${at} AND (next_try_at IS NULL OR next_try_at <= ${at}) AND id <> ALL(${seen}::uuid[])
    ORDER BY due_at, id LIMIT 1`;
  return row?.id;
}
/** Holds it; undefined when somebody else is at it, or has done it meanwhile. */
export async function takeDue(tx: Tx, id: string, at: Date): Promise<Due | undefined> {
  const [row] = await tx<Due>`
    SELECT id, kind, state, person_id AS "personId", asked_by AS "askedBy", steps, steps_done AS "stepsDone",
      room_id AS "roomId", room_seq AS "roomSeq" FROM data_requests
    WHERE id = ${id} AND state IN ('waiting', 'closed') AND due_at <= ${at} AND (next_try_at IS NULL OR next_try_at <= ${at})
    FOR UPDATE SKIP LOCKED`;
  return row;
}
/** Tried again after one minute, two, four … up to a day. */
export async function putOff(sql: Sql, id: string, error: string, at: Date): Promise<void> {
  await sql`UPDATE data_requests SET failures = failures + 1, last_error = ${error},
    next_try_at = ${at}::timestamptz + least(interval '1 day', interval '1 minute' * power(2, least(failures, 20))) WHERE id = ${id}`;
}

/** Nobody signs in as any of them any more. */
export async function closeAccount(tx: Tx, ids: readonly string[], at: Date): Promise<void> {
  await tx`UPDATE people SET active = false WHERE id = ANY(${ids}::uuid[])`;
  await tx`UPDATE refresh_tokens SET revoked_at = ${at} WHERE person_id = ANY(${ids}::uuid[]) AND revoked_at IS NULL`;
}
