/**
 * Members in real browsers: headquarters set levels and an exchange, a customer buys, receives, sees the level and the points,
 * exchanges them for a gift, shows its code, and a guide takes it at the counter. Tags, proposals and the discount ratio are
 * looked at in the console, in both languages.
 */
import { expect, test } from 'vitest';
import { en as consoleEn } from '../../console/src/i18n/messages.en.ts';
import { zh as consoleZh } from '../../console/src/i18n/messages.zh.ts';
import { en as playerEn } from '../../player/src/i18n/en.ts';
import { zh as playerZh } from '../../player/src/i18n/zh.ts';
import { auditBooks } from '../kit/audit.ts';
import { drillSet } from '../kit/drill-set.ts';
import { fillSignIn, homeAddress, signInToConsole } from '../kit/people.ts';

const PATIENCE_MS = 60_000;

const texts = { player: { zh: playerZh, en: playerEn }, console: { zh: consoleZh, en: consoleEn } };
const drill = drillSet({
  folder: 'members',
  texts,
  atDesk: ['console'],
});
const { person, people, findings, good, staffToken } = drill;

test('levels, points, a gift at the counter, and why each tag is there', { timeout: 480_000 }, async () => {
  const { origin, demoPassword } = drill.product;
  const [hq, manager, guide] = await Promise.all(
    ['hq-operations', 'hangzhou-manager', 'hangzhou-guide'].map(staffToken),
  );
  if (!hq || !manager || !guide) throw new Error('three tokens');
  const { orgUnit } = (await good(manager, 'GET', '/me')).staff;
  const { rules } = await good(null, 'GET', '/member-rules');
  await good(hq, 'POST', '/member-rules', {
    ...{ version: rules?.version ?? 0, windowDays: 365, basePointsBps: 100, pointsValidDays: 365, reason: '会员日' },
    levels: [
      { name: '核桃芽', minSpendFen: 2_000, pointsBps: 1_000, couponKindId: null },
      { name: '核桃树', minSpendFen: 80_000, pointsBps: 1_500, couponKindId: null },
    ],
  });
  const gift = await good(hq, 'POST', '/coupon-kinds', {
    ...{ orgUnitId: orgUnit.id, title: '到店核桃仁一袋', usage: 'gift', offFen: 1_500, minSpendFen: 0, total: 50 },
  });
  await good(hq, 'POST', '/points/exchanges', { kindId: gift.id, points: 200 });

  // Two orders in a live of the store: one received, one on its way.
  const goods = (await good(manager, 'GET', '/products?limit=50')).items.find(
    (one: { skus: { priceFen: number }[] }) => (one.skus[0]?.priceFen ?? 0) >= 2_000,
  );
  const sku = goods.skus[0];
  const room = await good(guide, 'POST', '/rooms', { title: '会员日', productIds: [goods.id] });
  await good(guide, 'POST', `/rooms/${room.id}/start`, {});
  const { accessToken: buyer } = await good(null, 'POST', '/auth/sandbox', { phone: '13900000041', name: '安然' });
  for (const isReceived of [true, false]) {
    const order = await good(buyer, 'POST', '/orders', {
      ...{ roomId: room.id, address: homeAddress },
      lines: [{ skuId: sku.id, quantity: 2, seenPriceFen: sku.priceFen }],
    });
    const { paymentId } = await good(buyer, 'POST', `/orders/${order.id}/pay`, { provider: 'sandbox' });
    await good(buyer, 'POST', `/payments/sandbox/${paymentId}/settle`, { outcome: 'captured' });
    const state = async () => (await good(buyer, 'GET', `/orders/${order.id}`)).state;
    await expect.poll(state, { timeout: PATIENCE_MS }).toBe('paid');
    if (!isReceived) continue;
    await good(manager, 'POST', `/orders/${order.id}/ship`, { trackingNo: 'SF0001' });
    await good(buyer, 'POST', `/orders/${order.id}/receive`, {});
  }
  const tag = await good(hq, 'POST', '/tag-rules', {
    ...{ name: '新近下单', reason: '首单回访' },
    conditions: [{ metric: 'bought', op: 'at_least', value: 2, days: 30 }],
  });

  // The customer sees the level and the points, exchanges some, and shows the code.
  const anna = await person('zh-CN', 'player');
  await anna.page.goto(`${origin}/me`);
  await anna.page.getByTestId('sign-in').click();
  await fillSignIn(anna, '13900000041', '安然');
  const card = anna.page.getByTestId('membership');
  await card.getByText('核桃芽').first().waitFor();
  await card.scrollIntoViewIfNeeded();
  await anna.look('player-membership');
  await card.getByTestId('exchange-take').click();
  await anna.page.getByRole('alertdialog').getByRole('button', { name: '兑换', exact: true }).click();
  await anna.page.getByTestId('coupon-show').click();
  const shown = anna.page.getByTestId('coupon-code');
  await shown.locator('svg').waitFor();
  await anna.look('player-coupon-code');
  const [coupon] = (await good(buyer, 'GET', '/coupons?show=usable')).items.filter(
    (one: { code: string | null }) => one.code !== null,
  );

  // At the counter.
  const desk = await person('zh-CN', 'console');
  await signInToConsole(desk, origin, 'hangzhou-guide', demoPassword);
  await desk.page.goto(`${origin}/console/counter`);
  await desk.page.getByTestId('counter-code').fill(coupon.code);
  await desk.page.getByTestId('counter-look').click();
  await desk.page.getByTestId('counter-redeem').waitFor();
  await desk.look('console-counter');
  await desk.page.getByTestId('counter-redeem').click();
  await desk.page.getByTestId('counter-row').waitFor();
  await desk.look('console-counter-taken', 'desk');
  await shown.getByText('已核销').waitFor({ timeout: PATIENCE_MS });

  for (const lang of ['zh-CN', 'en'] as const) {
    const office = await person(lang, 'console');
    await signInToConsole(office, origin, 'hq-operations', demoPassword);
    const open = async (tab: string, row: string): Promise<void> => {
      await office.page.goto(`${origin}/console/customers?tab=${tab}`);
      await office.page.getByTestId(row).first().waitFor();
    };
    await open('levels', 'level');
    await office.look('console-levels');
    await open('tags', 'tag-rule');
    await office.look('console-tag-rules');
    await office.page.goto(`${origin}/console/customers?tab=koc`);
    await office.look('console-koc', 'desk');
    await open('discounts', 'discount-row');
    await office.look('console-discounts');
    await expect
      .poll(
        async () => {
          await office.page.goto(`${origin}/console/customers?tag=${tag.id}`);
          return office.page
            .getByTestId('customer-row')
            .first()
            .waitFor({ timeout: 5_000 })
            .then(
              () => true,
              () => false,
            );
        },
        { timeout: PATIENCE_MS },
      )
      .toBe(true);
    await office.look('console-customers');
    await office.page.getByTestId('customer-open').first().click();
    await office.page.getByTestId('tag').first().waitFor();
    await office.look('console-customer');
  }
  const english = await person('en', 'player');
  await english.page.goto(`${origin}/me`);
  await english.page.getByTestId('sign-in').click();
  await fillSignIn(english, '13900000041', '安然');
  await english.page.getByTestId('membership').scrollIntoViewIfNeeded();
  await english.look('player-membership');

  await expect.poll(() => auditBooks(drill.product.databaseUrl), { timeout: PATIENCE_MS }).toEqual([]);
  const faults = people.flatMap((one) => one.faults);
  expect([...findings, ...faults]).toEqual([]);
});
