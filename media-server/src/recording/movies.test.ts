import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createFileStorage } from '../storage/file-storage.ts';
import type { RecordedSegment } from './entries.ts';
import { createMovies } from './movies.ts';

it('sweeps what a killed process left, and begins nothing that the disk has no room for', async () => {
  const root = await mkdtemp(join(tmpdir(), 'walnut-live-movies-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const folder = join(root, 'movies');
  await mkdir(join(folder, 'movie-old'), { recursive: true });
  await writeFile(join(folder, 'movie-old', 'out.mp4'), 'left behind');
  const segment: RecordedSegment = {
    ...{ streamId: 'stream', n: 0, run: '0123456789abcdef', atMs: 0, durationMs: 1_000 },
    ...{ bytes: 1_000, codecs: [], width: null, height: null },
  };
  let free = 2_999;
  const movies = createMovies({
    ...{ storage: await createFileStorage(join(root, 'storage')), folder, ffmpegBin: 'false', now: Date.now },
    ...{ log: pino({ level: 'silent' }), recordings: { segments: async () => [segment] } },
    freeBytes: async () => free,
  });
  onTestFinished(() => movies.close());
  await expect(movies.make('room', null)).rejects.toMatchObject({ code: 'media_over_capacity' });
  expect(await readdir(folder)).toEqual([]);
  free = 3_000;
  expect(await movies.make('room', null)).toEqual({ state: 'making', bytes: null });
  // Its header is not there: it fails, and leaves nothing either.
  await vi.waitFor(async () => expect(await movies.make('room', null)).toEqual({ state: 'failed', bytes: null }));
  expect(await readdir(folder)).toEqual([]);
});
