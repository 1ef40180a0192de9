/**
 * Decides from samples whether WebRTC is too poor to watch, and since when. Pure but for its memory.
 *
 * Only a poor *best* picture counts. HLS carries the best layer and nothing else: where the host has stepped down, or holds
 * the picture back, because the network cannot carry that, HLS would stand still, and its sound with it.
 */
import type { WatchStats } from '../media/index.ts';

/** Retransmission hides less than this. */
const BAD_LOSS_RATIO = 0.08;
/** Good samples in a row before the patience starts anew. */
const GOOD_SAMPLES = 3;

export interface QualityJudge {
  add(stats: Pick<WatchStats, 'lossRatio' | 'freezeCount' | 'layer' | 'layers' | 'soundOnly'>, nowMs: number): void;
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
      const isReduced = stats.soundOnly || (stats.layers > 1 && (stats.layer ?? -1) < stats.layers - 1);
      if (isReduced) {
        poorSinceMs = null;
        good = 0;
        return;
      }
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
