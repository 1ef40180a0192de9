import type { ModerationEntry, StandingSanction } from '@walnut-live/contracts';
import type { z } from 'zod';
import type { Sql } from '../../platform/db.ts';

export type Sanction = 'mute' | 'ban';

export function createModerationRepository(sql: Sql) {
  return {
    async findPerson(personId: string): Promise<{ id: string; orgPath: string | undefined } | undefined> {
      const [row] = await sql<{ id: string; orgPath: string | null }>`
        SELECT p.id, s.org_path AS "orgPath" FROM people p LEFT JOIN staff_accounts s ON s.person_id = p.id AND s.active
        WHERE p.id = ${personId}`;
      return row && { id: row.id, orgPath: row.orgPath ?? undefined };
    },
    /** A second mute replaces the terms of the first. */
    async impose(entry: {
      id: string;
      roomId: string;
      personId: string;
      kind: Sanction;
      reason: string;
      byId: string;
      at: Date;
      until: Date | null;
    }): Promise<void> {
      await sql`INSERT INTO room_moderation AS m (id, room_id, person_id, kind, reason, by_id, at, until)
        VALUES (${entry.id}, ${entry.roomId}, ${entry.personId}, ${entry.kind}, ${entry.reason}, ${entry.byId}, ${entry.at}, ${entry.until})
        ON CONFLICT (room_id, person_id, kind) WHERE lifted_at IS NULL
        DO UPDATE SET reason = EXCLUDED.reason, by_id = EXCLUDED.by_id, at = EXCLUDED.at, until = EXCLUDED.until`;
    },
    /** Lifts what stands against the person, or against the guest they were. */
    async lift(
      roomId: string,
      personId: string,
      byId: string,
      at: Date,
    ): Promise<{ personId: string; kind: Sanction }[]> {
      return sql<{ personId: string; kind: Sanction }>`
        UPDATE room_moderation SET lifted_at = ${at}, lifted_by = ${byId}
        WHERE room_id = ${roomId} AND lifted_at IS NULL
          AND (person_id = ${personId} OR person_id IN (SELECT id FROM people WHERE merged_into = ${personId}))
        RETURNING person_id AS "personId", kind`;
    },
    async current(roomId: string, now: Date): Promise<z.infer<typeof ModerationEntry>[]> {
      const rows = await sql<{
        personId: string;
        name: string;
        kind: Sanction;
        reason: string;
        byId: string;
        byName: string;
        at: Date;
        until: Date | null;
      }>`
        SELECT m.person_id AS "personId", p.name, m.kind, m.reason, m.by_id AS "byId", b.name AS "byName", m.at, m.until
        FROM room_moderation m JOIN people p ON p.id = m.person_id JOIN people b ON b.id = m.by_id
        WHERE m.room_id = ${roomId} AND m.lifted_at IS NULL AND (m.until IS NULL OR m.until > ${now}) ORDER BY m.at DESC`;
      return rows.map(({ byId, byName, ...row }) => ({
        ...row,
        by: { id: byId, name: byName },
        at: row.at.toISOString(),
        until: row.until?.toISOString() ?? null,
      }));
    },
    /** Sanctions that stand, in all rooms of a scope, newest first. */
    async standing(filter: {
      scope: string;
      kind?: Sanction | undefined;
      search?: string | undefined;
      now: Date;
      after?: { at: Date; id: string } | undefined;
      limit: number;
    }): Promise<z.infer<typeof StandingSanction>[]> {
      const { scope, kind = null, now, after, limit } = filter;
      const search = filter.search === undefined ? null : `%${filter.search.replaceAll(/[\\%_]/g, '\\$&')}%`;
      const rows = await sql<{
        id: string;
        roomId: string;
        roomTitle: string;
        personId: string;
        name: string;
        kind: Sanction;
        reason: string;
        byId: string;
        byName: string;
        at: Date;
        until: Date | null;
      }>`
        SELECT m.id, m.room_id AS "roomId", r.title AS "roomTitle", m.person_id AS "personId", p.name, m.kind, m.reason,
          m.by_id AS "byId", b.name AS "byName", m.at, m.until
        FROM room_moderation m JOIN rooms r ON r.id = m.room_id JOIN people p ON p.id = m.person_id JOIN people b ON b.id = m.by_id
        WHERE m.lifted_at IS NULL AND (m.until IS NULL OR m.until > ${now})
          AND (r.org_path = ${scope} OR r.org_path LIKE ${`${scope}.%`})
          AND (${kind}::text IS NULL OR m.kind = ${kind})
          AND (${search}::text IS NULL OR p.name ILIKE ${search} OR m.reason ILIKE ${search} OR r.title ILIKE ${search})
          AND (${after?.at ?? null}::timestamptz IS NULL OR (m.at, m.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
        ORDER BY m.at DESC, m.id DESC LIMIT ${limit}`;
      return rows.map(({ roomId, roomTitle, personId, name, byId, byName, ...row }) => ({
        ...row,
        room: { id: roomId, title: roomTitle },
        person: { id: personId, name },
        by: { id: byId, name: byName },
        at: row.at.toISOString(),
        until: row.until?.toISOString() ?? null,
      }));
    },
    /** Bans that stand in rooms that are live. */
    async bansOfLiveRooms(now: Date): Promise<{ personId: string; roomId: string }[]> {
      return sql<{ personId: string; roomId: string }>`
        SELECT m.person_id AS "personId", m.room_id AS "roomId" FROM room_moderation m JOIN rooms r ON r.id = m.room_id
        WHERE r.state = 'live' AND m.kind = 'ban' AND m.lifted_at IS NULL AND (m.until IS NULL OR m.until > ${now})`;
    },
  };
}
