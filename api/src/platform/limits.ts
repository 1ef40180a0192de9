/**
 * Rate limits of one process, kept in memory: a limit protects this process, so each process has its own. Keys end by
 * themselves after their window; their number is bounded by the callers of one window.
 */
import { isIPv6 } from 'node:net';
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
        throw new AppError('rate_limited', { retryAfterSeconds: Math.max(1, Math.ceil(refused.msBeforeNext / 1_000)) });
      }
    },
  };
}

/** The address as limits count it: one IPv4 address, or one IPv6 /64 (what a single line is given). */
export function limitKeyOf(ip: string): string {
  if (!isIPv6(ip)) return ip;
  if (ip.includes('.')) return ip.slice(ip.lastIndexOf(':') + 1); // an IPv4 address mapped into IPv6
  const [head = '', tail] = ip.split('%')[0]?.split('::') ?? [];
  const left = head.split(':').filter(Boolean);
  const right = (tail ?? '').split(':').filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return [...left, ...zeros, ...right]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
