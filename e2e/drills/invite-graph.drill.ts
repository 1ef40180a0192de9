/**
 * A small forest grows by real share links; headquarters open it as a picture, find somebody by name, see how to reach them and note
 * a contact; the guide reads on a phone whom to speak with next. Everything is looked at in both languages, at a desk and on a wall.
 */
import { expect, test } from 'vitest';
import { en as consoleEn } from '../../console/src/i18n/messages.en.ts';
import { zh as consoleZh } from '../../console/src/i18n/messages.zh.ts';
import { comesByLinks } from '../kit/by-link.ts';
import { SOFTWARE_WEBGL } from '../kit/chromium.ts';
import { drillSet } from '../kit/drill-set.ts';
import { homeAddress, signInToConsole } from '../kit/people.ts';

const PATIENCE_MS = 60_000;
const WALL = { width: 1_920, height: 1_080 };

const drill = drillSet({
  folder: 'invite-graph',
  texts: { console: { zh: consoleZh, en: consoleEn } },
  atDesk: ['console'],
  chromium: { extraArgs: SOFTWARE_WEBGL },
});
const { person, people, findings, good, staffToken } = drill;

test('a forest of share links, its picture, the way to somebody, and a contact noted', {
  timeout: 480_000,
}, async () => {
  const { origin, demoPassword } = drill.product;
  const [hq, guide] = await Promise.all(['hq-operations', 'hangzhou-guide'].map(staffToken));
  if (!hq || !guide) throw new Error('two tokens');
  const guideName = (await good(guide, 'GET', '/me')).name;
  const goods = (await good(guide, 'GET', '/products?limit=50')).items[0];
  const room = await good(guide, 'POST', '/rooms', { title: '新核桃上市', productIds: [goods.id] });
  await good(guide, 'POST', `/rooms/${room.id}/start`, {});
  const linkOf = async (token: string): Promise<string> =>
    (await good(token, 'POST', '/share-links', { roomId: room.id })).path;

  // The guide brings 林小桃, who brings three; one of them brings 白小露, who brings 田小麦.
  let phone = 13_900_000_100;
  const come = async (by: string, name: string): Promise<string> =>
    comesByLinks(origin, [await linkOf(by)], { phone: String(phone++), name });
  const lin = await come(guide, '林小桃');
  const an = await come(lin, '安小然');
  for (const name of ['何小满', '于小雨']) await come(lin, name);
  const bai = await come(an, '白小露');
  const tian = await come(bai, '田小麦');
  const sku = goods.skus[0];
  const order = await good(tian, 'POST', '/orders', {
    ...{ roomId: room.id, address: homeAddress },
    lines: [{ skuId: sku.id, quantity: 1, seenPriceFen: sku.priceFen }],
  });
  const { paymentId } = await good(tian, 'POST', `/orders/${order.id}/pay`, { provider: 'sandbox' });
  await good(tian, 'POST', `/payments/sandbox/${paymentId}/settle`, { outcome: 'captured' });
  const below = async () =>
    (await good(hq, 'GET', '/invite-graph/search?q=%E6%9E%97%E5%B0%8F%E6%A1%83')).items[0]?.below;
  await expect.poll(below, { timeout: PATIENCE_MS }).toMatchObject({ people: 5, orders: 1, gmvFen: order.totalFen });

  for (const lang of ['zh-CN', 'en'] as const) {
    const office = await person(lang, 'console');
    const { page } = office;
    await signInToConsole(office, origin, 'hq-operations', demoPassword);
    await page.goto(`${origin}/console/invite-graph`);
    const picture = page.locator('[data-testid="network"][data-state="painted"]');
    await picture.waitFor();
    expect(Number(await picture.getAttribute('data-people'))).toBeGreaterThanOrEqual(7);
    await page.getByTestId('diagnosis').waitFor();
    await office.look('graph', 'desk');

    // Who brought most is listed beside; the list leads to everybody without the picture.
    await page.getByTestId('side-key').click();
    await page.getByTestId('key-person').filter({ hasText: '林小桃' }).waitFor();
    await office.look('graph-key-people', 'desk');
    await page.getByTestId('side-list').click();
    await page.getByTestId('network-root').first().waitFor();
    await office.look('graph-list', 'desk');

    // From 林小桃, found by name, to 田小麦: over the guide whose customers both are, which is shorter than over those between them.
    await page.getByTestId('network-search').locator('input').fill('林小桃');
    await page.getByTestId('network-found').click();
    await page.getByTestId('network-profile').getByText('林小桃').first().waitFor();
    await page.getByTestId('network-child').filter({ hasText: '安小然' }).waitFor();
    await office.look('graph-person', 'desk');
    await page.getByTestId('path-from').click();
    await page.getByTestId('network-search').locator('input').fill('田小麦');
    await page.getByTestId('network-found').click();
    await expect
      .poll(() => page.getByTestId('path-step').allTextContents(), { timeout: PATIENCE_MS })
      .toEqual(['林小桃', guideName, '田小麦']);
    await office.look('graph-path', 'desk');

    if (lang === 'zh-CN') {
      await page.getByTestId('contact-write').click();
      await page.getByTestId('contact-note').fill('问了口味，想要礼盒，电话 13912345678');
      await page.getByTestId('contact-save').click();
    }
    const noted = page.getByTestId('contact').filter({ hasText: '139****5678' });
    await noted.waitFor();
    expect(await noted.count()).toBe(1);
    await page.setViewportSize(WALL);
    await page.getByTestId('path-end').click();
    await page.getByTestId('network-back').click();
    await page.getByTestId('side-diagnosis').click();
    await page.getByTestId('diagnosis').waitFor();
    await office.shot(`graph-wall-${lang}`);
  }

  // A tap on a dot opens whoever it is, and the keys move over the picture.
  const desk = people[0];
  if (!desk) throw new Error('somebody at the desk');
  await desk.page.locator('.ng-surface').focus();
  await desk.page.keyboard.press('0');
  const named = desk.page.locator('.ng-names span').filter({ hasText: '林小桃' });
  await named.waitFor();
  const [label, surface] = await Promise.all([named.boundingBox(), desk.page.locator('.ng-surface').boundingBox()]);
  if (!label || !surface) throw new Error('the name and the picture are on the screen');
  await desk.page.mouse.click(label.x + label.width / 2, label.y + label.height + 8);
  await desk.page.getByTestId('network-profile').locator('h2').filter({ hasText: '林小桃' }).waitFor();

  // The guide's own customers, on a phone.
  for (const lang of ['zh-CN', 'en'] as const) {
    const shop = await person(lang, 'console');
    await signInToConsole(shop, origin, 'hangzhou-guide', demoPassword);
    await shop.page.goto(`${origin}/console/contacts`);
    const card = shop.page.getByTestId('contact-next').filter({ hasText: '林小桃' });
    await card.waitFor();
    await shop.look('contacts', 'desk', 'phone');
    await card.getByTestId('contact-open').click();
    await shop.page.getByTestId('contact-write').click();
    await shop.page.getByTestId('contact-note').waitFor();
    await shop.look('contact-log', 'phone');
  }
  const faults = people.flatMap((one) => one.faults);
  expect([...findings, ...faults]).toEqual([]);
});
