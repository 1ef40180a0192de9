// @vitest-environment jsdom
import type { Cart } from '@walnut-live/contracts';
import { act } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type ApiAnswer, byTestId, press, ROOM, renderInRoom, uuid } from '../testing/fixtures.tsx';
import CartPage from './cart-page.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const line = {
  ...{ skuId: uuid(20), productId: uuid(10), title: '核桃酥', skuName: '8 枚', pictureUrl: '/w.svg' },
  ...{ quantity: 1, unitPriceFen: 2_000, seenPriceFen: 2_000, offer: null, problem: null, most: 9 },
};
const cart = {
  groups: [
    { roomId: ROOM, live: true, store: { id: uuid(1), kind: 'store', path: 'hq.a', name: '湖滨店' }, lines: [line] },
  ],
} as unknown as Cart;
const quote = (shippingFen: number): ApiAnswer => ({
  json: { shippingFen, freeInFen: null, freeFromFen: null, pickup: null },
});
const WAIT = { timeout: 10_000, interval: 20 };
const eventually = (holds: () => void) =>
  vi.waitFor(async () => {
    await act(async () => undefined);
    holds();
  }, WAIT);
const submit = () => byTestId<HTMLButtonElement>('cart-place');

let unmount: (() => Promise<void>) | null = null;
let quotes: ApiAnswer[];
let orders: ApiAnswer[];
beforeEach(() => {
  const address = {
    ...{ recipient: '周宁', phone: '13800000001', province: '浙江省', city: '杭州市', district: '西湖区' },
    street: '山核桃路 8 号',
  };
  localStorage.setItem('walnut-live.address', JSON.stringify(address));
});
afterEach(async () => {
  await unmount?.();
  unmount = null;
  document.body.replaceChildren();
  sessionStorage.clear();
  localStorage.clear();
});
async function open() {
  const rendered = await renderInRoom(<CartPage />, {
    answer: ({ path }): ApiAnswer => {
      if (path === '/me/cart') return { json: cart };
      if (path === '/shipping/quote') return quotes.shift() ?? quote(800);
      return (path === '/me/cart/checkout' && orders.shift()) || { status: 404, json: { code: 'not_found' } };
    },
  });
  unmount = rendered.unmount;
  await eventually(() => byTestId('cart-checkout'));
  await press(byTestId('cart-checkout'));
  await eventually(() => submit());
  return () => rendered.calls.filter(({ path }) => path === '/me/cart/checkout').map(({ body }) => body);
}

it('nothing is ordered before the fee is the one of these goods and this address, nor after a refusal before it is told anew', async () => {
  quotes = [quote(600)];
  orders = [{ status: 409, json: { code: 'price_changed', status: 409, requestId: 'r', facts: { shippingFen: 800 } } }];
  const placed = await open();
  expect(submit().disabled).toBe(true);
  await act(async () => submit().click());
  await eventually(() => expect(byTestId('cart-shipping').textContent).toBe('¥6.00'));
  expect([submit().disabled, placed()]).toEqual([false, []]);
  await act(async () => submit().click());
  await eventually(() => expect(document.body.textContent).toContain('¥8.00'));
  expect(placed()).toMatchObject([{ seenShippingFen: 600 }]);
  await eventually(() => expect(byTestId('cart-shipping').textContent).toBe('¥8.00'));
  expect(submit().disabled).toBe(false);
});

it('a quote that does not come keeps nobody from ordering: the order itself says what it costs', async () => {
  quotes = ['offline'];
  orders = [];
  await open();
  expect(submit().disabled).toBe(true);
  await eventually(() => expect(submit().disabled).toBe(false));
  expect(byTestId('cart-shipping').textContent).not.toContain('¥');
});
