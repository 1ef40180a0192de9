/** Recounts what left from the parcels; tests, drills and operators ask it whether all agrees. */
import type { Db } from '../../platform/db.ts';

/** What is wrong, in words with ids; empty when everything agrees. */
export async function auditParcels(db: Pick<Db, 'sql'>): Promise<string[]> {
  const items = await db.sql<{ id: string; shipped: number; counted: bigint }>`
    SELECT * FROM (
      SELECT i.id, i.shipped_quantity AS shipped, CASE o.delivery WHEN 'pickup' THEN i.shipped_quantity
        ELSE coalesce((SELECT sum(p.quantity) FROM parcel_items p WHERE p.order_item_id = i.id), 0) END AS counted
      FROM order_items i JOIN orders o ON o.id = i.order_id) a
    WHERE shipped <> counted`;
  const parcels = await db.sql<{ id: string }>`
    SELECT p.id FROM parcels p WHERE p.state <> (SELECT e.to_state FROM parcel_events e WHERE e.parcel_id = p.id ORDER BY e.id DESC LIMIT 1)
      OR NOT EXISTS (SELECT 1 FROM parcel_items i JOIN order_items o ON o.id = i.order_item_id
        WHERE i.parcel_id = p.id AND o.order_id = p.order_id)`;
  const unsent = await db.sql<{ orderNo: string }>`
    SELECT order_no AS "orderNo" FROM orders o WHERE state = 'paid' AND delivery = 'parcel'
      AND EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = o.id AND i.shipped_quantity > 0)
      AND NOT EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = o.id AND i.quantity > i.withdrawn + i.shipped_quantity)
      AND NOT EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = o.id AND i.refunding_fen > 0)`;
  return [
    ...items.map((i) => `order item ${i.id}: ${i.shipped} left, its parcels say ${i.counted}`),
    ...parcels.map((p) => `parcel ${p.id}: its history ends elsewhere, or it is empty`),
    ...unsent.map((o) => `order ${o.orderNo}: everything left, but it is not shipped`),
  ];
}
