/**
 * Paying in a real browser: the cashier with WeChat Pay's counterpart and the sandbox, a code that is scanned and never told,
 * a payment whose callback comes twice, and what finance sees of it. Each screen is looked at in Chinese and in English.
 */
import { randomUUID } from 'node:crypto';
import { createRoom, listProducts, putBag, startRoom } from '@walnut-live/contracts';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWechatPay, type WechatPayCounterpart } from '../../api/src/testing/wechat-pay.ts';
import { paymentI18n } from '../../console/src/pages/payments/messages.ts';
import { cashierI18n } from '../../player/src/cashier/messages.ts';
import { auditBooks, withDatabase } from '../kit/audit.ts';
import { launchChromium } from '../kit/chromium.ts';
import { staffMember } from '../kit/online-person.ts';
import { fillSignIn, homeAddress, newPerson, signInToConsole } from '../kit/people.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';
import { type Lang, resize, teachAudit, watchScreens } from '../kit/screens.ts';

const FOLDER = 'payments';
let wechat: WechatPayCounterpart;
let product: TestProduct;
let browser: Browser;
const findings: string[] = [];

beforeAll(async () => {
  wechat = await startWechatPay();
  const apiEnv = {
    WECHAT_PAY_MCH_ID: wechat.merchantId,
    WECHAT_PAY_APP_ID: wechat.appId,
    WECHAT_PAY_CERT_SERIAL: wechat.serial,
    WECHAT_PAY_PRIVATE_KEY: wechat.privateKeyPem,
    WECHAT_PAY_API_V3_KEY: wechat.apiV3Key,
    WECHAT_PAY_PUBLIC_KEY_ID: wechat.publicKey.id,
    WECHAT_PAY_PUBLIC_KEY: wechat.publicKey.pem,
    WECHAT_PAY_API_URL: wechat.origin,
  };
  [product, browser] = await Promise.all([startTestProduct({ apiEnv }), launchChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await product?.[Symbol.asyncDispose]();
  await wechat?.close();
});

async function meet(lang: Lang, app: { zh: object; en: object }) {
  const person = await newPerson(browser, { folder: FOLDER, locale: lang === 'en' ? 'en-US' : 'zh-CN' });
  await teachAudit(person.context);
  person.page.setDefaultTimeout(60_000);
  const texts = app as { zh: Record<string, string>; en: Record<string, string> };
  return { person, page: person.page, ...watchScreens({ page: person.page, lang, app: texts, findings }) };
}

async function openRoom(): Promise<string> {
  const guide = await staffMember(product.origin, 'hangzhou-guide', product.demoPassword);
  const room = await guide.call(createRoom, { body: { title: '晚间好物专场' } });
  const { items } = await guide.call(listProducts, { query: { limit: 3 } });
  await guide.call(putBag, { params: { id: room.id }, body: { productIds: items.map(({ id }) => id) } });
  await guide.call(startRoom, { params: { id: room.id }, body: {} });
  return room.id;
}

/** Differences of a bill, as a run would have found them: the day of today is not over. */
const plantBill = (): Promise<void> =>
  withDatabase(product.databaseUrl, async ({ sql }) => {
    const now = new Date();
    const [payment] = await sql<{ id: string; fen: bigint }>`
      SELECT id, amount_fen AS fen FROM payments WHERE provider = 'wechat' AND state = 'captured' LIMIT 1`;
    await sql`INSERT INTO reconciliation_runs (id, provider, day, state, payments, payments_fen, refunds, refunds_fen, started_at, finished_at)
      VALUES (${randomUUID()}, 'wechat', '2026-01-05', 'done', 128, 1264300, 3, 21700, ${now}, ${now}),
        (${randomUUID()}, 'sandbox', '2026-01-05', 'done', 12, 98800, 0, 0, ${now}, ${now})`;
    const no = 'f'.repeat(32);
    await sql`INSERT INTO reconciliation_differences (id, provider, day, subject, number, kind, payment_id, our_fen, their_fen,
        our_state, their_state, state, found_at)
      VALUES (${randomUUID()}, 'wechat', '2026-01-05', 'payment', ${no}, 'missing_here', NULL, NULL, 4200, NULL, 'captured', 'open', ${now}),
        (${randomUUID()}, 'wechat', '2026-01-05', 'payment', ${payment?.id.replaceAll('-', '') ?? ''}, 'amount_differs',
          ${payment?.id ?? null}, ${payment?.fen ?? 0n}, ${(payment?.fen ?? 0n) + 1n}, 'captured', 'captured', 'open', ${now})`;
  });

test('a cashier with several ways, and what finance sees of it', { timeout: 400_000 }, async () => {
  const roomId = await openRoom();
  for (const [n, lang] of (['zh-CN', 'en'] as const).entries()) {
    const { person, page, look } = await meet(lang, cashierI18n.messages);
    const order = async (isFirst: boolean): Promise<void> => {
      await page.goto(`${product.origin}/r/${roomId}`);
      const bag = page.getByTestId('bag-item').first();
      await page.getByTestId('bag').waitFor();
      if (!(await bag.isVisible())) await page.getByTestId('bag').click();
      await bag.getByRole('button').first().click();
      await page.getByTestId('product-buy').click();
      if (isFirst) {
        await fillSignIn(person, `1380000003${n}`, '周宁');
        for (const [field, value] of Object.entries(homeAddress))
          await page.getByTestId(`address-${field}`).fill(value);
      }
      await page.getByTestId('place-order').click();
      await page.locator('[data-testid="pay"]:enabled').waitFor();
    };
    await order(true);
    await look('pay-ways');
    await page.getByTestId('pay').click();
    await page.getByTestId('pay-code').waitFor();
    await look('pay-code');
    // Paid on the other phone, and nobody tells: the server finds out by asking.
    const [tradeNo] = [...wechat.trades].find(([, { state }]) => state === 'NOTPAY') ?? [];
    wechat.pay(tradeNo ?? '');
    await page.locator('[data-testid="order-state"][data-state="paid"]').waitFor();

    await order(false);
    await page.getByTestId('way-sandbox').click();
    await page.locator('.pl-callbacks summary').click();
    await page.getByTestId('callback-twice').click();
    await look('pay-sandbox');
    await page.getByTestId('pay').click();
    await page.locator('[data-testid="order-state"][data-state="paid"]').waitFor();
    expect(person.faults).toEqual([]);
    await person.context.close();
  }

  await plantBill();
  for (const lang of ['zh-CN', 'en'] as const) {
    const { person, page, look } = await meet(lang, paymentI18n.messages);
    await resize(page, 'desk');
    await signInToConsole(person, product.origin, 'hq-finance', product.demoPassword);
    await page.goto(`${product.origin}/console/payments`);
    await page.getByTestId('payment-row').first().waitFor();
    await look('console-payments');
    await page.getByTestId('payment-open').last().click();
    await page.getByTestId('payment-detail').waitFor();
    await page.getByTestId('payment-ask').click();
    await look('console-payment');
    await page.goto(`${product.origin}/console/payments?tab=runs`);
    await page.getByTestId('run-row').first().waitFor();
    await look('console-bills');
    await page.goto(`${product.origin}/console/payments?tab=differences`);
    await page.getByTestId('difference-row').first().waitFor();
    await look('console-differences');
    if (lang === 'en') {
      await page.getByTestId('difference-resolve').first().click();
      await page.getByTestId('resolve-reason').fill('Put right by the merchant platform');
      await look('console-resolve');
      await page.getByTestId('resolve-submit').click();
      await expect.poll(() => page.getByTestId('difference-row').count()).toBe(1);
    }
    expect(person.faults).toEqual([]);
    await person.context.close();
  }
  expect(findings).toEqual([]);
  expect(await auditBooks(product.databaseUrl)).toEqual([]);
});
