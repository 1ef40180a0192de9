/** Questions that api answers a second without anybody noticing; every one asks the database whose card it is. */
const ASKED_A_SECOND = 500;
const LONGEST_MS = 15_000;

/**
 * How long to wait before asking for one's card, in ms: when the host shows it, everybody who is there would ask in the same
 * moment, so they spread over a time that grows with their number. Who comes later asks at once.
 * @param random 0 up to 1
 */
export function askDelayMs(there: { viewers: number; shownAgoMs: number }, random: () => number): number {
  const spreadMs = Math.min(LONGEST_MS, (there.viewers / ASKED_A_SECOND) * 1_000);
  return there.shownAgoMs > spreadMs ? 0 : random() * spreadMs;
}
