import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allocateAboveFloors, isBelowFloor, roomAboveFloor } from './price-floor.policy.ts';

const item = (amountFen: number, floorPriceFen: number | null = null, quantity = 1) => ({
  amountFen: BigInt(amountFen),
  floorPriceFen: floorPriceFen === null ? null : BigInt(floorPriceFen),
  quantity,
});

test.each([
  [389n, 390n, true],
  [390n, 390n, false],
  [1n, null, false],
])('S6 %s fen under a floor of %s: %s', (price, floor, below) => {
  expect(isBelowFloor(price, floor)).toBe(below);
});

test.each([
  ['no floor: all of it', item(590), 590n],
  ['down to the floor of every piece', item(1_770, 390, 3), 600n],
  ['at its floor: nothing', item(390, 390), 0n],
  ['below it already, by an older price: nothing', item(300, 390), 0n],
])('S6 what may be taken off: %s', (_what, one, room) => {
  expect(roomAboveFloor(one)).toBe(room);
});

test.each<[string, number, ReturnType<typeof item>[], number[] | undefined]>([
  ['in proportion where floors are far', 100, [item(300), item(100)], [75, 25]],
  ['the rest goes to who can take it', 100, [item(300, 290), item(100)], [10, 90]],
  ['one after another steps aside', 100, [item(300, 295), item(300, 270), item(300)], [5, 30, 65]],
  ['exactly all the room there is', 40, [item(100, 80), item(100, 80)], [20, 20]],
  ['one fen more than there is room', 41, [item(100, 80), item(100, 80)], undefined],
  ['nothing off is nothing for each', 0, [item(100, 100)], [0]],
  ['largest remainder, the earlier first', 2, [item(100), item(100), item(100)], [1, 1, 0]],
])('M4, S6 %s', (_what, off, items, shares) => {
  expect(allocateAboveFloors(BigInt(off), items)).toEqual(shares?.map(BigInt));
});

test('M4, S6 for any order: shares sum to the discount, none is negative, no item falls below its floor', () => {
  const anyItem = fc.record({
    quantity: fc.integer({ min: 1, max: 20 }),
    price: fc.integer({ min: 1, max: 50_000 }),
    floor: fc.option(fc.integer({ min: 1, max: 50_000 })),
  });
  fc.assert(
    fc.property(
      fc.array(anyItem, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 0, max: 400_000 }),
      (drawn, off) => {
        const items = drawn.map(({ price, quantity, floor }) => item(price * quantity, floor, quantity));
        const room = items.reduce((sum, one) => sum + roomAboveFloor(one), 0n);
        const shares = allocateAboveFloors(BigInt(off), items);
        if (BigInt(off) > room) return void expect(shares).toBeUndefined();
        expect(shares?.reduce((sum, share) => sum + share, 0n)).toBe(BigInt(off));
        for (const [n, share] of (shares ?? []).entries()) {
          expect(share).toBeGreaterThanOrEqual(0n);
          const one = items[n];
          if (one) expect(share).toBeLessThanOrEqual(roomAboveFloor(one));
        }
      },
    ),
  );
});
