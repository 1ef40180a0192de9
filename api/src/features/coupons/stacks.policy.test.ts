/** Several coupons in an order: what goes together, in which order it is applied, what is left (rules M4, S6, S10). */
import { bestStack, couponGroups, couponStackings, fitsTogether } from '@walnut-live/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyCoupons, type HeldCoupon } from './coupons.policy.ts';

const at = new Date('2026-11-22T12:00:00Z');
const held = (id: string, change: Partial<HeldCoupon> = {}): HeldCoupon => ({
  ...{ id, state: 'held', usage: 'order', orgPath: 'hq', offFen: 1_000n, minSpendFen: 5_000n, newcomersOnly: false },
  ...{ belowFloor: false, hasBought: false, expiresAt: new Date(at.getTime() + 1), stacking: 'with_others' },
  stackGroup: 'store',
  ...change,
});
const item = (amountFen: bigint, floorPriceFen: bigint | null = null, quantity = 1) => ({
  ...{ amountFen, floorPriceFen, quantity },
});
const order = (...items: ReturnType<typeof item>[]) => ({ orgPath: 'hq.east.s1', at, items });
const brand = (id: string, change: Partial<HeldCoupon> = {}) => held(id, { stackGroup: 'brand', ...change });

describe('what goes together', () => {
  it.each<[string, HeldCoupon[], string]>([
    ['one of a kind that stands alone', [held('a', { stacking: 'alone' })], 'a'],
    ['two groups', [held('a'), brand('b')], 'a b'],
    ['three groups', [held('a'), brand('b'), held('c', { stackGroup: 'member' })], 'a b c'],
    ['two of a group', [held('a'), held('b')], 'b same_group'],
    ['one that stands alone, second', [held('a'), brand('b', { stacking: 'alone' })], 'b not_with_others'],
    ['one that stands alone, first', [held('a', { stacking: 'alone' }), brand('b')], 'b not_with_others'],
    ['one that is used', [held('a'), brand('b', { state: 'used' })], 'b used'],
  ])('%s', (_, coupons, outcome) => {
    const applied = applyCoupons(coupons, order(item(20_000n)));
    expect(applied.ok ? applied.taken.map(({ id }) => id).join(' ') : `${applied.id} ${applied.refusal.reason}`).toBe(
      outcome,
    );
  });

  it('a minimum is asked of what those before it left, and the order in which both fit is found', () => {
    // 100 off from 150, 10 off from 140: the second first leaves 190 and the other way round only 100.
    const coupons = [held('a', { offFen: 100n, minSpendFen: 150n }), brand('b', { offFen: 10n, minSpendFen: 140n })];
    const applied = applyCoupons(coupons, order(item(200n)));
    expect(applied.ok && applied.taken.map(({ id }) => id)).toEqual(['b', 'a']);
    const short = applyCoupons(coupons, order(item(159n)));
    expect(short).toMatchObject({ ok: false, id: 'a', refusal: { reason: 'below_minimum', facts: { itemsFen: 149 } } });
  });

  it('S6 one that may go below floors comes last, when only then there is room for the others', () => {
    const below = brand('z', { offFen: 900n, minSpendFen: 1_850n, belowFloor: true });
    const within = held('a', { offFen: 100n, minSpendFen: 999n });
    const applied = applyCoupons([below, within], order(item(2_000n, 1_900n)));
    expect(applied.ok && applied.taken.map(({ id }) => id)).toEqual(['a', 'z']);
    const none = applyCoupons([held('a', { offFen: 101n, minSpendFen: 999n })], order(item(2_000n, 1_900n)));
    expect(none).toMatchObject({ ok: false, refusal: { reason: 'price_floor', facts: { mostOffFen: 100 } } });
  });
});

const coupons = fc
  .array(
    fc.record({
      off: fc.bigInt({ min: 1n, max: 3_000n }),
      over: fc.bigInt({ min: 1n, max: 6_000n }),
      stacking: fc.constantFrom(...couponStackings),
      stackGroup: fc.constantFrom(...couponGroups),
      belowFloor: fc.boolean(),
    }),
    { maxLength: 5 },
  )
  .map((all) =>
    all.map(({ off, over, ...rest }, n) => held(`c${n}`, { ...rest, offFen: off, minSpendFen: off + over })),
  );
const items = fc
  .array(fc.tuple(fc.bigInt({ min: 1n, max: 5_000n }), fc.option(fc.bigInt({ min: 0n, max: 5_000n })), fc.nat(3)), {
    minLength: 1,
    maxLength: 4,
  })
  .map((all) => all.map(([price, floor, more]) => item(price * BigInt(more + 1), floor, more + 1)));
const sum = (all: readonly bigint[]) => all.reduce((x, y) => x + y, 0n);

describe('M4 S6 properties', () => {
  it('shares sum to the discount, nothing below zero, nothing below its floor by a coupon that keeps floors', () => {
    fc.assert(
      fc.property(coupons, items, (some, goods) => {
        const applied = applyCoupons(some, order(...goods));
        if (!applied.ok) return;
        const total = sum(goods.map(({ amountFen }) => amountFen));
        expect(sum(applied.shares)).toBe(sum(some.map(({ offFen }) => offFen)));
        expect(total - sum(applied.shares)).toBeGreaterThanOrEqual(some.length > 0 ? 1n : 0n);
        for (const { tookFen, shares } of applied.taken) expect(sum(shares)).toBe(tookFen);
        const keeps = some.every(({ belowFloor }) => !belowFloor);
        for (const [n, { amountFen, floorPriceFen, quantity }] of goods.entries()) {
          const left = amountFen - (applied.shares[n] ?? 0n);
          expect(left).toBeGreaterThanOrEqual(0n);
          const floor = (floorPriceFen ?? 0n) * BigInt(quantity);
          if (keeps && applied.shares[n] !== 0n)
            expect(left).toBeGreaterThanOrEqual(floor < amountFen ? floor : amountFen);
        }
      }),
    );
  });

  it('a stack is taken whenever some order of application meets every minimum', () => {
    const orders = <T>(all: readonly T[]): T[][] =>
      all.length === 0
        ? [[]]
        : all.flatMap((one, n) => orders(all.filter((_, m) => m !== n)).map((rest) => [one, ...rest]));
    fc.assert(
      fc.property(coupons, fc.bigInt({ min: 1n, max: 15_000n }), (some, goodsFen) => {
        const alone = some.map((coupon) => ({ ...coupon, stacking: 'with_others' as const }));
        const few = couponGroups.flatMap((group) => alone.filter(({ stackGroup }) => stackGroup === group).slice(0, 1));
        const possible = orders(few).some((turn) => {
          let left = goodsFen;
          return turn.every(({ offFen, minSpendFen }) => {
            const met = left >= minSpendFen;
            left -= offFen;
            return met;
          });
        });
        expect(fitsTogether(few, Number(goodsFen))).toBe(possible);
        expect(applyCoupons(few, order(item(goodsFen))).ok).toBe(possible);
      }),
    );
  });

  it('no legal combination costs less than the one that is chosen', () => {
    const subsets = <T>(all: readonly T[]): T[][] =>
      Array.from({ length: 2 ** all.length }, (_, mask) => all.filter((_one, n) => (mask >> n) & 1));
    fc.assert(
      fc.property(coupons, fc.nat(15_000), fc.nat(2_000), fc.nat(12_000), (some, goodsFen, fee, freeFrom) => {
        const total = (of: readonly HeldCoupon[]) => {
          const paid = goodsFen - Number(sum(of.map(({ offFen }) => offFen)));
          return paid + (paid >= freeFrom ? 0 : fee);
        };
        const cheapest = Math.min(
          ...subsets(some)
            .filter((of) => fitsTogether(of, goodsFen))
            .map(total),
        );
        const chosen = bestStack(some, goodsFen, total);
        expect(fitsTogether(chosen, goodsFen)).toBe(true);
        expect(total(chosen)).toBe(cheapest);
      }),
    );
  });
});
