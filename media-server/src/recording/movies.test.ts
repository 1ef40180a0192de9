import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import pino from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createFileStorage } from '../storage/file-storage.ts';
import type { Storage } from '../storage/index.ts';
import type { RecordedSegment } from './entries.ts';
import { layout } from './layout.ts';
import { createMovies } from './movies.ts';

const run = promisify(execFile);
const FFMPEG = process.env.FFMPEG_BIN ?? 'ffmpeg';

/** Fragmented MP4 as the packager makes it: header and one segment. */
async function film(folder: string, args: readonly string[]): Promise<{ init: Buffer; data: Buffer }> {
  const path = join(folder, 'film.mp4');
  const movflags = '+empty_moov+default_base_moof+frag_keyframe';
  const clock = ['-video_track_timescale', '90000'];
  await run(FFMPEG, ['-v', 'error', '-y', ...args, '-t', '1', ...clock, '-movflags', movflags, '-f', 'mp4', path]);
  const bytes = await readFile(path);
  const at = bytes.indexOf('moof') - 4;
  return { init: bytes.subarray(0, at), data: bytes.subarray(at) };
}
const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10'];
const SOUND = ['-f', 'lavfi', '-i', 'sine=sample_rate=48000'];
/** Recordings that nobody deletes. */
const kept = { exists: async () => true, onRemove: () => () => undefined };
const CODECS = ['-c:v', 'libx264', '-bf', '0', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];

it('has picture and sound from its first to its last moment, whatever a part of it lacked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'walnut-live-movies-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const storage = await createFileStorage(join(folder, 'storage'));
  // A microphone that came late, both, and a camera that was off.
  const parts = [
    { input: PICTURE, codecs: ['avc1.64000d'], width: 320, height: 180 },
    { input: [...PICTURE, ...SOUND], codecs: ['avc1.64000d', 'mp4a.40.2'], width: 320, height: 180 },
    { input: SOUND, codecs: ['mp4a.40.2'], width: null, height: null },
  ];
  const segments: RecordedSegment[] = [];
  for (const [n, { input, codecs, width, height }] of parts.entries()) {
    const { init, data } = await film(folder, [...input, ...CODECS]);
    const name = String(n).repeat(16);
    await storage.put(layout.init('stream', name), init);
    await storage.put(layout.segment('stream', name, n), data);
    segments.push({
      streamId: 'stream',
      n,
      run: name,
      atMs: n * 1_000,
      durationMs: 1_000,
      bytes: data.length,
      codecs,
      width,
      height,
    });
  }
  const movies = createMovies({
    ...{ storage, folder: join(folder, 'movies'), ffmpegBin: FFMPEG, now: Date.now },
    ...{ log: pino({ level: 'silent' }), recordings: { ...kept, segments: async () => segments } },
  });
  onTestFinished(() => movies.close());
  await vi.waitFor(async () => expect(await movies.make('room', null)).toMatchObject({ state: 'ready' }), 20_000);
  const path = join(folder, 'whole.mp4');
  await pipeline((await movies.open('room', null))!.body, createWriteStream(path));
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-show_entries', 'stream=codec_type,start_time,duration', '-of', 'json', path],
  ]);
  const streams: { codec_type: string; start_time: string; duration: string }[] = JSON.parse(stdout).streams;
  expect(streams.map(({ codec_type }) => codec_type)).toEqual(['video', 'audio']);
  for (const { start_time, duration } of streams) {
    expect(Number(start_time)).toBeLessThan(0.1);
    // Pictures are 100 ms apart.
    expect(Math.abs(Number(duration) - 3)).toBeLessThan(0.25);
  }
});

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
    ...{ log: pino({ level: 'silent' }), recordings: { ...kept, segments: async () => [segment] } },
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

/** Copies what it is told to, so that `list.txt` becomes the file. */
const COPIES = `#!/bin/sh
for last; do :; done
cp list.txt "$last" 2>/dev/null || echo made > "$last"
`;

it('does not come back after its recording was deleted, here or by another host, and holds up nothing', async () => {
  const root = await mkdtemp(join(tmpdir(), 'walnut-live-movies-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const ffmpegBin = join(root, 'ffmpeg');
  await writeFile(ffmpegBin, COPIES, { mode: 0o755 });
  const files = await createFileStorage(join(root, 'storage'));
  await files.put(layout.init('stream', '0123456789abcdef'), Buffer.from('header'));
  /** The storage takes its time over a file, as a bucket does. */
  const storing = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<void>();
  const storage: Storage = {
    ...files,
    async putFile(key, path) {
      storing.resolve();
      await stored.promise;
      await files.putFile(key, path);
    },
  };
  const segment: RecordedSegment = {
    ...{ streamId: 'stream', n: 0, run: '0123456789abcdef', atMs: 0, durationMs: 1_000 },
    ...{ bytes: 1_000, codecs: ['mp4a.40.2'], width: null, height: null },
  };
  const there = new Set(['room', 'other']);
  let remove = async (_roomId: string): Promise<void> => undefined;
  const movies = createMovies({
    ...{ storage, ffmpegBin, folder: join(root, 'movies'), now: Date.now, log: pino({ level: 'silent' }) },
    recordings: {
      segments: async () => [segment],
      exists: async (roomId) => there.has(roomId),
      onRemove(listener) {
        remove = listener;
        return () => undefined;
      },
    },
  });
  onTestFinished(() => movies.close());

  expect((await movies.make('room', null)).state).toBe('making');
  expect((await movies.make('other', null)).state).toBe('making');
  await storing.promise;
  // Waits in the line behind the first one: its deletion waits for nobody.
  await remove('other');
  let removed = false;
  const removal = remove('room').then(() => {
    removed = true;
  });
  // As by another host, which does not know that a file is being stored here.
  there.clear();
  await new Promise((resolve) => setImmediate(resolve));
  expect(removed).toBe(false);
  stored.resolve();
  await removal;
  for (const roomId of ['room', 'other']) expect(await movies.open(roomId, null)).toBeNull();
  expect(await readdir(join(root, 'movies'))).toEqual([]);
});
