/**
 * Headquarters settles in real browsers: one prepares a run and cannot approve it, a colleague approves, it is paid, the sharer
 * accepts the transfer on the phone and withdraws what came since; the store's manager sees their own statement, and nothing else.
 * The screens are looked at on the way.
 */
import { expect, test } from 'vitest';
import { auditSettlements } from '../../api/src/features/settlements/settlements-audit.ts';
import { systemRandom } from '../../api/src/platform/clock.ts';
import { postEntry } from '../../api/src/testing/settlements.ts';
import { en as consoleEn } from '../../console/src/i18n/messages.en.ts';
import { zh as consoleZh } from '../../console/src/i18n/messages.zh.ts';
import { en as playerEn } from '../../player/src/i18n/en.ts';
import { zh as playerZh } from '../../player/src/i18n/zh.ts';
import { auditBooks, withDatabase } from '../kit/audit.ts';
import { drillSet } from '../kit/drill-set.ts';
import { fillSignIn, signInToConsole } from '../kit/people.ts';

const texts = { player: { zh: playerZh, en: playerEn }, console: { zh: consoleZh, en: consoleEn } };
const drill = drillSet({ folder: 'settlement', texts, atDesk: ['console'] });
const { person, people, findings, good, buyerToken, staffToken } = drill;
const SHARER = { phone: '13900000041', name: '安然' };
const DAY_MS = 86_400_000;

test('a run is previewed, approved by a colleague, paid and received', { timeout: 600_000 }, async () => {
  const { origin, demoPassword } = drill.product;
  const me = await good(await buyerToken(SHARER.phone, SHARER.name), 'GET', '/me');
  const other = await good(await buyerToken('13900000042', '贝贝'), 'GET', '/me');
  const { orgUnit } = (await good(await staffToken('hangzhou-manager'), 'GET', '/me')).staff;
  const earn = (personId: string, amountFen: bigint, more: object = {}) =>
    withDatabase(drill.product.databaseUrl, (db) =>
      postEntry(
        { db, random: systemRandom },
        { ...{ personId, store: orgUnit, amountFen, at: new Date(Date.now() - DAY_MS) }, ...more },
      ),
    );
  await earn(me.id, 128_800n);
  await earn(me.id, 8_600n, { state: 'held' });
  await earn(other.id, 60n);

  const finance = await person('zh-CN', 'console');
  await signInToConsole(finance, origin, 'hq-finance', demoPassword);
  await finance.page.goto(`${origin}/console/settlements`);
  await finance.page.getByTestId('settlement-new').click();
  await finance.page.getByTestId('settlement-title').fill('十一月上半月佣金');
  await finance.page.getByTestId('settlement-create').click();
  await finance.page.getByTestId('run-preview').click();
  await finance.page.getByTestId('preview-row').first().waitFor();
  await earn(other.id, 5_000n);
  await finance.page.getByTestId('run-preview').click();
  await finance.page.getByTestId('preview-row').filter({ hasText: '贝贝' }).getByText('有变化').waitFor();
  expect(await finance.page.getByTestId('run-approve').count()).toBe(0);
  await finance.look('run-preview');
  const runUrl = finance.page.url();

  const admin = await person('en', 'console');
  await signInToConsole(admin, origin, 'hq-admin', demoPassword);
  await admin.page.goto(runUrl);
  await admin.page.getByTestId('run-approve').click();
  await admin.page.getByTestId('reason').fill('checked against the orders');
  await admin.look('run-approve');
  await admin.page.getByTestId('reason-submit').click();
  await admin.page.getByTestId('run-pay').click();
  await admin.page.getByTestId('reason').fill('approved today');
  await admin.page.getByTestId('reason-submit').click();
  await admin.page.getByTestId('bill-row').first().waitFor();
  await admin.look('run-paying');

  // The sharer accepts on the phone, and takes what came since.
  const sharer = await person('zh-CN', 'player');
  await sharer.page.goto(`${origin}/me`);
  await sharer.page.getByTestId('sign-in').click();
  await fillSignIn(sharer, SHARER.phone, SHARER.name);
  await sharer.page.getByTestId('earnings-open').click();
  await sharer.page.getByTestId('bill-accept').waitFor();
  await sharer.look('earnings-waiting');
  await sharer.page.getByTestId('bill-accept').click();
  await sharer.page.locator('[data-testid="my-bill"][data-state="succeeded"]').waitFor();
  await earn(me.id, 8_800n);
  await sharer.page.reload();
  await sharer.page.getByTestId('withdraw-open').click();
  await sharer.page.getByTestId('withdraw-net').waitFor();
  await sharer.look('earnings-withdraw');
  await sharer.page.getByTestId('withdraw-submit').click();
  await sharer.page.getByTestId('bill-accept').click();
  await expect
    .poll(() => sharer.page.locator('[data-testid="my-bill"][data-state="succeeded"]').count(), { timeout: 30_000 })
    .toBe(2);

  // The colleague accepts for the other, in the sandbox; the run ends, and its transfers are held against the provider.
  await admin.page.getByTestId('bill-accept').first().click();
  await admin.page.getByTestId('run-history').getByText('All arrived').waitFor();
  await admin.page.getByTestId('reconcile').click();
  await admin.look('run-paid');

  const manager = await person('zh-CN', 'console');
  await signInToConsole(manager, origin, 'hangzhou-manager', demoPassword);
  await manager.page.goto(`${origin}/console/store-statements`);
  await manager.page.getByTestId('statement-row').first().waitFor();
  await manager.look('statements');
  expect(await manager.page.getByTestId('statement-settle').count()).toBe(0);

  expect(findings).toEqual([]);
  expect(people.flatMap(({ faults }) => faults)).toEqual([]);
  expect(await auditBooks(drill.product.databaseUrl)).toEqual([]);
  expect(await withDatabase(drill.product.databaseUrl, auditSettlements)).toEqual([]);
});
