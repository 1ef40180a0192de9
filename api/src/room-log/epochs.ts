/**
 * `room_log_epochs`: which range of numbers a log in Redis gives out, and how far it was archived.
 *
 * Epoch n gives out n × EPOCH_NUMBERS + 1 and up. An epoch is taken from PostgreSQL and never again, so that a Redis which
 * forgot what it had given out cannot give it out once more.
 * Invariant: once an epoch is taken, no number of an earlier one enters the journal. Writers hold the room's row FOR KEY
 * SHARE, archivers FOR NO KEY UPDATE, which bear each other; whoever takes an epoch holds it FOR UPDATE and so waits for
 * both. Hence a snapshot that is read after the change has every acknowledged event of before.
 */
import type { Db, Sql } from '../platform/db.ts';
import type { JournalEntry } from './journal.ts';

/** A thousand events a second for eleven days; as many epochs fit into a safe integer as one a minute for 17 years. */
const EPOCH_NUMBERS = 1_000_000_000;

/**
 * Makes the room usable under an epoch that nobody had: above everything in the journal and above the one that begins behind
 * the number `remembered` answers with. One node at a time; those who come later find it open.
 */
export async function openEpoch(
  db: Pick<Db, 'transaction'>,
  roomId: string,
  redis: {
    /** What Redis has: `open` (nothing to do), the start of an epoch that is over, or nothing. */
    remembered: () => Promise<'open' | number | undefined>;
    open: (start: number) => Promise<void>;
  },
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx`INSERT INTO room_log_epochs (room_id, epoch, archived_seq)
      SELECT ${roomId}::uuid, -1, coalesce(max(seq), 0) FROM room_events WHERE room_id = ${roomId} ON CONFLICT DO NOTHING`;
    await tx`SELECT epoch FROM room_log_epochs WHERE room_id = ${roomId} FOR UPDATE`;
    const remembered = await redis.remembered();
    if (remembered === 'open') return;
    const lowest = remembered === undefined ? 0 : Math.floor(remembered / EPOCH_NUMBERS) + 1;
    const [row] = await tx<{ epoch: number }>`
      UPDATE room_log_epochs SET epoch = greatest(epoch + 1, ${lowest}::int,
        (SELECT CASE WHEN max(seq) > 0 THEN max(seq) / ${EPOCH_NUMBERS}::bigint + 1 ELSE 0 END FROM room_events WHERE room_id = ${roomId}))
      WHERE room_id = ${roomId} RETURNING epoch`;
    // Before the commit: whoever writes under the old epoch or the new one waits for it.
    await redis.open((row?.epoch ?? 0) * EPOCH_NUMBERS);
  });
}

/** The number before the first of the epoch that was taken last; 0 without one. */
export async function lastEpochStart(sql: Sql, roomId: string): Promise<number> {
  const [row] = await sql<{ epoch: number }>`SELECT epoch FROM room_log_epochs WHERE room_id = ${roomId}`;
  return Math.max(0, row?.epoch ?? 0) * EPOCH_NUMBERS;
}

/** Takes the room's cursor for this transaction; undefined when somebody else archives the room at the moment. */
export async function lockCursor(tx: Sql, roomId: string): Promise<number | undefined> {
  const [row] = await tx<{ at: bigint }>`
    SELECT archived_seq AS at FROM room_log_epochs WHERE room_id = ${roomId} FOR NO KEY UPDATE SKIP LOCKED`;
  if (row) return Number(row.at);
  // Redis may know a room that this database has never heard of: next time there is a cursor.
  await tx`INSERT INTO room_log_epochs (room_id, epoch, archived_seq) VALUES (${roomId}, 0, 0) ON CONFLICT DO NOTHING`;
  return undefined;
}

export async function moveCursor(tx: Sql, roomId: string, to: number): Promise<void> {
  await tx`UPDATE room_log_epochs SET archived_seq = ${to} WHERE room_id = ${roomId} AND archived_seq < ${to}`;
}

/**
 * Writes into the journal what is not there yet and not of an epoch that is over, also beside others who write the same.
 * Answers with the places of what it wrote.
 */
export async function writeMissing(sql: Sql, entries: readonly JournalEntry[]): Promise<Set<number>> {
  if (entries.length === 0) return new Set();
  const roomIds = entries.map(({ roomId }) => roomId);
  const rows = await sql<{ room_id: string; seq: bigint }>`
    WITH current AS MATERIALIZED (
      SELECT room_id, epoch FROM room_log_epochs WHERE room_id = ANY(${[...new Set(roomIds)]}::uuid[])
      ORDER BY room_id FOR KEY SHARE
    )
    INSERT INTO room_events (room_id, seq, event_id, kind, event, at)
    SELECT g.room_id, g.seq, g.event_id, g.kind, g.event, g.at
    FROM unnest(
        ${roomIds}::uuid[], ${entries.map(({ seq }) => seq)}::bigint[],
        ${entries.map(({ eventId }) => eventId)}::text[], ${entries.map(({ event }) => event.kind)}::text[],
        ${entries.map(({ event }) => JSON.stringify(event))}::jsonb[], ${entries.map(({ at }) => at)}::timestamptz[])
      AS g(room_id, seq, event_id, kind, event, at)
    JOIN current c USING (room_id)
    WHERE g.seq > c.epoch * ${EPOCH_NUMBERS}::bigint ORDER BY g.room_id, g.seq
    ON CONFLICT DO NOTHING RETURNING room_id, seq`;
  const placeOf = new Map(entries.map(({ roomId, seq }, place) => [`${roomId} ${seq}`, place]));
  return new Set(rows.map(({ room_id, seq }) => placeOf.get(`${room_id} ${seq}`) ?? -1));
}
