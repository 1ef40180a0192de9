import { z } from 'zod';
import { MediaKind } from './rtp.ts';
import { MediaStreamId } from './tokens.ts';

/**
 * idle: nobody publishes. live: packets arrive. interrupted: the publisher was there a moment ago and is awaited
 * (15 s), or the worker died and everything is being rebuilt.
 */
export const streamStates = ['idle', 'live', 'interrupted'] as const;
export const StreamState = z.enum(streamStates);
export type StreamState = z.infer<typeof StreamState>;

/** Why a stream is in its state. */
export const streamReasons = [
  'started',
  'resumed',
  'tracks_changed',
  'publisher_lost',
  'publisher_left',
  'publisher_replaced',
  'worker_lost',
  'grace_expired',
  'closed_by_control',
  'revoked',
  'drained',
] as const;
export const StreamReason = z.enum(streamReasons);
export type StreamReason = z.infer<typeof StreamReason>;

/** One published track. `producerId` changes whenever the track has to be consumed again. */
export const StreamTrack = z.strictObject({
  kind: MediaKind,
  producerId: z.string(),
  paused: z.boolean(),
});
export type StreamTrack = z.infer<typeof StreamTrack>;

/** What viewers and publishers are told about their stream, at once after connecting and on every change. */
export const StreamStateMessage = z.strictObject({
  streamId: MediaStreamId,
  state: StreamState,
  reason: z.nullable(StreamReason),
  /** RFC 3339 UTC: when the stream entered this state. */
  since: z.string(),
  tracks: z.array(StreamTrack),
});
export type StreamStateMessage = z.infer<typeof StreamStateMessage>;
