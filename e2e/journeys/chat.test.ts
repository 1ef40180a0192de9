/**
 * A room that talks: replies and names, stickers, a pinned message, slow mode, a refused claim, a report that is judged, and
 * what headquarters sees of it.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../kit/chromium.ts';
import { goLive, newPerson, type Person, reads, say, signInToChat, signInToStudio } from '../kit/people.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';

const DESK = { width: 1440, height: 900 };
const folder = 'chat';

let product: TestProduct;
let browser: Browser;
beforeAll(async () => {
  [product, browser] = await Promise.all([startTestProduct(), launchChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await product?.[Symbol.asyncDispose]();
});

/** Opens what can be done with a message that holds these words. */
async function openMessage({ page }: Person, words: string): Promise<void> {
  await page.getByTestId('chat-line').filter({ hasText: words }).first().locator('.pl-line-open').click();
  await page.getByTestId('message-menu').waitFor();
}
const studioLine = ({ page }: Person, words: string) =>
  page.locator('button.st-line').filter({ hasText: words }).first();

test('guide and viewers talk, the word list listens, headquarters sees what was done', {
  timeout: 480_000,
}, async () => {
  const guide = await newPerson(browser, { folder, viewport: DESK });
  await signInToStudio(guide, product.origin, 'hangzhou-guide', product.demoPassword);
  const roomId = await goLive(guide, '核桃乳试饮');
  const anna = await newPerson(browser, { folder });
  const bella = await newPerson(browser, { folder, locale: 'en-US' });
  for (const [person, phone, name] of [
    [anna, '13800000301', '安然'],
    [bella, '13800000302', 'Bella'],
  ] as const) {
    await person.page.goto(`${product.origin}/r/${roomId}`);
    await person.page.getByTestId('chat-input').waitFor();
    await signInToChat(person, phone, name);
  }

  await say(anna, '这个甜吗');
  await studioLine(guide, '这个甜吗').click();
  await guide.shot('studio-actions');
  await guide.page.getByRole('button', { name: '回复', exact: true }).click();
  await guide.page
    .getByPlaceholder(/回复|说|聊/)
    .last()
    .fill('微甜，配料只有水和核桃');
  await guide.page.keyboard.press('Enter');
  await anna.page.locator('.pl-line-named').filter({ hasText: '微甜' }).waitFor();
  await studioLine(guide, '这个甜吗').click();
  await guide.page.getByRole('button', { name: '标为已答' }).click();
  await anna.page.locator('.pl-line-answered').waitFor();
  await studioLine(guide, '微甜，配料').click();
  await guide.page.getByRole('button', { name: '置顶这条' }).click();
  await bella.page.getByTestId('pinned-message').filter({ hasText: '微甜' }).waitFor();

  await openMessage(bella, '这个甜吗');
  await bella.shot('player-menu-en');
  await bella.page.getByTestId('mention').click();
  await bella.page.getByTestId('chat-input').pressSequentially('me too');
  await bella.page.getByTestId('chat-send').click();
  await anna.page.locator('.pl-line-named').filter({ hasText: 'me too' }).waitFor();
  await bella.page.getByTestId('chat-expressions').click();
  await bella.page.getByTestId('sticker-like').waitFor();
  await bella.shot('player-expressions-en');
  await bella.page.getByTestId('sticker-like').click();
  await anna.page.locator('[data-testid="chat-line"] svg[data-sticker="like"]').waitFor();
  await anna.shot('player-chat');

  // What ordinary food must not promise (rule Z3) is refused, in whatever spelling; bait comes out in stars.
  await say(bella, '听说能 jiang xue ya');
  await bella.page.getByTestId('chat-refused').waitFor();
  await bella.shot('player-refused-en');
  await bella.page.locator('.pl-line-retry').last().click();
  await say(anna, '加薇信拿优惠');
  await reads(bella, '***拿优惠');

  await guide.page.getByRole('button', { name: '发言设置' }).click();
  await guide.page.getByRole('button', { name: '60 秒' }).click();
  await guide.shot('studio-modes');
  await guide.page.getByRole('button', { name: '保存设置' }).click();
  await anna.page.getByTestId('chat-mode').waitFor();
  await say(anna, '还有别的口味吗');
  await reads(bella, '还有别的口味吗');
  await anna.page.waitForFunction(() =>
    /\d+ 秒后/.test(document.querySelector<HTMLInputElement>('[data-testid="chat-input"]')?.placeholder ?? ''),
  );
  await anna.shot('player-slow');

  await openMessage(bella, '***拿优惠');
  await bella.page.getByTestId('report').click();
  await bella.page.getByTestId('report-advert').check();
  await bella.shot('player-report-en');
  await bella.page.getByTestId('report-send').click();
  const reports = guide.page.getByRole('button', { name: /^举报 1/ });
  await reports.waitFor();
  await reports.click();
  await guide.page.getByTestId('reports').waitFor();
  await guide.shot('studio-reports');
  await guide.page.getByRole('button', { name: '删除消息' }).click();
  await bella.page.getByTestId('chat-line').filter({ hasText: '***拿优惠' }).waitFor({ state: 'detached' });
  await guide.page.keyboard.press('Escape');

  await studioLine(guide, 'me too').click();
  await guide.page.getByRole('button', { name: '刷屏' }).click();
  await guide.page.getByRole('button', { name: '禁言 10 分钟' }).click();
  await bella.page.waitForFunction(
    () => document.querySelector<HTMLInputElement>('[data-testid="chat-input"]')?.disabled === true,
  );

  const hq = await newPerson(browser, { folder, viewport: DESK });
  await hq.page.goto(`${product.origin}/console/moderation`);
  await hq.page.getByTestId('sign-in-username').fill('hq-admin');
  await hq.page.getByTestId('sign-in-password').fill(product.demoPassword);
  await hq.page.getByTestId('sign-in-submit').click();
  await hq.page.getByTestId('term-row').first().waitFor();
  await hq.shot('console-words');
  await hq.page.getByTestId('term-new').click();
  await hq.page.getByTestId('term-text').fill('喝了变聪明');
  await hq.shot('console-term');
  await hq.page.getByTestId('term-save').click();
  await hq.page.getByTestId('term-row').filter({ hasText: '喝了变聪明' }).waitFor();
  await hq.page.goto(`${product.origin}/console/moderation?tab=corrections`);
  await hq.page.getByTestId('correction-row').filter({ hasText: 'jiang xue ya' }).waitFor();
  await hq.shot('console-corrections');
  await hq.page.goto(`${product.origin}/console/moderation?tab=reports&state=closed`);
  await hq.page.getByTestId('report-row').waitFor();
  await hq.shot('console-reports');
  await hq.page.goto(`${product.origin}/console/moderation?tab=sanctions`);
  await hq.page.getByTestId('sanction-row').filter({ hasText: '刷屏' }).waitFor();
  await hq.shot('console-sanctions');
  await hq.page.getByTestId('sanction-lift').click();
  await hq.page.getByRole('alertdialog').getByRole('button', { name: '解除' }).click();
  await bella.page.waitForFunction(
    () => document.querySelector<HTMLInputElement>('[data-testid="chat-input"]')?.disabled === false,
  );

  // The new term works in the room that is on.
  await say(bella, '真的喝 了 变 聰 明吗');
  await bella.page.getByTestId('chat-refused').waitFor();
  for (const person of [guide, anna, bella, hq]) expect(person.faults).toEqual([]);
});
