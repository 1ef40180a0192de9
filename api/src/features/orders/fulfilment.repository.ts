/** Rows of pieces that leave: whoever calls these holds the lock of the order's row, unless said otherwise. */
import type { Carrier, DeliveryWay } from '@walnut-live/contracts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { PiecesWanted } from './fulfilment.policy.ts';

export interface ToShip {
  readonly way: DeliveryWay;
  /** What has neither left nor been taken out; no item with zero. */
  readonly left: readonly PiecesWanted[];
  /** Pieces that left. */
  readonly sent: number;
  readonly items: ReadonlySet<string>;
}

export async function readToShip(tx: Tx, orderId: string): Promise<ToShip> {
  const rows = await tx<{ way: DeliveryWay; orderItemId: string; quantity: number; sent: number }>`
    SELECT o.delivery AS way, i.id AS "orderItemId", i.quantity - i.withdrawn - i.shipped_quantity AS quantity, i.shipped_quantity AS sent
    FROM order_items i JOIN orders o ON o.id = i.order_id WHERE i.order_id = ${orderId} ORDER BY i.position`;
  return {
    way: rows[0]?.way ?? 'parcel',
    left: rows.filter(({ quantity }) => quantity > 0).map(({ orderItemId, quantity }) => ({ orderItemId, quantity })),
    sent: rows.reduce((sum, row) => sum + row.sent, 0),
    items: new Set(rows.map(({ orderItemId }) => orderItemId)),
  };
}

export async function takePieces(tx: Tx, pieces: readonly PiecesWanted[]): Promise<void> {
  await tx`UPDATE order_items i SET shipped_quantity = i.shipped_quantity + p.quantity
    FROM unnest(${pieces.map((piece) => piece.orderItemId)}::uuid[], ${pieces.map((piece) => piece.quantity)}::int[]) AS p (id, quantity)
    WHERE i.id = p.id`;
}

export async function insertParcel(
  tx: Tx,
  parcel: {
    id: string;
    order: { id: string; orgPath: string };
    carrier: Carrier;
    trackingNo: string;
    pieces: readonly PiecesWanted[];
    actorId: string;
    at: Date;
  },
): Promise<void> {
  const { id, order, pieces, at } = parcel;
  await tx`
    WITH made AS (
      INSERT INTO parcels (id, order_id, org_path, carrier, tracking_no, state, shipped_at, next_query_at)
      VALUES (${id}, ${order.id}, ${order.orgPath}, ${parcel.carrier}, ${parcel.trackingNo}, 'in_transit', ${at}, ${at}) RETURNING id),
    filled AS (
      INSERT INTO parcel_items (parcel_id, order_item_id, quantity)
      SELECT made.id, p.item, p.quantity FROM made,
        unnest(${pieces.map((piece) => piece.orderItemId)}::uuid[], ${pieces.map((piece) => piece.quantity)}::int[]) AS p (item, quantity))
    INSERT INTO parcel_events (parcel_id, to_state, event, actor_id, at)
    SELECT id, 'in_transit', 'ship', ${parcel.actorId}::uuid, ${at}::timestamptz FROM made`;
}

/** The order keeps the number of its first parcel, for readers that know of one parcel only. */
export async function noteFirstParcel(tx: Tx, orderId: string, trackingNo: string): Promise<void> {
  await tx`UPDATE orders SET tracking_no = ${trackingNo} WHERE id = ${orderId} AND tracking_no IS NULL`;
}

export async function setAutoReceive(tx: Tx, orderId: string, at: Date): Promise<void> {
  await tx`UPDATE orders SET auto_receive_at = ${at} WHERE id = ${orderId}`;
}

/** False when it was put off before, or its time is over. */
export async function extendReceipt(tx: Tx, orderId: string, days: number, at: Date): Promise<boolean> {
  const rows =
    await tx`UPDATE orders SET auto_receive_at = auto_receive_at + make_interval(days => ${days}), receipt_extended_at = ${at}
    WHERE id = ${orderId} AND state = 'shipped' AND receipt_extended_at IS NULL AND auto_receive_at > ${at} RETURNING id`;
  return rows.length === 1;
}

/** The longest due first; nothing is locked. */
export async function findNextToReceive(sql: Sql, at: Date, except: readonly string[]): Promise<string | undefined> {
  const [row] = await sql<{ id: string }>`
    SELECT o.id FROM orders o WHERE o.state = 'shipped' AND o.auto_receive_at <= ${at} AND o.id <> ALL(${except}::uuid[])
      AND NOT keeps_from_receipt(o.id)
    ORDER BY o.auto_receive_at LIMIT 1`;
  return row?.id;
}

/**
 * Locks a shipped order whose days are over, unless somebody else is at it or something keeps it from being received by itself
 * (migration 0292). Nothing is locked before.
 */
export async function lockToReceive(tx: Tx, orderId: string, at: Date): Promise<boolean> {
  const rows = await tx`
    SELECT o.id FROM orders o WHERE o.id = ${orderId} AND o.state = 'shipped' AND o.auto_receive_at <= ${at}
      AND NOT keeps_from_receipt(o.id) FOR UPDATE SKIP LOCKED`;
  return rows.length === 1;
}

/** Nothing is locked. */
export async function orderOfPickup(tx: Tx, code: string): Promise<string | undefined> {
  const [row] = await tx<{ id: string }>`SELECT id FROM orders WHERE pickup_code = ${code}
    ORDER BY state IN ('pending_payment', 'deposit_paid', 'paid') DESC, placed_at DESC LIMIT 1`;
  return row?.id;
}
