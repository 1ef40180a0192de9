/**
 * A live becomes a replay: a guide goes live with a camera whose frames are coded, pins two products, people talk, the guide
 * ends; the replay shows the guide's own picture, says what was said when it was said, jumps to a product, plays its clip,
 * sells, and gives an MP4 that outside tools read.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '../../scripts/processes.ts';
import { launchChromium } from '../kit/chromium.ts';
import { type CodedCamera, makeCodedCamera } from '../kit/coded-camera.ts';
import { goLive, newPerson, type Person, pinProduct, reads, say, signInToChat, signInToStudio } from '../kit/people.ts';
import { seesMovingPicture } from '../kit/picture.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';

const run = promisify(execFile);
const FOLDER = 'replay';
const FIRST_CODE = 6_100_000;
const FIRST_PINNED = '核桃乳家庭装 24 瓶';
/** So that the two pins lie apart, and each makes a clip. */
const BETWEEN_PINS_SECONDS = 5;
const PROCESSED_WITHIN_MS = 90_000;
const VIDEO = '[data-testid="replay-video"]';

let product: TestProduct;
let browser: Browser;
let camera: CodedCamera;
let folder: string;
const people: Person[] = [];
const person = async (options: Partial<Parameters<typeof newPerson>[1]> = {}): Promise<Person> => {
  const one = await newPerson(browser, { folder: FOLDER, ...options });
  people.push(one);
  return one;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'walnut-live-replay-'));
  camera = await makeCodedCamera(join(folder, 'guide.y4m'), FIRST_CODE, { width: 640 });
  [product, browser] = await Promise.all([startTestProduct(), launchChromium({ fakeVideoFile: camera.videoFile })]);
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const [at, one] of people.entries()) await one.shot(`failed-${at}`);
});
afterAll(async () => {
  await browser?.close();
  await product?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const playhead = (one: Person): Promise<number> =>
  one.page.evaluate('document.querySelector(\'[data-testid="replay-video"]\')?.currentTime ?? 0') as Promise<number>;

test('from the live to its replay, its clips and its file', { timeout: 420_000 }, async () => {
  const { origin, demoPassword } = product;
  const guide = await person();
  await signInToStudio(guide, origin, 'hangzhou-guide', demoPassword);
  const roomId = await goLive(guide, '湖滨店回放');
  const viewer = await person();
  await viewer.page.goto(`${origin}/r/${roomId}`);
  await seesMovingPicture(viewer.page, camera.owns, { timeoutMs: 90_000 });
  await signInToChat(viewer, '13700000071', '小满');

  await pinProduct(guide, FIRST_PINNED);
  const recordedFor = async (seconds: number): Promise<void> => {
    const from = Date.now();
    await waitUntil('the live goes on', seconds * 10_000, async () => Date.now() - from > seconds * 1_000);
  };
  await recordedFor(BETWEEN_PINS_SECONDS);
  await guide.page.getByRole('button', { name: /^购物袋/ }).click();
  const second = guide.page.getByRole('button', { name: /^讲解 / }).first();
  await second.click();
  await guide.page.keyboard.press('Escape');
  await say(viewer, '这句话在后面');
  await reads(viewer, '这句话在后面');
  await recordedFor(BETWEEN_PINS_SECONDS);

  await guide.page.getByRole('button', { name: '结束直播', exact: true }).click();
  await guide.page
    .getByRole('alertdialog')
    .or(guide.page.getByRole('dialog'))
    .getByRole('button', { name: '结束直播' })
    .last()
    .click();

  // The ended room leads to its replay, which is there as soon as the last segments are.
  await viewer.page.getByTestId('to-replay').click();
  const { page } = viewer;
  await page.getByTestId('replay-video').waitFor({ timeout: PROCESSED_WITHIN_MS });
  await page.evaluate(
    // Before it has anything to play, what is asked for is dropped when its source comes.
    `(async () => {
      const v = document.querySelector('[data-testid="replay-video"]');
      v.muted = true;
      if (v.readyState < 3) await new Promise((ready) => v.addEventListener('canplay', ready, { once: true }));
      await v.play();
    })()`,
  );
  await seesMovingPicture(page, camera.owns, { timeoutMs: 60_000, selector: VIDEO });
  await viewer.shot('replay-phone');
  const lines = page.getByTestId('replay-chat-line').filter({ hasText: '这句话在后面' });

  // A product's marker goes to its moment; what was said then is there, and was not at the beginning.
  await page.evaluate('document.querySelector(\'[data-testid="replay-video"]\').currentTime = 0');
  await lines.waitFor({ state: 'detached' });
  const marker = page.getByTestId('replay-marker').last();
  const at = Number(await marker.getAttribute('data-at'));
  expect(at).toBeGreaterThanOrEqual(BETWEEN_PINS_SECONDS - 1);
  await marker.click();
  await waitUntil('the playhead is at the marker', 30_000, async () => (await playhead(viewer)) >= at);
  await lines.waitFor({ timeout: 60_000 });
  await seesMovingPicture(page, camera.owns, { timeoutMs: 60_000, selector: VIDEO });

  // The seller is one tap away; the product opens at its normal price, and its clip plays on it.
  await page.getByTestId('replay-seller').click();
  await page.getByTestId('seller-identity').waitFor();
  await page.keyboard.press('Escape');
  await page.getByTestId('replay-product').filter({ hasText: FIRST_PINNED }).getByRole('button').first().click();
  await page.getByTestId('product').waitFor();
  expect(await page.getByTestId('product-buy').isEnabled()).toBe(true);
  await page.getByTestId('clip-watch').click();
  await page.getByTestId('clip').waitFor();
  const clipSecond = () =>
    page.evaluate('document.querySelector(\'[data-testid="clip"] video\')?.currentTime ?? 0') as Promise<number>;
  await waitUntil('the clip plays', 60_000, async () => (await clipSecond()) > 1);
  await seesMovingPicture(page, camera.owns, { timeoutMs: 60_000, selector: '[data-testid="clip"] video' });
  // One of them is heard at a time.
  expect(await page.evaluate(`document.querySelector('${VIDEO}').paused`)).toBe(true);
  await viewer.shot('clip-phone');

  const wide = await person({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
  await wide.page.goto(`${origin}/r/${roomId}/replay`);
  await wide.page.getByTestId('replay-video').waitFor();
  await wide.shot('replay-wide');

  await downloads(origin, roomId, demoPassword);
  expect(people.flatMap(({ faults }) => faults)).toEqual([]);
});

/** As the store's staff: the whole recording as an MP4, read by ffprobe. */
async function downloads(origin: string, roomId: string, password: string): Promise<void> {
  const call = async (path: string, body: object, token = ''): Promise<Record<string, unknown>> => {
    const reply = await fetch(`${origin}/api/v1${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-walnut-client': 'journey',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      body: JSON.stringify(body),
    });
    return reply.json();
  };
  const { accessToken } = await call('/auth/staff', { username: 'hangzhou-guide', password });
  let url = '';
  await waitUntil('the file is made', 60_000, async () => {
    const file = await call(`/rooms/${roomId}/replay/file`, { clipId: null }, String(accessToken));
    url = typeof file.url === 'string' ? file.url : '';
    return url !== '';
  });
  const path = join(folder, 'replay.mp4');
  await writeFile(path, Buffer.from(await (await fetch(new URL(url, origin))).arrayBuffer()));
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-show_entries', 'format=duration:stream=codec_name', '-of', 'json', path],
  ]);
  const probed = JSON.parse(stdout);
  expect(probed.streams.map((one: { codec_name: string }) => one.codec_name).sort()).toEqual(['aac', 'h264']);
  expect(Number(probed.format.duration)).toBeGreaterThan(2 * BETWEEN_PINS_SECONDS);
}
