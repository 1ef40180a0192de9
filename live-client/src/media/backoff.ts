/** Exponential back-off with full jitter, so that a thousand clients of one dead server do not return in one second. */
export interface Backoff {
  /** Delay before the next attempt; each call is one failure more. */
  nextMs(): number;
  reset(): void;
  readonly failures: number;
}

export function createBackoff(options: { firstMs: number; maxMs: number; random?: () => number }): Backoff {
  const random = options.random ?? Math.random;
  let failures = 0;
  return {
    nextMs() {
      const ceilingMs = Math.min(options.maxMs, options.firstMs * 2 ** failures);
      failures += 1;
      return Math.round(ceilingMs / 2 + (random() * ceilingMs) / 2);
    },
    reset() {
      failures = 0;
    },
    get failures() {
      return failures;
    },
  };
}
