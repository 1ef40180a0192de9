/** Dealer conferences: a room for the invited, with material and an attendance list. */
import { z } from 'zod';
import { RoomId } from '../ids.ts';
import { Instant, PersonRef, text } from './common.ts';
import { materialTypes, WebLink } from './files.ts';
import { defineRoute } from './route.ts';

const room = z.strictObject({ id: RoomId });
export const MAX_MATERIALS = 50;

export const Material = z
  .object({
    id: z.uuid(),
    title: z.string(),
    /** Of a link. */
    url: z.string().nullable(),
    file: z.object({ name: z.string(), mediaType: z.enum(materialTypes), bytes: z.int() }).nullable(),
    addedAt: Instant,
  })
  .meta({ id: 'Material' });
export type Material = z.infer<typeof Material>;

export const listMaterials = defineRoute({
  id: 'materials.list',
  method: 'GET',
  path: '/rooms/:id/materials',
  tag: 'conferences',
  access: 'person',
  summary: 'Training material of a conference, for who may enter it',
  params: room,
  reply: z.object({ items: z.array(Material) }),
  errors: ['not_found', 'not_in_audience'],
});
export const addMaterial = defineRoute({
  id: 'materials.add',
  method: 'POST',
  path: '/rooms/:id/materials',
  tag: 'conferences',
  access: { staff: 'rooms:write' },
  summary: 'Add a file that I uploaded as material, or a link',
  params: room,
  body: z.strictObject({
    title: text(60),
    fileId: z.uuid().nullable(),
    url: WebLink.nullable(),
  }),
  reply: Material,
  status: 201,
  errors: ['forbidden', 'not_found', 'invalid_request', 'state_conflict', 'limit_exceeded'],
});
export const removeMaterial = defineRoute({
  id: 'materials.remove',
  method: 'DELETE',
  path: '/rooms/:id/materials/:materialId',
  tag: 'conferences',
  access: { staff: 'rooms:write' },
  summary: 'Take material away; again = the same answer',
  params: z.strictObject({ id: RoomId, materialId: z.uuid() }),
  status: 204,
  errors: ['not_found', 'state_conflict'],
});
export const getMaterialFile = defineRoute({
  id: 'materials.file',
  method: 'GET',
  path: '/rooms/:id/materials/:materialId/file',
  tag: 'conferences',
  access: 'person',
  summary: 'The file itself, as an attachment',
  params: z.strictObject({ id: RoomId, materialId: z.uuid() }),
  produces: materialTypes,
  errors: ['not_found', 'not_in_audience', 'rate_limited'],
});

export const AttendanceLine = z
  .object({
    /** Null: nobody has come by this invitation. */
    person: PersonRef.nullable(),
    /** Who was meant; null: came without an invitation, as staff of the room’s line. */
    invitedAs: z.string().nullable(),
    invitation: z.enum(['open', 'redeemed', 'expired', 'revoked']).nullable(),
    firstAt: Instant.nullable(),
    lastAt: Instant.nullable(),
    /** Time with an open connection; overlapping devices count once. */
    watchedSeconds: z.int(),
  })
  .meta({ id: 'AttendanceLine' });
export type AttendanceLine = z.infer<typeof AttendanceLine>;
export const listAttendance = defineRoute({
  id: 'conferences.attendance',
  method: 'GET',
  path: '/rooms/:id/attendance',
  tag: 'conferences',
  access: { staff: 'rooms:operate' },
  summary: 'Who was invited, who came, when and for how long; `format=csv` as a file',
  params: room,
  query: z.strictObject({ format: z.enum(['json', 'csv']).optional() }),
  reply: z.object({ invited: z.int(), came: z.int(), items: z.array(AttendanceLine) }),
  produces: ['text/csv'],
  errors: ['forbidden', 'not_found', 'state_conflict'],
});
