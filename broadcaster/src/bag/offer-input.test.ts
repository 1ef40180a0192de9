import { describe, expect, it } from 'vitest';
import { parseYuan, readBundle, readExtras, readOffer, suggestFen, yuanText } from './offer-input.ts';

describe('M1: a price typed in yuan becomes integer fen', () => {
  it.each([
    ['39.9', 3990],
    ['39.90', 3990],
    ['0.01', 1],
    ['1,299', 129_900],
    [' ¥ 8 ', 800],
    ['4.35', 435],
    ['1.1', 110],
    ['10000000', 1_000_000_000],
    ['0', null],
    ['0.00', null],
    ['10000000.01', null],
    ['1.234', null],
    ['-5', null],
    ['1e3', null],
    ['', null],
    ['abc', null],
  ])('%j → %s', (text, fen) => {
    expect(parseYuan(text)).toBe(fen);
  });
  it('and back', () => {
    expect([3990, 800, 435, 1, 129_900].map(yuanText)).toEqual(['39.9', '8', '4.35', '0.01', '1299']);
  });
});

describe('the offer form', () => {
  it.each([
    [
      { price: '39', shelfFen: 4900, cap: '' },
      { ok: true, priceFen: 3900, cap: null },
    ],
    [
      { price: '39', shelfFen: 4900, cap: ' 20 ' },
      { ok: true, priceFen: 3900, cap: 20 },
    ],
    [
      { price: 'x', shelfFen: 4900, cap: '' },
      { ok: false, problem: 'price.invalid' },
    ],
    [
      { price: '49', shelfFen: 4900, cap: '' },
      { ok: false, problem: 'price.notLower' },
    ],
    [
      { price: '39', shelfFen: 4900, cap: '0' },
      { ok: false, problem: 'cap.invalid' },
    ],
    [
      { price: '39', shelfFen: 4900, cap: '2.5' },
      { ok: false, problem: 'cap.invalid' },
    ],
  ])('%j', (input, expected) => {
    expect(readOffer(input)).toEqual(expected);
  });
  it.each([
    [6990, 6200],
    [199, 179],
    [100, 90],
    [1, 1],
  ])('proposes %i → %i', (shelf, fen) => {
    expect(suggestFen(shelf)).toBe(fen);
  });
});

describe('stairs and a gift', () => {
  const stair = (from: string, price: string) => ({ key: from, from, price });
  const gift = { skuId: 'g', per: '2', cap: '50' };
  it.each([
    ['none', { stairs: [], gift: null }, { stairs: [], gift: null }],
    [
      'two steps and a gift',
      { stairs: [stair('3', '35'), stair(' 6 ', '32.5')], gift },
      {
        stairs: [
          { fromQuantity: 3, priceFen: 3_500 },
          { fromQuantity: 6, priceFen: 3_250 },
        ],
        gift: { skuId: 'g', per: 2, cap: 50 },
      },
    ],
  ])('%s', (_what, input, extras) => {
    expect(readExtras({ priceFen: 3_900, limit: 10, ...input })).toEqual({ ok: true, extras });
  });
  it.each([
    ['stair.invalid', 0, { stairs: [stair('', '35')] }],
    ['stair.invalid', 1, { stairs: [stair('3', '35'), stair('6', 'x')] }],
    ['stair.notAscending', 0, { stairs: [stair('1', '35')] }],
    ['stair.notAscending', 1, { stairs: [stair('6', '35'), stair('3', '32')] }],
    ['stair.notFalling', 0, { stairs: [stair('3', '39')] }],
    ['stair.aboveLimit', 0, { stairs: [stair('11', '35')] }],
    ['gift.none', 0, { gift: { ...gift, skuId: '' } }],
    ['gift.per', 0, { gift: { ...gift, per: '0' } }],
    ['gift.cap', 0, { gift: { ...gift, cap: '' } }],
  ])('%s at %i', (problem, at, input) => {
    expect(readExtras({ priceFen: 3_900, limit: 10, stairs: [], gift: null, ...input })).toEqual({
      ok: false,
      problem,
      at,
    });
  });
});

describe('a bundle', () => {
  const parts = [
    { skuId: 'a', quantity: 1, shelfFen: 4_900 },
    { skuId: 'b', quantity: 2, shelfFen: 590 },
    { skuId: 'c', quantity: 0, shelfFen: 100 },
  ];
  const typed = { title: ' 早餐组合 ', price: '55', cap: '', parts };
  it('is what was chosen, for less than its pieces', () => {
    expect(readBundle(typed)).toEqual({
      ok: true,
      bundle: {
        ...{ title: '早餐组合', priceFen: 5_500, cap: null },
        parts: [
          { skuId: 'a', quantity: 1 },
          { skuId: 'b', quantity: 2 },
        ],
      },
    });
  });
  it.each([
    ['bundle.parts', { parts: parts.slice(0, 1) }],
    ['bundle.title', { title: ' ' }],
    ['price.invalid', { price: '' }],
    ['bundle.notLower', { price: '60.80' }],
    ['cap.invalid', { cap: '1.5' }],
  ])('%s', (problem, input) => {
    expect(readBundle({ ...typed, ...input })).toEqual({ ok: false, problem });
  });
});
