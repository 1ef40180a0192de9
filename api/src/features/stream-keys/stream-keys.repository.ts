import type { RoomState, StaffRole } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';

export interface KeyRow {
  readonly id: string;
  readonly streamId: string;
  readonly personId: string;
  readonly personName: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Revocations that are repeated to a media server at once; far more than a day has. */
const MAX_REPEATED = 10_000;

export function createStreamKeysRepository(sql: Sql) {
  return {
    /** One change of a room's key at a time. Answers the state of the room, which stays until the transaction ends. */
    async lockRoom(roomId: string): Promise<RoomState | undefined> {
      const [room] = await sql<{ state: RoomState }>`SELECT state FROM rooms WHERE id = ${roomId} FOR UPDATE`;
      return room?.state;
    },
    /** Who makes a key means to publish with it: studios leave the stream to it from now on. */
    async publishByEncoder(roomId: string): Promise<void> {
      await sql`UPDATE rooms SET source = 'encoder' WHERE id = ${roomId}`;
    },
    async current(roomId: string, at: Date): Promise<KeyRow | undefined> {
      const [row] = await sql<KeyRow>`
        SELECT k.id, k.stream_id AS "streamId", k.person_id AS "personId", p.name AS "personName",
          k.created_at AS "createdAt", k.expires_at AS "expiresAt"
        FROM stream_keys k JOIN people p ON p.id = k.person_id
        WHERE k.room_id = ${roomId} AND k.revoked_at IS NULL AND k.expires_at > ${at}`;
      return row;
    },
    async insert(key: {
      id: string;
      roomId: string;
      streamId: string;
      personId: string;
      at: Date;
      expiresAt: Date;
    }): Promise<void> {
      await sql`INSERT INTO stream_keys (id, room_id, stream_id, person_id, created_at, expires_at)
        VALUES (${key.id}, ${key.roomId}, ${key.streamId}, ${key.personId}, ${key.at}, ${key.expiresAt})`;
    },
    async revoke(roomId: string, at: Date): Promise<number> {
      const rows = await sql<{ id: string }>`
        UPDATE stream_keys SET revoked_at = ${at} WHERE room_id = ${roomId} AND revoked_at IS NULL RETURNING id`;
      return rows.length;
    },
    /** Keys whose person has no account any more, or one that may no longer run the room (another store, another role). */
    async revokeStranded(at: Date, roles: readonly StaffRole[]): Promise<{ roomId: string; orgPath: string }[]> {
      return sql<{ roomId: string; orgPath: string }>`
        UPDATE stream_keys k SET revoked_at = ${at} FROM rooms r
        WHERE r.id = k.room_id AND k.revoked_at IS NULL AND k.expires_at > ${at} AND NOT EXISTS (
          SELECT FROM people p JOIN staff_accounts s ON s.person_id = p.id AND s.active
          WHERE p.id = k.person_id AND p.active AND p.merged_into IS NULL AND s.role = ANY(${[...roles]}::text[])
            AND (r.org_path = s.org_path OR starts_with(r.org_path, s.org_path || '.')))
        RETURNING k.room_id AS "roomId", r.org_path AS "orgPath"`;
    },
    /** Revoked keys that would still be good otherwise, of one room or of all. */
    async revoked(at: Date, roomId: string | null): Promise<Pick<KeyRow, 'id' | 'personId' | 'streamId'>[]> {
      return sql<Pick<KeyRow, 'id' | 'personId' | 'streamId'>>`
        SELECT id, person_id AS "personId", stream_id AS "streamId" FROM stream_keys
        WHERE revoked_at IS NOT NULL AND expires_at > ${at} AND (${roomId}::uuid IS NULL OR room_id = ${roomId}::uuid)
        ORDER BY revoked_at DESC LIMIT ${MAX_REPEATED}`;
    },
  };
}
