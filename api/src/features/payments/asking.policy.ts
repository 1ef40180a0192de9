/** When a provider is asked what became of a payment whose callback does not come: pure. */

const FIRST_PAUSE_SECONDS = 8;
const LONGEST_PAUSE_SECONDS = 120;

/** Doubling pauses: a payer who is back from the provider waits seconds, one who went away costs little. */
export function askPauseSeconds(queries: number): number {
  return Math.min(FIRST_PAUSE_SECONDS * 2 ** Math.min(queries, 10), LONGEST_PAUSE_SECONDS);
}

export const nextQueryAt = (now: Date, queries: number): Date =>
  new Date(now.getTime() + askPauseSeconds(queries) * 1_000);
