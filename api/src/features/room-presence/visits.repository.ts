import type { Clock } from '../../platform/clock.ts';
import type { Sql } from '../../platform/db.ts';

export function createVisits(sql: Sql, clock: Clock) {
  return {
    /** Records visits in one statement; tells for each whether the person is new to the room, and the room's total. */
    async record(
      visits: readonly { roomId: string; personId: string }[],
    ): Promise<readonly { isNew: boolean; total: number }[]> {
      const now = clock.now();
      const rows = await sql<{ roomId: string; personId: string; isNew: boolean; total: number }>`
        WITH wanted AS (
          SELECT DISTINCT w.room_id, w.person_id
          FROM unnest(${visits.map(({ roomId }) => roomId)}::uuid[], ${visits.map(({ personId }) => personId)}::uuid[]) AS w(room_id, person_id)
        ), recorded AS (
          INSERT INTO room_visits (room_id, person_id, first_at, last_at) SELECT room_id, person_id, ${now}::timestamptz, ${now}::timestamptz FROM wanted
          ON CONFLICT (room_id, person_id) DO UPDATE SET last_at = EXCLUDED.last_at
          RETURNING room_id, person_id, xmax = 0 AS inserted
        ), fresh AS (
          SELECT room_id, person_id FROM recorded c WHERE inserted AND NOT EXISTS (
            SELECT 1 FROM people g JOIN room_visits v ON v.person_id = g.id AND v.room_id = c.room_id WHERE g.merged_into = c.person_id)
        ), counted AS (
          UPDATE rooms r SET viewers_total = r.viewers_total + f.people
          FROM (SELECT room_id, count(*)::int AS people FROM fresh GROUP BY room_id) f WHERE r.id = f.room_id
          RETURNING r.id, r.viewers_total
        )
        SELECT c.room_id AS "roomId", c.person_id AS "personId", f.person_id IS NOT NULL AS "isNew",
          coalesce(n.viewers_total, r.viewers_total) AS total
        FROM recorded c JOIN rooms r ON r.id = c.room_id
        LEFT JOIN fresh f ON f.room_id = c.room_id AND f.person_id = c.person_id
        LEFT JOIN counted n ON n.id = c.room_id`;
      const found = new Map(rows.map((row) => [`${row.roomId} ${row.personId}`, row]));
      return visits.map(({ roomId, personId }) => found.get(`${roomId} ${personId}`) ?? { isNew: false, total: 0 });
    },

    async total(roomId: string): Promise<number> {
      const [row] = await sql<{ total: number }>`SELECT viewers_total AS total FROM rooms WHERE id = ${roomId}`;
      return row?.total ?? 0;
    },

    async raisePeak(roomId: string, now: number): Promise<void> {
      await sql`UPDATE rooms SET viewers_peak = ${now} WHERE id = ${roomId} AND viewers_peak < ${now}`;
    },
  };
}
