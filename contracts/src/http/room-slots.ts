import { z } from 'zod';
import { OrgUnitId, PersonId, ProductId, RoomId } from '../ids.ts';
import { Empty, Instant, OrgUnitRef, PersonRef, PictureUrl, text } from './common.ts';
import { defineRoute } from './route.ts';

/** ISO 8601: 1 is Monday. */
export const Weekday = z.int().min(1).max(7);
export const LocalDate = z.iso.date().meta({ description: 'A day in the zone of the slot' });
/** `20:00`, in the zone of the slot. */
export const LocalTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);
export const SLOT_ZONE = 'Asia/Shanghai';
export const RoomSlotId = z.uuid().meta({ description: 'id of a recurring slot (UUIDv7)' });

const rule = {
  title: text(60),
  hostId: PersonId,
  coverUrl: PictureUrl,
  weekdays: z
    .array(Weekday)
    .min(1)
    .max(7)
    .refine((days) => new Set(days).size === days.length, 'repeated_weekday'),
  startsAt: LocalTime,
  durationMinutes: z.int().min(10).max(720),
  productIds: z.array(ProductId).max(50),
  from: LocalDate,
  until: LocalDate.nullable(),
  /** Days on which there is none. */
  exceptions: z.array(LocalDate).max(100),
};

export const SlotDate = z
  .object({
    date: LocalDate,
    startsAt: Instant,
    /** planned: its room comes later. changed: by hand, the slot leaves it alone. cancelled: by hand, and stays so. */
    state: z.enum(['planned', 'room', 'changed', 'cancelled', 'excepted']),
    roomId: RoomId.nullable(),
  })
  .meta({ id: 'SlotDate' });
export type SlotDate = z.infer<typeof SlotDate>;
export const RoomSlot = z
  .object({
    id: RoomSlotId,
    orgUnit: OrgUnitRef,
    host: PersonRef,
    ...rule,
    zone: z.string(),
    state: z.enum(['active', 'ended']),
    /** Why no more rooms are made; the host may not go live there any more. */
    problem: z.enum(['host_left']).nullable(),
    /** The coming weeks. */
    dates: z.array(SlotDate),
  })
  .meta({ id: 'RoomSlot' });
export type RoomSlot = z.infer<typeof RoomSlot>;

const params = z.strictObject({ id: RoomSlotId });
export const listRoomSlots = defineRoute({
  id: 'room-slots.list',
  method: 'GET',
  path: '/room-slots',
  tag: 'rooms',
  access: { staff: 'rooms:read' },
  summary: 'The recurring slots of my scope and what becomes of them in the coming weeks; ended ones are left out',
  reply: z.object({ items: z.array(RoomSlot) }),
});
export const createRoomSlot = defineRoute({
  id: 'room-slots.create',
  method: 'POST',
  path: '/room-slots',
  tag: 'rooms',
  access: { staff: 'rooms:write' },
  summary: 'A live that comes again on weekdays, for a unit of my scope; its rooms are made two weeks ahead',
  body: z.strictObject({
    ...rule,
    orgUnitId: OrgUnitId.optional(),
    hostId: PersonId.optional(),
    coverUrl: PictureUrl.optional(),
    productIds: rule.productIds.default([]),
    until: rule.until.default(null),
    exceptions: rule.exceptions.default([]),
  }),
  reply: RoomSlot,
  status: 201,
  errors: ['forbidden', 'not_found', 'state_conflict', 'words_refused'],
});
export const patchRoomSlot = defineRoute({
  id: 'room-slots.patch',
  method: 'PATCH',
  path: '/room-slots/:id',
  tag: 'rooms',
  access: { staff: 'rooms:write' },
  summary:
    'Change a slot. Rooms that nobody changed by hand follow it, and whoever booked them is told; the others stay',
  params,
  body: z.strictObject(rule).partial(),
  reply: RoomSlot,
  errors: ['not_found', 'state_conflict', 'words_refused'],
});
export const endRoomSlot = defineRoute({
  id: 'room-slots.end',
  method: 'POST',
  path: '/room-slots/:id/end',
  tag: 'rooms',
  access: { staff: 'rooms:write' },
  summary: 'No more of them: coming rooms that nobody changed by hand are called off. Again = the same answer',
  params,
  body: Empty,
  reply: RoomSlot,
  errors: ['not_found'],
});
