/** One suite for both storages; the bucket is that of a local S3 server, which knows its key ids but checks no signature. */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileStorage } from '../src/storage/file-storage.ts';
import { createS3Storage } from '../src/storage/s3-storage.ts';
import type { Storage } from '../src/storage/storage.ts';

const run = promisify(execFile);

interface LocalS3 {
  run(): Promise<{ port: number }>;
  close(): Promise<void>;
}
type LocalS3Class = new (options: Record<string, unknown>) => LocalS3;
// It ships no types.
const S3rver: LocalS3Class = createRequire(import.meta.url)('s3rver');

let folder: string;
let s3: LocalS3;
let s3Port = 0;
const bucketWith = (accessKeyId: string, bucket = 'recordings'): Storage =>
  createS3Storage({
    ...{ endpoint: `http://127.0.0.1:${s3Port}`, region: 'us-east-1', bucket },
    ...{ accessKeyId, secretAccessKey: 'S3RVER' },
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'walnut-live-storage-'));
  s3 = new S3rver({
    ...{ address: '127.0.0.1', port: 0, silent: true, allowMismatchedSignatures: false },
    ...{ directory: join(folder, 's3'), configureBuckets: [{ name: 'recordings' }] },
  });
  s3Port = (await s3.run()).port;
});
afterAll(async () => {
  await s3?.close();
  await rm(folder, { recursive: true, force: true });
});

const keysOf = async (storage: Storage, prefix: string): Promise<string[]> => {
  const keys: string[] = [];
  for await (const key of storage.list(prefix)) keys.push(key);
  return keys;
};

describe.each([
  ['files', (): Promise<Storage> => createFileStorage(join(folder, 'files'))],
  ['S3', (): Promise<Storage> => Promise.resolve(bucketWith('S3RVER'))],
])('storage in %s', (_name, make) => {
  let storage: Storage;
  beforeAll(async () => {
    storage = await make();
  });
  afterAll(() => storage.close());

  it('gives back what was put, whole, in part and as a stream, with its type and size', async () => {
    await storage.put('a/one.m4s', Buffer.from('0123456789'));
    expect((await storage.get('a/one.m4s'))?.toString()).toBe('0123456789');
    const whole = await storage.open('a/one.m4s');
    expect(whole).toMatchObject({ size: 10, start: 0, end: 9, contentType: 'video/iso.segment' });
    expect(await text(whole!.body)).toBe('0123456789');
    const part = await storage.open('a/one.m4s', { start: 2, end: 5 });
    expect(part).toMatchObject({ size: 10, start: 2, end: 5 });
    expect(await text(part!.body)).toBe('2345');
    const tail = await storage.open('a/one.m4s', { start: 7, end: 99 });
    expect(tail).toMatchObject({ start: 7, end: 9 });
    expect(await text(tail!.body)).toBe('789');
    await expect(storage.open('a/one.m4s', { start: 10 })).rejects.toMatchObject({ trouble: 'range' });
    await storage.put('a/one.m4s', Buffer.from('new'));
    expect((await storage.get('a/one.m4s'))?.toString()).toBe('new');
    await storage.put('a/empty', Buffer.alloc(0));
    expect((await storage.get('a/empty'))?.length).toBe(0);
  });

  it('has nothing where nothing was put', async () => {
    expect(await storage.get('none/here.mp4')).toBeNull();
    expect(await storage.open('none/here.mp4')).toBeNull();
    expect(await keysOf(storage, 'none/')).toEqual([]);
    await storage.delete('none/here.mp4');
    await storage.deleteAll('none/');
  });

  it('lists below a prefix in order, and deletes one or all', async () => {
    for (const key of ['b/2/x.json', 'b/10/x.json', 'b/1.json', 'bb/1.json']) await storage.put(key, Buffer.from(key));
    expect(await keysOf(storage, 'b/')).toEqual(['b/1.json', 'b/10/x.json', 'b/2/x.json']);
    await storage.delete('b/1.json');
    expect(await keysOf(storage, 'b/')).toEqual(['b/10/x.json', 'b/2/x.json']);
    await storage.deleteAll('b/');
    expect(await keysOf(storage, 'b/')).toEqual([]);
    expect(await keysOf(storage, 'bb/')).toEqual(['bb/1.json']);
  });

  it('takes files that are larger than one part of an upload', async () => {
    const path = join(folder, 'large');
    const data = Buffer.alloc(17 * 1024 * 1024, 'walnut');
    await writeFile(path, data);
    await storage.putFile('c/large.mp4', path);
    expect(await storage.open('c/large.mp4', { start: data.length - 6 })).toMatchObject({ size: data.length });
    expect((await storage.get('c/large.mp4'))?.equals(data)).toBe(true);
  });

  it.each([
    '../etc/passwd',
    'a/../b',
    '/a',
    'a//b',
    '.half-a',
    'a/.b',
    'a\\b',
    'a/b\0',
    '',
    'a/',
    'ü',
    `long-${'x'.repeat(130)}`,
  ])('refuses the key %j', async (key) => {
    await expect(async () => storage.get(key)).rejects.toMatchObject({ trouble: 'bad-key' });
    await expect(async () => storage.put(key, Buffer.from('x'))).rejects.toMatchObject({ trouble: 'bad-key' });
    await expect(async () => storage.deleteAll(`${key}/`)).rejects.toMatchObject({ trouble: 'bad-key' });
  });
});

describe('files', () => {
  it('leave no half-written object, sweep those of a crash, and list nothing that lies outside', async () => {
    const place = join(folder, 'swept');
    await mkdir(join(place, 'd'), { recursive: true });
    await writeFile(join(place, 'd', '.half-0011'), 'of a crash');
    await writeFile(join(folder, 'outside.json'), 'secret');
    await symlink(folder, join(place, 'd', 'link'));
    const storage = await createFileStorage(place);
    await storage.put('d/x.json', Buffer.from('x'));
    expect(await keysOf(storage, 'd/')).toEqual(['d/x.json']);
    expect((await readdir(join(place, 'd'))).sort()).toEqual(['link', 'x.json']);
  });

  it('say clearly that the disk is full, and keep what was there', async () => {
    // A disk of its own, as large as a floppy disk's track, that is gone with the process.
    const module = new URL('../src/storage/file-storage.ts', import.meta.url).href;
    const script = `
      const { createFileStorage } = await import(${JSON.stringify(module)});
      const storage = await createFileStorage(process.argv[1]);
      await storage.put('e/x.json', Buffer.from('old'));
      const failure = await storage.put('e/x.json', Buffer.alloc(1_000_000)).catch((error) => error.trouble);
      const keys = [];
      for await (const key of storage.list('e/')) keys.push(key);
      console.log(JSON.stringify([failure, String(await storage.get('e/x.json')), keys]));`;
    const disk = join(folder, 'disk');
    await mkdir(disk);
    const mounted = 'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" --input-type=module -e "$3" "$1"';
    const { stdout } = await run('unshare', [
      ...['--mount', '--map-root-user', 'sh', '-c', mounted, 'sh', disk, process.execPath, script],
    ]);
    expect(JSON.parse(stdout)).toEqual(['full', 'old', ['e/x.json']]);
  });
});

describe('S3', () => {
  it('says that the key is wrong, and that there is no bucket', async () => {
    await expect(bucketWith('somebody').put('a/x.json', Buffer.from('x'))).rejects.toMatchObject({
      trouble: 'denied',
    });
    await expect(bucketWith('S3RVER', 'no-such-bucket').put('a/x.json', Buffer.from('x'))).rejects.toMatchObject({
      trouble: 'unreachable',
    });
  });
});
