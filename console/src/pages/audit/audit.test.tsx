// @vitest-environment jsdom
/** The log names what was acted on, keeps its id in sight, and leads only where its reader may go. */
import { findMessageProblems } from '@walnut-live/ui';
import { afterEach, expect, it } from 'vitest';
import { type Answers, all, createDesk, hq } from '../../testing/desk.tsx';
import AuditPage from './audit-page.tsx';
import { auditI18n } from './messages.ts';

const desk = createDesk();
afterEach(desk.leave);
const row = (id: string, target: string, targetName: string | null) => ({
  ...{ id, target, targetName, at: '2026-11-20T02:00:00.000Z', actor: { id: 'a', name: '林晓' } },
  ...{ action: 'test:done', unit: { path: 'hq', name: '总部' }, reason: '核对', detail: {} },
});
const answers: Answers = {
  'org.list': () => ({ items: [hq] }),
  'audit.actors': () => ({ items: [] }),
  'audit.list': () => ({
    items: [
      row('1', 'order:0198-1', 'W20261120001'),
      row('2', 'coupon-kind:0198-2', '满减十元'),
      row('3', 'webhook:0198-3', null),
      row('4', 'constructor:0198-4', null),
    ],
    nextCursor: null,
  }),
};
const told = () => all('audit-row').map((one) => one.querySelectorAll('td')[3]?.textContent);
const links = () => all('audit-row').map((one) => one.querySelector('a')?.getAttribute('href'));

it('an act is told in words with its name beside; who and what one filters by is named, also after a reload', async () => {
  const one = { ...row('1', 'order:0198-1', 'W1'), action: 'order:remarked', detail: { remark: '易碎' } };
  await desk.show(
    <AuditPage />,
    { ...answers, 'audit.list': () => ({ items: [one], nextCursor: null }) },
    { at: '/audit?actor=a&action=order' },
  );
  await desk.shown('订单 · 备注');
  expect(all('audit-row')[0]?.querySelectorAll('td')[2]?.textContent).toBe('订单 · 备注order:remarked');
  expect(all('audit-row')[0]?.querySelector('details dd')?.textContent).toBe('易碎');
  const chosen = (name: string) => all(`filter-${name}`)[0]?.textContent;
  expect(chosen('actor')).toContain('林晓');
  expect(chosen('action')).toContain('订单');
});

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(auditI18n.messages)).toEqual([]);
});

it('name, kind and id; a thing without a name by its kind; the row leads to its page, or to all that was done to it', async () => {
  await desk.show(<AuditPage />, answers);
  await desk.shown('W20261120001');
  expect(told()).toEqual(['W20261120001订单0198-1', '满减十元优惠券0198-2', '系统对接0198-3', 'constructor0198-4']);
  expect(links()).toEqual(['/orders/0198-1', '/coupons', '/webhooks', '/audit?target=constructor:0198-4']);
  await desk.leave();
  // Finance sets up no webhooks.
  await desk.show(<AuditPage />, answers, { role: 'hq_finance' });
  await desk.shown('W20261120001');
  expect(links()[2]).toBe('/audit?target=webhook:0198-3');
});
