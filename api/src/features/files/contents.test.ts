import type { FilePurpose } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import type { Sql } from '../../platform/db.ts';
import { createFileContents } from './contents.ts';

/** A table of files that says how often it was read, and how many reads were under way at most. */
function table(files: Record<string, { purpose: FilePurpose; bytes: number }>) {
  const count = { reads: 0, atOnce: 0, most: 0, failing: false };
  const sql = (async (_strings: TemplateStringsArray, id: string, purposes: FilePurpose[]) => {
    count.reads += 1;
    count.atOnce += 1;
    count.most = Math.max(count.most, count.atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    count.atOnce -= 1;
    if (count.failing) throw new Error('away');
    const file = files[id];
    if (!file || !purposes.includes(file.purpose)) return [];
    return [{ purpose: file.purpose, mediaType: 'image/png', content: Buffer.alloc(file.bytes) }];
  }) as unknown as Sql;
  return { sql, count };
}

test('five hundred who want one file at once are given one buffer, read once', async () => {
  const { sql, count } = table({ a: { purpose: 'material', bytes: 1_000 } });
  const contents = createFileContents({ sql });
  const given = await Promise.all(Array.from({ length: 500 }, () => contents.get('a', ['material'])));
  expect(given[0]?.content).toHaveLength(1_000);
  expect(new Set(given.map((file) => file?.content)).size).toBe(1);
  await contents.get('a', ['material']);
  expect(count.reads).toBe(1);
});

test('what is kept has a bound in bytes: what was wanted longest ago goes; few files are read at a time', async () => {
  const files = Object.fromEntries('abcdef'.split('').map((id) => [id, { purpose: 'card' as const, bytes: 400 }]));
  const { sql, count } = table({ ...files, large: { purpose: 'card', bytes: 1_001 } });
  const contents = createFileContents({ sql, cacheBytes: 1_000 });
  const get = (id: string) => contents.get(id, ['photo', 'card']);
  const readsFor = async (id: string) => {
    const before = count.reads;
    await get(id);
    return count.reads - before;
  };
  await get('a');
  await get('b');
  expect(await readsFor('a')).toBe(0);
  await get('c'); // b was wanted longest ago
  expect(await readsFor('a')).toBe(0);
  expect(await readsFor('b')).toBe(1);
  for (let time = 0; time < 2; time++) expect(await readsFor('large')).toBe(1); // larger than all that is kept
  count.most = 0;
  await Promise.all('cdef'.split('').map(get));
  expect(count.most).toBe(2);
});

test('material that is kept is no picture; what is not there, and what could not be read, is asked for again', async () => {
  const { sql, count } = table({ a: { purpose: 'material', bytes: 10 } });
  const contents = createFileContents({ sql });
  expect(await contents.get('a', ['photo', 'card'])).toBeUndefined();
  expect(await contents.get('a', ['material'])).toBeDefined();
  expect(await contents.get('a', ['photo', 'card'])).toBeUndefined();
  for (let time = 0; time < 2; time++) expect(await contents.get('none', ['card'])).toBeUndefined();
  expect(count.reads).toBe(4);
  count.failing = true;
  await expect(contents.get('b', ['card'])).rejects.toThrow('away');
  count.failing = false;
  expect(await contents.get('b', ['card'])).toBeUndefined();
});
