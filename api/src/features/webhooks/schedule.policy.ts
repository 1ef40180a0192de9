/** When a delivery is tried again, and when an endpoint is given up: pure. */

const MINUTE = 60;
const HOUR = 3_600;
/** Pauses after the first, second … failed attempt; about three days in all, as the specification recommends. */
const PAUSES_SECONDS = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
const LONGEST_WISH_SECONDS = 24 * HOUR;
/** An endpoint at which nothing has arrived for so long is switched off. */
export const GIVE_UP_AFTER_MS = 5 * 24 * HOUR * 1_000;

/** Seconds until the next attempt after so many; null: that was the last. `wish`: Retry-After of the receiver. */
export function pauseAfter(attempts: number, wish: number | null, jitter: number): number | null {
  const pause = PAUSES_SECONDS[attempts - 1];
  if (pause === undefined) return null;
  // Up to a tenth more, so that what failed together does not come back together.
  return Math.max(Math.round(pause * (1 + jitter / 10)), Math.min(wish ?? 0, LONGEST_WISH_SECONDS));
}

/** Seconds of `Retry-After` (RFC 9110, section 10.2.3); null when it says nothing that can be kept. */
export function retryAfterSeconds(value: string | undefined, now: Date): number | null {
  if (value === undefined) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now.getTime()) / 1_000));
}
