import { ShippingTerms } from '@walnut-live/contracts';
import { findMessageProblems } from '@walnut-live/ui';
import { describe, expect, it } from 'vitest';
import { weightsOf } from '../catalogue/product-form.ts';
import { shippingI18n } from './messages.ts';
import { provinces } from './provinces.ts';
import { newFee, takenBy, toTerms, toValues } from './shipping-form.ts';

const terms: ShippingTerms = {
  zones: [
    { name: '江浙沪', provinces: ['330000', '310000'], fee: { by: 'flat', feeFen: 505, freeFromFen: 3_000 } },
    {
      name: '偏远',
      provinces: ['650000'],
      fee: { by: 'weight', first: 1_000, firstFen: 1_500, next: 500, nextFen: 7, freeFromFen: null },
    },
  ],
  excluded: ['710000'],
  other: { by: 'piece', first: 2, firstFen: 900, next: 3, nextFen: 200, freeFromFen: 20_000 },
  pickup: true,
};

describe('shipping terms', () => {
  it.each([terms, { ...terms, other: null, zones: [] }])('are the same after they were edited', (one) => {
    expect(toTerms(toValues(one, true))).toEqual(one);
  });
  it('what is typed is what the api takes', () => {
    const values = toValues(terms, true);
    const typed = { ...values, zones: [{ name: ' 川渝 ', provinces: ['510000'], fee: { ...newFee, fee: '0.1' } }] };
    const written = ShippingTerms.parse(toTerms(typed));
    expect(written.zones[0]).toEqual({
      ...{ name: '川渝', provinces: ['510000'] },
      fee: { by: 'flat', feeFen: 10, freeFromFen: null },
    });
  });
  it('a unit without its own has none to send', () => {
    expect(toTerms(toValues(terms, false))).toBeNull();
  });
  it('a province is in one place', () => {
    expect([...takenBy(terms as never, 0)].sort()).toEqual(['650000', '710000']);
    expect([...takenBy(terms as never, null)].sort()).toEqual(['310000', '330000', '650000']);
  });
  it('every province is known once, by a code the api takes', () => {
    expect(new Set(provinces.map(({ code }) => code)).size).toBe(34);
    expect(ShippingTerms.safeParse({ ...terms, excluded: provinces.map(({ code }) => code) }).success).toBe(true);
  });
});

it('only weights that were typed anew are sent, to the ids that came back', () => {
  const sku = (id: string, weightGrams: number | null) => ({ id, weightGrams });
  const product = (...skus: object[]) => ({ skus }) as never;
  const typed = [
    { id: 'a', name: '', price: null, weight: 500 },
    { id: 'b', name: '', price: null, weight: null },
    { name: '', price: null, weight: 250 },
    { name: '', price: null },
  ];
  const before = product(sku('a', 500), sku('b', 100));
  expect(weightsOf(typed, before, product(sku('a', 500), sku('b', 100), sku('c', null), sku('d', null)))).toEqual([
    { id: 'b', grams: null },
    { id: 'c', grams: 250 },
  ]);
});

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(shippingI18n.messages)).toEqual([]);
});
