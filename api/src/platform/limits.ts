/**
 * Rate limits: so many calls of one key in a window that begins with its first.
 *
 * A limit of this process is kept in its memory; one that all nodes share is counted in Redis as well. The memory is asked
 * first, so a flood on one node does not become one on Redis; and it alone decides while Redis is away: then everybody has
 * the limit once per node. Keys end by themselves after their window; their number is bounded by the callers of one window.
 */
import { limitKeyOf } from '@walnut-live/contracts';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from './errors.ts';
import type { Logger } from './logger.ts';
import { RedisAway, type RedisLink, script } from './redis-link.ts';

export interface Limit {
  /** Counts one call of `key`. @throws AppError `rate_limited` with `retryAfterSeconds` when the window is used up. */
  take(key: string): Promise<void>;
}
interface LimitSize {
  readonly points: number;
  readonly seconds: number;
}
/** Makes limits that all nodes share; `name` is part of their keys. */
export type SharedLimits = (name: string, size: LimitSize) => Limit;

const refusal = (waitMs: number): AppError =>
  new AppError('rate_limited', {
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)),
    facts: { retryAfterMs: waitMs },
  });

/** A limit of this process. */
export function createLimit({ points, seconds }: LimitSize): Limit {
  const limiter = new RateLimiterMemory({ points, duration: seconds });
  return {
    async take(key) {
      try {
        await limiter.consume(key);
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        throw refusal(refused.msBeforeNext);
      }
    },
  };
}

/** KEYS: counter. ARGV: calls of a window, window in ms. Answers 0, or the milliseconds until the window ends. */
const TAKE = script(`
local calls = redis.call('INCR', KEYS[1])
if calls == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if calls <= tonumber(ARGV[1]) then return 0 end
return math.max(1, redis.call('PTTL', KEYS[1]))`);

/** Without Redis there is one node, and a limit of this process is shared by all. */
export function createSharedLimits(redis: RedisLink | undefined, log: Pick<Logger, 'warn'>): SharedLimits {
  if (!redis) return (_name, size) => createLimit(size);
  return (name, size) => {
    const here = createLimit(size);
    return {
      async take(key) {
        await here.take(key);
        if (!redis.isThere()) return;
        const args = [String(size.points), String(size.seconds * 1_000)];
        const waitMs = await redis.run(TAKE, [`walnut:limit:${name}:${key}`], args).catch((error: unknown) => {
          if (!(error instanceof RedisAway)) log.warn({ err: error, limit: name }, 'limits: Redis does not count');
          return 0;
        });
        if (typeof waitMs === 'number' && waitMs > 0) throw refusal(waitMs);
      },
    };
  };
}

/** What one address may do in a minute. A full shop on one Wi-Fi stays below it, a script that makes up people does not. */
const ADDRESS_PER_MINUTE = { handshakes: 300, likes: 1_200, chat: 300, orders: 120 } as const;
export type AddressLimits = Readonly<Record<keyof typeof ADDRESS_PER_MINUTE, Limit>>;

/**
 * Limits per address, each `factor` times its usual size; `take` gets the address as it came. That of orders is each node's
 * own: an order waits for nothing but the database.
 */
export function createAddressLimits(factor: number, shared: SharedLimits): AddressLimits {
  const perMinute = (name: keyof typeof ADDRESS_PER_MINUTE): Limit => {
    const size = { points: ADDRESS_PER_MINUTE[name] * factor, seconds: 60 };
    const limit = name === 'orders' ? createLimit(size) : shared(`address:${name}`, size);
    return { take: (ip) => limit.take(limitKeyOf(ip)) };
  };
  return {
    handshakes: perMinute('handshakes'),
    likes: perMinute('likes'),
    chat: perMinute('chat'),
    orders: perMinute('orders'),
  };
}

/** The caller behind `hops` proxies whose X-Forwarded-For is believed, as Express finds it. */
export function addressBehind(hops: number, peer: string, forwardedFor: string | undefined): string {
  const named = forwardedFor === undefined ? [] : forwardedFor.split(',').map((part) => part.trim());
  const nearestFirst = [peer, ...named.filter(Boolean).reverse()];
  return nearestFirst[Math.min(hops, nearestFirst.length - 1)] ?? peer;
}
