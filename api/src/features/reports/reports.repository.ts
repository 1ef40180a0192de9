/**
 * The reports' SQL. Everywhere: people are counted as who they are now (a guest who became somebody is that person, A7), a
 * range is [from, to), a scope is a unit and everything under it, sales are paid orders by the moment of payment (an order
 * refunded later stays in GMV with its refund beside it), and commission is the net of the entries of exactly those orders.
 */
import type { Sql } from '../../platform/db.ts';

export interface Range {
  from: Date | null;
  to: Date | null;
}
export interface InviterFilter extends Range {
  /** Org path whose rooms and orders count. */
  scope: string;
  roomId: string | null;
  inviterId: string | null;
  search: string | null;
  /** Under this path customers' names are readable; null = nowhere. */
  nameScope: string | null;
}
export type InviterSort = 'gmv' | 'visitors' | 'orders' | 'commission';
export interface InviterCursor {
  value: bigint;
  id: string;
}
export interface UnitJson {
  id: string;
  kind: 'hq' | 'channel' | 'store';
  path: string;
  name: string;
}
export interface Figures {
  visitors: bigint;
  newCustomers: bigint;
  orders: bigint;
  gmvFen: bigint;
  refundedFen: bigint;
  commissionFen: bigint;
}
export const NO_FIGURES: Figures = {
  ...{ visitors: 0n, newCustomers: 0n, orders: 0n, gmvFen: 0n, refundedFen: 0n, commissionFen: 0n },
};
export interface InviterFigures extends Figures {
  id: string;
  name: string;
  kind: 'guest' | 'consumer' | 'staff';
  staffRole: string | null;
  unit: UnitJson | null;
  sortValue: bigint;
}
type Prefixed<T, P extends string> = { [K in keyof T as `${P}${Capitalize<string & K>}`]: T[K] };

/** One page of inviters and the totals of all that match; totals count a visitor of two inviters once. */
export async function inviterFigures(
  sql: Sql,
  filter: InviterFilter,
  sort: InviterSort,
  after: InviterCursor | null,
  limit: number,
): Promise<{ page: InviterFigures[]; totals: Figures }> {
  const { scope, from, to, roomId, inviterId, search, nameScope } = filter;
  const rows = await sql<{ [K in keyof InviterFigures]: InviterFigures[K] | null } & Prefixed<Figures, 'total'>>`
    WITH visits AS (
      SELECT COALESCE(s.merged_into, s.id) AS inviter, COALESCE(v.merged_into, v.id) AS visitor
      FROM touches t
      JOIN rooms r ON r.id = t.room_id
      JOIN people s ON s.id = t.sharer_id
      JOIN people v ON v.id = t.visitor_id
      WHERE (r.org_path = ${scope} OR r.org_path LIKE ${scope} || '.%')
        AND (${from}::timestamptz IS NULL OR t.at >= ${from}) AND (${to}::timestamptz IS NULL OR t.at < ${to})
        AND (${roomId}::uuid IS NULL OR t.room_id = ${roomId})
        AND COALESCE(s.merged_into, s.id) <> COALESCE(v.merged_into, v.id)
      GROUP BY 1, 2
    ), visitor_counts AS (
      SELECT inviter, count(*) AS visitors FROM visits GROUP BY inviter
    ), newcomers AS (
      SELECT COALESCE(s.merged_into, s.id) AS inviter, count(*) AS new_customers
      FROM invite_edges e
      JOIN touches t ON t.id = e.touch_id
      JOIN rooms r ON r.id = t.room_id
      JOIN people s ON s.id = e.inviter_id
      WHERE (r.org_path = ${scope} OR r.org_path LIKE ${scope} || '.%')
        AND (${from}::timestamptz IS NULL OR e.at >= ${from}) AND (${to}::timestamptz IS NULL OR e.at < ${to})
        AND (${roomId}::uuid IS NULL OR t.room_id = ${roomId})
      GROUP BY 1
    ), sold AS (
      SELECT o.id, o.paid_fen, o.refunded_fen, c.person_id
      FROM orders o JOIN order_credits c ON c.order_id = o.id
      WHERE o.paid_at IS NOT NULL AND (o.org_path = ${scope} OR o.org_path LIKE ${scope} || '.%')
        AND (${from}::timestamptz IS NULL OR o.paid_at >= ${from}) AND (${to}::timestamptz IS NULL OR o.paid_at < ${to})
        AND (${roomId}::uuid IS NULL OR o.room_id = ${roomId})
    ), sales AS (
      SELECT COALESCE(p.merged_into, p.id) AS inviter, count(*) AS orders, sum(paid_fen)::bigint AS gmv,
        sum(refunded_fen)::bigint AS refunded
      FROM sold JOIN people p ON p.id = sold.person_id GROUP BY 1
    ), earned AS (
      SELECT COALESCE(p.merged_into, p.id) AS inviter, sum(e.amount_fen)::bigint AS commission
      FROM sold JOIN commission_entries e ON e.order_id = sold.id JOIN people p ON p.id = e.beneficiary_id GROUP BY 1
    ), ids AS (
      SELECT inviter FROM visitor_counts UNION SELECT inviter FROM newcomers UNION SELECT inviter FROM sales
      UNION SELECT inviter FROM earned
    ), named AS (
      SELECT p.id, p.kind, sa.role AS staff_role,
        CASE WHEN p.kind <> 'consumer' OR ${nameScope}::text NOT LIKE '%.%' OR u.path = ${nameScope}
          OR u.path LIKE ${nameScope} || '.%' THEN p.name ELSE left(p.name, 1) || '*' END AS name,
        CASE WHEN u.id IS NULL THEN NULL ELSE json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) END AS unit
      FROM ids
      JOIN people p ON p.id = ids.inviter
      LEFT JOIN staff_accounts sa ON sa.person_id = p.id
      LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL
      LEFT JOIN org_units u ON u.id = COALESCE(sa.org_unit_id, b.store_id)
    ), found AS (
      SELECT n.*, COALESCE(v.visitors, 0) AS visitors, COALESCE(c.new_customers, 0) AS new_customers,
        COALESCE(s.orders, 0) AS orders, COALESCE(s.gmv, 0) AS gmv, COALESCE(s.refunded, 0) AS refunded,
        COALESCE(e.commission, 0) AS commission,
        CASE ${sort}::text WHEN 'visitors' THEN COALESCE(v.visitors, 0) WHEN 'orders' THEN COALESCE(s.orders, 0)
          WHEN 'commission' THEN COALESCE(e.commission, 0) ELSE COALESCE(s.gmv, 0) END AS sort_value
      FROM named n
      LEFT JOIN visitor_counts v ON v.inviter = n.id
      LEFT JOIN newcomers c ON c.inviter = n.id
      LEFT JOIN sales s ON s.inviter = n.id
      LEFT JOIN earned e ON e.inviter = n.id
      WHERE (${search}::text IS NULL OR strpos(lower(n.name), lower(${search})) > 0)
        AND (${inviterId}::uuid IS NULL OR n.id = ${inviterId})
    ), totals AS (
      SELECT (SELECT count(DISTINCT visitor) FROM visits WHERE inviter IN (SELECT id FROM found)) AS visitors,
        COALESCE(sum(new_customers), 0)::bigint AS new_customers, COALESCE(sum(orders), 0)::bigint AS orders,
        COALESCE(sum(gmv), 0)::bigint AS gmv, COALESCE(sum(refunded), 0)::bigint AS refunded,
        COALESCE(sum(commission), 0)::bigint AS commission
      FROM found
    ), page AS (
      SELECT * FROM found
      WHERE ${after?.id ?? null}::uuid IS NULL OR (sort_value, id) < (${after?.value ?? null}::bigint, ${after?.id ?? null}::uuid)
      ORDER BY sort_value DESC, id DESC LIMIT ${limit}
    )
    SELECT p.id, p.name, p.kind, p.staff_role AS "staffRole", p.unit, p.visitors, p.new_customers AS "newCustomers", p.orders,
      p.gmv AS "gmvFen", p.refunded AS "refundedFen", p.commission AS "commissionFen", p.sort_value AS "sortValue",
      t.visitors AS "totalVisitors", t.new_customers AS "totalNewCustomers", t.orders AS "totalOrders", t.gmv AS "totalGmvFen",
      t.refunded AS "totalRefundedFen", t.commission AS "totalCommissionFen"
    FROM totals t LEFT JOIN page p ON true
    ORDER BY p.sort_value DESC, p.id DESC`;
  const [first] = rows;
  if (!first) throw new Error('report: no totals');
  return {
    page: rows.filter((row): row is typeof row & InviterFigures => row.id !== null),
    totals: {
      visitors: first.totalVisitors,
      newCustomers: first.totalNewCustomers,
      orders: first.totalOrders,
      gmvFen: first.totalGmvFen,
      refundedFen: first.totalRefundedFen,
      commissionFen: first.totalCommissionFen,
    },
  };
}

export async function unitPath(sql: Sql, unitId: string): Promise<string | undefined> {
  const [row] = await sql<{ path: string }>`SELECT path FROM org_units WHERE id = ${unitId}`;
  return row?.path;
}

export async function roomPath(sql: Sql, roomId: string): Promise<string | undefined> {
  const [row] = await sql<{ path: string }>`SELECT org_path AS path FROM rooms WHERE id = ${roomId}`;
  return row?.path;
}

export interface StoreFigures {
  unit: UnitJson;
  rooms: bigint;
  liveNow: bigint;
  visitors: bigint;
  newCustomers: bigint;
  orders: bigint;
  gmvFen: bigint;
  refundedFen: bigint;
}
/** Every store of the scope, and HQ or a channel where it has rooms of its own; the busiest first. */
export async function storeFigures(sql: Sql, scope: string, { from, to }: Range): Promise<StoreFigures[]> {
  return sql<StoreFigures>`
    WITH units AS (
      SELECT u.* FROM org_units u
      WHERE (u.path = ${scope} OR u.path LIKE ${scope} || '.%')
        AND (u.kind = 'store' OR EXISTS (SELECT 1 FROM rooms r WHERE r.org_unit_id = u.id))
    ), lives AS (
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
    ), newcomers AS (
      SELECT r.org_unit_id, count(*) AS new_customers
      FROM invite_edges e JOIN touches t ON t.id = e.touch_id JOIN rooms r ON r.id = t.room_id
      WHERE (r.org_path = ${scope} OR r.org_path LIKE ${scope} || '.%')
        AND (${from}::timestamptz IS NULL OR e.at >= ${from}) AND (${to}::timestamptz IS NULL OR e.at < ${to})
      GROUP BY 1
    ), sales AS (
      SELECT org_unit_id, count(*) AS orders, sum(paid_fen)::bigint AS gmv, sum(refunded_fen)::bigint AS refunded
      FROM orders
      WHERE paid_at IS NOT NULL AND (org_path = ${scope} OR org_path LIKE ${scope} || '.%')
        AND (${from}::timestamptz IS NULL OR paid_at >= ${from}) AND (${to}::timestamptz IS NULL OR paid_at < ${to})
      GROUP BY 1
    )
    SELECT json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS unit,
      COALESCE(l.rooms, 0) AS rooms, COALESCE(l.live_now, 0) AS "liveNow", COALESCE(v.visitors, 0) AS visitors,
      COALESCE(n.new_customers, 0) AS "newCustomers", COALESCE(s.orders, 0) AS orders, COALESCE(s.gmv, 0) AS "gmvFen",
      COALESCE(s.refunded, 0) AS "refundedFen"
    FROM units u
    LEFT JOIN lives l ON l.org_unit_id = u.id
    LEFT JOIN visits v ON v.org_unit_id = u.id
    LEFT JOIN newcomers n ON n.org_unit_id = u.id
    LEFT JOIN sales s ON s.org_unit_id = u.id
    ORDER BY "gmvFen" DESC, visitors DESC, u.path`;
}

export interface RoomFigures {
  orgPath: string;
  orgUnitId: string;
  visitors: bigint;
  peakViewers: number;
  likes: bigint;
  chats: bigint;
  orders: bigint;
  buyers: bigint;
  gmvFen: bigint;
  refundedFen: bigint;
}
export async function roomFigures(sql: Sql, roomId: string): Promise<RoomFigures | undefined> {
  const [row] = await sql<RoomFigures>`
    SELECT r.org_path AS "orgPath", r.org_unit_id AS "orgUnitId", r.viewers_peak AS "peakViewers", likes_of(r.id) AS likes,
      (SELECT count(DISTINCT COALESCE(p.merged_into, p.id)) FROM room_visits v JOIN people p ON p.id = v.person_id
        WHERE v.room_id = r.id AND p.kind <> 'staff') AS visitors,
      (SELECT count(*) FROM room_events e WHERE e.room_id = r.id AND e.kind = 'chat:sent') AS chats,
      s.orders, s.buyers, s.gmv AS "gmvFen", s.refunded AS "refundedFen"
    FROM rooms r, LATERAL (
      SELECT count(*) AS orders, count(DISTINCT COALESCE(p.merged_into, p.id)) AS buyers,
        COALESCE(sum(o.paid_fen), 0)::bigint AS gmv, COALESCE(sum(o.refunded_fen), 0)::bigint AS refunded
      FROM orders o JOIN people p ON p.id = o.person_id WHERE o.room_id = r.id AND o.paid_at IS NOT NULL
    ) s
    WHERE r.id = ${roomId}`;
  return row;
}
