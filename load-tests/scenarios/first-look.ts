/**
 * P9: a customer opens a shared link on a phone that has never been here, over mobile data: when the room's cover and its bag are on
 * the screen, and what JavaScript had to come for it. Chromium with a slowed processor, in a network of its own behind a road with a
 * phone's round trip, speed, TCP handshake and slow start (e2e/kit/slow-road.ts), asks nginx with the deployment's configuration, so
 * by TLS and HTTP/2.
 */
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { launchFirewalledChromium, whyNoFirewall } from '../../e2e/kit/firewalled-chromium.ts';
import { createRoad, type RoadProfile } from '../../e2e/kit/slow-road.ts';
import { FRONT_DOOR_CHROMIUM } from '../../e2e/kit/two-of-each.ts';
import type { BareScenario, Figure } from '../../scripts/bench/scenario.ts';
import { ensureDemoProgramme } from '../../scripts/demo-feed/programme.ts';
import { type Product, startProduct } from '../../scripts/run/product.ts';
import { ensureApps } from '../../scripts/setup/apps.ts';
import { ROOT } from '../../scripts/setup/paths.ts';
import { FRONT_DOOR_HOST, type FrontDoor, startFrontDoor } from '../../scripts/testing/front-door.ts';

const PHONE = { width: 390, height: 844 };
/** Against one core of a server: what Lighthouse takes for a phone of the middle class. */
const PROCESSOR_SLOWER = 4;
const LOOKS = 9;
const LOOK_MS = 60_000;
const MBIT = 1_000_000;

interface Phone {
  id: string;
  name: string;
  road: RoadProfile;
  goal: { reach?: number; farGoal?: number };
}
/** WebPageTest's profiles of these names. */
const PHONES: readonly Phone[] = [
  {
    id: 'P9.look',
    name: '4G (LTE: 12 Mbit/s, 70 ms)',
    road: { rttMs: 70, downBitsPerSecond: 12 * MBIT, upBitsPerSecond: 12 * MBIT, handshakes: 1 },
    goal: { reach: 1.5, farGoal: 1 },
  },
  {
    id: 'P9.look.slow',
    name: 'slow 4G (9 Mbit/s, 170 ms)',
    road: { rttMs: 170, downBitsPerSecond: 9 * MBIT, upBitsPerSecond: 9 * MBIT, handshakes: 1 },
    goal: {},
  },
];

interface Look {
  seconds: number;
  scriptKb: number;
}
type World = { firstLook?: number };

/** Runs in the page before anything of it: notes when the cover is drawn and the bag can be opened. */
function watchForRoom(): void {
  const look = (): void => {
    const cover = document.querySelector<HTMLImageElement>('img.pl-cover');
    const bag = document.querySelector<HTMLElement>('[data-testid="bag"]');
    if (cover?.complete && cover.naturalWidth > 0 && bag?.checkVisibility()) {
      // Once it is on the screen: after the frame that draws it.
      requestAnimationFrame(() => setTimeout(() => ((globalThis as unknown as World).firstLook ??= performance.now())));
    } else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function lookOnce(browser: Browser, url: string): Promise<Look> {
  const looks = { viewport: PHONE, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', ignoreHTTPSErrors: true };
  const context = await browser.newContext(looks);
  try {
    const page = await context.newPage();
    await page.addInitScript(watchForRoom);
    const cdp = await context.newCDPSession(page);
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: PROCESSOR_SLOWER });
    await cdp.send('Network.enable');
    const scripts = new Set<string>();
    let scriptBytes = 0;
    cdp.on('Network.responseReceived', ({ requestId, type }) => void (type === 'Script' && scripts.add(requestId)));
    cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (scripts.has(requestId)) scriptBytes += encodedDataLength;
    });
    await page.goto(url, { waitUntil: 'commit' });
    const seen = await page.waitForFunction(() => (globalThis as unknown as World).firstLook, null, {
      timeout: LOOK_MS,
      polling: 20,
    });
    return { seconds: Number(await seen.jsonValue()) / 1_000, scriptKb: scriptBytes / 1_000 };
  } finally {
    await context.close();
  }
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0;

async function measure(
  { product, door }: { product: Product; door: FrontDoor },
  phone: Phone,
  looks: number,
  say: (line: string) => void,
): Promise<Figure[]> {
  const link = product.seed.consumerLinks[0];
  if (!link) throw new Error('the seed made no consumer link');
  const url = `https://${FRONT_DOOR_HOST}:${door.port}${link.path}`;
  const held = await launchFirewalledChromium(door.port, createRoad(phone.road), FRONT_DOOR_CHROMIUM);
  try {
    const all: Look[] = [];
    for (let look = 0; look < looks; look++) all.push(await lookOnce(held.browser, url));
    const seconds = all.map((one) => one.seconds);
    const scriptKb = median(all.map((one) => one.scriptKb));
    say(`${phone.name}: ${seconds.map((s) => s.toFixed(2)).join(', ')} s, ${scriptKb.toFixed(0)} kB of scripts`);
    const figure = {
      ...{ id: phone.id, what: `shared link opened → cover and bag on the screen, ${phone.name}`, unit: 's' },
      ...{ value: round(median(seconds)), min: round(Math.min(...seconds)), max: round(Math.max(...seconds)) },
      ...{ betterIs: 'lower' as const, ...phone.goal },
      note: `median of ${looks}, nothing cached, processor ${PROCESSOR_SLOWER} times slower, handshakes of TCP and TLS, HTTP/2`,
    };
    if (phone !== PHONES[0]) return [figure];
    return [
      {
        ...{ id: 'P9', what: 'JavaScript over the wire until then (gzip)', value: round(scriptKb, 1), unit: 'kB' },
        ...{ betterIs: 'lower' as const, reach: 200, farGoal: 120 },
        note: 'player/budget.test.ts holds it under 200 kB',
      },
      figure,
    ];
  } finally {
    await held[Symbol.asyncDispose]();
  }
}

export const scenario: BareScenario = {
  name: 'first-look',
  title: 'a shared link opened on a phone: JavaScript, cover and bag (P9)',
  bare: true,
  async run({ quick, dataDir, prepared, say }) {
    const whyNot = whyNoFirewall();
    if (whyNot) throw new Error(whyNot);
    await ensureApps();
    const product = await startProduct({
      ...{ dataDir, prepared, unusualPorts: true },
      demoProgramme: await ensureDemoProgramme(prepared.ffmpegBin),
      env: { LOG_LEVEL: 'warn', AUTH_RATE_PER_MINUTE: '6000' },
    });
    let door: FrontDoor | undefined;
    try {
      const { api, media } = product.ports;
      const dist = (app: string): string => join(ROOT, app, 'dist');
      const srv = { player: dist('player'), studio: dist('broadcaster'), console: dist('console') };
      door = await startFrontDoor({ api: [api], media: [media, media], srv });
      const figures: Figure[] = [];
      for (const phone of PHONES) figures.push(...(await measure({ product, door }, phone, quick ? 1 : LOOKS, say)));
      return figures;
    } finally {
      await door?.stop();
      await product.stop();
    }
  },
};
