// @vitest-environment jsdom
import type { PreSaleTerms } from '@walnut-live/contracts';
import { act } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ApiAnswer, byTestId, press, ROOM, renderInRoom, uuid } from '../testing/fixtures.tsx';
import { PreSaleCheckout } from './pre-sale-checkout.tsx';
import { mayTakeBack, standingOf } from './standing.ts';
import { sumsOf } from './sums.ts';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let unmount: (() => Promise<void>) | null = null;
afterEach(async () => {
  await unmount?.();
  unmount = null;
  document.body.replaceChildren();
  sessionStorage.clear();
  localStorage.clear();
});

const at = (hour: number): string => new Date(Date.UTC(2026, 11, 1, hour)).toISOString();
const terms: PreSaleTerms & { left: number | null } = {
  ...{ id: uuid(900), title: '礼盒预售', priceFen: 10_000, shelfPriceFen: 12_000, depositFen: 1_000, worthFen: 2_000 },
  product: { id: uuid(10), title: '核桃礼盒', pictureUrl: '/w.svg' },
  sku: { id: uuid(20), name: '标准' },
  ...{ keepsDeposit: true, perPerson: 2, left: null },
  ...{ startsAt: at(0), depositUntil: at(24), balanceFrom: at(48), balanceUntil: at(72), shipsBy: at(168) },
};

describe('S7 where an order of a pre-sale stands', () => {
  it.each([
    ['pending_payment', 1, 'deposit', false, false],
    ['deposit_paid', 47, 'waiting', true, true],
    ['deposit_paid', 48, 'open', false, true],
    ['deposit_paid', 72, 'over', false, false],
    ['paid', 50, 'paid', false, false],
    ['refunded', 90, 'paid', false, false],
    ['cancelled', 30, 'returned', false, false],
    ['expired', 80, 'returned', false, false],
    ['forfeited', 80, 'kept', false, false],
  ] as const)('%s at hour %i is %s', (state, hour, standing, kept, returned) => {
    expect(standingOf({ state }, terms, Date.parse(at(hour)))).toBe(standing);
    expect(mayTakeBack(standing, true)).toBe(kept);
    expect(mayTakeBack(standing, false)).toBe(returned);
  });
});

it('M1 deposit and balance are what is paid in all, shipping with the balance', () => {
  expect(sumsOf(terms, 2, 800)).toEqual({
    ...{ goodsFen: 20_000, swellFen: 2_000, depositFen: 2_000, balanceFen: 16_800, totalFen: 18_800 },
  });
});

describe('paying a deposit', () => {
  const open = async (answers: ApiAnswer[]) => {
    const address = {
      ...{ recipient: '周宁', phone: '13800000001', province: '浙江省', city: '杭州市', district: '西湖区' },
      street: '山核桃路 8 号',
    };
    localStorage.setItem('walnut-live.address', JSON.stringify(address));
    const onPlaced = vi.fn();
    const rendered = await renderInRoom(
      <PreSaleCheckout roomId={ROOM} terms={terms} onPlaced={onPlaced} onBack={() => undefined} />,
      {
        answer: ({ path }): ApiAnswer => {
          if (path === '/shipping/quote')
            return { json: { shippingFen: 800, freeInFen: null, freeFromFen: null, pickup: null } };
          return (path === '/orders' && answers.shift()) || { status: 404, json: { code: 'not_found' } };
        },
      },
    );
    unmount = rendered.unmount;
    await vi.waitFor(
      async () => {
        await act(async () => undefined);
        expect(byTestId('pre-sale-balance').textContent).toBe('¥88.00');
      },
      { timeout: 10_000, interval: 20 },
    );
    const orders = () => rendered.calls.filter(({ path }) => path === '/orders').map(({ body }) => body);
    return { onPlaced, orders, place: () => act(async () => byTestId('pre-sale-place').click()) };
  };
  const placed: ApiAnswer = { status: 201, json: { id: uuid(300), payment: { id: uuid(400) } } };

  it('needs the rule to be accepted; says what is paid now and what later', async () => {
    const { onPlaced, orders, place } = await open([placed]);
    expect(byTestId('pre-sale-deposit').textContent).toBe('¥10.00');
    expect(document.body.textContent).toContain('逾期未付，定金不退');
    await place();
    expect(orders()).toEqual([]);
    expect(document.body.textContent).toContain('请先确认定金规则');
    await press(byTestId('pre-sale-accept'));
    await place();
    expect(orders()).toMatchObject([
      {
        lines: [{ skuId: uuid(20), quantity: 1, seenPriceFen: 10_000 }],
        ...{ seenShippingFen: 800, preSale: { campaignId: uuid(900), ruleAccepted: true } },
      },
    ]);
    expect(onPlaced).toHaveBeenCalledWith({ orderId: uuid(300), paymentId: uuid(400) });
  });

  it('a pre-sale that takes no deposit any more says why', async () => {
    const over = { code: 'pre_sale_not_open', status: 409, requestId: 'r', facts: { reason: 'sold_out' } };
    const { onPlaced, place } = await open([{ status: 409, json: over }]);
    await press(byTestId('pre-sale-accept'));
    await place();
    expect(byTestId('pre-sale-refusal').textContent).toBe('剩下的件数不够了');
    expect(onPlaced).not.toHaveBeenCalled();
  });
});
