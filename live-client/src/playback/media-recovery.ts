/**
 * What to do about the n-th fatal media error in a row: hls.js's own recovery first (it rebuilds the decoder), then the same
 * with the other AAC profile (some phones announce one and decode another), then a new player. Pure but for its memory;
 * time is passed in.
 */
export type RecoveryStep = 'recover' | 'swap-audio-and-recover' | 'restart';

/** Errors farther apart than this have nothing to do with each other. */
const IN_A_ROW_MS = 10_000;
const STEPS: RecoveryStep[] = ['recover', 'swap-audio-and-recover', 'restart'];

export interface MediaRecovery {
  failed(nowMs: number): RecoveryStep;
}

export function createMediaRecovery(): MediaRecovery {
  let inARow = 0;
  let lastAtMs = Number.NEGATIVE_INFINITY;
  return {
    failed(nowMs) {
      inARow = nowMs - lastAtMs > IN_A_ROW_MS ? 0 : inARow;
      lastAtMs = nowMs;
      const step = STEPS[inARow] ?? 'restart';
      inARow += 1;
      return step;
    },
  };
}
