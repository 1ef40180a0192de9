import { ControlStream, ControlStreamDetail } from '@walnut-live/contracts';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MediaServer } from '../src/media-server.ts';
import { CONTROL, control, mintToken, openStage, type Stage, startServer, until } from './kit.ts';

/** Deaths that the median is taken of. */
const WORKER_KILLS = 5;

let server: MediaServer;
let stage: Stage;

beforeAll(async () => {
  [server, stage] = await Promise.all([startServer(), openStage()]);
});
afterAll(async () => {
  await stage?.close();
  await server?.close();
});

async function detailOf(streamId: string): Promise<ControlStreamDetail> {
  return ControlStreamDetail.parse(await (await control(server, 'GET', `/streams/${streamId}`)).json());
}

describe('faults', () => {
  it('gives viewers a picture again after every media worker was killed, without a reload', async () => {
    const target = { url: server.url, streamId: 'killed' };
    const [guide, viewer] = await Promise.all([stage.open(), stage.open()]);
    await guide.publish(target);
    await until('live', guide.publishState, (state) => state.status === 'live');
    await viewer.watch(target);
    await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 10_000 });

    const before = server.workerPids();
    const killedAt = Date.now();
    for (const pid of before) process.kill(pid, 'SIGKILL');
    // A picture that was drawn after the kill: the old one stays on screen meanwhile.
    const picture = await viewer.waitForPicture({ afterMs: killedAt + 100, timeoutMs: 10_000 });
    const tookMs = picture.value + picture.ageMs - (killedAt % 2 ** 28);
    console.info(`picture again ${tookMs} ms after kill -9 of all workers`);
    expect(tookMs).toBeLessThan(6_000); // 2 s on an idle machine; the machine of a test run is not
    await until(
      'both replaced',
      () => server.workerPids(),
      (pids) => pids.length === 2,
    );
    expect(server.workerPids().some((pid) => before.includes(pid))).toBe(false);
    expect((await detailOf('killed')).state).toBe('live');
    await guide.page.close();
    await viewer.page.close();
  }, 40_000);

  it("leaves viewers on other workers their connection when the stream's own worker is killed", async () => {
    const [guide, viewer] = await Promise.all([stage.open(), stage.open()]);
    const tookMs: number[] = [];
    for (let kill = 0; kill < WORKER_KILLS; kill += 1) {
      // Placed anew each time: the viewer sits on the worker that does not have the stream.
      const target = { url: server.url, streamId: `one-worker-${kill}` };
      await guide.publish(target, { width: 640, height: 360 });
      await until('live', guide.publishState, (state) => state.status === 'live');
      await viewer.watch(target);
      await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 15_000 });
      const pid = server.originWorkerPid(target.streamId);
      expect(server.workerPids()).toContain(pid);
      const before = (await viewer.watchHistory()).length;
      const killedAt = Date.now();
      process.kill(pid ?? 0, 'SIGKILL');
      const picture = await viewer.waitForPicture({ afterMs: killedAt + 100, timeoutMs: 15_000 });
      tookMs.push(picture.value + picture.ageMs - (killedAt % 2 ** 28));
      expect((await viewer.watchHistory()).slice(before)).not.toContain('reconnecting');
      await viewer.stopWatching();
      await guide.stopPublishing();
      await until(
        'replaced',
        () => server.workerPids(),
        (pids) => pids.length === 2,
      );
    }
    const sorted = [...tookMs].sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    console.info(`picture again after kill -9 of the stream's worker: median ${median} ms (${tookMs.join(', ')})`);
    expect(sorted.at(-1)).toBeLessThan(6_000); // 2 s on an idle machine; the machine of a test run is not
    await guide.page.close();
    await viewer.page.close();
  }, 90_000);

  it('waits for a publisher who lost the page and puts the same person back in place', async () => {
    const states: string[] = [];
    const listener = io(`${server.url}/control`, { auth: { token: CONTROL }, transports: ['websocket'] });
    listener.on('stream:state', (raw: unknown) => {
      const stream = ControlStream.parse(raw);
      if (stream.streamId === 'reload' && states.at(-1) !== stream.state) states.push(stream.state);
    });
    const target = { url: server.url, streamId: 'reload' };
    const guide = await stage.open({ personId: 'guide-1' });
    const viewer = await stage.open();
    await guide.publish(target);
    await until('live', guide.publishState, (state) => state.status === 'live');
    await viewer.watch(target);
    await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 10_000 });

    await guide.page.close();
    await until(
      'interrupted',
      async () => (await detailOf('reload')).state,
      (state) => state === 'interrupted',
    );
    await until('told', viewer.watchState, (state) => state.status === 'waiting' && state.stream === 'interrupted');

    const again = await stage.open({ personId: 'guide-1' });
    const backAt = Date.now();
    await again.publish(target);
    const picture = await viewer.waitForPicture({ afterMs: backAt, timeoutMs: 10_000 });
    expect(picture.ageMs).toBeLessThan(2_000);

    await again.stopPublishing();
    await until(
      'idle',
      async () => (await detailOf('reload')).state,
      (state) => state === 'idle',
    );
    await until('told', viewer.watchState, (state) => state.status === 'waiting' && state.stream === 'idle');
    expect(states).toEqual(['live', 'interrupted', 'live', 'idle']);
    listener.disconnect();
    await again.page.close();
    await viewer.page.close();
  }, 40_000);

  it('refuses a second publisher, unless it is the same person or the token may take over', async () => {
    const target = { url: server.url, streamId: 'contested' };
    const first = await stage.open({ personId: 'guide-a' });
    const other = await stage.open({ personId: 'guide-b' });
    await first.publish(target);
    await until('live', first.publishState, (state) => state.status === 'live');
    await other.publish(target);
    expect(await until('refused', other.publishState, (state) => state.status === 'failed')).toMatchObject({
      reason: 'busy',
    });

    const secondTab = await stage.open({ personId: 'guide-a' });
    await secondTab.publish(target);
    await until('replaced', first.publishState, (state) => state.status === 'failed' && state.reason === 'replaced');
    await until('live', secondTab.publishState, (state) => state.status === 'live');
    for (const page of [first, other, secondTab]) await page.page.close();
  }, 40_000);

  it('puts a revoked viewer out within a second and does not let the token in again', async () => {
    const target = { url: server.url, streamId: 'banned' };
    const guide = await stage.open();
    const token = await mintToken({ sub: 'troublemaker', streamId: 'banned' });
    const viewer = await stage.open({ mint: async () => token });
    await guide.publish(target);
    await until('live', guide.publishState, (state) => state.status === 'live');
    await viewer.watch(target);
    await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 10_000 });

    const revokedAt = Date.now();
    const reply = await control(server, 'POST', '/revocations', { personId: 'troublemaker', streamId: 'banned' });
    expect(await reply.json()).toEqual({ disconnected: 1 });
    const state = await until('out', viewer.watchState, (now) => now.status === 'failed', 1_000);
    expect(state).toMatchObject({ reason: 'revoked' });
    expect(Date.now() - revokedAt).toBeLessThan(1_000);
    expect((await detailOf('banned')).viewers.realtime).toBe(0);

    await viewer.watch(target, 'again');
    expect(
      await until(
        'still out',
        () => viewer.watchState('again'),
        (now) => now.status === 'failed',
      ),
    ).toMatchObject({
      reason: 'revoked',
    });
    await guide.page.close();
    await viewer.page.close();
  }, 40_000);
});
