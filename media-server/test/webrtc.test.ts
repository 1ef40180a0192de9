import { ControlStreamDetail } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { control, openStage, type Stage, startProxy, startServer, until } from './kit.ts';

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
  }, 40_000);

  it('goes on showing the picture while both sides lose their sockets, on the same transports', async () => {
    const proxy = await startProxy(server);
    const target = { url: proxy.url, streamId: 'resumed' };
    const [guide, viewer, bystander] = await Promise.all([stage.open(), stage.open(), stage.open()]);
    await guide.publish(target);
    await until('live', guide.publishState, (state) => state.status === 'live');
    // The bystander's socket stays: what freezes there as well is the machine's doing, not the lost sockets'.
    await Promise.all([viewer.watch(target), bystander.watch({ ...target, url: server.url })]);
    await Promise.all(
      [viewer, bystander].map((page) => page.waitForPicture({ afterMs: Date.now(), timeoutMs: 10_000 })),
    );
    const before = await server.census();

    expect(proxy.cut()).toBeGreaterThanOrEqual(2);
    const cutAtMs = Date.now();
    const [worstAgeMs, bystanderMs] = await Promise.all(
      [viewer, bystander].map((page) => page.worstAge({ durationMs: 3_000 })),
    );
    console.info(`oldest picture while the sockets were lost: ${worstAgeMs} ms, without losing one: ${bystanderMs} ms`);
    expect(worstAgeMs).toBeLessThan(1_500 + (bystanderMs ?? 0));
    // The publisher lost its socket as well, and what it draws since then arrives.
    await viewer.waitForPicture({ afterMs: cutAtMs + 2_000, timeoutMs: 10_000 });
    expect(await guide.publishState()).toMatchObject({ status: 'live' });
    expect(await viewer.watchState()).toEqual({ status: 'playing' });
    expect(await viewer.watchHistory()).not.toContain('reconnecting');
    await until(
      'resumed',
      () => server.census(),
      (now) => JSON.stringify(now) === JSON.stringify(before),
      30_000,
    );
    // The resumed sockets speak for the old sessions: a command works.
    await viewer.setQuality('low');
    for (const { page } of [guide, viewer, bystander]) await page.close();
    await proxy.close();
  }, 40_000);

  it('lets the viewer choose a layer, and tells the publisher figures that are not made up', async () => {
    const target = { url: server.url, streamId: 'layers' };
    const [guide, viewer] = await Promise.all([stage.open(), stage.open()]);
    await guide.publish(target);
    await until('live', guide.publishState, (state) => state.status === 'live');
    await viewer.watch(target);
    await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 10_000 });
    const widthIs = (width: number) =>
      until(
        'layer',
        () => viewer.picture(),
        (picture) => typeof picture !== 'string' && picture.width === width,
        20_000,
      );
    await viewer.setQuality('low');
    await widthIs(320);
    await viewer.setQuality('medium');
    await widthIs(640);
    await viewer.setQuality('auto');
    await widthIs(1280);
    expect(await viewer.watchStats()).toMatchObject({ layer: 2, layers: 3 });

    await guide.publishStats();
    const stats = await until('rates', guide.publishStats, (now) => now.bitrateBps !== null);
    expect(stats).toMatchObject({ codec: 'video/H264', score: { video: 10 } });
    expect(stats.layers).toHaveLength(3);
    await guide.page.close();
    await viewer.page.close();
  }, 60_000);

  it('shows a mute to everybody without a new negotiation', async () => {
    const target = { url: server.url, streamId: 'muted' };
    const [guide, viewer] = await Promise.all([stage.open(), stage.open()]);
    await guide.publish(target);
    await until('live', guide.publishState, (state) => state.status === 'live');
    await viewer.watch(target);
    await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 10_000 });
    const pausedTracks = async () => {
      const detail = ControlStreamDetail.parse(await (await control(server, 'GET', '/streams/muted')).json());
      return detail.publisher?.tracks.filter((track) => track.paused).map((track) => track.kind);
    };
    await guide.setMuted('audio', true);
    await until('muted', pausedTracks, (kinds) => kinds?.join() === 'audio');
    await guide.setMuted('audio', false);
    await until('not muted', pausedTracks, (kinds) => kinds?.length === 0);
    expect(await viewer.watchState()).toEqual({ status: 'playing' });
    await guide.page.close();
    await viewer.page.close();
  }, 40_000);

  it('asks a publisher for at most about one key frame a second, however many viewers join', async () => {
    const target = { url: server.url, streamId: 'crowd' };
    const [guide, viewer] = await Promise.all([stage.open(), stage.open()]);
    await guide.publish(target, { width: 640, height: 360 });
    await until('live', guide.publishState, (state) => state.status === 'live');
    const keyFrames = () =>
      guide.page.evaluate(`(async () => {
        const sums = await Promise.all(window.testConnections.map(async (connection) => {
          let sum = 0;
          (await connection.getStats()).forEach((entry) => { sum = Math.max(sum, entry.keyFramesEncoded ?? 0); });
          return sum;
        }));
        return Math.max(0, ...sums);
      })()`) as Promise<number>;
    const before = await keyFrames();
    const beganAt = Date.now();
    const names = Array.from({ length: 8 }, (_, index) => `viewer-${index}`);
    await Promise.all(
      names.map(async (name) => {
        await viewer.watch(target, name);
        await viewer.waitForPicture({ name, afterMs: beganAt, timeoutMs: 20_000 });
      }),
    );
    const seconds = (Date.now() - beganAt) / 1000;
    const asked = (await keyFrames()) - before;
    console.info(`8 viewers joined in ${seconds.toFixed(1)} s, ${asked} key frames of one layer`);
    expect(asked).toBeLessThanOrEqual(Math.ceil(seconds) + 2);
    await guide.page.close();
    await viewer.page.close();
  }, 60_000);
});
