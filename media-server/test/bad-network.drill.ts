/**
 * A viewer whose network turns bad and good again: the sound goes on, the picture gives way and comes back. The network is
 * a relay in front of the media port (e2e/kit/bad-link.ts). BAD_NETWORK=all runs every profile, longer.
 */
import { ControlStreamDetail } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BadLink, GOOD_LINK, type LinkProfile, startBadLink } from '../../e2e/kit/bad-link.ts';
import type { MediaServer } from '../src/media-server.ts';
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

const RELAY_IP = '127.0.0.2';
const SAMPLE_MS = 100;

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

/** Counters of the viewer's connection; null while there is no such track. */
interface Sample {
  atMs: number;
  audibleSamples: number | null;
  framesDecoded: number | null;
  height: number | null;
  freezeSeconds: number | null;
}

const READ_SAMPLE = `(async () => {
  const sample = { atMs: Date.now(), audibleSamples: null, framesDecoded: null, height: null, freezeSeconds: null };
  for (const connection of window.testConnections) {
    if (connection.connectionState === 'closed') continue;
    for (const entry of (await connection.getStats()).values()) {
      if (entry.type !== 'inbound-rtp' || entry.mid === 'probator') continue;
      if (entry.kind === 'audio') sample.audibleSamples = entry.totalSamplesReceived - entry.concealedSamples;
      else {
        sample.framesDecoded = entry.framesDecoded;
        sample.height = entry.frameHeight ?? null;
        sample.freezeSeconds = entry.totalFreezesDuration ?? null;
      }
    }
  }
  return sample;
})()`;

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

async function watchFor(viewer: RemotePage, durationMs: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const endsAtMs = Date.now() + durationMs;
  while (Date.now() < endsAtMs) {
    samples.push((await viewer.page.evaluate(READ_SAMPLE)) as Sample);
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  }
  return samples;
}

/** Longest time without a new audible sample: what Opus had to invent does not count as sound. */
function longestSilenceMs(samples: Sample[]): number {
  let longest = 0;
  let since = samples[0]?.atMs ?? 0;
  let heard = samples[0]?.audibleSamples ?? 0;
  for (const { atMs, audibleSamples } of samples) {
    if (audibleSamples !== null && audibleSamples > heard) {
      heard = audibleSamples;
      since = atMs;
    }
    longest = Math.max(longest, atMs - since);
  }
  return longest;
}

/** Makes the viewer's network bad and good again; looks and listens meanwhile, and tells how it was. */
async function endure(
  name: string,
  viewer: RemotePage,
  profile: LinkProfile,
  apply: (profile: LinkProfile) => void,
): Promise<void> {
  await viewer.waitForPicture({ timeoutMs: 15_000 });
  const height = async () => ((await viewer.page.evaluate(READ_SAMPLE)) as Sample).height;
  await until('the best layer', height, (lines) => lines === 720, 30_000);

  apply(profile);
  const bad = await watchFor(viewer, badForMs);
  apply(GOOD_LINK);
  const mendedAtMs = Date.now();
  const worstHeight = Math.min(...bad.map((sample) => sample.height ?? 0));
  const frames = (bad.at(-1)?.framesDecoded ?? 0) - (bad[0]?.framesDecoded ?? 0);
  await until('the best layer again', height, (lines) => lines === 720, 60_000);
  const silentMs = longestSilenceMs(bad);
  const figures = {
    longestSilenceMs: silentMs,
    lowestHeight: worstHeight,
    framesPerSecond: Math.round((frames * 10_000) / badForMs) / 10,
    freezeSeconds: (bad.at(-1)?.freezeSeconds ?? 0) - (bad[0]?.freezeSeconds ?? 0),
    bestLayerAgainAfterMs: Date.now() - mendedAtMs,
  };
  console.info(`${name}: ${JSON.stringify(figures)}`);
  expect(silentMs).toBeLessThan(1_000);
  expect(frames).toBeGreaterThan(0);
  if (profile.bitsPerSecond !== null) expect(worstHeight).toBeLessThan(720);
}

it.each(Object.entries(PROFILES))(
  'sound goes on and the picture comes back: %s',
  async (name, profile) => {
    const viewer = await stage.open();
    const firstOfViewer = link.clients;
    await viewer.watch(target);
    await endure(name, viewer, profile, (next) => link.setProfile(firstOfViewer, next));
    await viewer.page.close();
  },
  150_000,
);

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
