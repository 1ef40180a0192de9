import { ControlStreamDetail } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { control, openStage, type Stage, startServer, until } from './kit.ts';

let server: MediaServer;
let stage: Stage;

beforeAll(async () => {
  [server, stage] = await Promise.all([startServer(), openStage()]);
});
afterAll(async () => {
  await stage?.close();
  await server?.close();
});

describe('publish and watch over WebRTC', () => {
  it('shows a viewer in another page the very picture that the publisher draws', async () => {
    const target = { url: server.url, streamId: 'first' };
    const [guide, viewer] = await Promise.all([stage.open(), stage.open()]);
    await guide.publish(target);
    await until(
      'live',
      () => guide.publishState(),
      (state) => state.status === 'live',
    );

    const beganAt = Date.now();
    await viewer.watch(target);
    const picture = await viewer.waitForPicture({ afterMs: beganAt, timeoutMs: 8_000 });
    console.info(
      `first picture after ${picture.tookMs} ms, ${picture.width}×${picture.height}, age ${picture.ageMs} ms`,
    );
    expect(picture.ageMs).toBeGreaterThanOrEqual(0);
    expect(picture.ageMs).toBeLessThan(2_000);
    expect(await viewer.watchState()).toEqual({ status: 'playing' });

    const detail = ControlStreamDetail.parse(await (await control(server, 'GET', '/streams/first')).json());
    expect(detail).toMatchObject({
      state: 'live',
      hasVideo: true,
      hasAudio: true,
      viewers: { realtime: 1, smooth: 0 },
    });
    expect(detail.publisher?.tracks.find((track) => track.kind === 'video')).toMatchObject({
      mimeType: 'video/H264',
      layers: 3,
    });
    await guide.page.close();
    await viewer.page.close();
  });
});
