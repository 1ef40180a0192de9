/** Recomputes groups from their seats and orders; tests, drills and operators ask it whether all agrees. */
import type { Db } from '../../platform/db.ts';

/** What is wrong, in words with ids; empty when everything agrees. One snapshot. */
export async function auditGroupBuys(db: Pick<Db, 'transaction'>): Promise<string[]> {
  return db.transaction(
    async (tx) => {
      const groups = await tx<{ id: string; state: string; held: number; paid: number; h: bigint; p: bigint }>`
        SELECT * FROM (
          SELECT g.id, g.state, g.size, g.held, g.paid,
            (SELECT count(*) FROM group_seats s WHERE s.group_id = g.id AND s.state IN ('held', 'paid')) AS h,
            (SELECT count(*) FROM group_seats s WHERE s.group_id = g.id AND s.state = 'paid') AS p,
            (SELECT t.to_state FROM group_buy_transitions t WHERE t.group_id = g.id ORDER BY t.id DESC LIMIT 1) AS told
          FROM group_buys g) a
        WHERE (state = 'open' AND (held <> h OR paid <> p)) OR (state = 'complete' AND (p <> size OR h <> size))
          OR (state = 'expired' AND h <> p) OR told IS DISTINCT FROM state`;
      // An order and its seat say the same. One whose refund the provider refused is paid without a seat: somebody looks at it.
      const seats = await tx<{ orderId: string; seat: string; state: string }>`
        SELECT o.id AS "orderId", s.state AS seat, o.state FROM group_seats s JOIN orders o ON o.id = s.order_id JOIN group_buys g ON g.id = s.group_id
        WHERE o.group_buy_id IS DISTINCT FROM s.group_id OR s.person_id <> o.person_id
          OR (s.state = 'held') <> (o.state = 'pending_payment')
          OR (s.state = 'released') <> (o.state IN ('cancelled', 'expired'))
          OR (g.state <> 'complete' AND s.state = 'paid' AND o.state <> 'paid')
          OR (g.state <> 'complete' AND o.shipped_at IS NOT NULL)`;
      const buyers = await tx<{ campaign: string; person: string; counted: number; has: bigint }>`
        SELECT * FROM (
          SELECT b.campaign_id AS campaign, b.person_id AS person, b.quantity AS counted, coalesce((
            SELECT sum(s.quantity) FROM group_seats s JOIN group_buys g ON g.id = s.group_id
            WHERE g.campaign_id = b.campaign_id AND s.person_id = b.person_id AND s.state IN ('held', 'paid')), 0) AS has, c.per_person AS allowed
          FROM group_buyers b JOIN group_campaigns c ON c.id = b.campaign_id) a WHERE counted <> has OR counted > allowed`;
      const campaigns = await tx<{ id: string; groups: number; counted: bigint }>`
        SELECT * FROM (
          SELECT c.id, c.groups, (SELECT count(*) FROM group_buys g WHERE g.campaign_id = c.id AND g.state <> 'expired') AS counted
          FROM group_campaigns c) a WHERE groups <> counted`;
      return [
        ...groups.map((g) => `group ${g.id} is ${g.state}: held ${g.held}/${g.h}, paid ${g.paid}/${g.p}`),
        ...seats.map((s) => `order ${s.orderId} is ${s.state}, its seat ${s.seat}`),
        ...buyers.map((b) => `campaign ${b.campaign} person ${b.person}: counted ${b.counted}, has ${b.has}`),
        ...campaigns.map((c) => `campaign ${c.id}: groups ${c.groups}, there are ${c.counted}`),
      ];
    },
    { isolation: 'repeatable read' },
  );
}
