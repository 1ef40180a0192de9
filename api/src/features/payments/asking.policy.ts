/** When a provider is asked what became of a payment whose callback does not come: pure. */

const FIRST_PAUSE_SECONDS = 8;
const LONG_PAUSE_SECONDS = 120;
/** Questions (18 minutes) after which a payer is taken to have left: longer than an order waits that is paid at once. */
const PATIENT_QUERIES = 12;
const LONGEST_PAUSE_SECONDS = 3_600;

/**
 * Doubling pauses: a payer who is back from the provider waits seconds, one who went away costs little. What may be paid for
 * days, as the balance of a pre-sale, is asked about every hour in the end; opening the cashier again begins anew.
 */
export function askPauseSeconds(queries: number): number {
  if (queries <= PATIENT_QUERIES) return Math.min(FIRST_PAUSE_SECONDS * 2 ** queries, LONG_PAUSE_SECONDS);
  return Math.min(LONG_PAUSE_SECONDS * 2 ** Math.min(queries - PATIENT_QUERIES, 10), LONGEST_PAUSE_SECONDS);
}

export const nextQueryAt = (now: Date, queries: number): Date =>
  new Date(now.getTime() + askPauseSeconds(queries) * 1_000);
