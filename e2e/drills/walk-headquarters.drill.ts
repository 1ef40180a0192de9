/**
 * Four people of headquarters, each in one go from the sign-in to what they came for, over the same day of the brand: operations
 * see a live, set up the next ones and rule an appeal; the analyst explains a figure down to one click; finance approves by the
 * keyboard alone what a colleague prepared, pays and reconciles; compliance keeps words, persons and the log. What is not theirs is
 * not in their menu and not behind its address.
 */
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { auditSettlements } from '../../api/src/features/settlements/settlements-audit.ts';
import { systemRandom } from '../../api/src/platform/clock.ts';
import { postEntry } from '../../api/src/testing/settlements.ts';
import { waitUntil } from '../../scripts/processes.ts';
import { auditBooks, withDatabase } from '../kit/audit.ts';
import { comesByLinks } from '../kit/by-link.ts';
import { SOFTWARE_WEBGL } from '../kit/chromium.ts';
import { openPlace } from '../kit/console-menu.ts';
import { homeAddress } from '../kit/people.ts';
import type { Lang } from '../kit/screens.ts';
import { type Walker, walkSet } from '../kit/walk.ts';

const PATIENCE_MS = 240_000;
const DAY_MS = 86_400_000;
const FIRST = { phone: '13900000301', name: '林小桃' };
const LAST = { phone: '13900000302', name: '安小然' };
const BUYER = { phone: '13900000303', name: '田小麦' };
const RUN = '十一月上半月佣金';

const walk = walkSet({
  walk: 'headquarters',
  atDesk: ['console'],
  stepTimeoutMs: 120_000,
  chromium: { extraArgs: SOFTWARE_WEBGL },
});
const { good, staffToken, buyerToken } = walk;
let orderId: string;
let runId: string;

/** The day before they come: a live, two sharers, one order that both want, and a run that a colleague prepared. */
beforeAll(async () => {
  const { origin, databaseUrl } = walk.product;
  const guide = await staffToken('hangzhou-guide');
  const goods = (await good(guide, 'GET', '/products?limit=50')).items[0];
  const room = await good(guide, 'POST', '/rooms', { title: '新核桃上市', productIds: [goods.id] });
  await good(guide, 'POST', `/rooms/${room.id}/start`, {});
  const sharers = [await buyerToken(FIRST.phone, FIRST.name), await buyerToken(LAST.phone, LAST.name)];
  const paths: string[] = [];
  for (const token of sharers) paths.push((await good(token, 'POST', '/share-links', { roomId: room.id })).path);
  const buyer = await comesByLinks(origin, paths, BUYER);
  const [sku] = goods.skus;
  const order = await good(buyer, 'POST', '/orders', {
    ...{ roomId: room.id, address: homeAddress },
    lines: [{ skuId: sku.id, quantity: 3, seenPriceFen: sku.priceFen }],
  });
  orderId = order.id;
  const { paymentId } = await good(buyer, 'POST', `/orders/${orderId}/pay`, { provider: 'sandbox' });
  await good(buyer, 'POST', `/payments/sandbox/${paymentId}/settle`, { outcome: 'captured' });
  const isPaid = async (): Promise<boolean> => (await good(buyer, 'GET', `/orders/${orderId}`)).state === 'paid';
  await waitUntil('the order is paid', PATIENCE_MS, isPaid);
  await good(sharers[0] ?? '', 'POST', `/orders/${orderId}/credit/appeals`, {
    text: '是我当面介绍的，她随后误点了别人。',
  });

  // What both earned weeks ago may be settled today.
  const { orgUnit: store } = (await good(guide, 'GET', '/me')).staff;
  for (const [at, amountFen] of [128_800n, 5_600n].entries()) {
    const personId = (await good(sharers[at] ?? '', 'GET', '/me')).id;
    const entry = { personId, store, amountFen, at: new Date(Date.now() - DAY_MS) };
    await withDatabase(databaseUrl, (db) => postEntry({ db, random: systemRandom }, entry));
  }
  const admin = await staffToken('hq-admin');
  const { orgUnit: hq } = (await good(admin, 'GET', '/me')).staff;
  runId = (await good(admin, 'POST', '/settlements', { title: RUN, orgUnitId: hq.id })).id;
  await good(admin, 'POST', `/settlements/${runId}/preview`, {});
}, 600_000);

const id = (page: Page, name: string): Locator => page.getByTestId(name);

/** Signs in by the keyboard and stands on the first place of the menu. */
async function arrives(name: string, lang: Lang, username: string): Promise<Walker> {
  const { origin, demoPassword } = walk.product;
  const one = await walk.walker({ app: 'console', device: 'desk', lang, name });
  const { page } = one;
  await page.goto(`${origin}/console/`);
  await one.see('sign-in', id(page, 'sign-in-username'), { wayOut: false });
  await id(page, 'sign-in-username').focus();
  await page.keyboard.type(username);
  await page.keyboard.press('Tab');
  await page.keyboard.type(demoPassword);
  await page.keyboard.press('Enter');
  await id(page, 'account-menu').waitFor();
  await one.see('first-place', page.locator('main h1'));
  return one;
}

/** Not in the menu, and refused by its address before anything is asked for. */
async function keptFrom(one: Walker, ...paths: string[]): Promise<void> {
  const { page } = one;
  for (const path of paths) {
    expect(await page.locator(`a.co-menu-item[href="/console${path}"]`).count(), path).toBe(0);
    await page.goto(`${walk.product.origin}/console${path}`);
    await id(page, 'no-access').waitFor();
  }
  await one.see('not-mine', id(page, 'no-access'));
  await id(page, 'no-access').getByRole('link').click();
  await page.locator('main h1').waitFor();
}

async function reasoned(page: Page, button: Locator, reason: string): Promise<void> {
  await button.click();
  await id(page, 'reason').last().fill(reason);
  await id(page, 'reason-submit').last().click();
  await id(page, 'reason').waitFor({ state: 'detached' });
}

async function signsOut({ page }: Walker): Promise<void> {
  await id(page, 'account-menu').click();
  await page.getByRole('menuitem', { name: /退出登录|Sign out/ }).click();
  await id(page, 'sign-in-username').waitFor();
}

/** Tab by Tab, as who has no mouse; the way there is told when it leads nowhere. */
async function tabTo(page: Page, testId: string): Promise<void> {
  const passed: string[] = [];
  for (let at = 0; at < 80; at += 1) {
    const now = await page.evaluate(() => {
      const active = document.activeElement;
      return active?.getAttribute('data-testid') ?? active?.textContent?.trim().slice(0, 20) ?? '';
    });
    if (now === testId) return;
    passed.push(now);
    await page.keyboard.press('Tab');
  }
  throw new Error(`no way by Tab to ${testId}: ${passed.join(' → ')}`);
}

async function fileOf(page: Page, button: Locator): Promise<string> {
  const [file] = await Promise.all([page.waitForEvent('download'), button.click()]);
  return readFile(await file.path(), 'utf8');
}

test('operations: a live that runs, the next ones, an appeal', { timeout: 900_000 }, async () => {
  const one = await arrives('operations', 'zh-CN', 'hq-operations');
  const { page } = one;
  const card = id(page, 'live-card').filter({ hasText: '新核桃上市' });
  await one.see('live-wall', card);
  await card.getByRole('link').first().click();
  await one.see('room', page.getByRole('heading', { name: '新核桃上市' }));
  await one.reload('the room', page.getByRole('heading', { name: '新核桃上市' }));
  await one.goBack('to the wall', card);

  await openPlace(page, '/alerts');
  const rule = id(page, 'alert-rule').filter({ hasText: '库存不足' });
  await rule.getByRole('spinbutton').first().fill('12');
  await one.see('alert-rule', id(page, 'rule-save'));
  await reasoned(page, id(page, 'rule-save'), '节前备货');
  await one.reload('the rule stays', rule);
  await expect.poll(() => rule.getByRole('spinbutton').first().inputValue()).toBe('12');

  // The factory live of every Tuesday and Friday; a second click makes no second one.
  await openPlace(page, '/campaigns');
  await page.getByRole('tab', { name: '固定场次' }).click();
  await id(page, 'slot-new').click();
  await id(page, 'slot-title').fill('工厂直播');
  await one.see('slot-new', id(page, 'slot-save'));
  await one.tapTwice(id(page, 'slot-save'));
  await id(page, 'slot').filter({ hasText: '工厂直播' }).waitFor();
  await id(page, 'slot-title').waitFor({ state: 'detached' });
  await one.see('slots', id(page, 'slot'));
  await one.reload('the tab stays', id(page, 'slot').filter({ hasText: '工厂直播' }));
  expect(await id(page, 'slot').filter({ hasText: '工厂直播' }).count()).toBe(1);

  // The coming factory live is opened to all, and pushed into two stores.
  await openPlace(page, '/rooms');
  await page.getByText('未开播', { exact: true }).first().click();
  await page.waitForURL(/state=scheduled/);
  const factory = id(page, 'room-row').filter({ hasText: '周五工厂直播' });
  await one.see('rooms-to-come', factory);
  await factory.getByRole('link').first().click();
  await page.getByRole('tab', { name: '转播' }).click();
  await one.see('relay', id(page, 'open-to'));
  const choose = async (field: string, ...names: string[]): Promise<void> => {
    await id(page, field).click();
    for (const name of names)
      await page.locator('.ant-select-dropdown:visible .ant-select-item-option').filter({ hasText: name }).click();
    await page.keyboard.press('Escape');
  };
  await choose('open-to', '全部下级');
  await id(page, 'open-save').click();
  await page.getByText('转播范围已保存').waitFor();
  await choose('push-stores', '杭州', '上海');
  await id(page, 'push').click();
  await expect.poll(() => id(page, 'relay-row').count(), { timeout: PATIENCE_MS }).toBe(2);
  await one.see('relayed', id(page, 'relay-row'));

  // An appeal, from the menu to its ruling.
  await openPlace(page, '/attribution');
  const appeal = id(page, 'appeal-row').filter({ hasText: FIRST.name });
  await one.see('appeals', appeal);
  await appeal.getByRole('link').first().click();
  await one.see('appeal', id(page, 'credit-page'));
  await id(page, 'rule-open').click();
  await page.getByRole('radio').nth(1).check();
  await id(page, 'rule-to').click();
  await page.locator('.ant-select-item-option').filter({ hasText: FIRST.name }).first().click();
  await id(page, 'rule-reason').fill('聊天记录核实：由林小桃介绍而来');
  await one.see('ruling', id(page, 'rule-submit'));
  await id(page, 'rule-submit').click();
  await id(page, 'credit-version').nth(1).waitFor();
  await one.see('ruled', id(page, 'credit-version'));
  await one.goBack('to the appeals', page.locator('main h1'));

  await keptFrom(one, '/payments', '/settlements', '/audit', '/webhooks', '/personal-data');
  await signsOut(one);
});

test('analyst: a figure, who is behind it, and why', { timeout: 900_000 }, async () => {
  const one = await arrives('analyst', 'en', 'hq-analyst');
  const { page } = one;
  await openPlace(page, '/inviters');
  await id(page, 'inviter-row').first().waitFor();
  await one.see('inviters', id(page, 'inviter-row'));
  await id(page, 'filter-search').fill(FIRST.name);
  await page.waitForURL(/q=/);
  const row = id(page, 'inviter-row').filter({ hasText: FIRST.name });
  await expect.poll(() => id(page, 'inviter-row').count()).toBe(1);
  const csv = await fileOf(page, id(page, 'csv-download'));
  expect(csv).toContain(FIRST.name);
  expect(csv).not.toContain(LAST.name);
  await row.getByRole('link').first().click();
  await one.see('inviter', id(page, 'inviter-drawer'));
  await one.reload('the inviter', id(page, 'inviter-drawer'));
  await id(page, 'why-toggle').first().click();
  await one.see('why', id(page, 'why-verdict'));
  await id(page, 'credit-open').first().click();
  await one.see('trace', id(page, 'credit-page'));
  // Who looks does not rule.
  expect(await id(page, 'rule-open').count()).toBe(0);
  await one.goBack('to the inviter', id(page, 'inviter-drawer'));
  await page.locator('.ant-drawer-close').first().click();
  await id(page, 'inviter-drawer').waitFor({ state: 'hidden' });
  expect(new URL(page.url()).searchParams.get('q')).toBe(FIRST.name);

  await openPlace(page, '/invite-graph');
  await page.locator('[data-testid="network"][data-state="painted"]').waitFor();
  await one.see('graph', id(page, 'diagnosis'));
  await page.locator('[data-testid="network-search"] input').fill(FIRST.name);
  await id(page, 'network-found').first().click();
  await one.see('graph-person', id(page, 'network-profile'));

  await openPlace(page, '/reports');
  await page.getByRole('tab', { name: 'Funnel' }).click();
  await one.see('funnel', id(page, 'funnel-row'));
  await one.reload('the funnel', id(page, 'funnel-row'));
  await openPlace(page, '/stores');
  await one.see('stores', id(page, 'store-row'));
  await openPlace(page, '/screen');
  await one.see('data-screen', id(page, 'data-screen'));
  await id(page, 'screen-leave').click();
  await page.locator('main h1').waitFor();

  await keptFrom(one, '/staff', '/payments', '/commission-holds', '/audit', '/webhooks');
  await signsOut(one);
});

test('finance: approves by the keyboard alone, pays, reconciles', { timeout: 900_000 }, async () => {
  const one = await arrives('finance', 'zh-CN', 'hq-finance');
  const { page } = one;
  await openPlace(page, '/settlements');
  const run = id(page, 'settlement-row').filter({ hasText: RUN });
  await one.see('runs', run);
  await run.getByRole('link').first().click();
  await one.see('preview', id(page, 'preview-row'));
  expect(await id(page, 'preview-row').count()).toBe(2);

  // From here to the approval without a mouse, from the top of the page.
  await page.reload();
  await id(page, 'preview-row').first().waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter'); // to the content
  await tabTo(page, 'run-approve');
  await page.keyboard.press('Enter');
  await id(page, 'reason').waitFor();
  await one.see('approve', id(page, 'reason'));
  await page.keyboard.type('与订单核对无误');
  await page.keyboard.press('Enter');
  await id(page, 'run-pay').waitFor();
  await expect.poll(() => page.evaluate(() => document.querySelector('[role="dialog"]') === null)).toBe(true);

  await reasoned(page, id(page, 'run-pay'), '已审批');
  for (const { name } of [FIRST, LAST]) {
    const accept = id(page, 'bill-row').filter({ hasText: name }).getByTestId('bill-accept');
    await accept.click();
    await accept.waitFor({ state: 'detached' });
  }
  await one.see('paying', id(page, 'bill-row'));
  await id(page, 'run-history').getByText('全部到账').waitFor({ timeout: PATIENCE_MS });
  await one.see('paid', id(page, 'run-history'));
  expect(await fileOf(page, id(page, 'csv-download').first())).toContain(FIRST.name);

  await openPlace(page, '/settlements');
  await page.getByRole('tab', { name: '打款单' }).click();
  await id(page, 'bill-row').first().waitFor();
  await id(page, 'reconcile').click();
  await page.getByText(/已核对 \d+ 笔/).waitFor();
  await one.see('bills', id(page, 'bill-row'));
  await one.reload('the tab stays', id(page, 'bill-row'));
  await openPlace(page, '/store-statements');
  await one.see('statements', id(page, 'statement-row'));
  await openPlace(page, '/payments');
  await one.see('payments', id(page, 'payment-row'));
  await openPlace(page, '/settlement-terms');
  await one.see('terms', id(page, 'terms-version'));
  expect(await page.locator('main').innerText()).not.toContain('initial');
  await openPlace(page, '/commission-rules');
  await one.see('rules', id(page, 'rule-version'));

  await keptFrom(one, '/webhooks', '/staff', '/customers', '/moderation');
  await signsOut(one);
});

test('compliance: words, a person’s data, and who did what', { timeout: 900_000 }, async () => {
  const one = await arrives('compliance', 'zh-CN', 'hq-compliance');
  const { page } = one;
  await openPlace(page, '/moderation');
  await one.see('words', id(page, 'term-row'));
  await page.getByRole('button', { name: '试一句' }).click();
  await page.locator('.ant-drawer textarea').fill('喝了补脑，孩子更聪明');
  await page.locator('.ant-drawer').getByRole('button', { name: '试一句' }).click();
  await one.see('tried', page.locator('output'));
  await page.keyboard.press('Escape');
  await id(page, 'term-new').click();
  await id(page, 'term-text').fill('返老还童');
  await one.see('word-new', id(page, 'term-save'));
  await id(page, 'term-save').click();
  await id(page, 'term-text').waitFor({ state: 'detached' });
  await id(page, 'filter-search').fill('返老还童');
  await one.see('word-kept', id(page, 'term-row').filter({ hasText: '返老还童' }));
  // A tab that is not theirs is none of theirs: the page shows what is.
  await page.goto(`${walk.product.origin}/console/moderation?tab=sanctions`);
  await id(page, 'term-row').first().waitFor();

  // Somebody asks for what is stored about them.
  await openPlace(page, '/personal-data');
  await id(page, 'find-by').fill(BUYER.phone);
  await id(page, 'find-submit').click();
  await one.see('person', id(page, 'found-person'));
  await reasoned(page, id(page, 'ask-export'), '本人来电要求');
  const download = id(page, 'request-download').first();
  await download.waitFor({ timeout: PATIENCE_MS });
  await one.see('export', download);
  expect(await fileOf(page, download)).toContain(orderId);

  await openPlace(page, '/retention');
  await one.see('retention', id(page, 'retention-row'));
  await openPlace(page, '/staff');
  await one.see('staff', id(page, 'staff-row'));

  // The log: what finance did, in words, and the same after a reload.
  await openPlace(page, '/audit');
  await id(page, 'audit-row').first().waitFor();
  await id(page, 'filter-action').click();
  await page.keyboard.type('佣金结算');
  await page.locator('.ant-select-item-option').filter({ hasText: '佣金结算' }).first().click();
  await page.waitForURL(/action=settlement/);
  const approved = id(page, 'audit-row').filter({ hasText: '佣金结算 · 批准' });
  await one.see('log', approved);
  expect(await approved.innerText()).toContain('与订单核对无误');
  await one.reload('the log', approved);
  expect(await fileOf(page, id(page, 'csv-download'))).toContain('settlement:approve');

  await keptFrom(one, '/settlements', '/inviters', '/payments', '/webhooks', '/campaigns');
  await signsOut(one);
});

test('nobody stumbled, and all books agree', async () => {
  expect(walk.stumbles()).toEqual([]);
  expect(await auditBooks(walk.product.databaseUrl)).toEqual([]);
  expect(await withDatabase(walk.product.databaseUrl, auditSettlements)).toEqual([]);
});
