/**
 * Facts about paid orders go to the mall: the numbered domain events, in their order, each until the mall has it. The position
 * moves after the mall has said yes and never passes a fact, so none is lost; told again after a crash it has the same id. A fact
 * the mall does not take holds the others back, because an order that was refunded must not arrive before it was paid; staff see it
 * and may leave it out.
 */
import type { Db, Sql } from '../../platform/db.ts';
import type { Counts, LaneRow, Lanes } from './lanes.ts';
import type { Mall } from './port.ts';

export const MALL_FACTS = [
  'order.paid',
  'order.shipped',
  'order.received',
  'order.refund_requested',
  'order.partly_refunded',
  'order.refunded',
  'order.refund_failed',
] as const;
const BATCH = 50;

interface FactRow {
  id: string;
  no: bigint;
  type: string;
  at: Date;
  orderId: string;
}
export const nextFacts = (sql: Sql, after: bigint, limit: number) => sql<FactRow>`
  SELECT id, no, type, at, data->>'orderId' AS "orderId" FROM domain_events
  WHERE no > ${after} AND type = ANY(${[...MALL_FACTS]}::text[]) ORDER BY no LIMIT ${limit}`;

/** The order as it is now; the fact's own time may be earlier. */
async function readOrder(sql: Sql, orderId: string): Promise<Record<string, unknown> | undefined> {
  const [row] = await sql<{ order: Record<string, unknown> }>`
    SELECT json_build_object('orderId', o.id, 'orderNo', o.order_no, 'state', o.state, 'unit', o.org_path, 'roomId', o.room_id,
      'delivery', o.delivery, 'receiver', o.address, 'remark', o.remark, 'itemsFen', o.items_fen, 'discountFen', o.discount_fen,
      'shippingFen', o.shipping_fen, 'totalFen', o.total_fen, 'paidFen', o.paid_fen, 'refundedFen', o.refunded_fen,
      'items', (SELECT json_agg(json_build_object('itemId', i.id, 'skuId', i.sku_id, 'skuCode', k.code, 'productCode', p.code,
          'title', i.title, 'skuName', i.sku_name, 'quantity', i.quantity, 'unitPriceFen', i.unit_price_fen, 'amountFen', i.amount_fen,
          'refundedFen', i.refunded_fen, 'gift', i.gift_of IS NOT NULL, 'stockUnit', u.path) ORDER BY i.position)
        FROM order_items i JOIN skus k ON k.id = i.sku_id JOIN products p ON p.id = k.product_id JOIN org_units u ON u.id = i.stock_unit_id
        WHERE i.order_id = o.id)) AS order
    FROM orders o WHERE o.id = ${orderId}::uuid`;
  return row?.order;
}

export function createOrdersLane(deps: { db: Db; lanes: Lanes; mall: Mall }) {
  const { db, lanes, mall } = deps;
  return {
    async push(lane: LaneRow, counts: Counts, stop: AbortSignal): Promise<void> {
      let from = lane.pushedNo;
      for (let found = BATCH; found === BATCH; ) {
        const facts = await nextFacts(db.sql, from, BATCH);
        found = facts.length;
        for (const { id, no, type, at, orderId } of facts) {
          const order = await readOrder(db.sql, orderId);
          counts.seen += 1;
          if (order) await mall.pushOrder({ id, sequence: Number(no), type, at: at.toISOString(), order }, stop);
          if (!(await lanes.pushed(from, no))) return;
          counts.changed += 1;
          from = no;
        }
      }
    },
  };
}
