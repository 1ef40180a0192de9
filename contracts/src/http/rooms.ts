import { z } from 'zod';
import { ErrorCodeSchema } from '../errors.ts';
import { OrgPath, OrgUnitId, PersonId, ProductId, RoomId, StreamId } from '../ids.ts';
import { Fen } from '../money.ts';
import { RoomSnapshot } from '../realtime/snapshot.ts';
import { Empty, Instant, OrgUnitRef, PageQuery, PersonRef, PictureUrl, page, text } from './common.ts';
import { RoomAudience, RoomKind } from './room-access.ts';
import { defineRoute } from './route.ts';

export const RoomState = z.enum(['scheduled', 'live', 'ended']);
export type RoomState = z.infer<typeof RoomState>;

/**
 * Where the room's own picture comes from: the camera of the studio that runs it, or an encoder (WHIP, with the room's stream
 * key). A fact of the room and of no device: whatever studio opens the room publishes by it.
 */
export const RoomSource = z.enum(['camera', 'encoder']);
export type RoomSource = z.infer<typeof RoomSource>;

export const Room = z
  .object({
    id: RoomId,
    title: z.string(),
    coverUrl: PictureUrl,
    state: RoomState,
    orgUnit: OrgUnitRef,
    host: PersonRef,
    streamId: StreamId,
    source: RoomSource.optional(),
    isDemo: z.boolean(),
    /** Rule Z7: what it shows, or has shown, is a host's picture that was generated; viewers see it said. */
    aiPicture: z.boolean().optional(),
    scheduledAt: Instant.nullable(),
    startedAt: Instant.nullable(),
    endedAt: Instant.nullable(),
    /** Called off before it started; it is ended then. */
    cancelledAt: Instant.nullable().optional(),
    createdAt: Instant,
    viewersNow: z.int(),
    viewersTotal: z.int(),
    likes: z.int(),
    /** The programme that this room relays. */
    relay: z.object({ title: z.string(), unitName: z.string() }).nullable().optional(),
    kind: RoomKind.optional(),
    /** For whom it is. */
    audience: RoomAudience.optional(),
  })
  .meta({ id: 'Room' });
export type Room = z.infer<typeof Room>;

/** Where and with what right a browser reaches the media-server. URLs are relative to the origin when they start with `/`. */
export const MediaGrant = z
  .object({
    streamId: StreamId,
    right: z.enum(['publish', 'watch']),
    token: z.string(),
    expiresAt: Instant,
    /** Origin of the media-server for Socket.IO; empty = the page's own origin. */
    socketUrl: z.string(),
    /** Socket.IO path, `/media/socket.io` behind the gateway. */
    socketPath: z.string(),
    /** HLS master playlist without its token; the client adds `?token=`. */
    hlsUrl: z.string(),
    iceServers: z.array(
      z.object({ urls: z.array(z.string()), username: z.string().optional(), credential: z.string().optional() }),
    ),
  })
  .meta({ id: 'MediaGrant' });
export type MediaGrant = z.infer<typeof MediaGrant>;

const params = z.strictObject({ id: RoomId });

export const listRooms = defineRoute({
  id: 'rooms.list',
  method: 'GET',
  path: '/rooms',
  tag: 'rooms',
  access: 'public',
  summary:
    'Rooms: everybody sees scheduled, live and ended ones; `mine=true` lists what the signed-in staff may operate',
  query: PageQuery.extend({
    state: RoomState.optional(),
    orgPath: OrgPath.optional(),
    mine: z.enum(['true', 'false']).optional(),
  }),
  reply: page(Room),
});
export const createRoom = defineRoute({
  id: 'rooms.create',
  method: 'POST',
  path: '/rooms',
  tag: 'rooms',
  access: { staff: 'rooms:write' },
  summary: 'Create a room for an org unit of my scope (my own unit if none is named); the bag may be set at once',
  body: z.strictObject({
    title: text(60),
    orgUnitId: OrgUnitId.optional(),
    hostId: PersonId.optional(),
    coverUrl: PictureUrl.optional(),
    scheduledAt: Instant.optional(),
    /** `camera` if none is named. */
    source: RoomSource.optional(),
    /** The host's picture is generated (rule Z7). */
    aiPicture: z.boolean().optional(),
    productIds: z.array(ProductId).max(50).optional(),
    /** Make it a relay of this programme. */
    relayOf: RoomId.optional(),
    /** A conference is for who is invited, whatever `audience` says. */
    kind: RoomKind.optional(),
    audience: RoomAudience.optional(),
  }),
  reply: Room,
  status: 201,
  errors: ['forbidden', 'not_found', 'state_conflict'],
});
export const getRoom = defineRoute({
  id: 'rooms.get',
  method: 'GET',
  path: '/rooms/:id',
  tag: 'rooms',
  access: 'public',
  summary: 'One room',
  params,
  reply: Room,
});
export const patchRoom = defineRoute({
  id: 'rooms.patch',
  method: 'PATCH',
  path: '/rooms/:id',
  tag: 'rooms',
  access: { staff: 'rooms:write' },
  summary:
    'Change title, cover, schedule or source. The source may change while live: `camera` ends the stream key, which puts the encoder out; `encoder` gives studios no right to publish any more',
  params,
  body: z.strictObject({
    title: text(60).optional(),
    coverUrl: PictureUrl.optional(),
    scheduledAt: Instant.nullable().optional(),
    source: RoomSource.optional(),
    /** Said at any time before the end; taken back only before the start (rule Z7). */
    aiPicture: z.boolean().optional(),
  }),
  reply: Room,
  errors: ['forbidden', 'state_conflict'],
});
export const startRoom = defineRoute({
  id: 'rooms.start',
  method: 'POST',
  path: '/rooms/:id/start',
  tag: 'rooms',
  access: { staff: 'rooms:write' },
  summary: 'Go live: scheduled → live (again on a live room: the same answer). Returns the right to publish',
  params,
  body: Empty,
  reply: z.object({ room: Room, publish: MediaGrant }),
  errors: ['forbidden', 'state_conflict', 'host_not_cleared'],
});
export const endRoom = defineRoute({
  id: 'rooms.end',
  method: 'POST',
  path: '/rooms/:id/end',
  tag: 'rooms',
  access: { staff: 'rooms:write' },
  summary: 'End the live: live → ended; viewers are told, the stream is closed',
  params,
  body: Empty,
  reply: Room,
  errors: ['forbidden', 'state_conflict'],
});

export const JoinReply = z
  .object({
    /** For the `/room` namespace: `auth: { token: roomToken, roomId, lastSeq? }`. */
    roomToken: z.string(),
    roomTokenExpiresAt: Instant,
    socketUrl: z.string(),
    socketPath: z.string(),
    room: Room,
    /** What this person may do here: hosts and assistants operate, muted people cannot chat. */
    role: z.enum(['viewer', 'operator', 'host']),
    muted: z.boolean(),
    media: MediaGrant.nullable(),
    snapshot: RoomSnapshot,
    serverTime: Instant,
  })
  .meta({ id: 'JoinReply' });
export type JoinReply = z.infer<typeof JoinReply>;

export const joinRoom = defineRoute({
  id: 'rooms.join',
  method: 'POST',
  path: '/rooms/:id/join',
  tag: 'rooms',
  access: 'person',
  summary: 'Enter a room: room token, media token, endpoints and a snapshot in one answer',
  params,
  body: Empty,
  reply: JoinReply,
  errors: ['banned', 'not_in_audience', 'not_found'],
});
export const mediaGrant = defineRoute({
  id: 'rooms.media-grant',
  method: 'POST',
  path: '/rooms/:id/media-grant',
  tag: 'rooms',
  access: 'person',
  summary:
    'A fresh media token (at most 2 minutes, one stream, one right); publishing needs the host’s right and a live room',
  params,
  body: z.strictObject({
    right: z.enum(['publish', 'watch']),
    /**
     * To watch: one of the streams on the room's stage, the main picture if none is named. To publish: the room's own
     * stream if none is named, or that of my seat as a co-host.
     */
    streamId: StreamId.optional(),
  }),
  reply: MediaGrant,
  errors: ['forbidden', 'banned', 'room_not_live', 'state_conflict'],
});

export const uplinkTest = defineRoute({
  id: 'media.uplink-test',
  method: 'POST',
  path: '/media/uplink-test',
  tag: 'rooms',
  access: { staff: 'rooms:write' },
  summary: 'The right to publish to a stream that nobody can watch, to measure the way up before going live',
  body: Empty,
  reply: MediaGrant,
});

// ── moderation, desk ────────────────────────────────────────────────────────────────────────────────────────────────
export const ModerationEntry = z.object({
  personId: PersonId,
  name: z.string(),
  kind: z.enum(['mute', 'ban']),
  reason: z.string(),
  by: PersonRef,
  at: Instant,
  until: Instant.nullable(),
});
export const listModeration = defineRoute({
  id: 'rooms.moderation',
  method: 'GET',
  path: '/rooms/:id/moderation',
  tag: 'rooms',
  access: { staff: 'rooms:operate' },
  summary: 'Who is muted or banned in this room',
  params,
  reply: z.object({ items: z.array(ModerationEntry) }),
});
export const liftModeration = defineRoute({
  id: 'rooms.moderation.lift',
  method: 'DELETE',
  path: '/rooms/:id/moderation/:personId',
  tag: 'rooms',
  access: { staff: 'rooms:operate' },
  summary: 'Lift a mute or ban',
  params: z.strictObject({ id: RoomId, personId: PersonId }),
  status: 204,
});
export const liveWall = defineRoute({
  id: 'rooms.wall',
  method: 'GET',
  path: '/live-wall',
  tag: 'rooms',
  access: { staff: 'rooms:read' },
  summary: 'Live rooms of my scope, worst first: picture state, viewers, orders, GMV',
  reply: z.object({
    at: Instant,
    items: z.array(
      z.object({
        room: Room,
        streamState: z.enum(['idle', 'live', 'interrupted']),
        viewersNow: z.int(),
        orders: z.int(),
        gmvFen: Fen,
        liveSeconds: z.int(),
        /** How the shown stream is watched and how it arrives; null while no media server tells. */
        stream: z
          .object({
            /** Players by WebRTC and by HLS, of all rooms that show the stream. */
            viewers: z.object({ realtime: z.int(), smooth: z.int() }),
            health: z.enum(['good', 'fair', 'poor']).nullable(),
            /** 0 to 1, of the worst track. */
            lossRatio: z.number().nullable(),
          })
          .nullable()
          .optional(),
        /** `bad_network`: the picture arrives with so much loss that it stands still at times. */
        trouble: z.array(ErrorCodeSchema.or(z.enum(['no_picture', 'host_reconnecting', 'bad_network', 'no_viewers']))),
      }),
    ),
  }),
});
