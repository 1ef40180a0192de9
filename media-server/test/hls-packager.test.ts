/** What a run takes it gives back, also when it never began. Streams are made up here; relay and ffmpeg are real. */
import { existsSync } from 'node:fs';
import type { MediaKind } from '@walnut-live/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import type { TapEvents, TapTrack } from '../src/engine/tap.ts';
import { createPackager, type Packager } from '../src/hls/packager.ts';
import { createLogger } from '../src/platform/logger.ts';
import type { Stream } from '../src/streams/stream.ts';
import { until } from './kit.ts';

const FFMPEG = process.env.FFMPEG_BIN ?? 'ffmpeg';
const picture: TapTrack = {
  ...{ kind: 'video', producerId: 'p', mimeType: 'video/VP8', payloadType: 100, clockRate: 90_000, ssrc: 1 },
  channels: undefined,
};

let packager: Packager | undefined;
afterEach(() => packager?.close('test-over'));

interface Seen {
  opened: number[];
  closed: number;
  transcoders: number;
  pid: number | undefined;
}

function start(options: {
  ffmpegBin?: string;
  takePorts?: () => Promise<number>;
  startTap?: () => Promise<void>;
  openTap?: (events: TapEvents) => void;
  status?: { state: 'live'; sinceMs: number };
  kinds?: MediaKind[];
}): Seen {
  const seen: Seen = { opened: [], closed: 0, transcoders: 0, pid: undefined };
  const stream = {
    id: 'made-up',
    // For a while already: nothing more is expected of it.
    status: options.status ?? { state: 'live', sinceMs: 0 },
    tracks: () => (options.kinds ?? ['video']).map((kind) => ({ producerId: kind, kind })),
    async openTap({ events }: { events: TapEvents }) {
      seen.opened.push(Date.now());
      options.openTap?.(events);
      return {
        tracks: [picture],
        start: options.startTap ?? (() => Promise.resolve()),
        requestKeyFrame: () => undefined,
        close: () => {
          seen.closed += 1;
        },
      };
    },
  };
  packager = createPackager({
    stream: stream as unknown as Stream,
    takePorts: () => {
      seen.pid = packager?.pid ?? seen.pid;
      return (options.takePorts ?? (() => Promise.resolve(9)))();
    },
    takeTranscoder() {
      seen.transcoders += 1;
      return () => {
        seen.transcoders -= 1;
      };
    },
    ffmpegBin: options.ffmpegBin ?? FFMPEG,
    firstDiscontinuity: 0,
    log: createLogger('silent'),
    now: Date.now,
  });
  return seen;
}

describe('a run that cannot begin', () => {
  const given = (seen: Seen): void => {
    expect(seen.closed).toBeGreaterThanOrEqual(seen.opened.length - 1);
    expect(seen.transcoders).toBeLessThanOrEqual(1);
  };

  it('gives back its tap and its place when there is no process', async () => {
    const seen = start({ ffmpegBin: 'no\0program' });
    await until(
      'tried again and again',
      () => seen.opened.length,
      (tries) => tries >= 3,
    );
    given(seen);
  });

  it.each([
    ['without ports', { takePorts: () => Promise.reject(new Error('no ports')) }],
    ['without a tap that starts', { startTap: () => Promise.reject(new Error('no start')) }],
  ])('ends its process and tries again soon %s', async (_name, options) => {
    const seen = start(options);
    // Not as late as a run that has stalled is found, which is after eight seconds each.
    await until(
      'tried again',
      () => seen.opened.length,
      (tries) => tries >= 3,
      7_000,
    );
    given(seen);
    packager?.close('test-over');
    const { pid } = seen;
    expect(pid).toBeTypeOf('number');
    await until('process gone', () => !existsSync(`/proc/${pid}`));
    expect(seen.closed).toBe(seen.opened.length);
    expect(seen.transcoders).toBe(0);
  });
});

it('a picture that changes all the time is followed at once at first, then slowly', async () => {
  const seen = start({ openTap: (events) => void setTimeout(() => events.onBroken('layer-raised')) });
  await until(
    'five runs',
    () => seen.opened.length,
    (runs) => runs >= 6,
    20_000,
  );
  const apart = seen.opened.slice(1).map((atMs, index) => atMs - (seen.opened[index] ?? 0));
  expect(Math.min(...apart.slice(3))).toBeGreaterThanOrEqual(1_990);
  expect(Math.min(...apart.slice(0, 3))).toBeLessThan(1_900);
}, 30_000);

it('waits a moment for the sound of a stream that has just begun with its picture alone, and for no longer', async () => {
  const sinceMs = Date.now();
  const alone = start({ status: { state: 'live', sinceMs } });
  await until(
    'a run without sound',
    () => alone.opened.length,
    (runs) => runs >= 1,
  );
  expect((alone.opened[0] ?? 0) - sinceMs).toBeGreaterThanOrEqual(1_490);
  packager?.close('test-over');
  const whole = start({ status: { state: 'live', sinceMs: Date.now() }, kinds: ['video', 'audio'] });
  const startedAt = Date.now();
  await until(
    'a run',
    () => whole.opened.length,
    (runs) => runs >= 1,
  );
  expect((whole.opened[0] ?? 0) - startedAt).toBeLessThan(1_000);
});
