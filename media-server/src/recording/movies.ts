/**
 * MP4 files of recordings: segments put together, remuxed without re-encoding, index at the front (faststart).
 *
 * Model: one file is made at a time, MAX_WAITING wait; a finished one lies in the storage beside the recording and is never
 * made again. Where the picture's header changed in the middle (another phone, another size) the file is encoded anew,
 * because one MP4 track has one header; a part without sound or without picture, between parts that have both, is given
 * silence or black first, because parts are joined track by track. Invariants: whatever happens, the temporary folder and
 * the process are gone afterwards (after a kill: at the next start); nothing is begun that the disk has no room for; memory
 * stays below one segment; no file outlives its recording: one in the making ends before the recording is deleted, and one that was stored
 * while another host deleted it is taken back.
 */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FileView, MediaKind, RecordingRange } from '@walnut-live/contracts';
import { createSerial } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';
import type { Storage, StoredObject } from '../storage/index.ts';
import type { RecordedSegment } from './entries.ts';
import { layout } from './layout.ts';
import type { Recordings } from './recordings.ts';
import { groupsOf, totalBytes, totalMs } from './timeline.ts';

const MAX_WAITING = 8;
/** Copying runs at hundreds of times real time, encoding at a few times. */
const LIMIT_MS = 2 * 3_600_000;
const MAX_ERROR_TEXT = 2_000;
/** A failure is told for this long, then the next request tries again. */
const FAILED_FOR_MS = 10_000;
/** The gathered parts, the file, and its copy in the storage. */
const DISK_PER_BYTE = 3;
/** The clock of RTP's pictures (RFC 3551), which ffmpeg's segments keep; what is joined has one clock. */
const PICTURE_CLOCK = '90000';
const FALLBACK_SIZE = { width: 1280, height: 720 };

export interface Movies {
  /** Begins to make it, or tells how far it is. @throws MediaFailure media_not_found, media_over_capacity */
  make(roomId: string, range: RecordingRange | null): Promise<FileView>;
  open(
    roomId: string,
    range: RecordingRange | null,
    bytes?: { start: number; end?: number },
  ): Promise<StoredObject | null>;
  close(): void;
}

interface Making {
  roomId: string;
  stop: AbortController;
  /** Null while it waits for its turn. */
  running: Promise<void> | null;
}

export function createMovies(deps: {
  storage: Storage;
  recordings: Pick<Recordings, 'segments' | 'exists' | 'onRemove'>;
  folder: string;
  ffmpegBin: string;
  log: Logger;
  now: () => number;
  /** Bytes that this process may still write below the folder; by default what the disk says. */
  freeBytes?: (folder: string) => Promise<number>;
}): Movies {
  const { storage, recordings, log, now } = deps;
  const oneByOne = createSerial();
  const making = new Map<string, Making>();
  const failed = new Map<string, number>();
  const gone = new AbortController();
  const freeBytes = deps.freeBytes ?? freeOnDisk;
  /** What a killed process left behind goes first. */
  const swept = rm(deps.folder, { recursive: true, force: true })
    .then(() => mkdir(deps.folder, { recursive: true }))
    .catch((error: unknown) => log.error({ err: error }, 'recording: the folder for files cannot be made'));

  /** @throws MediaFailure media_over_capacity */
  async function checkDisk(roomId: string, segments: readonly RecordedSegment[]): Promise<void> {
    await swept;
    const wanted = totalBytes(segments) * DISK_PER_BYTE;
    const free = await freeBytes(deps.folder);
    if (free >= wanted) return;
    log.error({ roomId, free, wanted }, 'recording: no room on the disk for this file');
    throw mediaFailure('media_over_capacity', { why: 'disk' });
  }

  const keyOf = (roomId: string, range: RecordingRange | null): string =>
    layout.file(roomId, range?.fromMs ?? 0, range?.toMs ?? 0);

  async function sizeOf(key: string): Promise<number | null> {
    const found = await storage.open(key, { start: 0, end: 0 });
    found?.body.destroy();
    return found?.size ?? null;
  }

  /** One fragmented file per group, all with the same tracks; ffmpeg joins them by the list. */
  async function gather(
    folder: string,
    groups: RecordedSegment[][],
    signal: AbortSignal,
  ): Promise<{ list: string; isUniform: boolean }> {
    const entries: string[] = [];
    const headers = new Set<string>();
    const largest = largestOf(groups.flat());
    const needed = kindsOf(groups.flat());
    for (const [at, group] of groups.entries()) {
      const [first] = group;
      if (!first) continue;
      const path = join(folder, `${at}.mp4`);
      const init = await storage.get(layout.init(first.streamId, first.run));
      if (!init) throw mediaFailure('media_not_found');
      headers.add(init.toString('base64'));
      await writeFile(path, init);
      for (const { streamId, run, n } of group) {
        signal.throwIfAborted();
        const part = await storage.open(layout.segment(streamId, run, n));
        // A segment that is gone leaves a hole, not a failure.
        if (part) await pipeline(part.body, createWriteStream(path, { flags: 'a' }));
      }
      const own = kindsOf(group);
      const isComplete = needed.every((kind) => own.includes(kind));
      const seconds = (totalMs(group) / 1_000).toFixed(3);
      const name = isComplete ? `${at}.mp4` : `${at}-complete.mp4`;
      if (!isComplete) {
        await runFfmpeg(deps.ffmpegBin, completing(path, own, largest, seconds, join(folder, name)), signal);
        await rm(path);
      }
      entries.push(`file '${name}'`, `duration ${seconds}`);
    }
    const list = join(folder, 'list.txt');
    await writeFile(list, `ffconcat version 1.0\n${entries.join('\n')}\n`);
    return { list, isUniform: headers.size === 1 };
  }

  async function produce(
    roomId: string,
    range: RecordingRange | null,
    key: string,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const segments = await recordings.segments(roomId, range);
    // Again: those before it in the line have taken their part.
    await checkDisk(roomId, segments);
    const folder = await mkdtemp(join(deps.folder, 'movie-'));
    try {
      const groups = groupsOf(segments);
      const { list, isUniform } = await gather(folder, groups, signal);
      const output = join(folder, 'out.mp4');
      const codec = isUniform ? ['-c', 'copy'] : encodingFor(largestOf(groups.flat()));
      const joining = ['-f', 'concat', '-i', list, ...codec, '-movflags', '+faststart', '-f', 'mp4', output];
      await runFfmpeg(deps.ffmpegBin, joining, signal);
      signal.throwIfAborted();
      await storage.putFile(key, output);
      if (!(await recordings.exists(roomId))) {
        await storage.delete(key);
        throw mediaFailure('media_not_found');
      }
      log.info({ roomId, bytes: (await stat(output)).size, copied: isUniform }, 'recording: file made');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  const stopListening = recordings.onRemove(async (roomId) => {
    const own = [...making].filter(([, one]) => one.roomId === roomId);
    for (const [key, { stop }] of own) {
      stop.abort();
      making.delete(key);
    }
    await Promise.all(own.map(([, { running }]) => running));
  });

  return {
    async make(roomId, range) {
      const key = keyOf(roomId, range);
      const bytes = await sizeOf(key);
      if (bytes !== null) return { state: 'ready', bytes };
      if (making.has(key)) return { state: 'making', bytes: null };
      const failedAtMs = failed.get(key);
      if (failedAtMs !== undefined && now() - failedAtMs < FAILED_FOR_MS) return { state: 'failed', bytes: null };
      await checkDisk(roomId, await recordings.segments(roomId, range));
      if (making.has(key)) return { state: 'making', bytes: null };
      if (making.size >= MAX_WAITING) throw mediaFailure('media_over_capacity');
      failed.delete(key);
      const one: Making = { roomId, stop: new AbortController(), running: null };
      const signal = AbortSignal.any([gone.signal, one.stop.signal]);
      making.set(key, one);
      void oneByOne(() => {
        const made = produce(roomId, range, key, signal);
        one.running = made.catch(() => undefined);
        return made;
      })
        .catch((error: unknown) => {
          if (signal.aborted) return;
          log.error({ err: error, roomId }, 'recording: file could not be made');
          if (failed.size > 1_000) failed.clear();
          failed.set(key, now());
        })
        .finally(() => {
          if (making.get(key) === one) making.delete(key);
        });
      return { state: 'making', bytes: null };
    },
    open: (roomId, range, bytes) => storage.open(keyOf(roomId, range), bytes),
    close() {
      stopListening();
      gone.abort();
    },
  };
}

async function freeOnDisk(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

const isSound = (codec: string): boolean => codec.startsWith('mp4a');

/** Which tracks these segments have, between them. */
function kindsOf(segments: readonly RecordedSegment[]): MediaKind[] {
  const codecs = segments.flatMap((segment) => segment.codecs);
  return [
    ...(codecs.some((codec) => !isSound(codec)) ? (['video'] as const) : []),
    ...(codecs.some(isSound) ? (['audio'] as const) : []),
  ];
}

const largestOf = (segments: readonly RecordedSegment[]): RecordedSegment =>
  segments.reduce((best, one) => ((one.width ?? 0) > (best.width ?? 0) ? one : best));

/** Pixels, even numbers as 4:2:0 asks for. */
function frameOf({ width, height }: RecordedSegment): { width: number; height: number } {
  const even = (value: number): number => value - (value % 2);
  return { width: even(width ?? FALLBACK_SIZE.width), height: even(height ?? FALLBACK_SIZE.height) };
}

/** The same with silence or a black picture for the track that it has not. */
function completing(
  input: string,
  has: readonly MediaKind[],
  largest: RecordedSegment,
  seconds: string,
  output: string,
): string[] {
  const { width, height } = frameOf(largest);
  const without = has.includes('video')
    ? {
        source: 'anullsrc=sample_rate=48000:channel_layout=stereo',
        tracks: ['-map', '0:v', '-map', '1:a', '-c:v', 'copy', '-c:a', 'aac'],
      }
    : {
        source: `color=black:size=${width}x${height}:rate=15`,
        tracks: ['-map', '1:v', '-map', '0:a', '-c:a', 'copy', '-c:v', 'libx264', '-preset', 'veryfast'],
      };
  const format = ['-t', seconds, '-video_track_timescale', PICTURE_CLOCK, '-f', 'mp4', output];
  return ['-i', input, '-f', 'lavfi', '-i', without.source, ...without.tracks, ...format];
}

/** Every picture into the largest one's frame, without stretching. */
function encodingFor(largest: RecordedSegment): string[] {
  const { width, height } = frameOf(largest);
  const fit = `scale=${width}:${height}:force_original_aspect_ratio=decrease,pad=${width}:${height}:-1:-1,setsar=1`;
  return [
    ...['-vf', fit, '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-pix_fmt', 'yuv420p'],
    ...['-c:a', 'aac', '-b:a', '96k', '-threads', '1'],
  ];
}

function runFfmpeg(bin: string, args: readonly string[], gone: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(bin, ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...args], {
      ...{ stdio: ['ignore', 'ignore', 'pipe'], signal: gone, killSignal: 'SIGKILL', timeout: LIMIT_MS },
    });
    let told = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      told = (told + chunk.toString()).slice(-MAX_ERROR_TEXT);
    });
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`ffmpeg ended with ${code}: ${told}`))));
  });
}
