/**
 * The internal API of a media server, called by api only: `/control/*` with `Authorization: Bearer CONTROL_TOKEN`, and
 * Socket.IO namespace `/control` with `auth: { token: CONTROL_TOKEN }`, where the server emits `streams:snapshot`
 * (ControlStream[]) on connect, `stream:state` (ControlStream) on every change and `node:state` (MediaNode) on connect and
 * every second.
 *
 * GET    /control/streams                     → { streams: ControlStream[] }
 * GET    /control/streams/:id                 → ControlStreamDetail (an unknown stream is idle, not 404)
 * GET    /control/stream-details              → { streams: ControlStreamDetail[] }   those that are not idle
 * POST   /control/streams/:id/rtp-ingest      → RtpIngest
 * DELETE /control/streams/:id/rtp-ingest      → 204
 * POST   /control/streams/:id/close           → 204   puts publisher and viewers out
 * POST   /control/revocations                 Revocation → { disconnected }
 * GET    /control/cluster                     → ControlCluster
 * POST   /control/drain                       → { streams, peers }   takes nobody any more, asks everybody to move
 * PUT    /control/composites/:id              CompositeOrder → CompositeView   one picture of several streams, for HLS
 * GET    /control/composites/:id              → CompositeView
 * DELETE /control/composites/:id              → 204
 * Errors: { error: MediaError }.
 */
import { z } from 'zod';
import { MediaKind } from './rtp.ts';
import { StreamReason, StreamState } from './streams.ts';
import { MediaPersonId, MediaStreamId } from './tokens.ts';

export const CONTROL_NAMESPACE = '/control';

export const ControlStream = z.strictObject({
  streamId: MediaStreamId,
  state: StreamState,
  reason: z.nullable(StreamReason),
  /** RFC 3339 UTC: when the stream entered this state. */
  since: z.string(),
  hasVideo: z.boolean(),
  hasAudio: z.boolean(),
  /** `edge`: fed by the stream's origin on another host, which speaks for it. Absent: origin. */
  role: z.exactOptional(z.enum(['origin', 'edge'])),
  /** Connected peers, not people: WebRTC viewers and HLS playlists polled in the last 15 s. */
  viewers: z.strictObject({ realtime: z.int(), smooth: z.int() }),
});
export type ControlStream = z.infer<typeof ControlStream>;

/** Reception of one published track (simulcast layers summed). A value that is not known is null, never zero. */
export const PublisherTrackStats = z.strictObject({
  kind: MediaKind,
  mimeType: z.string(),
  paused: z.boolean(),
  bitrateBps: z.nullable(z.number()),
  packetsLost: z.nullable(z.number()),
  /**
   * 0 to 1: packets that did not come by themselves since the report before (RFC 3550 §6.4.1), whether or not they could be
   * fetched again; of several layers the worst.
   */
  lossRatio: z.nullable(z.number().min(0).max(1)),
  roundTripMs: z.nullable(z.number()),
  jitterMs: z.nullable(z.number()),
  /** 0 (nothing arrives) to 10; null before the first packet. */
  score: z.nullable(z.number()),
  layers: z.int(),
  /** Times the publisher was asked for a key frame. */
  keyFrameRequests: z.nullable(z.int()),
});
export type PublisherTrackStats = z.infer<typeof PublisherTrackStats>;

export const ControlStreamDetail = ControlStream.extend({
  publisher: z.nullable(
    z.strictObject({
      /** A browser, a program that speaks WHIP (OBS), or a local encoder that sends plain RTP. */
      kind: z.enum(['webrtc', 'whip', 'rtp']),
      personId: z.nullable(MediaPersonId),
      connected: z.boolean(),
      tracks: z.array(PublisherTrackStats),
    }),
  ),
  /** At an edge: what arrives from the origin, encrypted. */
  relay: z.exactOptional(z.strictObject({ tracks: z.array(PublisherTrackStats) })),
  /** As it is coded, of the layer that HLS takes. Null while nobody packages the stream for HLS or a recording, and for what has to be re-encoded. */
  picture: z.nullable(z.strictObject({ width: z.int(), height: z.int(), framesPerSecond: z.nullable(z.number()) })),
  /** Lowest score of the tracks; null while unknown. */
  score: z.nullable(z.number()),
});
export type ControlStreamDetail = z.infer<typeof ControlStreamDetail>;

const IngestTrack = z.strictObject({
  port: z.int(),
  /** Where sender reports go: always `port + 1`, which is where ffmpeg sends them by itself. */
  rtcpPort: z.int(),
  payloadType: z.int(),
  ssrc: z.int(),
});

/**
 * Where a local encoder sends plain RTP: H.264 constrained baseline (packetization-mode 1, a key frame every second) and
 * Opus 48 kHz stereo. The same answer is given as long as the ingest is there; after a worker death it comes back on
 * the same ports.
 */
export const RtpIngest = z.strictObject({ ip: z.string(), video: IngestTrack, audio: IngestTrack });
export type RtpIngest = z.infer<typeof RtpIngest>;

export const MAX_COMPOSITE_INPUTS = 4;
export const CompositeOrientation = z.enum(['landscape', 'portrait']);
export type CompositeOrientation = z.infer<typeof CompositeOrientation>;

/**
 * Several streams of this host shown as one to the HLS viewers of the first, who go on asking for that one. The `:id` of
 * the route is the composite's own stream. It is made only while somebody watches by HLS. The same order again changes
 * nothing; another one rearranges what is running.
 */
export const CompositeOrder = z.strictObject({
  /** The host's first. A stream that is not there is a plain tile until it comes. */
  inputs: z
    .array(z.strictObject({ streamId: MediaStreamId, muted: z.boolean() }))
    .min(2)
    .max(MAX_COMPOSITE_INPUTS)
    .refine((inputs) => new Set(inputs.map(({ streamId }) => streamId)).size === inputs.length, 'twice'),
  orientation: CompositeOrientation,
});
export type CompositeOrder = z.infer<typeof CompositeOrder>;

export const CompositeView = z.strictObject({
  streamId: MediaStreamId,
  /** `over_limit`: every place for composites is taken; HLS viewers keep the host's picture. */
  state: z.enum(['unused', 'running', 'over_limit']),
  inputs: z.array(z.strictObject({ streamId: MediaStreamId, hasPicture: z.boolean() })),
});
export type CompositeView = z.infer<typeof CompositeView>;

/** Puts a person's peers out within a second and refuses their tokens until those have expired. */
export const Revocation = z.strictObject({
  personId: MediaPersonId,
  /** Only on this stream; otherwise everywhere. */
  streamId: z.exactOptional(MediaStreamId),
  /** Only this token; otherwise all of the person's. */
  jti: z.exactOptional(z.string().min(1).max(128)),
});
export type Revocation = z.infer<typeof Revocation>;

/** One media server as the others see it. */
export const MediaNode = z.strictObject({
  nodeId: z.string().min(1).max(64),
  /** New with every start of the process. */
  incarnation: z.string(),
  /** Origin under which browsers, encoders and players reach exactly this host; empty: the page's own. */
  publicUrl: z.string(),
  /** Where other hosts reach it. */
  controlUrl: z.string(),
  /** `cpu` is the mean of its workers, 0 to 1; the rest is of the last second. */
  load: z.strictObject({ cpu: z.number(), viewers: z.int(), origins: z.int(), egressMbps: z.number() }),
  capacity: z.strictObject({ viewers: z.int(), egressMbps: z.number() }),
  draining: z.boolean(),
  version: z.string(),
});
export type MediaNode = z.infer<typeof MediaNode>;

export const ControlCluster = z.strictObject({
  nodeId: z.string(),
  /** The registry answered a moment ago. */
  connected: z.boolean(),
  nodes: z.array(MediaNode),
  /** Pipes this host gives to others, and streams it gets from them. */
  pipesOut: z.int(),
  relays: z.int(),
});
export type ControlCluster = z.infer<typeof ControlCluster>;

export const RevocationReply = z.strictObject({ disconnected: z.int() });
export const ControlStreamsReply = z.strictObject({ streams: z.array(ControlStream) });
export const ControlStreamDetailsReply = z.strictObject({ streams: z.array(ControlStreamDetail) });
export const DrainReply = z.strictObject({ streams: z.int(), peers: z.int() });
