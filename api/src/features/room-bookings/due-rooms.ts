/** Which rooms have something to tell those who booked them, found without a look at each booking. */
import type { Sql } from '../../platform/db.ts';

export interface DueWindow {
  readonly now: Date;
  /** Whoever waits for a start up to then is reminded of it. */
  readonly remindFor: Date;
  /** A start before that which has not come is over. */
  readonly overBefore: Date;
}

/**
 * Steps from room to room along the index of open bookings, so its cost is the number of rooms that somebody waits for; of a
 * room that was moved the same index knows whether anybody has heard of another start.
 */
export async function dueRooms(sql: Sql, { now, remindFor, overBefore }: DueWindow): Promise<string[]> {
  const rows = await sql<{ id: string }>`
    WITH RECURSIVE booked (room_id) AS (
      (SELECT room_id FROM room_bookings WHERE closed_at IS NULL ORDER BY room_id LIMIT 1)
      UNION ALL
      SELECT (SELECT b.room_id FROM room_bookings b WHERE b.closed_at IS NULL AND b.room_id > booked.room_id ORDER BY b.room_id LIMIT 1)
      FROM booked WHERE booked.room_id IS NOT NULL
    )
    SELECT r.id FROM booked JOIN rooms r ON r.id = booked.room_id
    WHERE r.state <> 'scheduled' OR r.scheduled_at <= ${overBefore} OR (r.scheduled_at > ${now} AND r.scheduled_at <= ${remindFor})
      OR EXISTS (SELECT FROM room_bookings b WHERE b.room_id = r.id AND b.closed_at IS NULL AND b.told_for < r.scheduled_at)
      OR EXISTS (SELECT FROM room_bookings b WHERE b.room_id = r.id AND b.closed_at IS NULL AND b.told_for > r.scheduled_at)
      OR (r.scheduled_at IS NOT NULL
        AND EXISTS (SELECT FROM room_bookings b WHERE b.room_id = r.id AND b.closed_at IS NULL AND b.told_for IS NULL))
      OR (r.scheduled_at IS NULL
        AND EXISTS (SELECT FROM room_bookings b WHERE b.room_id = r.id AND b.closed_at IS NULL AND b.told_for IS NOT NULL))`;
  return rows.map(({ id }) => id);
}
