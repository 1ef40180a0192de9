import { createHmac, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../../e2e/kit/chromium.ts';
import { serveTestPage } from '../../e2e/kit/test-page.ts';
import type { BareContext, BareScenario, Figure } from '../../scripts/bench/scenario.ts';
import { waitUntil } from '../../scripts/processes.ts';
import { type OurServer, startMediaMtx, startOurs } from '../lib/media-servers.ts';

const WIDTH = 1280;
const HEIGHT = 720;
const FIRST_PICTURE_TIMEOUT_MS = 60_000;
/** A fresh encoder and a fresh player need some time until their buffers are as they stay. */
const SETTLE_MS = 8_000;
const LOOK_FOR_MS = 20_000;
const QUICK_MS = 1_500;
const TOKEN_LIFE_SECONDS = 60;
const STREAM = 'measured';

type Ages = { webrtc: Spread; hls: Spread };
interface Spread {
  p50: number;
  p95: number;
  min: number;
  max: number;
  count: number;
}

/** Publisher and viewer are real Chromium on this machine, so they share a clock: the picture carries the time. */
export const scenario: BareScenario = {
  name: 'glass-to-glass',
  title: 'age of the picture on screen: WebRTC and low-latency HLS in Chromium, 720p',
  bare: true,
  async run(context) {
    const site = await serveTestPage(fileURLToPath(new URL('../lib/glass-page.ts', import.meta.url)));
    const browser = await launchChromium();
    try {
      const ours = await measureOurs(context, browser, site.url);
      const other = await measureMediaMtx(context, browser, site.url);
      return figures(ours, other);
    } finally {
      await browser.close();
      await site.close();
    }
  },
};

async function measureOurs(context: BareContext, browser: Browser, site: string): Promise<Ages> {
  const server = await startOurs(context, { videoFile: '', soundFile: '' });
  const target = { url: server.url, streamId: STREAM };
  const [guide, viewer] = [await open(browser, site, server), await open(browser, site, server)];
  try {
    await guide.evaluate((to) => window.mediaPage.publish(to.target, to.options), {
      target,
      options: { width: WIDTH, height: HEIGHT, tone: true },
    });
    await waitUntil('our publisher is live', FIRST_PICTURE_TIMEOUT_MS, () =>
      guide.evaluate(() => window.mediaPage.publishState().status === 'live'),
    );
    await viewer.evaluate((to) => window.mediaPage.watch(to), target);
    const webrtc = await look(context, viewer, 'Walnut Live, WebRTC');
    await viewer.evaluate(() => window.mediaPage.stopWatching());
    await viewer.evaluate((to) => window.mediaPage.play(to, 'by-hls', 'smooth'), target);
    return { webrtc, hls: await look(context, viewer, 'Walnut Live, HLS') };
  } finally {
    await Promise.all([guide.close(), viewer.close()]);
    await server.stop();
  }
}

async function measureMediaMtx(
  context: BareContext,
  browser: Browser,
  site: string,
): Promise<(Ages & { version: string }) | undefined> {
  const server = await startMediaMtx(context, { videoFile: '', soundFile: '' }, { hls: true });
  if (!server) return undefined;
  const [guide, viewer, hlsViewer] = [await open(browser, site), await open(browser, site), await open(browser, site)];
  try {
    const [whip, whep] = [String(server.target.publish.whipUrl), String(server.target.crowd.whepUrl)];
    await guide.evaluate(([url, width, height]) => window.glass.publishWhip(url, width, height), [
      whip,
      WIDTH,
      HEIGHT,
    ] as const);
    await waitUntil('MediaMTX has the stream', FIRST_PICTURE_TIMEOUT_MS, () =>
      viewer.evaluate(
        (url) =>
          window.glass.watchWhep(url).then(
            () => true,
            () => false,
          ),
        whep,
      ),
    );
    const webrtc = await look(context, viewer, 'MediaMTX, WebRTC');
    await viewer.close();
    await hlsViewer.evaluate((url) => window.glass.watchHls(url), server.hlsUrl);
    return { version: server.version, webrtc, hls: await look(context, hlsViewer, 'MediaMTX, HLS') };
  } finally {
    await Promise.all([guide.close(), viewer.close(), hlsViewer.close()]);
    await server.stop();
  }
}

async function open(browser: Browser, site: string, server?: OurServer): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  if (server) {
    await page.exposeFunction('mintToken', (right: string, streamId: string) =>
      mediaToken(server.secret, right, streamId),
    );
  }
  await page.goto(site);
  await page.waitForFunction('Boolean(window.glass)');
  return page;
}

/** Waits for a picture, lets it settle, then looks. */
async function look(context: BareContext, page: Page, what: string): Promise<Spread> {
  await waitUntil(`${what}: a picture`, FIRST_PICTURE_TIMEOUT_MS, async () =>
    (await page.evaluate(() => window.glass.ages(200))).some(Number.isFinite),
  );
  await new Promise((resolve) => setTimeout(resolve, context.quick ? QUICK_MS : SETTLE_MS));
  const ages = await page.evaluate((ms) => window.glass.ages(ms), context.quick ? QUICK_MS : LOOK_FOR_MS);
  if (ages.length === 0) throw new Error(`${what}: the picture went away`);
  const sorted = ages.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
  const spread = { p50: at(0.5), p95: at(0.95), min: at(0), max: at(1), count: sorted.length };
  context.say(
    `${what}: median ${spread.p50} ms, p95 ${spread.p95} ms, ${spread.min} to ${spread.max} ms, ${spread.count} looks`,
  );
  return spread;
}

function figures(ours: Ages, other: (Ages & { version: string }) | undefined): Figure[] {
  const figure = (mode: keyof Ages, name: string, reach: number, farGoal: number): Figure => ({
    id: `P3.${mode}`,
    what: `glass to glass by ${name}, p95`,
    value: ours[mode].p95,
    unit: 'ms',
    betterIs: 'lower',
    reach,
    farGoal,
    min: ours[mode].min,
    max: ours[mode].max,
    peers: other ? [{ name: 'MediaMTX', version: other.version, value: other[mode].p95 }] : [],
    note: `median ${ours[mode].p50} ms${other ? `, MediaMTX ${other[mode].p50} ms` : ''}`,
  });
  return [figure('webrtc', 'WebRTC', 150, 80), figure('hls', 'low-latency HLS', 2_000, 1_000)];
}

/** As api issues them. */
function mediaToken(secret: string, right: string, streamId: string): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(Date.now() / 1000);
  const claims = { sub: `person-${right}`, streamId, right, jti: randomUUID(), iat, exp: iat + TOKEN_LIFE_SECONDS };
  const unsigned = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`;
}
