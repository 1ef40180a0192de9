import { findMessageProblems } from '@walnut-live/ui';
import { expect, test } from 'vitest';
import { mallI18n } from './mall-messages.ts';
import { catalogueI18n } from './messages.ts';
import { fenOf, matrixOf, type ProductValues, toBody, toValues, yuanOf } from './product-form.ts';

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
  const given: ProductValues = {
    ...values,
    title: ' 核桃乳 ',
    pictures: ['/pictures/a.svg'],
    skus: [
      { name: '单瓶', price: '5.90', listPrice: '6.90', listPriceBasis: ['厂商建议零售价'], floorPrice: '3.9' },
      { name: '整箱', price: '59', listPrice: null, listPriceBasis: ['厂商建议零售价'] },
    ],
  };
  expect(toBody(given, true)).toMatchObject({
    title: '核桃乳',
    skus: [
      { priceFen: 590, listPriceFen: 690, listPriceBasis: '厂商建议零售价', floorPriceFen: 390 },
      { priceFen: 5_900, listPriceFen: null, listPriceBasis: null, floorPriceFen: null },
    ],
  });
  // S6: who may not set floors does not name them.
  expect(toBody(given, false).skus[0]).not.toHaveProperty('floorPriceFen');
});

test('the combinations of options: what there is keeps its price and id, what is no combination is no longer sold', () => {
  const options = [
    { name: '口味', values: ['原味', '奶香'] },
    { name: '规格', values: ['200g'] },
  ];
  const made = matrixOf(options, [
    { id: 'old', name: '盐焗', price: '9.90', optionValues: ['盐焗', '200g'] },
    { id: 'kept', name: '奶香装', price: '12.00', optionValues: ['奶香', '200g'] },
    { name: '没存过', price: '1.00' },
  ]);
  expect(made).toMatchObject([
    { name: '原味 · 200g', price: '9.90', optionValues: ['原味', '200g'], active: true },
    { id: 'kept', name: '奶香装', price: '12.00', active: true },
    { id: 'old', active: false },
  ]);
  expect(made).toHaveLength(3);
  expect(matrixOf([{ name: '', values: [] }], made)).toEqual(made);
});

test('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(catalogueI18n.messages)).toEqual([]);
  expect(findMessageProblems(mallI18n.messages)).toEqual([]);
});
