/** A guide's public page (KOS): what they tell of themselves, what others have verified, their lives. */
import { z } from 'zod';
import { PersonId } from '../ids.ts';
import { Instant, PersonRef, text } from './common.ts';
import { Room } from './rooms.ts';
import { defineRoute } from './route.ts';

export const MAX_TAGS = 6;
export const MAX_TAG_LENGTH = 10;
export const MAX_BIO_LENGTH = 300;

/** A day, `2026-11-02`. */
const Day = z.iso.date();
export const Training = z
  .object({
    id: z.uuid(),
    title: z.string(),
    trainedOn: Day,
    /** Who vouches for it; never the guide. */
    verifiedBy: z.string(),
    verifiedAt: Instant,
  })
  .meta({ id: 'Training' });
export type Training = z.infer<typeof Training>;

export const Persona = z
  .object({
    guide: PersonRef,
    store: z.object({ id: z.uuid(), name: z.string() }),
    /** Null: initials. */
    photoUrl: z.string().nullable(),
    bio: z.string(),
    tags: z.array(z.string()),
    trainings: z.array(Training),
    followers: z.int(),
    /** Only rooms that who asks may enter. */
    live: z.array(Room),
    coming: z.array(Room),
    past: z.array(z.object({ room: Room, hasReplay: z.boolean() })),
  })
  .meta({ id: 'Persona' });
export type Persona = z.infer<typeof Persona>;

const guide = z.strictObject({ id: PersonId });

export const getPersona = defineRoute({
  id: 'personas.get',
  method: 'GET',
  path: '/guides/:id',
  tag: 'guides',
  access: 'public',
  summary: 'The page of a guide',
  params: guide,
  reply: Persona,
  errors: ['not_found'],
});

export const MyPersona = z
  .object({
    bio: z.string(),
    tags: z.array(z.string()),
    photoId: z.uuid().nullable(),
    photoUrl: z.string().nullable(),
    trainings: z.array(Training),
  })
  .meta({ id: 'MyPersona' });
export type MyPersona = z.infer<typeof MyPersona>;

export const getMyPersona = defineRoute({
  id: 'personas.mine',
  method: 'GET',
  path: '/me/persona',
  tag: 'guides',
  access: { staff: 'rooms:operate' },
  summary: 'What my page tells of me',
  reply: MyPersona,
});
export const putMyPersona = defineRoute({
  id: 'personas.put',
  method: 'PUT',
  path: '/me/persona',
  tag: 'guides',
  access: { staff: 'rooms:operate' },
  summary: 'Tell of myself; the word list reads it first (rule Z3). The photo is one that I uploaded',
  body: z.strictObject({
    bio: text(MAX_BIO_LENGTH, 0),
    tags: z.array(text(MAX_TAG_LENGTH)).max(MAX_TAGS),
    photoId: z.uuid().nullable(),
  }),
  reply: MyPersona,
  errors: ['words_refused', 'not_found'],
});

export const listTrainings = defineRoute({
  id: 'trainings.list',
  method: 'GET',
  path: '/staff/:id/trainings',
  tag: 'guides',
  access: { staff: 'staff:read' },
  summary: 'What a member of my scope’s staff was trained in',
  params: guide,
  reply: z.object({ items: z.array(Training) }),
});
export const verifyTraining = defineRoute({
  id: 'trainings.verify',
  method: 'POST',
  path: '/staff/:id/trainings',
  tag: 'guides',
  access: { staff: 'staff:verify' },
  summary: 'Vouch for a training of somebody of my scope; nobody vouches for themselves',
  params: guide,
  body: z.strictObject({ title: text(60), trainedOn: Day }),
  reply: Training,
  status: 201,
  errors: ['forbidden', 'not_found', 'self_action', 'words_refused', 'limit_exceeded'],
});
export const revokeTraining = defineRoute({
  id: 'trainings.revoke',
  method: 'POST',
  path: '/trainings/:id/revoke',
  tag: 'guides',
  access: { staff: 'staff:verify' },
  summary: 'Take a verification back, with a reason; again = the same answer',
  params: z.strictObject({ id: z.uuid() }),
  body: z.strictObject({ reason: text(200) }),
  reply: z.strictObject({}),
  errors: ['forbidden', 'not_found', 'self_action'],
});
