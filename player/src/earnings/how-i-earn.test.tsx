// @vitest-environment jsdom
/** What I earn by, where my month stands, what comes: in words, and also when there is nothing or nothing can be read. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { myCommissionTerms, ReplyOf } from '@walnut-live/contracts';
import { act } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { type ApiAnswer, press, renderInRoom, uuid } from '../testing/fixtures.tsx';
import { HowIEarn } from './how-i-earn.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
let unmount: (() => Promise<void>) | null = null;
afterEach(async () => {
  await unmount?.();
  unmount = null;
  document.body.replaceChildren();
});
type Terms = ReplyOf<typeof myCommissionTerms>;
const rate = { level: 1, product: null, productRole: null, unit: null, bps: 1_000, fixedFen: null } as const;
const terms: Terms = {
  ...{ role: 'koc', tier: 1, memberLevel: 2, freezeDays: 15 },
  lines: [
    { ...rate, announced: { from: '2026-12-01T00:00:00.000Z', bps: 800, fixedFen: null } },
    { ...rate, product: { id: uuid(10) as never, title: '核桃酥' }, bps: 0, fixedFen: 300, announced: null },
    { ...rate, level: 2, productRole: 'gift', bps: 150, announced: null },
  ],
  month: {
    ...{ month: '2026-11', netFen: 1_200_000, heldFen: 50_000, tier: 1, bonusBps: 100, bonusFen: 12_000 },
    next: { tier: 2, minNetFen: 2_000_000, missingFen: 800_000, bonusBps: 200 },
  },
  tiers: [
    { tier: 1, minNetFen: 1_000_000, bonusBps: 100, lines: [] },
    { tier: 2, minNetFen: 2_000_000, bonusBps: 200, lines: [{ ...rate, bps: 1_500 }] },
  ],
};
const show = async (answer: () => ApiAnswer) => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const rendered = await renderInRoom(
    <QueryClientProvider client={client}>
      <HowIEarn personId={uuid(900)} />
    </QueryClientProvider>,
    {
      answer: ({ path }) => (path === '/me/commission-terms' ? answer() : { status: 404, json: { code: 'not_found' } }),
    },
  );
  unmount = rendered.unmount;
};
const text = () => document.body.textContent ?? '';
const shown = (what: string) =>
  vi.waitFor(
    async () => {
      await act(async () => undefined);
      expect(text()).toContain(what);
    },
    { timeout: 10_000, interval: 20 },
  );
const all = (testId: string) => [...document.querySelectorAll(`[data-testid="${testId}"]`)];

it('rates with what they are for and what is announced; the month, the next step, and where I stand among the tiers', async () => {
  await show(() => ({ json: terms }));
  await shown('我怎么赚');
  expect(all('my-rate').map((one) => one.textContent)).toEqual([
    expect.stringMatching(/^全部商品10%.*起为 8%，之前的订单不变$/),
    '核桃酥每件 ¥3.00',
    '礼盒1.5%',
  ]);
  expect(text()).toContain('按分享官计算');
  expect(text()).toContain('收货满 15 天');
  expect(all('next-tier')[0]?.textContent).toBe('再卖 ¥8,000.00 到第 2 级');
  const bar = document.querySelector('progress');
  expect([bar?.value, bar?.max]).toEqual([1_200_000, 2_000_000]);
  expect(text()).toContain('月底奖励约 ¥120.00');
  expect(text()).toContain('另有 ¥500.00 审核中');
  expect(all('tier').map((one) => one.getAttribute('aria-current'))).toEqual(['step', null]);
  expect(all('tier')[1]?.textContent).toContain('次月：全部商品 15%');
});

it('the highest tier has no next step', async () => {
  await show(() => ({ json: { ...terms, month: { ...terms.month, tier: 2, next: null } } }));
  await shown('已到最高的第 2 级');
  expect(document.querySelector('progress')).toBeNull();
});

it('a brand that pays nothing says so; what could not be read can be asked for again', async () => {
  let isBroken = true;
  const nothing = { ...terms, lines: [{ ...rate, bps: 0, announced: null }], tiers: [] };
  await show(() =>
    isBroken ? { status: 403, json: { code: 'forbidden', status: 403, requestId: 'r-1' } } : { json: nothing },
  );
  await shown('r-1');
  isBroken = false;
  await press(document.querySelector('button') as HTMLElement);
  await shown('品牌目前没有推广佣金');
  expect(all('my-rate')).toEqual([]);
});
