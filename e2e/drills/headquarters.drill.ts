/**
 * The way of headquarters through one disputed order, in real browsers: found, explained, appealed, ruled; frozen, settled by two
 * people, paid; sent back after it was paid, and offset. Every screen is looked at in both languages, at a desk, on the sharer's
 * phone and on a wall; at the end all books agree.
 */
import { expect, test } from 'vitest';
import { auditCommissions } from '../../api/src/features/commissions/commissions-audit.ts';
import { auditSettlements } from '../../api/src/features/settlements/settlements-audit.ts';
import { en as consoleEn } from '../../console/src/i18n/messages.en.ts';
import { zh as consoleZh } from '../../console/src/i18n/messages.zh.ts';
import { en as playerEn } from '../../player/src/i18n/en.ts';
import { zh as playerZh } from '../../player/src/i18n/zh.ts';
import { auditBooks, withDatabase } from '../kit/audit.ts';
import { comesByLinks } from '../kit/by-link.ts';
import { drillSet } from '../kit/drill-set.ts';
import { type MoveableTime, moveableTime } from '../kit/moved-time.ts';
import { fillSignIn, homeAddress, signInToConsole } from '../kit/people.ts';

const PATIENCE_MS = 240_000;
const DAY_MS = 86_400_000;
const WALLS = [
  { width: 1_920, height: 1_080 },
  { width: 3_840, height: 2_160 },
];
const FIRST = { phone: '13900000201', name: '林小桃' };
const LAST = { phone: '13900000202', name: '安小然' };
const BUYER = { phone: '13900000203', name: '田小麦' };

let time: MoveableTime | undefined;
const drill = drillSet({
  folder: 'headquarters',
  texts: { player: { zh: playerZh, en: playerEn }, console: { zh: consoleZh, en: consoleEn } },
  atDesk: ['console'],
  stepTimeoutMs: 90_000,
  begin: async () => {
    time = moveableTime();
    return { env: time.env };
  },
  end: async () => time?.end(),
});
const { person, people, findings, good, buyerToken, staffToken } = drill;
type Someone = Awaited<ReturnType<typeof person>>;

async function onThePhone(lang: 'zh-CN' | 'en', who: typeof BUYER): Promise<Someone> {
  const sharer = await person(lang, 'player');
  await sharer.page.goto(`${drill.product.origin}/me`);
  await sharer.page.getByTestId('sign-in').click();
  await fillSignIn(sharer, who.phone, who.name);
  await sharer.page.getByTestId('sign-out').waitFor();
  // Signed in, the page turns to its new person; only then one goes on.
  await sharer.page.getByTestId('earnings-open').click();
  await sharer.page.getByTestId('withdraw-commission').waitFor();
  return sharer;
}
async function atTheDesk(lang: 'zh-CN' | 'en', username: string): Promise<Someone> {
  const desk = await person(lang, 'console');
  await signInToConsole(desk, drill.product.origin, username, drill.product.demoPassword);
  return desk;
}
async function reasoned({ page }: Someone, button: string, reason: string, look?: () => Promise<void>): Promise<void> {
  await page.getByTestId(button).click();
  await page.getByTestId('reason').fill(reason);
  await look?.();
  await page.getByTestId('reason-submit').click();
  await page.getByTestId('reason').waitFor({ state: 'detached' });
}

test('one disputed order, from its inviter to the last fen', { timeout: 1_500_000 }, async () => {
  const { origin } = drill.product;
  if (!time) throw new Error('time began with the product');

  // The buyer came by both: first by 林小桃, then by 安小然, whose click counts.
  const guide = await staffToken('hangzhou-guide');
  const goods = (await good(guide, 'GET', '/products?limit=50')).items[0];
  const room = await good(guide, 'POST', '/rooms', { title: '新核桃上市', productIds: [goods.id] });
  await good(guide, 'POST', `/rooms/${room.id}/start`, {});
  const tokens = [await buyerToken(FIRST.phone, FIRST.name), await buyerToken(LAST.phone, LAST.name)];
  const [firstId, lastId] = await Promise.all(tokens.map(async (token) => (await good(token, 'GET', '/me')).id));
  const paths: string[] = [];
  for (const token of tokens) paths.push((await good(token, 'POST', '/share-links', { roomId: room.id })).path);
  const buyer = await comesByLinks(origin, paths, BUYER);
  const [sku] = goods.skus;
  const order = await good(buyer, 'POST', '/orders', {
    ...{ roomId: room.id, address: homeAddress },
    lines: [{ skuId: sku.id, quantity: 3, seenPriceFen: sku.priceFen }],
  });
  const { paymentId } = await good(buyer, 'POST', `/orders/${order.id}/pay`, { provider: 'sandbox' });
  await good(buyer, 'POST', `/payments/sandbox/${paymentId}/settle`, { outcome: 'captured' });
  await expect
    .poll(async () => (await good(buyer, 'GET', `/orders/${order.id}`)).state, { timeout: PATIENCE_MS })
    .toBe('paid');

  // The analyst finds the inviter by name and reads why.
  const analysts = [await atTheDesk('zh-CN', 'hq-analyst'), await atTheDesk('en', 'hq-analyst')] as const;
  for (const analyst of analysts) {
    const { page } = analyst;
    await page.goto(`${origin}/console/inviters?q=${encodeURIComponent(LAST.name)}`);
    await page.getByTestId('inviter-row').filter({ hasText: LAST.name }).getByRole('link').first().waitFor();
    expect(await page.getByTestId('inviter-row').count()).toBe(1);
    await analyst.look('hq-01-inviters', 'desk');
    await page.getByTestId('inviter-row').getByRole('link').first().click();
    await page.getByTestId('why-toggle').first().click();
    await page.getByTestId('why-verdict').filter({ hasText: LAST.name }).waitFor();
    expect(await page.locator('[data-testid="why-step"][data-reason="share_link"]').count()).toBe(2);
    await analyst.look('hq-02-why', 'desk');
    await page.getByTestId('credit-open').first().click();
    await page.getByTestId('credit-page').waitFor();
    await analyst.look('hq-03-trace', 'desk');
    // Who looks does not rule.
    expect(await page.getByTestId('rule-open').count()).toBe(0);
  }

  // 林小桃 reads on the phone why it is not theirs, and appeals.
  const first = await onThePhone('zh-CN', FIRST);
  await first.page.goto(`${origin}/credits`);
  await first.page.locator('[data-testid="my-credit"][data-mine="false"]').click();
  await first.page.getByTestId('my-credit-verdict').waitFor();
  await first.look('hq-04-not-mine', 'phone');
  await first.page.getByTestId('appeal-open').click();
  await first.page.getByTestId('appeal-text').fill('是我当面介绍的，田小麦随后误点了别人的链接。');
  await first.page.getByTestId('appeal-send').click();
  await first.page.getByTestId('appeal-text').waitFor({ state: 'detached' });
  await first.look('hq-05-appealed', 'phone');

  // Operations find the appeal and rule it.
  for (const lang of ['en', 'zh-CN'] as const) {
    const office = await atTheDesk(lang, 'hq-operations');
    const { page } = office;
    await page.goto(`${origin}/console/attribution?tab=appeals`);
    await page.getByTestId('appeal-row').filter({ hasText: FIRST.name }).waitFor();
    await office.look('hq-06-appeals', 'desk');
    await page.getByTestId('appeal-row').filter({ hasText: FIRST.name }).getByRole('link').first().click();
    await page.getByTestId('credit-page').waitFor();
    await office.look('hq-07-appeal', 'desk');
    await page.getByTestId('rule-open').click();
    await page.getByRole('radio').nth(1).check();
    await page.getByTestId('rule-to').click();
    await page.locator('.ant-select-item-option').filter({ hasText: FIRST.name }).first().click();
    await page.getByTestId('rule-reason').fill('聊天记录核实：由林小桃介绍而来');
    await office.look('hq-08-rule', 'desk');
    if (lang === 'en') await page.keyboard.press('Escape');
    else {
      await page.getByTestId('rule-submit').click();
      await page.getByTestId('credit-version').nth(1).waitFor();
      // Taken from one, posted for the other, to the fen.
      const entries = (await good(await staffToken('hq-finance'), 'GET', '/commissions?limit=50')).items;
      const sumOf = (id: string): number =>
        entries
          .filter((one: { beneficiary: { id: string } }) => one.beneficiary.id === id)
          .reduce((sum: number, one: { amountFen: number }) => sum + one.amountFen, 0);
      expect(sumOf(lastId)).toBe(0);
      expect(sumOf(firstId)).toBeGreaterThan(0);
    }
  }
  for (const analyst of analysts) {
    await analyst.page.getByTestId('credit-version').nth(1).waitFor();
    await analyst.look('hq-09-ruled', 'desk');
  }
  await first.page.reload();
  await first.page.locator('[data-testid="my-credit-verdict"][data-mine="true"]').waitFor();
  await first.look('hq-10-mine', 'phone');

  // It is sent and received; the freeze passes.
  await good(await staffToken('hangzhou-manager'), 'POST', `/orders/${order.id}/ship`, {
    ...{ carrier: 'sf', trackingNo: 'SF1234567890' },
  });
  await good(await buyerToken(BUYER.phone, BUYER.name), 'POST', `/orders/${order.id}/receive`, {});
  const earned = async (state: string): Promise<number> =>
    (await good(await buyerToken(FIRST.phone, FIRST.name), 'GET', '/me/earnings')).byState.find(
      (one: { state: string }) => one.state === state,
    )?.amountFen ?? 0;
  await expect.poll(() => earned('frozen'), { timeout: PATIENCE_MS }).toBeGreaterThan(0);
  const share = await earned('frozen');
  await first.page.goto(`${origin}/me/earnings`);
  await first.page.getByTestId('earned-frozen').waitFor();
  await first.look('hq-11-frozen', 'phone');
  await time.advance(16 * DAY_MS);
  await expect.poll(() => earned('settleable'), { timeout: PATIENCE_MS }).toBe(share);

  // One previews, a second person approves, it is paid.
  const finance = await atTheDesk('zh-CN', 'hq-finance');
  await finance.page.goto(`${origin}/console/settlements`);
  await finance.page.getByTestId('settlement-new').click();
  await finance.page.getByTestId('settlement-title').fill('十一月下半月佣金');
  await finance.look('hq-12-new-run', 'desk');
  await finance.page.getByTestId('settlement-create').click();
  await finance.page.getByTestId('run-preview').click();
  await finance.page.getByTestId('preview-row').filter({ hasText: FIRST.name }).waitFor();
  expect(await finance.page.getByTestId('run-approve').count()).toBe(0);
  await finance.look('hq-13-preview', 'desk');
  const runUrl = finance.page.url();
  const admin = await atTheDesk('en', 'hq-admin');
  await admin.page.goto(runUrl);
  await admin.page.getByTestId('preview-row').first().waitFor();
  await admin.look('hq-13-preview', 'desk');
  await reasoned(admin, 'run-approve', 'checked against the orders', () => admin.look('hq-14-approve', 'desk'));
  await reasoned(admin, 'run-pay', 'approved today');
  await admin.page.getByTestId('bill-row').first().waitFor();
  await admin.look('hq-15-paying', 'desk');

  // The sharer sees the transfer, accepts it, and sees it arrive.
  await first.page.goto(`${origin}/me/earnings`);
  await first.page.getByTestId('bill-accept').waitFor();
  await first.look('hq-16-transfer', 'phone');
  await first.page.getByTestId('bill-accept').click();
  await first.page.locator('[data-testid="my-bill"][data-state="succeeded"]').waitFor();
  await first.look('hq-17-received', 'phone');
  await admin.page.getByTestId('run-history').getByText('All arrived').waitFor({ timeout: PATIENCE_MS });
  // What is said of the run and of its transfers agrees.
  await admin.page.getByTestId('bill-row').getByText('Arrived').waitFor();
  expect(await admin.page.getByTestId('bill-accept').count()).toBe(0);
  await admin.look('hq-18-paid', 'desk');
  await finance.look('hq-18-paid', 'desk');
  for (const lang of ['zh-CN', 'en'] as const) {
    const manager = await atTheDesk(lang, 'hangzhou-manager');
    await manager.page.goto(`${origin}/console/store-statements`);
    await manager.page.getByTestId('statement-row').first().waitFor();
    await manager.look('hq-19-statement', 'desk');
  }

  // The goods come back after it was paid: what was paid stays, and is owed.
  await good(await staffToken('hq-finance'), 'POST', `/orders/${order.id}/refunds`, { reason: '口味不合，协商退货' });
  await expect.poll(() => earned('settleable'), { timeout: PATIENCE_MS }).toBe(-share);
  expect(await earned('paid')).toBe(share);
  const english = await onThePhone('en', FIRST);
  for (const sharer of [first, english]) {
    await sharer.page.goto(`${origin}/me/earnings`);
    await sharer.page.locator('[data-testid="my-entries"] [data-negative="true"]').first().waitFor();
    await sharer.page.getByTestId('debt').waitFor();
    await sharer.look('hq-20-owed', 'phone');
  }
  // The staff's sessions ended meanwhile.
  for (const lang of ['zh-CN', 'en'] as const) {
    const analyst = await atTheDesk(lang, 'hq-analyst');
    const { page } = analyst;
    await page.goto(`${origin}/console/inviters?q=${encodeURIComponent(FIRST.name)}`);
    await page.getByTestId('inviter-row').filter({ hasText: FIRST.name }).getByRole('link').first().click();
    await page.getByTestId('inviter-drawer').waitFor();
    await page.getByRole('tab').nth(1).click();
    await page.locator('[data-testid="commission-row"] .co-minus').first().waitFor();
    await analyst.look('hq-21-reversed', 'desk');
  }
  await finance.page.goto(`${origin}/console/settlements`);
  await finance.page.getByTestId('settlement-row').first().waitFor();
  await finance.look('hq-22-runs', 'desk');
  await finance.page.getByTestId('settlement-new').click();
  await finance.page.getByTestId('settlement-title').fill('十二月上半月佣金');
  await finance.page.getByTestId('settlement-create').click();
  await finance.page.getByTestId('run-preview').click();
  const carried = finance.page.getByTestId('preview-row').filter({ hasText: FIRST.name });
  await carried.getByText('结转', { exact: false }).first().waitFor();
  await finance.look('hq-23-next-preview', 'desk');
  await admin.page.goto(finance.page.url());
  await admin.page.getByTestId('preview-row').first().waitFor();
  await admin.look('hq-23-next-preview', 'desk');

  // The wall, on the day of another live and another order.
  const host = await staffToken('hangzhou-guide');
  const next = await good(host, 'POST', '/rooms', { title: '腊月核桃节', productIds: [goods.id] });
  await good(host, 'POST', `/rooms/${next.id}/start`, {});
  const sharing = await buyerToken(FIRST.phone, FIRST.name);
  const regular = await comesByLinks(
    origin,
    [(await good(sharing, 'POST', '/share-links', { roomId: next.id })).path],
    BUYER,
  );
  const again = await good(regular, 'POST', '/orders', {
    ...{ roomId: next.id, address: homeAddress },
    lines: [{ skuId: sku.id, quantity: 2, seenPriceFen: sku.priceFen }],
  });
  const paid = await good(regular, 'POST', `/orders/${again.id}/pay`, { provider: 'sandbox' });
  await good(regular, 'POST', `/payments/sandbox/${paid.paymentId}/settle`, { outcome: 'captured' });
  for (const lang of ['zh-CN', 'en'] as const) {
    const wall = await atTheDesk(lang, 'hq-analyst');
    await wall.page.goto(`${origin}/console/screen`);
    await wall.page.getByTestId('data-screen').waitFor();
    await expect
      .poll(() => wall.page.getByTestId('screen-orders').locator('dd').first().textContent(), { timeout: PATIENCE_MS })
      .toBe('1');
    await wall.look('hq-24-screen', 'desk');
    for (const size of WALLS) {
      await wall.page.setViewportSize(size);
      await wall.page.waitForTimeout(1_500);
      await wall.shot(`wall-${lang}-${size.width}`);
    }
  }

  expect(findings).toEqual([]);
  expect(people.flatMap(({ faults }) => faults)).toEqual([]);
  expect(await auditBooks(drill.product.databaseUrl)).toEqual([]);
  expect(await withDatabase(drill.product.databaseUrl, auditCommissions)).toEqual([]);
  expect(await withDatabase(drill.product.databaseUrl, auditSettlements)).toEqual([]);
});
