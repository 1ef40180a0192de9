import type { AfterSaleOptions } from '@walnut-live/contracts';
import { expect, it } from 'vitest';
import { fitWithin, sumOf, sumOfItem } from './ask.ts';

const item = (over: Partial<AfterSaleOptions['items'][number]> = {}): AfterSaleOptions['items'][number] => ({
  ...{ itemId: 'a', title: '核桃仁', skuName: '200g', pictureUrl: '/a.webp', quantity: 3, amountFen: 1_000 },
  ...{ refundedPieces: 0, pieces: 3, leftFen: 1_000 },
  ...over,
});
const options = (items: AfterSaleOptions['items']): AfterSaleOptions => ({
  ...{ wholeFen: 0, asking: 0 },
  ...{ kinds: ['refund_only', 'exchange'], items, shippingLeftFen: 800, noReasonUntil: null, until: null },
});

it('M4 pieces asked for one after the other sum to the item', () => {
  const one = sumOfItem(item(), 1);
  const two = sumOfItem(item({ refundedPieces: 1, pieces: 2, leftFen: 1_000 - one }), 2);
  expect([one, two, one + two]).toEqual([333, 667, 1_000]);
  expect(sumOfItem(item({ leftFen: 100 }), 3)).toBe(100);
});

it('shipping counts only beside pieces, and an exchange moves no money', () => {
  const both = options([item(), item({ itemId: 'b', quantity: 1, pieces: 1, amountFen: 50, leftFen: 50 })]);
  expect(sumOf(both, { a: 3, b: 1 }, 'refund_only', true)).toEqual({ pieces: 4, fen: 1_850 });
  expect(sumOf(both, {}, 'refund_only', true)).toEqual({ pieces: 0, fen: 0 });
  expect(sumOf(both, { a: 2 }, 'exchange', true)).toEqual({ pieces: 2, fen: 0 });
});

it('a picture is made smaller, never larger', () => {
  expect(fitWithin(4_000, 3_000)).toEqual({ width: 1_600, height: 1_200 });
  expect(fitWithin(300, 200)).toEqual({ width: 300, height: 200 });
});
