import { CHAT_LEVEL_ORDERS, ChatMessage, type ChatMode } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';

/** More orders than the last level needs are not counted. */
const ORDERS_COUNTED = CHAT_LEVEL_ORDERS.at(-1) ?? 0;

export interface TalkSettings {
  readonly mode: ChatMode;
  readonly pinned: ChatMessage | null;
}
export interface TalkFacts {
  readonly mode: ChatMode;
  readonly orgPath: string;
  /** Of the room's host. */
  readonly follows: boolean;
  /** Paid and not refunded in full. */
  readonly orders: number;
}

export function createChatRepository(sql: Sql) {
  return {
    async settings(roomId: string): Promise<TalkSettings> {
      const [row] = await sql<{ slowSeconds: number; audience: ChatMode['audience']; pinned: unknown }>`
        SELECT slow_seconds AS "slowSeconds", audience, pinned FROM room_chat_settings WHERE room_id = ${roomId}`;
      return {
        mode: { slowSeconds: row?.slowSeconds ?? 0, audience: row?.audience ?? 'everyone' },
        pinned: row?.pinned ? ChatMessage.parse(row.pinned) : null,
      };
    },

    /** How the room talks, and what somebody is to it. */
    async facts(roomId: string, personId: string): Promise<TalkFacts | undefined> {
      const [row] = await sql<{
        slowSeconds: number;
        audience: ChatMode['audience'];
        orgPath: string;
        follows: boolean;
        orders: number;
      }>`
        SELECT coalesce(s.slow_seconds, 0) AS "slowSeconds", coalesce(s.audience, 'everyone') AS audience, r.org_path AS "orgPath",
          EXISTS (SELECT FROM follows f WHERE f.person_id = ${personId} AND f.guide_id = r.host_id) AS follows,
          (SELECT count(*)::int FROM (SELECT FROM orders o WHERE o.person_id = ${personId} AND o.paid_at IS NOT NULL
            AND o.refunded_fen < o.paid_fen LIMIT ${ORDERS_COUNTED}) AS bought) AS orders
        FROM rooms r LEFT JOIN room_chat_settings s ON s.room_id = r.id WHERE r.id = ${roomId}`;
      return (
        row && {
          mode: { slowSeconds: row.slowSeconds, audience: row.audience },
          orgPath: row.orgPath,
          follows: row.follows,
          orders: row.orders,
        }
      );
    },

    /**
     * Takes the person's turn in a room that talks slowly: one conditional statement, so that parallel messages get one turn.
     * The message that has the turn keeps it when it is sent again. Answers null, or when the next turn is.
     */
    async takeTurn(turn: {
      roomId: string;
      personId: string;
      messageId: string;
      slowSeconds: number;
      at: Date;
    }): Promise<Date | null> {
      const { roomId, personId, messageId, at } = turn;
      const slowMs = turn.slowSeconds * 1_000;
      const taken = await sql`INSERT INTO chat_turns AS t (room_id, person_id, message_id, at)
        VALUES (${roomId}, ${personId}, ${messageId}, ${at})
        ON CONFLICT (room_id, person_id) DO UPDATE SET message_id = EXCLUDED.message_id,
          at = CASE WHEN t.message_id = EXCLUDED.message_id THEN t.at ELSE EXCLUDED.at END
        WHERE t.at <= ${new Date(at.getTime() - slowMs)} OR t.message_id = EXCLUDED.message_id RETURNING room_id`;
      if (taken.length === 1) return null;
      const [last] = await sql<{ at: Date }>`
        SELECT at FROM chat_turns WHERE room_id = ${roomId} AND person_id = ${personId}`;
      return new Date((last?.at ?? at).getTime() + slowMs);
    },
    async forgetTurns(roomId: string): Promise<void> {
      await sql`DELETE FROM chat_turns WHERE room_id = ${roomId}`;
    },

    async setMode(roomId: string, mode: ChatMode, byId: string, at: Date): Promise<void> {
      await sql`INSERT INTO room_chat_settings (room_id, slow_seconds, audience, updated_by, updated_at)
        VALUES (${roomId}, ${mode.slowSeconds}, ${mode.audience}, ${byId}, ${at})
        ON CONFLICT (room_id) DO UPDATE SET slow_seconds = EXCLUDED.slow_seconds, audience = EXCLUDED.audience,
          updated_by = EXCLUDED.updated_by, updated_at = EXCLUDED.updated_at`;
    },
    async setPinned(roomId: string, message: ChatMessage | null, byId: string, at: Date): Promise<void> {
      await sql`INSERT INTO room_chat_settings (room_id, pinned, updated_by, updated_at)
        VALUES (${roomId}, ${message === null ? null : JSON.stringify(message)}::jsonb, ${byId}, ${at})
        ON CONFLICT (room_id) DO UPDATE SET pinned = EXCLUDED.pinned, updated_by = EXCLUDED.updated_by, updated_at = EXCLUDED.updated_at`;
    },
    /** True for the one call that took this message down. */
    async unpin(roomId: string, messageId: string, byId: string, at: Date): Promise<boolean> {
      const rows = await sql`UPDATE room_chat_settings SET pinned = NULL, updated_by = ${byId}, updated_at = ${at}
        WHERE room_id = ${roomId} AND pinned ->> 'messageId' = ${messageId} RETURNING room_id`;
      return rows.length === 1;
    },

    /** Of the people named, those who have been in this room or work for it, by their names. */
    async present(roomId: string, personIds: readonly string[]): Promise<{ personId: string; name: string }[]> {
      if (personIds.length === 0) return [];
      return sql<{ personId: string; name: string }>`
        SELECT p.id AS "personId", p.name FROM people p WHERE p.id = ANY(${[...personIds]}::uuid[]) AND (
          EXISTS (SELECT FROM room_visits v WHERE v.room_id = ${roomId} AND v.person_id = p.id)
          OR EXISTS (SELECT FROM staff_accounts s JOIN rooms r ON r.id = ${roomId}
            WHERE s.person_id = p.id AND s.active AND (r.org_path = s.org_path OR starts_with(r.org_path, s.org_path || '.'))))`;
    },
  };
}
