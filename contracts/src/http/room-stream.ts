/** How a room's own stream is doing: who publishes it, how it arrives, who watches. Read from the media servers. */
import { z } from 'zod';
import { RoomId } from '../ids.ts';
import { MediaKind } from '../media/rtp.ts';
import { StreamReason, StreamState } from '../media/streams.ts';
import { Instant, PersonRef } from './common.ts';
import { RoomSource } from './rooms.ts';
import { defineRoute } from './route.ts';

/** The picture as it reaches the media server, in one word. Unknown is null, never a word. */
export const StreamHealth = z.enum(['good', 'fair', 'poor']);
export type StreamHealth = z.infer<typeof StreamHealth>;

/** Connected players, not people: by WebRTC, and by HLS. */
export const StreamViewers = z.strictObject({ realtime: z.int(), smooth: z.int() });
export type StreamViewers = z.infer<typeof StreamViewers>;

/** One published track as it arrives, its layers summed. What is not known is null, never zero. */
export const RoomStreamTrack = z
  .strictObject({
    kind: MediaKind,
    /** As in SDP, `H264`, `VP8`, `opus`. */
    codec: z.string(),
    paused: z.boolean(),
    /** Simulcast layers that are announced; 1 without. */
    layers: z.int(),
    /** Bits per second. */
    bitrateBps: z.number().nullable(),
    /** 0 to 1, of the last report; before lost packets were fetched again. */
    lossRatio: z.number().nullable(),
    /** Milliseconds from the media server to the publisher and back. */
    roundTripMs: z.number().nullable(),
    jitterMs: z.number().nullable(),
    /** 0 (nothing arrives) to 10, after repair. */
    score: z.number().nullable(),
  })
  .meta({ id: 'RoomStreamTrack' });
export type RoomStreamTrack = z.infer<typeof RoomStreamTrack>;

export const RoomStream = z
  .strictObject({
    /** Who is meant to publish. */
    source: RoomSource,
    state: StreamState,
    reason: StreamReason.nullable(),
    /** When it entered the state. */
    since: Instant,
    /** Null while nobody publishes and nobody is awaited. */
    publisher: z
      .strictObject({
        /** browser: a studio. encoder: a program that speaks WHIP. rtp: a local encoder that sends plain RTP. */
        kind: z.enum(['browser', 'encoder', 'rtp']),
        /** Whose grant or key it uses. */
        person: PersonRef.nullable(),
        connected: z.boolean(),
        tracks: z.array(RoomStreamTrack),
      })
      .nullable(),
    /** Pixels and frames per second of the coded picture; null while the media server has not looked into it. */
    picture: z.strictObject({ width: z.int(), height: z.int(), framesPerSecond: z.number().nullable() }).nullable(),
    viewers: StreamViewers,
    /** Null while nothing arrives or nothing is known of it. */
    health: StreamHealth.nullable(),
  })
  .meta({ id: 'RoomStream' });
export type RoomStream = z.infer<typeof RoomStream>;

export const readRoomStream = defineRoute({
  id: 'rooms.stream',
  method: 'GET',
  path: '/rooms/:id/stream',
  tag: 'rooms',
  access: { staff: 'rooms:read' },
  summary:
    'The room’s own stream as its media server has it now: state, publisher and tracks, viewers by WebRTC and HLS. `unavailable` when that server does not answer within two seconds',
  params: z.strictObject({ id: RoomId }),
  reply: RoomStream,
  errors: ['forbidden', 'not_found', 'rate_limited', 'unavailable'],
});
