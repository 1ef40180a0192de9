/**
 * A gift from the first tap to its share: a guest signs in, shows that they are an adult, buys coins, gives, and takes one gift
 * back; another viewer, the guide and headquarters see what they should. Each screen is looked at in Chinese and in English.
 */
import { createRoom, getGiftPolicy, putGiftPolicy, startRoom } from '@walnut-live/contracts';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { idNumber } from '../../api/src/testing/gifts.ts';
import { giftI18n as studioGifts } from '../../broadcaster/src/gifts/messages.ts';
import { giftI18n as consoleGifts } from '../../console/src/pages/gifts/messages.ts';
import { giftI18n as playerGifts } from '../../player/src/gifts/messages.ts';
import { auditBooks } from '../kit/audit.ts';
import { launchChromium } from '../kit/chromium.ts';
import { staffMember } from '../kit/online-person.ts';
import { fillSignIn, newPerson, type Person, signInToStudio } from '../kit/people.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';
import { type Lang, type Screens, teachAudit, watchScreens } from '../kit/screens.ts';

const FOLDER = 'gifts';
let product: TestProduct;
let browser: Browser;
const findings: string[] = [];

beforeAll(async () => {
  [product, browser] = await Promise.all([startTestProduct(), launchChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await product?.[Symbol.asyncDispose]();
});

async function meet(lang: Lang, app: { zh: object; en: object }): Promise<{ person: Person; screens: Screens }> {
  const person = await newPerson(browser, { folder: FOLDER, locale: lang === 'en' ? 'en-US' : 'zh-CN' });
  await teachAudit(person.context);
  const texts = app as { zh: Record<string, string>; en: Record<string, string> };
  return { person, screens: watchScreens({ page: person.page, lang, app: texts, findings }) };
}

/** From the first tap to coins in the wallet. */
async function becomeGiver({ page }: Person, screens: Screens, phone: string): Promise<void> {
  await page.getByTestId('gift').click();
  await page.getByTestId('gift-card').nth(7).waitFor();
  await screens.look('gift-sheet');
  await page.getByTestId('gift-send').click();
  await fillSignIn({ page } as Person, phone, `送礼的${phone.slice(-2)}`);
  await page.getByTestId('adult-form').waitFor();
  await page.getByTestId('adult-name').fill('林小桃');
  await page.getByTestId('adult-number').fill(idNumber('1990-05-06'));
  await page.getByTestId('adult-consent').check();
  await screens.look('gift-adult');
  await page.getByTestId('adult-submit').click();
  await page.getByTestId('coins-yuan-98').click();
  await screens.look('gift-coins');
  await page.getByTestId('coins-buy').click();
  await page.locator('[data-testid="pay"]:enabled').waitFor();
  await screens.look('gift-cashier');
  await page.getByTestId('pay').click();
  await page.getByTestId('gift-balance').filter({ hasText: '980' }).waitFor();
}

test('a gift is given, seen, taken back and shared', { timeout: 300_000 }, async () => {
  const guide = await staffMember(product.origin, 'hangzhou-guide', product.demoPassword);
  const room = await guide.call(createRoom, { body: { title: '丰收节感恩专场' } });
  await guide.call(startRoom, { params: { id: room.id }, body: {} });

  // A crowded machine needs longer to look at a screen than a person to change their mind.
  const operations = await staffMember(product.origin, 'hq-operations', product.demoPassword);
  const { version: _version, effectiveFrom: _since, ...terms } = await operations.call(getGiftPolicy);
  await operations.call(putGiftPolicy, { body: { ...terms, coolingSeconds: 240 } });

  const giver = await meet('zh-CN', playerGifts.messages);
  const watcher = await meet('en', playerGifts.messages);
  for (const { person } of [giver, watcher]) {
    await person.page.goto(`${product.origin}/r/${room.id}`);
    await person.page.getByTestId('gift').waitFor();
  }
  await becomeGiver(giver.person, giver.screens, '13800000021');
  await becomeGiver(watcher.person, watcher.screens, '13800000022');
  await watcher.person.page.keyboard.press('Escape');

  // Three taps are one burst, and everybody sees it count.
  const { page } = giver.person;
  await page.getByTestId('gift-card').nth(2).click();
  for (let tap = 0; tap < 3; tap += 1) await page.getByTestId('gift-send').click();
  await watcher.person.page.getByTestId('gift-count').filter({ hasText: '×3' }).waitFor();
  await watcher.person.shot('burst');
  await page.getByTestId('gift-card').nth(6).click();
  await page.getByTestId('gift-send').click();
  await watcher.person.page.getByTestId('gift-large').waitFor();
  await watcher.person.shot('large');
  await page.getByTestId('gift-balance').filter({ hasText: '430' }).waitFor();
  await giver.screens.look('gift-given', 'phone');

  // The last one is taken back: coins return, the line leaves the chat of everybody.
  await watcher.person.page.getByTestId('gift-line').nth(1).waitFor();
  await page.getByTestId('gift-take-back').click();
  await page.getByTestId('gift-balance').filter({ hasText: '950' }).waitFor();
  await watcher.person.page.getByTestId('gift-line').nth(1).waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await watcher.screens.look('gift-room');

  const studio = await meet('zh-CN', studioGifts.messages);
  await signInToStudio(studio.person, product.origin, 'hangzhou-guide', product.demoPassword);
  await studio.person.page.goto(`${product.origin}/studio/rooms/${room.id}/live`);
  await studio.person.page.getByRole('button', { name: '礼物' }).first().click();
  await studio.person.page.getByTestId('gift-row').nth(1).waitFor();
  await studio.screens.look('studio-gifts', 'phone');
  await studio.person.context.close();

  for (const lang of ['zh-CN', 'en'] as const) {
    const hq = await meet(lang, consoleGifts.messages);
    const desk = hq.person.page;
    await desk.goto(`${product.origin}/console/gifts`);
    await desk.locator('input').first().fill('hq-admin');
    await desk.locator('input[type="password"]').fill(product.demoPassword);
    await desk.locator('button[type="submit"]').click();
    await desk.getByTestId('gift-report-row').first().waitFor();
    await hq.screens.look('console-gift-report');
    for (const tab of ['catalogue', 'policy', 'wallets']) {
      await desk.goto(`${product.origin}/console/gifts?tab=${tab}`);
      await desk
        .locator('[data-testid="gift-row"], [data-testid="gift-policy"], [data-testid="wallet-row"]')
        .first()
        .waitFor();
      await hq.screens.look(`console-gift-${tab}`);
    }
    await hq.person.context.close();
  }

  expect(findings).toEqual([]);
  // The first tap of somebody who has not shown to be an adult is refused, and that is what brings the form up.
  const faults = [...giver.person.faults, ...watcher.person.faults];
  expect(faults.filter((fault) => !/status of 403 .*\/gifts$/.test(fault))).toEqual([]);
  expect(await auditBooks(product.databaseUrl)).toEqual([]);
});
