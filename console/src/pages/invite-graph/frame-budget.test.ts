import { expect, test } from 'vitest';
import { createFrameBudget } from './frame-budget.ts';

/** Frames one after the other while one moves; what may be drawn in each. */
function moving(frames: readonly number[], budget = createFrameBudget()) {
  let now = 1_000;
  budget.begin(now, true, false);
  budget.take();
  return frames.map((ms) => {
    now += ms;
    budget.begin(now, true, true);
    return budget.take();
  });
}

test('frames in time: a slice in each, and never more than it began with', () => {
  const taken = moving(Array.from({ length: 30 }, () => 16));
  expect(taken.every((entries) => entries > 0 && entries <= 30_000)).toBe(true);
});

test('a late frame draws nothing behind, and the next slice is smaller', () => {
  const taken = moving([16, 60, 16, 60, 16]);
  expect(taken.map((entries) => entries > 0)).toEqual([true, false, true, false, true]);
  expect(taken[4]).toBeLessThan(taken[2] as number);
  expect(taken[2]).toBeLessThan(taken[0] as number);
});

test('where no frame is ever in time the picture comes nevertheless, in small slices', () => {
  const taken = moving(Array.from({ length: 120 }, () => 80));
  expect(taken.filter((entries) => entries > 0).length).toBe(20);
  expect(taken.at(-1)).toBe(1_000);
});

test('too slow is told also when the hand moves in every other frame alone; a hiccup now and then is not', () => {
  const slow = createFrameBudget();
  slow.begin(0, true, false);
  for (let step = 1; step <= 12; step++) slow.begin(step * 60, step % 2 === 0, true);
  expect(slow.isTooSlow()).toBe(true);

  const fine = createFrameBudget();
  let now = 0;
  fine.begin(now, true, false);
  for (let frame = 1; frame <= 300; frame++) {
    now += frame % 15 === 0 ? 90 : 16;
    fine.begin(now, true, true);
  }
  expect(fine.isTooSlow()).toBe(false);
});

test('at rest nobody feels a long frame; a pause of the hand or of the page is none', () => {
  const budget = createFrameBudget();
  budget.begin(0, true, false);
  for (const now of [40, 80, 120, 160]) budget.begin(now, true, true);
  expect(budget.isTooSlow()).toBe(true);
  budget.begin(300, false, true);
  expect(budget.isMoving()).toBe(true);
  budget.begin(400, false, true);
  expect([budget.isMoving(), budget.take()]).toEqual([false, 80_000]);

  const calm = createFrameBudget();
  calm.begin(0, true, false);
  for (const now of [5_000, 10_000, 15_000, 20_000]) calm.begin(now, true, true);
  for (const now of [20_300, 20_600, 20_900, 21_200]) calm.begin(now, true, false);
  expect(calm.isTooSlow()).toBe(false);
});
