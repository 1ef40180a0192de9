/** What a test sees of hls.js in a page; see hlsjs-page.ts. */
export interface HlsJsReport {
  /** Everything that hls.js minded, also what it put right by itself. */
  errors: { details: string; fatal: boolean; why: string }[];
  /** File names as they were loaded. */
  parts: string[];
  segments: string[];
  /** File names that playlists announced before they existed. */
  hints: string[];
  /** Blocking reloads: what was asked for, as `msn.part`. */
  reloads: string[];
  /** Seconds, as the playlist says and as hls.js aims. */
  partHoldBack: number;
  holdBack: number;
  targetLatency: number | null;
  latency: number;
  /** Discontinuity counters of what was put into the buffer, in their order. */
  discontinuities: number[];
  playing: boolean;
  frames: number;
  /** Longest time without a new picture since `mark`. */
  longestStandMs: number;
}

export interface HlsJsPage {
  play(url: string, lowLatency: boolean): void;
  /** The longest stand counts from here. */
  mark(): void;
  report(): HlsJsReport;
}
