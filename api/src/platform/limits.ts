/**
 * Rate limits of one process, kept in memory: a limit protects this process, so each process has its own. Keys end by
 * themselves after their window; their number is bounded by the callers of one window.
 */
import { limitKeyOf } from '@walnut-live/contracts';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from './errors.ts';

export interface Limit {
  /** Counts one call of `key`. @throws AppError `rate_limited` with `retryAfterSeconds` when the window is used up. */
  take(key: string): Promise<void>;
}

export function createLimit(options: { points: number; seconds: number }): Limit {
  const limiter = new RateLimiterMemory({ points: options.points, duration: options.seconds });
  return {
    async take(key) {
      try {
        await limiter.consume(key);
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        throw new AppError('rate_limited', {
          retryAfterSeconds: Math.max(1, Math.ceil(refused.msBeforeNext / 1_000)),
          facts: { retryAfterMs: refused.msBeforeNext },
        });
      }
    },
  };
}

/** What one address may do in a minute. A full shop on one Wi-Fi stays below it, a script that makes up people does not. */
const ADDRESS_PER_MINUTE = { handshakes: 300, likes: 1_200, chat: 300, orders: 120 } as const;
export type AddressLimits = Readonly<Record<keyof typeof ADDRESS_PER_MINUTE, Limit>>;

/** Limits per address, each `factor` times its usual size; `take` gets the address as it came. */
export function createAddressLimits(factor: number): AddressLimits {
  const perMinute = (points: number): Limit => {
    const limit = createLimit({ points: points * factor, seconds: 60 });
    return { take: (ip) => limit.take(limitKeyOf(ip)) };
  };
  const { handshakes, likes, chat, orders } = ADDRESS_PER_MINUTE;
  return {
    handshakes: perMinute(handshakes),
    likes: perMinute(likes),
    chat: perMinute(chat),
    orders: perMinute(orders),
  };
}

/** The caller behind `hops` proxies whose X-Forwarded-For is believed, as Express finds it. */
export function addressBehind(hops: number, peer: string, forwardedFor: string | undefined): string {
  const named = forwardedFor === undefined ? [] : forwardedFor.split(',').map((part) => part.trim());
  const nearestFirst = [peer, ...named.filter(Boolean).reverse()];
  return nearestFirst[Math.min(hops, nearestFirst.length - 1)] ?? peer;
}
