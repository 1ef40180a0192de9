/** Token bucket: `burst` at once, `perSecond` in the long run. Pure but for its own counter; time is passed in. */
export interface RateLimit {
  take(nowMs: number): boolean;
  /** Nothing left; takes nothing. */
  isSpent(nowMs: number): boolean;
}

export function createRateLimit(options: { burst: number; perSecond: number }): RateLimit {
  let tokens = options.burst;
  let lastMs = 0;
  const refill = (nowMs: number): void => {
    if (lastMs > 0) tokens = Math.min(options.burst, tokens + ((nowMs - lastMs) / 1000) * options.perSecond);
    lastMs = nowMs;
  };
  return {
    take(nowMs) {
      refill(nowMs);
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    isSpent(nowMs) {
      refill(nowMs);
      return tokens < 1;
    },
  };
}
