/** How paid orders get to their buyers, for any number of orders in one statement. */
import type { DeliveryWay, OrderDelivery, OrderState, Parcel } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import { positionOf } from '../replays/index.ts';

export interface DeliveryRow {
  readonly id: string;
  readonly way: DeliveryWay;
  readonly state: OrderState;
  readonly pickupCode: string | null;
  readonly place: string;
  readonly phone: string;
  readonly autoReceiveAt: Date | null;
  readonly extendedAt: Date | null;
  readonly changedAt: Date | null;
  readonly merchantRemark: string;
  readonly parcels: Parcel[] | null;
  readonly toShip: OrderDelivery['toShip'] | null;
  readonly roomId: string | null;
  readonly placedAt: Date;
  readonly pieces: { atMs: number; durationMs: number; offsetMs: number }[] | null;
}
export async function readDeliveries(sql: Sql, ids: readonly string[]): Promise<Map<string, DeliveryRow>> {
  if (ids.length === 0) return new Map();
  const rows = await sql<DeliveryRow>`
    SELECT o.id, o.delivery AS way, o.state, o.pickup_code AS "pickupCode", u.address AS place, u.service_phone AS phone,
      o.auto_receive_at AS "autoReceiveAt", o.receipt_extended_at AS "extendedAt", c.at AS "changedAt",
      o.merchant_remark AS "merchantRemark", o.room_id AS "roomId", o.placed_at AS "placedAt",
      (SELECT json_agg(json_build_object('id', p.id, 'carrier', p.carrier, 'trackingNo', p.tracking_no, 'state', p.state,
          'shippedAt', p.shipped_at, 'deliveredAt', p.delivered_at,
          'items', (SELECT coalesce(json_agg(json_build_object('orderItemId', pi.order_item_id, 'quantity', pi.quantity) ORDER BY i.position), '[]')
            FROM parcel_items pi JOIN order_items i ON i.id = pi.order_item_id WHERE pi.parcel_id = p.id),
          'events', (SELECT json_agg(json_build_object('event', e.event, 'to', e.to_state, 'note', e.note, 'at', e.at) ORDER BY e.id)
            FROM parcel_events e WHERE e.parcel_id = p.id)) ORDER BY p.shipped_at, p.id)
        FROM parcels p WHERE p.order_id = o.id) AS parcels,
      (SELECT json_agg(json_build_object('orderItemId', i.id, 'quantity', i.quantity - i.withdrawn - i.shipped_quantity) ORDER BY i.position)
        FROM order_items i WHERE i.order_id = o.id AND i.quantity > i.withdrawn + i.shipped_quantity) AS "toShip",
      (SELECT r.pieces FROM recordings r WHERE r.room_id = o.room_id AND r.state = 'ready' AND r.visible) AS pieces
    FROM orders o JOIN org_units u ON u.id = o.org_unit_id LEFT JOIN order_address_changes c ON c.order_id = o.id
    WHERE o.id = ANY(${[...ids]}::uuid[])`;
  return new Map(rows.map((row) => [row.id, row]));
}

const instant = (at: string | Date): string => new Date(at).toISOString();

export function toDelivery(row: DeliveryRow, byBuyer: boolean): OrderDelivery {
  const parcels = (row.parcels ?? []).map((parcel) => ({
    ...parcel,
    shippedAt: instant(parcel.shippedAt),
    deliveredAt: parcel.deliveredAt === null ? null : instant(parcel.deliveredAt),
    events: parcel.events.map((event) => ({ ...event, at: instant(event.at) })),
  }));
  const waits = row.state === 'paid';
  const isShipped = row.state === 'shipped';
  const atMs = positionOf(row.pieces ?? [], row.placedAt.getTime());
  return {
    way: row.way,
    pickup:
      row.way === 'pickup'
        ? { code: byBuyer && waits ? row.pickupCode : null, place: row.place, phone: row.phone }
        : null,
    parcels,
    // A refund that failed, or a parcel that came back, leaves pieces to send to an order that was sent, or received, without them.
    toShip: waits || isShipped || row.state === 'received' ? (row.toShip ?? []) : [],
    autoReceiveAt: isShipped && row.autoReceiveAt ? instant(row.autoReceiveAt) : null,
    canExtend: isShipped && row.extendedAt === null && row.autoReceiveAt !== null,
    addressChangeable: waits && row.way === 'parcel' && parcels.length === 0 && row.changedAt === null,
    addressChangedAt: row.changedAt && instant(row.changedAt),
    replay: row.roomId === null || atMs === null ? null : { roomId: row.roomId, atSeconds: Math.floor(atMs / 1_000) },
  };
}
