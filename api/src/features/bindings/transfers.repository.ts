import type { CustomerTransfer, TransferPreview } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { Unit } from './transfers.ts';

/** Guides and managers listed as possible receivers; a brand's headquarters searches by name above that. */
const RECEIVERS_LISTED = 500;

export async function unitOf(sql: Sql, unitId: string): Promise<Unit | undefined> {
  const [unit] = await sql<Unit>`SELECT id, kind, path, name FROM org_units WHERE id = ${unitId}`;
  return unit;
}
/** A person as staff of the unit, or as somebody who has customers in it; undefined for anybody else. */
export async function guideAt(sql: Sql, guideId: string, unitId: string) {
  const [guide] = await sql<{ id: string; name: string; active: boolean }>`
    SELECT p.id, p.name, p.active AND COALESCE(s.active, false) AS active
    FROM people p LEFT JOIN staff_accounts s ON s.person_id = p.id
    WHERE p.id = ${guideId} AND (s.org_unit_id = ${unitId}
      OR EXISTS (SELECT FROM owner_bindings b WHERE b.guide_id = p.id AND b.store_id = ${unitId}))`;
  return guide;
}
export async function countBonds(sql: Sql, wanted: { guideId: string; unitId: string; at: Date }) {
  const [row] = await sql<{ customers: number; protected: number }>`
    SELECT count(*)::int AS customers, count(*) FILTER (WHERE protect_until IS NULL OR protect_until > ${wanted.at})::int AS protected
    FROM owner_bindings WHERE guide_id = ${wanted.guideId} AND store_id = ${wanted.unitId} AND ended_at IS NULL
      AND bound_at <= ${wanted.at} AND (valid_until IS NULL OR valid_until > ${wanted.at})`;
  return row ?? { customers: 0, protected: 0 };
}
/** Active guides and managers (not those of `not`) of the stores at or under `scope`, those of the store itself first, with how many customers they have. */
export async function receiversIn(
  sql: Sql,
  wanted: { scope: string; unitId: string; not: readonly string[]; at: Date },
): Promise<TransferPreview['receivers']> {
  return sql<TransferPreview['receivers'][number]>`
    SELECT json_build_object('id', p.id, 'name', p.name) AS person,
      json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit",
      (SELECT count(*)::int FROM owner_bindings b WHERE b.guide_id = p.id AND b.ended_at IS NULL
        AND (b.valid_until IS NULL OR b.valid_until > ${wanted.at})) AS customers
    FROM staff_accounts s JOIN people p ON p.id = s.person_id JOIN org_units u ON u.id = s.org_unit_id
    WHERE s.active AND p.active AND s.role IN ('guide', 'store_manager') AND u.kind = 'store' AND p.id <> ALL(${wanted.not}::uuid[])
      AND (u.path = ${wanted.scope} OR u.path LIKE ${`${wanted.scope}.%`})
    ORDER BY u.id = ${wanted.unitId} DESC, u.path, p.name, p.id LIMIT ${RECEIVERS_LISTED}`;
}
export interface Receiver {
  readonly personId: string;
  readonly storeId: string;
  readonly path: string;
}
/** Those of these who can take customers, in the order asked for. */
export async function activeReceivers(sql: Sql, personIds: readonly string[]): Promise<Receiver[]> {
  return sql<Receiver>`
    SELECT p.id AS "personId", u.id AS "storeId", u.path
    FROM unnest(${personIds}::uuid[]) WITH ORDINALITY AS w (id, n)
    JOIN people p ON p.id = w.id JOIN staff_accounts s ON s.person_id = p.id JOIN org_units u ON u.id = s.org_unit_id
    WHERE s.active AND p.active AND s.role IN ('guide', 'store_manager') AND u.kind = 'store' ORDER BY w.n`;
}

export interface NewTransfer {
  readonly id: string;
  readonly unit: Unit;
  readonly fromId: string;
  readonly toIds: readonly string[];
  readonly reason: string;
  readonly total: number;
  readonly byId: string;
  readonly at: Date;
}
/** False when one of the same guide and store is under way. */
export async function insertTransfer(tx: Tx, made: NewTransfer): Promise<boolean> {
  const rows = await tx`
    INSERT INTO customer_transfers (id, org_unit_id, org_path, from_id, to_ids, reason, state, total, by_id, at)
    VALUES (${made.id}, ${made.unit.id}, ${made.unit.path}, ${made.fromId}, ${made.toIds}::uuid[], ${made.reason}, 'running',
      ${made.total}, ${made.byId}, ${made.at})
    ON CONFLICT (from_id, org_unit_id) WHERE state = 'running' DO NOTHING RETURNING id`;
  return rows.length === 1;
}

// ── moving ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Running {
  readonly id: string;
  readonly unitId: string;
  readonly orgPath: string;
  readonly fromId: string;
  readonly toIds: string[];
  readonly reason: string;
  readonly byId: string;
  readonly total: number;
  readonly moved: number;
  readonly at: Date;
}
/** Those under way that are to be worked on, the oldest first. */
export async function runningDue(sql: Sql, now: Date): Promise<{ id: string; failures: number }[]> {
  return sql<{ id: string; failures: number }>`
    SELECT id, failures FROM customer_transfers WHERE state = 'running' AND (retry_at IS NULL OR retry_at <= ${now}) ORDER BY at, id`;
}
export async function noteFailure(sql: Sql, id: string, retryAt: Date, problem: string): Promise<void> {
  await sql`UPDATE customer_transfers SET failures = failures + 1, retry_at = ${retryAt}, problem = ${problem} WHERE id = ${id}`;
}
/** One under way, held; undefined when another process is at it. */
export async function takeRunning(tx: Tx, id: string): Promise<Running | undefined> {
  const [row] = await tx<Running>`
    SELECT id, org_unit_id AS "unitId", org_path AS "orgPath", from_id AS "fromId", to_ids AS "toIds", reason, by_id AS "byId",
      total, moved, at
    FROM customer_transfers WHERE state = 'running' AND id = ${id} FOR UPDATE SKIP LOCKED`;
  return row;
}
export interface OldBond {
  readonly id: string;
  readonly customerId: string;
  readonly protectUntil: Date | null;
  readonly validUntil: Date | null;
}
/** What is left of a transfer, as far as one batch goes. */
export async function bondsLeft(tx: Tx, transfer: Running, now: Date, limit: number): Promise<OldBond[]> {
  return tx<OldBond>`
    SELECT id, customer_id AS "customerId", protect_until AS "protectUntil", valid_until AS "validUntil"
    FROM owner_bindings WHERE guide_id = ${transfer.fromId} AND store_id = ${transfer.unitId} AND ended_at IS NULL
      AND bound_at <= ${transfer.at} AND (valid_until IS NULL OR valid_until > ${now})
    ORDER BY customer_id LIMIT ${limit}`;
}
/** Ends those of these bonds that still stand; answers which. */
export async function endBonds(tx: Tx, bonds: readonly OldBond[], at: Date): Promise<Set<string>> {
  const rows = await tx<{ id: string }>`
    UPDATE owner_bindings b SET ended_at = ${at}
    FROM unnest(${bonds.map(({ id }) => id)}::uuid[], ${bonds.map(({ customerId }) => customerId)}::uuid[]) AS w (id, customer_id)
    WHERE b.id = w.id AND b.customer_id = w.customer_id AND b.ended_at IS NULL RETURNING b.id`;
  return new Set(rows.map(({ id }) => id));
}
export async function countMoved(tx: Tx, transferId: string, more: number): Promise<void> {
  await tx`UPDATE customer_transfers SET moved = moved + ${more}, failures = 0, retry_at = NULL, problem = '' WHERE id = ${transferId}`;
}
export async function endTransfer(tx: Tx, transferId: string, state: 'done' | 'stopped', at: Date): Promise<void> {
  await tx`UPDATE customer_transfers SET state = ${state}, ended_at = ${at} WHERE id = ${transferId} AND state = 'running'`;
}

// ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export type TransferRow = Omit<CustomerTransfer, 'at' | 'endedAt'> & { at: Date; endedAt: Date | null };
export async function listTransfers(
  sql: Sql,
  wanted: { scope: string; id: string | null; after: TimeCursor | undefined; limit: number },
): Promise<TransferRow[]> {
  const { scope, id, after } = wanted;
  return sql<TransferRow>`
    SELECT t.id, json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store,
      json_build_object('id', f.id, 'name', f.name) AS "from",
      (SELECT json_agg(json_build_object('id', p.id, 'name', p.name) ORDER BY w.n)
        FROM unnest(t.to_ids) WITH ORDINALITY AS w (id, n) JOIN people p ON p.id = w.id) AS "to",
      t.reason, t.state, t.total, t.moved, json_build_object('id', b.id, 'name', b.name) AS by, t.at, t.ended_at AS "endedAt"
    FROM customer_transfers t JOIN org_units u ON u.id = t.org_unit_id JOIN people f ON f.id = t.from_id
    JOIN people b ON b.id = t.by_id
    WHERE (t.org_path = ${scope} OR t.org_path LIKE ${`${scope}.%`}) AND (${id}::uuid IS NULL OR t.id = ${id})
      AND (${after?.at ?? null}::timestamptz IS NULL OR (t.at, t.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY t.at DESC, t.id DESC LIMIT ${wanted.limit}`;
}
export interface MovedRow {
  customer: { id: string; name: string; kind: string };
  to: { id: string; name: string };
  at: Date;
  bindingId: string;
  protectedUntil: Date | null;
}
export async function movedBy(
  sql: Sql,
  wanted: { transferId: string; after: TimeCursor | undefined; limit: number },
): Promise<MovedRow[]> {
  const { after } = wanted;
  return sql<MovedRow>`
    SELECT json_build_object('id', c.id, 'name', c.name, 'kind', c.kind) AS customer,
      json_build_object('id', g.id, 'name', g.name) AS "to", b.bound_at AS at, b.id AS "bindingId", b.protect_until AS "protectedUntil"
    FROM owner_bindings b JOIN people c ON c.id = b.customer_id JOIN people g ON g.id = b.guide_id
    WHERE b.transfer_id = ${wanted.transferId}
      AND (${after?.at ?? null}::timestamptz IS NULL OR (b.bound_at, b.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY b.bound_at DESC, b.id DESC LIMIT ${wanted.limit}`;
}
