/** What the media test page offers to a test. JSON in, JSON out; no DOM types, so that server tests can use it. */

/** `PublishState` and `WatchState` of live-client as a test sees them. */
export interface PageState {
  status: string;
  reason?: string;
  stream?: string;
}
/** `PlaybackState` of live-client. */
export interface PagePlaybackState {
  status: string;
  mode: string;
  fallbackReason: string | null;
  failure: string | null;
  needsGesture: boolean;
  muted: boolean;
  soundOnly: boolean;
  hasVideo: boolean;
}
/** `PublishStats` and `WatchStats` of live-client. */
export type PageStats = Record<string, unknown>;

export interface MediaPageTarget {
  url: string;
  path?: string;
  streamId: string;
}

export interface PagePublishOptions {
  width?: number;
  height?: number;
  tone?: boolean;
  codecs?: Array<'h264' | 'vp8'>;
}

export interface Picture {
  /** The code that the publisher drew: its `Date.now()` modulo PIXEL_CLOCK_MODULO. */
  value: number;
  /** Age of the picture on screen. */
  ageMs: number;
  width: number;
  height: number;
}

export interface MediaPageApi {
  publish(target: MediaPageTarget, options?: PagePublishOptions): void;
  publishState(): PageState;
  publishStats(): Promise<PageStats>;
  setMuted(kind: 'audio' | 'video', muted: boolean): Promise<void>;
  stopPublishing(): void;

  /** Watches several times at once under different names. */
  watch(target: MediaPageTarget, name?: string): void;
  watchState(name?: string): PageState;
  watchHistory(name?: string): string[];
  watchStats(name?: string): Promise<PageStats>;
  setQuality(level: 'auto' | 'low' | 'medium' | 'high', name?: string): Promise<void>;
  stopWatching(name?: string): void;

  /** Plays by `createPlayback`, WebRTC or HLS. Its picture is read like a viewer's. */
  play(target: MediaPageTarget, name?: string, preference?: 'auto' | 'realtime' | 'smooth'): void;
  playbackState(name?: string): PagePlaybackState;
  playbackHistory(name?: string): string[];
  playbackFigures(name?: string): Promise<PageStats>;
  stopPlaying(name?: string): void;
  setPreference(preference: 'auto' | 'realtime' | 'smooth', name?: string): void;
  unmute(name?: string): Promise<boolean>;

  /** The picture on screen now, or why it cannot be read. */
  picture(name?: string): Picture | string;
  /** Oldest picture that was on screen during this time: how long it stood still at worst. */
  worstAge(options: { name?: string; durationMs: number }): Promise<number>;
  /** Resolves with the first picture drawn after `afterMs` (a Date.now()) and how long that took. */
  waitForPicture(options: {
    name?: string;
    afterMs?: number;
    timeoutMs: number;
  }): Promise<Picture & { tookMs: number }>;
}
