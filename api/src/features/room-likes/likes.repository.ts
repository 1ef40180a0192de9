/**
 * The count on disk. A client's row remembers its last batch, so a batch counts once wherever it is sent again; the room's
 * total is spread over LIKE_SHARDS rows, of which a process uses one, so that nodes do not wait for one another. Both change
 * in one statement: what was acknowledged is in the sum, whatever dies.
 */
import type { Sql } from '../../platform/db.ts';

/** More than this many processes begin to share rows, which is slower and no less right. */
export const LIKE_SHARDS = 16;

export interface LikeBatch {
  readonly roomId: string;
  readonly clientId: string;
  readonly personId: string;
  /** Grows with every batch of the client. */
  readonly no: number;
  readonly count: number;
}

const keyOf = ({ roomId, clientId, personId }: LikeBatch): string => `${roomId} ${clientId} ${personId}`;

/** @param shard 0 to LIKE_SHARDS − 1: the row of each room that this process adds to */
export function createLikesRepository(sql: Sql, shard: number) {
  /** One statement; no client twice in it, as one row cannot be changed twice. */
  async function addOnce(likes: readonly LikeBatch[]): Promise<Map<LikeBatch, { total: number; added: boolean }>> {
    const rows = await sql<{ no: number; total: bigint; added: boolean }>`
      WITH given AS (
        SELECT * FROM unnest(${likes.map(({ roomId }) => roomId)}::uuid[], ${likes.map(({ clientId }) => clientId)}::uuid[],
          ${likes.map(({ personId }) => personId)}::uuid[], ${likes.map(({ no }) => no)}::int[], ${likes.map(({ count }) => count)}::int[])
          WITH ORDINALITY AS g(room_id, client_id, person_id, batch_no, likes, place)
      ), counted AS (
        INSERT INTO room_likes AS l (room_id, client_id, person_id, last_batch_no, count)
        SELECT g.room_id, g.client_id, g.person_id, g.batch_no, g.likes FROM given g JOIN rooms r ON r.id = g.room_id
        ORDER BY g.room_id, g.client_id, g.person_id
        ON CONFLICT (room_id, client_id, person_id) DO UPDATE
          SET last_batch_no = EXCLUDED.last_batch_no, count = l.count + EXCLUDED.count
          WHERE l.last_batch_no < EXCLUDED.last_batch_no
        RETURNING room_id, client_id, person_id
      ), fresh AS (
        SELECT g.* FROM given g JOIN counted c USING (room_id, client_id, person_id)
      ), added AS (
        INSERT INTO room_like_shards AS s (room_id, shard, likes)
        SELECT room_id, ${shard}::smallint, sum(likes)::bigint FROM fresh GROUP BY room_id ORDER BY room_id
        ON CONFLICT (room_id, shard) DO UPDATE SET likes = s.likes + EXCLUDED.likes
        RETURNING room_id, likes
      )
      SELECT g.place::int AS no, f.place IS NOT NULL AS added, CASE WHEN a.room_id IS NULL THEN likes_of(r.id)
        ELSE a.likes + (SELECT coalesce(sum(o.likes), 0) FROM room_like_shards o WHERE o.room_id = r.id AND o.shard <> ${shard}) END::bigint AS total
      FROM given g JOIN rooms r ON r.id = g.room_id
      LEFT JOIN fresh f ON f.place = g.place LEFT JOIN added a ON a.room_id = g.room_id`;
    return new Map(rows.map((row) => [likes[row.no - 1] as LikeBatch, { total: Number(row.total), added: row.added }]));
  }

  return {
    /** In the order of `likes`; undefined where there is no such room. */
    async add(likes: readonly LikeBatch[]): Promise<readonly ({ total: number; added: boolean } | undefined)[]> {
      const answers = new Map<LikeBatch, { total: number; added: boolean }>();
      let rest = [...likes];
      while (rest.length > 0) {
        const seen = new Set<string>();
        const now = rest.filter((like) => !seen.has(keyOf(like)) && seen.add(keyOf(like)));
        for (const [like, answer] of await addOnce(now)) answers.set(like, answer);
        const done = new Set(now);
        rest = rest.filter((like) => !done.has(like));
      }
      return likes.map((like) => answers.get(like));
    },

    async total(roomId: string): Promise<number> {
      const [row] = await sql<{ total: bigint }>`SELECT likes_of(${roomId}) AS total`;
      return Number(row?.total ?? 0);
    },
  };
}
