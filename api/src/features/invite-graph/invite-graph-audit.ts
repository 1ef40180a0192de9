/** Compares the invite graph with the facts it is made from; tests, drills and operators ask it whether all agrees. */
import type { Db } from '../../platform/db.ts';

const SHOWN = 20;

/**
 * What is wrong, in words with ids; empty when everything agrees. One snapshot. Whether people are active is seen up to a minute
 * late and is compared only in its sums; that news waits is a difference too, so let the job follow it first.
 */
export async function auditInviteGraph(db: Pick<Db, 'transaction'>, now: Date): Promise<string[]> {
  return db.transaction(
    async (tx) => {
      await tx`SELECT set_config('statement_timeout', '0', true)`;
      const [waiting] = await tx<{ news: number }>`SELECT count(*)::int AS news FROM invite_news`;
      const edges = await tx<{ person: string; counted: string | null; is: string | null }>`
        SELECT coalesce(n.person_id, e.invitee_id) AS person, n.inviter_id AS counted, e.inviter_id AS is
        FROM invite_nodes n FULL JOIN invite_edges e ON e.invitee_id = n.person_id
        WHERE n.person_id IS NULL OR n.inviter_id IS DISTINCT FROM e.inviter_id LIMIT ${SHOWN}`;
      const own = await tx<{ person: string; unit: string; counted: unknown; is: unknown }>`
        WITH held AS (SELECT r.*, coalesce(n.due_at <= ${now}::timestamptz, false) AS due FROM invite_rollups r
            LEFT JOIN invite_nodes n USING (person_id) WHERE r.level = 0),
          truth AS (SELECT * FROM invite_own(ARRAY(SELECT id FROM people), ${now}::timestamptz))
        SELECT person_id AS person, unit_id AS unit, to_json(h) AS counted, to_json(t) AS is
        FROM held h FULL JOIN truth t USING (person_id, unit_id)
        WHERE (coalesce(h.people, 0), coalesce(h.orders, 0), coalesce(h.gross_fen, 0), coalesce(h.refunded_fen, 0))
            <> (coalesce(t.people, 0), coalesce(t.orders, 0), coalesce(t.gross_fen, 0), coalesce(t.refunded_fen, 0))
          OR (NOT h.due AND (h.bringers, h.fresh_30, h.fresh_60) <> (t.bringers, t.fresh_30, t.fresh_60)) LIMIT ${SHOWN}`;
      const levels = await tx<{ person: string; unit: string; level: number }>`
        WITH above AS (
          SELECT n.inviter_id AS person_id, r.unit_id, least(r.level + 1, 64) AS level, sum(r.people) AS people, sum(r.active) AS active, sum(r.bringers) AS bringers,
            sum(r.fresh_30) AS fresh_30, sum(r.fresh_60) AS fresh_60, sum(r.orders) AS orders, sum(r.gross_fen) AS gross_fen,
            sum(r.refunded_fen) AS refunded_fen
          FROM invite_rollups r JOIN invite_nodes n USING (person_id) WHERE n.inviter_id IS NOT NULL GROUP BY 1, 2, 3)
        SELECT person_id AS person, unit_id AS unit, level FROM (SELECT * FROM invite_rollups WHERE level > 0) r
        FULL JOIN above a USING (person_id, unit_id, level)
        WHERE (r.people, r.active, r.bringers, r.fresh_30, r.fresh_60, r.orders, r.gross_fen, r.refunded_fen) IS DISTINCT FROM
          (a.people, a.active, a.bringers, a.fresh_30, a.fresh_60, a.orders, a.gross_fen, a.refunded_fen) LIMIT ${SHOWN}`;
      const sums = await tx<{ person: string }>`
        SELECT n.person_id AS person FROM invite_nodes n
        LEFT JOIN (SELECT person_id, sum(people) AS people, sum(active) AS active, sum(bringers) AS bringers, sum(fresh_30) AS fresh_30, sum(fresh_60) AS fresh_60,
            sum(orders) AS orders, sum(gross_fen) AS gross_fen, sum(refunded_fen) AS refunded_fen
          FROM invite_rollups WHERE level > 0 GROUP BY person_id) r USING (person_id)
        WHERE (n.people, n.active, n.bringers, n.fresh_30, n.fresh_60, n.orders, n.gross_fen, n.refunded_fen) IS DISTINCT FROM
          (coalesce(r.people, 0), coalesce(r.active, 0), coalesce(r.bringers, 0), coalesce(r.fresh_30, 0), coalesce(r.fresh_60, 0), coalesce(r.orders, 0),
            coalesce(r.gross_fen, 0), coalesce(r.refunded_fen, 0)) LIMIT ${SHOWN}`;
      return [
        ...(waiting && waiting.news > 0 ? [`${waiting.news} news wait`] : []),
        ...edges.map((e) => `person ${e.person}: counted below ${e.counted}, brought by ${e.is}`),
        ...own.map(
          (o) => `person ${o.person} at ${o.unit}: counted ${JSON.stringify(o.counted)}, is ${JSON.stringify(o.is)}`,
        ),
        ...levels.map(
          (l) => `person ${l.person} at ${l.unit}: level ${l.level} is not the sum of those one step below`,
        ),
        ...sums.map((s) => `person ${s.person}: is not the sum of the levels below`),
      ];
    },
    { isolation: 'repeatable read' },
  );
}
