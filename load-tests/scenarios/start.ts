/**
 * P10: `./live start` on a machine where everything is installed, until the demo room's picture moves in a browser that opens its
 * link as soon as it can. The command is the real one, with a data folder that was filled by a start before.
 */
import type { Browser } from 'playwright-core';
import { launchChromium } from '../../e2e/kit/chromium.ts';
import { liveStart } from '../../e2e/kit/live-command.ts';
import type { BareScenario, Figure } from '../../scripts/bench/scenario.ts';

const STARTS = 7;
const PLAYS_MS = 120_000;
const PHONE = { width: 390, height: 844 };
const LINK = /https?:\/\/[^\s]+\/s\/[\w.-]+/;

interface Start {
  /** Until the links are printed. */
  links: number;
  /** Until the picture moves. */
  plays: number;
}

async function startOnce(browser: Browser, dataDir: string): Promise<Start> {
  const from = performance.now();
  const live = await liveStart(dataDir);
  const links = performance.now() - from;
  const context = await browser.newContext({ viewport: PHONE, locale: 'zh-CN' });
  try {
    const [link] = LINK.exec(live.output()) ?? [];
    if (!link) throw new Error(`no link to the demo room\n${live.output()}`);
    const page = await context.newPage();
    await page.goto(link, { waitUntil: 'commit' });
    await page.waitForFunction(
      () => {
        const video = document.querySelector('video');
        return video !== null && video.videoWidth > 0 && video.getVideoPlaybackQuality().totalVideoFrames > 2;
      },
      null,
      { timeout: PLAYS_MS, polling: 20 },
    );
    return { links, plays: performance.now() - from };
  } finally {
    await context.close();
    await live.interrupt();
  }
}

const round = (ms: number): number => Number((ms / 1_000).toFixed(2));
const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0;

export const scenario: BareScenario = {
  name: 'start',
  title: './live start, everything installed → the demo picture plays (P10)',
  bare: true,
  async run({ quick, dataDir, say }) {
    const browser = await launchChromium();
    try {
      const first = await startOnce(browser, dataDir);
      say(`first start, which fills the database: ${round(first.plays)} s`);
      const all: Start[] = [];
      for (let start = 0; start < (quick ? 1 : STARTS); start++) all.push(await startOnce(browser, dataDir));
      say(`then ${all.map(({ plays }) => round(plays)).join(', ')} s`);
      const figure = (id: string, what: string, of: (one: Start) => number): Figure => {
        const values = all.map(of);
        return {
          ...{ id, what, value: round(median(values)), unit: 's', betterIs: 'lower' },
          ...{ min: round(Math.min(...values)), max: round(Math.max(...values)) },
        };
      };
      return [
        {
          ...figure('P10', './live start → the demo picture plays in a browser', ({ plays }) => plays),
          ...{
            reach: 10,
            farGoal: 5,
            note: `median of ${all.length}; the first start on an empty data folder ${round(first.plays)} s`,
          },
        },
        figure('P10.links', './live start → links printed, everything answers', ({ links }) => links),
      ];
    } finally {
      await browser.close();
    }
  },
};
