import { describe, expect, it } from 'vitest';
import { parseYuan, readOffer, suggestFen, yuanText } from './offer-input.ts';

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
