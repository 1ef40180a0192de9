import { expect, it } from 'vitest';
import { eachOnItsOwn, retryAt } from './each.ts';

it('one that fails is told and written down; those behind it go on', async () => {
  const done: number[] = [];
  const failed: [number, string][] = [];
  const run = eachOnItsOwn(
    [1, 2, 3],
    async (piece) => {
      if (piece === 1) throw new Error('broken');
      done.push(piece);
    },
    async (piece, problem) => void failed.push([piece, problem]),
  );
  await expect(run).rejects.toThrow('1 of 3 failed: broken');
  expect([done, failed]).toEqual([[2, 3], [[1, 'broken']]]);
});

it('it waits a minute, then twice as long, and never more than six hours', () => {
  const now = new Date('2026-11-23T00:00:00Z');
  const minutes = (failures: number) => (retryAt(now, failures).getTime() - now.getTime()) / 60_000;
  expect([1, 2, 3, 9, 10, 5_000].map(minutes)).toEqual([1, 2, 4, 256, 360, 360]);
});
