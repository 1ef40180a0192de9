/**
 * Headquarters keeps the catalogue and sees what a mall brings; a guide announces offers with stairs and a gift and opens a
 * bundle in the live; a buyer sees them. Every screen of it is looked at, in both languages, on a phone and on a desk.
 */
import { expect, test } from 'vitest';
import { MALL_KEY, MALL_SECRET, type MallStandIn, startMallStandIn } from '../../api/src/testing/mall-stand-in.ts';
import { en as studioEn } from '../../broadcaster/src/i18n/en.ts';
import { zh as studioZh } from '../../broadcaster/src/i18n/zh.ts';
import { en as consoleEn } from '../../console/src/i18n/messages.en.ts';
import { zh as consoleZh } from '../../console/src/i18n/messages.zh.ts';
import { en as playerEn } from '../../player/src/i18n/en.ts';
import { zh as playerZh } from '../../player/src/i18n/zh.ts';
import { drillSet } from '../kit/drill-set.ts';
import { type Person, signInToConsole } from '../kit/people.ts';
import { type Lang, resize } from '../kit/screens.ts';

const STEP_TIMEOUT_MS = 60_000;
const NUTS = '临安山核桃';
const TASTE = '核桃仁试吃';
const GUIDES = { 'zh-CN': 'hangzhou-guide', en: 'hangzhou-guide-2' } as const;
const texts = {
  player: { zh: playerZh, en: playerEn },
  console: { zh: consoleZh, en: consoleEn },
  studio: { zh: studioZh, en: studioEn },
};

let mall: MallStandIn;
const drill = drillSet({
  folder: 'catalogue',
  texts,
  stepTimeoutMs: STEP_TIMEOUT_MS,
  async begin() {
    mall = await startMallStandIn();
    return {
      apiEnv: {
        ...{ MALL_URL: mall.url, MALL_KEY_ID: MALL_KEY, MALL_SECRET, MALL_STOCK: 'ours', MALL_ALLOW_PRIVATE: '1' },
      },
    };
  },
  end: async () => mall?.close(),
});
const { person, findings, good, staffToken } = drill;

/** On the air, in whatever language the guide reads. */
async function goLive({ page }: Person, lang: Lang, title: string): Promise<string> {
  const words = lang === 'en' ? studioEn : studioZh;
  await page.goto(`${drill.product.origin}/studio/`);
  await page.locator('input[autocomplete="username"]').fill(GUIDES[lang]);
  await page.locator('input[autocomplete="current-password"]').fill(drill.product.demoPassword);
  await page.locator('button[type="submit"]').click();
  await page.getByRole('navigation').waitFor();
  await page.goto(`${drill.product.origin}/studio/go`);
  await page.locator('.st-start:enabled').waitFor();
  await page.getByLabel(words['prepare.roomTitle']).fill(title);
  await page.locator('.st-start').click();
  await page.waitForURL(/\/studio\/rooms\/[\w-]+\/live$/);
  await page.getByRole('timer').first().waitFor();
  return new URL(page.url()).pathname.split('/')[3] ?? '';
}

/** A product that one chooses by taste and weight, in stock at headquarters. */
async function makeNuts(admin: string) {
  const { items } = await good(admin, 'GET', '/products?limit=50&status=on_sale');
  const values = ['原味', '奶香'].flatMap((taste) => ['250g', '500g'].map((weight) => [taste, weight]));
  const nuts = await good(admin, 'POST', '/products', {
    ...{ title: NUTS, subtitle: '今年新采，手剥不费力', description: '产自临安岭下，炒制当天装袋。', role: 'main' },
    ...{ pictures: items.slice(0, 3).map(({ pictureUrl }: { pictureUrl: string }) => pictureUrl), code: 'LA-NUTS' },
    options: [
      { name: '口味', values: ['原味', '奶香'] },
      { name: '净含量', values: ['250g', '500g'] },
    ],
    skus: values.map(([taste, weight], n) => ({
      ...{ name: `${taste} ${weight}`, optionValues: [taste, weight], code: `LA-NUTS-${n}` },
      ...{ priceFen: weight === '500g' ? 7_900 : 4_200, floorPriceFen: weight === '500g' ? 6_000 : 3_200 },
    })),
  });
  const hq = (await good(admin, 'GET', '/me')).staff.orgUnit;
  // What has a floor a store cannot give away.
  const taste = await good(admin, 'POST', '/products', {
    ...{ title: TASTE, subtitle: '', description: '', role: 'gift', pictures: [items[4].pictureUrl] },
    skus: [{ name: '30g 试吃装', priceFen: 500 }],
  });
  for (const { id } of [...nuts.skus, ...taste.skus])
    await good(admin, 'POST', `/skus/${id}/stock`, { orgUnitId: hq.id, delta: 120, reason: '首批到货' });
  return { nuts, others: items };
}

test('the catalogue, its offers and its mall, seen by everybody', { timeout: 900_000 }, async () => {
  const { origin, demoPassword } = drill.product;
  const admin = await staffToken('hq-admin');
  const { nuts, others } = await makeNuts(admin);
  const png = Buffer.from(await (await fetch(origin + others[0].pictureUrl)).arrayBuffer());
  const bad = mall.picture('/a.svg', png, 'image/svg+xml');
  const inMall = { pictures: [bad], status: 'on_sale', skus: [{ code: 'SC-1-1', name: '一袋', priceFen: 3_900 }] };
  mall.put({ code: 'SC-1', title: '商城里的核桃糕', ...inMall });
  mall.put({ code: 'SC-2', title: '健脑核桃', ...inMall, skus: [{ code: 'SC-2-1', name: '一盒', priceFen: 9_900 }] });
  for (const lane of ['products', 'stock', 'orders']) await good(admin, 'POST', '/mall/sync', { lane });

  for (const lang of ['zh-CN', 'en'] as const) {
    const hq = await person(lang, 'console');
    await resize(hq.page, 'desk');
    await signInToConsole(hq, origin, 'hq-admin', demoPassword);
    await hq.page.goto(`${origin}/console/catalogue?q=${encodeURIComponent(NUTS)}`);
    await hq.page.getByTestId('product-card').first().waitFor();
    await hq.look('catalogue-products');
    await resize(hq.page, 'desk');
    await hq.page.getByTestId('product-card').first().getByRole('button').first().click();
    await hq.page.getByTestId('product-title').waitFor();
    await hq.look('catalogue-product');
    await hq.page.goto(`${origin}/console/catalogue?tab=stock&q=${encodeURIComponent(NUTS)}`);
    await hq.page.getByTestId('stock-row').first().waitFor();
    await hq.look('catalogue-stock');
    await hq.page.getByTestId('stock-adjust').first().click();
    await hq.page.getByTestId('stock-way').locator('label').nth(1).click();
    await hq.page.getByTestId('stock-counted').fill(lang === 'en' ? '117' : '118');
    await hq.page.getByTestId('stock-reason').fill('月底盘点');
    await hq.look('catalogue-count');
    await hq.page.getByTestId('stock-submit').click();
    await hq.page.getByTestId('stock-submit').waitFor({ state: 'detached' });
    await hq.page.getByTestId('stock-history').first().click();
    await hq.page.getByTestId('stock-movement').first().waitFor();
    await hq.look('catalogue-history');
    await hq.page.goto(`${origin}/console/catalogue?tab=mall`);
    await hq.page.getByTestId('mall-issue').first().waitFor();
    await hq.look('catalogue-mall');
    await hq.context.close();

    const guide = await person(lang, 'studio');
    const roomId = await goLive(guide, lang, lang === 'en' ? 'Walnut night' : '核桃之夜');
    const token = await staffToken(GUIDES[lang]);
    const more = others.slice(0, 3).map(({ id }: { id: string }) => id);
    await good(token, 'PUT', `/rooms/${roomId}/bag`, { productIds: [nuts.id, ...more] });
    // A guide holds a phone; on a desk the bag is another form of the page.
    await resize(guide.page, 'phone');
    await guide.page
      .getByRole('button', { name: texts.studio[lang === 'en' ? 'en' : 'zh']['live.bag'] })
      .first()
      .click();
    await guide.page.locator('.st-bag .st-card').nth(3).waitFor();
    await good(token, 'POST', `/rooms/${roomId}/pin`, { productId: nuts.id });
    const card = guide.page.locator('.st-card', { hasText: NUTS });
    await card.getByRole('button').nth(1).click();
    await guide.page.getByTestId('stair-add').waitFor();
    await guide.page.locator('.st-input-price').fill('39');
    await guide.page.getByTestId('stair-add').click();
    const stair = guide.page.getByTestId('stair').locator('input');
    await stair.nth(0).fill('2');
    await stair.nth(1).fill('31');
    await guide.page.getByTestId('gift-add').click();
    const gift = guide.page.getByTestId('gift');
    const choice = gift.locator('option', { hasText: TASTE });
    await choice.waitFor({ state: 'attached' });
    await gift.locator('select').selectOption(await choice.getAttribute('value'));
    await gift.locator('input').nth(1).fill('30');
    await guide.page.getByTestId('offer-open').click();
    // Its last step is below the floor of headquarters.
    await guide.page.getByRole('alert').filter({ hasText: '32' }).waitFor();
    await guide.look('studio-offer', 'phone');
    await stair.nth(1).fill('35');
    await guide.page.getByTestId('offer-open').click();
    await guide.page.getByTestId('running-offer').first().waitFor();

    await guide.page.getByTestId('bundle-new').click();
    const plus = guide.page.getByTestId('bundle-form').locator('.wl-stepper button:last-of-type');
    await plus.nth(4).click();
    await plus.nth(5).click();
    await guide.page.getByTestId('bundle-form').locator('input[maxlength="40"]').fill('早餐组合');
    await guide.page.getByTestId('bundle-form').locator('.st-input-price').fill('10');
    await guide.look('studio-bundle', 'phone');
    await guide.page.getByTestId('bundle-open').click();
    await guide.page.getByRole('alert').filter({ hasText: '57.4' }).waitFor();
    await guide.page.getByTestId('bundle-form').locator('.st-input-price').fill('60');
    await guide.page.getByTestId('bundle-open').click();
    await guide.page.getByTestId('running-bundle').waitFor();
    await guide.page.getByTestId('running-bundle').scrollIntoViewIfNeeded();
    await guide.look('studio-bag', 'phone');

    const buyer = await person(lang, 'player');
    await buyer.page.goto(`${origin}/r/${roomId}`);
    await buyer.page.getByTestId('pinned-card').getByText(NUTS).first().click();
    await buyer.page.getByTestId('offer-gift').first().waitFor();
    await buyer.look('player-product');
    await guide.look('studio-bag-desk', 'desk');
    await buyer.context.close();
    await guide.context.close();
  }
  expect(findings).toEqual([]);
});
