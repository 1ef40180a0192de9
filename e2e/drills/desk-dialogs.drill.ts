/**
 * What staff are shown before something ends: a refund of all that is left while a case is open, an invoice that is voided and
 * issued anew, news of an order that could not be told, a coupon that is stopped. Each in Chinese and in English.
 */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { en as consoleEn } from '../../console/src/i18n/messages.en.ts';
import { zh as consoleZh } from '../../console/src/i18n/messages.zh.ts';
import { afterSaleI18n } from '../../console/src/pages/after-sales/messages.ts';
import { campaignI18n } from '../../console/src/pages/campaigns/messages.ts';
import { deliveryI18n } from '../../console/src/pages/orders/delivery-messages.ts';
import { withDatabase } from '../kit/audit.ts';
import { drillSet } from '../kit/drill-set.ts';
import { homeAddress, signInToConsole } from '../kit/people.ts';

const more = [afterSaleI18n.messages, campaignI18n.messages, deliveryI18n.messages];
const drill = drillSet({
  folder: 'desk-dialogs',
  atDesk: ['console'],
  texts: {
    console: {
      zh: Object.assign({}, consoleZh, ...more.map(({ zh }) => zh)),
      en: Object.assign({}, consoleEn, ...more.map(({ en }) => en)),
    },
  },
});
const { person, people, findings, good, staffToken, buyerToken } = drill;

/** Fills what asks for a reason; the dialog that came last is the one in front. */
const giveReason = (page: Page, testId: string, text: string) => page.getByTestId(testId).last().fill(text);

test('what is said before something ends', { timeout: 300_000 }, async () => {
  const { origin, demoPassword, databaseUrl } = drill.product;
  const [manager, guide, buyer] = await Promise.all([
    staffToken('hangzhou-manager'),
    staffToken('hangzhou-guide'),
    buyerToken('13900000071', '安然'),
  ]);
  const { orgUnit } = (await good(manager, 'GET', '/me')).staff;
  const goods = (await good(manager, 'GET', '/products?limit=50')).items[0];
  const room = await good(guide, 'POST', '/rooms', { title: '核桃专场', productIds: [goods.id] });
  await good(guide, 'POST', `/rooms/${room.id}/start`, {});
  const order = await good(buyer, 'POST', '/orders', {
    ...{ roomId: room.id, address: homeAddress },
    lines: [{ skuId: goods.skus[0].id, quantity: 2, seenPriceFen: goods.skus[0].priceFen }],
  });
  const { paymentId } = await good(buyer, 'POST', `/orders/${order.id}/pay`, { provider: 'sandbox' });
  await good(buyer, 'POST', `/payments/sandbox/${paymentId}/settle`, { outcome: 'captured' });
  await expect
    .poll(async () => (await good(buyer, 'GET', `/orders/${order.id}`)).state, { timeout: 60_000 })
    .toBe('paid');
  const title = { kind: 'personal', title: '安然', email: 'anna@example.com' };
  const invoice = await good(buyer, 'POST', `/orders/${order.id}/invoice`, title);
  await good(manager, 'POST', `/invoices/${invoice.id}/issue`, { number: '25332000000012345678' });
  const [item] = order.items;
  await good(buyer, 'POST', `/orders/${order.id}/after-sales`, {
    ...{ kind: 'refund_only', reason: 'other', note: '少发一件' },
    items: [{ itemId: item.id, quantity: 1 }],
  });
  const coupon = { orgUnitId: orgUnit.id, title: '满 20 减 5', offFen: 500, minSpendFen: 2_000, total: 10 };
  await good(manager, 'POST', '/coupon-kinds', coupon);
  await withDatabase(databaseUrl, async ({ sql }) => {
    await sql`INSERT INTO order_hooks (order_id, kind, at, attempts, set_aside_at, error)
      VALUES (${order.id}, 'paid', now(), 5, now(), 'value too long for type character varying(64)')`;
  });

  for (const lang of ['zh-CN', 'en'] as const) {
    const desk = await person(lang, 'console');
    const { page } = desk;
    await signInToConsole(desk, origin, 'hangzhou-manager', demoPassword);
    await page.goto(`${origin}/console/campaigns?tab=outbox&state=dead`);
    await page.getByTestId('order-note').first().waitFor();
    await desk.look('console-order-notes');
    await page.setViewportSize({ width: 1_440, height: 900 });
    await page.goto(`${origin}/console/coupons`);
    await page.getByTestId('coupon-row').first().waitFor();
    await page.getByTestId('coupon-stop').first().click();
    await giveReason(page, 'reason', lang === 'en' ? 'sold out' : '卖完了');
    await desk.look('console-reason');
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 1_440, height: 900 });
    await page.goto(`${origin}/console/orders`);
    await page.getByTestId('invoices-open').click();
    await page.getByTestId('invoice-void').first().click();
    await giveReason(page, 'invoice-reason', lang === 'en' ? 'wrong title' : '抬头开错');
    await desk.look('console-invoice-void');
    await page.setViewportSize({ width: 1_440, height: 900 });
    await page.goto(`${origin}/console/orders/${order.id}`);
    await page.getByTestId('refund-open').click();
    await page.getByTestId('refund-cases').waitFor();
    await desk.look('console-refund-all');
  }
  expect(people.flatMap(({ faults }) => faults)).toEqual([]);
  expect(findings.join('\n')).toBe('');
});
