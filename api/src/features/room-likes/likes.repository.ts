import type { Sql } from '../../platform/db.ts';

export interface LikeBatch {
  readonly roomId: string;
  readonly clientId: string;
  readonly personId: string;
  /** Grows with every batch of the client. */
  readonly no: number;
  readonly count: number;
}

const keyOf = ({ roomId, clientId, personId }: LikeBatch): string => `${roomId} ${clientId} ${personId}`;

export function createLikesRepository(sql: Sql) {
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
        ON CONFLICT (room_id, client_id, person_id) DO UPDATE
          SET last_batch_no = EXCLUDED.last_batch_no, count = l.count + EXCLUDED.count
          WHERE l.last_batch_no < EXCLUDED.last_batch_no
        RETURNING room_id, client_id, person_id
      ), fresh AS (
        SELECT g.* FROM given g JOIN counted c USING (room_id, client_id, person_id)
      ), totals AS (
        UPDATE rooms r SET likes = r.likes + f.likes
        FROM (SELECT room_id, sum(likes)::bigint AS likes FROM fresh GROUP BY room_id) f WHERE r.id = f.room_id
        RETURNING r.id, r.likes
      )
      SELECT g.place::int AS no, coalesce(t.likes, r.likes) AS total, f.place IS NOT NULL AS added
      FROM given g JOIN rooms r ON r.id = g.room_id
      LEFT JOIN fresh f ON f.place = g.place LEFT JOIN totals t ON t.id = g.room_id`;
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
  };
}
