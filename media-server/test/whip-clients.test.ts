/** WHIP and WHEP with clients that nobody here wrote: pictures have to move. */
import { ControlStreamDetail } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WhipPageApi } from '../../e2e/kit/whip-page-api.ts';
import type { MediaServer } from '../src/media-server.ts';
import { control, mintToken, openStage, type RemotePage, type Stage, startServer, until } from './kit.ts';

let server: MediaServer;
let stage: Stage;

beforeAll(async () => {
  [server, stage] = await Promise.all([startServer(), openStage({}, 'whip-page.ts')]);
});
afterAll(async () => {
  await stage?.close();
  await server?.close();
});

function call<Name extends keyof WhipPageApi>(
  { page }: RemotePage,
  name: Name,
  ...args: Parameters<WhipPageApi[Name]>
): Promise<Awaited<ReturnType<WhipPageApi[Name]>>> {
  return page.evaluate(`window.whipPage.${name}(...${JSON.stringify(args)})`);
}

async function detailOf(streamId: string): Promise<ControlStreamDetail> {
  return ControlStreamDetail.parse(await (await control(server, 'GET', `/streams/${streamId}`)).json());
}

describe('outside clients', () => {
  it('a WHIP client is seen over WebRTC, over HLS and by two WHEP players', async () => {
    const streamId = 'whip-first';
    const target = { url: server.url, streamId };
    const guide = await stage.open();
    const token = await mintToken({ right: 'publish', streamId });
    await call(guide, 'publish', `${server.url}/whip/${streamId}`, token, { width: 640, height: 360 });
    await until(
      'live',
      () => detailOf(streamId),
      ({ state }) => state === 'live',
      20_000,
    );
    expect((await detailOf(streamId)).publisher?.tracks.find(({ kind }) => kind === 'video')).toMatchObject({
      mimeType: 'video/H264',
    });

    const viewer = await stage.open();
    const beganAt = Date.now();
    await viewer.watch(target);
    const byWebRtc = await viewer.waitForPicture({ afterMs: beganAt, timeoutMs: 20_000 });
    expect(byWebRtc.ageMs).toBeLessThan(2_000);
    await viewer.stopWatching();
    await viewer.play(target, 'smooth', 'smooth');
    await viewer.waitForPicture({ name: 'smooth', afterMs: Date.now(), timeoutMs: 40_000 });
    await viewer.stopPlaying('smooth');
    await viewer.page.close();

    for (const player of ['whip-whep', 'eyevinn'] as const) {
      const outsider = await stage.open();
      const watchToken = await mintToken({ right: 'watch', streamId });
      const startedAt = Date.now();
      await call(outsider, 'watch', `${server.url}/whep/${streamId}`, watchToken, player);
      const picture = await call(outsider, 'waitForPicture', { afterMs: startedAt, timeoutMs: 20_000 });
      console.info(
        `${player}: picture after ${picture.tookMs} ms, ${picture.width}×${picture.height}, age ${picture.ageMs} ms`,
      );
      const later = await call(outsider, 'waitForPicture', { afterMs: Date.now(), timeoutMs: 20_000 });
      expect(later.value).not.toBe(picture.value);
      expect(later.ageMs).toBeLessThan(2_000);
      await call(outsider, 'stopWatching');
      await until(
        'freed',
        () => detailOf(streamId),
        ({ viewers }) => viewers.realtime === 0,
      );
      await outsider.page.close();
    }
    await call(guide, 'stopPublishing');
    await until(
      'idle',
      () => detailOf(streamId),
      ({ state }) => state === 'idle',
    );
    await guide.page.close();
  }, 120_000);
});
