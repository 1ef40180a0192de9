/** A rate limit per address. Bounded: beyond MAX_ADDRESSES the one that was idle longest is forgotten. */
import { createRateLimit, type RateLimit } from '../domain/rate-limit.ts';

const MAX_ADDRESSES = 10_000;
/** Seconds of the long-run rate that may come at once: a whole classroom opens the page together. */
const BURST_SECONDS = 10;

export function createAddressLimit({ perSecond }: { perSecond: number }): {
  take(address: string, nowMs: number): boolean;
} {
  const limits = new Map<string, RateLimit>();
  return {
    take(address, nowMs) {
      const limit = limits.get(address) ?? createRateLimit({ burst: perSecond * BURST_SECONDS, perSecond });
      // Inserted again at the end: the map stays ordered by use.
      limits.delete(address);
      limits.set(address, limit);
      const oldest = limits.size > MAX_ADDRESSES ? limits.keys().next().value : undefined;
      if (oldest !== undefined) limits.delete(oldest);
      return limit.take(nowMs);
    },
  };
}
