/** Bookings of a room: see room-bookings.service.ts for the model. */
import { bookRoom, getBooking, roomBookings, unbookRoom } from '@walnut-live/contracts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { requireScope } from '../../platform/principal.ts';
import { type BookingsDeps, createBookingsService } from './room-bookings.service.ts';

export const BOOKINGS_JOB = 'room-bookings-due';
const DUE_EVERY_MS = 3_000;
/** Sharers listed with a room. */
const SHARERS_SHOWN = 50;

export function createRoomBookings(
  deps: BookingsDeps & { bind: Binder; jobs: Jobs; findRoom: (roomId: string) => Promise<{ orgPath: string }> },
) {
  const { bind, db } = deps;
  const service = createBookingsService(deps);
  bind(getBooking, ({ principal, params }) => service.read(params.id, principal.personId));
  bind(bookRoom, ({ principal, params }) => service.book(params.id, principal.personId));
  bind(unbookRoom, ({ principal, params }) => service.undo(params.id, principal.personId));
  bind(roomBookings, async ({ principal, params }) => {
    const room = await deps.findRoom(params.id);
    requireScope(principal, 'rooms:read', room.orgPath);
    const [total] = await db.sql<{ people: number; reminded: number; direct: number; last: Date | null }>`
      SELECT count(*)::int AS people, count(reminded_for)::int AS reminded, count(*) FILTER (WHERE sharer_id IS NULL)::int AS direct,
        max(booked_at) AS last FROM room_bookings WHERE room_id = ${params.id} AND closed_as IS DISTINCT FROM 'undone'`;
    if (!total) throw new AppError('not_found');
    const bySharer = await db.sql<{ id: string; name: string; people: number }>`
      SELECT p.id, p.name, count(*)::int AS people FROM room_bookings b JOIN people s ON s.id = b.sharer_id
        JOIN people p ON p.id = coalesce(s.merged_into, s.id)
      WHERE b.room_id = ${params.id} AND b.closed_as IS DISTINCT FROM 'undone'
      GROUP BY p.id, p.name ORDER BY people DESC, p.id LIMIT ${SHARERS_SHOWN}`;
    return {
      people: total.people,
      reminded: total.reminded,
      direct: total.direct,
      lastBookedAt: total.last?.toISOString() ?? null,
      bySharer: bySharer.map(({ people, ...sharer }) => ({ sharer, people })),
    };
  });
  deps.jobs.every(BOOKINGS_JOB, DUE_EVERY_MS, async () => void (await service.tellDue()));
  return { tellDue: service.tellDue };
}
