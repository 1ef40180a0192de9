import { expect, test } from 'vitest';
import { shanghaiDay, streakOf } from './streak.policy.ts';

test.each([
  ['nothing yet', [false], 0],
  ['the first', [true], 1],
  ['not yet today: what was before stands', [false, true, true], 2],
  ['today too', [true, true, true], 3],
  ['one was missed', [true, false, true, true], 1],
  ['the last was missed', [false, false, true], 0],
  ['no life at all', [], 0],
] as const)('%s', (_, lives, streak) => expect(streakOf([...lives])).toBe(streak));

test.each([
  ['2026-03-01T15:59:59.999Z', '2026-03-01'],
  ['2026-03-01T16:00:00.000Z', '2026-03-02'],
  ['2026-12-31T16:00:00.000Z', '2027-01-01'],
])('%s is %s in Shanghai', (at, day) => expect(shanghaiDay(new Date(at))).toBe(day));
