/**
 * `room_log_epochs`: which range of numbers a log in Redis gives out, and how far it was archived.
 *
 * Epoch n gives out n × EPOCH_NUMBERS + 1 and up. An epoch is taken from PostgreSQL and never again, so that a Redis which
 * forgot what it had given out cannot give it out once more.
 */
import type { Sql } from '../platform/db.ts';

/** A thousand events a second for eleven days; as many epochs fit into a safe integer as one a minute for 17 years. */
const EPOCH_NUMBERS = 1_000_000_000;

/**
 * Takes a new epoch, above everything in the journal and above the epoch that begins behind `beyond`; answers with the number
 * before its first.
 */
export async function takeEpoch(sql: Sql, roomId: string, beyond: number | undefined): Promise<number> {
  const lowest = beyond === undefined ? 0 : Math.floor(beyond / EPOCH_NUMBERS) + 1;
  const [row] = await sql<{ epoch: number }>`
    INSERT INTO room_log_epochs AS known (room_id, epoch, archived_seq)
    SELECT ${roomId}::uuid, greatest(${lowest}::int, CASE WHEN last = 0 THEN 0 ELSE last / ${EPOCH_NUMBERS}::bigint + 1 END), last
    FROM (SELECT coalesce(max(seq), 0) AS last FROM room_events WHERE room_id = ${roomId}) AS journal
    ON CONFLICT (room_id) DO UPDATE SET epoch = greatest(known.epoch + 1, EXCLUDED.epoch)
    RETURNING epoch`;
  return (row?.epoch ?? 0) * EPOCH_NUMBERS;
}

/** The number before the first of the epoch that was taken last; 0 without one. */
export async function lastEpochStart(sql: Sql, roomId: string): Promise<number> {
  const [row] = await sql<{ epoch: number }>`SELECT epoch FROM room_log_epochs WHERE room_id = ${roomId}`;
  return (row?.epoch ?? 0) * EPOCH_NUMBERS;
}

/** Takes the room's cursor for this transaction; undefined when somebody else archives the room at the moment. */
export async function lockCursor(tx: Sql, roomId: string): Promise<number | undefined> {
  const [row] = await tx<{ at: bigint }>`
    SELECT archived_seq AS at FROM room_log_epochs WHERE room_id = ${roomId} FOR UPDATE SKIP LOCKED`;
  if (row) return Number(row.at);
  // Redis may know a room that this database has never heard of: next time there is a cursor.
  await tx`INSERT INTO room_log_epochs (room_id, epoch, archived_seq) VALUES (${roomId}, 0, 0) ON CONFLICT DO NOTHING`;
  return undefined;
}

export async function moveCursor(tx: Sql, roomId: string, to: number): Promise<void> {
  await tx`UPDATE room_log_epochs SET archived_seq = ${to} WHERE room_id = ${roomId} AND archived_seq < ${to}`;
}
