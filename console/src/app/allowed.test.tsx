// @vitest-environment jsdom
/** A page that is not for a role is not opened by its address: it says so, and nothing is asked of the api. */
import { afterEach, expect, it } from 'vitest';
import { all, createDesk } from '../testing/desk.tsx';
import { Allowed } from './allowed.tsx';

const desk = createDesk();
afterEach(desk.leave);
const page = <p data-testid="page">内容</p>;

it.each([
  ['hq_finance', '/webhooks', false],
  ['hq_finance', '/settlements/0198', true],
  ['hq_compliance', '/settlements/0198', false],
  ['hq_analyst', '/staff', false],
  ['store_manager', '/inviters/0198', true],
  ['guide', '/reports/funnel', false],
  ['hq_analyst', '/nowhere', true],
] as const)('%s at %s: %s', async (role, at, isOpen) => {
  await desk.show(<Allowed>{page}</Allowed>, {}, { role, at });
  expect(all('page').length).toBe(isOpen ? 1 : 0);
  expect(all('no-access').length).toBe(isOpen ? 0 : 1);
});

it('says what it is, as whom one is signed in, and leads home', async () => {
  await desk.show(<Allowed>{page}</Allowed>, {}, { role: 'hq_finance', at: '/webhooks' });
  expect(all('no-access')[0]?.textContent).toContain('「系统对接」不在你的岗位范围内');
  expect(all('no-access')[0]?.textContent).toContain('总部财务');
  expect(all('no-access')[0]?.querySelector('a')?.getAttribute('href')).toBe('/');
  await desk.leave();
  await desk.show(<Allowed>{page}</Allowed>, {}, { role: 'hq_finance', at: '/webhooks', locale: 'en' });
  expect(all('no-access')[0]?.textContent).toContain('“Integration” is not part of your role');
});
