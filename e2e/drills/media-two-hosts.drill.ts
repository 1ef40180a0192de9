/**
 * One stream on two media hosts in networks of their own: shown at both, moved from one to the other by a drain, saved when
 * a host is killed, and unharmed while Redis is away. Pictures are pixel clocks: what a viewer sees says when it was drawn.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mintToken, openStage, type RemotePage, type Stage, until } from '../../media-server/test/kit.ts';
import { type MediaHost, type MediaHosts, startMediaHosts } from '../kit/media-hosts.ts';
import { PIXEL_CLOCK_MODULO } from '../kit/pixel-clock.ts';

const STREAM = 'two-hosts';
const GUIDE = 'guide';
/** Host deaths that the median and the worst are taken of. */
const KILLS = Number(process.env.KILLS ?? 1);
/** Limit "ok" of P6 for a host; twice that on a machine that does other things. */
const HOST_DEATH_MS = 5_000;
const BUSY_FACTOR = 2;
const FIRST_PICTURE = { timeoutMs: 30_000 };

let servers: MediaHosts;
let stage: Stage;
let guide: RemotePage;
let viewer: RemotePage;
/** What an api would answer: the host that new connections go to. */
let hostOf: { publish: MediaHost; watch: MediaHost };

const a = (): MediaHost => servers.media[0]!;
const b = (): MediaHost => servers.media[1]!;
const sum = (values: readonly number[]): string => {
  const sorted = [...values].sort((x, y) => x - y);
  return `median ${sorted[Math.floor(sorted.length / 2)]} ms, worst ${sorted.at(-1)} ms of ${sorted.length}`;
};

beforeAll(async () => {
  [servers, stage] = await Promise.all([startMediaHosts(2), openStage()]);
  hostOf = { publish: a(), watch: b() };
  const open = (personId: string): Promise<RemotePage> =>
    stage.open({
      mint: async (right, streamId) => ({
        token: await mintToken({ sub: personId, right, streamId }),
        url: hostOf[right].url,
      }),
    });
  [guide, viewer] = await Promise.all([open(GUIDE), open('viewer')]);
});
afterAll(async () => {
  await stage?.close();
  await servers?.[Symbol.asyncDispose]();
});

async function nodesSeenBy(host: MediaHost): Promise<string[]> {
  return (await host.cluster()).nodes.map(({ nodeId }) => nodeId).sort();
}

test('a viewer at one host sees what a guide publishes at the other, over an encrypted pipe', async () => {
  if (servers.whyNot) console.info(`hosts are loopback addresses: ${servers.whyNot}`);
  await until(
    'they know each other',
    () => nodesSeenBy(b()),
    (nodes) => nodes.length === 2,
  );
  await guide.publish({ url: a().url, streamId: STREAM }, { width: 640, height: 360 });
  await until('live', guide.publishState, ({ status }) => status === 'live', 30_000);
  const beganAt = Date.now();
  await viewer.watch({ url: b().url, streamId: STREAM });
  const picture = await viewer.waitForPicture({ afterMs: beganAt, ...FIRST_PICTURE });
  const worstMs = await viewer.worstAge({ durationMs: 2_000 });
  console.info(`first picture through two hosts after ${picture.tookMs} ms; oldest afterwards ${worstMs} ms`);
  // Of seven seconds; a machine that is busy with something else stops every picture for a moment.
  expect(worstMs).toBeLessThan(4_000);

  expect(await a().cluster()).toMatchObject({ pipesOut: 1, relays: 0 });
  expect(await b().cluster()).toMatchObject({ pipesOut: 0, relays: 1 });
  const edge = await b().detail(STREAM);
  expect(edge).toMatchObject({ state: 'live', role: 'edge', publisher: null, viewers: { realtime: 1 } });
  expect(edge.relay?.tracks.map(({ kind }) => kind).sort()).toEqual(['audio', 'video']);
  const video = edge.relay?.tracks.find(({ kind }) => kind === 'video');
  expect(video?.bitrateBps).toBeGreaterThan(50_000);
  expect((await a().detail(STREAM)).viewers.realtime).toBe(0);
}, 120_000);

test('Redis dies, stays away for longer than the leases last, and comes back empty: nobody notices', async () => {
  const before = (await viewer.watchHistory()).length;
  const watched = viewer.worstAge({ durationMs: 7_000 });
  await servers.redis.kill();
  await until(
    'missed',
    async () => (await b().cluster()).connected,
    (connected) => !connected,
  );
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  await servers.redis.restart();
  const worstMs = await watched;
  console.info(`oldest picture while Redis was away: ${worstMs} ms`);
  // Of seven seconds; a machine that is busy with something else stops every picture for a moment.
  expect(worstMs).toBeLessThan(4_000);
  expect((await viewer.watchHistory()).slice(before)).toEqual([]);
  for (const host of [a(), b()]) {
    await until(
      'all are there again',
      () => nodesSeenBy(host),
      (nodes) => nodes.length === 2,
      15_000,
    );
  }
}, 60_000);

test('a drain moves guide and viewers to the other host without a dark moment, and the process ends', async () => {
  // The viewer sits at the host that stays; another one at the host that goes.
  const moving = await stage.open({
    mint: async (right, streamId) => ({ token: await mintToken({ right, streamId }), url: hostOf.publish.url }),
  });
  await moving.watch({ url: a().url, streamId: STREAM });
  await moving.waitForPicture({ afterMs: Date.now(), ...FIRST_PICTURE });
  const pages = [viewer, moving];
  hostOf = { publish: b(), watch: b() };
  const ended = new Promise<number | null>((resolve) => a().child?.once('exit', resolve));
  const watched = Promise.all(pages.map((page) => page.worstAge({ durationMs: 8_000 })));
  expect((await a().control('POST', '/drain')).status).toBe(200);
  const worstMs = await watched;
  expect(await ended).toBe(0);
  console.info(`oldest picture while the host was drained: ${worstMs.join(' and ')} ms`);
  // What a person sees is the picture; the sessions under it come and go.
  for (const page of pages) expect(await page.watchState()).toEqual({ status: 'playing' });
  for (const worst of worstMs) expect(worst).toBeLessThan(4_000);
  expect(await b().detail(STREAM)).toMatchObject({ state: 'live', publisher: { kind: 'webrtc', personId: GUIDE } });
  expect(await guide.publishState()).toEqual({ status: 'live' });
  await moving.page.context().close();
  await a().start();
}, 120_000);

/** Both hosts know of each other, and the viewer watches at this one; the guide stays where they are. */
async function seatViewer(at: MediaHost): Promise<void> {
  await until(
    'both are known',
    () => Promise.all([nodesSeenBy(a()), nodesSeenBy(b())]),
    (seen) => seen.every((nodes) => nodes.length === 2),
    15_000,
  );
  await viewer.stopWatching();
  hostOf = { publish: hostOf.publish, watch: at };
  await viewer.watch({ url: at.url, streamId: STREAM });
  await viewer.waitForPicture({ afterMs: Date.now(), ...FIRST_PICTURE });
}

test('the host of the guide is killed: the guide goes to the other one, and viewers there keep their connection', async () => {
  const tookMs: number[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    // Whoever has the guide dies; the viewer is at the other host.
    const origin = hostOf.publish;
    const other = origin === a() ? b() : a();
    await seatViewer(other);
    hostOf = { publish: other, watch: other };
    const killedAt = Date.now();
    await origin.kill();
    // The clock in the picture was drawn when the host was dead: it came another way.
    const picture = await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 30_000 });
    const shownAt = (picture.value + picture.ageMs) % PIXEL_CLOCK_MODULO;
    tookMs.push(shownAt - (killedAt % PIXEL_CLOCK_MODULO));
    expect(await viewer.watchHistory()).not.toContain('reconnecting');
    expect(await other.detail(STREAM)).toMatchObject({ state: 'live', publisher: { personId: GUIDE } });
    await origin.start();
  }
  console.info(`new picture after kill -9 of the guide's media host: ${sum(tookMs)} (${tookMs.join(', ')})`);
  expect(Math.max(...tookMs)).toBeLessThan(HOST_DEATH_MS * BUSY_FACTOR);
}, 240_000);

test('the host of a viewer is killed: the viewer goes to the other one', async () => {
  const tookMs: number[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const origin = hostOf.publish;
    const edge = origin === a() ? b() : a();
    await seatViewer(edge);
    hostOf = { publish: origin, watch: origin };
    const killedAt = Date.now();
    await edge.kill();
    const picture = await viewer.waitForPicture({ afterMs: Date.now(), timeoutMs: 30_000 });
    const shownAt = (picture.value + picture.ageMs) % PIXEL_CLOCK_MODULO;
    tookMs.push(shownAt - (killedAt % PIXEL_CLOCK_MODULO));
    await edge.start();
  }
  // What the dead host was given ends too.
  const last = hostOf.publish;
  await until(
    'no pipe is left',
    () => last.cluster(),
    ({ pipesOut }) => pipesOut === 0,
    20_000,
  );
  console.info(`new picture after kill -9 of the viewer's media host: ${sum(tookMs)} (${tookMs.join(', ')})`);
  expect(Math.max(...tookMs)).toBeLessThan(HOST_DEATH_MS * BUSY_FACTOR);
}, 240_000);

test('the network of the guide’s host is cut, without a goodbye: guide and viewers find the other one', async () => {
  const origin = hostOf.publish;
  const other = origin === a() ? b() : a();
  await seatViewer(other);
  hostOf = { publish: other, watch: other };
  const cutAt = Date.now();
  if (!origin.host.unplug()) await origin.kill();
  const picture = await viewer.waitForPicture({ afterMs: cutAt + 1_000, timeoutMs: 60_000 });
  const shownAt = (picture.value + picture.ageMs) % PIXEL_CLOCK_MODULO;
  const tookMs = shownAt - (cutAt % PIXEL_CLOCK_MODULO);
  console.info(`new picture after the network of a media host was cut: ${tookMs} ms`);
  expect(tookMs).toBeLessThan(HOST_DEATH_MS * BUSY_FACTOR);
  expect(await other.detail(STREAM)).toMatchObject({ state: 'live', publisher: { personId: GUIDE } });
}, 120_000);
