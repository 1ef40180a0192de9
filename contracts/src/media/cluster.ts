/**
 * Between media servers: Socket.IO namespace `/cluster` on the control address, `auth: { token: CONTROL_TOKEN, nodeId,
 * incarnation }`. An edge host asks the origin of a stream for a pipe; every request is acknowledged with a MediaAck. The
 * media runs between the two ends by SRTP.
 */
import { z } from 'zod';
import { MediaKind, RtpParameters } from './rtp.ts';
import { StreamReason, StreamState } from './streams.ts';
import { MediaStreamId } from './tokens.ts';

export const CLUSTER_NAMESPACE = '/cluster';

/** Where one end of a pipe receives, and the key it encrypts with. */
export const PipeEnd = z.strictObject({
  ip: z.string().min(1).max(256),
  port: z.int().min(1).max(65_535),
  srtpParameters: z.strictObject({
    cryptoSuite: z.enum(['AEAD_AES_256_GCM', 'AEAD_AES_128_GCM', 'AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32']),
    keyBase64: z.string().min(1).max(128),
  }),
});
export type PipeEnd = z.infer<typeof PipeEnd>;

/** A track as the origin sends it, all its simulcast layers together. `id` changes with every new consumer. */
export const PipedTrack = z.strictObject({
  id: z.string().min(1).max(64),
  kind: MediaKind,
  rtpParameters: RtpParameters,
  paused: z.boolean(),
});
export type PipedTrack = z.infer<typeof PipedTrack>;

const Id = z.string().min(1).max(64);

/** What an edge repeats to its viewers. */
export const PipeState = z.strictObject({
  pipeId: Id,
  state: StreamState,
  reason: z.nullable(StreamReason),
  tracks: z.array(PipedTrack).max(8),
});
export type PipeState = z.infer<typeof PipeState>;

/** Edge → origin; and from a host that takes a stream over to the one that had it. */
export const clusterRequests = {
  /** The edge's end; the reply has the origin's. */
  'pipe:open': {
    request: z.strictObject({ streamId: MediaStreamId, end: PipeEnd }),
    reply: PipeState.extend({ end: PipeEnd }),
  },
  /** After a lost socket: the pipe goes on. `media_session_unknown` when it does not. */
  'pipe:resume': { request: z.strictObject({ pipeId: Id }), reply: PipeState },
  'pipe:close': { request: z.strictObject({ pipeId: Id }), reply: z.strictObject({}) },
  /**
   * How the stream is packaged for HLS there: players that go on at the other host must find numbers that have not been
   * (RFC 8216bis §4.4.3.3). `nextDiscontinuity` null: nobody packages it. `keepsMs`: it goes on being packaged there for its
   * viewers.
   */
  'hls:numbers': {
    request: z.strictObject({ streamId: MediaStreamId }),
    reply: z.strictObject({ nextDiscontinuity: z.nullable(z.int().nonnegative()), keepsMs: z.int().nonnegative() }),
  },
} as const;
export type ClusterRequests = typeof clusterRequests;
export type ClusterRequestName = keyof ClusterRequests;
export type ClusterRequest<Name extends ClusterRequestName> = z.infer<ClusterRequests[Name]['request']>;
export type ClusterReply<Name extends ClusterRequestName> = z.infer<ClusterRequests[Name]['reply']>;

/** Origin → edge. */
export const clusterEvents = {
  'pipe:state': PipeState,
  /** The pipe is gone (its worker died, the stream ended or moved): ask again where the stream is now. */
  'pipe:closed': z.strictObject({ pipeId: Id }),
} as const;
export type ClusterEvents = typeof clusterEvents;
