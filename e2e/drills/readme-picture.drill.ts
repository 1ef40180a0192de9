/**
 * Makes the README's picture of today's product, docs/images/walnut-live.png: a customer in the demo room, an order paid with who
 * brought it, and headquarters reading why. Look at it before it is committed.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureDemoProgramme } from '../../scripts/demo-feed/programme.ts';
import { ROOT } from '../../scripts/setup/paths.ts';
import { launchChromium } from '../kit/chromium.ts';
import {
  newPerson,
  openWhy,
  orderPinned,
  type Person,
  payInSandbox,
  readInviter,
  reads,
  say,
  signInToChat,
  signInToConsole,
} from '../kit/people.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';

const FOLDER = 'readme-picture';
const SIZE = { width: 1640, height: 940 };
const SHARER = '阿朵';
/** An order's page is complete, and the bubble of the purchase has gone. */
const SETTLE_MS = 3_000;

let product: TestProduct;
let browser: Browser;

beforeAll(async () => {
  const demoProgramme = await ensureDemoProgramme(process.env.FFMPEG_BIN ?? 'ffmpeg');
  [product, browser] = await Promise.all([startTestProduct({ demoProgramme }), launchChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await product?.[Symbol.asyncDispose]();
});

const plays = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 50);
const picture = async ({ page }: Person): Promise<string> =>
  `data:image/png;base64,${(await page.screenshot()).toString('base64')}`;

async function shareUrl({ page }: Person): Promise<string> {
  await page.getByTestId('share').click();
  const link = page.getByTestId('share-link');
  await page.waitForFunction(() => document.querySelector('[data-testid="share-link"]')?.getAttribute('data-url'));
  const url = (await link.getAttribute('data-url')) ?? '';
  await page.keyboard.press('Escape');
  return url;
}

const composition = (room: string, paid: string, why: string): string => `<!doctype html><style>
  body { margin: 0; width: ${SIZE.width}px; height: ${SIZE.height}px; background: #f7efe4; position: relative; overflow: hidden; }
  img { position: absolute; border-radius: 28px; box-shadow: 0 24px 60px rgb(60 30 10 / 28%); }
  .room { left: 60px; top: 80px; width: 360px; }
  .paid { left: 450px; top: 310px; width: 270px; border-radius: 22px; }
  .why { left: 600px; top: 90px; width: 980px; border-radius: 18px; }
</style><img class="why" src="${why}"><img class="room" src="${room}"><img class="paid" src="${paid}">`;

test('customer, order and headquarters in one picture', { timeout: 600_000 }, async () => {
  const { origin, demoPassword, seed } = product;
  const link = origin + (seed.consumerLinks[0]?.path ?? '');
  const person = (viewport?: { width: number; height: number }) =>
    newPerson(browser, { folder: FOLDER, ...(viewport && { viewport }) });

  const sharer = await person();
  await sharer.page.goto(link);
  await signInToChat(sharer, '13700000071', SHARER);
  await say(sharer, '工厂原来这么干净');
  const shared = await shareUrl(sharer);

  const buyer = await person();
  await buyer.page.goto(shared);
  await signInToChat(buyer, '13700000072', '小满');
  await say(buyer, '这款有无糖的吗？');
  await reads(buyer, '这款有无糖的吗？');

  const watcher = await person();
  await watcher.page.goto(link);
  await plays(watcher.page);
  await signInToChat(watcher, '13700000073', '青禾');
  await say(watcher, '上次买的喝完了，回购');
  await orderPinned(buyer, { phone: '13700000072', name: '小满' });
  await payInSandbox(buyer);
  await watcher.page.getByTestId('like').click({ clickCount: 3 });
  await buyer.page.waitForTimeout(SETTLE_MS);

  const headquarters = await person({ width: 1440, height: 900 });
  await signInToConsole(headquarters, origin, 'hq-admin', demoPassword);
  await readInviter(headquarters, origin, SHARER);
  expect(await openWhy(headquarters, SHARER)).toContain(SHARER);
  await headquarters.page.waitForTimeout(SETTLE_MS);

  const pictures = [await picture(watcher), await picture(buyer), await picture(headquarters)] as const;
  const page = await browser.newPage({ viewport: SIZE });
  await page.setContent(composition(...pictures));
  await page.waitForFunction(() => [...document.images].every(({ complete }) => complete));
  const folder = join(ROOT, 'docs/images');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, 'walnut-live.png') });
  expect([sharer, buyer, watcher, headquarters].flatMap(({ faults }) => faults)).toEqual([]);
});
