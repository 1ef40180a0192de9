/** Holds lines, bills, entries and ledger against one another; tests, drills and operators ask it whether all agrees. */
import type { Db } from '../../platform/db.ts';

/** What is wrong, in words with ids; empty when everything agrees. One snapshot. */
export async function auditSettlements(db: Pick<Db, 'transaction'>): Promise<string[]> {
  return db.transaction(
    async (tx) => {
      const lines = await tx<{ id: string; state: string; gross: bigint; counted: bigint }>`
        SELECT * FROM (
          SELECT l.id, l.state, l.gross_fen AS gross, coalesce((SELECT sum(e.amount_fen) FROM commission_parts e
            WHERE e.settlement_line_id = l.id AND e.state = CASE l.state WHEN 'paid' THEN 'paid' ELSE 'claimed' END), 0)::bigint AS counted
          FROM settlement_lines l WHERE l.source = 'commission') a
        WHERE counted <> CASE WHEN state IN ('claimed', 'paid') THEN gross ELSE 0 END`;
      const strays = await tx<{ id: string; state: string }>`
        SELECT e.id, e.state FROM commission_parts e LEFT JOIN settlement_lines l ON l.id = e.settlement_line_id
        WHERE (e.state IN ('claimed', 'paid')) <> coalesce(l.state IN ('claimed', 'paid'), false)
          OR (e.state = 'paid') <> coalesce(l.state = 'paid', false)`;
      const bills = await tx<{ id: string; state: string }>`
        SELECT l.id, l.state FROM settlement_lines l LEFT JOIN LATERAL (
          SELECT count(*) FILTER (WHERE state = 'succeeded') AS paid, count(*) FILTER (WHERE ended_at IS NULL) AS open,
            sum(gross_fen) FILTER (WHERE state NOT IN ('failed', 'cancelled')) AS fen FROM payout_bills b WHERE b.line_id = l.id) b ON true
        WHERE b.paid <> CASE l.state WHEN 'paid' THEN 1 ELSE 0 END OR b.open <> CASE l.state WHEN 'claimed' THEN 1 ELSE 0 END
          OR coalesce(b.fen, 0) <> CASE WHEN l.state IN ('claimed', 'paid') THEN l.gross_fen ELSE 0 END`;
      const transit = await tx<{ owner: string; booked: bigint; due: bigint }>`
        SELECT * FROM (
          SELECT coalesce(a.owner, b.owner) AS owner, coalesce(a.booked, 0)::bigint AS booked, coalesce(b.due, 0)::bigint AS due
          FROM (SELECT owner, -balance_fen AS booked FROM ledger_accounts WHERE kind = 'payout_transit') a
          FULL JOIN (SELECT person_id::text AS owner, sum(gross_fen)::bigint AS due FROM payout_bills WHERE ended_at IS NULL GROUP BY person_id) b
            ON b.owner = a.owner) t
        WHERE booked <> due`;
      const [sums] = await tx<{ cleared: bigint; paid: bigint; taxed: bigint; withheld: bigint }>`
        SELECT coalesce((SELECT -sum(balance_fen) FROM ledger_accounts WHERE kind = 'payout_clearing'), 0)::bigint AS cleared,
          coalesce((SELECT sum(net_fen) FROM payout_bills WHERE state = 'succeeded'), 0)::bigint AS paid,
          coalesce((SELECT -sum(balance_fen) FROM ledger_accounts WHERE kind = 'tax_withheld'), 0)::bigint AS taxed,
          coalesce((SELECT sum(withheld_fen) FROM payout_bills WHERE state = 'succeeded'), 0)::bigint AS withheld`;
      const owed = await tx<{ owner: string; booked: bigint; due: bigint }>`
        SELECT * FROM (
          SELECT coalesce(a.owner, b.owner) AS owner, coalesce(a.booked, 0)::bigint AS booked, coalesce(b.due, 0)::bigint AS due
          FROM (SELECT owner, -balance_fen AS booked FROM ledger_accounts WHERE kind = 'commission_payable') a
          FULL JOIN (SELECT beneficiary_id::text AS owner, sum(amount_fen)::bigint AS due FROM commission_parts
            WHERE state NOT IN ('claimed', 'paid') GROUP BY beneficiary_id) b ON b.owner = a.owner) t
        WHERE booked <> due`;
      const histories = await tx<{ id: string }>`
        SELECT r.id FROM settlement_runs r WHERE r.state <> (
          SELECT e.to_state FROM settlement_run_events e WHERE e.run_id = r.id ORDER BY e.id DESC LIMIT 1)
        UNION ALL
        SELECT b.id FROM payout_bills b WHERE b.ended_at IS NOT NULL AND b.state <> (
          SELECT e.to_state FROM payout_bill_events e WHERE e.bill_id = b.id ORDER BY e.id DESC LIMIT 1)`;
      const statements = await tx<{ id: string }>`
        SELECT s.id FROM (SELECT id, since, lag(until) OVER (PARTITION BY store_id ORDER BY until) AS before FROM store_statements) s
        WHERE s.before IS NOT NULL AND s.since <> s.before`;
      const money = (what: string, booked: bigint | undefined, due: bigint | undefined) =>
        booked === due ? [] : [`${what}: ledger ${booked}, bills ${due}`];
      return [
        ...lines.map((l) => `line ${l.id} is ${l.state} with ${l.gross}, its entries say ${l.counted}`),
        ...strays.map((e) => `entry ${e.id} is ${e.state}, its line says otherwise`),
        ...bills.map((l) => `line ${l.id} is ${l.state}, its bills say otherwise`),
        ...transit.map((t) => `in transit to ${t.owner}: ledger ${t.booked}, bills ${t.due}`),
        ...owed.map((t) => `owed to ${t.owner}: ledger ${t.booked}, entries ${t.due}`),
        ...money('transferred', sums?.cleared, sums?.paid),
        ...money('withheld', sums?.taxed, sums?.withheld),
        ...histories.map(({ id }) => `history of ${id} ends elsewhere`),
        ...statements.map(({ id }) => `statement ${id} does not begin where the one before it ended`),
      ];
    },
    { isolation: 'repeatable read' },
  );
}
