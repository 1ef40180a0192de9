import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ratioOf } from './discount-report.ts';
import { levelAfter, rankOf, rateOf, spendOf } from './members.policy.ts';

const levels = [
  { rank: 1, minSpendFen: 10_000n, pointsBps: 200 },
  { rank: 2, minSpendFen: 30_000n, pointsBps: 300 },
];

describe('N1 levels', () => {
  it.each([
    [0n, 0],
    [9_999n, 0],
    [10_000n, 1],
    [29_999n, 1],
    [30_000n, 2],
    [10n ** 12n, 2],
  ])('a spend of %s has rank %s', (spend, rank) => expect(rankOf(spend, levels)).toBe(rank));

  it('more spend is never a lower level; the next level is the first above', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 50_000n), fc.bigInt(0n, 50_000n), (a, b) => {
        expect(rankOf(a + b, levels)).toBeGreaterThanOrEqual(rankOf(a, levels));
      }),
    );
    expect([0, 1, 2].map((rank) => levelAfter(rank, levels)?.rank)).toEqual([1, 2, undefined]);
    expect([0, 1, 2].map((rank) => rateOf(rank, { basePointsBps: 100, levels }))).toEqual([100, 200, 300]);
  });

  it('K1 shipping is no spend, and what was refunded is none', () => {
    const order = { paidFen: 12_800n, shippingFen: 800n, refundedFen: 0n, shippingRefundedFen: 0n };
    expect(spendOf(order)).toBe(12_000n);
    expect(spendOf({ ...order, refundedFen: 5_800n, shippingRefundedFen: 800n })).toBe(7_000n);
    expect(spendOf({ ...order, refundedFen: 12_800n, shippingRefundedFen: 800n })).toBe(0n);
  });

  it('优免占比 is of what was paid, floored; nothing sold has none', () => {
    const sums = { couponFen: 100, pointsFen: 50, offerFen: 200, counterFen: 0, paidFen: 10_003 };
    expect(ratioOf(sums)).toBe(349);
    expect(ratioOf({ ...sums, paidFen: 0 })).toBeNull();
  });
});
