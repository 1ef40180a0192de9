import { z } from 'zod';
import { RoomId } from '../ids.ts';
import { CountdownId, MAX_COUNTDOWN_SECONDS, RoomCountdown } from '../realtime/activities.ts';
import { Empty, Instant, PageQuery, page, text } from './common.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ id: CountdownId });

export const startCountdown = defineRoute({
  id: 'countdowns.start',
  method: 'POST',
  path: '/countdowns',
  tag: 'activities',
  access: { staff: 'rooms:operate' },
  summary:
    'Count down to a moment of server time in a room that is live or scheduled. A room has one at a time; audited',
  body: z.strictObject({
    roomId: RoomId,
    title: text(20),
    seconds: z.int().min(5).max(MAX_COUNTDOWN_SECONDS),
  }),
  reply: RoomCountdown,
  status: 201,
  errors: ['not_found', 'room_not_live', 'state_conflict', 'words_refused'],
});
export const moveCountdown = defineRoute({
  id: 'countdowns.move',
  method: 'POST',
  path: '/countdowns/:id/move',
  tag: 'activities',
  access: { staff: 'rooms:operate' },
  summary: 'Let it end at another moment; audited. The moment is named, so that asking again changes nothing more',
  params,
  body: z.strictObject({ endsAt: Instant }),
  reply: RoomCountdown,
  errors: ['not_found', 'too_late', 'invalid_request'],
});
export const cancelCountdown = defineRoute({
  id: 'countdowns.cancel',
  method: 'POST',
  path: '/countdowns/:id/cancel',
  tag: 'activities',
  access: { staff: 'rooms:operate' },
  summary: 'Take a countdown away; audited. Again = the same answer',
  params,
  body: Empty,
  reply: RoomCountdown,
  errors: ['not_found', 'too_late'],
});
export const listCountdowns = defineRoute({
  id: 'countdowns.list',
  method: 'GET',
  path: '/countdowns',
  tag: 'activities',
  access: 'public',
  summary: 'The countdowns of a room, the newest first',
  query: PageQuery.extend({ roomId: RoomId }),
  reply: page(RoomCountdown),
});
