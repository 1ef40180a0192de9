import type { SkuPrice } from '@walnut-live/live-client/room';
import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { bundleItem } from './bundle-item.ts';
import { productI18n } from './messages.ts';
import { hasOptions, optionRows } from './options.ts';

const options = [
  { name: '口味', values: ['原味', '奶香', '盐焗'] },
  { name: '规格', values: ['200g', '500g'] },
];
const price = (id: string, optionValues: string[], soldOut = false): SkuPrice => ({
  sku: { id, name: id, priceFen: 100, listPriceFen: null, listPriceBasis: null, active: true, optionValues },
  ...{ offer: null, priceFen: 100, struckFen: null, left: soldOut ? 0 : 9, soldOut, maxQuantity: 9 },
});
const prices = [
  price('a200', ['原味', '200g']),
  price('a500', ['原味', '500g'], true),
  price('b500', ['奶香', '500g']),
];

it('marks what is chosen, what is gone in this combination, and leads to the nearest that is there', () => {
  const [taste, size] = optionRows(options, prices, 'a200');
  expect(taste?.values).toEqual([
    { value: '原味', chosen: true, soldOut: false, skuId: 'a200' },
    // Not in 200g, but there in 500g.
    { value: '奶香', chosen: false, soldOut: false, skuId: 'b500' },
    { value: '盐焗', chosen: false, soldOut: true, skuId: null },
  ]);
  expect(size?.values).toEqual([
    { value: '200g', chosen: true, soldOut: false, skuId: 'a200' },
    { value: '500g', chosen: false, soldOut: true, skuId: 'b500' },
  ]);
});

it('products without options are chosen by name', () => {
  expect(hasOptions([], prices)).toBe(false);
  expect(hasOptions(undefined, prices)).toBe(false);
  expect(hasOptions(options, prices)).toBe(true);
  expect(hasOptions(options, [price('old', [])])).toBe(false);
});

it('a bundle is bought like a product: as many as its scarcest part allows', () => {
  const part = (skuId: string, quantity: number, available: number) => ({
    ...{
      skuId,
      productId: skuId,
      title: skuId,
      skuName: '装',
      pictureUrl: '/a.svg',
      priceFen: 500,
      quantity,
      available,
    },
  });
  const item = bundleItem({
    ...{ id: 'bundle', roomId: 'room', title: '早餐组合', priceFen: 900, shelfFen: 1_500, cap: 10, taken: 3 },
    parts: [part('x', 2, 9), part('y', 1, 20)],
    ...{ startsAt: '', endsAt: '2026-12-01T00:00:00.000Z', perPersonLimit: null, state: 'open' },
  });
  expect(item).toMatchObject({ product: { id: 'bundle', title: '早餐组合' }, available: { bundle: 4 } });
});

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(productI18n.messages)).toEqual([]);
});
