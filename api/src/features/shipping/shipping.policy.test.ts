import type { ShippingTerms } from '@walnut-live/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agrees, provinceOf, regionOf } from '../addresses/index.ts';
import { shippingFen as constantFen, FREE_SHIPPING_FROM_FEN, SHIPPING_FEN } from '../orders/orders.policy.ts';
import { announcedShipping, DEFAULT_SHIPPING, namesTwice, shippingFen } from './shipping.policy.ts';

const ZHEJIANG = '330000';
const XINJIANG = '650000';
const TAIWAN = '710000';
const goods = (goodsFen: bigint, quantity = 1, weightGrams: number | null = null) => ({
  ...{ goodsFen, lines: [{ quantity, weightGrams }] },
});
const terms: ShippingTerms = {
  zones: [
    { name: '江浙沪', provinces: [ZHEJIANG, '310000'], fee: { by: 'flat', feeFen: 500, freeFromFen: 3_000 } },
    {
      name: '偏远',
      provinces: [XINJIANG],
      fee: { by: 'weight', first: 1_000, firstFen: 1_500, next: 500, nextFen: 700, freeFromFen: null },
    },
  ],
  excluded: [TAIWAN],
  other: { by: 'piece', first: 2, firstFen: 900, next: 3, nextFen: 200, freeFromFen: 20_000 },
  pickup: false,
};

describe('M1 what shipping costs', () => {
  it('the default is what the product charged before there were rules', () => {
    expect(DEFAULT_SHIPPING.other).toEqual({
      ...{ by: 'flat', feeFen: Number(SHIPPING_FEN), freeFromFen: Number(FREE_SHIPPING_FROM_FEN) },
    });
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 20_000n }),
        fc.constantFrom(ZHEJIANG, XINJIANG, null),
        (goodsFen, province) => {
          expect(shippingFen(DEFAULT_SHIPPING, { province, ...goods(goodsFen) })).toBe(constantFen(goodsFen));
        },
      ),
    );
  });

  it.each([
    ['flat below the threshold', ZHEJIANG, goods(2_999n), 500n],
    ['free from the threshold on', ZHEJIANG, goods(3_000n), 0n],
    ['by weight: the first kilogram', XINJIANG, goods(1n, 4, 250), 1_500n],
    ['by weight: one gram more is another step', XINJIANG, goods(1n, 1, 1_001), 2_200n],
    ['by weight: unweighed counts half a kilogram', XINJIANG, goods(1n, 3), 2_200n],
    ['by weight: never free without a threshold', XINJIANG, goods(1_000_000n, 1, 1), 1_500n],
    ['by piece: the first two', '110000', goods(1n, 2), 900n],
    ['by piece: a begun step is a whole one', '110000', goods(1n, 3), 1_100n],
    ['by piece: the next step', '110000', goods(1n, 6), 1_300n],
    ['nothing is sent where it is excluded', TAIWAN, goods(1n), null],
    ['nothing is sent where nobody knows', null, goods(1n), null],
  ])('%s', (_what, province, shipment, expected) => {
    expect(shippingFen(terms, { province, ...shipment })).toBe(expected);
  });

  it('a room announces the least fee of everywhere else, and nothing it does not know', () => {
    expect(announcedShipping(DEFAULT_SHIPPING)).toEqual({ feeFen: 800, freeFromFen: 5_900 });
    expect(announcedShipping(terms)).toEqual({ feeFen: 900, freeFromFen: 20_000 });
    expect(announcedShipping({ ...terms, other: null })).toBeUndefined();
    expect(announcedShipping({ ...terms, other: { by: 'flat', feeFen: 1, freeFromFen: null } })).toBeUndefined();
  });

  it('more goods never cost less to send, as long as they are not free', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 900 }), fc.constantFrom(XINJIANG, '110000'), (quantity, province) => {
        const [less, more] = [quantity, quantity + 1].map(
          (n) => shippingFen(terms, { province, ...goods(1n, n) }) ?? 0n,
        );
        expect(more).toBeGreaterThanOrEqual(less ?? 0n);
      }),
    );
  });

  it('a province is in one place of the terms', () => {
    expect(namesTwice(terms)).toBe(false);
    expect(namesTwice({ ...terms, excluded: [ZHEJIANG] })).toBe(true);
  });
});

describe('regions by administrative code', () => {
  it.each([
    ['浙江省', ZHEJIANG],
    ['浙江', ZHEJIANG],
    [' 上海 ', '310000'],
    ['广西', '450000'],
    ['广西壮族自治区', '450000'],
    ['内蒙古自治区', '150000'],
    ['新疆维吾尔自治区', XINJIANG],
    ['香港特别行政区', '810000'],
    ['Zhejiang', null],
    ['', null],
  ])('%s is %s', (province, code) => {
    expect(provinceOf({ province })).toBe(code);
  });
  it('a district names its city and province; another code names nothing', () => {
    expect(regionOf('330112')).toEqual({ province: '浙江省', city: '杭州市', district: '临安区' });
    for (const code of ['330000', '330100', '999999', '__proto', 'constructor']) expect(regionOf(code)).toBeUndefined();
  });
  it('names that are not those of the code are refused', () => {
    const names = { province: '浙江省', city: '杭州市', district: '临安区' };
    expect(agrees(names)).toBe(true);
    expect(agrees({ ...names, regionCode: '330112' })).toBe(true);
    expect(agrees({ ...names, regionCode: '650102' })).toBe(false);
    expect(agrees({ ...names, regionCode: '999999' })).toBe(false);
  });
});
