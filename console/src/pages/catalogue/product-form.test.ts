import { expect, test } from 'vitest';
import { fenOf, toBody, toValues, yuanOf } from './product-form.ts';

test.each([
  ['12.5', 1_250],
  ['0.01', 1],
  ['19.99', 1_999],
  ['1.005', null],
  ['', null],
  ['-1', null],
  ['99999999.99', 9_999_999_999],
  [null, null],
] as const)('M1 %s yuan are %s fen', (yuan, fen) => {
  expect(fenOf(yuan)).toBe(fen);
});

test('M1 fen and yuan text are the same amount', () => {
  for (const fen of [1, 9, 10, 99, 100, 101, 123_456_789]) expect(fenOf(yuanOf(fen))).toBe(fen);
});

test('a product survives the form; a struck price goes with its basis or not at all (Z4)', () => {
  const values = toValues(null);
  const body = toBody({
    ...values,
    title: ' 核桃乳 ',
    pictureUrl: '/pictures/a.svg',
    skus: [
      { name: '单瓶', price: '5.90', listPrice: '6.90', listPriceBasis: ['厂商建议零售价'], floorPrice: '3.9' },
      { name: '整箱', price: '59', listPrice: null, listPriceBasis: ['厂商建议零售价'] },
    ],
  });
  expect(body).toMatchObject({
    title: '核桃乳',
    skus: [
      { priceFen: 590, listPriceFen: 690, listPriceBasis: '厂商建议零售价', floorPriceFen: 390 },
      { priceFen: 5_900, listPriceFen: null, listPriceBasis: null, floorPriceFen: null },
    ],
  });
});
