/**
 * A guide runs a draw and a red-packet rain from the studio; two viewers, one in each language, enter by the button and by
 * saying the keyword. One wins, claims, and has the draw worked out again in the browser; both grab a packet and find it in
 * their accounts. The screens are looked at on the way, on a phone and on a desk.
 */
import { expect, test } from 'vitest';
import { en as studioEn } from '../../broadcaster/src/i18n/en.ts';
import { zh as studioZh } from '../../broadcaster/src/i18n/zh.ts';
import { en as playerEn } from '../../player/src/i18n/en.ts';
import { zh as playerZh } from '../../player/src/i18n/zh.ts';
import { drillSet } from '../kit/drill-set.ts';
import { goLive, homeAddress, say, signInToChat, signInToStudio } from '../kit/people.ts';

const drill = drillSet({
  folder: 'draw-and-rain',
  texts: { studio: { zh: studioZh, en: studioEn }, player: { zh: playerZh, en: playerEn } },
});
const { person, people, findings } = drill;

test('a draw and a rain, from the studio to the prize and the money', { timeout: 480_000 }, async () => {
  const { origin, demoPassword } = drill.product;
  const guide = await person('zh-CN', 'studio');
  await signInToStudio(guide, origin, 'hangzhou-guide', demoPassword);
  const roomId = await goLive(guide, '核桃福利夜');
  const anna = await person('zh-CN', 'player');
  const ben = await person('en', 'player');
  for (const [viewer, phone, name] of [
    [anna, '13900000011', '安然'],
    [ben, '13900000012', '贝贝'],
  ] as const) {
    await viewer.page.goto(`${origin}/r/${roomId}`);
    await signInToChat(viewer, phone, name);
  }

  // Published, opened, entered: by the button, which says the keyword, and by saying it.
  const { page } = guide;
  const play = () => page.getByTestId('bar-play').click();
  await play();
  await page.getByLabel('口令').fill('我要核桃');
  await page.getByLabel('奖品 1 名称').fill('核桃礼盒');
  await page.getByLabel('价值').fill('199');
  await guide.look('studio-draw-form');
  await page.getByTestId('draw-publish').click();
  await page.getByTestId('draw-open').waitFor();
  await anna.page.locator('[data-testid="draw-card"][data-state="prepared"]').waitFor();
  await guide.look('studio-draw-prepared', 'phone');
  await page.getByTestId('draw-open').click();
  await anna.page.getByTestId('draw-enter').waitFor();
  await anna.look('player-draw-open');
  await anna.page.getByTestId('draw-enter').click();
  await anna.page.getByTestId('draw-entered').waitFor();
  await ben.page.getByTestId('draw-enter').waitFor();
  await ben.look('player-draw-open');
  await say(ben, '我要核桃 please');
  await ben.page.getByTestId('draw-entered').waitFor();

  // The guide reloads in the middle: the draw is where it was.
  await page.reload();
  await page.getByRole('timer').first().waitFor();
  await play();
  await page.locator('[data-testid="draw-entries"][data-count="2"]').waitFor();
  await guide.look('studio-draw-running', 'phone');
  await page.getByTestId('draw-close').click();
  await page.getByRole('button', { name: '立即开奖' }).last().click();
  await page.getByTestId('draw-winners').waitFor();
  await guide.look('studio-draw-result');

  // Both see the result by themselves; one of them won.
  for (const viewer of [anna, ben]) await viewer.page.getByTestId('draw-winners').waitFor();
  await Promise.race([anna, ben].map((viewer) => viewer.page.getByTestId('draw-claim').waitFor()));
  const winner = (await anna.page.getByTestId('draw-claim').count()) > 0 ? anna : ben;
  for (const viewer of [anna, ben]) await viewer.look(viewer === winner ? 'player-draw-won' : 'player-draw-lost');
  for (const viewer of [anna, ben]) {
    await viewer.page.getByTestId('draw-verify').click();
    await viewer.page.locator('[data-testid="verdict"][data-ok="true"]').waitFor();
    await viewer.look('player-verify');
    await viewer.page.goto(`${origin}/r/${roomId}`);
    await viewer.page.getByTestId('draw-result').waitFor();
  }
  await winner.page.goto(`${origin}/me`);
  await winner.page.getByTestId('claim').click();
  for (const [field, value] of Object.entries(homeAddress))
    await winner.page.getByTestId(`address-${field}`).fill(value);
  await winner.page.getByTestId('claim-submit').click();
  await winner.page.locator('[data-testid="prize"][data-state="claimed"]').waitFor();
  await winner.page.goto(`${origin}/r/${roomId}`);
  await winner.page.getByTestId('draw-result').waitFor();

  // The rain: from the store's budget, one packet each, the money in the account.
  await page.getByRole('tab', { name: '红包雨' }).click();
  await page.getByTestId('budget').filter({ hasText: '1,000' }).waitFor();
  await page.getByLabel('总金额').fill('8.88');
  await page.getByLabel('红包个数').fill('2');
  await guide.look('studio-rain-form');
  await page.getByTestId('rain-start').click();
  await page.getByRole('button', { name: '下红包雨' }).last().click();
  await page.getByTestId('rain-panel').waitFor();
  await anna.page.locator('[data-testid="rain"][data-state="raining"]').waitFor();
  await anna.look('player-rain');
  let total = 0;
  for (const viewer of [anna, ben]) {
    await viewer.page.getByTestId('grab').click();
    await viewer.page.getByTestId('grabbed').waitFor();
    total += Number(await viewer.page.getByTestId('grabbed').getAttribute('data-fen'));
    await viewer.look('player-grabbed');
  }
  expect(total).toBe(888);
  await page.getByTestId('rain-form').waitFor();
  await guide.look('studio-rain-over', 'phone');
  await ben.page.goto(`${origin}/me`);
  await ben.page.getByTestId('rewards').getByRole('listitem').waitFor();
  await ben.look('player-me');
  expect([...findings, ...people.flatMap(({ faults }) => faults)]).toEqual([]);
});
