/** Stream keys: the URL and the long-lived token with which an encoder such as OBS publishes a room's stream by WHIP. */
import { z } from 'zod';
import { RoomId } from '../ids.ts';
import { Empty, Instant, PersonRef } from './common.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ id: RoomId });

/** The key that works now. The key itself is told once, when it is made, and kept nowhere. */
export const StreamKeyFacts = z
  .object({ createdAt: Instant, expiresAt: Instant, createdBy: PersonRef })
  .meta({ id: 'StreamKeyFacts' });
export type StreamKeyFacts = z.infer<typeof StreamKeyFacts>;

export const readStreamKey = defineRoute({
  id: 'stream-keys.read',
  method: 'GET',
  path: '/rooms/:id/stream-key',
  tag: 'stream-keys',
  access: { staff: 'rooms:write' },
  summary: 'Where an encoder publishes this room, and whether it has a key that works',
  params,
  reply: z.object({ whipUrl: z.url(), key: StreamKeyFacts.nullable() }),
  errors: ['forbidden', 'not_found'],
});
export const createStreamKey = defineRoute({
  id: 'stream-keys.create',
  method: 'POST',
  path: '/rooms/:id/stream-key',
  tag: 'stream-keys',
  access: { staff: 'rooms:write' },
  summary:
    'Make a key for an encoder; it works for at most 24 hours, and the one before it ends at once. Told once. The room’s source becomes the encoder',
  params,
  body: Empty,
  reply: z.object({
    whipUrl: z.url(),
    /** Bearer token of the encoder. */
    bearerToken: z.string(),
    key: StreamKeyFacts,
  }),
  status: 201,
  errors: ['forbidden', 'not_found', 'state_conflict'],
});
export const revokeStreamKey = defineRoute({
  id: 'stream-keys.revoke',
  method: 'DELETE',
  path: '/rooms/:id/stream-key',
  tag: 'stream-keys',
  access: { staff: 'rooms:write' },
  summary: 'End the key; an encoder that publishes with it is put out within a second. Again = the same answer',
  params,
  status: 204,
  errors: ['forbidden', 'not_found'],
});
