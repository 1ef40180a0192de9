/**
 * Which simulcast layer the packager takes. Every change of layer is a new run and a discontinuity for all viewers, so a
 * best layer that comes and goes (a phone at its limit) is left alone for a while. Time is passed in.
 */
const DROPS = 2;
const WITHIN_MS = 60_000;
const CALM_MS = 300_000;
/** 360 lines: steady on every phone. */
const CALM_LAYER = 1;

export interface LayerChoice {
  dropped(nowMs: number): void;
  /** Highest layer to take; null = the best there is. */
  maxLayer(nowMs: number): number | null;
}

export function createLayerChoice(): LayerChoice {
  let drops: number[] = [];
  let calmUntilMs = 0;
  return {
    dropped(nowMs) {
      drops = [...drops.filter((atMs) => nowMs - atMs < WITHIN_MS), nowMs];
      if (drops.length < DROPS) return;
      calmUntilMs = nowMs + CALM_MS;
      drops = [];
    },
    maxLayer: (nowMs) => (nowMs < calmUntilMs ? CALM_LAYER : null),
  };
}
