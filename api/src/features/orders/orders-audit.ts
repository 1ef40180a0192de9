/** Recomputes stock, offers, payments and refunds from the orders; tests, drills and operators ask it whether all agrees. */
import type { Db } from '../../platform/db.ts';

/** What is wrong, in words with ids; empty when everything agrees. One snapshot of the whole shop. */
export async function auditOrders(db: Pick<Db, 'transaction'>): Promise<string[]> {
  return db.transaction(
    async (tx) => {
      const stock = await tx<{
        sku: string;
        unit: string;
        reserved: number;
        held: bigint;
        sold: bigint;
        moved: bigint;
      }>`
        SELECT * FROM (
          SELECT s.sku_id AS sku, s.org_unit_id AS unit, s.reserved,
            coalesce((SELECT sum(i.quantity) FROM order_items i JOIN orders o ON o.id = i.order_id
              WHERE i.sku_id = s.sku_id AND i.stock_unit_id = s.org_unit_id AND o.state IN ('pending_payment', 'deposit_paid')), 0) AS held,
            coalesce((SELECT sum(i.quantity - i.restocked + i.replaced) FROM order_items i JOIN orders o ON o.id = i.order_id
              WHERE i.sku_id = s.sku_id AND i.stock_unit_id = s.org_unit_id AND o.paid_at IS NOT NULL), 0) AS sold,
            coalesce((SELECT -sum(m.delta) FROM stock_movements m
              WHERE m.sku_id = s.sku_id AND m.org_unit_id = s.org_unit_id AND m.reason IN ('sale', 'refund', 'exchange')), 0) AS moved
          FROM stocks s) a
        WHERE reserved <> held OR sold <> moved`;
      const offers = await tx<{ id: string; taken: number; counted: bigint }>`
        SELECT * FROM (
          SELECT f.id, f.taken, coalesce((SELECT sum(i.quantity) FROM order_items i JOIN orders o ON o.id = i.order_id
            WHERE i.offer_id = f.id AND o.state NOT IN ('cancelled', 'expired', 'forfeited')), 0) AS counted FROM offers f) a
        WHERE taken <> counted`;
      const shares = await tx<{ offer_id: string; person_id: string; quantity: number; counted: bigint }>`
        SELECT * FROM (
          SELECT p.offer_id, p.person_id, p.quantity, coalesce((SELECT sum(i.quantity) FROM order_items i JOIN orders o ON o.id = i.order_id
            WHERE i.offer_id = p.offer_id AND o.person_id = p.person_id AND o.state NOT IN ('cancelled', 'expired', 'forfeited')), 0) AS counted
          FROM offer_purchases p) a
        WHERE quantity <> counted`;
      const bundles = await tx<{ id: string; taken: number; counted: bigint }>`
        SELECT * FROM (
          SELECT b.id, b.taken, coalesce((SELECT sum(t.quantity) FROM order_bundles t JOIN orders o ON o.id = t.order_id
            WHERE t.bundle_id = b.id AND o.state NOT IN ('cancelled', 'expired')), 0) AS counted FROM bundles b) a
        WHERE taken <> counted`;
      const bundleShares = await tx<{ bundle_id: string; person_id: string; quantity: number; counted: bigint }>`
        SELECT * FROM (
          SELECT p.bundle_id, p.person_id, p.quantity, coalesce((SELECT sum(t.quantity) FROM order_bundles t
            JOIN orders o ON o.id = t.order_id WHERE t.bundle_id = p.bundle_id AND o.person_id = p.person_id
              AND o.state NOT IN ('cancelled', 'expired')), 0) AS counted
          FROM bundle_purchases p) a
        WHERE quantity <> counted`;
      const bundlePrices = await tx<{ order_no: string; bundle_id: string; due: bigint; counted: bigint }>`
        SELECT * FROM (
          SELECT o.order_no, t.bundle_id, t.quantity * t.price_fen AS due, coalesce((SELECT sum(i.unit_price_fen * i.quantity)
            FROM order_items i WHERE i.order_id = o.id AND i.bundle_id = t.bundle_id), 0) AS counted
          FROM order_bundles t JOIN orders o ON o.id = t.order_id) a
        WHERE due <> counted`;
      const gifts = await tx<{ id: string; taken: number; counted: bigint }>`
        SELECT * FROM (
          SELECT f.id, f.gift_taken AS taken, coalesce((SELECT sum(gift.quantity) FROM order_items gift
            JOIN order_items goods ON goods.id = gift.gift_of JOIN orders o ON o.id = gift.order_id
            WHERE goods.offer_id = f.id AND o.state NOT IN ('cancelled', 'expired')), 0) AS counted FROM offers f) a
        WHERE taken <> counted`;
      const payments = await tx<{ order_no: string; state: string }>`
        SELECT o.order_no, o.state FROM orders o
        WHERE o.paid_fen <> coalesce((SELECT sum(p.captured_fen) FROM payments p WHERE p.order_id = o.id AND p.state = 'captured'), 0)
          -- A deposit alone is not the order's price: auditPreSales knows what it has to be.
          OR (o.state IN ('paid', 'shipped', 'received', 'refunding', 'refunded')) <> (o.paid_fen > 0 AND (o.pre_sale_id IS NULL OR o.paid_at IS NOT NULL))
          OR (o.state = 'refunded') <> (o.paid_fen > 0 AND o.refunded_fen = o.paid_fen AND (o.pre_sale_id IS NULL OR o.paid_at IS NOT NULL))`;
      const refunds = await tx<{ id: string }>`
        SELECT p.id FROM payments p WHERE p.refunded_fen <> coalesce((
          SELECT sum(r.amount_fen) FROM refunds r WHERE r.payment_id = p.id AND r.state <> 'failed'), 0)`;
      const [clearing] = await tx<{ booked: bigint; due: bigint }>`
        SELECT coalesce((SELECT sum(balance_fen) FROM ledger_accounts WHERE kind = 'provider_clearing'), 0)::bigint AS booked,
          (coalesce((SELECT sum(captured_fen) FROM payments), 0)
            - coalesce((SELECT sum(amount_fen) FROM refunds WHERE state = 'succeeded'), 0))::bigint AS due`;
      const lost = await tx<{ id: string }>`
        SELECT o.id FROM orders o WHERE o.state <> (SELECT t.to_state FROM order_transitions t WHERE t.order_id = o.id ORDER BY t.id DESC LIMIT 1)`;
      return [
        ...stock.map(
          (s) =>
            `stock ${s.sku} at ${s.unit}: reserved ${s.reserved}, held ${s.held}; sold ${s.sold}, moved ${s.moved}`,
        ),
        ...offers.map((o) => `offer ${o.id}: taken ${o.taken}, orders say ${o.counted}`),
        ...shares.map((p) => `offer ${p.offer_id} person ${p.person_id}: ${p.quantity}, orders say ${p.counted}`),
        ...bundles.map((b) => `bundle ${b.id}: taken ${b.taken}, orders say ${b.counted}`),
        ...bundleShares.map(
          (p) => `bundle ${p.bundle_id} person ${p.person_id}: ${p.quantity}, orders say ${p.counted}`,
        ),
        ...bundlePrices.map(
          (b) => `order ${b.order_no} bundle ${b.bundle_id}: costs ${b.due}, its pieces ${b.counted}`,
        ),
        ...gifts.map((g) => `gift of offer ${g.id}: taken ${g.taken}, orders say ${g.counted}`),
        ...payments.map((o) => `order ${o.order_no} is ${o.state}, its payments say otherwise`),
        ...refunds.map((p) => `payment ${p.id}: refunded sum is not that of its refunds`),
        ...(clearing?.booked === clearing?.due ? [] : [`clearing ${clearing?.booked}, payments say ${clearing?.due}`]),
        ...lost.map((o) => `order ${o.id}: its history ends elsewhere`),
      ];
    },
    { isolation: 'repeatable read' },
  );
}
