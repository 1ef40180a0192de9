/**
 * A newcomer's first picture must not wait for the publisher's next key frame: the worker that we build keeps the packets
 * since the last one (scripts/media-worker/README.md).
 */
import { readFileSync } from 'node:fs';
import { ControlStreamDetail } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { control, openStage, type Stage, startServer, until } from './kit.ts';

const NEWCOMERS = 4;
const APART_MS = 350;
/** Requests of newcomers would be sent at the latest this long after they came. */
const REQUESTS_SETTLE_MS = 1_500;
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

async function keyFrameRequests(): Promise<number> {
  const detail = ControlStreamDetail.parse(await (await control(server, 'GET', `/streams/${STREAM}`)).json());
  return detail.publisher?.tracks.find(({ kind }) => kind === 'video')?.keyFrameRequests ?? -1;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it.skipIf(!keepsKeyFrames)(
  'gives newcomers the present picture without asking the publisher for key frames (needs the worker built here)',
  async () => {
    const target = { url: server.url, streamId: STREAM };
    const [guide, viewer] = await Promise.all([stage.open(), stage.open()]);
    await guide.publish(target);
    await until('live', guide.publishState, (state) => state.status === 'live');
    await viewer.watch(target, 'first');
    await viewer.waitForPicture({ name: 'first', timeoutMs: 10_000 });
    const before = await keyFrameRequests();

    const tookMs = await Promise.all(
      Array.from({ length: NEWCOMERS }, async (_, at) => {
        const name = `newcomer-${at}`;
        await pause(at * APART_MS);
        const beganAt = Date.now();
        await viewer.watch(target, name);
        await viewer.waitForPicture({ name, afterMs: 0, timeoutMs: 10_000 });
        const took = Date.now() - beganAt;
        // What came at once was the past; the present follows without a pause.
        await until(
          `${name} sees the present`,
          () => viewer.picture(name),
          (picture) => typeof picture === 'object' && picture.ageMs < 400,
        );
        return took;
      }),
    );
    console.info(`newcomers had a picture after ${tookMs.join(', ')} ms`);
    await pause(REQUESTS_SETTLE_MS);
    // One may be too late for the last key frame; without the worker's memory there would be one a second.
    expect((await keyFrameRequests()) - before).toBeLessThanOrEqual(1);
  },
  60_000,
);
