/** Days and streaks of check-in: pure. */

/** China has one time zone, eight hours ahead, without summer time since 1991. */
const SHANGHAI_OFFSET_MS = 8 * 3_600_000;

/** The calendar day in Shanghai, `2026-03-01`. */
export const shanghaiDay = (at: Date): string => new Date(at.getTime() + SHANGHAI_OFFSET_MS).toISOString().slice(0, 10);

/**
 * Lives of a store in a row that somebody did not miss.
 *
 * `lives`: whether they checked in, for each live of the store in which check-in was opened, the newest first; a live without
 * check-in cannot be missed. The first is the present one: while it is not over it is not missed either, it only does
 * not count yet.
 */
export function streakOf(lives: readonly boolean[]): number {
  const [now = false, ...before] = lives;
  const missed = before.indexOf(false);
  return (now ? 1 : 0) + (missed === -1 ? before.length : missed);
}
