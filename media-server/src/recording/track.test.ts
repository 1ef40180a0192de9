import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { expect, it } from 'vitest';
import type { FinishedSegment } from '../hls/window.ts';
import type { Storage } from '../storage/index.ts';
import { createTrack, readTrack } from './track.ts';

const RUN = '0123456789abcdef';
/** As many as wait at the most (MAX_WAITING). */
const WAITING = 32;

/** In memory; nothing is written while `gate` is closed. */
function slowStorage() {
  const objects = new Map<string, Buffer>();
  const gate = { open: Promise.withResolvers<void>(), entered: 0 };
  const storage = {
    async put(key: string, data: Buffer) {
      gate.entered += 1;
      await gate.open.promise;
      objects.set(key, data);
    },
    get: async (key: string) => objects.get(key) ?? null,
    async *list(prefix: string) {
      yield* [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    },
  } as unknown as Storage;
  return { storage, gate };
}
const segment = (second: number): FinishedSegment =>
  ({
    ...{ runId: RUN, init: Buffer.from('init'), data: Buffer.from('data'), codecs: [] },
    ...{ startsAtMs: second * 1_000, durationSeconds: 1, width: null, height: null },
  }) as unknown as FinishedSegment;

it('keeps the lines of two hosts that write the same stream at once', async () => {
  const { storage, gate } = slowStorage();
  gate.open.resolve();
  const open = () =>
    createTrack({
      ...{ streamId: 'stream', storage, log: pino({ level: 'silent' }), now: () => 0 },
      report: { stored: () => undefined, lost: () => undefined },
    });
  const [here, there] = [open(), open()];
  for (let second = 0; second < 70; second += 1) {
    const track = second % 2 === 0 ? here : there;
    track.add(segment(second));
    await track.settled(5_000);
  }
  const seconds: number[] = [];
  for await (const { atMs } of readTrack(storage, 'stream')) seconds.push(atMs / 1_000);
  expect(seconds.sort((a, b) => a - b)).toEqual(Array.from({ length: 70 }, (_, second) => second));
  here.close();
  there.close();
});

it('numbers what is lost while a store is under way, so that the hole stands where it happened', async () => {
  const { storage, gate } = slowStorage();
  let lost = 0;
  const track = createTrack({
    ...{ streamId: 'stream', storage, log: pino({ level: 'silent' }), now: () => 0 },
    report: { stored: () => undefined, lost: () => (lost += 1) },
  });
  for (let second = 0; second < WAITING + 3; second += 1) {
    track.add(segment(second));
    // The first one is being written, the place is known.
    while (gate.entered === 0) await delay(1);
  }
  expect(lost).toBe(3);
  gate.open.resolve();
  await track.settled(5_000);
  track.add(segment(WAITING + 3));
  await track.settled(5_000);
  const entries: { n: number; atMs: number }[] = [];
  for await (const { n, atMs } of readTrack(storage, 'stream')) entries.push({ n, atMs });
  expect(entries).toHaveLength(WAITING + 1);
  for (const { n, atMs } of entries) expect(n).toBe(atMs / 1_000);
  track.close();
});
