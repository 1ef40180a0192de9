import { z } from 'zod';
import { RoomId } from '../ids.ts';
import { CheckIn, CheckInId } from '../realtime/activities.ts';
import { Empty, text } from './common.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ id: CheckInId });

export const openCheckIn = defineRoute({
  id: 'check-ins.open',
  method: 'POST',
  path: '/check-ins',
  tag: 'activities',
  access: { staff: 'rooms:operate' },
  summary: 'Open the check-in of a live room, with a message if one likes; audited. Open already = its message changes',
  body: z.strictObject({ roomId: RoomId, message: text(40, 0).default('') }),
  reply: CheckIn,
  status: 201,
  errors: ['not_found', 'room_not_live', 'words_refused'],
});
export const closeCheckIn = defineRoute({
  id: 'check-ins.close',
  method: 'POST',
  path: '/check-ins/:id/close',
  tag: 'activities',
  access: { staff: 'rooms:operate' },
  summary: 'Close the check-in; audited. It can be opened again. Again = the same answer',
  params,
  body: Empty,
  reply: CheckIn,
  errors: ['not_found'],
});
export const getCheckIn = defineRoute({
  id: 'check-ins.get',
  method: 'GET',
  path: '/check-ins/:id',
  tag: 'activities',
  access: 'public',
  summary: 'The check-in of a room and how many people are in it',
  params,
  reply: CheckIn,
  errors: ['not_found'],
});
export const MyCheckIn = z
  .object({
    /** Today, by the calendar of Shanghai. */
    done: z.boolean(),
    /** Lives of the store in a row that I did not miss, this one included once I am in it. */
    streak: z.int().min(0),
  })
  .meta({ id: 'MyCheckIn' });
export type MyCheckIn = z.infer<typeof MyCheckIn>;
export const myCheckIn = defineRoute({
  id: 'check-ins.mine',
  method: 'GET',
  path: '/check-ins/:id/mine',
  tag: 'activities',
  access: 'person',
  summary: 'Whether I checked in today, and my streak in the lives of the store',
  params,
  reply: MyCheckIn,
  errors: ['not_found'],
});
