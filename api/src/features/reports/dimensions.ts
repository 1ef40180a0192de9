/** The figures of a range by channel, store, room (from the roll-ups), by share channel, product and content (from the facts). */
import { type Breakdown, type BreakdownRow, fenToWire } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import type { Period } from './periods.policy.ts';
import type { Range, UnitJson } from './reports.repository.ts';
import { NOBODY, unitFigures } from './rollups.repository.ts';

const MOST = 500;
const BPS = 10_000;

interface Row {
  key: string;
  label: string;
  orgUnit: UnitJson | null;
  visitors: bigint;
  newCustomers: bigint;
  orders: bigint;
  buyers: bigint | null;
  pieces: bigint | null;
  gmvFen: bigint;
  refundedFen: bigint;
}
const view = (row: Row): BreakdownRow => {
  const [visitors, orders] = [Number(row.visitors), Number(row.orders)];
  return {
    ...{
      key: row.key,
      label: row.label,
      orgUnit: row.orgUnit,
      visitors,
      orders,
      newCustomers: Number(row.newCustomers),
    },
    buyers: row.buyers === null ? null : Number(row.buyers),
    pieces: row.pieces === null ? null : Number(row.pieces),
    ...{ gmvFen: fenToWire(row.gmvFen), refundedFen: fenToWire(row.refundedFen) },
    conversionBps: visitors === 0 ? null : Math.floor((orders * BPS) / visitors),
  };
};

async function byUnit(sql: Sql, scope: string, period: Period, kind: 'channel' | 'store'): Promise<Row[]> {
  const units = (await unitFigures(sql, scope, period)).filter(({ unit }) => unit.kind === kind);
  return units
    .map(({ unit: { parentId: _, ...unit }, commissionFen: __, ...figures }) => ({
      ...{ ...figures, key: unit.id, label: unit.name, orgUnit: unit, buyers: null, pieces: null },
    }))
    .sort((a, b) => Number(b.gmvFen - a.gmvFen) || Number(b.visitors - a.visitors));
}

const byRoom = (sql: Sql, scope: string, { from, to, monthsFrom, monthsTo }: Period): Promise<Row[]> => sql<Row>`
  WITH places AS MATERIALIZED (SELECT * FROM rooms WHERE org_path = ${scope} OR org_path LIKE ${scope} || '.%'),
  sums AS (
    SELECT scope_id, sum(visitors) FILTER (WHERE inviter_id = ${NOBODY}) AS visitors, sum(new_customers) AS new_customers, sum(orders) AS orders,
      sum(gmv_fen)::bigint AS gmv, sum(refunded_fen)::bigint AS refunded
    FROM report_sums
    WHERE scope_id IN (SELECT id FROM places)
      AND (grain = 'm' AND start >= ${monthsFrom}::date AND start < ${monthsTo}::date
        OR grain = 'd' AND (start >= ${from}::date AND start < least(${monthsFrom}::date, ${to}::date) OR start >= ${monthsTo}::date AND start < ${to}::date))
    GROUP BY scope_id
  ), again AS (
    SELECT scope_id, sum(people) AS people FROM report_returns
    WHERE scope_id IN (SELECT id FROM places) AND inviter_id = ${NOBODY} AND day >= ${from}::date AND day < ${to}::date AND prev < ${from}::date
    GROUP BY scope_id
  ), best AS (
    SELECT scope_id, (COALESCE(s.visitors, 0) + COALESCE(a.people, 0))::bigint AS visitors, COALESCE(s.new_customers, 0)::bigint AS new_customers,
      COALESCE(s.orders, 0)::bigint AS orders, COALESCE(s.gmv, 0) AS gmv, COALESCE(s.refunded, 0) AS refunded
    FROM sums s FULL JOIN again a USING (scope_id) ORDER BY gmv DESC, visitors DESC, scope_id LIMIT ${MOST}
  )
  SELECT p.id AS key, p.title AS label, json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit",
    b.visitors, b.new_customers AS "newCustomers", b.orders, NULL::bigint AS buyers, NULL::bigint AS pieces, b.gmv AS "gmvFen", b.refunded AS "refundedFen"
  FROM best b JOIN places p ON p.id = b.scope_id JOIN org_units u ON u.id = p.org_unit_id
  WHERE b.visitors + b.new_customers + b.orders > 0 ORDER BY b.gmv DESC, b.visitors DESC, p.id`;

/** What a link says of itself: its channel, its product, its content; sales by the touch that was credited, products by what was bought. */
const byLink = (sql: Sql, scope: string, { from, to }: Range, by: Breakdown): Promise<Row[]> => sql<Row>`
  WITH came AS (
    SELECT CASE ${by}::text WHEN 'share_channel' THEN t.channel WHEN 'product' THEN t.product_id::text ELSE l.content_id::text END AS key,
      count(DISTINCT COALESCE(v.merged_into, v.id)) AS visitors
    FROM touches t JOIN rooms r ON r.id = t.room_id JOIN people v ON v.id = t.visitor_id JOIN people s ON s.id = t.sharer_id LEFT JOIN share_links l ON l.id = t.link_id
    WHERE (r.org_path = ${scope} OR r.org_path LIKE ${scope} || '.%') AND (${from}::timestamptz IS NULL OR t.at >= ${from}) AND (${to}::timestamptz IS NULL OR t.at < ${to})
      AND COALESCE(s.merged_into, s.id) <> COALESCE(v.merged_into, v.id)
    GROUP BY 1
  ), fresh AS (
    SELECT CASE ${by}::text WHEN 'share_channel' THEN t.channel WHEN 'product' THEN t.product_id::text ELSE l.content_id::text END AS key, count(*) AS new_customers
    FROM invite_edges e JOIN touches t ON t.id = e.touch_id JOIN rooms r ON r.id = t.room_id LEFT JOIN share_links l ON l.id = t.link_id
    WHERE (r.org_path = ${scope} OR r.org_path LIKE ${scope} || '.%') AND (${from}::timestamptz IS NULL OR e.at >= ${from}) AND (${to}::timestamptz IS NULL OR e.at < ${to})
    GROUP BY 1
  ), paid AS MATERIALIZED (
    SELECT o.id, o.paid_fen, o.refunded_fen, COALESCE(p.merged_into, p.id) AS buyer FROM orders o JOIN people p ON p.id = o.person_id
    WHERE o.paid_at IS NOT NULL AND (o.org_path = ${scope} OR o.org_path LIKE ${scope} || '.%')
      AND (${from}::timestamptz IS NULL OR o.paid_at >= ${from}) AND (${to}::timestamptz IS NULL OR o.paid_at < ${to})
  ), sold AS (
    SELECT CASE ${by}::text WHEN 'share_channel' THEN t.channel ELSE l.content_id::text END AS key, count(*) AS orders, count(DISTINCT paid.buyer) AS buyers,
      NULL::bigint AS pieces, sum(paid.paid_fen)::bigint AS gmv, sum(paid.refunded_fen)::bigint AS refunded
    FROM paid JOIN order_credits c ON c.order_id = paid.id JOIN touches t ON t.id = c.touch_id LEFT JOIN share_links l ON l.id = t.link_id
    WHERE ${by} <> 'product' GROUP BY 1
    UNION ALL
    SELECT i.product_id::text, count(DISTINCT paid.id), count(DISTINCT paid.buyer), sum(i.quantity)::bigint, sum(i.amount_fen)::bigint, sum(i.refunded_fen)::bigint
    FROM paid JOIN order_items i ON i.order_id = paid.id WHERE ${by} = 'product' GROUP BY 1
  )
  SELECT k.key, COALESCE(p.title, n.title, k.key) AS label,
    CASE WHEN u.id IS NOT NULL THEN json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) END AS "orgUnit",
    COALESCE(came.visitors, 0) AS visitors, COALESCE(fresh.new_customers, 0) AS "newCustomers", COALESCE(sold.orders, 0) AS orders,
    COALESCE(sold.buyers, 0) AS buyers, CASE WHEN ${by} = 'product' THEN COALESCE(sold.pieces, 0) END AS pieces,
    COALESCE(sold.gmv, 0) AS "gmvFen", COALESCE(sold.refunded, 0) AS "refundedFen"
  FROM (SELECT key FROM came UNION SELECT key FROM fresh UNION SELECT key FROM sold) k
  LEFT JOIN came USING (key) LEFT JOIN fresh USING (key) LEFT JOIN sold USING (key)
  LEFT JOIN products p ON ${by} = 'product' AND p.id::text = k.key
  LEFT JOIN content_items n ON ${by} = 'content' AND n.id::text = k.key
  LEFT JOIN org_units u ON u.id = n.org_unit_id
  WHERE k.key IS NOT NULL ORDER BY "gmvFen" DESC, visitors DESC, k.key LIMIT ${MOST}`;

export async function readBreakdown(
  sql: Sql,
  by: Breakdown,
  { scope, period, range }: { scope: string; period: Period | undefined; range: Range },
): Promise<BreakdownRow[]> {
  if (by !== 'channel' && by !== 'store' && by !== 'room') return (await byLink(sql, scope, range, by)).map(view);
  if (!period) throw new Error(`${by} is read from the roll-ups`);
  return (by === 'room' ? await byRoom(sql, scope, period) : await byUnit(sql, scope, period, by)).map(view);
}
