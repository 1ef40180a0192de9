/** What the browser's publishing and watching look like from outside. No mediasoup type appears here. */
import type { QualityLevel, StreamState, StreamTrack } from '@walnut-live/contracts';

/** A media token for a certain host. */
export interface MediaPass {
  token: string;
  url: string;
  path?: string;
}

/** Where the media server is and how to be let in. Take `url` and `path` from a `MediaGrant`. */
export interface MediaEndpoint {
  /** Origin of the media server; empty = the page's own. */
  url: string;
  /** Socket.IO path. Default `/socket.io`. */
  path?: string;
  /**
   * A fresh media token, and where it is to be used if that is not `url`; called for every (re)connection because a token
   * lives two minutes at most. `ask.moved`: the host before went away or asked to leave, so an answer kept from before
   * will not do. Reject with `permanent: true` on the error when asking again is useless (banned, room ended).
   */
  token: (ask?: { moved: boolean }) => Promise<string | MediaPass>;
  iceServers?: RTCIceServer[];
}

/**
 * - `revoked`: put out by a moderator; stays out.
 * - `replaced`: the same person or a take-over publishes elsewhere now.
 * - `busy`: somebody else publishes this stream.
 * - `refused`: the token is not accepted (or `token()` failed permanently).
 * - `unreachable`: signalling works but no media path (ICE) could be made.
 * - `over-capacity`: no WebRTC place left; HLS works.
 * - `unsupported`: this browser has no WebRTC or none of the codecs.
 */
export type MediaFailureReason =
  | 'revoked'
  | 'replaced'
  | 'busy'
  | 'refused'
  | 'unreachable'
  | 'over-capacity'
  | 'unsupported';

// ── publishing ────────────────────────────────────────────────────────────

export type PublishState =
  | { status: 'connecting' }
  /** The server receives packets. */
  | { status: 'live' }
  /** Was live or nearly; it is being rebuilt without the caller's help. */
  | { status: 'reconnecting' }
  | { status: 'failed'; reason: MediaFailureReason }
  | { status: 'closed' };

/** One simulcast layer being sent. */
export interface PublishLayerStats {
  rid: string | null;
  width: number | null;
  height: number | null;
  framesPerSecond: number | null;
  bitrateBps: number | null;
}

/** Figures of the last interval. What the browser does not tell is null, never zero. */
export interface PublishStats {
  bitrateBps: number | null;
  /** What the browser believes the uplink can carry. */
  availableBps: number | null;
  framesPerSecond: number | null;
  roundTripMs: number | null;
  /** 0 to 1, as the server reports it. */
  lossRatio: number | null;
  /** Tells "phone too slow" (`cpu`) from "network too slow" (`bandwidth`). */
  limitation: 'none' | 'cpu' | 'bandwidth' | 'other' | null;
  codec: string | null;
  layers: PublishLayerStats[];
  /** How well the server receives each kind, 0 to 10. */
  score: { video: number | null; audio: number | null };
}

export type VideoCodec = 'h264' | 'vp8';

export interface PublishOptions extends MediaEndpoint {
  /** At most one video and one audio track are taken from it. The caller keeps owning (and stops) the tracks. */
  stream: MediaStream;
  /** Start with this kind muted. */
  muted?: { video?: boolean; audio?: boolean };
  /** Codecs in order of preference. Default H.264, then VP8. */
  codecs?: VideoCodec[];
  /** Highest bitrate of the best layer. Default 1,800,000. */
  maxVideoBps?: number;
}

export interface Publication {
  readonly state: PublishState;
  on(event: 'state', listener: (state: PublishState) => void): () => void;
  stats(): Promise<PublishStats>;
  /** Another camera or microphone, without viewers noticing more than the cut. */
  replaceTrack(track: MediaStreamTrack): Promise<void>;
  setMuted(kind: 'audio' | 'video', muted: boolean): Promise<void>;
  /** Ends the publication deliberately. Idempotent. */
  close(): void;
}

// ── watching ──────────────────────────────────────────────────────────────

export type WatchState =
  | { status: 'connecting' }
  /** Connected, but there is nothing to see: `idle` (not begun) or `interrupted` (the host is reconnecting). */
  | { status: 'waiting'; stream: Exclude<StreamState, 'live'> }
  | { status: 'playing' }
  | { status: 'reconnecting' }
  /** The stream was closed for good. */
  | { status: 'ended' }
  | { status: 'failed'; reason: MediaFailureReason };

export interface WatchStats {
  bitrateBps: number | null;
  framesPerSecond: number | null;
  width: number | null;
  height: number | null;
  roundTripMs: number | null;
  lossRatio: number | null;
  /** Time from the arrival of a packet to its picture. */
  playoutDelayMs: number | null;
  /** Freezes since the start. */
  freezeCount: number | null;
  /** Simulcast layer that arrives, 0 lowest. */
  layer: number | null;
  layers: number;
  soundOnly: boolean;
}

/** The part of the statistics that the host tells. */
export type LayerNow = Pick<WatchStats, 'layer' | 'layers' | 'soundOnly'>;

export interface WatchEvents {
  state: WatchState;
  /** The stream to play; the same object for the whole life, its tracks change. */
  stream: MediaStream;
  /** What is published now (paused tracks included). */
  tracks: StreamTrack[];
  /** The host will stop: begin anew elsewhere after this many milliseconds, then close this. `watchSwitching` does. */
  move: number;
}

export interface WatchOptions extends MediaEndpoint {
  /** Time a media path may take before the attempt counts as failed. Default 5,000. */
  connectTimeoutMs?: number;
  /** Failed attempts in a row before the state is `failed: unreachable`. Default 3. */
  maxConnectFailures?: number;
  /** The first token must not be one kept from before. */
  moved?: boolean;
}

export interface Watching {
  readonly state: WatchState;
  readonly stream: MediaStream;
  readonly tracks: StreamTrack[];
  /** Simulcast layers that can be chosen among; 1 when there is no choice. */
  readonly layers: number;
  /** The network is too weak for the picture of this one-layer stream: the host holds it back for now. Tells `tracks`. */
  readonly soundOnly: boolean;
  on<Name extends keyof WatchEvents>(event: Name, listener: (value: WatchEvents[Name]) => void): () => void;
  stats(): Promise<WatchStats>;
  /** `auto` follows the bandwidth; the others are the highest layer that may come. */
  setQuality(level: QualityLevel): Promise<void>;
  /** Idempotent. */
  close(): void;
}
