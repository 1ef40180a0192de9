/** Which days' bills are due: pure. */
import { addDays, chinaDayOf, chinaDayStart } from '../../platform/china-day.policy.ts';

/** Providers have the bill of a day ready at ten in the morning of the next. */
const READY_HOUR = 10;
/** Further back nobody goes by themselves: a person can ask for any day. */
export const MOST_DAYS_BACK = 60;
const FIRST_PAUSE_MS = 10 * 60_000;
const LONGEST_PAUSE_MS = 2 * 3_600_000;

/** The last day whose bill can be had now. */
export function lastReadyDay(now: Date): string {
  const today = chinaDayOf(now);
  const ready = chinaDayStart(today).getTime() + READY_HOUR * 3_600_000;
  return addDays(today, now.getTime() >= ready ? -1 : -2);
}

/** From the day of the first payment on, every day that has no finished run, the oldest first. */
export function dueDays(given: { now: Date; firstDay: string; done: ReadonlySet<string> }): string[] {
  const last = lastReadyDay(given.now);
  const bound = addDays(last, 1 - MOST_DAYS_BACK);
  const days: string[] = [];
  const first = [given.firstDay, bound].sort().at(-1) ?? bound; // days sort as texts
  for (let day = first; day <= last; day = addDays(day, 1)) if (!given.done.has(day)) days.push(day);
  return days;
}

/** When a run that failed, or whose bill is not made yet, is tried again. */
export const tryAgainAt = (now: Date, attempts: number): Date =>
  new Date(now.getTime() + Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 10), LONGEST_PAUSE_MS));
