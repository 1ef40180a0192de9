/** Days as they are in China (UTC+8, without summer time), which bills and reports are made by. */

const OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

/** `2026-11-22` */
export const chinaDayOf = (at: Date): string => new Date(at.getTime() + OFFSET_MS).toISOString().slice(0, 10);
/** `2026-11` */
export const chinaMonthOf = (at: Date): string => chinaDayOf(at).slice(0, 7);
export const chinaDayStart = (day: string): Date => new Date(Date.parse(`${day}T00:00:00Z`) - OFFSET_MS);
/** The first moment that is not of this day. */
export const chinaDayEnd = (day: string): Date => new Date(chinaDayStart(day).getTime() + DAY_MS);
export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
