/** Ranges as the roll-ups have them: whole months in the middle, days at the ends. */
import { addDays, chinaDayOf, chinaDayStart } from '../../platform/china-day.policy.ts';

/** Before and after everything; both begin a month. */
export const FIRST_DAY = '0001-01-01';
export const LAST_DAY = '9999-12-01';

export interface Period {
  /** [from, to), days in China. */
  readonly from: string;
  readonly to: string;
  /** [monthsFrom, monthsTo) are whole months within it; equal when there are none. */
  readonly monthsFrom: string;
  readonly monthsTo: string;
}

const monthOf = (day: string): string => `${day.slice(0, 7)}-01`;
const nextMonth = (month: string): string => monthOf(addDays(month, 31));

export function periodOf(from: string | null, to: string | null): Period {
  const [first, last] = [from ?? FIRST_DAY, to ?? LAST_DAY];
  const monthsFrom = monthOf(first) === first ? first : nextMonth(monthOf(first));
  const monthsTo = monthOf(last);
  const whole = monthsFrom < monthsTo;
  return { from: first, to: last, monthsFrom: whole ? monthsFrom : last, monthsTo: whole ? monthsTo : last };
}

const dayOf = (at: Date | null): string | null | undefined => {
  if (at === null) return null;
  const day = chinaDayOf(at);
  return chinaDayStart(day).getTime() === at.getTime() ? day : undefined;
};

/** The range in days; undefined when an end of it lies within a day. */
export function wholeDays(range: { from: Date | null; to: Date | null }): Period | undefined {
  const [from, to] = [dayOf(range.from), dayOf(range.to)];
  return from === undefined || to === undefined ? undefined : periodOf(from, to);
}
