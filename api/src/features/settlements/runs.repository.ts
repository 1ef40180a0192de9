/** Rows of runs and of their lines. A scope narrows to what orders of some stores earned; null sees the whole. */
import type { SettlementLine, SettlementLineState, SettlementState } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import { type RunStep, runSteps } from './runs.policy.ts';

type Ref = { id: string; name: string };
export interface RunRow {
  id: string;
  title: string;
  unit: { id: string; kind: 'hq' | 'channel' | 'store'; path: string; name: string };
  orgPath: string;
  upTo: Date;
  state: SettlementState;
  createdById: string;
  previewedById: string | null;
  createdBy: Ref;
  createdAt: Date;
  previewId: string | null;
  previewNo: number | null;
  previewHash: string | null;
  previewAt: Date | null;
  previewBy: Ref | null;
  sums: Record<
    'people' | 'payPeople' | 'carriedPeople' | 'grossFen' | 'withheldFen' | 'netFen' | 'carriedFen' | 'heldFen',
    number
  > | null;
  approvedBy: Ref | null;
  approvedAt: Date | null;
  /** It was approved with, and in force now. */
  termsVersion: number | null;
  termsInForce: number;
  payStartedBy: Ref | null;
  payStartedAt: Date | null;
  endedAt: Date | null;
  progress: Record<SettlementLineState | 'claimedFen' | 'paidFen', number>;
}

export async function listRuns(
  sql: Sql,
  filter: { id?: string; state?: SettlementState | undefined; scope: string | null },
  after: TimeCursor | undefined,
  limit: number,
): Promise<RunRow[]> {
  const { scope } = filter;
  return sql<RunRow>`
    SELECT r.id, r.title, json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS unit, r.org_path AS "orgPath",
      r.up_to AS "upTo", r.state, r.created_by AS "createdById", r.previewed_by AS "previewedById",
      json_build_object('id', cb.id, 'name', cb.name) AS "createdBy", r.created_at AS "createdAt",
      v.id AS "previewId", v.no AS "previewNo", v.hash AS "previewHash", v.at AS "previewAt",
      CASE WHEN vb.id IS NULL THEN NULL ELSE json_build_object('id', vb.id, 'name', vb.name) END AS "previewBy", sums.all AS sums,
      CASE WHEN ab.id IS NULL THEN NULL ELSE json_build_object('id', ab.id, 'name', ab.name) END AS "approvedBy", r.approved_at AS "approvedAt",
      r.terms_version AS "termsVersion",
      (SELECT version FROM settlement_terms ORDER BY effective_from DESC, version DESC LIMIT 1) AS "termsInForce",
      CASE WHEN pb.id IS NULL THEN NULL ELSE json_build_object('id', pb.id, 'name', pb.name) END AS "payStartedBy",
      r.pay_started_at AS "payStartedAt", r.ended_at AS "endedAt", progress.all AS progress
    FROM settlement_runs r JOIN org_units u ON u.id = r.org_unit_id JOIN people cb ON cb.id = r.created_by
    LEFT JOIN settlement_previews v ON v.id = r.preview_id LEFT JOIN people vb ON vb.id = v.made_by
    LEFT JOIN people ab ON ab.id = r.approved_by LEFT JOIN people pb ON pb.id = r.pay_started_by
    LEFT JOIN LATERAL (
      SELECT json_build_object('people', count(*), 'payPeople', count(*) FILTER (WHERE outcome = 'pay'),
        'carriedPeople', count(*) FILTER (WHERE outcome = 'carried'),
        'grossFen', coalesce(sum(gross_fen) FILTER (WHERE outcome = 'pay'), 0), 'withheldFen', coalesce(sum(withheld_fen), 0),
        'netFen', coalesce(sum(net_fen) FILTER (WHERE outcome = 'pay'), 0),
        'carriedFen', coalesce(sum(gross_fen) FILTER (WHERE outcome = 'carried'), 0), 'heldFen', coalesce(sum(held_fen), 0)) AS all
      FROM settlement_preview_lines WHERE preview_id = r.preview_id) sums ON r.preview_id IS NOT NULL
    LEFT JOIN LATERAL (
      SELECT json_build_object('due', count(*) FILTER (WHERE l.state = 'due'), 'claimed', count(*) FILTER (WHERE l.state = 'claimed'),
        'carried', count(*) FILTER (WHERE l.state = 'carried'), 'paid', count(*) FILTER (WHERE l.state = 'paid'),
        'returned', count(*) FILTER (WHERE l.state = 'returned'),
        'claimedFen', coalesce(sum(l.fen) FILTER (WHERE l.state IN ('claimed', 'paid')), 0),
        'paidFen', coalesce(sum(l.fen) FILTER (WHERE l.state = 'paid'), 0)) AS all
      FROM (
        SELECT state, gross_fen AS fen FROM settlement_lines WHERE run_id = r.id AND ${scope}::text IS NULL
        UNION ALL
        SELECT l.state, sum(s.amount_fen) FROM settlement_lines l JOIN settlement_line_stores s ON s.line_id = l.id
        WHERE l.run_id = r.id AND (s.org_path = ${scope} OR s.org_path LIKE ${scope} || '.%') GROUP BY l.id, l.state) l) progress ON true
    WHERE (${filter.id ?? null}::uuid IS NULL OR r.id = ${filter.id ?? null})
      AND (${filter.state ?? null}::text IS NULL OR r.state = ${filter.state ?? null})
      AND (${scope}::text IS NULL OR EXISTS (
        SELECT 1 FROM settlement_lines l JOIN settlement_line_stores s ON s.line_id = l.id
        WHERE l.run_id = r.id AND (s.org_path = ${scope} OR s.org_path LIKE ${scope} || '.%')))
      AND (${after?.at ?? null}::timestamptz IS NULL OR (r.created_at, r.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY r.created_at DESC, r.id DESC LIMIT ${limit}`;
}

export async function insertRun(
  tx: Tx,
  run: { id: string; title: string; unitId: string; orgPath: string; upTo: Date; by: string; at: Date },
): Promise<void> {
  await tx`INSERT INTO settlement_runs (id, title, org_unit_id, org_path, up_to, state, created_by, created_at)
    VALUES (${run.id}, ${run.title}, ${run.unitId}, ${run.orgPath}, ${run.upTo}, 'draft', ${run.by}, ${run.at})`;
  await noteEvent(tx, {
    runId: run.id,
    from: null,
    to: 'draft',
    event: 'create',
    actorId: run.by,
    reason: '',
    at: run.at,
  });
}
export interface LockedRun {
  id: string;
  orgPath: string;
  upTo: Date;
  state: SettlementState;
  createdById: string;
  previewedById: string | null;
  previewId: string | null;
  hash: string | null;
  no: number | null;
}
export async function lockRun(tx: Tx, id: string): Promise<LockedRun | undefined> {
  const [row] = await tx<LockedRun>`
    SELECT r.id, r.org_path AS "orgPath", r.up_to AS "upTo", r.state, r.created_by AS "createdById", r.previewed_by AS "previewedById",
      r.preview_id AS "previewId", v.hash, v.no
    FROM settlement_runs r LEFT JOIN settlement_previews v ON v.id = r.preview_id WHERE r.id = ${id} FOR UPDATE OF r`;
  return row;
}
/** S7: by a conditional statement, with its row of history. False: the run is not where the act begins. */
export async function step(
  tx: Tx,
  id: string,
  name: RunStep,
  by: { actorId: string | null; reason: string; at: Date; previewId?: string; termsVersion?: number },
): Promise<boolean> {
  const { from, to } = runSteps[name];
  const isEnd = to === 'paid' || to === 'closed' || to === 'cancelled';
  const { at } = by;
  const [row] = await tx<{ state: SettlementState }>`
    WITH before AS (SELECT id, state FROM settlement_runs WHERE id = ${id} AND state = ANY(${from}::text[]) FOR UPDATE)
    UPDATE settlement_runs r SET state = ${to}, ended_at = CASE WHEN ${isEnd} THEN ${at}::timestamptz END,
      preview_id = coalesce(${by.previewId ?? null}::uuid, r.preview_id),
      previewed_by = CASE WHEN ${name} = 'preview' THEN ${by.actorId}::uuid ELSE r.previewed_by END,
      approved_by = CASE WHEN ${name} = 'approve' THEN ${by.actorId}::uuid ELSE r.approved_by END,
      approved_at = CASE WHEN ${name} = 'approve' THEN ${at}::timestamptz ELSE r.approved_at END,
      terms_version = coalesce(${by.termsVersion ?? null}::int, r.terms_version),
      pay_started_by = CASE WHEN ${name} = 'pay' THEN ${by.actorId}::uuid ELSE r.pay_started_by END,
      pay_started_at = CASE WHEN ${name} = 'pay' THEN ${at}::timestamptz ELSE r.pay_started_at END
    FROM before WHERE r.id = before.id RETURNING before.state`;
  if (!row) return false;
  await noteEvent(tx, { runId: id, from: row.state, to, event: name, actorId: by.actorId, reason: by.reason, at });
  return true;
}
async function noteEvent(
  tx: Tx,
  e: {
    runId: string;
    from: SettlementState | null;
    to: SettlementState;
    event: string;
    actorId: string | null;
    reason: string;
    at: Date;
  },
): Promise<void> {
  await tx`INSERT INTO settlement_run_events (run_id, from_state, to_state, event, actor_id, reason, at)
    VALUES (${e.runId}, ${e.from}, ${e.to}, ${e.event}, ${e.actorId}, ${e.reason}, ${e.at})`;
}
export async function eventsOf(sql: Sql, runId: string) {
  return sql<{
    event: string;
    from: SettlementState | null;
    to: SettlementState;
    by: Ref | null;
    reason: string;
    at: Date;
  }>`
    SELECT e.event, e.from_state AS "from", e.to_state AS "to", e.reason, e.at,
      CASE WHEN p.id IS NULL THEN NULL ELSE json_build_object('id', p.id, 'name', p.name) END AS by
    FROM settlement_run_events e LEFT JOIN people p ON p.id = e.actor_id WHERE e.run_id = ${runId} ORDER BY e.id`;
}

// ── lines ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export async function insertLines(
  tx: Tx,
  runId: string,
  lines: readonly { id: string; personId: string; grossFen: bigint; partIds: readonly string[] }[],
  at: Date,
): Promise<void> {
  await tx`INSERT INTO settlement_lines (id, run_id, person_id, source, state, approved_fen, approved_parts, created_at)
    SELECT l.id, ${runId}::uuid, l.person_id, 'commission', 'due', l.fen, l.parts::uuid[], ${at}::timestamptz
    FROM unnest(${lines.map(({ id }) => id)}::uuid[], ${lines.map(({ personId }) => personId)}::uuid[],
      ${lines.map(({ grossFen }) => grossFen)}::bigint[], ${lines.map(({ partIds }) => `{${partIds.join(',')}}`)}::text[])
      AS l (id, person_id, fen, parts)`;
}
export interface DueLine {
  id: string;
  runId: string;
  personId: string;
  personKind: string;
  approvedFen: bigint;
  /** Null: of before 0391. */
  approvedParts: string[] | null;
  orgPath: string;
  upTo: Date;
  payStartedById: string;
  termsVersion: number;
}
/** Lines to be claimed, of every run that pays, without those that failed and wait. */
export const dueLines = (sql: Sql, at: Date, limit: number): Promise<{ id: string; failures: number }[]> => sql<{
  id: string;
  failures: number;
}>`SELECT l.id, l.failures FROM settlement_runs r JOIN settlement_lines l ON l.run_id = r.id AND l.state = 'due'
    WHERE r.state = 'paying' AND (l.retry_at IS NULL OR l.retry_at <= ${at})
    ORDER BY r.pay_started_at, l.run_id, l.id LIMIT ${limit}`;
export async function putOffLine(sql: Sql, id: string, retryAt: Date, problem: string): Promise<void> {
  await sql`UPDATE settlement_lines SET failures = failures + 1, retry_at = ${retryAt}, problem = ${problem}
    WHERE id = ${id} AND state = 'due'`;
}
/** Undefined: somebody else claimed it, or its run does not pay. A line is somebody's who is now another person. */
export async function lockLine(tx: Tx, id: string, state: 'due' | 'returned'): Promise<DueLine | undefined> {
  const [row] = await tx<DueLine>`
    SELECT l.id, l.run_id AS "runId", p.id AS "personId", p.kind AS "personKind", l.approved_fen AS "approvedFen",
      l.approved_parts AS "approvedParts", r.org_path AS "orgPath", r.up_to AS "upTo", r.pay_started_by AS "payStartedById",
      r.terms_version AS "termsVersion"
    FROM settlement_lines l JOIN settlement_runs r ON r.id = l.run_id JOIN people raw ON raw.id = l.person_id
    JOIN people p ON p.id = coalesce(raw.merged_into, raw.id)
    WHERE l.id = ${id} AND l.state = ${state} AND r.state IN ('paying', 'closed') FOR UPDATE OF l`;
  return row;
}
/** Runs that pay and have nothing left to claim or to wait for; whether something of them came back. */
export async function finishedRuns(sql: Sql): Promise<{ id: string; hasReturned: boolean }[]> {
  return sql<{ id: string; hasReturned: boolean }>`
    SELECT r.id, EXISTS (SELECT 1 FROM settlement_lines l WHERE l.run_id = r.id AND l.state = 'returned') AS "hasReturned"
    FROM settlement_runs r WHERE r.state = 'paying'
      AND NOT EXISTS (SELECT 1 FROM settlement_lines l WHERE l.run_id = r.id AND l.state IN ('due', 'claimed'))`;
}

export interface LineRow {
  id: string;
  personId: string;
  personName: string;
  personKind: string;
  ownerPath: string | null;
  state: SettlementLineState;
  approvedFen: bigint;
  grossFen: bigint;
  withheldFen: bigint;
  netFen: bigint;
  entries: number;
  reason: string | null;
  stores: SettlementLine['stores'];
  createdAt: Date;
  /** When its bill was written; null when none stands. */
  claimedAt: Date | null;
  endedAt: Date | null;
}
export async function listLines(
  sql: Sql,
  filter: { runId: string; id?: string; state?: SettlementLineState | undefined; scope: string | null },
  after: string | undefined,
  limit: number,
): Promise<LineRow[]> {
  const { scope } = filter;
  return sql<LineRow>`
    SELECT l.id, p.id AS "personId", p.name AS "personName", p.kind AS "personKind", ou.path AS "ownerPath", l.state,
      l.approved_fen AS "approvedFen", l.gross_fen AS "grossFen", l.withheld_fen AS "withheldFen", l.net_fen AS "netFen", l.entries,
      l.reason, l.created_at AS "createdAt", CASE WHEN l.state IN ('claimed', 'paid') THEN l.claimed_at END AS "claimedAt", l.ended_at AS "endedAt", parts.all AS stores
    FROM settlement_lines l JOIN people p ON p.id = l.person_id
    LEFT JOIN owner_bindings o ON o.customer_id = p.id AND o.ended_at IS NULL LEFT JOIN org_units ou ON ou.id = o.store_id
    LEFT JOIN LATERAL (
      SELECT coalesce(json_agg(json_build_object('store', json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name),
        'amountFen', s.amount_fen, 'entries', s.entries) ORDER BY s.amount_fen DESC, u.path), '[]') AS all, count(*) AS n
      FROM settlement_line_stores s JOIN org_units u ON u.id = s.store_id
      WHERE s.line_id = l.id AND (${scope}::text IS NULL OR s.org_path = ${scope} OR s.org_path LIKE ${scope} || '.%')) parts ON true
    WHERE l.run_id = ${filter.runId} AND (${filter.id ?? null}::uuid IS NULL OR l.id = ${filter.id ?? null})
      AND (${filter.state ?? null}::text IS NULL OR l.state = ${filter.state ?? null})
      AND (${scope}::text IS NULL OR parts.n > 0) AND (${after ?? null}::uuid IS NULL OR l.id > ${after ?? null}::uuid)
    ORDER BY l.id LIMIT ${limit}`;
}
