/** Replays: the recording of a room that ended, chat and products at their time, clips per product (讲解回放), files. */
import { z } from 'zod';
import { ProductId, RoomId } from '../ids.ts';
import { ChatMessage } from '../realtime/chat.ts';
import { Instant, PageQuery, text } from './common.ts';
import { Room } from './rooms.ts';
import { defineRoute } from './route.ts';

const roomParams = z.strictObject({ id: RoomId });
const clipParams = z.strictObject({ id: z.uuid() });

/** Position in the recording. */
const Seconds = z.number().min(0).max(100_000);
/** Of one clip. */
export const CLIP_MIN_SECONDS = 2;
export const CLIP_MAX_SECONDS = 1_800;

/**
 * none: nothing was recorded. recording: the room is live. processing: it ended a moment ago. hidden: the store has taken
 * it back (staff see it). gone: deleted by the retention policy.
 */
export const ReplayState = z.enum(['none', 'recording', 'processing', 'ready', 'hidden', 'gone']);
export type ReplayState = z.infer<typeof ReplayState>;

/** Playlist and the right to it, for a few minutes; add `?token=`. */
export const ReplayGrant = z
  .object({ hlsUrl: z.string(), token: z.string(), expiresAt: Instant })
  .meta({ id: 'ReplayGrant' });
export type ReplayGrant = z.infer<typeof ReplayGrant>;

/** Something at its time: a product was explained from here until there, an offer was opened, people bought. */
export const ReplayMarker = z
  .object({
    kind: z.enum(['pin', 'offer', 'purchases']),
    atSeconds: z.number(),
    /** End of a pin. */
    untilSeconds: z.number().nullable(),
    productId: ProductId,
    /** Pieces bought within the minute. */
    quantity: z.int().nullable(),
  })
  .meta({ id: 'ReplayMarker' });
export type ReplayMarker = z.infer<typeof ReplayMarker>;

export const Clip = z
  .object({
    id: z.uuid(),
    roomId: RoomId,
    productId: ProductId,
    productTitle: z.string(),
    fromSeconds: z.number(),
    toSeconds: z.number(),
    /** pin: made from the time it was pinned. guide: set by a person. */
    origin: z.enum(['pin', 'guide']),
    roomTitle: z.string(),
    /** Rule Z7. */
    aiPicture: z.boolean().optional(),
    recordedAt: Instant,
  })
  .meta({ id: 'Clip' });
export type Clip = z.infer<typeof Clip>;

export const Replay = z
  .object({
    room: Room,
    state: ReplayState,
    durationSeconds: z.number(),
    markers: z.array(ReplayMarker),
    clips: z.array(Clip),
    media: ReplayGrant.nullable(),
    /** I may make clips, download, hide. */
    mayManage: z.boolean(),
    /** Nobody may delete it before. */
    keepUntil: Instant.nullable(),
  })
  .meta({ id: 'Replay' });
export type Replay = z.infer<typeof Replay>;

export const getReplay = defineRoute({
  id: 'replays.get',
  method: 'GET',
  path: '/rooms/:id/replay',
  tag: 'replays',
  access: 'person',
  summary: 'The replay of a room: state, products at their time, clips and, when it is ready, where the video is',
  params: roomParams,
  reply: Replay,
  errors: ['not_found', 'banned'],
});

/** A message at its place in the recording. */
export const ReplayChatLine = z.object({ atSeconds: z.number(), message: ChatMessage }).meta({ id: 'ReplayChatLine' });
export type ReplayChatLine = z.infer<typeof ReplayChatLine>;
export const replayChat = defineRoute({
  id: 'replays.chat',
  method: 'GET',
  path: '/rooms/:id/replay/chat',
  tag: 'replays',
  access: 'person',
  summary:
    'What was said from a position on, in order; deleted messages and those of people who were banned are not there',
  params: roomParams,
  query: PageQuery.extend({
    /** Decimal. */
    fromSeconds: z
      .string()
      .regex(/^\d{1,6}(\.\d{1,3})?$/)
      .optional(),
  }),
  reply: z.object({ items: z.array(ReplayChatLine), nextCursor: z.string().nullable() }),
  errors: ['not_found', 'banned'],
});

export const listProductClips = defineRoute({
  id: 'clips.of-product',
  method: 'GET',
  path: '/products/:id/clips',
  tag: 'replays',
  access: 'person',
  summary: 'The newest clips in which this product is explained',
  params: z.strictObject({ id: ProductId }),
  reply: z.object({ items: z.array(Clip) }),
});
export const playClip = defineRoute({
  id: 'clips.play',
  method: 'POST',
  path: '/clips/:id/play',
  tag: 'replays',
  access: 'person',
  summary: 'Where the video of a clip is',
  params: clipParams,
  body: z.strictObject({}),
  reply: z.object({ clip: Clip, media: ReplayGrant }),
  errors: ['not_found', 'banned'],
});

const Cut = { fromSeconds: Seconds, toSeconds: Seconds };
export const createClip = defineRoute({
  id: 'clips.create',
  method: 'POST',
  path: '/rooms/:id/clips',
  tag: 'replays',
  access: { staff: 'rooms:operate' },
  summary: 'Cut a clip of a product; the same cut again = the same clip',
  params: roomParams,
  body: z.strictObject({ productId: ProductId, ...Cut }),
  reply: Clip,
  errors: ['forbidden', 'not_found', 'state_conflict', 'invalid_request', 'limit_exceeded'],
});
export const patchClip = defineRoute({
  id: 'clips.patch',
  method: 'PATCH',
  path: '/clips/:id',
  tag: 'replays',
  access: { staff: 'rooms:operate' },
  summary: 'Move the borders of a clip',
  params: clipParams,
  body: z.strictObject(Cut),
  reply: Clip,
  errors: ['forbidden', 'not_found', 'invalid_request', 'state_conflict'],
});
export const deleteClip = defineRoute({
  id: 'clips.delete',
  method: 'DELETE',
  path: '/clips/:id',
  tag: 'replays',
  access: { staff: 'rooms:operate' },
  summary: 'Take a clip away (the recording stays); again = the same answer',
  params: clipParams,
  status: 204,
  errors: ['forbidden', 'not_found'],
});

export const ReplayFile = z.object({
  /** failed: try again. */
  state: z.enum(['making', 'ready', 'failed']),
  /** When ready: a link for a few minutes. */
  url: z.string().nullable(),
  bytes: z.int().nullable(),
});
export const makeReplayFile = defineRoute({
  id: 'replays.file',
  method: 'POST',
  path: '/rooms/:id/replay/file',
  tag: 'replays',
  access: { staff: 'rooms:operate' },
  summary:
    'The recording, or one of its clips, as an MP4: begins to make it, or tells how far it is; ask again until ready',
  params: roomParams,
  body: z.strictObject({ clipId: z.uuid().nullable() }),
  reply: ReplayFile,
  errors: ['forbidden', 'not_found', 'state_conflict', 'unavailable'],
});
export const setReplayVisible = defineRoute({
  id: 'replays.visible',
  method: 'PUT',
  path: '/rooms/:id/replay/visible',
  tag: 'replays',
  access: { staff: 'rooms:write' },
  summary: 'Show the replay and its clips to customers, or take them back; it stays kept',
  params: roomParams,
  body: z.strictObject({ visible: z.boolean() }),
  reply: z.object({ state: ReplayState }),
  errors: ['forbidden', 'not_found', 'state_conflict'],
});
export const deleteReplay = defineRoute({
  id: 'replays.delete',
  method: 'POST',
  path: '/rooms/:id/replay/deletion',
  tag: 'replays',
  access: { staff: 'rooms:write' },
  summary: 'Delete a recording whose time to be kept is over (rule Z1), with a reason; again = the same answer',
  params: roomParams,
  body: z.strictObject({ reason: text(200) }),
  reply: z.object({ state: ReplayState }),
  errors: ['forbidden', 'not_found', 'state_conflict'],
});
