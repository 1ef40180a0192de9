/**
 * An encoder in the place of the camera: a guide chooses it in the studio, copies address and key from the screen, and a WHIP
 * client that nobody here wrote goes live with them. Viewers by WebRTC and by HLS see its picture, the studio shows its
 * figures, a reload of the studio leaves it alone, its end is told; going over to the camera puts it out.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { blockWebRtc } from '../kit/block-webrtc.ts';
import { launchChromium } from '../kit/chromium.ts';
import { type CodedCamera, makeCodedCamera } from '../kit/coded-camera.ts';
import { newPerson, type Person, signInToStudio } from '../kit/people.ts';
import { readCode, seesMovingPicture } from '../kit/picture.ts';
import { PIXEL_CLOCK_MODULO } from '../kit/pixel-clock.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';
import { serveTestPage, type TestPage } from '../kit/test-page.ts';
import type { WhipPageApi } from '../kit/whip-page-api.ts';

const FOLDER = 'encoder';
const FILM = { frames: 90, width: 320 };
/** The encoder's codes are the time of the day in milliseconds; the camera's are none that an encoder would show now. */
const CAMERA_CODE = 1_000_000;
const CLOCK_SLACK_MS = 120_000;
const PICTURE = { timeoutMs: 90_000 };
const SOON = { timeout: 30_000 };

let product: TestProduct;
let browser: Browser;
let folder: string;
let camera: CodedCamera;
let whipPage: TestPage;
const people: Person[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'walnut-live-camera-'));
  camera = await makeCodedCamera(join(folder, 'guide.y4m'), CAMERA_CODE, FILM);
  [product, browser, whipPage] = await Promise.all([
    startTestProduct(),
    launchChromium({ fakeVideoFile: camera.videoFile }),
    serveTestPage(join(import.meta.dirname, '../kit/whip-page.ts')),
  ]);
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const [at, one] of people.entries()) await one.shot(`failed-${at}`);
});
afterAll(async () => {
  await browser?.close();
  await whipPage?.close();
  await product?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function person(options: Partial<Parameters<typeof newPerson>[1]> = {}): Promise<Person> {
  const one = await newPerson(browser, { folder: FOLDER, ...options });
  people.push(one);
  return one;
}

/** The code of a picture that was painted about now. */
function ofEncoder(code: number): boolean {
  const age = (Date.now() - code) % PIXEL_CLOCK_MODULO;
  return Math.min(age, PIXEL_CLOCK_MODULO - age) < CLOCK_SLACK_MS;
}

/** The encoder: no page of the product, but at its origin, as OBS knows no origins at all. */
async function openEncoder(origin: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.route(`${origin}/outside-encoder/**`, async (route) => {
    const response = await route.fetch({
      url: route.request().url().replace(`${origin}/outside-encoder/`, whipPage.url),
    });
    const text = await response.text();
    await route.fulfill({ response, body: text.replace('src="/main.js"', 'src="/outside-encoder/main.js"') });
  });
  await page.goto(`${origin}/outside-encoder/`);
  await page.waitForFunction('Boolean(window.whipPage)');
  return page;
}
function ask<Name extends keyof WhipPageApi>(
  page: Page,
  name: Name,
  ...args: Parameters<WhipPageApi[Name]>
): Promise<Awaited<ReturnType<WhipPageApi[Name]>>> {
  return page.evaluate(`window.whipPage.${name}(...${JSON.stringify(args)})`);
}

/** What the copy button beside a field puts into the clipboard. */
async function copied({ page }: Person, testId: string): Promise<string> {
  const field = page.getByTestId(testId);
  await field.locator('..').getByRole('button', { name: '复制' }).click();
  await field.locator('..').getByRole('button', { name: '已复制' }).waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

test('a guide goes live with an encoder and ends with the camera', { timeout: 480_000 }, async () => {
  const { origin, demoPassword } = product;
  const guide = await person();
  await guide.context.addInitScript(() => {
    const { mediaDevices } = navigator;
    const native = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = (wish) => {
      sessionStorage.setItem('cameraAsked', String(Number(sessionStorage.getItem('cameraAsked')) + 1));
      return native(wish);
    };
  });
  const cameraAsked = () => guide.page.evaluate(() => Number(sessionStorage.getItem('cameraAsked')));
  await signInToStudio(guide, origin, 'hangzhou-guide', demoPassword);
  await guide.page.goto(`${origin}/studio/go?source=encoder`);

  // Address and key, from the screen; the choice is still there after a reload.
  await guide.page.getByLabel('直播标题').fill('工厂直播，由导播台推流');
  await guide.page.getByTestId('encoder-make-room').click();
  await guide.page.getByTestId('encoder-key').waitFor();
  await guide.page.waitForURL(/\/studio\/rooms\/[\w-]+\/prepare$/);
  expect(await guide.page.getByTestId('encoder-key').getAttribute('type')).toBe('password');
  const url = await copied(guide, 'encoder-server');
  const key = await copied(guide, 'encoder-key');
  expect(url).toMatch(/\/whip\/[\w-]+$/);
  await guide.shot('guide-prepares');
  await guide.page.reload();
  await guide.page.getByTestId('encoder-server').waitFor();
  expect(await guide.page.getByTestId('source-encoder').getByRole('radio').isChecked()).toBe(true);

  await guide.page.getByRole('button', { name: '开播', exact: true }).click();
  await guide.page.waitForURL(/\/studio\/rooms\/[\w-]+\/live$/);
  await guide.page.getByText('等待编码器推流').waitFor();
  await guide.shot('guide-waits');
  const roomId = new URL(guide.page.url()).pathname.split('/')[3] ?? '';

  // The encoder goes live; the guide, a viewer by WebRTC and one by HLS see it and nothing else.
  const encoder = await openEncoder(origin);
  await ask(encoder, 'publish', url, key, { width: 320, height: 180 });
  const ownPicture = { ...PICTURE, selector: '[data-testid="encoder-picture"]' };
  const [viewer, smooth] = await Promise.all([person(), person()]);
  await blockWebRtc(smooth.page);
  await Promise.all([viewer, smooth].map(({ page }) => page.goto(`${origin}/r/${roomId}`)));
  await Promise.all([
    seesMovingPicture(guide.page, ofEncoder, ownPicture),
    seesMovingPicture(viewer.page, ofEncoder, PICTURE),
    seesMovingPicture(smooth.page, ofEncoder, PICTURE),
  ]);
  await smooth.page.getByTestId('mode').filter({ hasText: '流畅' }).first().waitFor();

  // A reload of the studio puts nobody out, and no camera was opened all the while.
  await guide.page.reload();
  await seesMovingPicture(guide.page, ofEncoder, ownPicture);
  expect(await ask(encoder, 'publishConnection')).toBe('connected');
  // It never had to begin again.
  expect((await ask(encoder, 'exchanges')).filter(({ method }) => method === 'POST')).toHaveLength(1);
  expect(await cameraAsked()).toBe(0);

  // Its figures.
  const health = guide.page.getByTestId('health');
  await health
    .and(guide.page.locator(':is([data-level="excellent"], [data-level="good"], [data-level="poor"])'))
    .waitFor();
  await guide.shot('guide-live');
  await health.click();
  const figures = guide.page.getByRole('dialog');
  const row = (name: string) => figures.locator('.st-rows > div').filter({ hasText: name }).locator('dd');
  await expect.poll(() => row('画面码率').textContent(), SOON).toMatch(/^[1-9][\d,]* kbps$/);
  await expect.poll(() => row('编码').textContent(), SOON).toBe('H264 · opus');
  // On a busy machine the first viewer may have begun by HLS; the studio itself watches by WebRTC.
  await expect.poll(() => row('观众').textContent(), SOON).toMatch(/^实时 [1-9] · 流畅 [1-9]$/);
  // Known as soon as somebody watches by HLS.
  await expect.poll(() => figures.getByText('320 × 180').count(), SOON).toBe(1);
  await guide.shot('guide-figures');
  await guide.page.keyboard.press('Escape');

  // Its end is told; it comes back with the same key.
  await ask(encoder, 'stopPublishing');
  await guide.page.getByText('等待编码器推流').waitFor();
  await ask(encoder, 'publish', url, key, { width: 320, height: 180 });
  await seesMovingPicture(guide.page, ofEncoder, ownPicture);

  // The camera instead: agreed to, and then the encoder is out for good.
  await guide.page.getByRole('button', { name: '开播方式' }).click();
  await guide.page.getByTestId('source-change').click();
  await guide.shot('guide-changes');
  await guide.page.getByRole('button', { name: '断开并切换' }).click();
  await expect.poll(() => ask(encoder, 'publishConnection'), SOON).not.toBe('connected');
  await expect
    .poll(async () => camera.owns((await readCode(viewer.page)) ?? -1), { timeout: PICTURE.timeoutMs })
    .toBe(true);
  await seesMovingPicture(viewer.page, camera.owns, PICTURE);
  expect(await cameraAsked()).toBe(1);

  expect(people.flatMap(({ faults }) => faults)).toEqual([]);
});
