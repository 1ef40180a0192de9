/** Recomputes what refunds and after-sale cases say of orders; tests, drills and operators ask it whether all agrees. */
import type { Db } from '../../platform/db.ts';
import { openStates } from './after-sales.policy.ts';

/** What is wrong, in words with ids; empty when everything agrees. One snapshot. */
export async function auditAfterSales(db: Pick<Db, 'transaction'>): Promise<string[]> {
  return db.transaction(
    async (tx) => {
      const items = await tx<{ id: string; told: string; counted: string }>`
        SELECT id, told::text, counted::text FROM (
          SELECT i.id, ROW(i.refunded_fen, i.refunding_fen, i.refunded_pieces, i.withdrawn) AS told,
            ROW(coalesce(sum(l.amount_fen) FILTER (WHERE r.state = 'succeeded'), 0)::bigint,
              coalesce(sum(l.amount_fen) FILTER (WHERE r.state IN ('requested', 'processing')), 0)::bigint,
              coalesce(sum(l.pieces) FILTER (WHERE r.state <> 'failed'), 0)::int,
              coalesce(sum(l.withdrawn) FILTER (WHERE r.state <> 'failed'), 0)::int) AS counted
          FROM order_items i LEFT JOIN refund_lines l ON l.order_item_id = i.id LEFT JOIN refunds r ON r.id = l.refund_id
          GROUP BY i.id) a
        WHERE told <> counted`;
      const goods = await tx<{ id: string; restocked: number; back: bigint; replaced: number; sent: bigint }>`
        SELECT * FROM (
          SELECT i.id, i.restocked, i.replaced,
            coalesce((SELECT sum(l.withdrawn) FROM refund_lines l JOIN refunds r ON r.id = l.refund_id AND r.state = 'succeeded'
              WHERE l.order_item_id = i.id), 0)
            + coalesce((SELECT sum(c.restocked) FROM after_sale_lines c WHERE c.order_item_id = i.id), 0) AS back,
            coalesce((SELECT sum(c.quantity) FROM after_sale_lines c JOIN after_sales s ON s.id = c.after_sale_id
              WHERE c.order_item_id = i.id AND s.state = 'exchanged'), 0) AS sent
          FROM order_items i) a
        WHERE restocked <> back OR replaced <> sent`;
      const orders = await tx<{ no: string; refunded: bigint; items: bigint; shipping: bigint; refunds: bigint }>`
        SELECT * FROM (
          SELECT o.order_no AS no, o.refunded_fen AS refunded, o.shipping_refunded_fen AS shipping, o.shipping_refunding_fen AS going,
            coalesce((SELECT sum(i.refunded_fen) FROM order_items i WHERE i.order_id = o.id), 0)::bigint AS items,
            coalesce(sum(r.amount_fen) FILTER (WHERE r.state = 'succeeded'), 0)::bigint AS refunds,
            coalesce(sum(r.shipping_fen) FILTER (WHERE r.state = 'succeeded'), 0)::bigint AS shipping_refunds,
            coalesce(sum(r.shipping_fen) FILTER (WHERE r.state IN ('requested', 'processing')), 0)::bigint AS shipping_going
          FROM orders o LEFT JOIN payments p ON p.order_id = o.id AND p.state = 'captured'
          LEFT JOIN refunds r ON r.payment_id = p.id
          -- Deposits of orders that came to nothing: auditPreSales.
          WHERE o.pre_sale_id IS NULL OR o.paid_at IS NOT NULL GROUP BY o.id) a
        WHERE refunded <> items + shipping OR refunded <> refunds OR shipping <> shipping_refunds OR going <> shipping_going`;
      const states = await tx<{ no: string; state: string }>`
        SELECT no, state FROM (
          SELECT o.order_no AS no, o.state, o.paid_fen > 0 AND o.refunded_fen = o.paid_fen AS whole,
            o.paid_fen = o.refunded_fen + o.shipping_refunding_fen
              + (SELECT coalesce(sum(i.refunding_fen), 0) FROM order_items i WHERE i.order_id = o.id) AS nothing_left
          FROM orders o WHERE o.paid_fen > 0 AND (o.pre_sale_id IS NULL OR o.paid_at IS NOT NULL)) a
        WHERE (state = 'refunded') <> whole OR (state = 'refunding') <> (nothing_left AND NOT whole)`;
      const sums = await tx<{ id: string }>`
        SELECT r.id FROM refunds r JOIN payments p ON p.id = r.payment_id AND p.state = 'captured'
        JOIN orders o ON o.id = r.order_id AND (o.pre_sale_id IS NULL OR o.paid_at IS NOT NULL)
        WHERE r.amount_fen <> r.shipping_fen
          + (SELECT coalesce(sum(l.amount_fen), 0) FROM refund_lines l WHERE l.refund_id = r.id)`;
      const booked = await tx<{ id: string }>`
        SELECT r.id FROM refunds r JOIN payments p ON p.id = r.payment_id AND p.state = 'captured'
        JOIN orders o ON o.id = r.order_id AND (o.pre_sale_id IS NULL OR o.paid_at IS NOT NULL)
        WHERE (r.state = 'succeeded') <> EXISTS (
          SELECT 1 FROM ledger_transfers t JOIN ledger_entries e ON e.transfer_id = t.id JOIN ledger_accounts a ON a.id = e.account_id
          WHERE t.kind = 'order_refunded' AND t.ref = r.id::text AND a.kind = 'store_sales' AND e.amount_fen = r.amount_fen)`;
      const commission = await tx<{ item: string; posted: bigint; due: bigint }>`
        SELECT * FROM (
          SELECT i.id AS item, sum(e.amount_fen)::bigint AS posted, (i.amount_fen - i.refunded_fen) * min(e.bps) / 10000 AS due
          FROM commission_entries e JOIN order_items i ON i.id = e.order_item_id WHERE e.level = 1
          -- Fixed amounts, rulings and voided entries: auditCommissions.
          GROUP BY i.id HAVING bool_and(e.event IN ('paid', 'refunded') AND e.fixed_fen IS NULL)) a
        WHERE posted <> due`;
      const cases = await tx<{ no: string; problem: string }>`
        SELECT no, problem FROM (
          SELECT a.case_no AS no, CASE
            WHEN a.amount_fen <> a.shipping_fen + (SELECT coalesce(sum(l.amount_fen), 0) FROM after_sale_lines l WHERE l.after_sale_id = a.id)
              THEN 'its items say another amount'
            WHEN a.state <> (SELECT s.to_state FROM after_sale_steps s WHERE s.after_sale_id = a.id ORDER BY s.id DESC LIMIT 1)
              THEN 'its history ends elsewhere'
            WHEN a.state = 'refunded' AND NOT coalesce((SELECT bool_and(x.state = 'succeeded') FROM refunds x WHERE r.id IN (x.id, x.asked_with)), false) THEN 'its refund is not done'
            WHEN a.state = 'refunding' AND NOT EXISTS (SELECT 1 FROM refunds x WHERE r.id IN (x.id, x.asked_with) AND x.state IN ('requested', 'processing')) THEN 'its refund is over'
            WHEN a.state IN ('refunding', 'refunded') AND (SELECT sum(x.amount_fen) FROM refunds x WHERE r.id IN (x.id, x.asked_with)) <> a.amount_fen THEN 'its refund is of another amount'
            END AS problem
          FROM after_sales a LEFT JOIN refunds r ON r.id = a.refund_id) a
        WHERE problem IS NOT NULL`;
      const twice = await tx<{ item: string }>`
        SELECT i.id AS item FROM order_items i JOIN after_sale_lines l ON l.order_item_id = i.id
        JOIN after_sales a ON a.id = l.after_sale_id AND a.state = ANY(${openStates.filter((state) => state !== 'refunding')}::text[])
        JOIN orders o ON o.id = i.order_id AND o.state IN ('paid', 'shipped', 'received')
        GROUP BY i.id HAVING sum(l.quantity) > i.quantity`;
      return [
        ...items.map((i) => `order item ${i.id}: says ${i.told}, its refunds ${i.counted}`),
        ...goods.map(
          (i) =>
            `order item ${i.id}: restocked ${i.restocked}, came back ${i.back}; replaced ${i.replaced}, sent ${i.sent}`,
        ),
        ...orders.map(
          (o) =>
            `order ${o.no}: refunded ${o.refunded}, items ${o.items}, shipping ${o.shipping}, refunds ${o.refunds}`,
        ),
        ...states.map((o) => `order ${o.no} is ${o.state}, its refunds say otherwise`),
        ...sums.map((r) => `refund ${r.id} is not the sum of its parts`),
        ...booked.map((r) => `refund ${r.id}: the ledger says otherwise`),
        ...commission.map((c) => `order item ${c.item}: commission ${c.posted}, due ${c.due}`),
        ...cases.map((c) => `case ${c.no}: ${c.problem}`),
        ...twice.map((t) => `order item ${t.item}: more pieces are asked for than there are`),
      ];
    },
    { isolation: 'repeatable read' },
  );
}
