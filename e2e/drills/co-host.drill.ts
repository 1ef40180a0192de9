/**
 * 连麦: a host invites a colleague and a guide of another store; both accept in their own studios; the viewer sees three
 * pictures, each its own publisher's (read from the pixels), the guides see one another. The host mutes one for everybody
 * and takes the other out.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../kit/chromium.ts';
import { type CodedCamera, makeCodedCamera } from '../kit/coded-camera.ts';
import { goLive, newPerson, type Person, signInToStudio } from '../kit/people.ts';
import { seesMovingPicture } from '../kit/picture.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';

const FOLDER = 'co-host';
/** Small: three are encoded and nine decoded on one machine. */
const FILM = { frames: 150, width: 320 };
const FIRST_PICTURE = { timeoutMs: 90_000 };
const GUIDES = [
  { username: 'hangzhou-guide', name: '林晓禾' },
  { username: 'hangzhou-guide-2', name: '徐可欣' },
  { username: 'shanghai-guide', name: '沈若溪' },
] as const;

let product: TestProduct;
let folder: string;
const cameras: CodedCamera[] = [];
const browsers: Browser[] = [];
const people: Person[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'walnut-live-camera-'));
  product = await startTestProduct();
  for (const [no] of GUIDES.entries()) {
    const camera = await makeCodedCamera(join(folder, `${no}.y4m`), (no + 1) * 1_000_000, FILM);
    cameras.push(camera);
    browsers.push(await launchChromium({ fakeVideoFile: camera.videoFile }));
  }
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const [at, one] of people.entries()) await one.shot(`failed-${at}`);
});
afterAll(async () => {
  for (const browser of browsers) await browser.close();
  await product?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function person(no: number): Promise<Person> {
  const browser = browsers[no];
  if (!browser) throw new Error(`no browser ${no}`);
  const one = await newPerson(browser, { folder: FOLDER });
  people.push(one);
  return one;
}
const ofCamera = (no: number) => (code: number) => cameras[no]?.owns(code) ?? false;
/** A tile of the player or of a studio by the name on it. */
const tile = (testId: string, name: string) => `[data-testid="${testId}"] video[aria-label*="${name}"]`;

test('two co-hosts beside the host, seen by a viewer and by one another', { timeout: 480_000 }, async () => {
  const { origin, demoPassword } = product;
  const [hostName, colleagueName, guestName] = GUIDES.map(({ name }) => name);
  const host = await person(0);
  await signInToStudio(host, origin, GUIDES[0].username, demoPassword);
  const roomId = await goLive(host, '三店连麦品核桃');
  const viewer = await person(0);
  await viewer.page.goto(`${origin}/r/${roomId}`);
  await seesMovingPicture(viewer.page, ofCamera(0), FIRST_PICTURE);

  // The host asks both; a guide of another channel is not among those who can be asked.
  await host.page.getByRole('button', { name: /^连麦/ }).click();
  await host.page.getByRole('button', { name: `邀请${colleagueName}连麦` }).click();
  await host.page.getByRole('button', { name: `邀请${guestName}连麦` }).click();
  await host.page.getByTestId('seat').nth(1).waitFor();
  expect(await host.page.getByRole('button', { name: '邀请宋佳音连麦' }).count()).toBe(0);
  await host.shot('host-invites');
  await host.page.keyboard.press('Escape');

  // Both accept and are on the stage when their pictures are there.
  const cohosts: Person[] = [];
  for (const no of [1, 2]) {
    const cohost = await person(no);
    await signInToStudio(cohost, origin, GUIDES[no]?.username ?? '', demoPassword);
    await cohost.page.getByTestId('invitation').waitFor();
    if (no === 1) await cohost.shot('cohost-invitation');
    await cohost.page.getByTestId('accept-invitation').click();
    await cohost.page.locator('[data-testid="cohost-state"][data-on]').waitFor({ timeout: 90_000 });
    cohosts.push(cohost);
  }
  const [colleague, guest] = cohosts;
  if (!colleague || !guest || !colleagueName || !guestName || !hostName) throw new Error('somebody is missing');

  // Whose picture is whose.
  // On a busy machine the viewer may have begun by HLS, with the host's picture alone; WebRTC is tried again after a minute.
  await viewer.page.locator('[data-testid="pictures"][data-guides="3"]').waitFor({ timeout: 150_000 });
  const sees = (who: Person, selector: string, no: number) =>
    seesMovingPicture(who.page, ofCamera(no), { ...FIRST_PICTURE, selector });
  await sees(viewer, '[data-testid="video"]', 0);
  await sees(viewer, tile('guest', colleagueName), 1);
  await sees(viewer, tile('guest', guestName), 2);
  await viewer.shot('viewer-three');
  await sees(host, tile('cohost-tile', colleagueName), 1);
  await sees(host, tile('cohost-tile', guestName), 2);
  await host.shot('host-three');
  await sees(colleague, tile('cohost-tile', hostName), 0);
  await sees(colleague, tile('cohost-tile', guestName), 2);
  await sees(guest, tile('cohost-tile', colleagueName), 1);
  await colleague.shot('cohost-three');
  await viewer.page.setViewportSize({ width: 1440, height: 900 });
  await viewer.shot('viewer-three-desk');

  // Muted by the host: no viewer hears this one, whatever they play, and the co-host is told.
  const isSilent = (name: string) =>
    viewer.page.evaluate(
      (css) => document.querySelector<HTMLVideoElement>(css)?.muted,
      `[data-testid="guest"] video[aria-label*="${name}"]`,
    );
  await expect.poll(() => isSilent(colleagueName)).toBe(false);
  await host.page.getByRole('button', { name: /^连麦/ }).click();
  await host.page.getByRole('button', { name: `静音${colleagueName}`, exact: true }).click();
  await colleague.page.getByText('主播已将你静音').waitFor();
  await expect.poll(() => isSilent(colleagueName)).toBe(true);
  expect(await isSilent(guestName)).toBe(false);

  // Taken out by the host; the other leaves by themself after a reload has brought them back.
  await host.page.getByRole('button', { name: `移出${colleagueName}`, exact: true }).click();
  await viewer.page.locator('[data-testid="pictures"][data-guides="2"]').waitFor();
  await colleague.page.getByText('连麦已结束').waitFor();
  await viewer.shot('viewer-two-desk');
  await viewer.page.setViewportSize({ width: 390, height: 844 });
  await viewer.shot('viewer-two');
  await guest.page.reload();
  await guest.page.locator('[data-testid="cohost-state"][data-on]').waitFor({ timeout: 90_000 });
  await sees(viewer, tile('guest', guestName), 2);
  await guest.page.getByRole('button', { name: '退出连麦', exact: true }).click();
  await guest.page
    .getByRole('alertdialog')
    .or(guest.page.getByRole('dialog'))
    .getByRole('button', { name: '退出连麦' })
    .last()
    .click();
  await viewer.page.locator('[data-testid="pictures"][data-guides="1"]').waitFor();
  await sees(viewer, '[data-testid="video"]', 0);

  expect(people.flatMap(({ faults }) => faults)).toEqual([]);
});
