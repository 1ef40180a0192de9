/**
 * The same figures as `reports.repository.ts`, from the roll-ups, for ranges of whole days. People of a range are those who came for the
 * first time within it, and those who came again and the last time before it: exact, though days cannot be added (docs/29-reports.md).
 */
import type { Sql } from '../../platform/db.ts';
import { FIRST_DAY, type Period } from './periods.policy.ts';
import type {
  Figures,
  InviterCursor,
  InviterFigures,
  InviterSort,
  StoreFigures,
  UnitJson,
} from './reports.repository.ts';

/** Credited to nobody; people whoever brought them. */
export const NOBODY = '00000000-0000-0000-0000-000000000000';

export interface RolledFilter {
  /** Unit (and all under it) or room. */
  scopeId: string;
  period: Period;
  /** Only these inviters; null = all. */
  only: readonly string[] | null;
}
type Ranked = Figures & { id: string; sortValue: bigint };

/** One page of inviters by rank, without names, and the totals of all. */
export async function rankedInviters(
  sql: Sql,
  { scopeId, period, only }: RolledFilter,
  sort: InviterSort,
  after: InviterCursor | null,
  limit: number,
): Promise<{ page: Ranked[]; totals: Figures }> {
  const { from, to, monthsFrom, monthsTo } = period;
  const rows = await sql<{ [K in keyof Ranked]: Ranked[K] | null } & { totals: { [K in keyof Figures]: number } }>`
    WITH stretch AS (
      -- Months in the middle and days at both ends: three stretches of the index, and nothing between them.
      SELECT * FROM report_sums WHERE scope_id = ${scopeId} AND grain = 'm' AND start >= ${monthsFrom}::date AND start < ${monthsTo}::date
      UNION ALL SELECT * FROM report_sums WHERE scope_id = ${scopeId} AND grain = 'd' AND start >= ${from}::date AND start < least(${monthsFrom}::date, ${to}::date)
      UNION ALL SELECT * FROM report_sums WHERE scope_id = ${scopeId} AND grain = 'd' AND start >= ${monthsTo}::date AND start < ${to}::date
    ), sums AS (
      SELECT inviter_id, sum(visitors) AS visitors, sum(new_customers) AS new_customers, sum(orders) AS orders, sum(gmv_fen)::bigint AS gmv,
        sum(refunded_fen)::bigint AS refunded, sum(commission_fen)::bigint AS commission
      FROM stretch WHERE ${only}::uuid[] IS NULL OR inviter_id = ANY(${only}::uuid[]) OR inviter_id = ${NOBODY}
      GROUP BY inviter_id
    ), again AS (
      SELECT inviter_id, sum(people) AS people FROM report_returns
      WHERE ${from} <> ${FIRST_DAY} AND scope_id = ${scopeId} AND day >= ${from}::date AND day < ${to}::date AND prev < ${from}::date
        AND (${only}::uuid[] IS NULL OR inviter_id = ANY(${only}::uuid[]) OR inviter_id = ${NOBODY})
      GROUP BY inviter_id
    ), found AS MATERIALIZED (
      SELECT inviter_id AS id, (COALESCE(s.visitors, 0) + COALESCE(a.people, 0))::bigint AS visitors, COALESCE(s.new_customers, 0)::bigint AS new_customers,
        COALESCE(s.orders, 0)::bigint AS orders, COALESCE(s.gmv, 0) AS gmv, COALESCE(s.refunded, 0) AS refunded, COALESCE(s.commission, 0) AS commission
      FROM sums s FULL JOIN again a USING (inviter_id)
    ), ranked AS (
      SELECT *, CASE ${sort}::text WHEN 'visitors' THEN visitors WHEN 'orders' THEN orders WHEN 'commission' THEN commission ELSE gmv END AS sort_value
      FROM found WHERE id <> ${NOBODY} AND (visitors, new_customers, orders, gmv, refunded, commission) <> (0, 0, 0, 0, 0, 0)
    ), totals AS (
      SELECT json_build_object('visitors', (SELECT COALESCE(sum(visitors), 0) FROM found WHERE id = ${NOBODY}),
        'newCustomers', COALESCE(sum(new_customers), 0), 'orders', COALESCE(sum(orders), 0), 'gmvFen', COALESCE(sum(gmv), 0),
        'refundedFen', COALESCE(sum(refunded), 0), 'commissionFen', COALESCE(sum(commission), 0)) AS totals FROM ranked
    ), page AS (
      SELECT * FROM ranked
      WHERE ${after?.id ?? null}::uuid IS NULL OR (sort_value, id) < (${after?.value ?? null}::bigint, ${after?.id ?? null}::uuid)
      ORDER BY sort_value DESC, id DESC LIMIT ${limit}
    )
    SELECT p.id, p.visitors, p.new_customers AS "newCustomers", p.orders, p.gmv AS "gmvFen", p.refunded AS "refundedFen",
      p.commission AS "commissionFen", p.sort_value AS "sortValue", t.totals
    FROM totals t LEFT JOIN page p ON true ORDER BY p.sort_value DESC, p.id DESC`;
  const [first] = rows;
  if (!first) throw new Error('report: no totals');
  const totals = Object.fromEntries(Object.entries(first.totals).map(([name, value]) => [name, BigInt(value)]));
  return {
    page: rows.filter((row): row is typeof row & Ranked => row.id !== null),
    totals: totals as unknown as Figures,
  };
}

/** People whom any of these brought within the period, each once. */
export async function visitorsOf(sql: Sql, { scopeId, period, only }: RolledFilter): Promise<bigint> {
  const [row] = await sql<{ people: bigint }>`
    WITH places AS MATERIALIZED (
      SELECT r.id FROM rooms r JOIN report_unit_scopes s ON s.unit_id = r.org_unit_id WHERE s.scope_id = ${scopeId} UNION SELECT ${scopeId}::uuid
    )
    SELECT count(DISTINCT v.visitor_id) AS people FROM report_visits v JOIN places ON places.id = v.room_id
    WHERE v.inviter_id = ANY(${only ?? []}::uuid[]) AND v.day >= ${period.from}::date AND v.day < ${period.to}::date`;
  return row?.people ?? 0n;
}

/** Inviters of the scope whose name, as the asker may see it, has this in it. */
export async function inviterIdsByName(
  sql: Sql,
  { scopeId, search, nameScope }: { scopeId: string; search: string; nameScope: string | null },
): Promise<string[]> {
  const rows = await sql<{ id: string }>`
    SELECT p.id FROM (SELECT DISTINCT inviter_id AS id FROM report_sums WHERE scope_id = ${scopeId} AND grain = 'm') i
    JOIN people p USING (id)
    LEFT JOIN staff_accounts sa ON sa.person_id = p.id
    LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL
    LEFT JOIN org_units u ON u.id = COALESCE(sa.org_unit_id, b.store_id)
    WHERE strpos(lower(CASE WHEN p.kind <> 'consumer' OR ${nameScope}::text NOT LIKE '%.%' OR u.path = ${nameScope}
      OR u.path LIKE ${nameScope} || '.%' THEN p.name ELSE left(p.name, 1) || '*' END), lower(${search})) > 0`;
  return rows.map(({ id }) => id);
}

type Named = Pick<InviterFigures, 'name' | 'kind' | 'staffRole' | 'unit'>;
export async function namesOf(sql: Sql, ids: readonly string[], nameScope: string | null): Promise<Map<string, Named>> {
  const rows = await sql<Named & { id: string }>`
    SELECT p.id, p.kind, sa.role AS "staffRole",
      CASE WHEN p.kind <> 'consumer' OR ${nameScope}::text NOT LIKE '%.%' OR u.path = ${nameScope}
        OR u.path LIKE ${nameScope} || '.%' THEN p.name ELSE left(p.name, 1) || '*' END AS name,
      CASE WHEN u.id IS NULL THEN NULL ELSE json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) END AS unit
    FROM people p
    LEFT JOIN staff_accounts sa ON sa.person_id = p.id
    LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL
    LEFT JOIN org_units u ON u.id = COALESCE(sa.org_unit_id, b.store_id)
    WHERE p.id = ANY(${ids}::uuid[])`;
  return new Map(rows.map((row) => [row.id, row]));
}

export interface UnitFigures extends Omit<Figures, 'commissionFen'> {
  unit: UnitJson & { parentId: string | null };
  commissionFen: bigint;
}
/** Every unit of the scope with all that is under it, credited to somebody or not; the tree from above. */
export async function unitFigures(
  sql: Sql,
  scope: string,
  { from, to, monthsFrom, monthsTo }: Period,
): Promise<UnitFigures[]> {
  return sql<UnitFigures>`
    WITH units AS MATERIALIZED (SELECT * FROM org_units WHERE path = ${scope} OR path LIKE ${scope} || '.%'),
    sums AS (
      SELECT scope_id, sum(visitors) FILTER (WHERE inviter_id = ${NOBODY}) AS visitors, sum(new_customers)::bigint AS new_customers, sum(orders)::bigint AS orders,
        sum(gmv_fen)::bigint AS gmv, sum(refunded_fen)::bigint AS refunded, sum(commission_fen)::bigint AS commission
      FROM report_sums
      WHERE scope_id IN (SELECT id FROM units)
        AND (grain = 'm' AND start >= ${monthsFrom}::date AND start < ${monthsTo}::date
          OR grain = 'd' AND (start >= ${from}::date AND start < least(${monthsFrom}::date, ${to}::date) OR start >= ${monthsTo}::date AND start < ${to}::date))
      GROUP BY scope_id
    ), again AS (
      SELECT scope_id, sum(people) AS people FROM report_returns
      WHERE scope_id IN (SELECT id FROM units) AND inviter_id = ${NOBODY} AND day >= ${from}::date AND day < ${to}::date AND prev < ${from}::date
      GROUP BY scope_id
    )
    SELECT json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name, 'parentId', u.parent_id) AS unit,
      (COALESCE(s.visitors, 0) + COALESCE(a.people, 0))::bigint AS visitors, COALESCE(s.new_customers, 0) AS "newCustomers", COALESCE(s.orders, 0) AS orders,
      COALESCE(s.gmv, 0) AS "gmvFen", COALESCE(s.refunded, 0) AS "refundedFen", COALESCE(s.commission, 0) AS "commissionFen"
    FROM units u LEFT JOIN sums s ON s.scope_id = u.id LEFT JOIN again a ON a.scope_id = u.id ORDER BY u.path`;
}

/** Rooms and people in rooms of every unit that has rooms of its own, and of every store. */
export async function roomsOfUnits(sql: Sql, scope: string, range: { from: Date | null; to: Date | null }) {
  const { from, to } = range;
  return sql<Pick<StoreFigures, 'rooms' | 'liveNow' | 'visitors'> & { unitId: string }>`
    WITH lives AS (
      SELECT org_unit_id, count(*) FILTER (WHERE started_at IS NOT NULL
          AND (${to}::timestamptz IS NULL OR started_at < ${to})
          AND (${from}::timestamptz IS NULL OR COALESCE(ended_at, 'infinity') >= ${from})) AS rooms,
        count(*) FILTER (WHERE state = 'live') AS live_now
      FROM rooms WHERE org_path = ${scope} OR org_path LIKE ${scope} || '.%' GROUP BY 1
    ), visits AS (
      SELECT r.org_unit_id, count(DISTINCT COALESCE(p.merged_into, p.id)) AS visitors
      FROM room_visits v JOIN rooms r ON r.id = v.room_id JOIN people p ON p.id = v.person_id
      WHERE (r.org_path = ${scope} OR r.org_path LIKE ${scope} || '.%') AND p.kind <> 'staff'
        AND (${from}::timestamptz IS NULL OR v.last_at >= ${from}) AND (${to}::timestamptz IS NULL OR v.first_at < ${to})
      GROUP BY 1
    )
    SELECT u.id AS "unitId", COALESCE(l.rooms, 0) AS rooms, COALESCE(l.live_now, 0) AS "liveNow", COALESCE(v.visitors, 0) AS visitors
    FROM org_units u LEFT JOIN lives l ON l.org_unit_id = u.id LEFT JOIN visits v ON v.org_unit_id = u.id
    WHERE (u.path = ${scope} OR u.path LIKE ${scope} || '.%') AND (u.kind = 'store' OR l.org_unit_id IS NOT NULL)`;
}
