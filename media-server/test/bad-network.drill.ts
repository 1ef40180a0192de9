/**
 * A viewer whose network turns bad and good again: the sound goes on, the picture gives way and comes back. The network is
 * a relay in front of the media port (e2e/kit/bad-link.ts). BAD_NETWORK=all runs every profile, longer.
 */
import { ControlStreamDetail } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BadLink, GOOD_LINK, type LinkProfile, startBadLink } from '../../e2e/kit/bad-link.ts';
import { endure, longestSilenceMs, watchFor } from '../../e2e/kit/endurance.ts';
import type { MediaServer } from '../src/media-server.ts';
import { openIngest } from './cluster-kit.ts';
import {
  control,
  freePortBase,
  openStage,
  type RemotePage,
  type Stage,
  startProxy,
  startServer,
  until,
} from './kit.ts';
import { startRtpSource } from './rtp-source.ts';

const RELAY_IP = '127.0.0.2';

const thorough = process.env.BAD_NETWORK === 'all';
const badForMs = thorough ? 30_000 : 12_000;
const worst: LinkProfile = { lossRatio: 0.05, delayMs: 100, bitsPerSecond: 400_000, queueMs: 300 };
const PROFILES: Record<string, LinkProfile> = {
  ...(thorough && {
    '5 % loss': { ...GOOD_LINK, lossRatio: 0.05 },
    '200 ms round trip': { ...GOOD_LINK, delayMs: 100 },
    '400 kbit/s': { ...GOOD_LINK, bitsPerSecond: 400_000 },
  }),
  '5 % loss, 200 ms round trip and 400 kbit/s': worst,
};

let server: MediaServer;
let stage: Stage;
let link: BadLink;
let guide: RemotePage;
const target = { url: '', streamId: 'bad-network' };

beforeAll(async () => {
  const port = await freePortBase();
  const environment = { WORKERS: '1', RTC_PORT_BASE: String(port), RTC_ANNOUNCED_ADDRESS: RELAY_IP };
  [server, stage, link] = await Promise.all([
    startServer(environment),
    openStage(),
    startBadLink({ ip: RELAY_IP, port, target: { ip: '127.0.0.1', port } }),
  ]);
  target.url = server.url;
  guide = await stage.open();
  await guide.publish(target, { width: 1280, height: 720, tone: true });
  await until('live', guide.publishState, (state) => state.status === 'live');
});
afterAll(async () => {
  await stage?.close();
  await link?.close();
  await server?.close();
});

it.each(Object.entries(PROFILES))(
  'sound goes on and the picture comes back: %s',
  async (name, profile) => {
    const viewer = await stage.open();
    const firstOfViewer = link.clients;
    await viewer.watch(target);
    const { frames, lowestHeight, ...figures } = await endure(viewer, {
      badForMs,
      spoil: () => link.setProfile(firstOfViewer, profile),
      mend: () => link.setProfile(firstOfViewer, GOOD_LINK),
    });
    console.info(`${name}: ${JSON.stringify({ lowestHeight, ...figures })}`);
    expect(figures.longestSilenceMs).toBeLessThan(1_000);
    expect(frames).toBeGreaterThan(0);
    if (profile.bitsPerSecond !== null) expect(lowestHeight).toBeLessThan(720);
    await viewer.page.close();
  },
  150_000,
);

it('does not leave for HLS where that could not play either', async () => {
  // HLS and signalling have the same narrow network as the media.
  const proxy = await startProxy(server);
  const viewer = await stage.open();
  const firstOfViewer = link.clients;
  await viewer.play({ ...target, url: proxy.url });
  await until('plays', viewer.playbackState, ({ status }) => status === 'playing', 20_000);
  await watchFor(viewer, 3_000);
  link.setProfile(firstOfViewer, worst);
  proxy.setRate(worst.bitsPerSecond);
  const bad = await watchFor(viewer, 25_000);
  const silentMs = longestSilenceMs(bad);
  const frames = (bad.at(-1)?.framesDecoded ?? 0) - (bad[0]?.framesDecoded ?? 0);
  const history = await viewer.playbackHistory();
  console.info(`the player: silent for ${silentMs} ms at most, ${frames} pictures in 25 s, ${history.join(' ')}`);
  expect(await viewer.playbackState()).toMatchObject({ mode: 'realtime' });
  expect(silentMs).toBeLessThan(1_000);
  expect(frames).toBeGreaterThan(0);
  link.setProfile(firstOfViewer, GOOD_LINK);
  proxy.setRate(null);
  await viewer.page.close();
  await proxy.close();
}, 90_000);

it('holds back the picture of a stream of one layer, so that the sound goes on, and tries it again', async () => {
  const encoder = { url: server.url, streamId: 'one-layer' };
  const source = startRtpSource(await openIngest(server, encoder.streamId));
  const viewer = await stage.open();
  const firstOfViewer = link.clients;
  await viewer.play(encoder);
  await until('plays', viewer.playbackState, ({ status }) => status === 'playing', 20_000);

  link.setProfile(firstOfViewer, { ...GOOD_LINK, bitsPerSecond: 300_000 });
  const spoiltAtMs = Date.now();
  await until('sound first', viewer.playbackState, ({ soundOnly }) => soundOnly, 10_000);
  const toldAfterMs = Date.now() - spoiltAtMs;
  // The queue of the link empties; the first trial comes after six seconds.
  await watchFor(viewer, 1_000);
  const silentMs = longestSilenceMs(await watchFor(viewer, 4_000));
  expect(await viewer.playbackState()).toMatchObject({ status: 'playing', mode: 'realtime', soundOnly: true });

  link.setProfile(firstOfViewer, GOOD_LINK);
  const mendedAtMs = Date.now();
  await until('the picture is back', viewer.playbackState, ({ soundOnly }) => !soundOnly, 30_000);
  const backAfterMs = Date.now() - mendedAtMs;
  const sample = await watchFor(viewer, 3_000);
  console.info(
    `sound alone after ${toldAfterMs} ms, then silent for ${silentMs} ms at most, back after ${backAfterMs} ms`,
  );
  expect(silentMs).toBeLessThan(1_000);
  expect((sample.at(-1)?.framesDecoded ?? 0) - (sample[0]?.framesDecoded ?? 0)).toBeGreaterThan(20);
  expect(await viewer.playbackState()).toMatchObject({ status: 'playing', mode: 'realtime', soundOnly: false });
  await viewer.page.close();
  source.stop();
}, 90_000);

it('tells in the detail of the stream what a publisher’s network loses, and when it has mended', async () => {
  const guideLink = 0;
  const worstLoss = async (): Promise<number> => {
    const reply = await control(server, 'GET', `/streams/${target.streamId}`);
    const { publisher } = ControlStreamDetail.parse(await reply.json());
    return Math.max(...(publisher?.tracks.map(({ lossRatio }) => lossRatio ?? 0) ?? [0]));
  };
  await until('a good network', worstLoss, (loss) => loss < 0.02, 20_000);
  link.setProfile(guideLink, { ...GOOD_LINK, lossRatio: 0.3 });
  // More than what the wall and the studio call a bad network.
  const told = await until('told', worstLoss, (loss) => loss > 0.15, 20_000);
  link.setProfile(guideLink, GOOD_LINK);
  await until('mended', worstLoss, (loss) => loss < 0.02, 20_000);
  console.info(`of 30 % lost ${Math.round(told * 100)} % are told`);
}, 60_000);

it('frees the place of a viewer whose network died within 15 seconds', async () => {
  const proxy = await startProxy(server);
  const viewer = await stage.open();
  const firstOfViewer = link.clients;
  const { webRtcTransports: others } = await server.census();
  await viewer.watch({ ...target, url: proxy.url });
  await viewer.waitForPicture({ timeoutMs: 15_000 });
  expect((await server.census()).webRtcTransports).toBe(others + 1);

  link.setProfile(firstOfViewer, { ...GOOD_LINK, lossRatio: 1 });
  proxy.freeze();
  const diedAtMs = Date.now();
  await until(
    'the place is free',
    () => server.census(),
    ({ webRtcTransports }) => webRtcTransports === others,
    20_000,
  );
  const freeAfterMs = Date.now() - diedAtMs;
  console.info(`a dead viewer's place was free after ${freeAfterMs} ms`);
  expect(freeAfterMs).toBeLessThan(15_000);
  link.setProfile(firstOfViewer, GOOD_LINK);
  await viewer.page.close();
  await proxy.close();
}, 60_000);
