/**
 * A viewer at a media host whose public cable is bad: the host is a network namespace, the kernel loses packets and limits
 * the rate (signalling crosses the same cable), and a relay in front of the media port adds the delay. The guide publishes
 * at another host, over good cables. Needs root, `nft` and `tc`; media-server/test/bad-network.drill.ts is the same without.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mintToken, openStage, type Stage, until } from '../../media-server/test/kit.ts';
import { type BadLink, GOOD_LINK, startBadLink } from '../kit/bad-link.ts';
import { endure } from '../kit/endurance.ts';
import { type MediaHost, type MediaHosts, PORT_BASE, startMediaHosts } from '../kit/media-hosts.ts';
import { type Cable, GOOD_CABLE, whyNoBadCable } from '../kit/netns.ts';

const STREAM = 'bad-cable';
const RELAY_IP = '127.0.0.2';
const BAD_FOR_MS = 30_000;

interface Weather extends Cable {
  /** Of the media; signalling is spared. */
  roundTripMs: number;
}
const WEATHER: Record<string, Weather> = {
  '5 % loss': { lossRatio: 0.05, roundTripMs: 0, bitsPerSecond: null },
  '200 ms round trip': { lossRatio: 0, roundTripMs: 200, bitsPerSecond: null },
  '400 kbit/s': { lossRatio: 0, roundTripMs: 0, bitsPerSecond: 400_000 },
  '5 % loss, 200 ms round trip and 400 kbit/s': { lossRatio: 0.05, roundTripMs: 200, bitsPerSecond: 400_000 },
};

const whyNot = whyNoBadCable();
let servers: MediaHosts;
let stage: Stage;
let relay: BadLink;
const near = (): MediaHost => servers.media[0]!;
const far = (): MediaHost => servers.media[1]!;

beforeAll(async () => {
  if (whyNot !== undefined) return;
  [servers, stage] = await Promise.all([
    startMediaHosts(2, (index) => (index === 1 ? { RTC_ANNOUNCED_ADDRESS: RELAY_IP } : {})),
    openStage(),
  ]);
  const port = PORT_BASE.first + PORT_BASE.step;
  relay = await startBadLink({ ip: RELAY_IP, port, target: { ip: far().host.publicIp, port } });
  const guide = await stage.open();
  await guide.publish({ url: near().url, streamId: STREAM }, { width: 1280, height: 720, tone: true });
  await until('live', guide.publishState, ({ status }) => status === 'live', 30_000);
}, 60_000);
afterAll(async () => {
  await stage?.close();
  await relay?.close();
  await servers?.[Symbol.asyncDispose]();
});

test.skipIf(whyNot !== undefined).each(Object.entries(WEATHER))(
  `sound goes on and the picture comes back: %s${whyNot === undefined ? '' : ` (${whyNot})`}`,
  async (name, { roundTripMs, ...cable }) => {
    const firstOfViewer = relay.clients;
    const viewer = await stage.open({
      mint: async (right, streamId) => ({ token: await mintToken({ right, streamId }), url: far().url }),
    });
    await viewer.watch({ url: far().url, streamId: STREAM });
    const { frames, ...figures } = await endure(viewer, {
      badForMs: BAD_FOR_MS,
      spoil: () => {
        far().host.setPublicCable(cable);
        relay.setProfile(firstOfViewer, { ...GOOD_LINK, delayMs: roundTripMs / 2 });
      },
      mend: () => {
        far().host.setPublicCable(GOOD_CABLE);
        relay.setProfile(firstOfViewer, GOOD_LINK);
      },
    });
    console.info(`${name}: ${JSON.stringify(figures)}`);
    await viewer.page.close();
    expect(figures.longestSilenceMs).toBeLessThan(1_000);
    expect(frames).toBeGreaterThan(0);
    if (cable.lossRatio > 0) expect(figures.lossRatio).toBeGreaterThan(cable.lossRatio / 2);
    if (cable.bitsPerSecond !== null) expect(figures.lowestHeight).toBeLessThan(720);
  },
  150_000,
);
