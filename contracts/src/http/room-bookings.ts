import { z } from 'zod';
import { RoomId } from '../ids.ts';
import { Empty, Instant, PersonRef, text } from './common.ts';
import { Room } from './rooms.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ id: RoomId });

/** A person's place among those who want to be told (预约). The glossary's reservation is stock; this is a booking. */
export const RoomBooking = z
  .object({
    booked: z.boolean(),
    /** People who have booked and not taken it back. */
    people: z.int(),
    /** They are told this long before the start, and at the start. */
    remindMinutes: z.int(),
    /** Where WeChat asks whether it may tell them too; null where it is not connected, or was asked. */
    wechatUrl: z.url().nullable(),
  })
  .meta({ id: 'RoomBooking' });
export type RoomBooking = z.infer<typeof RoomBooking>;

export const getBooking = defineRoute({
  id: 'room-bookings.get',
  method: 'GET',
  path: '/rooms/:id/booking',
  tag: 'rooms',
  access: 'person',
  summary: 'Have I booked this room, and how many have',
  params,
  reply: RoomBooking,
});
export const bookRoom = defineRoute({
  id: 'room-bookings.book',
  method: 'PUT',
  path: '/rooms/:id/booking',
  tag: 'rooms',
  access: 'consumer',
  summary:
    'Tell me before it starts and when it does; it is also my consent to be told about this room, noted with its wording. Twice = once',
  params,
  body: Empty,
  reply: RoomBooking,
  errors: ['not_found', 'state_conflict', 'rate_limited'],
});
export const unbookRoom = defineRoute({
  id: 'room-bookings.undo',
  method: 'DELETE',
  path: '/rooms/:id/booking',
  tag: 'rooms',
  access: 'consumer',
  summary: 'Do not tell me after all',
  params,
  reply: RoomBooking,
  status: 200,
  errors: ['not_found'],
});
export const roomBookings = defineRoute({
  id: 'room-bookings.summary',
  method: 'GET',
  path: '/rooms/:id/bookings',
  tag: 'rooms',
  access: { staff: 'rooms:read' },
  summary: 'How many have booked a room of my scope, and whose links brought them',
  params,
  reply: z.object({
    people: z.int(),
    reminded: z.int(),
    bySharer: z.array(z.object({ sharer: PersonRef, people: z.int() })),
    /** Came by nobody’s link. */
    direct: z.int(),
    lastBookedAt: Instant.nullable(),
  }),
  errors: ['not_found'],
});
export const cancelRoom = defineRoute({
  id: 'rooms.cancel',
  method: 'POST',
  path: '/rooms/:id/cancel',
  tag: 'rooms',
  access: { staff: 'rooms:write' },
  summary:
    'Call off a room that has not started; whoever booked it is told, audited with its reason. Again = the same answer',
  params,
  body: z.strictObject({ reason: text(100) }),
  reply: Room,
  errors: ['not_found', 'forbidden', 'state_conflict'],
});
