/**
 * From the cart to the door in a real browser: goods put aside in a room, ordered from the cart to an address out of the book with
 * the fee that was quoted, shipped in bulk after a dry run, received; another order fetched from the store by its code. Each
 * screen is looked at in Chinese and in English.
 */
import {
  createRoom,
  listOrgUnits,
  listProducts,
  putBag,
  putShippingRule,
  type ShippingTerms,
  startRoom,
} from '@walnut-live/contracts';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deliveryI18n as consoleTexts } from '../../console/src/pages/orders/delivery-messages.ts';
import { shippingI18n } from '../../console/src/pages/shipping/messages.ts';
import { deliveryI18n } from '../../player/src/delivery/messages.ts';
import { auditBooks } from '../kit/audit.ts';
import { launchChromium } from '../kit/chromium.ts';
import { staffMember } from '../kit/online-person.ts';
import { fillSignIn, newPerson, signInToConsole } from '../kit/people.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';
import { type Lang, resize, teachAudit, watchScreens } from '../kit/screens.ts';

const FOLDER = 'delivery';
const terms: ShippingTerms = {
  zones: [{ name: '偏远', provinces: ['650000'], fee: { by: 'flat', feeFen: 1_800, freeFromFen: null } }],
  excluded: ['710000'],
  other: { by: 'flat', feeFen: 600, freeFromFen: 9_900 },
  pickup: true,
};
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

async function meet(lang: Lang, app: { zh: object; en: object }) {
  const person = await newPerson(browser, { folder: FOLDER, locale: lang === 'en' ? 'en-US' : 'zh-CN' });
  await teachAudit(person.context);
  person.page.setDefaultTimeout(60_000);
  const texts = app as { zh: Record<string, string>; en: Record<string, string> };
  return { person, page: person.page, ...watchScreens({ page: person.page, lang, app: texts, findings }) };
}

async function openRoom(): Promise<string> {
  const admin = await staffMember(product.origin, 'hq-admin', product.demoPassword);
  const store = (await admin.call(listOrgUnits, {})).items.find(({ path }) => path === 'hq.east.hangzhou');
  await admin.call(putShippingRule, {
    params: { orgUnitId: store?.id ?? '' },
    body: { terms, version: 0, reason: '开通自提' },
  });
  const guide = await staffMember(product.origin, 'hangzhou-guide', product.demoPassword);
  const room = await guide.call(createRoom, { body: { title: '晚间好物专场' } });
  const { items } = await guide.call(listProducts, { query: { limit: 3 } });
  await guide.call(putBag, { params: { id: room.id }, body: { productIds: items.map(({ id }) => id) } });
  await guide.call(startRoom, { params: { id: room.id }, body: {} });
  return room.id;
}

test('from the cart to the door, and to the counter', { timeout: 600_000 }, async () => {
  const roomId = await openRoom();
  for (const [n, lang] of (['zh-CN', 'en'] as const).entries()) {
    const { person, page, look } = await meet(lang, deliveryI18n.messages);
    await page.goto(`${product.origin}/r/${roomId}`);
    const openProduct = async (): Promise<void> => {
      await page.getByTestId('bag').waitFor();
      const bag = page.getByTestId('bag-item').first();
      if (!(await bag.isVisible())) await page.getByTestId('bag').click();
      await bag.getByRole('button').first().click();
      await page.getByTestId('add-to-cart').waitFor();
    };
    await openProduct();
    await page.getByTestId('add-to-cart').click();
    await page.getByText(deliveryI18n.translate(lang, 'cart.added')).waitFor();
    await page.goto(`${product.origin}/cart`);
    await page.getByTestId('cart-line').waitFor();
    await look('cart');
    await page.getByTestId('cart-checkout').click();
    await fillSignIn(person, `1380000004${n}`, '周宁');
    await page.getByTestId('open-book').click();
    await page.getByTestId('book-add').click();
    for (const [field, value] of [
      ['recipient', '周宁'],
      ['phone', `1380000004${n}`],
      ['street', '山核桃路 8 号'],
    ])
      await page.getByTestId(`book-${field}`).fill(value ?? '');
    await page.getByTestId('region-2').selectOption('33');
    await page.getByTestId('region-4').selectOption('3301');
    await page.getByTestId('region-6').selectOption('330112');
    await look('address-form');
    await page.getByTestId('book-save').click();
    await page.getByTestId('book-choose').waitFor();
    await look('address-book');
    await page.getByTestId('book-choose').click();
    await expect.poll(() => page.getByTestId('cart-shipping').innerText()).toMatch(/[¥￥]|免|Free/);
    await look('cart-checkout');
    await page.getByTestId('cart-place').click();
    await page.getByTestId('pay').click();
    await page.locator('[data-testid="order-state"][data-state="paid"]').waitFor();
    await page.goto(`${product.origin}/orders`);
    await page.locator('a[href*="/orders/"]').first().click();
    await page.getByTestId('invoice-ask').waitFor();
    const parcelOrder = page.url();
    await look('order-paid');
    await page.getByTestId('invoice-ask').click();
    await page.getByTestId('invoice-title').waitFor();
    await look('invoice-form');
    await page.getByTestId('invoice-title').fill('周宁');
    await page.getByTestId('invoice-email').fill('ning@example.com');
    await page.getByTestId('invoice-submit').click();
    await page.getByText(deliveryI18n.translate(lang, 'invoice.state.requested')).waitFor();

    await page.goto(`${product.origin}/r/${roomId}`);
    await openProduct();
    await page.getByTestId('product-buy').click();
    await page.getByTestId('way-pickup').check({ force: true });
    await look('checkout-pickup');
    await page.getByTestId('place-order').click();
    await page.getByTestId('pay').click();
    await page.getByTestId('pickup-code').waitFor();
    const code = (await page.getByTestId('pickup-code').innerText()).replaceAll(/\s/g, '');
    await look('order-pickup');

    const desk = await meet(lang, consoleTexts.messages);
    await resize(desk.page, 'desk');
    await signInToConsole(desk.person, product.origin, 'hangzhou-manager', product.demoPassword);
    await desk.page.goto(`${product.origin}/console/orders`);
    await desk.page.getByTestId('order-row').first().waitFor();
    await desk.look('console-orders');
    await page.goto(parcelOrder);
    const orderNo = (await page.locator('.pl-facts .pl-mono').first().innerText()).trim();
    await desk.page.getByTestId('bulk-open').click();
    await desk.page
      .getByTestId('bulk-text')
      .fill(`${orderNo},${lang === 'en' ? 'sf' : '顺丰'},SF10000${n}\nWL0,zto,ZT1234\n${orderNo},sf,SF2`);
    await desk.page.getByTestId('bulk-check').click();
    await desk.page.getByTestId('bulk-apply').waitFor();
    await desk.look('console-bulk');
    await desk.page.getByTestId('bulk-apply').click();
    await desk.page.locator('[data-result="sent"]').waitFor();
    await desk.page.goto(`${product.origin}/console/orders?q=${orderNo}`);
    await desk.page.getByTestId('order-row').first().getByRole('link').click();
    await desk.page.getByTestId('parcel').waitFor();
    await desk.look('console-parcel');
    await desk.page.goto(`${product.origin}/console/orders`);
    await desk.page.getByTestId('pickup-open').click();
    await desk.page.getByTestId('pickup-code').locator('input').fill(code);
    await desk.page.getByTestId('pickup-code').locator('input').press('Enter');
    await desk.page.getByTestId('pickup-redeem').waitFor();
    await desk.look('console-pickup');
    await desk.page.getByTestId('pickup-redeem').click();
    await desk.page.getByTestId('pickup-redeem').waitFor({ state: 'detached' });
    await desk.page.getByTestId('invoices-open').click();
    await desk.page.getByTestId('invoice-row').first().waitFor();
    await desk.look('console-invoices');

    const rules = await meet(lang, shippingI18n.messages);
    await resize(rules.page, 'desk');
    await signInToConsole(rules.person, product.origin, 'hq-admin', product.demoPassword);
    await rules.page.goto(`${product.origin}/console/shipping`);
    const row = rules.page.getByTestId('shipping-row').filter({ hasText: '杭州' }).first();
    await row.getByTestId('rule-edit').waitFor();
    await rules.look('console-shipping');
    await row.getByTestId('rule-edit').click();
    await rules.page.getByTestId('rule-zone').first().waitFor();
    await rules.look('console-shipping-rule');
    await rules.page.getByTestId('free-other').fill(lang === 'en' ? '98' : '97');
    await rules.page.getByTestId('rule-reason').fill('换季');
    await rules.page.getByTestId('rule-save').click();
    await rules.page.getByTestId('rule-save').waitFor({ state: 'detached' });
    await row.getByText(lang === 'en' ? '98' : '97').waitFor();

    await page.reload();
    await page.getByTestId('parcel').waitFor();
    await page.getByTestId('extend').click();
    await expect.poll(() => page.getByTestId('extend').count()).toBe(0);
    await look('order-shipped');
    await page.getByTestId('receive').click();
    await page.locator('[data-testid="order-state"][data-state="received"]').waitFor();
    expect([...person.faults, ...desk.person.faults, ...rules.person.faults]).toEqual([]);
    await person.context.close();
    await desk.person.context.close();
    await rules.person.context.close();
  }
  expect(findings).toEqual([]);
  expect(await auditBooks(product.databaseUrl)).toEqual([]);
});
