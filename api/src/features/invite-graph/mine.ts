/** What a sharer sees of their own network: two steps (rule K2), first characters of names (rule Z6), nobody's purchases. */
import type { myNetwork, QueryOf, ReplyOf } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { maskName } from '../../platform/masks.policy.ts';
import type { Principal } from '../../platform/principal.ts';

interface Sums {
  readonly brought: number;
  readonly broughtByThem: number;
  readonly active: number;
}
interface BroughtRow {
  readonly id: string;
  readonly name: string;
  readonly joinedAt: Date;
  readonly active: boolean;
  readonly brought: number;
}

export async function readMyNetwork(
  deps: { db: Db; clock: Clock },
  { personId }: Principal,
  query: QueryOf<typeof myNetwork>,
): Promise<ReplyOf<typeof myNetwork>> {
  const { sql } = deps.db;
  const after = decodeTimeCursor(query.cursor);
  const [sums] = await sql<Sums>`
    SELECT coalesce(sum(people) FILTER (WHERE level = 1), 0)::int AS brought, coalesce(sum(people) FILTER (WHERE level = 2), 0)::int AS "broughtByThem",
      coalesce(sum(active) FILTER (WHERE level = 1), 0)::int AS active
    FROM invite_rollups WHERE person_id = ${personId} AND level IN (1, 2)`;
  const found = await sql<BroughtRow>`
    SELECT p.id, p.name, n.joined_at AS "joinedAt", coalesce(n.active_at > ${deps.clock.now()}::timestamptz - interval '720 hours', false) AS active,
      (SELECT coalesce(sum(r.people), 0)::int FROM invite_rollups r WHERE r.person_id = n.person_id AND r.level = 1) AS brought
    FROM invite_nodes n JOIN people p ON p.id = n.person_id
    WHERE n.inviter_id = ${personId}
      AND (${after?.id ?? null}::uuid IS NULL OR (n.joined_at, p.id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY n.joined_at DESC, p.id DESC LIMIT ${query.limit + 1}`;
  const { rows, nextCursor } = cutPage(found, query.limit, ({ joinedAt, id }) =>
    encodeTimeCursor({ at: joinedAt, id }),
  );
  return {
    brought: sums?.brought ?? 0,
    broughtByThem: sums?.broughtByThem ?? 0,
    active: sums?.active ?? 0,
    items: rows.map(({ name, joinedAt, active, brought }) => ({
      ...{ name: maskName(name), joinedAt: joinedAt.toISOString(), active, brought },
    })),
    nextCursor,
  };
}
