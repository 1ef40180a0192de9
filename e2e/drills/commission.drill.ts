/**
 * Headquarters' finance drafts new commission rules, tries them on a month, publishes them with a reason and finds them among the
 * versions; the desk of held commission says when nothing waits.
 */
import { expect, test } from 'vitest';
import { commissionI18n } from '../../console/src/pages/commission/messages.ts';
import { drillSet } from '../kit/drill-set.ts';
import { signInToConsole } from '../kit/people.ts';

const drill = drillSet({ folder: 'commission', texts: { console: commissionI18n.messages } });
const { person, findings } = drill;

test('rules: draft, simulate, publish; the desk of held commission', { timeout: 300_000 }, async () => {
  const { origin, demoPassword } = drill.product;
  const desk = await person('zh-CN', 'console');
  const { page } = desk;
  await page.setViewportSize({ width: 1_440, height: 900 });
  await signInToConsole(desk, origin, 'hq-finance', demoPassword);
  await page.goto(`${origin}/console/commission-rules`);
  await page.getByTestId('draft-begin').click();
  await page.getByLabel('一级（下单归属人）').fill('8');
  await page.getByTestId('rate-add').click();
  await page.getByTestId('rate-line').getByLabel('比例（%）').fill('12');
  await page.getByTestId('draft-save').click();
  await page.getByText('有未保存的修改').waitFor({ state: 'detached' });
  await page.getByTestId('simulate').click();
  await page.getByText('月度奖励', { exact: true }).waitFor();
  await desk.look('rules-draft', 'desk');
  await page.getByTestId('draft-publish').click();
  await page.getByTestId('reason').fill('秋季门店激励');
  await desk.look('rules-publish', 'desk');
  await page.getByTestId('reason-submit').click();
  await page.getByTestId('rule-version').filter({ hasText: '秋季门店激励' }).waitFor();
  await page.getByTestId('draft-begin').waitFor(); // the draft is gone with its publishing
  await desk.look('rules-published', 'desk');
  await page.goto(`${origin}/console/commission-holds`);
  await page.getByText('没有待核查的佣金').waitFor();
  await desk.look('holds', 'desk');
  expect(findings).toEqual([]);
});
