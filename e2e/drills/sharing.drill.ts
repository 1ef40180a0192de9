/**
 * What staff publish is shared and handed on: a poster whose code opens the link, a content page with its coupon, the chain of
 * forwarding, a task, a red packet for a newcomer, an application as agent; and the console's pages of all of it. The screens are
 * looked at on the way, in both languages.
 */
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { en as consoleEn } from '../../console/src/i18n/messages.en.ts';
import { zh as consoleZh } from '../../console/src/i18n/messages.zh.ts';
import { en as playerEn } from '../../player/src/i18n/en.ts';
import { zh as playerZh } from '../../player/src/i18n/zh.ts';
import { drillSet } from '../kit/drill-set.ts';
import { signInToChat, signInToConsole } from '../kit/people.ts';

const PHONES = { anna: '13900000061', bella: '13900000062' } as const;
const AGREEMENT =
  '代理只凭真实成交取得佣金，不收取任何费用，也不因发展人数取得报酬。任何一方可以随时结束，已经取得的佣金不受影响。';

const drill = drillSet({
  folder: 'sharing',
  texts: { player: { zh: playerZh, en: playerEn }, console: { zh: consoleZh, en: consoleEn } },
  atDesk: ['console'],
});
const { person, findings, good, staffToken, buyerToken } = drill;

/** What the code on a poster says, read by a decoder of somebody else. */
async function decode(png: Buffer): Promise<string | undefined> {
  const of = createRequire(new URL('../../api/package.json', import.meta.url));
  const { data, info } = await of('sharp')(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const read = of('jsqr');
  return (read.default ?? read)(new Uint8ClampedArray(data), info.width, info.height)?.data;
}

test('published, shared, handed on, rewarded', { timeout: 480_000 }, async () => {
  const { origin, demoPassword } = drill.product;
  const admin = await staffToken('hq-admin');
  const manager = await staffToken('hangzhou-manager');
  const guide = await staffToken('hangzhou-guide');
  const { orgUnit } = (await good(manager, 'GET', '/me')).staff;
  const { items: products } = await good(manager, 'GET', '/products?limit=3');
  const room = await good(guide, 'POST', '/rooms', { title: '新核桃下树，跟着厂长看一罐核桃乳' });
  await good(guide, 'PUT', `/rooms/${room.id}/bag`, { productIds: [products[0].id] });
  await good(guide, 'POST', `/rooms/${room.id}/start`, {});
  const kind = await good(manager, 'POST', '/coupon-kinds', {
    ...{
      orgUnitId: orgUnit.id,
      title: '老友带新友',
      offFen: 1_000,
      minSpendFen: 5_000,
      total: 500,
      perPerson: 3,
      listed: true,
    },
  });
  const content = await good(manager, 'POST', '/contents', {
    ...{
      orgUnitId: orgUnit.id,
      kind: 'text',
      title: '今年的新核桃到店了',
      body: '皮薄仁满，一捏就开。\n到店还能尝一尝刚磨的核桃乳。',
    },
    ...{ roomId: room.id, productId: products[0].id, couponKindId: kind.id },
  });
  await good(manager, 'POST', '/invite-tasks', {
    ...{ orgUnitId: orgUnit.id, title: '带朋友来尝鲜', days: 14 },
    tiers: [
      { threshold: 1, couponKindId: kind.id, stock: 50 },
      { threshold: 5, couponKindId: kind.id, stock: 10 },
    ],
  });
  await good(admin, 'POST', `/marketing-budgets/${orgUnit.id}/grants`, { amountFen: 100_000, reason: '拉新' });
  await good(manager, 'POST', '/newcomer-gifts', {
    ...{ orgUnitId: orgUnit.id, title: '新人见面礼', amountFen: 188, count: 100, days: 14 },
  });
  await good(admin, 'POST', '/agent-agreements', { text: AGREEMENT, reason: '首版' });

  // The guide's link brings anna, anna's brings bella.
  const ofGuide = await good(guide, 'POST', '/share-links', { contentId: content.id });
  const anna = await person('zh-CN', 'player');
  const bella = await person('en', 'player');
  await anna.page.goto(`${origin}${ofGuide.path}`);
  await anna.page.waitForURL(`**/c/${content.id}**`);
  await anna.page.getByTestId('content').waitFor();
  await anna.look('content', 'phone');
  await anna.page.goto(`${origin}/r/${room.id}`);
  await signInToChat(anna, PHONES.anna, '安然');
  await anna.page.goto(`${origin}/c/${content.id}`);
  await anna.page.getByTestId('content-poster').click();
  const poster = anna.page.getByTestId('poster');
  await poster.waitFor({ timeout: 60_000 });
  await anna.look('poster', 'phone');
  const src = (await poster.getAttribute('src')) ?? '';
  const link = await decode(Buffer.from(src.split(',')[1] ?? '', 'base64'));
  expect(link).toMatch(/\/s\/[\w-]{80,}$/);

  await bella.page.goto(`${origin}${new URL(link ?? '').pathname}`);
  await bella.page.getByTestId('content').waitFor();
  await bella.page.goto(`${origin}/r/${room.id}`);
  await signInToChat(bella, PHONES.bella, 'Bella');
  await bella.page.goto(`${origin}/c/${content.id}`);
  await bella.page.getByTestId('content-claim').click();
  await bella.look('content', 'phone');
  const ofBella = await good(await buyerToken(PHONES.bella, 'Bella'), 'POST', '/share-links', {
    contentId: content.id,
  });
  expect(ofBella.depth).toBe(2);

  for (const one of [anna, bella]) {
    await one.page.goto(`${origin}/invite`);
    await one.page.getByTestId('ranking').waitFor();
    await one.page.getByTestId('task-tier').first().waitFor();
    await one.look('invite', 'phone');
  }
  expect(await anna.page.getByTestId('task-tier').first().getAttribute('data-state')).toBe('ready');
  await bella.page.getByTestId('newcomer-take').click();
  await bella.page.locator('[data-testid=newcomer][data-state=taken]').waitFor();
  await anna.page.getByTestId('agent-apply').click();
  await anna.page.locator('[data-testid=agent][data-state=applied]').waitFor();
  await anna.page.goto(`${origin}/me`);
  await anna.page.getByTestId('share-row').first().click();
  await anna.page.getByTestId('chain').waitFor();
  await anna.look('chain', 'phone');

  for (const lang of ['zh-CN', 'en'] as const) {
    const desk = await person(lang, 'console');
    await signInToConsole(desk, origin, 'hangzhou-manager', demoPassword);
    const { page } = desk;
    await page.goto(`${origin}/console/sharing`);
    await page.getByTestId('content-row').first().waitFor();
    await desk.look('library', 'desk');
    await page.goto(`${origin}/console/sharing?tab=tasks`);
    await page.getByTestId('task-row').first().waitFor();
    await desk.look('tasks', 'desk');
    await page.goto(`${origin}/console/sharing?tab=costs`);
    await page.getByTestId('cost-row').first().waitFor();
    await desk.look('costs', 'desk');
    await page.goto(`${origin}/console/team`);
    await page.getByTestId('team-row').first().waitFor();
    await desk.look('team', 'desk');
    await desk.look('team', 'phone');
    if (lang === 'zh-CN') {
      await page.goto(`${origin}/console/team?tab=agents`);
      await page.getByTestId('agent-approve').click();
      await page.getByTestId('reason').fill('老顾客，常带朋友来');
      await page.getByTestId('reason-submit').click();
      await page.getByTestId('agent-row').first().waitFor();
    }
  }
  await anna.page.goto(`${origin}/invite`);
  await anna.page.getByTestId('agent-agree').click();
  await anna.page.locator('[data-testid=agent][data-state=active]').waitFor();
  await anna.look('agent', 'phone');
  expect(findings).toEqual([]);
});
