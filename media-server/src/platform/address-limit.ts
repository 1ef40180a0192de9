/** A rate limit per address (an IPv6 line: per /64). Bounded: beyond MAX_ADDRESSES the one idle longest is forgotten. */
import { limitKeyOf } from '@walnut-live/contracts';
import { createRateLimit, type RateLimit } from '../domain/rate-limit.ts';

const MAX_ADDRESSES = 10_000;
/** Seconds of the long-run rate that may come at once: a whole classroom opens the page together. */
const BURST_SECONDS = 10;

export interface AddressLimit {
  take(address: string, nowMs: number): boolean;
  /** Nothing left; takes nothing. */
  isSpent(address: string, nowMs: number): boolean;
}

export function createAddressLimit({ perSecond }: { perSecond: number }): AddressLimit {
  const limits = new Map<string, RateLimit>();
  return {
    take(address, nowMs) {
      const key = limitKeyOf(address);
      const limit = limits.get(key) ?? createRateLimit({ burst: perSecond * BURST_SECONDS, perSecond });
      // Inserted again at the end: the map stays ordered by use.
      limits.delete(key);
      limits.set(key, limit);
      const oldest = limits.size > MAX_ADDRESSES ? limits.keys().next().value : undefined;
      if (oldest !== undefined) limits.delete(oldest);
      return limit.take(nowMs);
    },
    isSpent: (address, nowMs) => limits.get(limitKeyOf(address))?.isSpent(nowMs) ?? false,
  };
}
