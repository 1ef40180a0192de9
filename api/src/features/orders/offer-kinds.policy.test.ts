import { priceForQuantity, struckPriceOf } from '@walnut-live/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refuseBundle, splitBundle } from '../bag/index.ts';
import { giftsFor, giftsToReturn } from './gifts.policy.ts';

describe('stairs', () => {
  const stairs = [
    { fromQuantity: 3, priceFen: 500n },
    { fromQuantity: 6, priceFen: 450n },
  ];
  test.each([
    [1, 590n],
    [2, 590n],
    [3, 500n],
    [5, 500n],
    [6, 450n],
    [999, 450n],
  ])('%s pieces cost %s each', (quantity, fen) => {
    expect(priceForQuantity(590n, stairs, quantity)).toBe(fen);
    expect(priceForQuantity(590n, [...stairs].reverse(), quantity)).toBe(fen);
    expect(priceForQuantity(590n, undefined, quantity)).toBe(590n);
  });
});

describe('Z4', () => {
  const price = { priceFen: 500, listPriceFen: null, listPriceBasis: null, baselineFen: null };
  test.each([
    ['a stated basis', { listPriceFen: 800, listPriceBasis: '门店标价' }, 800, 'stated'],
    ['a list price without a basis is none', { listPriceFen: 800 }, null, undefined],
    ['nothing stated: the lowest deal of seven days', { baselineFen: 590 }, 590, 'lowest_deal'],
    ['a lowest deal that is no higher than the price', { baselineFen: 500 }, null, undefined],
    [
      'a stated basis goes before a higher deal',
      { listPriceFen: 550, listPriceBasis: '标价', baselineFen: 590 },
      550,
      'stated',
    ],
    [
      'a stated price that is no higher: nothing is struck',
      { listPriceFen: 500, listPriceBasis: '标价', baselineFen: 590 },
      null,
      undefined,
    ],
    ['nothing known: nothing is struck', {}, null, undefined],
  ])('%s', (_what, given, fen, kind) => {
    const struck = struckPriceOf({ ...price, ...given });
    expect(struck?.fen ?? null).toBe(fen);
    expect(struck?.basis.kind).toBe(kind);
  });
});

describe('bundles', () => {
  const part = (skuId: string, quantity: number, shelf: number, floor: number | null = null) => ({
    skuId,
    quantity,
    shelfPriceFen: BigInt(shelf),
    floorPriceFen: floor === null ? null : BigInt(floor),
  });
  test.each([
    ['below the pieces’ shelf prices', 900, [part('a', 1, 600), part('b', 1, 400)], undefined],
    ['no cheaper than its pieces', 1_000, [part('a', 1, 600), part('b', 1, 400)], 'invalid_request'],
    ['S6 exactly at the floors', 800, [part('a', 1, 600, 500), part('b', 1, 400, 300)], undefined],
    ['S6 one fen below the floors', 799, [part('a', 1, 600, 500), part('b', 1, 400, 300)], 'below_price_floor'],
  ])('%s', (_what, priceFen, parts, code) => {
    expect(refuseBundle(BigInt(priceFen), parts)?.code).toBe(code);
  });

  test('M4 pieces have whole prices that sum to the price of the bundle, to the fen', () => {
    expect(splitBundle(1_000n, [part('a', 1, 599), part('b', 2, 301)])).toEqual([
      { skuId: 'a', quantity: 1, unitPriceFen: 499n },
      { skuId: 'b', quantity: 1, unitPriceFen: 250n },
      { skuId: 'b', quantity: 1, unitPriceFen: 251n },
    ]);
    const anyPart = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9_999 }));
    fc.assert(
      fc.property(fc.array(anyPart, { minLength: 2, maxLength: 6 }), fc.nat(), (drawn, cut) => {
        const parts = drawn.map(([quantity, shelf], n) => part(String(n), quantity, shelf));
        const shelf = drawn.reduce((sum, [quantity, fen]) => sum + quantity * fen, 0);
        const priceFen = BigInt(1 + (cut % shelf));
        const split = splitBundle(priceFen, parts);
        if (!split) return;
        expect(split.reduce((sum, one) => sum + one.unitPriceFen * BigInt(one.quantity), 0n)).toBe(priceFen);
        for (const { skuId, quantity } of parts)
          expect(split.filter((one) => one.skuId === skuId).reduce((sum, one) => sum + one.quantity, 0)).toBe(quantity);
        expect(split.every((one) => one.unitPriceFen > 0n)).toBe(true);
      }),
    );
  });

  test('a bundle that is dearer than its pieces by now cannot be bought; a floor raised since changes nothing (S4, S6)', () => {
    expect(splitBundle(1_000n, [part('a', 1, 599), part('b', 1, 400)])).toBeUndefined();
    const raised = splitBundle(800n, [part('a', 1, 600, 590), part('b', 1, 400, 390)]) ?? [];
    expect(raised.reduce((sum, one) => sum + one.unitPriceFen, 0n)).toBe(800n);
    expect(refuseBundle(3n, [part('a', 3, 100), part('b', 3, 100)])?.issue).toBe('less_than_a_fen_a_piece');
  });
});

describe('gifts', () => {
  test.each([
    [1, { per: 2, cap: 10, taken: 0 }, 0],
    [2, { per: 2, cap: 10, taken: 0 }, 1],
    [5, { per: 2, cap: 10, taken: 0 }, 2],
    [5, { per: 1, cap: 10, taken: 7 }, 3],
    [5, { per: 1, cap: 10, taken: 10 }, 0],
  ])('%s pieces under %o bring %s', (quantity, gift, pieces) => {
    expect(giftsFor(quantity, gift)).toBe(pieces);
  });
  test.each([
    [2, 4, 2, 0],
    [2, 3, 2, 1],
    [2, 0, 2, 2],
    [1, 4, 2, 0],
  ])('of %s given, with %s kept at %s each, %s go back', (given, kept, per, back) => {
    expect(giftsToReturn(given, kept, per)).toBe(back);
  });
});
