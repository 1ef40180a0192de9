/** Recomputes what entries, bonuses and ledger must say of each other; tests, drills and operators ask it (rules K1–K4, M2). */
import type { Db } from '../../platform/db.ts';

/** Transfers of what is owed for entries and bonuses; payouts are others. */
const ENTRY_TRANSFERS = [
  'commission_earned',
  'commission_taken_back',
  'commission_ruled',
  'commission_voided',
  'commission_bonus',
];

/** What is wrong, in words with ids; empty when everything agrees. One snapshot. */
export async function auditCommissions(db: Pick<Db, 'transaction'>): Promise<string[]> {
  return db.transaction(
    async (tx) => {
      // Per item, level and person: the last entry says the basis, the first the rate.
      const groups = await tx<{
        item: string;
        level: number;
        person: string;
        posted: string;
        due: string;
        basis: string;
        left: string;
      }>`
        WITH e AS (SELECT x.*, coalesce(p.merged_into, p.id) AS person FROM commission_entries x JOIN people p ON p.id = x.beneficiary_id),
        g AS (
          SELECT order_item_id AS item, level, person, sum(amount_fen) AS posted,
            (array_agg(basis_fen ORDER BY seq DESC))[1] AS basis, (array_agg(bps ORDER BY seq))[1] AS bps, (array_agg(fixed_fen ORDER BY seq))[1] AS fixed,
            bool_or(event = 'voided') AS voided,
            coalesce((array_agg(event = 'ruled' AND basis_fen = 0 ORDER BY seq DESC) FILTER (WHERE event <> 'refunded'))[1], false) AS taken
          FROM e GROUP BY 1, 2, 3),
        d AS (
          SELECT g.*, CASE WHEN voided OR taken THEN 0 ELSE i.amount_fen - i.refunded_fen END AS wanted_basis,
            CASE WHEN voided OR taken THEN 0 WHEN fixed IS NULL THEN (i.amount_fen - i.refunded_fen) * bps / 10000
              ELSE least(i.amount_fen - i.refunded_fen, fixed * (i.quantity - coalesce((SELECT sum(l.pieces) FROM refund_lines l
                JOIN refunds r ON r.id = l.refund_id WHERE l.order_item_id = i.id AND r.state = 'succeeded'), 0))) END AS due
          FROM g JOIN order_items i ON i.id = g.item)
        SELECT item, level, person, posted::text, due::text, basis::text, wanted_basis::text AS left FROM d
        WHERE posted <> due OR basis <> wanted_basis`;
      const twice = await tx<{ item: string; level: number }>`
        SELECT order_item_id AS item, level FROM (
          SELECT DISTINCT ON (x.order_item_id, x.level, coalesce(p.merged_into, p.id)) x.order_item_id, x.level, x.basis_fen
          FROM commission_entries x JOIN people p ON p.id = x.beneficiary_id
          ORDER BY x.order_item_id, x.level, coalesce(p.merged_into, p.id), x.seq DESC) last
        WHERE basis_fen > 0 GROUP BY 1, 2 HAVING count(*) > 1`;
      const reversed = await tx<{ item: string; sum: string }>`
        SELECT order_item_id AS item, sum(amount_fen)::text AS sum FROM commission_entries WHERE state = 'reversed'
        GROUP BY order_item_id, level, beneficiary_id HAVING sum(amount_fen) <> 0`;
      const history = await tx<{ id: string }>`
        SELECT e.id FROM commission_entries e
        WHERE e.state IS DISTINCT FROM (SELECT t.to_state FROM commission_transitions t WHERE t.entry_id = e.id ORDER BY t.id DESC LIMIT 1)
          OR EXISTS (SELECT 1 FROM (SELECT t.from_state, lag(t.to_state) OVER (ORDER BY t.id) AS before FROM commission_transitions t
            WHERE t.entry_id = e.id) s WHERE s.from_state IS DISTINCT FROM s.before)`;
      const owed = await tx<{ person: string; entries: string; booked: string }>`
        WITH says AS (
          SELECT beneficiary_id::text AS person, sum(amount_fen) AS fen FROM (
            SELECT beneficiary_id, amount_fen FROM commission_entries UNION ALL SELECT beneficiary_id, amount_fen FROM commission_bonuses) x GROUP BY 1),
        books AS (
          SELECT a.owner AS person, -sum(e.amount_fen) AS fen FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id
          JOIN ledger_transfers t ON t.id = e.transfer_id
          WHERE a.kind = 'commission_payable' AND t.kind = ANY(${ENTRY_TRANSFERS}::text[]) GROUP BY 1)
        SELECT coalesce(s.person, b.person) AS person, coalesce(s.fen, 0)::text AS entries, coalesce(b.fen, 0)::text AS booked
        FROM says s FULL JOIN books b ON b.person = s.person WHERE coalesce(s.fen, 0) <> coalesce(b.fen, 0)`;
      return [
        ...groups.map(
          (g) => `item ${g.item} level ${g.level} of ${g.person}: ${g.posted} of ${g.basis}, due ${g.due} of ${g.left}`,
        ),
        ...twice.map((t) => `item ${t.item} level ${t.level} earns for more than one person`),
        ...reversed.map((r) => `item ${r.item}: reversed entries sum to ${r.sum}`),
        ...history.map(({ id }) => `entry ${id} is not where its history ends`),
        ...owed.map((p) => `person ${p.person}: entries ${p.entries}, ledger ${p.booked}`),
      ];
    },
    { isolation: 'repeatable read' },
  );
}
