/**
 * A newcomer's first picture must not wait for the publisher's next key frame: the worker that we build keeps the packets
 * since the last one (scripts/media-worker/README.md).
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { openStage, type Stage, startServer, until } from './kit.ts';

const NEWCOMERS = 4;
const APART_MS = 350;
/** Older than this on arrival, a picture was kept: a live one takes some tens of milliseconds. */
const KEPT_AGE_MS = 150;
const STREAM = 'fast-join';

let server: MediaServer;
let stage: Stage;

const worker = process.env.MEDIASOUP_WORKER_BIN;
const keepsKeyFrames = worker !== undefined && readFileSync(worker).includes('cached frames to a newcomer');

beforeAll(async () => {
  [server, stage] = await Promise.all([startServer({ WORKERS: '1' }), openStage()]);
});
afterAll(async () => {
  await stage?.close();
  await server?.close();
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it.skipIf(!keepsKeyFrames)(
  'gives newcomers the kept picture at once and the present one right after (needs the worker built here)',
  async () => {
    const target = { url: server.url, streamId: STREAM };
    const [guide, viewer] = await Promise.all([stage.open(), stage.open()]);
    await guide.publish(target);
    await until('live', guide.publishState, (state) => state.status === 'live');
    await viewer.watch(target, 'first');
    await viewer.waitForPicture({ name: 'first', timeoutMs: 10_000 });

    const firstPictures = await Promise.all(
      Array.from({ length: NEWCOMERS }, async (_, at) => {
        const name = `newcomer-${at}`;
        await pause(at * APART_MS);
        const beganAt = Date.now();
        await viewer.watch(target, name);
        const { ageMs } = await viewer.waitForPicture({ name, afterMs: 0, timeoutMs: 10_000 });
        const tookMs = Date.now() - beganAt;
        // What came at once was the past; the present follows without a pause.
        await until(
          `${name} sees the present`,
          () => viewer.picture(name),
          (picture) => typeof picture === 'object' && picture.ageMs < 400,
        );
        return { tookMs, ageMs };
      }),
    );
    console.info(`first pictures of newcomers: ${JSON.stringify(firstPictures)}`);
    expect(firstPictures.filter(({ ageMs }) => ageMs > KEPT_AGE_MS).length).toBeGreaterThanOrEqual(2);
  },
  60_000,
);
