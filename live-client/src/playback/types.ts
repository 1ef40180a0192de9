/** What a player sees of watching: one video element, two ways to fill it. */
import type { MediaGrant, QualityLevel } from '@walnut-live/contracts';
import type { MediaFailureReason } from '../media/index.ts';

/** `realtime` (实时): WebRTC, under a second. `smooth` (流畅): HLS, a few seconds behind but hard to stop. */
export type PlaybackMode = 'realtime' | 'smooth';

/** `auto` lets the policy decide; the others are a person's own choice. */
export type PlaybackPreference = 'auto' | PlaybackMode;

/** Why the picture comes by HLS although WebRTC would be preferred. */
export type FallbackReason =
  /** The network lets no WebRTC media through, or it took too long. */
  | 'unreachable'
  /** It came, but too much of it was lost. */
  | 'bandwidth'
  /** The server has no WebRTC place left. */
  | 'over-capacity'
  /** No WebRTC in this browser, or not this codec. */
  | 'unsupported'
  | 'chosen';

export type PlaybackStatus =
  /** Nothing on screen yet; show the cover. */
  | 'connecting'
  /** The stream has not begun, or is over for now. */
  | 'idle'
  /** The host was live a moment ago and is reconnecting. The last picture may still be on screen. */
  | 'interrupted'
  | 'playing'
  /** Was playing; the picture is being fetched again. */
  | 'stalled'
  /** The browser plays nothing until the person touches it: show a large play button that calls `play()`. */
  | 'blocked'
  /** Closed for good. */
  | 'ended'
  | 'failed';

export interface PlaybackState {
  status: PlaybackStatus;
  mode: PlaybackMode;
  fallbackReason: FallbackReason | null;
  /** Only with status `failed`. `unreachable` here means that HLS does not work either. */
  failure: MediaFailureReason | null;
  /** Plays, but without sound until the person asks for it: show 点击开启声音, which calls `unmute()`. */
  needsGesture: boolean;
  muted: boolean;
  hasVideo: boolean;
  hasAudio: boolean;
  /** The network is too weak for the picture: its last one stands, the sound goes on, the picture is tried again. */
  soundOnly: boolean;
}

export interface PlaybackFigures {
  mode: PlaybackMode;
  /** From camera to screen, as well as can be told from here; null while unknown. */
  latencyMs: number | null;
  bitrateBps: number | null;
  width: number | null;
  height: number | null;
  framesPerSecond: number | null;
  /** 0 to 1; realtime only. */
  lossRatio: number | null;
  roundTripMs: number | null;
}

/** Qualities that can be chosen now, `auto` first; only `auto` means: hide the control. */
export type PlaybackLevels = QualityLevel[];

export interface PlaybackOptions {
  /** Ours while the playback lives: `srcObject`, `src`, `muted` and playing are set here. Give it `playsinline`. */
  video: HTMLVideoElement;
  /**
   * How to be let in, asked again for every (re)connection that needs a fresh token. Reject with `permanent: true` on the
   * error when asking again is useless (banned, room ended).
   */
  grant: () => Promise<MediaGrant>;
  preference?: PlaybackPreference;
  /** Start with sound if the browser allows it. Default false: muted start always works. */
  startWithSound?: boolean;
  /** Server time in epoch milliseconds, for the latency of HLS. Default `Date.now`. */
  serverNowMs?: () => number;
}

export interface Playback {
  readonly state: PlaybackState;
  on(event: 'state', listener: (state: PlaybackState) => void): () => void;
  figures(): Promise<PlaybackFigures>;
  readonly levels: PlaybackLevels;
  readonly level: QualityLevel;
  setLevel(level: QualityLevel): void;
  setPreference(preference: PlaybackPreference): void;
  /** Call from a click: starts what the browser blocked. */
  play(): Promise<void>;
  /** Call from a click: sound on. Resolves false when the browser still refuses. */
  unmute(): Promise<boolean>;
  mute(): void;
  /**
   * The room shows another stream since `atMs` (server time): from now on `grant` answers for it. The present picture
   * stays until the new one is there; by HLS, which is behind, it stays until it has come to that moment.
   */
  switchStream(atMs: number): void;
  /** Jumps to the newest picture (HLS after a pause). */
  goLive(): void;
  /** After `failed`: begins anew. */
  retry(): void;
  /** Idempotent; the video element is empty afterwards. */
  close(): void;
}
