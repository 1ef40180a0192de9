/** `room_events`: the room log on disk. It is what survives a restart and what a replay is made from. */
import type { RoomEvent, RoomEventKind, SequencedEvent } from '@walnut-live/contracts';
import { type Db, sqlState, violatedConstraint } from '../platform/db.ts';

export interface JournalEntry extends SequencedEvent {
  readonly roomId: string;
  readonly eventId: string;
}

interface Row {
  room_id: string;
  seq: bigint;
  event_id: string;
  event: RoomEvent;
  at: Date;
}
const toEntry = (row: Row): JournalEntry => ({
  roomId: row.room_id,
  eventId: row.event_id,
  seq: Number(row.seq),
  at: row.at.toISOString(),
  event: row.event,
});

export type Journal = ReturnType<typeof createJournal>;

export function createJournal({ sql }: Pick<Db, 'sql'>) {
  return {
    /** Writes all or nothing; answers with the entries whose eventId was not there yet. */
    async write(entries: readonly JournalEntry[]): Promise<{ roomId: string; eventId: string }[]> {
      const rows = await sql<{ room_id: string; event_id: string }>`
        INSERT INTO room_events (room_id, seq, event_id, kind, event, at)
        SELECT * FROM unnest(
          ${entries.map(({ roomId }) => roomId)}::uuid[], ${entries.map(({ seq }) => seq)}::bigint[],
          ${entries.map(({ eventId }) => eventId)}::text[], ${entries.map(({ event }) => event.kind)}::text[],
          ${entries.map(({ event }) => JSON.stringify(event))}::jsonb[], ${entries.map(({ at }) => at)}::timestamptz[])
        ON CONFLICT (room_id, event_id) DO NOTHING RETURNING room_id, event_id`;
      return rows.map((row) => ({ roomId: row.room_id, eventId: row.event_id }));
    },
    /** Whether `write` failed because somebody else gave out the same numbers. */
    isTakenNumber: (error: unknown): boolean =>
      sqlState(error) === '23505' && violatedConstraint(error) === 'room_events_pkey',
    async lastSeq(roomId: string): Promise<number> {
      const [row] = await sql<{
        seq: bigint | null;
      }>`SELECT max(seq) AS seq FROM room_events WHERE room_id = ${roomId}`;
      return Number(row?.seq ?? 0);
    },
    async range(roomId: string, afterSeq: number, upToSeq: number, limit: number): Promise<JournalEntry[]> {
      const rows = await sql<Row>`SELECT room_id, seq, event_id, event, at FROM room_events
        WHERE room_id = ${roomId} AND seq > ${afterSeq} AND seq <= ${upToSeq} ORDER BY seq LIMIT ${limit}`;
      return rows.map(toEntry);
    },
    async find(roomId: string, eventId: string): Promise<JournalEntry | undefined> {
      const [row] = await sql<Row>`SELECT room_id, seq, event_id, event, at FROM room_events
        WHERE room_id = ${roomId} AND event_id = ${eventId}`;
      return row && toEntry(row);
    },
    /** The entries of some (room, event id) that are there. */
    async findAll(wanted: readonly { roomId: string; eventId: string }[]): Promise<JournalEntry[]> {
      if (wanted.length === 0) return [];
      // One look into the index each, whatever the planner once thought of the size of the table.
      const rows = await sql<Row>`SELECT e.room_id, e.seq, e.event_id, e.event, e.at
        FROM unnest(${wanted.map(({ roomId }) => roomId)}::uuid[], ${wanted.map(({ eventId }) => eventId)}::text[]) AS w(room_id, event_id)
        CROSS JOIN LATERAL (
          SELECT * FROM room_events WHERE room_id = w.room_id AND event_id = w.event_id LIMIT 1) AS e`;
      return rows.map(toEntry);
    },
    async latest(roomId: string, kinds: readonly RoomEventKind[], limit: number): Promise<JournalEntry[]> {
      const rows = await sql<Row>`SELECT e.* FROM unnest(${[...kinds]}::text[]) AS wanted(kind), LATERAL (
          SELECT room_id, seq, event_id, event, at FROM room_events
          WHERE room_id = ${roomId} AND kind = wanted.kind ORDER BY seq DESC LIMIT ${limit}) AS e
        ORDER BY e.seq DESC LIMIT ${limit}`;
      return rows.map(toEntry).reverse();
    },
  };
}
