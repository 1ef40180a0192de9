/** Decides from samples whether WebRTC is too poor to watch, and since when. Pure but for its memory. */
import type { WatchStats } from '../media/index.ts';

/** Retransmission hides less than this. */
const BAD_LOSS_RATIO = 0.08;
/** Good samples in a row before the patience starts anew. */
const GOOD_SAMPLES = 3;

export interface QualityJudge {
  add(stats: Pick<WatchStats, 'lossRatio' | 'freezeCount'>, nowMs: number): void;
  readonly poorSinceMs: number | null;
  reset(): void;
}

export function createQualityJudge(): QualityJudge {
  let poorSinceMs: number | null = null;
  let good = 0;
  let freezes: number | null = null;
  return {
    add(stats, nowMs) {
      const froze = stats.freezeCount !== null && freezes !== null && stats.freezeCount > freezes;
      freezes = stats.freezeCount;
      const bad = froze || (stats.lossRatio !== null && stats.lossRatio > BAD_LOSS_RATIO);
      if (bad) {
        good = 0;
        poorSinceMs ??= nowMs;
      } else {
        good += 1;
        if (good >= GOOD_SAMPLES) poorSinceMs = null;
      }
    },
    get poorSinceMs() {
      return poorSinceMs;
    },
    reset() {
      poorSinceMs = null;
      good = 0;
      freezes = null;
    },
  };
}
