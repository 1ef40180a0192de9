/** Recomputes pre-sales from their orders, payments and books; tests, drills and operators ask it whether all agrees. */
import type { Db } from '../../platform/db.ts';

/** What is wrong, in words with ids; empty when everything agrees. One snapshot. */
export async function auditPreSales(db: Pick<Db, 'transaction'>): Promise<string[]> {
  return db.transaction(
    async (tx) => {
      const orders = await tx<{ id: string; state: string; problem: string }>`
        SELECT id, state, problem FROM (
          SELECT o.id, o.state, CASE
            WHEN d.order_id IS NULL OR d.campaign_id IS DISTINCT FROM o.pre_sale_id THEN 'has no terms'
            WHEN d.deposit_fen + d.balance_fen <> o.total_fen THEN 'deposit and balance are not its total'
            WHEN d.worth_fen - d.deposit_fen <> o.discount_fen THEN 'what its deposit counts as is not its discount'
            WHEN (o.state = 'deposit_paid') <> (d.due_at IS NOT NULL) THEN 'is due in another state'
            WHEN o.paid_fen <> CASE WHEN o.paid_at IS NOT NULL THEN o.total_fen WHEN d.deposit_paid_at IS NOT NULL THEN d.deposit_fen ELSE 0 END
              THEN 'was paid another amount'
            WHEN (o.paid_at IS NOT NULL) <> (o.state IN ('paid', 'shipped', 'received', 'refunding', 'refunded')) THEN 'is paid in another state'
            WHEN o.state IN ('deposit_paid', 'forfeited') AND (o.paid_fen <> d.deposit_fen OR o.refunded_fen <> 0) THEN 'does not hold its deposit'
            WHEN o.paid_at IS NULL AND o.refunded_fen <> coalesce((SELECT sum(r.amount_fen) FROM refunds r JOIN payments p ON p.id = r.payment_id
              WHERE r.order_id = o.id AND r.state = 'succeeded' AND p.state = 'captured'), 0) THEN 'was given back another amount'
            -- A deposit that its provider refused to return is known: somebody looks at it.
            WHEN o.state IN ('cancelled', 'expired') AND o.paid_fen > 0 AND NOT EXISTS (SELECT 1 FROM refunds r JOIN payments p ON p.id = r.payment_id
              WHERE r.order_id = o.id AND p.part = 'deposit' AND p.state = 'captured') THEN 'kept a deposit nobody asked back'
            WHEN EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.state = 'captured'
              AND p.captured_fen <> CASE p.part WHEN 'deposit' THEN d.deposit_fen WHEN 'balance' THEN d.balance_fen END) THEN 'a part is of another amount'
            END AS problem
          FROM orders o LEFT JOIN pre_sale_orders d ON d.order_id = o.id WHERE o.pre_sale_id IS NOT NULL OR d.order_id IS NOT NULL) a
        WHERE problem IS NOT NULL`;
      const campaigns = await tx<{ id: string; taken: number; counted: bigint }>`
        SELECT * FROM (
          SELECT c.id, c.taken, coalesce((SELECT sum(d.quantity) FROM pre_sale_orders d JOIN orders o ON o.id = d.order_id
            WHERE d.campaign_id = c.id AND o.state NOT IN ('cancelled', 'expired', 'forfeited')), 0) AS counted
          FROM pre_sale_campaigns c) a WHERE taken <> counted`;
      const buyers = await tx<{ campaign: string; person: string; counted: number; has: bigint }>`
        SELECT * FROM (
          SELECT b.campaign_id AS campaign, b.person_id AS person, b.quantity AS counted, c.per_person AS allowed, coalesce((
            SELECT sum(d.quantity) FROM pre_sale_orders d JOIN orders o ON o.id = d.order_id
            WHERE d.campaign_id = b.campaign_id AND o.person_id = b.person_id AND o.state NOT IN ('cancelled', 'expired', 'forfeited')), 0) AS has
          FROM pre_sale_buyers b JOIN pre_sale_campaigns c ON c.id = b.campaign_id) a WHERE counted <> has OR counted > allowed`;
      const books = await tx<{ unit: string; booked: bigint; owed: bigint }>`
        SELECT * FROM (
          SELECT u.id AS unit,
            coalesce((SELECT -sum(a.balance_fen) FROM ledger_accounts a WHERE a.kind = 'pre_sale_deposits' AND a.owner = u.id::text), 0)::bigint AS booked,
            coalesce((SELECT sum(o.paid_fen - o.refunded_fen) FROM orders o WHERE o.org_unit_id = u.id AND o.pre_sale_id IS NOT NULL
              AND o.paid_at IS NULL AND o.state <> 'forfeited'), 0)::bigint AS owed
          FROM org_units u) b WHERE booked <> owed`;
      return [
        ...orders.map((o) => `pre-sale order ${o.id} is ${o.state}: ${o.problem}`),
        ...campaigns.map((c) => `pre-sale ${c.id}: taken ${c.taken}, orders say ${c.counted}`),
        ...buyers.map((b) => `pre-sale ${b.campaign} person ${b.person}: counted ${b.counted}, has ${b.has}`),
        ...books.map((b) => `unit ${b.unit}: deposits owed ${b.booked}, orders say ${b.owed}`),
      ];
    },
    { isolation: 'repeatable read' },
  );
}
