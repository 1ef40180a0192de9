import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { openStage, type RemotePage, type Stage, startServer, until } from './kit.ts';

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
  it('plays by WebRTC where that works, muted until the person asks for sound', async () => {
    const viewer = await stage.open();
    await viewer.play({ url: server.url, streamId: 'show' });
    const picture = await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 10_000 });
    expect(picture.ageMs).toBeLessThan(1_000);
    const state = await until('playing', viewer.playbackState, (now) => now.status === 'playing');
    expect(state).toMatchObject({ mode: 'realtime', fallbackReason: null, needsGesture: true, muted: true });
    await viewer.page.close();
  });

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
});
