/**
 * Two viewers, one in each language, book a live from its waiting screen. Half an hour before the start the reminder is in
 * their messages, with why; one takes the booking back and hears no more. The guide goes live, and whoever booked is told. The
 * manager sees what was sent to whom, plans a wave and a recurring live. The screens are looked at on the way.
 */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { campaignI18n } from '../../console/src/pages/campaigns/messages.ts';
import { bookingI18n } from '../../player/src/booking/messages.ts';
import { launchChromium } from '../kit/chromium.ts';
import { fillSignIn, newPerson, type Person, signInToConsole, signInToStudio } from '../kit/people.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';
import { type Lang, teachAudit, watchScreens } from '../kit/screens.ts';

const FOLDER = 'booking';
const DESK = { width: 1440, height: 900 };
/** Reminders go out 30 minutes before; whoever books later than that gets none. So long the two have for it. */
const TO_BOOK_MS = 120_000;
const REMIND_MS = 30 * 60_000;
const TOLD_MS = TO_BOOK_MS + 60_000;
let product: TestProduct;
let browser: Browser;
const people: Person[] = [];
const findings: string[] = [];

beforeAll(async () => {
  [product, browser] = await Promise.all([startTestProduct(), launchChromium()]);
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const [at, one] of people.entries()) await one.shot(`failed-${at}`);
});
afterAll(async () => {
  await browser?.close();
  await product?.[Symbol.asyncDispose]();
});

async function person(lang: Lang, app: 'player' | 'console') {
  const one = await newPerson(browser, {
    folder: FOLDER,
    locale: lang === 'en' ? 'en-US' : 'zh-CN',
    ...(app === 'console' ? { viewport: DESK } : {}),
  });
  await teachAudit(one.context);
  await one.page.emulateMedia({ reducedMotion: 'reduce' });
  people.push(one);
  const texts = app === 'console' ? campaignI18n.messages : bookingI18n.messages;
  return Object.assign(one, watchScreens({ page: one.page, lang, app: texts, findings }));
}

/** A call of the api as staff, for what no screen of this journey is about. */
async function asStaff(username: string) {
  const call = async (path: string, method: string, body: object, token?: string) => {
    const reply = await fetch(`${product.origin}/api/v1${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        'x-walnut-client': 'drill',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      body: JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    return (await reply.json()) as { accessToken: string; id: string };
  };
  const { accessToken } = await call('/auth/staff', 'POST', { username, password: product.demoPassword });
  return (path: string, method: string, body: object) => call(path, method, body, accessToken);
}

test('booked, reminded, live', { timeout: 600_000 }, async () => {
  const { origin, demoPassword } = product;
  const hq = await asStaff('hq-admin');
  // A run at night would wait for the morning.
  await hq('/message-policy', 'PUT', { quietHours: { fromMinute: 0, untilMinute: 0 }, perDay: 5 });
  const anna = await person('zh-CN', 'player');
  const ben = await person('en', 'player');
  const guideCalls = await asStaff('hangzhou-guide');
  const scheduledAt = new Date(Date.now() + REMIND_MS + TO_BOOK_MS).toISOString();
  const { id: roomId } = await guideCalls('/rooms', 'POST', { title: '工厂直播专场', scheduledAt });

  for (const [viewer, phone, name] of [
    [anna, '13900000021', '安然'],
    [ben, '13900000022', '贝贝'],
  ] as const) {
    await viewer.page.goto(`${origin}/r/${roomId}`);
    await viewer.page.getByTestId('book').click();
    await fillSignIn(viewer, phone, name);
    await viewer.page.locator('[data-testid="booking"][data-booked="true"]').waitFor();
  }
  expect(Date.now(), 'both have booked in time').toBeLessThan(Date.parse(scheduledAt) - REMIND_MS);
  await anna.page.reload();
  await anna.page.locator('[data-testid="booking"][data-booked="true"][data-people="2"]').waitFor();
  await anna.look('player-booked');
  await ben.page.getByTestId('unbook').click();
  await ben.page.locator('[data-testid="booking"][data-booked="false"][data-people="1"]').waitFor();
  await ben.look('player-book');

  await anna.page.goto(`${origin}/me`);
  await anna.page.locator('[data-testid="message"][data-kind="room_reminder"]').waitFor({ timeout: TOLD_MS });
  await anna.look('player-messages');
  await anna.page.getByTestId('message-settings').click();
  await anna.page.getByTestId('topic-campaigns').waitFor();
  await anna.look('player-message-settings', 'phone');
  await anna.page.keyboard.press('Escape');

  const guide = await newPerson(browser, { folder: FOLDER });
  people.push(guide);
  await signInToStudio(guide, origin, 'hangzhou-guide', demoPassword);
  await guide.page.goto(`${origin}/studio/rooms/${roomId}/prepare`);
  await guide.page.getByRole('button', { name: '开播', exact: true }).and(guide.page.locator(':enabled')).click();
  await guide.page.waitForURL(/\/studio\/rooms\/[\w-]+\/live$/);
  await anna.page.locator('[data-testid="message"][data-kind="room_live"]').waitFor({ timeout: TOLD_MS });
  await anna.page.locator('[data-testid="message"][data-kind="room_live"] a').click();
  await anna.page.locator('main.pl-room:not([data-view="waiting"]):not([data-view="skeleton"])').waitFor();
  await ben.page.goto(`${origin}/me`);
  await ben.page.getByTestId('inbox').waitFor();
  expect(await ben.page.getByTestId('message').count()).toBe(0);
  await ben.look('player-no-messages');

  const manager = await person('zh-CN', 'console');
  await signInToConsole(manager, origin, 'hangzhou-manager', demoPassword);
  const { page } = manager;
  const tab = (name: string) => page.goto(`${origin}/console/campaigns?tab=${name}`);
  await tab('outbox');
  await page.getByTestId('outbox-message').nth(1).waitFor();
  expect(await page.getByTestId('outbox-message').count()).toBe(2);
  await manager.look('console-outbox');
  await tab('waves');
  await page.getByTestId('wave-new').click();
  await page.getByTestId('wave-title').fill('春日上新');
  await manager.look('console-wave-new', 'desk');
  await page.getByTestId('wave-create').click();
  await page.getByTestId('add-build_up').click();
  await page.getByTestId('reach').waitFor();
  await page.getByTestId('action-text').fill('核桃新品下周发售，先来预约直播');
  await manager.look('console-wave-action');
  await page.getByTestId('action-save').click();
  await page.getByTestId('wave-action').waitFor();
  await page.getByTestId('wave-start').click();
  await page.locator('[data-testid="wave"][data-state="running"]').waitFor();
  await manager.look('console-wave');
  await tab('slots');
  await page.getByTestId('slot-new').click();
  await page.getByTestId('slot-title').fill('工厂直播');
  await manager.look('console-slot-new', 'desk');
  await page.getByTestId('slot-save').click();
  await page.getByTestId('slot').waitFor();
  await manager.look('console-slots');

  const desk = await person('en', 'console');
  await signInToConsole(desk, origin, 'hq-admin', demoPassword);
  for (const [name, sight] of [
    ['waves', 'wave-card'],
    ['slots', 'slot'],
    ['outbox', 'outbox-message'],
    ['policy', 'message-policy'],
  ] as const) {
    await desk.page.goto(`${origin}/console/campaigns?tab=${name}`);
    await desk.page.getByTestId(sight).first().waitFor();
    if (name === 'waves') {
      await desk.look('console-waves');
      await desk.page.getByTestId('wave-card').click();
      await desk.page.getByTestId('wave').waitFor();
    }
    await desk.look(`console-${name}`);
  }
  expect([...findings, ...people.flatMap(({ faults }) => faults)]).toEqual([]);
});
