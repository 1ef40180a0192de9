/**
 * Every screen of the three apps, in both languages, on a phone and on a desk: nothing too wide, nothing untranslated, no
 * raw keys, no serious finding of axe, no fault in the page. Pictures stay under e2e/artifacts/screens for looking at.
 *
 * The languages walk side by side, and so do the apps that need nothing of one another, because much of a walk is waiting
 * for media; sizes are changed in place, so that each screen is loaded once per language. SCREENS=all has axe look at every
 * size in every language.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { en as studioEn } from '../../broadcaster/src/i18n/en.ts';
import { zh as studioZh } from '../../broadcaster/src/i18n/zh.ts';
import { en as consoleEn } from '../../console/src/i18n/messages.en.ts';
import { zh as consoleZh } from '../../console/src/i18n/messages.zh.ts';
import { en as playerEn } from '../../player/src/i18n/en.ts';
import { zh as playerZh } from '../../player/src/i18n/zh.ts';
import { ensureDemoProgramme } from '../../scripts/demo-feed/programme.ts';
import { launchChromium } from '../kit/chromium.ts';
import { openPlace } from '../kit/console-menu.ts';
import { fillSignIn, homeAddress, newPerson, type Person } from '../kit/people.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';
import { type AppTexts, type Lang, resize, type Screens, teachAudit, watchScreens } from '../kit/screens.ts';
import { type StagedProgramme, stageProgramme } from '../kit/staged-programme.ts';
import { makeStillCamera } from '../kit/still-camera.ts';

const LANGS: readonly Lang[] = ['zh-CN', 'en'];
/** One guide per language: each is on the air. */
const GUIDES = {
  'zh-CN': { username: 'hangzhou-guide', name: '林晓禾' },
  en: { username: 'hangzhou-guide-2', name: '徐可欣' },
} as const;
/** Somebody else to ask to the stage. */
const COLLEAGUE = '方雅琴';
const STEP_TIMEOUT_MS = 60_000;

let product: TestProduct;
let browser: Browser;
let folder: string;
let programme: StagedProgramme;
const findings: string[] = [];

beforeAll(async () => {
  const demoProgramme = await ensureDemoProgramme(process.env.FFMPEG_BIN ?? 'ffmpeg');
  folder = await mkdtemp(join(tmpdir(), 'walnut-live-screens-'));
  const camera = { fakeVideoFile: await makeStillCamera(join(folder, 'camera.y4m'), demoProgramme) };
  [product, browser] = await Promise.all([startTestProduct({ demoProgramme }), launchChromium(camera)]);
  const guides = Object.values(GUIDES).map(({ name }) => name);
  programme = await stageProgramme(product, demoProgramme, guides);
});
afterAll(async () => {
  await browser?.close();
  await programme?.[Symbol.asyncDispose]();
  await product?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Walks with a person of that language; what went wrong behind the screens is a finding as well. */
async function walk(
  name: string,
  app: AppTexts,
  lang: Lang,
  steps: (person: Person, screens: Screens) => Promise<void>,
): Promise<void> {
  const person = await newPerson(browser, { folder: 'screens', locale: lang === 'en' ? 'en-US' : 'zh-CN' });
  await teachAudit(person.context);
  await person.page.emulateMedia({ reducedMotion: 'reduce' });
  person.page.setDefaultTimeout(STEP_TIMEOUT_MS);
  try {
    await steps(person, watchScreens({ page: person.page, lang, app, findings, kept: true }));
  } catch (error) {
    await person.shot(`stuck-${name}-${lang}`);
    findings.push(`${lang} ${name}: stuck: ${error instanceof Error ? error.message : String(error)}`);
  }
  findings.push(...person.faults.map((fault) => `${lang} ${name}: fault: ${fault}`));
  await person.context.close();
}

async function walkPlayer(lang: Lang, phone: string, name: string): Promise<void> {
  const link = product.seed.consumerLinks[0];
  if (!link) throw new Error('the seed made no consumer link');
  await walk('player', { zh: playerZh, en: playerEn }, lang, async (person, { look }) => {
    const { page } = person;
    await page.goto(`${product.origin}/`);
    await page.getByTestId('room-card').first().waitFor();
    await look('player-shelf');

    await page.goto(product.origin + link.path);
    await page.waitForURL(/\/r\//);
    await page.waitForFunction(
      () => (document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 5,
    );
    await page.getByTestId('bag').waitFor();
    await look('player-room');

    await page.getByTestId('share').click();
    await page.locator('[data-testid="share-link"][data-url^="http"]').waitFor();
    await look('player-share');
    await page.keyboard.press('Escape');
    await page.getByTestId('share-link').waitFor({ state: 'detached' });

    await page.getByTestId('gift').click();
    await page.getByTestId('gift-card').first().waitFor();
    await look('player-gifts');
    await page.keyboard.press('Escape');
    await page.getByTestId('gift-card').first().waitFor({ state: 'detached' });

    // On a desk the bag lies beside the picture all the time.
    await page.getByTestId('bag').click();
    await page.getByTestId('bag-item').first().waitFor();
    await look('player-bag', 'phone');
    await page.getByTestId('bag-item').first().getByRole('button').first().click();
    await page.getByTestId('product').waitFor();
    await look('player-product');
    await page.getByTestId('product-buy').click();
    await page.getByTestId('sign-in-phone').waitFor();
    await look('player-sign-in');
    await fillSignIn(person, phone, name);
    await page.getByTestId('address-recipient').waitFor();
    await look('player-checkout');
    for (const [field, value] of Object.entries(homeAddress)) await page.getByTestId(`address-${field}`).fill(value);
    await page.getByTestId('place-order').click();
    await page.getByTestId('cashier').waitFor();
    await page.locator('[data-testid="pay"]:enabled').waitFor();
    await look('player-cashier');
    await page.getByTestId('pay').click();
    await page.locator('[data-testid="order-state"][data-state="paid"]').waitFor();
    await look('player-paid');

    await page.goto(`${product.origin}/orders`);
    await page.getByTestId('order-row').first().waitFor();
    await look('player-orders');
    await page.getByTestId('order-row').first().click();
    await page.getByTestId('order-state').waitFor();
    await look('player-order');
    await page.goto(`${product.origin}/me`);
    await page.getByTestId('shares').waitFor();
    await page.getByTestId('earnings').waitFor();
    await look('player-me');
  });
}

async function walkStudio(lang: Lang): Promise<void> {
  const texts = lang === 'en' ? studioEn : studioZh;
  await walk('studio', { zh: studioZh, en: studioEn }, lang, async ({ page }, { look }) => {
    const tap = (key: keyof typeof studioZh) => page.getByRole('button', { name: texts[key] }).first().click();
    const agree = (key: keyof typeof studioZh) =>
      page.getByRole('alertdialog').getByRole('button', { name: texts[key] }).click();
    const shows = (selector: string) =>
      page.waitForFunction(
        (wanted) => [...document.querySelectorAll<HTMLVideoElement>(wanted)].every((video) => video.videoWidth > 0),
        selector,
      );

    await page.goto(`${product.origin}/studio/`);
    const username = page.locator('input[autocomplete="username"]');
    await username.waitFor();
    await look('studio-sign-in');
    await username.fill(GUIDES[lang].username);
    await page.locator('input[autocomplete="current-password"]').fill(product.demoPassword);
    await page.locator('button[type="submit"]').click();
    await page.getByRole('navigation').waitFor();
    await page.getByTestId('invitation').waitFor();
    await page.getByTestId('programme').waitFor();
    await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
    await look('studio-today');

    await page.getByTestId('accept-invitation').click();
    await page.locator('[data-testid="cohost-state"][data-on]').waitFor();
    await shows('.wl-picture video');
    await look('studio-cohost');
    await tap('cohost.leave');
    await agree('cohost.leave');

    await page.getByTestId('relay-programme').click();
    await page.getByTestId('relay-bar').waitFor();
    await shows('[data-testid="relay-picture"]');
    await look('studio-relay');
    await page.getByTestId('go-alone').click();
    await agree('relay.alone');
    await page.getByTestId('relay-bar').waitFor({ state: 'detached' });
    await page.locator('.st-stage-wait').waitFor({ state: 'detached' });
    await shows('.wl-picture video');
    await look('studio-live');
    await tap('live.bag');
    await page.getByRole('dialog').waitFor();
    await look('studio-bag', 'phone');
    await page.keyboard.press('Escape');
    await page.getByTestId('bar-play').click();
    await page.getByTestId('draw-publish').waitFor();
    await look('studio-play', 'phone');
    await page.keyboard.press('Escape');
    await tap('cohost.title');
    await page.getByRole('button', { name: new RegExp(COLLEAGUE) }).click();
    await page.getByTestId('seat').waitFor();
    await look('studio-cohosts');
    await page.keyboard.press('Escape');
    await tap('live.end');
    await agree('live.end.confirm');
    await page.getByTestId('replay-panel').locator('a[href$="/replay"]').waitFor();
    await look('studio-ended');
    await page.goto(`${product.origin}/studio/go`);
    // The camera is there when going live is possible.
    await page.locator('.st-start:enabled').waitFor();
    await look('studio-prejoin');
    // Choosing the encoder is the room's affair, and this makes one.
    await page.getByTestId('source-encoder').click();
    await page.getByTestId('encoder-make-room').click();
    await page.getByTestId('encoder-key').waitFor();
    await look('studio-encoder');
  });
}

async function walkConsole(lang: Lang): Promise<void> {
  await walk('console', { zh: consoleZh, en: consoleEn }, lang, async ({ page }, { look }) => {
    await resize(page, 'desk');
    await page.goto(`${product.origin}/console/`);
    await page.getByTestId('sign-in-username').waitFor();
    await look('console-sign-in');
    await page.getByTestId('sign-in-username').fill('hq-admin');
    await page.getByTestId('sign-in-password').fill(product.demoPassword);
    await page.getByTestId('sign-in-submit').click();
    await page.getByTestId('live-card').first().waitFor();
    await look('console-live');

    const go = async (path: string, testId: string): Promise<void> => {
      await resize(page, 'desk');
      await openPlace(page, path);
      await page.getByTestId(testId).first().waitFor();
    };
    const openFirst = async (testId: string, hasText: string | RegExp = /./): Promise<void> => {
      await resize(page, 'desk');
      await page.getByTestId(testId).filter({ hasText }).first().getByRole('link').first().click();
    };

    await go('/inviters', 'inviter-row');
    await look('console-inviters');
    await openFirst('inviter-row');
    await page.getByTestId('why-toggle').first().click();
    await page.getByTestId('why-verdict').first().waitFor();
    await look('console-inviter-why');
    await page.keyboard.press('Escape');
    await page.getByTestId('inviter-drawer').waitFor({ state: 'hidden' });

    await go('/orders', 'order-row');
    await look('console-orders');
    await openFirst('order-row');
    await page.getByTestId('order-detail').waitFor();
    await look('console-order');
    await page.keyboard.press('Escape');
    await page.getByTestId('order-detail').waitFor({ state: 'hidden' });

    await go('/rooms', 'room-row');
    await look('console-rooms');
    await openFirst('room-row', new RegExp(`${programme.title}.*${programme.unitName}`, 's'));
    await page.getByRole('tab').nth(1).click();
    await page.getByTestId('relay-row').first().waitFor();
    await look('console-relays');
    await go('/rooms', 'room-row');
    await openFirst('room-row', product.seed.demoRoom.title);
    await page.getByTestId('inviter-row').first().waitFor();
    await look('console-room');
    await resize(page, 'desk');
    await page.getByRole('tab').nth(1).click();
    await page.getByTestId('bag-item').first().waitFor();
    await look('console-room-bag');

    await go('/catalogue', 'product-card');
    await look('console-catalogue');
    await resize(page, 'desk');
    await page.getByRole('tab').nth(1).click();
    await page.getByTestId('stock-row').first().waitFor();
    await look('console-stock');

    // Every tab of pages that have some.
    const lookAtTabs = async (path: string, heading: string, tabs: readonly string[]): Promise<void> => {
      await resize(page, 'desk');
      await openPlace(page, path);
      await page
        .getByRole('tab')
        .nth(tabs.length - 1)
        .waitFor();
      for (const [at, name] of tabs.entries()) {
        await resize(page, 'desk');
        await page.getByRole('tab').nth(at).click();
        await page.locator('main [aria-busy="true"]').first().waitFor({ state: 'detached' });
        // One size in each language is enough for pages made of the same parts as those above.
        await look(`console-${heading}-${name}`, lang === 'en' ? 'desk' : 'phone');
      }
    };
    await lookAtTabs('/gifts', 'gifts', ['report', 'catalogue', 'policy', 'wallets']);
    await lookAtTabs('/prizes', 'prizes', ['won', 'budgets']);
    await lookAtTabs('/moderation', 'moderation', ['words', 'corrections', 'reports', 'sanctions']);

    await go('/webhooks', 'webhook-new');
    await look('console-webhooks', lang === 'en' ? 'desk' : 'phone');
    await go('/stores', 'store-row');
    await look('console-stores');
    await go('/staff', 'staff-row');
    await look('console-staff');
  });
}

async function walkReplay(lang: Lang): Promise<void> {
  await walk('replay', { zh: playerZh, en: playerEn }, lang, async ({ page }, { look }) => {
    await page.goto(`${product.origin}/r/${programme.roomId}/replay`);
    await page.getByTestId('replay-marker').last().click();
    await page.getByTestId('replay-chat-line').last().waitFor();
    await page.waitForFunction(() => {
      const video = document.querySelector<HTMLVideoElement>('[data-testid="replay-video"]');
      return video !== null && video.readyState > 2 && !video.seeking && video.currentTime > 0;
    });
    await look('player-replay');
  });
}

test('every screen, in both languages, on a phone, a tablet and a desk', { timeout: 1_800_000 }, async () => {
  await programme.explain(0, '这一季的核桃是哪里的？');
  await Promise.all([walkPlayer('zh-CN', '13700000011', '阿朵'), walkPlayer('en', '13700000012', 'Grace')]);
  await programme.explain(1, '一箱够喝两周');
  // Their orders came through a guide's link: headquarters has inviters, orders and reasons to look at.
  await Promise.all(LANGS.flatMap((lang) => [walkStudio(lang), walkConsole(lang)]));
  await programme.end();
  await Promise.all(LANGS.map(walkReplay));
  expect(findings.sort().join('\n')).toBe('');
});
