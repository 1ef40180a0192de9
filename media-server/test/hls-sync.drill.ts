/** The picture and the sound of one instant come out of HLS together: after a drift of an hour, and after a restart. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { startServer } from './kit.ts';
import { playFlashes, skewsOf } from './sync-kit.ts';

/** P3b of the quality plan. */
const REACH_MS = 45;
/** Two flashes are within the first four seconds of a run. */
const SETTLING_FLASHES = 2;

let server: MediaServer;
let stop: (() => void) | undefined;
beforeAll(async () => {
  server = await startServer({ WORKERS: '1' });
});
afterEach(() => {
  stop?.();
  stop = undefined;
});
afterAll(() => server?.close());

const worst = (skews: number[]): number => Math.max(...skews.map(Math.abs));
const said = (skews: number[]): string => skews.map((skew) => skew.toFixed(0)).join(' ');

it('stays together after an hour of drift, with sound that comes late, and after a packager restart', async () => {
  // 100 ppm for an hour is 360 ms, and the drift goes on five times as fast.
  const stream = await playFlashes(server, 'drift', { soundPpm: 500, soundOffMs: 360, soundLateMs: 60 });
  stop = stream.stop;
  const first = await stream.collect(null, 0, 14);
  const before = await skewsOf(first.data);
  console.info(`beep after flash: ${said(before)} ms`);
  expect(before.length).toBeGreaterThanOrEqual(5);
  // Until the first sender reports have arrived, for about two seconds, the tracks are put together by their arrival.
  expect(worst(before.slice(SETTLING_FLASHES))).toBeLessThanOrEqual(REACH_MS);

  const last = (await stream.read()).segments.at(-1)!.sequence;
  const [pid] = server.packagerPids();
  process.kill(pid ?? 0, 'SIGKILL');
  const second = await stream.collect(first.map, last, 12);
  expect(second.map).not.toBe(first.map);
  const after = await skewsOf(second.data);
  console.info(`after the restart: ${said(after)} ms`);
  expect(after.length).toBeGreaterThanOrEqual(4);
  expect(worst(after.slice(SETTLING_FLASHES))).toBeLessThanOrEqual(REACH_MS);
}, 120_000);
