import { expect, test } from 'vitest';
import { eachOf } from './each-of.ts';

test('every item once, in their order, never more at a time than asked', async () => {
  const items = Array.from({ length: 50 }, (_, no) => no);
  const begun: number[] = [];
  let atWork = 0;
  let most = 0;
  await eachOf(items, 4, async (item) => {
    begun.push(item);
    atWork += 1;
    most = Math.max(most, atWork);
    await new Promise((resolve) => setImmediate(resolve));
    atWork -= 1;
  });
  expect(begun).toEqual(items);
  expect(most).toBe(4);
  await eachOf([], 4, () => Promise.reject(new Error('none to do')));
});

test('after a failure none begins any more, and the caller hears it', async () => {
  const begun: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    await new Promise((resolve) => setImmediate(resolve));
    if (item === 2) throw new Error('no');
  };
  await expect(eachOf([1, 2, 3, 4, 5, 6], 2, work)).rejects.toThrow('no');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(begun.length).toBeLessThanOrEqual(3);
});
