/** WHIP and WHEP with clients that nobody here wrote: pictures have to move. */
import { ControlStreamDetail, ControlStreamDetailsReply } from '@walnut-live/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WhipPageApi } from '../../e2e/kit/whip-page-api.ts';
import type { MediaServer } from '../src/media-server.ts';
import { control, mintToken, openStage, type RemotePage, type Stage, startServer, until } from './kit.ts';

const GRACE_MS = 4_000;
/** A player whose page is gone has to be gone here too (ICE consent, then closed). */
const FREED_WITHIN_MS = 15_000;
let server: MediaServer;
let stage: Stage;

beforeAll(async () => {
  [server, stage] = await Promise.all([startServer({}, { publisherGraceMs: GRACE_MS }), openStage({}, 'whip-page.ts')]);
});
afterAll(async () => {
  await stage?.close();
  await server?.close();
});

// Whatever became of a test: the next one's pages are alone.
afterEach(async () => {
  for (const context of stage.browser.contexts()) await context.close();
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
    const { publisher } = await detailOf(streamId);
    expect(publisher?.kind).toBe('whip');
    expect(publisher?.tracks.find(({ kind }) => kind === 'video')).toMatchObject({ mimeType: 'video/H264' });

    const viewer = await stage.open();
    const beganAt = Date.now();
    await viewer.watch(target);
    const byWebRtc = await viewer.waitForPicture({ afterMs: beganAt, timeoutMs: 20_000 });
    expect(byWebRtc.ageMs).toBeLessThan(2_000);
    await viewer.stopWatching();
    await viewer.play(target, 'smooth', 'smooth');
    await viewer.waitForPicture({ name: 'smooth', afterMs: Date.now(), timeoutMs: 40_000 });
    // Its size is known from what HLS is made of; its reception from the receiver reports.
    const told = await detailOf(streamId);
    expect(told.picture).toMatchObject({ width: 640, height: 360 });
    expect(told.publisher?.tracks.map(({ lossRatio }) => lossRatio)).toEqual([0, 0]);
    expect(told.viewers.smooth).toBe(1);
    const list = await (await control(server, 'GET', '/stream-details')).json();
    expect(ControlStreamDetailsReply.parse(list).streams).toMatchObject([{ streamId, publisher: { kind: 'whip' } }]);
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

  it('restarts ICE on both sides without losing the picture', async () => {
    const streamId = 'whip-restart';
    const [guide, outsider] = await Promise.all([stage.open(), stage.open()]);
    const token = await mintToken({ right: 'publish', streamId });
    await call(guide, 'publish', `${server.url}/whip/${streamId}`, token, { width: 320, height: 180 });
    await until(
      'live',
      () => detailOf(streamId),
      ({ state }) => state === 'live',
      20_000,
    );
    const watchToken = await mintToken({ right: 'watch', streamId });
    await call(outsider, 'watch', `${server.url}/whep/${streamId}`, watchToken, 'whip-whep');
    await call(outsider, 'waitForPicture', { afterMs: Date.now(), timeoutMs: 20_000 });
    for (const [page, side] of [
      [guide, 'publish'],
      [outsider, 'watch'],
    ] as const) {
      await call(page, 'restartIce', side);
      const restarted = await until(`${side} restarted`, async () =>
        (await call(page, 'exchanges')).find(({ method, status }) => method === 'PATCH' && status === 200),
      );
      expect(restarted?.etag).toMatch(/^"/);
      await call(outsider, 'waitForPicture', { afterMs: Date.now() + 1_000, timeoutMs: 20_000 });
    }
    expect(await call(guide, 'publishConnection')).toBe('connected');
    expect(await call(outsider, 'watchConnection')).toBe('connected');
    expect((await detailOf(streamId)).state).toBe('live');
    const refused = [...(await call(guide, 'exchanges')), ...(await call(outsider, 'exchanges'))].filter(
      ({ status }) => status >= 400,
    );
    expect(refused).toEqual([]);
    await outsider.page.close();
    await guide.page.close();
  }, 90_000);

  it('takes simulcast layers, and viewers choose among them', async () => {
    const streamId = 'whip-layers';
    const [guide, viewer] = await Promise.all([stage.open(), stage.open()]);
    const token = await mintToken({ right: 'publish', streamId });
    await call(guide, 'publish', `${server.url}/whip/${streamId}`, token, {
      codec: 'vp8',
      // The smallest picture of which a browser makes three layers: the largest has to fit into what a busy machine can send.
      width: 960,
      height: 540,
      layers: ['q', 'h', 'f'],
    });
    await until(
      'live',
      () => detailOf(streamId),
      ({ state }) => state === 'live',
      20_000,
    );
    expect((await detailOf(streamId)).publisher?.tracks.find(({ kind }) => kind === 'video')).toMatchObject({
      mimeType: 'video/VP8',
      layers: 3,
    });
    await viewer.watch({ url: server.url, streamId });
    await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 20_000 });
    for (const [level, width] of [
      ['low', 240],
      ['high', 960],
    ] as const) {
      await viewer.setQuality(level);
      await until(
        level,
        () => viewer.picture(),
        (picture) => typeof picture !== 'string' && picture.width === width,
        60_000,
      );
    }
    await viewer.page.close();
    await guide.page.close();
  }, 150_000);

  it('a publisher who comes back replaces themself; players that cannot follow are told to come again', async () => {
    const streamId = 'whip-again';
    const endpoint = `${server.url}/whip/${streamId}`;
    const [first, second, outsider, viewer] = await Promise.all([
      stage.open(),
      stage.open(),
      stage.open(),
      stage.open(),
    ]);
    const mint = () => mintToken({ right: 'publish', streamId, sub: 'guide' });
    await call(first, 'publish', endpoint, await mint(), { width: 320, height: 180 });
    await until(
      'live',
      () => detailOf(streamId),
      ({ state }) => state === 'live',
      20_000,
    );
    const watchToken = await mintToken({ right: 'watch', streamId });
    await call(outsider, 'watch', `${server.url}/whep/${streamId}`, watchToken, 'whip-whep');
    await viewer.watch({ url: server.url, streamId });
    await call(outsider, 'waitForPicture', { afterMs: Date.now(), timeoutMs: 20_000 });
    await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 20_000 });

    await call(second, 'publish', endpoint, await mint(), { width: 320, height: 180 });
    // Our own viewer follows by itself.
    await viewer.waitForPicture({ afterMs: Date.now() + 1_000, timeoutMs: 20_000 });
    await until(
      'put out',
      () => call(first, 'publishConnection'),
      (state) => state !== 'connected',
      20_000,
    );
    await until(
      'ended',
      () => call(outsider, 'watchConnection'),
      (state) => state !== 'connected',
      20_000,
    );
    await call(outsider, 'watch', `${server.url}/whep/${streamId}`, watchToken, 'whip-whep');
    await call(outsider, 'waitForPicture', { afterMs: Date.now(), timeoutMs: 20_000 });

    // Gone without a word: the player soon, the publisher after the grace.
    const goneAt = Date.now();
    await viewer.page.close();
    await outsider.page.context().close();
    await until(
      'freed',
      () => detailOf(streamId),
      ({ viewers }) => viewers.realtime === 0,
      FREED_WITHIN_MS,
    );
    console.info(`player freed after ${Date.now() - goneAt} ms`);
    await second.page.context().close();
    await until(
      'given up',
      () => detailOf(streamId),
      ({ state }) => state === 'idle',
      FREED_WITHIN_MS + GRACE_MS + 5_000,
    );
    await first.page.close();
    await until(
      'nothing kept',
      () => server.census(),
      ({ peers, webRtcTransports }) => peers + webRtcTransports === 0,
      20_000,
    );
  }, 120_000);
});
