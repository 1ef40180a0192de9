/** Waits between attempts to reconnect, in milliseconds. */
const FIRST_MS = 400;
const LONGEST_MS = 10_000;

/**
 * Delay before attempt `attempt` (0 = first retry). Half of it is random, so that the viewers of a restarted server do
 * not come back in one wave.
 */
export const reconnectDelayMs = (attempt: number, random: () => number = Math.random): number => {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
};
