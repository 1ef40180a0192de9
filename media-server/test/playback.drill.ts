import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measureGlassToGlass } from '../../e2e/kit/hls-latency.ts';
import type { MediaServer } from '../src/media-server.ts';
import { control, mintToken, openStage, type RemotePage, type Stage, startServer, until } from './kit.ts';

let server: MediaServer;
let stage: Stage;
let guide: RemotePage;

beforeAll(async () => {
  [server, stage] = await Promise.all([startServer(), openStage()]);
  guide = await stage.open();
  await guide.publish({ url: server.url, streamId: 'show' });
  await until('live', guide.publishState, (state) => state.status === 'live');
});
afterAll(async () => {
  await stage?.close();
  await server?.close();
});

describe('createPlayback', () => {
  it('does not blame the network when the host switches the camera off', async () => {
    const viewer = await stage.open();
    await viewer.play({ url: server.url, streamId: 'show' });
    await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 10_000 });
    await guide.setMuted('video', true);
    await until('without picture', viewer.playbackState, ({ hasVideo }) => !hasVideo);
    for (let look = 0; look < 10; look += 1) {
      expect(await viewer.playbackState()).toMatchObject({ mode: 'realtime', soundOnly: false });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await guide.setMuted('video', false);
    await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 10_000 });
    expect(await viewer.playbackState()).toMatchObject({ mode: 'realtime', soundOnly: false, hasVideo: true });
    await viewer.page.close();
  }, 40_000);

  it('plays by WebRTC where that works, muted until the person asks for sound', async () => {
    const viewer = await stage.open();
    await viewer.play({ url: server.url, streamId: 'show' });
    const picture = await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 10_000 });
    expect(picture.ageMs).toBeLessThan(1_000);
    const state = await until('playing', viewer.playbackState, (now) => now.status === 'playing');
    expect(state).toMatchObject({ mode: 'realtime', fallbackReason: null, needsGesture: true, muted: true });
    await viewer.page.close();
  }, 40_000);

  it('shows the same picture by HLS when no media gets through', async () => {
    const viewer = await stage.open({ webRtcBlocked: true });
    const beganAt = Date.now();
    await viewer.play({ url: server.url, streamId: 'show' });
    const picture = await viewer.waitForPicture({ afterMs: beganAt, timeoutMs: 30_000 });
    const tookMs = Date.now() - beganAt;
    console.info(`HLS picture after ${tookMs} ms, age ${picture.ageMs} ms, ${picture.width}×${picture.height}`);
    console.info((await viewer.playbackHistory()).join(' → '));
    expect(await viewer.playbackState()).toMatchObject({ mode: 'smooth', fallbackReason: 'unreachable' });
    // It goes on moving.
    await viewer.waitForPicture({ afterMs: picture.value + 2_000, timeoutMs: 15_000 });
    const figures = await viewer.playbackFigures();
    console.info('figures', JSON.stringify(figures));
    expect(figures.latencyMs).toBeGreaterThan(500);
    expect(figures.latencyMs).toBeLessThan(12_000);
    await viewer.page.close();
  }, 60_000);

  it('shows the picture by HLS when WebRTC connects and no frame ever comes', async () => {
    const viewer = await stage.open({ framesDropped: true });
    const beganAt = Date.now();
    await viewer.play({ url: server.url, streamId: 'show' });
    await viewer.waitForPicture({ afterMs: beganAt, timeoutMs: 30_000 });
    console.info(`HLS picture after ${Date.now() - beganAt} ms: ${(await viewer.playbackHistory()).join(' → ')}`);
    expect(await viewer.playbackState()).toMatchObject({ mode: 'smooth', fallbackReason: 'unreachable' });
    await viewer.page.close();
  }, 60_000);

  it('is close behind the camera by HLS', async () => {
    const viewer = await stage.open();
    await viewer.play({ url: server.url, streamId: 'show' }, 'viewer', 'smooth');
    await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 30_000 });
    // Behind after a hiccup at the start it catches up.
    await until(
      'close',
      () => viewer.picture(),
      (seen) => typeof seen !== 'string' && seen.ageMs < 2_000,
      30_000,
    );
    const figures = await measureGlassToGlass(viewer, { durationMs: 8_000 });
    console.info(`glass to glass by HLS: ${JSON.stringify(figures)}`);
    expect(figures.p95Ms).toBeLessThan(3_000);
    expect(figures.samples).toBeGreaterThan(10);
    await viewer.page.close();
  }, 90_000);

  it('moves between the modes as the person chooses, with the picture going on', async () => {
    const viewer = await stage.open();
    const target = { url: server.url, streamId: 'show' };
    await viewer.play(target);
    await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 15_000 });
    await viewer.setPreference('smooth');
    await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 25_000 });
    expect(await viewer.playbackState()).toMatchObject({ mode: 'smooth', fallbackReason: 'chosen' });
    await viewer.setPreference('auto');
    await until(
      'realtime again',
      viewer.playbackState,
      (state) => state.mode === 'realtime' && state.status === 'playing',
      20_000,
    );
    const picture = await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 10_000 });
    expect(picture.ageMs).toBeLessThan(1_500);
    await viewer.stopPlaying();
    await viewer.page.close();
  }, 90_000);

  it('shows HLS viewers the picture again after every media worker was killed', async () => {
    const viewer = await stage.open({ webRtcBlocked: true });
    await viewer.play({ url: server.url, streamId: 'show' }, 'viewer', 'smooth');
    await viewer.waitForPicture({ afterMs: 0, timeoutMs: 30_000 });
    const killedAt = Date.now();
    for (const pid of server.workerPids()) process.kill(pid, 'SIGKILL');
    const picture = await viewer.waitForPicture({ afterMs: killedAt + 1_000, timeoutMs: 40_000 });
    console.info(`HLS picture of after the kill on screen ${Date.now() - killedAt} ms later, age ${picture.ageMs} ms`);
    expect(await viewer.playbackState()).toMatchObject({ mode: 'smooth', status: 'playing' });
    await viewer.page.close();
  }, 90_000);

  it('says so when it is put out, and does not come back', async () => {
    const token = await mintToken({ sub: 'smooth-troublemaker', streamId: 'show' });
    const viewer = await stage.open({ mint: async () => token });
    await viewer.play({ url: server.url, streamId: 'show' }, 'viewer', 'smooth');
    await viewer.waitForPicture({ afterMs: 0, timeoutMs: 30_000 });
    await control(server, 'POST', '/revocations', { personId: 'smooth-troublemaker' });
    const state = await until('out', viewer.playbackState, (now) => now.status === 'failed', 10_000);
    expect(state).toMatchObject({ failure: 'revoked' });
    await viewer.page.close();
  }, 60_000);
});

describe('VP8', () => {
  it('is watched by WebRTC as it is and re-encoded for HLS', async () => {
    const target = { url: server.url, streamId: 'vp8' };
    const [host, viewer] = await Promise.all([stage.open(), stage.open()]);
    await host.publish(target, { width: 640, height: 360, codecs: ['vp8'] });
    await until('live', host.publishState, (state) => state.status === 'live');
    await viewer.watch(target, 'webrtc');
    await viewer.waitForPicture({ name: 'webrtc', afterMs: Date.now(), timeoutMs: 15_000 });
    await viewer.stopWatching('webrtc');
    await viewer.play(target, 'hls', 'smooth');
    const picture = await viewer.waitForPicture({ name: 'hls', afterMs: Date.now(), timeoutMs: 40_000 });
    expect(picture.width).toBe(640);
    await host.page.close();
    await viewer.page.close();
  }, 90_000);
});

describe('autoplay', () => {
  it('starts without sound where the browser wants a touch, and gives sound after it', async () => {
    const strict = await openStage({ autoplayWithSound: false });
    try {
      const said = Promise.withResolvers<string>();
      // The page acts by itself and reports by its console.
      const viewer = await strict.open({
        untouched: async (page) => {
          page.on('console', (message) => {
            if (message.text().startsWith('unmuted')) said.resolve(message.text());
          });
          const target = JSON.stringify({ url: server.url, streamId: 'show' });
          const token = await mintToken({ streamId: 'show' });
          await page.addInitScript(`window.mintToken = async () => '${token}'; window.mediaPageReady = async () => {
            mediaPage.play(${target});
            while (mediaPage.playbackState().status !== 'playing') await new Promise((done) => setTimeout(done, 50));
            const before = mediaPage.playbackState().needsGesture;
            const unmuted = await mediaPage.unmute();
            console.log('unmuted ' + JSON.stringify([before, unmuted, mediaPage.playbackState()]));
          };`);
        },
      });
      const [needsGesture, unmuted, state] = JSON.parse((await said.promise).slice('unmuted '.length));
      expect(needsGesture).toBe(true);
      expect(unmuted).toBe(false);
      expect(state).toMatchObject({ status: 'playing', needsGesture: true, muted: true });
      await viewer.page.mouse.click(5, 5);
      expect(await viewer.unmute()).toBe(true);
      expect(await viewer.playbackState()).toMatchObject({ status: 'playing', needsGesture: false, muted: false });
    } finally {
      await strict.close();
    }
  }, 60_000);
});
