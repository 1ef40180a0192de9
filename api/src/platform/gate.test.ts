import { expect, test } from 'vitest';
import { createGate } from './gate.ts';

test('so many at once, the rest in their order; a failure lets the next one in, and a full line is a clear no', async () => {
  const gate = createGate(2, 3);
  const begun: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const run = (no: number) =>
    gate(() => {
      begun.push(no);
      return new Promise<number>((resolve, reject) => {
        ends[no] = (error) => (error ? reject(error) : resolve(no));
      });
    });
  const runs = [0, 1, 2, 3, 4].map(run);
  await expect(run(5)).rejects.toMatchObject({ code: 'unavailable' });
  expect(begun).toEqual([0, 1]);
  ends[1]?.(new Error('no'));
  await expect(runs[1]).rejects.toThrow('no');
  expect(begun).toEqual([0, 1, 2]);
  for (const no of [0, 2, 3, 4]) {
    await expect.poll(() => begun).toContain(no);
    ends[no]?.();
  }
  expect(await Promise.all([runs[0], runs[2], runs[3], runs[4]])).toEqual([0, 2, 3, 4]);
});
