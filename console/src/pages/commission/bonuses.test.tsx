// @vitest-environment jsdom
/** Bonuses of months: why so much, what they wait for, where they went. */
import type { CommissionBonus } from '@walnut-live/contracts';
import { afterEach, expect, it } from 'vitest';
import { type Answers, all, createDesk, hq } from '../../testing/desk.tsx';
import BonusesPage from './bonuses-page.tsx';

const desk = createDesk();
afterEach(desk.leave);
const store = { id: 's', kind: 'store', path: 'hq.lake', name: '湖滨店' } as const;
const bonus = {
  ...{
    id: 'b1',
    beneficiary: { id: 'p1', name: '安然' },
    store,
    month: '2026-10',
    netFen: 2_000_000,
    tier: 2,
    bps: 150,
  },
  ...{ part: 1, beforeFen: 0, amountFen: 30_000, ruleVersion: 3, state: 'frozen' },
  ...{ waitsUntil: '2026-12-15T16:00:00.000Z', settlement: null, at: '2026-11-16T02:00:00.000Z' },
} as unknown as CommissionBonus;
const later = {
  ...{ ...bonus, id: 'b2', part: 2, netFen: 900_000, tier: 0, bps: 0, beforeFen: 30_000, amountFen: -30_000 },
  ...{ state: 'paid', waitsUntil: null, settlement: { id: 'run', title: '十月结算' } },
} as CommissionBonus;
const asked: unknown[] = [];
const answers: Answers = {
  'org.list': () => ({ items: [hq, store] }),
  'commission-bonuses.list': ({ query }) => {
    asked.push(query);
    return { items: [bonus, later], nextCursor: null };
  },
};
const rows = () => all('bonus-row');

it('each says why so much, what it waits for, what came before, and which run took it up', async () => {
  await desk.show(<BonusesPage />, answers);
  await desk.shown('安然');
  const [first, second] = rows().map((row) => row.textContent ?? '');
  expect(first).toContain('本店净销售额 ¥20,000.00；当月各店合计达到第 2 级，按 1.5% 应得 ¥300.00');
  expect(first).toContain('还有订单未可结算或有争议');
  expect(second).toContain('未达到任何等级，应得 ¥0.00');
  expect(second).toContain('此前已入账 ¥300.00，本笔为差额');
  expect(second).not.toContain('有争议');
  const links = rows().map((row) => [...row.querySelectorAll('a')].map((a) => a.getAttribute('href')));
  expect(links[0]).toEqual(['/inviters/p1?from=2026-10-01&to=2026-10-31', '/commission-rules']);
  expect(links[1]).toContain('/settlements/run');
});

it('month, state and unit are in the address; what is no month or state is not asked for', async () => {
  asked.length = 0;
  await desk.show(<BonusesPage />, answers, { at: '/?month=2026-10&state=frozen&org=s' });
  await desk.shown('安然');
  expect(asked).toEqual([{ limit: 50, month: '2026-10', state: 'frozen', orgUnitId: 's' }]);
  await desk.leave();
  asked.length = 0;
  await desk.show(<BonusesPage />, answers, { at: '/?month=2026-13&state=held' });
  await desk.shown('安然');
  expect(asked).toEqual([{ limit: 50 }]);
});
