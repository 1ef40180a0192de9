/**
 * Tells the server's wall clock of a run's media times. Nothing arrives before it was made, so the shortest delay seen is
 * the best guess of the offset between the two clocks; it may grow again slowly, because the publisher's clock drifts.
 * Pure; time is passed in.
 */
export interface WallClock {
  arrived(mediaSeconds: number, nowMs: number): void;
  /** Epoch milliseconds. Before anything arrived: 0. */
  at(mediaSeconds: number): number;
}

/** Twice what ordinary crystals drift. */
const DRIFT_PER_MILLION = 200;

export function createWallClock(): WallClock {
  let offsetMs: number | null = null;
  let atMs = 0;
  return {
    arrived(mediaSeconds, nowMs) {
      const seen = nowMs - mediaSeconds * 1000;
      const grown = offsetMs === null ? seen : offsetMs + ((nowMs - atMs) * DRIFT_PER_MILLION) / 1_000_000;
      offsetMs = Math.min(seen, grown);
      atMs = nowMs;
    },
    at: (mediaSeconds) => (offsetMs === null ? 0 : offsetMs + mediaSeconds * 1000),
  };
}
