import type { ChatReport, ReportReason } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';

export interface ReportFacts {
  readonly id: string;
  readonly roomId: string;
  readonly orgPath: string;
  readonly messageId: string;
  readonly state: ChatReport['state'];
}
interface Row {
  id: string;
  roomId: string;
  roomTitle: string;
  messageId: string;
  authorId: string;
  authorName: string;
  text: string;
  term: string | null;
  voices: number;
  reasons: ChatReport['reasons'] | null;
  notes: string[] | null;
  state: ChatReport['state'];
  at: Date;
  closedById: string | null;
  closedByName: string | null;
  closedAt: Date | null;
}
/** Notes of viewers that a moderator is shown. */
const NOTES_SHOWN = 5;

const toReport = (row: Row): ChatReport => ({
  id: row.id,
  room: { id: row.roomId, title: row.roomTitle },
  messageId: row.messageId,
  author: { id: row.authorId, name: row.authorName },
  text: row.text,
  term: row.term,
  voices: row.voices,
  reasons: row.reasons ?? [],
  notes: (row.notes ?? []).slice(0, NOTES_SHOWN),
  state: row.state,
  at: row.at.toISOString(),
  closedBy: row.closedById === null ? null : { id: row.closedById, name: row.closedByName ?? '' },
  closedAt: row.closedAt?.toISOString() ?? null,
});

export function createReportsRepository(sql: Sql) {
  return {
    /**
     * The row of a message. One that was closed stays closed: what has been judged is not brought again; a new voice is
     * kept beside it.
     */
    async open(report: {
      id: string;
      roomId: string;
      orgPath: string;
      messageId: string;
      authorId: string;
      text: string;
      term: string | null;
      at: Date;
    }): Promise<string> {
      const [row] = await sql<{ id: string }>`
        INSERT INTO chat_reports AS r (id, room_id, org_path, message_id, author_id, text, term, at)
        VALUES (${report.id}, ${report.roomId}, ${report.orgPath}, ${report.messageId}, ${report.authorId}, ${report.text}, ${report.term}, ${report.at})
        ON CONFLICT (room_id, message_id) DO UPDATE SET term = coalesce(r.term, EXCLUDED.term) RETURNING id`;
      return row?.id ?? report.id;
    },
    /** One person counts once; a second report of theirs changes nothing. */
    async addVoice(voice: {
      reportId: string;
      personId: string;
      reason: ReportReason;
      note: string;
      at: Date;
    }): Promise<void> {
      await sql`WITH added AS (
          INSERT INTO chat_report_voices (report_id, person_id, reason, note, at)
          VALUES (${voice.reportId}, ${voice.personId}, ${voice.reason}, ${voice.note}, ${voice.at})
          ON CONFLICT DO NOTHING RETURNING report_id)
        UPDATE chat_reports SET voices = voices + 1 WHERE id IN (SELECT report_id FROM added)`;
    },
    async lock(id: string): Promise<ReportFacts | undefined> {
      const [row] =
        await sql<ReportFacts>`SELECT id, room_id AS "roomId", org_path AS "orgPath", message_id AS "messageId", state
        FROM chat_reports WHERE id = ${id} FOR UPDATE`;
      return row;
    },
    async close(id: string, state: 'upheld' | 'dismissed', byId: string, at: Date): Promise<void> {
      await sql`UPDATE chat_reports SET state = ${state}, closed_by = ${byId}, closed_at = ${at} WHERE id = ${id} AND state = 'open'`;
    },
    /** The message is gone: whoever reported it was right. */
    async closeOfMessage(roomId: string, messageId: string, byId: string, at: Date): Promise<void> {
      await sql`UPDATE chat_reports SET state = 'upheld', closed_by = ${byId}, closed_at = ${at}
        WHERE room_id = ${roomId} AND message_id = ${messageId} AND state = 'open'`;
    },
    async page(filter: {
      scope: string;
      id?: string | undefined;
      roomId?: string | undefined;
      isOpen?: boolean | undefined;
      after?: { at: Date; id: string } | undefined;
      limit: number;
    }): Promise<ChatReport[]> {
      const { scope, id = null, roomId = null, isOpen = null, after, limit } = filter;
      const rows = await sql<Row>`
        SELECT c.id, c.room_id AS "roomId", r.title AS "roomTitle", c.message_id AS "messageId", c.author_id AS "authorId",
          a.name AS "authorName", c.text, c.term, c.voices, c.state, c.at, c.closed_by AS "closedById", b.name AS "closedByName",
          c.closed_at AS "closedAt", v.reasons, n.notes
        FROM chat_reports c JOIN rooms r ON r.id = c.room_id JOIN people a ON a.id = c.author_id LEFT JOIN people b ON b.id = c.closed_by
        LEFT JOIN LATERAL (SELECT json_agg(json_build_object('reason', reason, 'count', count) ORDER BY count DESC) AS reasons
          FROM (SELECT reason, count(*)::int AS count FROM chat_report_voices WHERE report_id = c.id GROUP BY reason) AS by_reason) AS v ON true
        LEFT JOIN LATERAL (SELECT json_agg(note) AS notes FROM (
          SELECT note FROM chat_report_voices WHERE report_id = c.id AND note <> '' ORDER BY at DESC LIMIT ${NOTES_SHOWN}) AS last_notes) AS n ON true
        WHERE (c.org_path = ${scope} OR c.org_path LIKE ${`${scope}.%`})
          AND (${id}::uuid IS NULL OR c.id = ${id}) AND (${roomId}::uuid IS NULL OR c.room_id = ${roomId})
          AND (${isOpen}::boolean IS NULL OR (c.state = 'open') = ${isOpen})
          AND (${after?.at ?? null}::timestamptz IS NULL OR (c.at, c.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
        ORDER BY c.at DESC, c.id DESC LIMIT ${limit}`;
      return rows.map(toReport);
    },
    async countOpen(scope: string, roomId: string | undefined): Promise<number> {
      const [row] = await sql<{ count: number }>`SELECT count(*)::int AS count FROM chat_reports
        WHERE state = 'open' AND (org_path = ${scope} OR org_path LIKE ${`${scope}.%`})
          AND (${roomId ?? null}::uuid IS NULL OR room_id = ${roomId ?? null})`;
      return row?.count ?? 0;
    },
  };
}
