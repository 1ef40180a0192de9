import type { materialTypes } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';

export interface MaterialRow {
  id: string;
  title: string;
  url: string | null;
  fileId: string | null;
  fileName: string | null;
  mediaType: (typeof materialTypes)[number] | null;
  bytes: number | null;
  addedAt: Date;
}
export interface AttendanceRow {
  personId: string | null;
  personName: string | null;
  personKind: string | null;
  ownerPath: string | null;
  invitedAs: string | null;
  redeemedAt: Date | null;
  revokedAt: Date | null;
  expiresAt: Date | null;
  firstAt: Date | null;
  lastAt: Date | null;
  seconds: number | null;
}

export function createConferencesRepository(sql: Sql) {
  return {
    materials(roomId: string): Promise<MaterialRow[]> {
      return sql<MaterialRow>`
        SELECT m.id, m.title, m.url, m.file_id AS "fileId", f.name AS "fileName", f.media_type AS "mediaType", f.bytes, m.added_at AS "addedAt"
        FROM conference_materials m LEFT JOIN stored_files f ON f.id = m.file_id
        WHERE m.room_id = ${roomId} AND m.removed_at IS NULL ORDER BY m.added_at, m.id`;
    },
    async addMaterial(material: {
      id: string;
      roomId: string;
      title: string;
      url: string | null;
      fileId: string | null;
      by: string;
      at: Date;
    }): Promise<void> {
      await sql`INSERT INTO conference_materials (id, room_id, title, url, file_id, added_by, added_at)
        VALUES (${material.id}, ${material.roomId}, ${material.title}, ${material.url}, ${material.fileId}, ${material.by}, ${material.at})`;
    },
    async removeMaterial(roomId: string, id: string, at: Date): Promise<boolean> {
      const rows = await sql`UPDATE conference_materials SET removed_at = ${at}
        WHERE room_id = ${roomId} AND id = ${id} AND removed_at IS NULL RETURNING id`;
      return rows.length === 1;
    },
    /**
     * A line for each invitation (revoked ones only when somebody came by them), and one for each person who came without:
     * staff of the room's line. Who was first seen comes first, then who has not come.
     */
    attendance(roomId: string): Promise<AttendanceRow[]> {
      return sql<AttendanceRow>`
        WITH invited AS (
          SELECT i.name, i.redeemed_at, i.revoked_at, i.expires_at, coalesce(i.person_id, p.id) AS person_id
          FROM room_invitations i LEFT JOIN people p ON i.phone IS NOT NULL AND p.phone = i.phone AND p.kind = 'consumer' AND p.merged_into IS NULL
          WHERE i.room_id = ${roomId}
        ), came AS (
          SELECT coalesce(p.merged_into, p.id) AS person_id, min(a.first_at) AS first_at, max(a.counted_to) AS last_at, range_agg(a.spans) AS spans
          FROM room_attendances a JOIN people p ON p.id = a.person_id WHERE a.room_id = ${roomId} GROUP BY 1
        )
        SELECT person_id AS "personId", p.name AS "personName", p.kind AS "personKind", u.path AS "ownerPath", i.name AS "invitedAs",
          i.redeemed_at AS "redeemedAt", i.revoked_at AS "revokedAt", i.expires_at AS "expiresAt",
          c.first_at AS "firstAt", c.last_at AS "lastAt",
          (SELECT floor(extract(epoch FROM sum(upper(s) - lower(s))))::int FROM unnest(c.spans) AS s) AS seconds
        FROM invited i FULL JOIN came c USING (person_id) LEFT JOIN people p ON p.id = person_id
          LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL LEFT JOIN org_units u ON u.id = b.store_id
        WHERE i.revoked_at IS NULL OR c.first_at IS NOT NULL
        ORDER BY c.first_at NULLS LAST, i.name LIMIT 5000`;
    },
  };
}
