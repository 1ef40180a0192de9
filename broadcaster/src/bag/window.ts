/** When offers and bundles run, as a guide chooses it by one tap. */

export const MINUTES = [5, 10, 30, 60] as const;
export const LIMITS = [0, 1, 2, 5, 10] as const;
/** Minutes until it begins; 0 = at once. */
export const START_MINUTES = [0, 1, 3, 5, 10, 30] as const;

/** Server time, so that a phone with a wrong clock announces what its viewers see. */
export const startsAtIn = (minutes: number, serverNowMs: number): { startsAt?: string } =>
  minutes === 0 ? {} : { startsAt: new Date(serverNowMs + minutes * 60_000).toISOString() };
