/** Who follows which guide. A guide is whoever of the staff may host; following twice is following. */
import { followGuide, getFollow, unfollowGuide } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';

export function createFollows(deps: { bind: Binder; db: Db; clock: Clock }): void {
  const { bind, clock } = deps;
  const { sql } = deps.db;

  async function requireGuide(id: string): Promise<void> {
    const [guide] = await sql`SELECT 1 AS found FROM staff_accounts WHERE person_id = ${id} AND active`;
    if (!guide) throw new AppError('not_found');
  }
  async function stateOf(guideId: string, personId: string): Promise<{ following: boolean; followers: number }> {
    const [row] = await sql<{ following: boolean; followers: number }>`
      SELECT coalesce(bool_or(person_id = ${personId}), false) AS following, count(*)::int AS followers
      FROM follows WHERE guide_id = ${guideId}`;
    return row ?? { following: false, followers: 0 };
  }

  bind(getFollow, async ({ principal, params }) => {
    await requireGuide(params.id);
    return stateOf(params.id, principal.personId);
  });
  bind(followGuide, async ({ principal, params }) => {
    await requireGuide(params.id);
    await sql`INSERT INTO follows (person_id, guide_id, at) VALUES (${principal.personId}, ${params.id}, ${clock.now()})
      ON CONFLICT DO NOTHING`;
    return stateOf(params.id, principal.personId);
  });
  bind(unfollowGuide, async ({ principal, params }) => {
    await sql`DELETE FROM follows WHERE person_id = ${principal.personId} AND guide_id = ${params.id}`;
    return undefined;
  });
}
