/** Recomputes standings from history and orders; tests, drills and operators ask it whether all agrees. */
import type { Db } from '../../platform/db.ts';

/** What is wrong, in words with ids; empty when everything agrees. One snapshot. */
export async function auditMembers(db: Pick<Db, 'transaction'>): Promise<string[]> {
  return db.transaction(
    async (tx) => {
      const standings = await tx<{ person: string; rank: number; told: number | null }>`
        SELECT * FROM (
          SELECT s.person_id AS person, s.rank, coalesce((SELECT m.to_rank FROM member_moves m WHERE m.person_id = s.person_id ORDER BY m.id DESC LIMIT 1), 0) AS told
          FROM member_standings s) a WHERE rank <> told`;
      const chain = await tx<{ person: string; at: Date }>`
        SELECT person, at FROM (
          SELECT person_id AS person, at, from_rank, coalesce(lag(to_rank) OVER (PARTITION BY person_id ORDER BY id), 0) AS before FROM member_moves) a
        WHERE from_rank <> before`;
      const ranks = await tx<{ person: string; rank: number; due: number }>`
        SELECT * FROM (
          SELECT s.person_id AS person, s.rank,
            coalesce((SELECT max(l.rank) FROM member_levels l WHERE l.version = s.rules_version AND l.min_spend_fen <= s.spend_fen), 0) AS due
          FROM member_standings s) a WHERE rank <> due`;
      const spends = await tx<{ person: string; counted: bigint; spent: bigint }>`
        SELECT * FROM (
          SELECT s.person_id AS person, s.spend_fen AS counted, coalesce((
            SELECT sum(o.paid_fen - o.shipping_fen - (o.refunded_fen - o.shipping_refunded_fen)) FROM orders o
            WHERE o.person_id = s.person_id AND o.paid_at > s.checked_at - make_interval(hours => 24 * r.window_days) AND o.paid_at <= s.checked_at), 0) AS spent
          FROM member_standings s JOIN member_rules r ON r.version = s.rules_version
          WHERE s.rank > 0 OR EXISTS (SELECT 1 FROM member_moves m WHERE m.person_id = s.person_id)) a WHERE counted <> spent`;
      return [
        ...standings.map((s) => `person ${s.person} has rank ${s.rank}, the history says ${s.told}`),
        ...chain.map((m) => `person ${m.person}: a move at ${m.at.toISOString()} begins where no other ended`),
        ...ranks.map((s) => `person ${s.person} has rank ${s.rank}, the spend says ${s.due}`),
        ...spends.map((s) => `person ${s.person}: counted ${s.counted} fen, the orders say ${s.spent}`),
      ];
    },
    { isolation: 'repeatable read' },
  );
}
