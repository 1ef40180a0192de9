/** Who gets a packager when they are scarce. Streams are made up and time is turned by hand; nothing is packaged. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Packager } from '../src/hls/packager.ts';
import { createPackagers, type Packagers } from '../src/hls/packagers.ts';
import { createLogger } from '../src/platform/logger.ts';
import type { Stream } from '../src/streams/stream.ts';
import type { Streams } from '../src/streams/streams.ts';
import { until } from './kit.ts';

let packagers: Packagers;
let changed: (stream: Stream) => void;

function streamOf(id: string, state: 'live' | 'idle' = 'idle') {
  const stream = {
    ...{ id, status: { state }, tracks: () => [] },
    openTap: () => Promise.reject(new Error('made up')),
  };
  const to = (next: 'live' | 'idle'): void => {
    stream.status.state = next;
    changed(stream as unknown as Stream);
  };
  return { stream: stream as unknown as Stream, to };
}

/** Takes all that viewers can have; returns how many that is. */
function fill(): number {
  for (let count = 0; ; count += 1) {
    try {
      packagers.use(streamOf(`filler-${count}`).stream);
    } catch {
      return count;
    }
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  packagers = createPackagers({
    engine: { takePackagerPorts: () => Promise.resolve(9) },
    streams: {
      get: () => undefined,
      onChange(listener: (stream: Stream) => void) {
        changed = listener;
        return () => undefined;
      },
    } as unknown as Streams,
    ffmpegBin: 'ffmpeg',
    log: createLogger('silent'),
    now: Date.now,
  });
});
afterEach(() => {
  packagers.close();
  vi.useRealTimers();
});

it('a held stream that comes back when every place is taken waits for one, and harms nobody', () => {
  const held: Packager[] = [];
  const { stream, to } = streamOf('held');
  packagers.hold(stream, (packager) => held.push(packager));
  expect(held).toHaveLength(1);
  to('idle');
  vi.advanceTimersByTime(12_000);
  expect(packagers.count).toBe(0);
  fill();
  const releases = holdAll('recorded', 10);
  expect(() => to('live')).not.toThrow();
  expect(packagers.peek('held')).toBeUndefined();
  // The others are not wanted any more.
  for (const release of releases) release();
  vi.advanceTimersByTime(25_000);
  expect(packagers.peek('held')).toBe(held[1]);
  expect(packagers.count).toBe(1);
});

const live = (id: string): Stream => streamOf(id, 'live').stream;
const holdAll = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => packagers.hold(live(`${prefix}-${index}`), () => undefined));
const places = (place: string, purpose: string) =>
  packagers.places().find((each) => each.place === place && each.purpose === purpose);

it('recordings leave viewers their places, for as long as they go on', () => {
  const releases = holdAll('recorded', 40);
  expect(() => packagers.hold(live('one-more'), () => undefined)).toThrow('media_hls_unavailable');
  expect(places('packager', 'recording')).toMatchObject({ taken: 40, isFull: true, refused: 1 });
  vi.advanceTimersByTime(60_000);
  expect(fill()).toBe(10);
  expect(places('packager', 'viewers')).toMatchObject({ taken: 10, isFull: true, refused: 1 });
  for (const release of releases) release();
  vi.advanceTimersByTime(25_000);
  expect(packagers.count).toBe(0);
});

it('viewers leave recordings their places', () => {
  expect(fill()).toBe(40);
  holdAll('recorded', 10);
  expect(packagers.count).toBe(50);
  expect(places('packager', 'recording')).toMatchObject({ taken: 10, isFull: true, refused: 0 });
});

it('what viewers watch becomes the recording’s without another place, and is theirs again after it', () => {
  fill();
  const watched = live('watched');
  holdAll('recorded', 9);
  const release = packagers.hold(watched, () => undefined);
  expect(packagers.count).toBe(50);
  release();
  expect(places('packager', 'recording')?.taken).toBe(9);
  const packager = packagers.use(watched);
  expect(packagers.hold(watched, (given) => expect(given).toBe(packager))).toBeTypeOf('function');
  expect(places('packager', 'recording')?.taken).toBe(10);
});

it('re-encoding for recordings leaves viewers a place for it', async () => {
  const picture = {
    kind: 'video',
    producerId: 'p',
    mimeType: 'video/VP8',
    payloadType: 100,
    clockRate: 90_000,
    ssrc: 1,
  };
  const tap = { tracks: [picture], start: () => new Promise(() => undefined), requestKeyFrame() {}, close() {} };
  const inVp8 = (id: string): Stream => Object.assign(live(id), { openTap: () => Promise.resolve(tap) });
  vi.useRealTimers();
  for (const id of ['a', 'b', 'c']) packagers.hold(inVp8(id), () => undefined);
  await until(
    'two re-encode, one waits',
    () => places('transcoder', 'recording')?.refused,
    (count) => (count ?? 0) > 0,
  );
  expect(places('transcoder', 'recording')).toMatchObject({ taken: 2, isFull: true });
  packagers.use(inVp8('watched'));
  await until(
    'viewers have one',
    () => places('transcoder', 'viewers')?.taken,
    (count) => count === 1,
  );
  expect(places('transcoder', 'viewers')).toMatchObject({ taken: 1, isFull: true, refused: 0 });
});

it('what moves here is packaged with its first picture, before anybody asks', () => {
  const { stream, to } = streamOf('moved');
  packagers.expect('moved', 123_456);
  changed(stream);
  expect(packagers.count).toBe(0);
  to('live');
  expect(packagers.peek('moved')?.window.nextDiscontinuity()).toBeGreaterThan(123_456);
  vi.advanceTimersByTime(25_000);
  expect(packagers.count).toBe(0);
  // Once: whoever is interrupted later is packaged for who watches.
  to('live');
  expect(packagers.count).toBe(0);
});

it('what never came is not waited for, and what came when every place was taken is nobody’s failure', () => {
  const [late, crowded] = [streamOf('late'), streamOf('crowded')];
  packagers.expect('late', 0);
  vi.advanceTimersByTime(16_000);
  late.to('live');
  expect(packagers.peek('late')).toBeUndefined();
  fill();
  packagers.expect('crowded', 0);
  expect(() => crowded.to('live')).not.toThrow();
  expect(packagers.peek('crowded')).toBeUndefined();
});
