/** Recomputes balances, lots and what refunds took back; tests, drills and operators ask it whether all agrees. */
import type { Db } from '../../platform/db.ts';

/** What is wrong, in words with ids; empty when everything agrees. One snapshot. */
export async function auditPoints(db: Pick<Db, 'transaction'>): Promise<string[]> {
  return db.transaction(
    async (tx) => {
      const accounts = await tx<{ person: string; balance: bigint; entries: bigint; lots: bigint }>`
        SELECT * FROM (
          SELECT a.person_id AS person, a.balance, coalesce((SELECT sum(e.amount) FROM points_entries e WHERE e.person_id = a.person_id), 0) AS entries,
            coalesce((SELECT sum(l.remaining) FROM points_lots l WHERE l.person_id = a.person_id), 0) AS lots
          FROM points_accounts a) s WHERE balance <> entries OR greatest(balance, 0) <> lots`;
      const lots = await tx<{ order: string; kept: bigint; due: bigint }>`
        SELECT * FROM (
          SELECT l.order_id AS "order", l.granted - l.reversed AS kept,
            div((SELECT sum(i.amount_fen - i.refunded_fen) FROM order_items i WHERE i.order_id = l.order_id) * l.bps, 10000) AS due
          FROM points_lots l) s WHERE kept <> due`;
      const earned = await tx<{ order: string }>`
        SELECT l.order_id AS "order" FROM points_lots l LEFT JOIN points_entries e ON e.kind = 'earn' AND e.ref = l.order_id
        WHERE e.amount IS DISTINCT FROM l.granted OR e.person_id <> l.person_id`;
      const spent = await tx<{ coupon: string }>`
        SELECT coalesce(c.id, e.ref) AS coupon FROM (SELECT * FROM coupons WHERE source = 'points') c
        FULL JOIN (SELECT * FROM points_entries WHERE kind = 'spend') e ON e.ref = c.id
        WHERE c.id IS NULL OR e.id IS NULL OR c.person_id <> e.person_id`;
      const taken = await tx<{ id: string; taken: number; coupons: bigint }>`
        SELECT * FROM (
          SELECT k.id, (SELECT sum(x.taken) FROM points_exchanges x WHERE x.kind_id = k.id) AS taken,
            (SELECT count(*) FROM coupons c WHERE c.kind_id = k.id AND c.source = 'points') AS coupons
          FROM coupon_kinds k WHERE EXISTS (SELECT 1 FROM points_exchanges x WHERE x.kind_id = k.id)) s WHERE taken <> coupons`;
      return [
        ...accounts.map((a) => `person ${a.person}: balance ${a.balance}, entries ${a.entries}, lots ${a.lots}`),
        ...lots.map((l) => `order ${l.order}: keeps ${l.kept} points, its items say ${l.due}`),
        ...earned.map((l) => `order ${l.order}: its lot and its entry disagree`),
        ...spent.map((s) => `coupon ${s.coupon}: points and coupon disagree`),
        ...taken.map((t) => `kind ${t.id}: ${t.taken} exchanges, ${t.coupons} coupons`),
      ];
    },
    { isolation: 'repeatable read' },
  );
}
