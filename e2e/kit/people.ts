/** People in front of real browsers: what they tap, in their words. Steps wait for what a person would wait for. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { teachReading } from './picture.ts';

const ARTIFACTS = join(import.meta.dirname, '../artifacts');
const PHONE = { width: 390, height: 844 };
const STEP_TIMEOUT_MS = 45_000;

export interface Person {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong in the page behind the person's back: exceptions and refused resources of our own. */
  readonly faults: string[];
  /** Keeps a picture of the screen under e2e/artifacts/<folder>/<name>.png. */
  shot(name: string): Promise<void>;
}

export interface PersonOptions {
  folder: string;
  viewport?: { width: number; height: number };
  locale?: 'zh-CN' | 'en-US';
  /** What their browser says it is; otherwise Chromium. */
  userAgent?: string;
  /** A screen for fingers, not a mouse. */
  touch?: boolean;
}

/** A browser of their own: cookies and storage are nobody else's. */
export async function newPerson(
  browser: Browser,
  { folder, viewport = PHONE, locale = 'zh-CN', userAgent, touch = false }: PersonOptions,
): Promise<Person> {
  const context = await browser.newContext({
    viewport,
    locale,
    timezoneId: 'Asia/Shanghai',
    permissions: ['camera', 'microphone', 'clipboard-read', 'clipboard-write'],
    ...(userAgent ? { userAgent } : {}),
    ...(touch ? { hasTouch: true, isMobile: true } : {}),
  });
  await teachReading(context);
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_TIMEOUT_MS);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`${error.name}: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 40[019]/.test(message.text()))
      faults.push(`${message.text()} ${message.location().url}`);
  });
  const shots = join(ARTIFACTS, folder);
  mkdirSync(shots, { recursive: true });
  return {
    page,
    context,
    faults,
    shot: async (name) => void (await page.screenshot({ path: join(shots, `${name}.png`) })),
  };
}

// ── the guide ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Signs in to the studio; ends on "today". */
export async function signInToStudio(
  { page }: Person,
  origin: string,
  username: string,
  password: string,
): Promise<void> {
  await page.goto(`${origin}/studio/`);
  await page.getByLabel('账号', { exact: true }).fill(username);
  await page.getByLabel('密码', { exact: true }).fill(password);
  await page.getByRole('button', { name: '登录', exact: true }).click();
  await page
    .getByRole('link', { name: /^开播/ })
    .or(page.getByRole('button', { name: /^开播/ }))
    .first()
    .waitFor();
}

/**
 * Into a live of one's own with the whole catalogue in the bag; answers the room's id. Not by the large button of "today":
 * around the hour of the seed's scheduled room that leads into this one, with the bag that was prepared for it.
 */
export async function goLive(guide: Person, title: string, options: { testUplink?: boolean } = {}): Promise<string> {
  const { page } = guide;
  await page.goto(new URL('/studio/go', page.url()).href);
  await page.getByLabel('直播标题').fill(title);
  const start = page.getByRole('button', { name: '开播', exact: true });
  await start.and(page.locator(':enabled')).waitFor();
  if (options.testUplink) {
    await page.getByTestId('uplink').click();
    await page
      .locator('[data-testid="uplink"]:is([data-level="excellent"], [data-level="good"], [data-level="poor"])')
      .waitFor();
  }
  await guide.shot('guide-prejoin');
  await start.click();
  await page.waitForURL(/\/studio\/rooms\/[\w-]+\/live$/);
  await page.getByRole('timer').waitFor();
  return new URL(page.url()).pathname.split('/')[3] ?? '';
}

/** One tap pins a product of the bag. */
export async function pinProduct({ page }: Person, title: string): Promise<void> {
  await page.getByRole('button', { name: /^购物袋/ }).click();
  await page.getByRole('button', { name: `讲解 ${title}`, exact: true }).click();
  await page.getByRole('button', { name: `结束讲解 ${title}`, exact: true }).waitFor();
  await page.keyboard.press('Escape');
}

// ── consumers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Fills the sign-in sheet that came up. */
export async function fillSignIn({ page }: Person, phone: string, name: string): Promise<void> {
  await page.getByTestId('sign-in-phone').fill(phone);
  await page.getByTestId('sign-in-name').fill(name);
  await page.getByTestId('sign-in-submit').click();
}

/** A guest who wants to talk is asked who they are first, and is then back in the same field. */
export async function signInToChat(person: Person, phone: string, name: string): Promise<void> {
  await person.page.getByTestId('chat-input').click();
  await fillSignIn(person, phone, name);
  await person.page.getByTestId('sign-in-phone').waitFor({ state: 'detached' });
}

export async function say({ page }: Person, text: string): Promise<void> {
  await page.getByTestId('chat-input').fill(text);
  await page.getByTestId('chat-send').click();
}

export async function reads({ page }: Person, text: string): Promise<void> {
  await page.getByTestId('chat-line').filter({ hasText: text }).first().waitFor();
}

export const homeAddress = {
  recipient: '王小满',
  phone: '13800001111',
  province: '浙江省',
  city: '杭州市',
  district: '西湖区',
  street: '文三路 138 号 2 幢 501',
};

/** From the pinned card to a placed order: two taps, an address, one more. */
export async function orderPinned(person: Person, signIn: { phone: string; name: string }): Promise<void> {
  const { page } = person;
  await page.getByTestId('buy').click();
  const signInField = page.getByTestId('sign-in-phone');
  const address = page.getByTestId('address-recipient');
  const submit = page.getByTestId('place-order');
  const productBuy = page.getByTestId('product-buy');
  // What comes next depends on the person: known or not, one SKU or several, an address on file or none.
  for (let step = 0; step < 5; step++) {
    await signInField.or(address).or(productBuy).or(submit).first().waitFor();
    if (await signInField.isVisible()) {
      await fillSignIn(person, signIn.phone, signIn.name);
      await signInField.waitFor({ state: 'detached' });
    } else if (await productBuy.isVisible()) await productBuy.click();
    else break;
  }
  if (await address.isVisible()) {
    for (const [field, value] of Object.entries(homeAddress)) await page.getByTestId(`address-${field}`).fill(value);
  }
  await person.shot('consumer-checkout');
  await submit.click();
  await page.getByTestId('cashier').waitFor();
}

/** Pays in the sandbox and waits until the order says so. */
export async function payInSandbox(person: Person): Promise<void> {
  await person.shot('consumer-cashier');
  await person.page.getByTestId('pay').click();
  await person.page.locator('[data-testid="order-state"][data-state="paid"]').waitFor();
}

// ── headquarters ──────────────────────────────────────────────────────────────────────────────────────────────────────

export async function signInToConsole(
  { page }: Person,
  origin: string,
  username: string,
  password: string,
): Promise<void> {
  await page.goto(`${origin}/console/`);
  await page.getByTestId('sign-in-username').fill(username);
  await page.getByTestId('sign-in-password').fill(password);
  await page.getByTestId('sign-in-submit').click();
  await page.getByTestId('account-menu').waitFor();
}

export interface InviterFigures {
  visitors: number;
  newCustomers: number;
  orders: number;
  gmvFen: number;
  refundedFen: number;
  commissionFen: number;
}

/** What the table of inviters says about one, read off the screen. */
export async function readInviter({ page }: Person, origin: string, name: string): Promise<InviterFigures> {
  await page.goto(`${origin}/console/inviters`);
  const row = page.getByTestId('inviter-row').filter({ hasText: name });
  await row.waitFor();
  const cells = await row.locator('td').allInnerTexts();
  const [visitors, newCustomers, orders, gmv, refunded, commission] = cells
    .slice(-6)
    .map((text) => text.split('\n')[0] ?? '');
  return {
    visitors: Number(visitors),
    newCustomers: Number(newCustomers),
    orders: Number(orders),
    gmvFen: fenOf(gmv),
    refundedFen: fenOf(refunded),
    commissionFen: fenOf(commission),
  };
}

/** `¥1,234.50` → 123450; anything else is a fault of the screen. */
export function fenOf(text = ''): number {
  const match = /^(-|−)?¥(-)?([\d,]+)\.(\d\d)$/.exec(text.trim());
  if (!match) throw new Error(`not an amount: ${JSON.stringify(text)}`);
  const [, minus, otherMinus, yuan = '', fen = ''] = match;
  return (minus || otherMinus ? -1 : 1) * (Number(yuan.replaceAll(',', '')) * 100 + Number(fen));
}

/** Opens an inviter's page and the reason of their first order; answers the reason's verdict. */
export async function openWhy({ page }: Person, name: string): Promise<string> {
  await page.getByTestId('inviter-row').filter({ hasText: name }).getByRole('link').first().click();
  await page.getByTestId('inviter-drawer').waitFor();
  await page.getByTestId('why-toggle').first().click();
  const verdict = page.getByTestId('why-verdict').first();
  await verdict.waitFor();
  return (await verdict.textContent()) ?? '';
}
