/** People for a picture, and who knows whom. */
import type { Sql } from '../../platform/db.ts';
import type { Acquaintance } from './introducers.policy.ts';
import type { PictureRow } from './layout.ts';
import type { Scope } from './reading.repository.ts';

/** Whoever has more below comes first, so that nobody comes without those above them; then the oldest. */
export async function peopleOfPicture(sql: Sql, scope: Scope, now: Date, limit: number): Promise<PictureRow[]> {
  const picked = scope.all
    ? await sql<PictureRow>`
        SELECT n.person_id AS id, n.inviter_id AS "inviterId", p.kind, n.people, n.gross_fen - n.refunded_fen AS "netFen",
          coalesce(n.active_at > ${now}::timestamptz - interval '720 hours', false) AS active
        FROM (SELECT * FROM invite_nodes WHERE people > 0 OR inviter_id IS NOT NULL
          ORDER BY people DESC, joined_at NULLS FIRST, person_id LIMIT ${limit}) n
        JOIN people p ON p.id = n.person_id ORDER BY n.people DESC, n.joined_at NULLS FIRST, n.person_id`
    : await sql<PictureRow>`
        SELECT s.*, p.kind FROM (
          SELECT n.person_id AS id, n.inviter_id AS "inviterId", n.joined_at, coalesce(sum(r.people) FILTER (WHERE r.level > 0), 0)::int AS people,
            coalesce(sum(r.gross_fen - r.refunded_fen) FILTER (WHERE r.level > 0), 0)::bigint AS "netFen",
            coalesce(n.active_at > ${now}::timestamptz - interval '720 hours', false) AS active
          FROM invite_rollups r JOIN invite_nodes n ON n.person_id = r.person_id WHERE r.unit_id = ANY(${scope.units}::uuid[])
          GROUP BY n.person_id HAVING sum(r.people) > 0
          ORDER BY people DESC, n.joined_at NULLS FIRST, n.person_id LIMIT ${limit}) s
        JOIN people p ON p.id = s.id ORDER BY s.people DESC, s.joined_at NULLS FIRST, s.id`;
  return picked;
}

export async function stateOf(sql: Sql): Promise<{ version: bigint; changedAt: Date }> {
  const [row] = await sql<{ version: bigint; changedAt: Date }>`
    SELECT version, changed_at AS "changedAt" FROM invite_graph_state`;
  if (!row) throw new Error('the invite graph has no state');
  return row;
}

/** Who brought whom, and whose customer is whose, as far as a unit of the scope had to do with it. */
export const acquaintancesOf = (sql: Sql, scope: Scope) => (ids: readonly string[], limit: number) =>
  sql<Acquaintance>`
  SELECT w.id AS "from", k.id AS "to", k.tie FROM unnest(${ids}::uuid[]) AS w (id)
  CROSS JOIN LATERAL (
    SELECT n.inviter_id AS id, 'brought_by' AS tie FROM invite_nodes n
    WHERE n.person_id = w.id AND n.inviter_id IS NOT NULL AND (${scope.all}::boolean OR n.unit_id = ANY(${scope.units}::uuid[]))
    UNION ALL
    SELECT n.person_id, 'brought' FROM invite_nodes n
    WHERE n.inviter_id = w.id AND (${scope.all}::boolean OR n.unit_id = ANY(${scope.units}::uuid[]))
    UNION ALL
    SELECT b.guide_id, 'customer_of' FROM owner_bindings b
    WHERE b.customer_id = w.id AND b.ended_at IS NULL AND b.guide_id IS NOT NULL AND (${scope.all}::boolean OR b.store_id = ANY(${scope.units}::uuid[]))
    UNION ALL
    SELECT b.customer_id, 'guide_of' FROM owner_bindings b
    WHERE b.guide_id = w.id AND b.ended_at IS NULL AND (${scope.all}::boolean OR b.store_id = ANY(${scope.units}::uuid[]))
  ) k LIMIT ${limit}`;
