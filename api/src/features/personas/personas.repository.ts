import type { StaffRole } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';

export interface TrainingRow {
  id: string;
  title: string;
  /** `2026-11-02`. */
  trainedOn: string;
  verifiedBy: string;
  verifiedAt: Date;
}
export interface StaffRow {
  name: string;
  role: StaffRole;
  active: boolean;
  orgPath: string;
  unitId: string;
  unitName: string;
}

export function createPersonasRepository(sql: Sql) {
  return {
    async staff(personId: string): Promise<StaffRow | undefined> {
      const [row] = await sql<StaffRow>`
        SELECT p.name, s.role, s.active AND p.active AS active, s.org_path AS "orgPath", u.id AS "unitId", u.name AS "unitName"
        FROM staff_accounts s JOIN people p ON p.id = s.person_id JOIN org_units u ON u.id = s.org_unit_id
        WHERE s.person_id = ${personId}`;
      return row;
    },
    async persona(guideId: string) {
      const [row] = await sql<{ bio: string; tags: string[]; photoId: string | null }>`
        SELECT bio, tags, photo_id AS "photoId" FROM guide_personas WHERE guide_id = ${guideId}`;
      return row;
    },
    async save(
      guideId: string,
      persona: { bio: string; tags: string[]; photoId: string | null },
      at: Date,
    ): Promise<void> {
      await sql`INSERT INTO guide_personas (guide_id, bio, tags, photo_id, updated_at)
        VALUES (${guideId}, ${persona.bio}, ${persona.tags}::text[], ${persona.photoId}, ${at})
        ON CONFLICT (guide_id) DO UPDATE SET bio = EXCLUDED.bio, tags = EXCLUDED.tags, photo_id = EXCLUDED.photo_id, updated_at = EXCLUDED.updated_at`;
    },
    /** Those that stand, the newest first. */
    trainings(guideId: string): Promise<TrainingRow[]> {
      return sql<TrainingRow>`
        SELECT t.id, t.title, to_char(t.trained_on, 'YYYY-MM-DD') AS "trainedOn", p.name AS "verifiedBy", t.verified_at AS "verifiedAt"
        FROM guide_trainings t JOIN people p ON p.id = t.verified_by
        WHERE t.guide_id = ${guideId} AND t.revoked_at IS NULL ORDER BY t.trained_on DESC, t.id DESC`;
    },
    async training(id: string): Promise<{ guideId: string; orgPath: string } | undefined> {
      const [row] = await sql<{ guideId: string; orgPath: string }>`
        SELECT guide_id AS "guideId", org_path AS "orgPath" FROM guide_trainings WHERE id = ${id}`;
      return row;
    },
    async addTraining(training: {
      id: string;
      guideId: string;
      title: string;
      trainedOn: string;
      orgPath: string;
      by: string;
      at: Date;
    }): Promise<void> {
      await sql`INSERT INTO guide_trainings (id, guide_id, title, trained_on, org_path, verified_by, verified_at)
        VALUES (${training.id}, ${training.guideId}, ${training.title}, ${training.trainedOn}::date, ${training.orgPath}, ${training.by}, ${training.at})`;
    },
    async revoke(id: string, by: string, reason: string, at: Date): Promise<boolean> {
      const rows =
        await sql`UPDATE guide_trainings SET revoked_at = ${at}, revoked_by = ${by}, revoke_reason = ${reason}
        WHERE id = ${id} AND revoked_at IS NULL RETURNING id`;
      return rows.length === 1;
    },
    async followers(guideId: string): Promise<number> {
      const [row] = await sql<{
        count: number;
      }>`SELECT count(*)::int AS count FROM follows WHERE guide_id = ${guideId}`;
      return row?.count ?? 0;
    },
    /** Rooms they host: live and past ones the newest first, coming ones the next first. Conferences are nobody's show. */
    async hosted(
      guideId: string,
      shown: { live: number; scheduled: number; ended: number },
    ): Promise<{ roomId: string; hasReplay: boolean }[]> {
      return sql<{ roomId: string; hasReplay: boolean }>`
        SELECT l.id AS "roomId", l.ready AS "hasReplay" FROM (
          SELECT r.id, r.state, coalesce(r.started_at, r.scheduled_at, r.created_at) AS at, coalesce(c.state = 'ready' AND c.visible, false) AS ready,
            row_number() OVER (PARTITION BY r.state ORDER BY
              CASE WHEN r.state = 'scheduled' THEN coalesce(r.scheduled_at, r.created_at) END,
              coalesce(r.started_at, r.created_at) DESC) AS no
          FROM rooms r LEFT JOIN recordings c ON c.room_id = r.id
          WHERE r.host_id = ${guideId} AND r.kind = 'live' AND r.cancelled_at IS NULL
        ) AS l WHERE l.no <= CASE l.state WHEN 'live' THEN ${shown.live}::int WHEN 'scheduled' THEN ${shown.scheduled}::int ELSE ${shown.ended}::int END
        ORDER BY l.state, l.no`;
    },
  };
}
