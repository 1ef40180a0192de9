import { expect, test } from 'vitest';
import { idNumber } from '../../testing/gifts.ts';
import { ageAt, birthDateOf } from './resident-id.policy.ts';

/** The example of GB 11643-1999 itself. */
const STANDARD = '11010519491231002X';

test('the number of the standard is right, with a small x too', () => {
  expect(birthDateOf(STANDARD)).toEqual({ year: 1949, month: 12, day: 31 });
  expect(birthDateOf(STANDARD.toLowerCase())).toEqual({ year: 1949, month: 12, day: 31 });
});

test('one changed digit, or two neighbours changed with one another, never pass', () => {
  for (let at = 0; at < 17; at++) {
    for (const digit of '0123456789') {
      if (digit === STANDARD[at]) continue;
      expect(birthDateOf(STANDARD.slice(0, at) + digit + STANDARD.slice(at + 1))).toBeUndefined();
    }
    const [a, b] = [STANDARD[at], STANDARD[at + 1]];
    if (at < 16 && a !== b)
      expect(birthDateOf(STANDARD.slice(0, at) + b + a + STANDARD.slice(at + 2)), `swapped at ${at}`).toBeUndefined();
  }
});

test.each([
  ['a day that does not exist', idNumber('2001-02-29', 7)],
  ['a month that does not exist', idNumber('2001-13-01', 7)],
  ['another century', idNumber('1899-12-31', 7)],
  ['a region that does not exist', `99${STANDARD.slice(2)}`.replace(/^99/, '01')],
  ['too short', STANDARD.slice(1)],
  ['letters', `1101051949123100${'ab'}`],
  ['full-width digits', STANDARD.replace('1', '１')],
  ['nothing', ''],
])('%s is refused', (_, number) => {
  expect(birthDateOf(number)).toBeUndefined();
});

test('a leap day counts where there is one', () => {
  expect(birthDateOf(idNumber('2004-02-29', 7))).toEqual({ year: 2004, month: 2, day: 29 });
});

test.each([
  ['2026-11-22', 18],
  ['2026-11-21', 17],
  ['2026-12-01', 18],
  ['2026-10-31', 17],
  ['2027-01-01', 18],
])('G1 somebody born on 22 November 2008 is, on %s, %i', (day, age) => {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  expect(ageAt({ year: 2008, month: 11, day: 22 }, { year, month, day: date })).toBe(age);
});
