/**
 * The Chinese resident identity number (GB 11643-1999): six digits of a region, the date of birth, three digits of order and a
 * check character (ISO 7064 MOD 11-2). Pure: today comes in.
 */

/** Rule G1. */
export const ADULT_YEARS = 18;
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_CHARACTERS = '10X98765432';
/** First digit: the six regions, Taiwan, Hong Kong and Macao, and foreigners with permanent residence. */
const REGION = /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-9])/;
const EARLIEST_YEAR = 1900;

export interface BirthDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The date of birth in a number that is well made; undefined for any other. */
export function birthDateOf(number: string): BirthDate | undefined {
  const upper = number.toUpperCase();
  if (!/^\d{17}[\dX]$/.test(upper) || !REGION.test(upper)) return undefined;
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(upper[at]), 0);
  if (CHECK_CHARACTERS[sum % 11] !== upper[17]) return undefined;
  const [year, month, day] = [upper.slice(6, 10), upper.slice(10, 12), upper.slice(12, 14)].map(Number) as [
    number,
    number,
    number,
  ];
  const date = new Date(Date.UTC(year, month - 1, day));
  const isRealDay = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return year >= EARLIEST_YEAR && isRealDay ? { year, month, day } : undefined;
}

/** Whole years at a day; a birthday counts from its morning on. */
export function ageAt(birth: BirthDate, today: BirthDate): number {
  const hadBirthday = today.month > birth.month || (today.month === birth.month && today.day >= birth.day);
  return today.year - birth.year - (hadBirthday ? 0 : 1);
}
