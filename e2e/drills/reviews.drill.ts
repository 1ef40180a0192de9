/**
 * Two coupons that go together are taken by a checkout; what was bought is reviewed with a picture, staff approve it in the console,
 * and the buyer claims the prize and pays its postage alone. The screens are looked at on the way, in both languages.
 */
import { expect, test } from 'vitest';
import { en as consoleEn } from '../../console/src/i18n/messages.en.ts';
import { zh as consoleZh } from '../../console/src/i18n/messages.zh.ts';
import { en as playerEn } from '../../player/src/i18n/en.ts';
import { zh as playerZh } from '../../player/src/i18n/zh.ts';
import { auditBooks } from '../kit/audit.ts';
import { drillSet } from '../kit/drill-set.ts';
import {
  goLive,
  orderPinned,
  payInSandbox,
  pinProduct,
  signInToChat,
  signInToConsole,
  signInToStudio,
} from '../kit/people.ts';
import type { Lang } from '../kit/screens.ts';

const CAKES = '核桃酥点心盒';
const PHONE = { 'zh-CN': '13900000031', en: '13900000032' } as const;

const drill = drillSet({
  folder: 'reviews',
  texts: { player: { zh: playerZh, en: playerEn }, console: { zh: consoleZh, en: consoleEn } },
  atDesk: ['console'],
});
const { person, people, findings, good, staffToken, buyerToken } = drill;

test('coupons together, a review and its prize', { timeout: 480_000 }, async () => {
  const { origin, demoPassword } = drill.product;
  const manager = await staffToken('hangzhou-manager');
  const { orgUnit } = (await good(manager, 'GET', '/me')).staff;
  const goods = (await good(manager, 'GET', `/products?limit=50&search=${encodeURIComponent(CAKES)}`)).items[0];
  const kind = async (title: string, offFen: number, stackGroup?: string) =>
    (
      await good(manager, 'POST', '/coupon-kinds', {
        ...{ orgUnitId: orgUnit.id, title, offFen, minSpendFen: 1_000, total: 10 },
        ...(stackGroup ? { stacking: 'with_others', stackGroup } : {}),
      })
    ).id;
  const kinds = [
    await kind('店铺减 2', 200, 'store'),
    await kind('会员减 1', 100, 'member'),
    await kind('单用减 2.5', 250),
  ];
  await good(manager, 'POST', '/review-campaigns', {
    ...{ orgUnitId: orgUnit.id, skuId: goods.skus[0].id, title: '晒单送一盒', total: 20, days: 30 },
  });

  const guide = await person('zh-CN', 'player');
  await signInToStudio(guide, origin, 'hangzhou-guide', demoPassword);
  const roomId = await goLive(guide, '核桃晒单夜');
  await pinProduct(guide, CAKES);

  for (const [lang, name] of [
    ['zh-CN', '安然'],
    ['en', '贝贝'],
  ] as const satisfies readonly (readonly [Lang, string])[]) {
    const token = await buyerToken(PHONE[lang], name);
    const me = await good(token, 'GET', '/me');
    for (const id of kinds)
      await good(manager, 'POST', `/coupon-kinds/${id}/give`, { personId: me.id, reason: '演练' });
    const buyer = await person(lang, 'player');
    const { page } = buyer;
    await page.goto(`${origin}/r/${roomId}`);
    await signInToChat(buyer, PHONE[lang], name);
    await page.getByTestId('buy').click();
    await page.getByTestId('discount').filter({ hasText: '3.00' }).waitFor();
    await page.getByTestId('coupon-open').click();
    await page.getByTestId('coupon-none').waitFor();
    await buyer.look('checkout-coupons');
    await page
      .getByRole('button', { name: lang === 'en' ? 'Close' : '关闭' })
      .first()
      .click();
    await orderPinned(buyer, { phone: PHONE[lang], name });
    await payInSandbox(buyer);
    const order = (await good(token, 'GET', '/orders?limit=1')).items[0];
    expect(order.coupons).toHaveLength(2);
    await good(manager, 'POST', `/orders/${order.id}/ship`, { trackingNo: 'SF0001' });
    await good(token, 'POST', `/orders/${order.id}/receive`, {});

    await page.goto(`${origin}/orders/${order.id}`);
    await page.getByTestId('review-write').click();
    await page.getByTestId('stars-4').check({ force: true });
    await page.getByTestId('review-text').fill('酥、不太甜，老人也爱吃');
    await page.getByTestId('evidence-input').setInputFiles('docs/images/walnut-live.png');
    await page.locator('.as-pictures img').waitFor();
    await page.getByTestId('review-text').scrollIntoViewIfNeeded();
    await buyer.look('review-form');
    await page.getByTestId('review-submit').click();
    await page.locator('[data-testid="review"][data-state="pending"]').waitFor();

    const desk = await person(lang, 'console');
    await signInToConsole(desk, origin, 'hangzhou-manager', demoPassword);
    await desk.page.goto(`${origin}/console/reviews`);
    await desk.page.getByTestId('review-row').first().waitFor();
    await desk.look('console-reviews');
    await desk.page.getByTestId('review-approve').first().click();
    await desk.page.getByTestId('review-approve').waitFor({ state: 'detached' });
    await desk.page.goto(`${origin}/console/reviews?show=campaigns`);
    await desk.page.getByTestId('prize-row').first().waitFor();
    await desk.look('console-prizes');
    await desk.page.getByTestId('prize-new').click();
    await desk.page.getByTestId('prize-title').waitFor();
    await desk.look('console-new-prize');
    await desk.page.goto(`${origin}/console/coupons`);
    await desk.page.getByTestId('coupon-new').click();
    await desk.page.getByTestId('coupon-title').waitFor();
    await desk.look('console-new-coupon');

    await page.reload();
    await page.getByTestId('prize-claim').click();
    await page
      .getByTestId('prize-pay')
      .filter({ hasText: /8\.00|¥/ })
      .scrollIntoViewIfNeeded();
    await buyer.look('claim-prize');
    await page.getByTestId('prize-pay').click();
    await payInSandbox(buyer);
    await page.goto(`${origin}/orders/${order.id}`);
    await page.getByTestId('review-entry').waitFor();
    await buyer.look('review-done', 'phone');
    const prize = (await good(token, 'GET', '/orders?limit=1')).items[0];
    expect(prize.totalFen).toBe(prize.shippingFen);
    expect(prize.state).toBe('paid');
  }
  expect(await auditBooks(drill.product.databaseUrl)).toEqual([]);
  const faults = people.flatMap((one) => one.faults).filter((fault) => !/404 .*\/hls\//.test(fault));
  expect([...findings, ...faults]).toEqual([]);
});
