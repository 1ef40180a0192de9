/** Recomputes the numbers of coupons from the coupons and from the orders; tests, drills and operators ask it whether all agrees. */
import type { Db } from '../../platform/db.ts';

/** What is wrong, in words with ids; empty when everything agrees. One snapshot. */
export async function auditCoupons(db: Pick<Db, 'transaction'>): Promise<string[]> {
  return db.transaction(
    async (tx) => {
      const kinds = await tx<{ id: string; claimed: number; people: bigint; aside: number; running: bigint }>`
        SELECT * FROM (
          SELECT k.id, k.claimed, k.set_aside AS aside,
            (SELECT count(*) FROM coupons c LEFT JOIN coupon_drops d ON d.id = c.drop_id
              WHERE c.kind_id = k.id AND d.state IS DISTINCT FROM 'running') AS people,
            coalesce((SELECT sum(d.count) FROM coupon_drops d WHERE d.kind_id = k.id AND d.state = 'running'), 0) AS running
          FROM coupon_kinds k) a
        WHERE claimed <> people OR aside <> running`;
      const drops = await tx<{ id: string; taken: number; people: bigint }>`
        SELECT * FROM (SELECT d.id, d.taken, (SELECT count(*) FROM coupons c WHERE c.drop_id = d.id) AS people FROM coupon_drops d) a
        WHERE taken <> people`;
      const holders = await tx<{ kind: string; person: string; had: bigint; counted: bigint; limit: number }>`
        SELECT * FROM (
          SELECT coalesce(h.kind_id, c.kind_id) AS kind, coalesce(h.person_id, c.person_id) AS person, coalesce(c.had, 0) AS had,
            coalesce(h.quantity, 0)::bigint AS counted, k.per_person AS limit
          FROM (SELECT kind_id, person_id, count(*) AS had FROM coupons GROUP BY kind_id, person_id) c
          FULL JOIN coupon_holders h ON h.kind_id = c.kind_id AND h.person_id = c.person_id
          JOIN coupon_kinds k ON k.id = coalesce(h.kind_id, c.kind_id)) a
        WHERE had <> counted OR had > a.limit`;
      const used = await tx<{ id: string; state: string; uses: bigint }>`
        SELECT * FROM (
          SELECT c.id, c.state, c.order_id, (SELECT count(*) FROM order_coupons t JOIN orders o ON o.id = t.order_id WHERE t.coupon_id = c.id
            AND (o.state NOT IN ('cancelled', 'expired', 'refunded') OR (o.state = 'refunded' AND c.order_id = o.id AND c.expires_at <= o.closed_at))) AS uses
          FROM coupons c) a
        WHERE uses <> CASE state WHEN 'used' THEN 1 ELSE 0 END`;
      const orders = await tx<{ no: string; discount: bigint; off: bigint; shares: bigint }>`
        SELECT * FROM (
          SELECT o.order_no AS no, o.discount_fen AS discount,
            (SELECT coalesce(sum(i.discount_fen), 0)::bigint FROM order_items i WHERE i.order_id = o.id) AS shares,
            (SELECT coalesce(sum(t.off_fen), 0)::bigint FROM order_coupons t WHERE t.order_id = o.id) AS off,
            o.coupon_id IS DISTINCT FROM (SELECT t.coupon_id FROM order_coupons t WHERE t.order_id = o.id AND t.position = 0) AS other_first,
            EXISTS (SELECT 1 FROM order_coupons t JOIN coupons c ON c.id = t.coupon_id
              WHERE t.order_id = o.id AND (c.person_id <> o.person_id OR t.off_fen <> c.off_fen OR c.min_spend_fen > o.items_fen
                - (SELECT coalesce(sum(e.off_fen), 0) FROM order_coupons e WHERE e.order_id = o.id AND e.position < t.position))) AS wrong,
            EXISTS (SELECT 1 FROM order_coupons t JOIN coupons c ON c.id = t.coupon_id JOIN coupon_kinds k ON k.id = c.kind_id
              WHERE t.order_id = o.id GROUP BY t.order_id
              HAVING count(*) > 1 AND (count(DISTINCT k.stack_group) < count(*) OR bool_or(k.stacking = 'alone'))) AS mixed
          FROM orders o) a
        WHERE discount <> shares OR (off > 0 AND discount <> off) OR other_first OR wrong OR mixed`;
      return [
        ...kinds.map(
          (k) =>
            `coupon kind ${k.id}: claimed ${k.claimed}, people ${k.people}; set aside ${k.aside}, drops ${k.running}`,
        ),
        ...drops.map((d) => `coupon drop ${d.id}: taken ${d.taken}, people ${d.people}`),
        ...holders.map(
          (h) => `coupon kind ${h.kind} person ${h.person}: has ${h.had}, counted ${h.counted}, limit ${h.limit}`,
        ),
        ...used.map((c) => `coupon ${c.id} is ${c.state}, ${c.uses} orders use it`),
        ...orders.map((o) => `order ${o.no}: discount ${o.discount}, coupons ${o.off}, items ${o.shares}`),
      ];
    },
    { isolation: 'repeatable read' },
  );
}
