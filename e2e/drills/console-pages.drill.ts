/**
 * Every place of the console's menu with every tab, in both languages, on a phone and at a desk: nothing too wide, nothing
 * untranslated, no raw keys, no serious finding of axe, no fault in the page. The menu itself on a phone; and how headquarters
 * makes a unit and an account, answers somebody who asks for their data, and sets terms. Pictures stay under
 * e2e/artifacts/screens.
 */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { appTexts } from '../kit/app-texts.ts';
import { openPlace } from '../kit/console-menu.ts';
import { drillSet } from '../kit/drill-set.ts';
import { type Person, signInToConsole } from '../kit/people.ts';
import { type Lang, resize, type Screens } from '../kit/screens.ts';

const drill = drillSet({ folder: 'console-pages', texts: { console: appTexts.console }, atDesk: ['console'] });
const BUYERS = {
  'zh-CN': { phone: '13900000061', name: '安然' },
  en: { phone: '13900000062', name: 'Grace' },
} as const;
const reason = { 'zh-CN': '本人来电要求', en: 'asked by phone' } as const;

async function pathsOf(page: Page): Promise<string[]> {
  const links = page.locator('.co-shell > .co-side a.co-menu-item');
  await links.first().waitFor({ state: 'attached' });
  return links.evaluateAll((all) => all.map((link) => (link.getAttribute('href') ?? '').replace(/^\/console/, '')));
}

/** Until what the page asked for is there or refused. */
async function arrived(page: Page): Promise<void> {
  await page.locator('main h1').first().waitFor();
  await page.waitForFunction(() => document.querySelector('main [aria-busy="true"]') === null);
}

async function everyPlace({ page, look }: Person & Screens, lang: Lang): Promise<string[]> {
  const paths = await pathsOf(page);
  for (const path of paths) {
    const name = `console${path.replaceAll('/', '-')}`;
    await resize(page, 'desk');
    await openPlace(page, path);
    await arrived(page);
    await look(name);
    if (path === '/screen') {
      // It covers the console, its menu too.
      await page.getByTestId('screen-leave').click();
      await page.waitForURL(/\/console\/live$/);
      continue;
    }
    const tabs = await page.locator('main [role="tab"]').count();
    for (let at = 1; at < tabs; at += 1) {
      await resize(page, 'desk');
      await page.locator('main [role="tab"]').nth(at).click();
      await arrived(page);
      // Tabs are made of the same parts: one size in each language.
      await look(`${name}-${at}`, lang === 'en' ? 'desk' : 'phone');
    }
  }
  return paths;
}

async function menuOnAPhone({ page, look }: Person & Screens): Promise<void> {
  await resize(page, 'phone');
  await arrived(page);
  await page.getByTestId('menu-open').click();
  const drawer = page.getByRole('dialog');
  await drawer.getByRole('navigation').waitFor();
  await look('menu', 'phone');
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'hidden' });
  await page.getByTestId('menu-open').click();
  const group = drawer.getByTestId('menu-money');
  if ((await group.getAttribute('aria-expanded')) === 'false') await group.press('Enter');
  await drawer.locator('a[href="/console/payments"]').press('Enter');
  await page.waitForURL(/\/console\/payments$/);
  await drawer.waitFor({ state: 'hidden' });
}

async function organisation({ page, look }: Person & Screens, lang: Lang): Promise<void> {
  const made = lang === 'en' ? { name: 'West store', slug: 'west' } : { name: '城南店', slug: 'south' };
  await resize(page, 'desk');
  await openPlace(page, '/organisation');
  await page.getByTestId('unit-new').click();
  await page.getByTestId('unit-name').fill(made.name);
  await page.getByTestId('unit-slug').fill(made.slug);
  await look('unit-new');
  await page.getByTestId('unit-submit').click();
  const row = page.getByTestId('unit-row').filter({ hasText: made.name });
  await row.waitFor();
  await resize(page, 'desk');
  await row.getByTestId('unit-change').click();
  await page.getByTestId('unit-legal').fill('核桃商贸有限公司');
  await page.getByTestId('unit-reason').fill(reason[lang]);
  await page.getByTestId('unit-submit').click();
  await row.getByText('核桃商贸有限公司').waitFor();
  // A unit in which people work is not closed, and what stands in the way is told.
  await page.getByTestId('unit-row').filter({ hasText: '杭州' }).first().getByTestId('unit-close').click();
  await page.getByTestId('reason').fill(reason[lang]);
  await page.getByTestId('reason-submit').click();
  await page.getByText(lang === 'en' ? /accounts that work/ : /有在职账号/).waitFor();
  await look('unit-blocked');
  await page.keyboard.press('Escape');
  await row.getByTestId('unit-close').click();
  await page.getByTestId('reason').last().fill(reason[lang]);
  await page.getByTestId('reason-submit').last().click();
  await row.waitFor({ state: 'hidden' });
}

async function staff({ page, look }: Person & Screens, lang: Lang): Promise<void> {
  await resize(page, 'desk');
  await openPlace(page, '/staff');
  await page.getByTestId('account-new').click();
  await page.getByTestId('account-name').fill(lang === 'en' ? 'Lee' : '李青');
  await page.getByTestId('account-role').click();
  await page
    .locator('.ant-select-item-option')
    .filter({ hasText: lang === 'en' ? 'Guide' : '导购' })
    .click();
  await page.getByTestId('account-unit').click();
  await page.locator('.ant-select-dropdown:visible .ant-select-item-option').filter({ hasText: '杭州' }).last().click();
  await page.getByTestId('account-username').fill(`drill-${lang.slice(0, 2)}`);
  await look('account-new');
  await page.getByTestId('account-submit').click();
  await page.getByTestId('account-code-shown').waitFor();
  await look('account-code');
  await page.locator('.ant-modal-close').click();
  await resize(page, 'desk');
  const row = page.getByTestId('staff-row').filter({ hasText: `drill-${lang.slice(0, 2)}` });
  await row.getByTestId('account').click();
  await page.getByTestId('account-change').waitFor();
  await arrived(page);
  await look('account');
  await page.getByTestId('account-off').click();
  await page.getByTestId('reason').fill(reason[lang]);
  await page.getByTestId('reason-submit').click();
  await page.getByTestId('account-off').and(page.locator(':not(.ant-btn-dangerous)')).waitFor();
  await page.keyboard.press('Escape');
}

async function personalData({ page, look }: Person & Screens, lang: Lang): Promise<void> {
  await resize(page, 'desk');
  await openPlace(page, '/personal-data');
  await page.getByTestId('find-by').fill(BUYERS[lang].phone);
  await page.getByTestId('find-submit').click();
  await page.getByTestId('ask-export').click();
  await page.getByTestId('reason').fill(reason[lang]);
  await page.getByTestId('reason-submit').click();
  const mine = page.getByTestId('request-row').filter({ hasText: BUYERS[lang].name.slice(0, 1) });
  const download = mine.getByTestId('request-download').first();
  await download.waitFor();
  const [file] = await Promise.all([page.waitForEvent('download'), download.click()]);
  expect(file.suggestedFilename()).toMatch(/^personal-data-.*\.json$/);
  await page.getByTestId('ask-deletion').click();
  await page.getByTestId('reason').last().fill(reason[lang]);
  await look('deletion-ask');
  await page.getByTestId('reason-submit').last().click();
  await mine.getByTestId('request-cancel').first().waitFor();
  await look('personal-data');
  await resize(page, 'desk');
  await mine.getByTestId('request-cancel').first().click();
  await page.getByTestId('reason').last().fill(reason[lang]);
  await page.getByTestId('reason-submit').last().click();
  await mine.getByTestId('request-cancel').first().waitFor({ state: 'hidden' });
}

/** A store's set-up: seen beforehand, copied if there is anything to copy, and what was done stays in sight. */
async function templates({ page, look }: Person & Screens, lang: Lang): Promise<void> {
  await resize(page, 'desk');
  await openPlace(page, '/templates');
  await look('templates-empty');
  await resize(page, 'desk');
  await page.getByTestId('copy-from').click();
  await page
    .locator('.ant-select-dropdown:visible .ant-select-item-option')
    .filter({ hasText: '杭州' })
    .first()
    .click();
  // The choice lives in the address, and a box is ticked when that says so.
  for (const [at, box] of (await page.getByTestId('copy-what').getByRole('checkbox').all()).entries()) {
    await box.click();
    await page.waitForURL((url) => (url.searchParams.get('what') ?? '').split(',').length === at + 1);
  }
  await page.getByTestId('copy-preview').waitFor();
  await arrived(page);
  await look('templates-preview');
  await resize(page, 'desk');
  const begin = page.getByTestId('copy-begin');
  if (!(await begin.isEnabled())) return;
  await begin.click();
  await page.getByTestId('reason').fill(reason[lang]);
  await look('templates-copy');
  await page.getByTestId('reason-submit').click();
  await page.getByTestId('copy-result').waitFor();
  await arrived(page);
  await look('templates-result');
}

/** Terms are one for all: who saves second over another's is refused, as it should be. */
let saving: Promise<unknown> = Promise.resolve();
function oneAfterAnother(act: () => Promise<void>): Promise<void> {
  const mine = saving.then(act);
  saving = mine.catch(() => undefined);
  return mine;
}

async function terms({ page, look }: Person & Screens, lang: Lang): Promise<void> {
  await resize(page, 'desk');
  await openPlace(page, '/retention');
  await page.getByTestId('retention-change').last().click();
  await page.getByTestId('retention-preview').waitFor();
  await look('retention-change');
  await page.keyboard.press('Escape');
  await resize(page, 'desk');
  await openPlace(page, '/settlement-terms');
  await page.getByTestId('terms-change').click();
  await page.getByTestId('terms-reason').fill(reason[lang]);
  await look('terms-change');
  const before = await page.getByTestId('terms-version').textContent();
  await page.getByTestId('terms-submit').click();
  await page.getByTestId('terms-reason').waitFor({ state: 'hidden' });
  await page.waitForFunction(
    (old) => document.querySelector('[data-testid="terms-version"]')?.textContent !== old,
    before,
  );
}

test('every place of the console, in both languages, on a phone and at a desk', { timeout: 1_800_000 }, async () => {
  const { findings } = drill;
  for (const { phone, name } of Object.values(BUYERS)) await drill.buyerToken(phone, name);
  const seen = await Promise.all(
    (['zh-CN', 'en'] as const).map(async (lang) => {
      const admin = await drill.person(lang, 'console');
      await signInToConsole(admin, drill.product.origin, 'hq-admin', drill.product.demoPassword);
      let paths: string[] = [];
      const steps: [string, () => Promise<unknown>][] = [
        ['organisation', () => organisation(admin, lang)],
        ['staff', () => staff(admin, lang)],
        ['personal data', () => personalData(admin, lang)],
        ['terms', () => oneAfterAnother(() => terms(admin, lang))],
        ['templates', () => oneAfterAnother(() => templates(admin, lang))],
        ['menu', () => menuOnAPhone(admin)],
        [
          'places',
          async () => {
            paths = await everyPlace(admin, lang);
          },
        ],
      ];
      for (const [name, step] of steps) {
        try {
          await step();
        } catch (error) {
          await admin.shot(`stuck-${name}-${lang}`);
          findings.push(`${lang} ${name}: stuck: ${error instanceof Error ? error.message : String(error)}`);
          await admin.page.goto(`${drill.product.origin}/console/live`);
        }
      }
      findings.push(...admin.faults.map((fault) => `${lang}: fault: ${fault}`));
      return paths;
    }),
  );
  // First, because a step that got stuck is why the rest differs.
  expect(findings.sort().join('\n')).toBe('');
  expect(seen[0]?.length).toBeGreaterThan(35);
  expect(seen[1]).toEqual(seen[0]);
});
