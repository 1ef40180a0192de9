/**
 * The walk the product exists for, in real browsers: a guide goes live; a friend shares the room; a customer comes through the
 * friend's link, watches, talks, likes, buys and pays; a third person sees the purchase; headquarters sees who brought the
 * order, why and what it earned; a refund takes it back to the fen.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../kit/chromium.ts';
import { type CodedCamera, makeCodedCamera } from '../kit/coded-camera.ts';
import {
  goLive,
  newPerson,
  openWhy,
  orderPinned,
  type Person,
  payInSandbox,
  pinProduct,
  readInviter,
  reads,
  say,
  signInToChat,
  signInToConsole,
  signInToStudio,
} from '../kit/people.ts';
import { seesMovingPicture } from '../kit/picture.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';

const FOLDER = 'first-sale';
const PINNED = '核桃乳家庭装 24 瓶';
const FIRST_CODE = 4_200_000;

let product: TestProduct;
let browser: Browser;
let camera: CodedCamera;
let folder: string;
let roomId = '';
const people: Person[] = [];
const person = async (options: Partial<Parameters<typeof newPerson>[1]> = {}) => {
  const one = await newPerson(browser, { folder: FOLDER, ...options });
  people.push(one);
  return one;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'walnut-live-camera-'));
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

test('from going live to the refund of the order a friend brought', { timeout: 480_000 }, async () => {
  const { origin, demoPassword } = product;

  // The guide signs in, previews, goes live and pins.
  const guide = await person();
  await signInToStudio(guide, origin, 'hangzhou-guide', demoPassword);
  await guide.shot('guide-today');
  roomId = await goLive(guide, '湖滨店现磨核桃乳', { testUplink: true });
  await pinProduct(guide, PINNED);

  // A friend who knows the room shares it.
  const friend = await person();
  await friend.page.goto(`${origin}/r/${roomId}`);
  await signInToChat(friend, '13700000001', '阿朵');
  await say(friend, '我来捧场');
  await reads(friend, '我来捧场');
  await friend.page.getByTestId('share').click();
  const link = friend.page.getByTestId('share-link');
  await friend.page.waitForFunction(() =>
    document.querySelector('[data-testid="share-link"]')?.getAttribute('data-url'),
  );
  const shareUrl = (await link.getAttribute('data-url')) ?? '';
  await friend.shot('friend-share');
  expect(new URL(shareUrl).pathname).toMatch(/^\/s\//);

  // A customer comes through it and sees the guide's picture, proven by the codes in its pixels.
  const customer = await person();
  await customer.page.goto(shareUrl);
  await customer.page.waitForURL(new RegExp(`/r/${roomId}`));
  const tookMs = await seesMovingPicture(customer.page, camera.owns, { timeoutMs: 90_000 });
  console.info(`the customer saw the guide's moving picture ${tookMs} ms after the page was there`);
  await customer.shot('customer-watching');
  // On a busy machine it may have begun by HLS; WebRTC is tried again after a minute.
  await customer.page.getByTestId('mode').filter({ hasText: '实时' }).first().waitFor({ timeout: 150_000 });

  // They talk, both ways, and like.
  await signInToChat(customer, '13700000002', '小满');
  await say(customer, '这款有无糖的吗？');
  await reads(customer, '这款有无糖的吗？');
  await guide.page.getByText('这款有无糖的吗？').first().waitFor();
  await guide.page.getByTestId('bar-chat').click();
  await guide.page.getByPlaceholder('回复观众…').fill('有的，零蔗糖款在购物袋里');
  await guide.page.getByRole('button', { name: '发送' }).click();
  await reads(customer, '有的，零蔗糖款在购物袋里');
  await guide.shot('guide-chat');
  await guide.page.keyboard.press('Escape');
  await customer.page.getByTestId('like').click();
  await friend.page.keyboard.press('Escape');
  await friend.page.waitForFunction(
    () => Number(document.querySelector('[data-testid="like-count"]')?.getAttribute('data-count')) >= 1,
  );

  // A third person watches as a guest; the customer buys; the third person sees the bubble.
  const third = await person();
  await third.page.goto(`${origin}/r/${roomId}`);
  await third.page.getByTestId('pinned-card').waitFor();
  const bubble = third.page.getByTestId('purchase-bubble').waitFor({ timeout: 60_000 });
  await orderPinned(customer, { phone: '13700000002', name: '小满' });
  await payInSandbox(customer);
  await bubble;
  await third.shot('third-bubble');
  await customer.shot('customer-paid');
  const credit = customer.page.getByTestId('credit-line');
  expect(await credit.getAttribute('data-reason')).toBe('share_link');
  expect(await credit.textContent()).toContain('阿朵');

  // Headquarters: the inviter, the order, why, and the commission to the fen.
  const hq = await person({ viewport: { width: 1440, height: 900 } });
  await signInToConsole(hq, origin, 'hq-admin', demoPassword);
  const before = await readInviter(hq, origin, '阿朵');
  await hq.shot('hq-inviters');
  expect(before).toMatchObject({ visitors: 1, newCustomers: 1, orders: 1, refundedFen: 0 });
  expect(before.commissionFen).toBe(Math.floor(before.gmvFen / 10));
  expect(await openWhy(hq, '阿朵')).toContain('阿朵');
  await hq.shot('hq-why');

  // The refund takes the commission back to the fen.
  await customer.page.getByTestId('refund').click();
  await customer.page
    .getByRole('alertdialog')
    .or(customer.page.getByRole('dialog'))
    .getByRole('button', { name: '申请退款' })
    .last()
    .click();
  await customer.page.locator('[data-testid="order-state"][data-state="refunded"]').waitFor();
  await customer.shot('customer-refunded');
  const after = await readInviter(hq, origin, '阿朵');
  expect(after).toMatchObject({ orders: 1, gmvFen: before.gmvFen, refundedFen: before.gmvFen, commissionFen: 0 });
  await hq.shot('hq-after-refund');

  // The guide ends the live; people are told.
  await guide.page.getByRole('button', { name: '结束直播', exact: true }).click();
  await guide.page
    .getByRole('alertdialog')
    .or(guide.page.getByRole('dialog'))
    .getByRole('button', { name: '结束直播' })
    .last()
    .click();
  await third.page.getByTestId('ended').waitFor();
  await third.shot('third-ended');
  await guide.shot('guide-ended');

  expect(people.flatMap(({ faults }) => faults)).toEqual([]);
});
