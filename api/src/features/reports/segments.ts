/** A live by what was talked about: spans of pinned products, with the messages and orders that fell into them. */
import { fenToWire, type RoomSegment } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';

const MINUTE_SECONDS = 60;

export async function readSegments(sql: Sql, roomId: string, now: Date): Promise<RoomSegment[]> {
  const rows = await sql<{
    productId: string;
    title: string;
    from: Date;
    to: Date;
    chats: bigint;
    chatters: bigint;
    orders: bigint;
    productOrders: bigint;
    gmvFen: bigint;
    refundedFen: bigint;
  }>`
    WITH pins AS (
      SELECT e.kind, (e.event ->> 'productId')::uuid AS product_id, e.at, lead(e.at) OVER (ORDER BY e.seq) AS next_at
      FROM room_events e WHERE e.room_id = ${roomId} AND e.kind IN ('product:pinned', 'product:unpinned')
    ), spans AS MATERIALIZED (
      SELECT row_number() OVER (ORDER BY p.at) AS no, p.product_id, p.at AS from_at, COALESCE(p.next_at, r.ended_at, ${now}::timestamptz) AS to_at
      FROM pins p JOIN rooms r ON r.id = ${roomId} WHERE p.kind = 'product:pinned'
    )
    SELECT s.product_id AS "productId", p.title, s.from_at AS "from", s.to_at AS "to", c.chats, c.chatters, o.orders, o.product_orders AS "productOrders",
      o.gmv AS "gmvFen", o.refunded AS "refundedFen"
    FROM spans s JOIN products p ON p.id = s.product_id
    CROSS JOIN LATERAL (
      SELECT count(*) AS chats, count(DISTINCT e.event -> 'message' ->> 'personId') AS chatters FROM room_events e
      WHERE e.room_id = ${roomId} AND e.kind = 'chat:sent' AND e.event -> 'message' ->> 'role' = 'viewer' AND e.at >= s.from_at AND e.at < s.to_at
    ) c
    CROSS JOIN LATERAL (
      SELECT count(*) AS orders, count(*) FILTER (WHERE EXISTS (SELECT FROM order_items i WHERE i.order_id = o.id AND i.product_id = s.product_id)) AS product_orders,
        COALESCE(sum(o.paid_fen), 0)::bigint AS gmv, COALESCE(sum(o.refunded_fen), 0)::bigint AS refunded
      FROM orders o WHERE o.room_id = ${roomId} AND o.paid_at IS NOT NULL AND o.placed_at >= s.from_at AND o.placed_at < s.to_at
    ) o
    WHERE s.to_at > s.from_at ORDER BY s.no`;
  return rows.map((row) => {
    const seconds = Math.round((row.to.getTime() - row.from.getTime()) / 1000);
    return {
      product: { id: row.productId, title: row.title },
      ...{ from: row.from.toISOString(), to: row.to.toISOString(), seconds },
      ...{ chats: Number(row.chats), chatters: Number(row.chatters), orders: Number(row.orders) },
      productOrders: Number(row.productOrders),
      ...{ gmvFen: fenToWire(row.gmvFen), refundedFen: fenToWire(row.refundedFen) },
      ordersPerMinute: seconds === 0 ? null : Math.round((Number(row.orders) * MINUTE_SECONDS * 100) / seconds) / 100,
    };
  });
}
