/** Funnel, cohorts and the cost of a new person: from parts (who was new, where, when) and paid orders. */
import {
  type AcquisitionRow,
  type CohortRow,
  type FunnelRow,
  type FunnelSteps,
  fenToWire,
} from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import { type Counts, explainGap, meanOf, stepsOf, sumOf } from './funnel.policy.ts';
import type { Period } from './periods.policy.ts';
import type { Range, UnitJson } from './reports.repository.ts';
import { unitFigures } from './rollups.repository.ts';

/** A mean of two tells what the other has. */
const FEWEST_PEERS = 3;

interface FirstOrders {
  unitId: string;
  newCustomers: bigint;
  firstOrders: bigint;
  firstGmvFen: bigint;
  commissionFen: bigint;
}
/** Newcomers of a period by the unit that brought them, with the first order of their lives where it was paid within it. */
const firstOrders = (
  sql: Sql,
  scope: string,
  { from, to }: Period,
  range: Range,
): Promise<FirstOrders[]> => sql<FirstOrders>`
  WITH units AS MATERIALIZED (SELECT id FROM org_units WHERE path = ${scope} OR path LIKE ${scope} || '.%'),
  fresh AS MATERIALIZED (
    SELECT source AS person, unit_id FROM report_parts WHERE kind = 'n' AND unit_id IN (SELECT id FROM units) AND day >= ${from}::date AND day < ${to}::date
  ), firsts AS (
    SELECT DISTINCT ON (f.person) f.person, f.unit_id, o.id, o.paid_at, o.paid_fen
    FROM fresh f CROSS JOIN LATERAL (SELECT f.person AS id UNION ALL SELECT g.id FROM people g WHERE g.merged_into = f.person) me
    JOIN orders o ON o.person_id = me.id AND o.paid_at IS NOT NULL
    ORDER BY f.person, o.paid_at, o.id
  ), within AS (
    SELECT * FROM firsts WHERE (${range.from}::timestamptz IS NULL OR paid_at >= ${range.from}) AND (${range.to}::timestamptz IS NULL OR paid_at < ${range.to})
  ), sold AS (
    SELECT unit_id, count(*) AS orders, sum(paid_fen)::bigint AS gmv,
      COALESCE(sum((SELECT sum(e.amount_fen) FROM commission_entries e WHERE e.order_id = within.id)), 0)::bigint AS commission FROM within GROUP BY 1
  )
  SELECT f.unit_id AS "unitId", f.new_customers AS "newCustomers", COALESCE(s.orders, 0) AS "firstOrders", COALESCE(s.gmv, 0) AS "firstGmvFen",
    COALESCE(s.commission, 0) AS "commissionFen"
  FROM (SELECT unit_id, count(*) AS new_customers FROM fresh GROUP BY 1) f LEFT JOIN sold s USING (unit_id)`;

export async function readFunnel(
  sql: Sql,
  { scope, period, range }: { scope: string; period: Period; range: Range },
): Promise<{ total: FunnelSteps; peers: { stores: number; mean: FunnelSteps } | null; items: FunnelRow[] }> {
  const units = await unitFigures(sql, scope, period);
  const firsts = new Map((await firstOrders(sql, scope, period, range)).map((row) => [row.unitId, row]));
  const stores = units
    .filter(({ unit }) => unit.kind === 'store')
    .map(({ unit: { parentId: _, ...orgUnit }, visitors }) => {
      const own = firsts.get(orgUnit.id);
      const counts: Counts = {
        ...{ visitors: Number(visitors), newCustomers: Number(own?.newCustomers ?? 0n) },
        ...{ firstOrders: Number(own?.firstOrders ?? 0n), firstGmvFen: fenToWire(own?.firstGmvFen ?? 0n) },
      };
      return { orgUnit, counts };
    });
  const peers = stores.length >= FEWEST_PEERS ? meanOf(stores.map(({ counts }) => counts)) : null;
  const all = sumOf(
    [...firsts.values()].map((row) => ({
      visitors: 0,
      newCustomers: Number(row.newCustomers),
      firstOrders: Number(row.firstOrders),
      firstGmvFen: fenToWire(row.firstGmvFen),
    })),
  );
  const top = units.find(({ unit }) => unit.path === scope);
  return {
    total: stepsOf({ ...all, visitors: Number(top?.visitors ?? 0n) }),
    peers: peers && { stores: stores.length, mean: stepsOf(peers) },
    items: stores
      .map(({ orgUnit, counts }) => {
        const gap = peers && explainGap(counts, peers);
        return { orgUnit, steps: stepsOf(counts), gapFen: gap?.gapFen ?? null, factors: gap?.factors ?? null };
      })
      .sort((a, b) => b.steps.firstGmvFen - a.steps.firstGmvFen || (a.orgUnit.path < b.orgUnit.path ? -1 : 1)),
  };
}

/** Months since, first; a month that has not begun has no figure. */
export async function readCohorts(
  sql: Sql,
  {
    scope,
    scopeId,
    of,
    months,
    now,
  }: { scope: string; scopeId: string; of: 'repurchase' | 'retention'; months: number; now: Date },
): Promise<CohortRow[]> {
  const rows = await sql<{ month: string; people: bigint; again: bigint; counts: number[] }>`
    WITH this AS (SELECT date_trunc('month', china_day(${now}::timestamptz))::date AS month),
    bought AS MATERIALIZED (
      SELECT COALESCE(p.merged_into, p.id) AS person, date_trunc('month', china_day(o.paid_at))::date AS month, count(*) AS orders
      FROM orders o JOIN people p ON p.id = o.person_id
      WHERE o.paid_at IS NOT NULL AND (o.org_path = ${scope} OR o.org_path LIKE ${scope} || '.%') GROUP BY 1, 2
    ), born AS MATERIALIZED (
      SELECT person, min(month) AS month FROM bought WHERE ${of} = 'repurchase' GROUP BY 1
      UNION ALL
      SELECT n.source, date_trunc('month', n.day)::date FROM report_parts n JOIN report_unit_scopes u ON u.unit_id = n.unit_id
      WHERE ${of} = 'retention' AND n.kind = 'n' AND u.scope_id = ${scopeId}
    ), cohort AS MATERIALIZED (
      SELECT b.person, b.month FROM born b, this WHERE b.month > this.month - make_interval(months => ${months}) AND b.month <= this.month
    ), seen AS (
      SELECT c.person, c.month, b.month AS seen_in FROM cohort c JOIN bought b USING (person)
      UNION
      SELECT c.person, c.month, date_trunc('month', v.day)::date FROM cohort c JOIN report_visits v ON v.visitor_id = c.person WHERE ${of} = 'retention'
      UNION
      SELECT c.person, c.month, g.month::date FROM cohort c
      CROSS JOIN LATERAL (SELECT c.person AS id UNION ALL SELECT x.id FROM people x WHERE x.merged_into = c.person) me
      JOIN room_visits v ON v.person_id = me.id
      CROSS JOIN LATERAL (SELECT unnest(ARRAY[date_trunc('month', china_day(v.first_at)), date_trunc('month', china_day(v.last_at))]) AS month) g
      WHERE ${of} = 'retention'
    ), counted AS (
      SELECT month, (extract(year FROM age(seen_in, month)) * 12 + extract(month FROM age(seen_in, month)))::int AS since, count(DISTINCT person)::int AS people
      FROM seen WHERE seen_in >= month GROUP BY 1, 2
    ), twice AS (
      SELECT c.month, count(*) AS again FROM (SELECT person, sum(orders) AS orders FROM bought GROUP BY 1) b JOIN cohort c USING (person) WHERE b.orders > 1 GROUP BY 1
    )
    SELECT to_char(c.month, 'YYYY-MM') AS month, c.people, COALESCE(t.again, 0) AS again,
      (SELECT array_agg(COALESCE(k.people, 0) ORDER BY n) FROM this
        CROSS JOIN generate_series(0, (extract(year FROM age(this.month, c.month)) * 12 + extract(month FROM age(this.month, c.month)))::int) n
        LEFT JOIN counted k ON k.month = c.month AND k.since = n) AS counts
    FROM (SELECT month, count(DISTINCT person) AS people FROM cohort GROUP BY 1) c LEFT JOIN twice t USING (month) ORDER BY c.month DESC`;
  return rows.map(({ month, people, again, counts }) => ({
    month,
    people: Number(people),
    again: Number(again),
    counts,
  }));
}

type Cost = Omit<AcquisitionRow, 'orgUnit'>;
const costOf = (newCustomers: number, redPacketFen: number, couponFen: number, commissionFen: number): Cost => {
  const totalFen = redPacketFen + couponFen + commissionFen;
  return {
    ...{ newCustomers, redPacketFen, couponFen, commissionFen, totalFen },
    perNewFen: newCustomers === 0 ? null : Math.floor(totalFen / newCustomers),
  };
};
export async function readAcquisition(
  sql: Sql,
  { scope, period, range }: { scope: string; period: Period; range: Range },
): Promise<{ total: Cost; items: AcquisitionRow[] }> {
  const { from, to } = range;
  const firsts = new Map((await firstOrders(sql, scope, period, range)).map((row) => [row.unitId, row]));
  const spent = await sql<{ orgUnit: UnitJson; packets: bigint; coupons: bigint }>`
    WITH packets AS (
      SELECT p.org_unit_id AS unit, sum(s.amount_fen)::bigint AS fen FROM red_packet_shares s JOIN red_packets p ON p.id = s.packet_id
      WHERE s.taken_at IS NOT NULL AND (${from}::timestamptz IS NULL OR s.taken_at >= ${from}) AND (${to}::timestamptz IS NULL OR s.taken_at < ${to}) GROUP BY 1
    ), coupons AS (
      SELECT o.org_unit_id AS unit, sum(t.off_fen)::bigint AS fen FROM orders o JOIN order_coupons t ON t.order_id = o.id JOIN coupons c ON c.id = t.coupon_id
      WHERE o.paid_at IS NOT NULL AND o.state <> 'refunded' AND c.newcomers_only AND (o.org_path = ${scope} OR o.org_path LIKE ${scope} || '.%')
        AND (${from}::timestamptz IS NULL OR o.paid_at >= ${from}) AND (${to}::timestamptz IS NULL OR o.paid_at < ${to}) GROUP BY 1
    )
    SELECT json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", COALESCE(p.fen, 0) AS packets, COALESCE(c.fen, 0) AS coupons
    FROM org_units u LEFT JOIN packets p ON p.unit = u.id LEFT JOIN coupons c ON c.unit = u.id
    WHERE u.path = ${scope} OR u.path LIKE ${scope} || '.%' ORDER BY u.path`;
  const items = spent
    .map(({ orgUnit, packets, coupons }) => {
      const own = firsts.get(orgUnit.id);
      const fen = [packets, coupons, own?.commissionFen ?? 0n].map(fenToWire) as [number, number, number];
      return { orgUnit, ...costOf(Number(own?.newCustomers ?? 0n), ...fen) };
    })
    .filter(({ newCustomers, totalFen }) => newCustomers > 0 || totalFen !== 0);
  const sum = (key: 'newCustomers' | 'redPacketFen' | 'couponFen' | 'commissionFen') =>
    items.reduce((all, one) => all + one[key], 0);
  return { total: costOf(sum('newCustomers'), sum('redPacketFen'), sum('couponFen'), sum('commissionFen')), items };
}
