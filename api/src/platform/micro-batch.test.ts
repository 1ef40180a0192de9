import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test, vi } from 'vitest';
import { createMicroBatch } from './micro-batch.ts';

test('what comes together is done together, in order, and everybody gets their own answer', async () => {
  const batches: number[][] = [];
  const batch = createMicroBatch<number, string>({
    waitMs: 5,
    maxItems: 4,
    maxPending: 100,
    run: async (items) => {
      batches.push([...items]);
      return items.map((item) => `did ${item}`);
    },
  });
  const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => batch.add(i)));
  expect(answers).toEqual(Array.from({ length: 10 }, (_, i) => `did ${i}`));
  expect(batches).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6, 7],
    [8, 9],
  ]);
});

test('at most one batch is under way; who comes meanwhile is in the next', async () => {
  let underway = 0;
  const batch = createMicroBatch<number, number>({
    waitMs: 1,
    maxItems: 100,
    maxPending: 1_000,
    run: async (items) => {
      underway += 1;
      expect(underway).toBe(1);
      await vi.waitFor(() => expect(items.length).toBeGreaterThan(0));
      underway -= 1;
      return items;
    },
  });
  const all: Promise<number>[] = [];
  for (let i = 0; i < 30; i++) {
    all.push(batch.add(i));
    if (i % 7 === 0) await all.at(-1);
  }
  expect(await Promise.all(all)).toEqual(Array.from({ length: 30 }, (_, i) => i));
});

test('a failed batch fails its callers only; too many callers are refused; close finishes what it took', async () => {
  let fails = true;
  const batch = createMicroBatch<number, number>({
    waitMs: 1,
    maxItems: 2,
    maxPending: 3,
    run: async (items) => {
      if (fails) throw new Error('no database');
      return items;
    },
  });
  await expect(batch.add(1)).rejects.toThrow('no database');
  fails = false;
  const taken = [batch.add(1), batch.add(2), batch.add(3)];
  await expect(batch.add(4)).rejects.toMatchObject({ code: 'unavailable' });
  await batch.close();
  expect(await Promise.all(taken)).toEqual([1, 2, 3]);
  await expect(batch.add(5)).rejects.toMatchObject({ code: 'unavailable' });
});

test('what is done for many runs in the context of none of them', async () => {
  const whose = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const run = async (items: readonly string[]) => {
    seen.push(whose.getStore());
    return items.map((item) => `${item} is ${whose.getStore()}`);
  };
  const batch = createMicroBatch<string, string>({ waitMs: 0, maxItems: 10, maxPending: 10, run });
  const answers = ['anna', 'bella'].map((name) =>
    whose.run(name, async () => [await batch.add(name), whose.getStore()]),
  );
  expect(await Promise.all(answers)).toEqual([
    ['anna is undefined', 'anna'],
    ['bella is undefined', 'bella'],
  ]);
  expect(seen).toEqual([undefined]);
});
