/**
 * What is read of the graph. `Scope` narrows everything: people brought by rooms of its units, sales of its units. Whoever has figures
 * in a scope is in it, and so is everybody above them, so that the trees of a scope hang together.
 */

import type { NetworkSort } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import type { FigureCursor } from './figure-cursor.policy.ts';

export interface Scope {
  readonly path: string;
  /** The whole brand: sums that are kept with the people are used. */
  readonly all: boolean;
  readonly units: readonly string[];
}
export interface Picked {
  readonly id: string;
  /** What they were sorted by. */
  readonly value: bigint;
}

export async function scopeOf(sql: Sql, path: string): Promise<Scope | undefined> {
  const units = await sql<{ id: string }>`SELECT id FROM org_units WHERE path = ${path} OR path LIKE ${path} || '.%'`;
  if (units.length === 0) return undefined;
  return { path, all: !path.includes('.'), units: units.map(({ id }) => id) };
}

export interface PickPage {
  readonly sort: NetworkSort;
  readonly after: FigureCursor | undefined;
  readonly limit: number;
}
/** Those whom nobody brought and who brought somebody. */
export function pickRoots(sql: Sql, scope: Scope, { sort, after, limit }: PickPage): Promise<Picked[]> {
  if (scope.all)
    return sql<Picked>`
      SELECT * FROM (
        SELECT person_id AS id, CASE ${sort}::text WHEN 'people' THEN people WHEN 'orders' THEN orders WHEN 'active' THEN active
          WHEN 'fresh' THEN fresh_30 ELSE gross_fen - refunded_fen END::bigint AS value
        FROM invite_nodes WHERE inviter_id IS NULL AND people > 0) s
      WHERE ${after?.id ?? null}::uuid IS NULL OR (value, id) < (${after?.value ?? null}::bigint, ${after?.id ?? null}::uuid)
      ORDER BY value DESC, id DESC LIMIT ${limit}`;
  // Person by person: they are few, and the rows of a unit are many.
  return sql<Picked>`
    SELECT n.person_id AS id, f.value
    FROM invite_nodes n CROSS JOIN LATERAL (
      SELECT sum(r.people) AS people, sum(CASE ${sort}::text WHEN 'people' THEN r.people WHEN 'orders' THEN r.orders
        WHEN 'active' THEN r.active WHEN 'fresh' THEN r.fresh_30 ELSE r.gross_fen - r.refunded_fen END)::bigint AS value
      FROM invite_rollups r WHERE r.person_id = n.person_id AND r.unit_id = ANY(${scope.units}::uuid[]) AND r.level > 0) f
    WHERE n.inviter_id IS NULL AND n.people > 0 AND f.people > 0
      AND (${after?.id ?? null}::uuid IS NULL OR (f.value, n.person_id) < (${after?.value ?? null}::bigint, ${after?.id ?? null}::uuid))
    ORDER BY value DESC, id DESC LIMIT ${limit}`;
}
/** Those whom somebody brought. */
export function pickChildren(sql: Sql, scope: Scope, inviterId: string, page: PickPage): Promise<Picked[]> {
  const { sort, after, limit } = page;
  if (scope.all)
    return sql<Picked>`
      SELECT * FROM (
        SELECT person_id AS id, CASE ${sort}::text WHEN 'people' THEN people WHEN 'orders' THEN orders WHEN 'active' THEN active
          WHEN 'fresh' THEN fresh_30 ELSE gross_fen - refunded_fen END::bigint AS value
        FROM invite_nodes WHERE inviter_id = ${inviterId}) s
      WHERE ${after?.id ?? null}::uuid IS NULL OR (value, id) < (${after?.value ?? null}::bigint, ${after?.id ?? null}::uuid)
      ORDER BY value DESC, id DESC LIMIT ${limit}`;
  return sql<Picked>`
    SELECT * FROM (
      SELECT n.person_id AS id, coalesce(sum(CASE ${sort}::text WHEN 'people' THEN r.people WHEN 'orders' THEN r.orders
        WHEN 'active' THEN r.active WHEN 'fresh' THEN r.fresh_30 ELSE r.gross_fen - r.refunded_fen END)
        FILTER (WHERE r.level > 0), 0)::bigint AS value
      FROM invite_nodes n JOIN invite_rollups r ON r.person_id = n.person_id AND r.unit_id = ANY(${scope.units}::uuid[])
      WHERE n.inviter_id = ${inviterId} GROUP BY n.person_id) s
    WHERE ${after?.id ?? null}::uuid IS NULL OR (value, id) < (${after?.value ?? null}::bigint, ${after?.id ?? null}::uuid)
    ORDER BY value DESC, id DESC LIMIT ${limit}`;
}

/** Who brought most, wherever in the forest they stand. */
export function pickBringers(sql: Sql, scope: Scope, sort: NetworkSort, limit: number): Promise<Picked[]> {
  if (scope.all)
    return sql<Picked>`
      SELECT person_id AS id, CASE ${sort}::text WHEN 'people' THEN people WHEN 'orders' THEN orders WHEN 'active' THEN active
        WHEN 'fresh' THEN fresh_30 ELSE gross_fen - refunded_fen END::bigint AS value
      FROM invite_nodes WHERE people > 0 ORDER BY value DESC, id DESC LIMIT ${limit}`;
  return sql<Picked>`
    SELECT person_id AS id, sum(CASE ${sort}::text WHEN 'people' THEN people WHEN 'orders' THEN orders WHEN 'active' THEN active
      WHEN 'fresh' THEN fresh_30 ELSE gross_fen - refunded_fen END)::bigint AS value
    FROM invite_rollups WHERE unit_id = ANY(${scope.units}::uuid[]) AND level > 0
    GROUP BY person_id HAVING sum(people) > 0 ORDER BY value DESC, id DESC LIMIT ${limit}`;
}

/** Customers who buy again and again, were seen within 30 days and have brought nobody yet. */
export function pickPromising(sql: Sql, scope: Scope, now: Date, limit: number): Promise<Picked[]> {
  return sql<Picked>`
    SELECT n.person_id AS id, b.orders AS value
    FROM (SELECT r.person_id, sum(r.orders)::bigint AS orders FROM invite_rollups r
      WHERE r.level = 0 AND r.orders > 1 AND r.unit_id = ANY(${scope.units}::uuid[]) GROUP BY r.person_id) b
    JOIN invite_nodes n ON n.person_id = b.person_id JOIN people p ON p.id = n.person_id
    WHERE n.people = 0 AND n.active_at > ${now}::timestamptz - interval '720 hours' AND p.kind = 'consumer' AND p.active
    ORDER BY value DESC, n.active_at DESC, id DESC LIMIT ${limit}`;
}

export interface PersonRow {
  readonly id: string;
  readonly name: string;
  readonly kind: 'guest' | 'consumer' | 'staff';
  readonly ownerPath: string | null;
  readonly guideId: string | null;
  readonly store: string | null;
  readonly inviterId: string | null;
  readonly joinedAt: Date | null;
  readonly lastSeenAt: Date | null;
  readonly people: number;
  readonly active: number;
  readonly fresh: number;
  readonly orders: number;
  readonly grossFen: bigint;
  readonly refundedFen: bigint;
  readonly ownOrders: number;
  readonly ownGrossFen: bigint;
  readonly ownRefundedFen: bigint;
}
/** In the order of the ids. */
export const describe = (sql: Sql, scope: Scope, ids: readonly string[]): Promise<PersonRow[]> =>
  scope.all
    ? sql<PersonRow>`
        SELECT p.id, p.name, p.kind, u.path AS "ownerPath", b.guide_id AS "guideId", u.name AS store, n.inviter_id AS "inviterId", n.joined_at AS "joinedAt",
          n.active_at AS "lastSeenAt", coalesce(n.people, 0) AS people, coalesce(n.active, 0) AS active, coalesce(n.fresh_30, 0) AS fresh,
          coalesce(n.orders, 0) AS orders, coalesce(n.gross_fen, 0)::bigint AS "grossFen", coalesce(n.refunded_fen, 0)::bigint AS "refundedFen",
          f.orders AS "ownOrders", f.gross AS "ownGrossFen", f.refunded AS "ownRefundedFen"
        FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS w (id, place)
        JOIN people p ON p.id = w.id
        LEFT JOIN invite_nodes n ON n.person_id = p.id
        LEFT JOIN staff_accounts a ON a.person_id = p.id
        LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL
        LEFT JOIN org_units u ON u.id = coalesce(a.org_unit_id, b.store_id)
        CROSS JOIN LATERAL (
          SELECT coalesce(sum(r.orders), 0)::int AS orders, coalesce(sum(r.gross_fen), 0)::bigint AS gross,
            coalesce(sum(r.refunded_fen), 0)::bigint AS refunded
          FROM invite_rollups r WHERE r.person_id = p.id AND r.level = 0) f
        ORDER BY w.place`
    : sql<PersonRow>`
        SELECT p.id, p.name, p.kind, u.path AS "ownerPath", b.guide_id AS "guideId", u.name AS store, n.inviter_id AS "inviterId", n.joined_at AS "joinedAt",
          n.active_at AS "lastSeenAt", f.people, f.active, f.fresh, f.orders, f.gross AS "grossFen", f.refunded AS "refundedFen",
          f.own_orders AS "ownOrders", f.own_gross AS "ownGrossFen", f.own_refunded AS "ownRefundedFen"
        FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS w (id, place)
        JOIN people p ON p.id = w.id
        LEFT JOIN invite_nodes n ON n.person_id = p.id
        LEFT JOIN staff_accounts a ON a.person_id = p.id
        LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL
        LEFT JOIN org_units u ON u.id = coalesce(a.org_unit_id, b.store_id)
        CROSS JOIN LATERAL (
          SELECT coalesce(sum(r.people) FILTER (WHERE r.level > 0), 0)::int AS people, coalesce(sum(r.active) FILTER (WHERE r.level > 0), 0)::int AS active,
            coalesce(sum(r.fresh_30) FILTER (WHERE r.level > 0), 0)::int AS fresh, coalesce(sum(r.orders) FILTER (WHERE r.level > 0), 0)::int AS orders,
            coalesce(sum(r.gross_fen) FILTER (WHERE r.level > 0), 0)::bigint AS gross,
            coalesce(sum(r.refunded_fen) FILTER (WHERE r.level > 0), 0)::bigint AS refunded,
            coalesce(sum(r.orders) FILTER (WHERE r.level = 0), 0)::int AS own_orders,
            coalesce(sum(r.gross_fen) FILTER (WHERE r.level = 0), 0)::bigint AS own_gross,
            coalesce(sum(r.refunded_fen) FILTER (WHERE r.level = 0), 0)::bigint AS own_refunded
          FROM invite_rollups r WHERE r.person_id = p.id AND r.unit_id = ANY(${scope.units}::uuid[])) f
        ORDER BY w.place`;

/** Who they are now, if the scope knows them: they have figures in it, belong to it, or work there. */
export async function knownPerson(sql: Sql, scope: Scope, id: string): Promise<string | undefined> {
  const [row] = await sql<{ id: string }>`
    SELECT p.id FROM people raw
    JOIN people p ON p.id = coalesce(raw.merged_into, raw.id)
    LEFT JOIN staff_accounts a ON a.person_id = p.id
    LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL
    WHERE raw.id = ${id} AND (${scope.all}::boolean OR coalesce(a.org_unit_id, b.store_id) = ANY(${scope.units}::uuid[])
      OR EXISTS (SELECT FROM invite_rollups r WHERE r.person_id = p.id AND r.unit_id = ANY(${scope.units}::uuid[])))`;
  return row?.id;
}

/**
 * People of the network with these letters in the name, who brought most first. `consumersToo`: their names may be read by the asker,
 * of their own customers and buyers; a name that is shown masked is not found by what the mask hides.
 */
export function searchPeople(
  sql: Sql,
  scope: Scope,
  wanted: { q: string; consumersToo: boolean; limit: number },
): Promise<Picked[]> {
  return sql<Picked>`
    SELECT p.id, n.people::bigint AS value
    FROM people p JOIN invite_nodes n ON n.person_id = p.id
    LEFT JOIN staff_accounts a ON a.person_id = p.id
    LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL
    WHERE strpos(lower(p.name), lower(${wanted.q}::text)) > 0 AND p.kind <> 'guest' AND (p.kind <> 'consumer' OR ${wanted.consumersToo}::boolean)
      AND (${scope.all}::boolean OR coalesce(a.org_unit_id, b.store_id) = ANY(${scope.units}::uuid[])
        OR (p.kind = 'consumer' AND EXISTS (SELECT FROM invite_rollups r
          WHERE r.person_id = p.id AND r.level = 0 AND r.orders > 0 AND r.unit_id = ANY(${scope.units}::uuid[]))))
    ORDER BY n.people DESC, p.id LIMIT ${wanted.limit}`;
}

export interface LevelRow {
  readonly level: number;
  readonly people: number;
  readonly active: number;
  readonly bringers: number;
  readonly fresh30: number;
  readonly fresh60: number;
  readonly orders: number;
  readonly grossFen: bigint;
  readonly refundedFen: bigint;
}
/** What stands below a person, or below all whom nobody brought (null). */
export const levelsOf = (sql: Sql, scope: Scope, personId: string | null) => sql<LevelRow>`
  SELECT r.level, sum(r.people)::int AS people, sum(r.active)::int AS active, sum(r.bringers)::int AS bringers, sum(r.fresh_30)::int AS "fresh30", sum(r.fresh_60)::int AS "fresh60",
    sum(r.orders)::int AS orders, sum(r.gross_fen)::bigint AS "grossFen", sum(r.refunded_fen)::bigint AS "refundedFen"
  FROM invite_nodes n CROSS JOIN LATERAL (
    SELECT * FROM invite_rollups of WHERE of.person_id = n.person_id AND of.level > 0
      AND (${scope.all}::boolean OR of.unit_id = ANY(${scope.units}::uuid[])) OFFSET 0) r
  WHERE n.people > 0 AND (n.person_id = ${personId}::uuid OR (${personId}::uuid IS NULL AND n.inviter_id IS NULL))
  GROUP BY r.level ORDER BY r.level`;

/** The nearest first. */
export const chainOf = (sql: Sql, personId: string, limit: number) => sql<{ id: string }>`
  WITH RECURSIVE above (id, distance) AS (
    SELECT inviter_id, 1 FROM invite_nodes WHERE person_id = ${personId} AND inviter_id IS NOT NULL
    UNION ALL
    SELECT n.inviter_id, distance + 1 FROM above JOIN invite_nodes n ON n.person_id = above.id
    WHERE n.inviter_id IS NOT NULL AND distance < ${limit}::int
  ) SELECT id FROM above ORDER BY distance`;

/** How many stand at and below the one under whom most stand: of those whom a person brought, or of those whom nobody did. */
export async function largestBranch(sql: Sql, scope: Scope, personId: string | null): Promise<number> {
  const [row] = scope.all
    ? personId === null
      ? await sql<{
          people: number;
        }>`SELECT coalesce(max(people), 0) AS people FROM invite_nodes WHERE inviter_id IS NULL`
      : await sql<{
          people: number;
        }>`SELECT coalesce(max(people) + 1, 0) AS people FROM invite_nodes WHERE inviter_id = ${personId}`
    : await sql<{ people: number }>`
        SELECT coalesce(max(people), 0)::int AS people FROM (
          SELECT f.people FROM invite_nodes n CROSS JOIN LATERAL (
            SELECT sum(r.people) AS people FROM invite_rollups r WHERE r.person_id = n.person_id AND r.unit_id = ANY(${scope.units}::uuid[])
              AND (${personId}::uuid IS NOT NULL OR r.level > 0)) f
          WHERE CASE WHEN ${personId}::uuid IS NULL THEN n.inviter_id IS NULL AND n.people > 0 ELSE n.inviter_id = ${personId}::uuid END) s`;
  return row?.people ?? 0;
}
