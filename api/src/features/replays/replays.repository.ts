import type { RecordingPiece, RecordingSpan, ReplayChatLine } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import type { Stretch } from './replays.policy.ts';

export type RecordingState = 'recording' | 'processing' | 'ready' | 'empty' | 'deleting' | 'deleted';

export interface RecordingRow {
  readonly roomId: string;
  readonly state: RecordingState;
  readonly version: number;
  readonly spans: RecordingSpan[];
  readonly endedAt: Date | null;
  readonly pieces: RecordingPiece[];
  readonly durationMs: number;
  readonly visible: boolean;
}
export interface ClipRow extends Stretch {
  readonly id: string;
  readonly roomId: string;
  readonly productId: string;
  readonly productTitle: string;
  readonly origin: 'pin' | 'guide';
  readonly roomTitle: string;
  readonly aiPicture: boolean;
  readonly recordedAt: Date;
  readonly orgPath: string;
}

const toRecording = (row: Omit<RecordingRow, 'durationMs'> & { durationMs: bigint }): RecordingRow => ({
  ...row,
  durationMs: Number(row.durationMs),
});

/** More than any list of a replay shows. */
const MAX_MARKS = 2_000;

export function createReplaysRepository(sql: Sql) {
  return {
    /** A row of a demo room is never made: it runs for weeks and nobody looks back. */
    async begin(roomId: string, streamId: string, at: Date): Promise<void> {
      const spans: RecordingSpan[] = [{ streamId, fromMs: at.getTime(), toMs: null }];
      await sql`INSERT INTO recordings (room_id, state, spans, started_at)
        SELECT id, 'recording', ${JSON.stringify(spans)}::jsonb, ${at} FROM rooms WHERE id = ${roomId} AND NOT is_demo
        ON CONFLICT (room_id) DO NOTHING`;
    },
    async read(roomId: string, lock = false): Promise<RecordingRow | undefined> {
      const [row] = lock
        ? await sql<Parameters<typeof toRecording>[0]>`
            SELECT room_id AS "roomId", state, version, spans, ended_at AS "endedAt", pieces, duration_ms AS "durationMs", visible
            FROM recordings WHERE room_id = ${roomId} FOR UPDATE`
        : await sql<Parameters<typeof toRecording>[0]>`
            SELECT room_id AS "roomId", state, version, spans, ended_at AS "endedAt", pieces, duration_ms AS "durationMs", visible
            FROM recordings WHERE room_id = ${roomId}`;
      return row && toRecording(row);
    },
    async setSpans(roomId: string, spans: readonly RecordingSpan[], endedAt: Date | null): Promise<void> {
      await sql`UPDATE recordings SET spans = ${JSON.stringify(spans)}::jsonb, version = version + 1, ended_at = ${endedAt},
          state = CASE WHEN ${endedAt}::timestamptz IS NULL THEN 'recording' ELSE 'processing' END
        WHERE room_id = ${roomId} AND state = 'recording'`;
    },
    async unsent(limit: number) {
      return sql<{ roomId: string; version: number; state: RecordingState; spans: RecordingSpan[] }>`
        SELECT room_id AS "roomId", version, state, spans FROM recordings
        WHERE state IN ('recording', 'processing') AND sent_version < version ORDER BY started_at LIMIT ${limit}`;
    },
    /** Control address of the media server that has it. */
    async home(roomId: string): Promise<string | null> {
      const [row] = await sql<{ home: string | null }>`
        SELECT media_home AS home FROM recordings WHERE room_id = ${roomId}`;
      return row?.home ?? null;
    },
    /** Unless one of `known` is its home already; answers which it is then. */
    async setHome(roomId: string, url: string, known: readonly string[]): Promise<string | null> {
      const [row] = await sql<{ home: string | null }>`
        UPDATE recordings SET media_home = CASE WHEN media_home = ANY(${[...known]}::text[]) THEN media_home ELSE ${url} END
        WHERE room_id = ${roomId} RETURNING media_home AS home`;
      return row?.home ?? null;
    },
    /** Ready ones that were taken back or shown again since the media server was told. */
    async visibilityUnsent(limit: number) {
      return sql<{ roomId: string; version: number; visible: boolean }>`
        SELECT room_id AS "roomId", version, visible FROM recordings
        WHERE state = 'ready' AND sent_version < version ORDER BY started_at LIMIT ${limit}`;
    },
    async sent(roomId: string, version: number): Promise<void> {
      await sql`UPDATE recordings SET sent_version = ${version} WHERE room_id = ${roomId} AND sent_version < ${version}`;
    },
    /** The media server may have forgotten. */
    async sendAgain(roomId?: string): Promise<void> {
      await sql`UPDATE recordings SET sent_version = 0
        WHERE state IN ('recording', 'processing') AND (${roomId ?? null}::uuid IS NULL OR room_id = ${roomId ?? null})`;
    },
    async inState(state: RecordingState, limit: number): Promise<string[]> {
      const rows = await sql<{ roomId: string }>`
        SELECT room_id AS "roomId" FROM recordings WHERE state = ${state} AND (state <> 'processing' OR sent_version = version)
        ORDER BY started_at LIMIT ${limit}`;
      return rows.map(({ roomId }) => roomId);
    },
    /** True for the one call that made it ready. */
    async finish(
      roomId: string,
      facts: { state: 'ready' | 'empty'; pieces: readonly RecordingPiece[]; durationMs: number; bytes: number },
    ): Promise<boolean> {
      const rows =
        await sql`UPDATE recordings SET state = ${facts.state}, pieces = ${JSON.stringify(facts.pieces)}::jsonb,
          duration_ms = ${facts.durationMs}, bytes = ${facts.bytes}
        WHERE room_id = ${roomId} AND state = 'processing' RETURNING room_id`;
      return rows.length === 1;
    },
    async setVisible(roomId: string, visible: boolean): Promise<boolean> {
      const rows = await sql`UPDATE recordings SET visible = ${visible}, version = version + 1
        WHERE room_id = ${roomId} AND state = 'ready' AND visible <> ${visible} RETURNING room_id`;
      return rows.length === 1;
    },
    /** Those that ended before; each is answered once. */
    async beginDeletion(
      endedBefore: Date,
      limit: number,
      roomId: string | null,
    ): Promise<{ roomId: string; orgPath: string }[]> {
      return sql<{ roomId: string; orgPath: string }>`
        UPDATE recordings c SET state = 'deleting' FROM rooms r
        WHERE r.id = c.room_id AND c.room_id IN (
          SELECT room_id FROM recordings WHERE state IN ('ready', 'empty') AND ended_at < ${endedBefore}
            AND (${roomId}::uuid IS NULL OR room_id = ${roomId})
          ORDER BY ended_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
        RETURNING c.room_id AS "roomId", r.org_path AS "orgPath"`;
    },
    async deleted(roomId: string, at: Date): Promise<void> {
      await sql`UPDATE recordings SET state = 'deleted', deleted_at = ${at}, pieces = '[]', bytes = 0
        WHERE room_id = ${roomId} AND state = 'deleting'`;
    },

    // ── what happened ─────────────────────────────────────────────────────────────────────────────────────────────────
    async pinChanges(roomId: string): Promise<{ productId: string | null; at: Date }[]> {
      return sql<{ productId: string | null; at: Date }>`
        SELECT event->>'productId' AS "productId", (event->>'mediaTime')::timestamptz AS at FROM room_events
        WHERE room_id = ${roomId} AND kind IN ('product:pinned', 'product:unpinned') ORDER BY seq LIMIT ${MAX_MARKS}`;
    },
    async offers(roomId: string): Promise<{ productId: string; at: Date }[]> {
      return sql<{ productId: string; at: Date }>`
        SELECT s.product_id AS "productId", (e.event->>'visibleFrom')::timestamptz AS at
        FROM room_events e JOIN skus s ON s.id = (e.event->'offer'->>'skuId')::uuid
        WHERE e.room_id = ${roomId} AND e.kind = 'offer:opened' ORDER BY e.seq LIMIT ${MAX_MARKS}`;
    },
    /** By product and minute, from real orders only (rule Z8). */
    async purchases(roomId: string): Promise<{ productId: string; at: Date; quantity: number }[]> {
      return sql<{ productId: string; at: Date; quantity: number }>`
        SELECT event->>'productId' AS "productId", min(at) AS at, sum((event->>'quantity')::int)::int AS quantity
        FROM room_events WHERE room_id = ${roomId} AND kind = 'order:paid'
        GROUP BY event->>'productId', date_trunc('minute', at) ORDER BY min(at) LIMIT ${MAX_MARKS}`;
    },
    /** Without what was deleted, as a quote either, and without people who were banned for good or still are. One row more shows a next page. */
    async chat(roomId: string, from: { at: Date; until: Date; afterSeq: bigint }, now: Date, limit: number) {
      return sql<{ seq: bigint; at: Date; message: ReplayChatLine['message'] }>`
        SELECT e.seq, e.at, CASE WHEN EXISTS (SELECT FROM room_events q WHERE q.room_id = e.room_id AND q.kind = 'chat:deleted'
            AND q.event->>'messageId' = e.event->'message'->'replyTo'->>'messageId')
          THEN jsonb_set(e.event->'message', '{replyTo,text}', '""') ELSE e.event->'message' END AS message
        FROM room_events e
        WHERE e.room_id = ${roomId} AND e.kind = 'chat:sent' AND e.seq > ${from.afterSeq} AND e.at >= ${from.at} AND e.at <= ${from.until}
          AND NOT EXISTS (SELECT FROM room_events d WHERE d.room_id = e.room_id AND d.kind = 'chat:deleted'
            AND d.event->>'messageId' = e.event->'message'->>'messageId')
          AND NOT EXISTS (SELECT FROM room_moderation m WHERE m.room_id = e.room_id AND m.kind = 'ban' AND m.lifted_at IS NULL
            AND (m.until IS NULL OR m.until > ${now}) AND m.person_id = (e.event->'message'->>'personId')::uuid)
        ORDER BY e.seq LIMIT ${limit + 1}`;
    },

    // ── clips ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    async addClip(clip: {
      id: string;
      roomId: string;
      productId: string;
      fromMs: number;
      toMs: number;
      origin: 'pin' | 'guide';
      createdBy: string | null;
      at: Date;
    }): Promise<string> {
      await sql`INSERT INTO clips (id, room_id, product_id, from_ms, to_ms, origin, created_by, created_at)
        VALUES (${clip.id}, ${clip.roomId}, ${clip.productId}, ${clip.fromMs}, ${clip.toMs}, ${clip.origin}, ${clip.createdBy}, ${clip.at})
        ON CONFLICT (room_id, product_id, from_ms, to_ms) WHERE deleted_at IS NULL DO NOTHING`;
      const [row] = await sql<{ id: string }>`SELECT id FROM clips WHERE room_id = ${clip.roomId} AND deleted_at IS NULL
        AND product_id = ${clip.productId} AND from_ms = ${clip.fromMs} AND to_ms = ${clip.toMs}`;
      return row?.id ?? clip.id;
    },
    async countClips(roomId: string): Promise<number> {
      const [row] = await sql<{ count: number }>`
        SELECT count(*)::int AS count FROM clips WHERE room_id = ${roomId} AND deleted_at IS NULL`;
      return row?.count ?? 0;
    },
    async moveClip(clipId: string, fromMs: number, toMs: number): Promise<void> {
      await sql`UPDATE clips SET from_ms = ${fromMs}, to_ms = ${toMs}, origin = 'guide'
        WHERE id = ${clipId} AND deleted_at IS NULL`;
    },
    async dropClip(clipId: string, at: Date): Promise<void> {
      await sql`UPDATE clips SET deleted_at = ${at} WHERE id = ${clipId} AND deleted_at IS NULL`;
    },
    async clip(clipId: string): Promise<(ClipRow & { deletedAt: Date | null }) | undefined> {
      const [row] = await sql<ClipRow & { deletedAt: Date | null }>`
        SELECT k.id, k.room_id AS "roomId", k.product_id AS "productId", p.title AS "productTitle", k.from_ms AS "fromMs",
          k.to_ms AS "toMs", k.origin, r.title AS "roomTitle", generated_picture(r.ai_picture, r.ai_shown, s.ai_picture) AS "aiPicture", c.started_at AS "recordedAt", r.org_path AS "orgPath",
          k.deleted_at AS "deletedAt"
        FROM clips k JOIN products p ON p.id = k.product_id JOIN rooms r ON r.id = k.room_id LEFT JOIN rooms s ON s.id = r.relay_of
          JOIN recordings c ON c.room_id = k.room_id WHERE k.id = ${clipId}`;
      return row;
    },
    async clipsOfRoom(roomId: string): Promise<ClipRow[]> {
      return sql<ClipRow>`
        SELECT k.id, k.room_id AS "roomId", k.product_id AS "productId", p.title AS "productTitle", k.from_ms AS "fromMs",
          k.to_ms AS "toMs", k.origin, r.title AS "roomTitle", generated_picture(r.ai_picture, r.ai_shown, s.ai_picture) AS "aiPicture", c.started_at AS "recordedAt", r.org_path AS "orgPath"
        FROM clips k JOIN products p ON p.id = k.product_id JOIN rooms r ON r.id = k.room_id LEFT JOIN rooms s ON s.id = r.relay_of
          JOIN recordings c ON c.room_id = k.room_id
        WHERE k.room_id = ${roomId} AND k.deleted_at IS NULL ORDER BY k.from_ms, k.id LIMIT ${MAX_MARKS}`;
    },
    async clipsOfProduct(productId: string, limit: number): Promise<ClipRow[]> {
      return sql<ClipRow>`
        SELECT k.id, k.room_id AS "roomId", k.product_id AS "productId", p.title AS "productTitle", k.from_ms AS "fromMs",
          k.to_ms AS "toMs", k.origin, r.title AS "roomTitle", generated_picture(r.ai_picture, r.ai_shown, s.ai_picture) AS "aiPicture", c.started_at AS "recordedAt", r.org_path AS "orgPath"
        FROM clips k JOIN products p ON p.id = k.product_id JOIN rooms r ON r.id = k.room_id LEFT JOIN rooms s ON s.id = r.relay_of
          JOIN recordings c ON c.room_id = k.room_id
        WHERE k.product_id = ${productId} AND k.deleted_at IS NULL AND c.state = 'ready' AND c.visible
        ORDER BY k.created_at DESC, k.id LIMIT ${limit}`;
    },
  };
}
