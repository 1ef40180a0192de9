import { expect, it } from 'vitest';
import { askPauseSeconds } from './asking.policy.ts';

const DAY_SECONDS = 86_400;

it('a payer who is back is asked about within seconds, one who left hourly: a balance of ninety days crowds out nobody', () => {
  const pauses = Array.from({ length: 3_000 }, (_, queries) => askPauseSeconds(queries));
  expect(pauses.slice(0, 6)).toEqual([8, 16, 32, 64, 120, 120]);
  expect(pauses.slice(11, 18)).toEqual([120, 120, 240, 480, 960, 1_920, 3_600]);
  expect(pauses.at(-1)).toBe(3_600);
  // While an order waits to be paid at once it is asked about every two minutes.
  expect(pauses.slice(0, 12).reduce((sum, pause) => sum + pause, 0)).toBeGreaterThan(15 * 60);
  const asked = (days: number) => {
    let left = days * DAY_SECONDS;
    return pauses.findIndex((pause) => {
      left -= pause;
      return left <= 0;
    });
  };
  expect(asked(90)).toBeLessThan(90 * 24 + 20);
});
