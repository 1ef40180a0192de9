/**
 * A store's evening by the people who make it: a guide goes live from the phone, an assistant holds the bag, the chat and a draw
 * meanwhile, the manager looks in by phone and does the desk's work by keyboard, the dealer looks at the stores below them and
 * sits in a conference. One world, each on a device of their own; every screen is looked at.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { ensureDemoProgramme } from '../../scripts/demo-feed/programme.ts';
import { auditBooks } from '../kit/audit.ts';
import { openPlace } from '../kit/console-menu.ts';
import { fillSignIn, homeAddress } from '../kit/people.ts';
import { makeStillCamera } from '../kit/still-camera.ts';
import { type Walker, walkSet } from '../kit/walk.ts';

const BUYER = { phone: '13900000095', name: '田小麦' };
const CAKES = '核桃酥点心盒';
const MILK = '核桃乳家庭装 24 瓶';

let folder = '';
const chromium: { fakeVideoFile?: string } = {};
const walk = walkSet({
  walk: 'store',
  atDesk: ['console'],
  stepTimeoutMs: 150_000,
  chromium,
  begin: async () => {
    const film = await ensureDemoProgramme(process.env.FFMPEG_BIN ?? 'ffmpeg');
    folder = await mkdtemp(join(tmpdir(), 'walnut-live-walk-'));
    chromium.fakeVideoFile = await makeStillCamera(join(folder, 'camera.y4m'), film);
    return {};
  },
  end: async () => rm(folder, { recursive: true, force: true }),
});
const { good, buyerToken, staffToken } = walk;
let roomId = '';
let guide: Walker;

async function signIn({ page }: Walker, username: string, password = walk.product.demoPassword): Promise<void> {
  await page.getByLabel('账号', { exact: true }).fill(username);
  await page.getByLabel('密码', { exact: true }).fill(password);
  await page.getByRole('button', { name: '登录', exact: true }).click();
}

/** One buys in the room that is live, without a screen. */
async function somebodyBuys(): Promise<string> {
  const buyer = await buyerToken(BUYER.phone, BUYER.name);
  const bag = await good(buyer, 'GET', `/rooms/${roomId}/bag`);
  const { product } = bag.items.find((one: { product: { title: string } }) => one.product.title === CAKES);
  const [sku] = product.skus;
  const order = await good(buyer, 'POST', '/orders', {
    ...{ roomId, address: homeAddress },
    lines: [{ skuId: sku.id, quantity: 2, seenPriceFen: sku.priceFen }],
  });
  const { paymentId } = await good(buyer, 'POST', `/orders/${order.id}/pay`, { provider: 'sandbox' });
  await good(buyer, 'POST', `/payments/sandbox/${paymentId}/settle`, { outcome: 'captured' });
  await expect
    .poll(async () => (await good(buyer, 'GET', `/orders/${order.id}`)).state, { timeout: 60_000 })
    .toBe('paid');
  return order.id;
}

async function guideGoesLive(): Promise<void> {
  const { origin } = walk.product;
  guide = await walk.walker({ app: 'studio', name: 'guide' });
  const { page } = guide;
  const sheetGone = () => page.locator('dialog[open]').waitFor({ state: 'detached' });
  await page.goto(`${origin}/studio/`);
  await guide.see('sign-in', page.getByLabel('账号', { exact: true }), { wayOut: false });
  // A new account has a code and no password yet.
  await page.getByTestId('sign-in-code').click();
  await guide.see('code', page.getByTestId('code-submit'));
  await guide.goBack('the sheet closes', page.getByTestId('sign-in-code'));
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  await signIn(guide, 'hangzhou-guide', 'not-the-password');
  await guide.see('wrong-password', page.getByRole('alert').filter({ hasText: /\S/ }), { wayOut: false });
  await signIn(guide, 'hangzhou-guide');
  await page.getByTestId('to-my-persona').waitFor();
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
  await guide.see('today');
  await page.getByTestId('to-my-persona').click();
  await guide.see('persona', page.getByTestId('persona-bio'));
  await guide.goBack('today', page.getByTestId('to-my-persona'));
  await page.getByRole('button', { name: '新建预告' }).click();
  await guide.see('announce', page.getByLabel('标题'));
  await page.getByLabel('标题').fill('周五新核桃品鉴');
  await page.getByRole('button', { name: '发布预告' }).click();
  await page.getByText('周五新核桃品鉴').first().waitFor();
  await sheetGone();
  await guide.see('announced');
  await page.getByRole('navigation').getByRole('link', { name: '订单' }).click();
  await guide.see('orders-none', page.getByRole('searchbox'));
  await guide.goBack('today', page.getByTestId('to-my-persona'));

  await page.goto(`${origin}/studio/go`);
  const start = page.getByRole('button', { name: '开播', exact: true });
  await start.and(page.locator(':enabled')).waitFor();
  await page.getByLabel('直播标题').fill('湖滨店现烤核桃酥');
  await guide.see('prepare');
  await page.getByRole('button', { name: /本场商品/ }).click();
  await guide.see('pick-products', page.getByPlaceholder('搜索商品'));
  await guide.goBack('the sheet closes', start);
  await page.getByRole('button', { name: '设备' }).click();
  await guide.see('devices');
  await guide.goBack('the sheet closes', start);
  await sheetGone();
  await guide.tapTwice(start);
  await page.waitForURL(/\/studio\/rooms\/[\w-]+\/live$/);
  await page.getByRole('timer').waitFor();
  roomId = new URL(page.url()).pathname.split('/')[3] ?? '';
  await page.locator('.st-stage-wait').waitFor({ state: 'detached' });
  await guide.see('live');

  await page.getByTestId('bar-bag').click();
  await page.getByRole('button', { name: `讲解 ${CAKES}`, exact: true }).click();
  await guide.see('bag-pinned', page.getByRole('button', { name: `结束讲解 ${CAKES}`, exact: true }));
  await page
    .getByRole('button', { name: /^(?:直播价|设直播价|秒杀|改价|优惠).*核桃酥/ })
    .first()
    .click();
  await guide.see('offer', page.getByTestId('offer-open'));
  await guide.goBack('the bag', page.getByRole('button', { name: `结束讲解 ${CAKES}`, exact: true }));
  await guide.goBack('the live', page.getByTestId('bar-bag'));
  await sheetGone();
  for (const sheet of ['chat', 'orders', 'gifts', 'play', 'cohosts', 'share'] as const) {
    await page.getByTestId(`bar-${sheet}`).click();
    await page.locator('dialog[open]').last().waitFor();
    await page.locator('dialog[open] [aria-busy="true"]').first().waitFor({ state: 'detached' });
    await guide.see(`sheet-${sheet}`);
    await guide.goBack('the live', page.getByTestId('bar-bag'));
    await sheetGone();
  }
  // The back gesture on the live asks, and one stays.
  await guide.goBack('asks', page.getByText('离开直播页面？'));
  await guide.see('leave-ask');
  await page.getByRole('button', { name: '留在直播' }).click();
  await page.getByText('离开直播页面？').waitFor({ state: 'detached' });
  page.once('dialog', (dialog) => void dialog.accept());
  await guide.reload('the live', page.getByRole('timer'));
  await page.locator('.st-stage-wait').waitFor({ state: 'detached' });
}

async function assistantHelps(): Promise<void> {
  const { origin } = walk.product;
  const assistant = await walk.walker({ app: 'studio', name: 'assistant' });
  const { page } = assistant;
  const viewer = await walk.walker({ app: 'player', name: 'viewer' });
  await viewer.page.goto(`${origin}/r/${roomId}`);
  await viewer.page.getByTestId('chat-input').click();
  await fillSignIn(viewer, '13900000096', '吵闹的人');
  await viewer.page.getByTestId('sign-in-phone').waitFor({ state: 'detached' });
  await viewer.page.getByTestId('chat-input').fill('加我微信，更便宜');
  await viewer.page.getByTestId('chat-send').click();

  // A link into the live, as a guide would send it: after signing in one is beside it, not on the air.
  await page.goto(`${origin}/studio/rooms/${roomId}/live`);
  await signIn(assistant, 'hangzhou-assistant');
  await page.getByTestId('assist-desk').waitFor();
  expect(new URL(page.url()).pathname).toBe(`/studio/rooms/${roomId}/assist`);
  await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) > 0);
  await assistant.see('desk');
  await assistant.look('assistant-desk-wide', 'desk', 'phone');
  expect(await page.getByRole('button', { name: '结束直播' }).count()).toBe(0);

  await page.getByTestId('bar-bag').click();
  await page.getByRole('button', { name: `讲解 ${MILK}`, exact: true }).click();
  await page.getByRole('button', { name: `结束讲解 ${MILK}`, exact: true }).waitFor();
  await viewer.page.getByTestId('pinned-card').filter({ hasText: MILK }).waitFor();
  await assistant.see('bag');
  expect(await page.getByTestId('bundle-new').count()).toBe(0);
  await assistant.goBack('the desk', page.getByTestId('bar-chat'));
  await page.getByTestId('bar-chat').click();
  await assistant.see('chat', page.locator('dialog[open]').getByRole('button', { name: /更便宜/ }));
  await page
    .locator('dialog[open]')
    .getByRole('button', { name: /更便宜/ })
    .click();
  await assistant.see('message', page.getByRole('button', { name: /10 分钟/ }));
  await page.getByRole('button', { name: /10 分钟/ }).click();
  await viewer.page.getByText(/禁言/).first().waitFor();
  await page.keyboard.press('Escape');
  await page.getByPlaceholder('回复观众…').fill('大家好，我是助播，有问题问我');
  await page.getByRole('button', { name: '发送' }).click();
  await viewer.page.getByTestId('chat-line').filter({ hasText: '我是助播' }).waitFor();
  await assistant.goBack('the desk', page.getByTestId('bar-play'));

  await page.getByTestId('bar-play').click();
  await assistant.see('draw', page.getByTestId('draw-publish'));
  for (const tab of ['红包雨', '发券', '引流卡片']) {
    await page.getByRole('tab', { name: tab }).click();
    await page.locator('dialog[open] [aria-busy="true"]').first().waitFor({ state: 'detached' });
    await assistant.see(`play-${tab}`);
  }
  await assistant.goBack('the desk', page.getByTestId('bar-play'));
  await page.getByRole('button', { name: '直播公告' }).click();
  await page.getByRole('textbox').last().fill('九点抽一箱核桃乳');
  await page.getByRole('button', { name: '发布公告' }).click();
  await viewer.page.getByText('九点抽一箱核桃乳').first().waitFor();
  await assistant.reload('the desk', page.getByTestId('assist-desk'));
  await page.getByRole('button', { name: '离开助播台' }).click();
  await assistant.see('today', page.getByTestId('assist'));
  expect(await page.getByRole('link', { name: /^开播/ }).count()).toBe(0);
  await assistant.goBack('the desk', page.getByTestId('assist-desk'));
}

async function managerWorks(): Promise<void> {
  const { origin } = walk.product;
  const orderId = await somebodyBuys();
  await guide.page.getByTestId('bar-orders').click();
  await guide.see('order-came', guide.page.getByText(BUYER.name).or(guide.page.getByText('田**')).first());
  await guide.page.keyboard.press('Escape');

  const phone = await walk.walker({ app: 'console', device: 'phone', name: 'manager-phone' });
  await phone.page.goto(`${origin}/console/`);
  await phone.see('sign-in', phone.page.getByTestId('sign-in-username'), { wayOut: false });
  await phone.page.getByTestId('sign-in-username').fill('hangzhou-manager');
  await phone.page.getByTestId('sign-in-password').fill(walk.product.demoPassword);
  await phone.page.getByTestId('sign-in-submit').click();
  await phone.see('live', phone.page.getByTestId('live-card'), { wayOut: false });
  for (const path of ['orders', 'catalogue', 'customers', 'team', 'staff', 'stores', 'store-statements', 'counter']) {
    await phone.page.getByTestId('menu-open').click();
    const drawer = phone.page.getByRole('dialog');
    await drawer.getByRole('navigation').waitFor();
    if (path === 'orders') await phone.see('menu');
    const item = phone.page.locator(`a[href="/console/${path}"]`);
    const link = drawer.locator(item);
    if (!(await link.isVisible())) {
      await drawer.locator('.co-menu > ul > li', { has: item }).locator('.co-menu-group').click();
    }
    await link.click();
    await phone.page.waitForURL(`**/console/${path}`);
    await phone.page.locator('main h1').first().waitFor();
    await phone.page.waitForFunction(() => document.querySelector('main [aria-busy="true"]') === null);
    await phone.see(path, undefined, { wayOut: false });
  }

  // At the desk by keyboard alone: signed in, the order found, sent.
  const desk = await walk.walker({ app: 'console', device: 'desk', name: 'manager-desk' });
  const { page } = desk;
  const keys = page.keyboard;
  await page.goto(`${origin}/console/orders/${orderId}`);
  await page.getByTestId('sign-in-username').waitFor();
  await keys.type('hangzhou-manager');
  await keys.press('Tab');
  await keys.type(walk.product.demoPassword);
  await keys.press('Enter');
  await desk.see('order', page.getByTestId('order-detail'));
  expect(new URL(page.url()).pathname).toBe(`/console/orders/${orderId}`);
  const tabTo = async (what: Locator): Promise<void> => {
    for (let at = 0; at < 80 && !(await what.evaluate((one) => one === document.activeElement)); at += 1)
      await keys.press('Tab');
  };
  await tabTo(page.getByTestId('ship-open'));
  await keys.press('Enter');
  await desk.see('ship', page.getByTestId('ship-tracking'));
  await keys.type('SF1234567890');
  await tabTo(page.getByTestId('ship-submit'));
  await keys.press('Enter');
  await desk.see('shipped', page.locator('[data-testid="order-detail"][data-state="shipped"]'));
  await keys.press('Escape');
  await desk.see('orders', page.getByTestId('order-row'), { wayOut: false });
}

async function dealerLooks(): Promise<void> {
  const { origin, databaseUrl } = walk.product;
  const dealer = await walk.walker({ app: 'console', device: 'desk', name: 'dealer' });
  const { page } = dealer;
  await page.goto(`${origin}/console/`);
  await page.getByTestId('sign-in-username').fill('east-manager');
  await page.getByTestId('sign-in-password').fill(walk.product.demoPassword);
  await page.getByTestId('sign-in-submit').click();
  await dealer.see('live', page.getByTestId('live-card'), { wayOut: false });
  await page.getByTestId('live-card').first().click();
  await dealer.see('room', page.getByRole('tab'), { wayOut: false });
  await dealer.goBack('the wall', page.getByTestId('live-card'));
  for (const path of [
    '/stores',
    '/reports',
    '/inviters',
    '/orders',
    '/settlements',
    '/store-statements',
    '/team',
    '/staff',
    '/organisation',
    '/alerts',
    '/attribution',
  ]) {
    await openPlace(page, path);
    await page.locator('main h1').first().waitFor();
    await page.waitForFunction(() => document.querySelector('main [aria-busy="true"]') === null);
    await dealer.see(path.slice(1), undefined, { wayOut: false });
  }
  // What is not theirs says so, and leads on.
  await page.goto(`${origin}/console/payments`);
  await dealer.see('not-mine', page.locator('main h2, main h3, main strong').first(), { wayOut: false });
  await page.goto(`${origin}/console/no-such-place`);
  await dealer.see('unknown', page.locator('main').getByRole('link'), { wayOut: false });

  // The dealer conference: by an invitation, on the same laptop.
  const hq = await staffToken('hq-operations');
  const made = await good(hq, 'POST', '/rooms', { title: '华东经销商秋季会', kind: 'conference' });
  const { items } = await good(hq, 'POST', `/rooms/${made.id}/invitations`, {
    items: [{ kind: 'link', name: '陆建国' }],
  });
  const guest = await walk.walker({ app: 'player', device: 'desk', name: 'dealer-guest' });
  await guest.page.goto(`${origin}${items[0].path}`);
  await guest.see('invitation', guest.page.getByTestId('invitation-accept'));
  await guest.page.getByTestId('invitation-accept').click();
  await fillSignIn(guest, '13900000097', '陆建国');
  await guest.page.waitForURL(`${origin}/r/${made.id}`);
  await guest.see('conference', guest.page.getByTestId('waiting'));

  // The guide ends; who assists and who watches are told.
  await guide.page.getByRole('button', { name: '结束直播', exact: true }).click();
  await guide.page
    .getByRole('alertdialog')
    .or(guide.page.getByRole('dialog'))
    .getByRole('button', { name: '结束直播' })
    .last()
    .click();
  await guide.see('ended', guide.page.getByText('直播已结束'));
  await guide.page.getByRole('button', { name: '返回开播台' }).click();
  await guide.see('today-after', guide.page.getByTestId('to-my-persona'));

  expect(walk.stumbles([/status of 40[13]/]).join('\n')).toBe('');
  expect(await auditBooks(databaseUrl)).toEqual([]);
}

test('a store’s evening', { timeout: 3_000_000 }, async () => {
  await guideGoesLive();
  await assistantHelps();
  await managerWorks();
  await dealerLooks();
});
