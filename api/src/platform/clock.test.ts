import { expect, onTestFinished, test, vi } from 'vitest';
import { systemRandom } from './clock.ts';

test('ids of one process ascend, also over a clock that is set back', () => {
  const now = vi.spyOn(Date, 'now');
  onTestFinished(() => now.mockRestore());
  const start = Date.parse('2026-11-11T20:00:00+08:00');
  const ids = [0, 5, -60_000, -86_400_000, 10, 7].map((step) => {
    now.mockReturnValue(start + step);
    return systemRandom.id();
  });
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});
