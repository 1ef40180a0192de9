import { expect, test } from 'vitest';
import { FAULTS, GREAT, planFaults } from './plan.ts';

test('every process dies once, one after the other, and the day begins and ends in peace', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const faults = planFaults(seed, GREAT.seconds);
    expect(faults.map(({ what }) => what).toSorted()).toEqual([...FAULTS].toSorted());
    const at = faults.map(({ atSecond }) => atSecond);
    expect(at).toEqual(at.toSorted((a, b) => a - b));
    expect(at[0]).toBeGreaterThanOrEqual(GREAT.seconds * 0.1);
    expect(at.at(-1)).toBeLessThanOrEqual(GREAT.seconds * 0.9);
  }
});

test('the same seed is the same day, another one is another', () => {
  expect(planFaults(7, 100)).toEqual(planFaults(7, 100));
  expect(planFaults(7, 100)).not.toEqual(planFaults(8, 100));
});
