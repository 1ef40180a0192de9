/** Who gets a packager when they are scarce. Streams are made up and time is turned by hand; nothing is packaged. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLogger } from '../platform/logger.ts';
import type { Stream } from '../streams/stream.ts';
import type { Streams } from '../streams/streams.ts';
import type { Packager } from './packager.ts';
import { createPackagers, type Packagers } from './packagers.ts';

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
  expect(() => to('live')).not.toThrow();
  expect(packagers.peek('held')).toBeUndefined();
  // The others are not asked for any more.
  vi.advanceTimersByTime(25_000);
  expect(packagers.peek('held')).toBe(held[1]);
  expect(packagers.count).toBe(1);
});
