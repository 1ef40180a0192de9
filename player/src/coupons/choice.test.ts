import type { Coupon } from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { afterTap, bestCoupons, chosenCoupons, isUsable, sumOf } from './choice.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const SHIPPING = { feeFen: 800, freeFromFen: 5_900 };
let no = 0;
const coupon = (offFen: number, minSpendFen: number, more: Partial<Coupon> = {}): Coupon => ({
  id: `0189${String(++no).padStart(4, '0')}-0000-7000-8000-000000000000`,
  kindId: '01890000-0000-7000-8000-000000000001',
  orgUnit: { id: '01890000-0000-7000-8000-000000000002', kind: 'hq', path: 'hq', name: '总部' },
  title: '券',
  offFen,
  minSpendFen,
  newcomersOnly: false,
  source: 'drop',
  usage: 'order',
  stacking: 'alone',
  stackGroup: 'store',
  code: null,
  state: 'held',
  orderId: null,
  claimedAt: '2026-11-01T00:00:00.000Z',
  expiresAt: '2026-12-01T00:00:00.000Z',
  usedAt: null,
  ...more,
});

describe('which coupon a checkout takes', () => {
  it('the one with the lowest total, the first to end among equals', () => {
    const later = coupon(2_000, 5_000, { expiresAt: '2026-12-05T00:00:00.000Z' });
    const sooner = coupon(2_000, 5_000, { expiresAt: '2026-12-02T00:00:00.000Z' });
    expect(bestCoupons([coupon(500, 1_000), later, sooner, coupon(9_000, 99_000)], 12_000, SHIPPING, NOW)).toEqual([
      sooner,
    ]);
  });
  it('none where shipping would cost more than it takes off', () => {
    const little = coupon(200, 1_000);
    expect(sumOf(6_000, [little], SHIPPING)).toEqual({
      goodsFen: 6_000,
      discountFen: 200,
      shippingFen: 800,
      totalFen: 6_600,
    });
    expect(bestCoupons([little], 6_000, SHIPPING, NOW)).toEqual([]);
    expect(bestCoupons([little], 6_100, SHIPPING, NOW)).toEqual([little]);
  });
  it('none that is used, over, or for a larger order', () => {
    for (const bad of [
      coupon(500, 1_000, { state: 'used' }),
      coupon(500, 1_000, { expiresAt: '2026-11-22T12:00:00.000Z' }),
      coupon(500, 7_001),
    ])
      expect(isUsable(bad, 7_000, NOW)).toBe(false);
  });
  it('what the person wanted, while it is of use; none when they want none', () => {
    const [best, other] = [coupon(2_000, 5_000), coupon(1_000, 3_000)];
    const chosen = (choice: 'auto' | string[], goodsFen: number) =>
      chosenCoupons(choice, [other, best], goodsFen, SHIPPING, NOW);
    expect(chosen('auto', 9_000)).toEqual([best]);
    expect(chosen([other.id], 9_000)).toEqual([other]);
    expect(chosen([best.id], 4_000)).toEqual([other]);
    expect(chosen([], 9_000)).toEqual([]);
  });
  it('several that go together; a tap puts aside what does not go with it', () => {
    const stacked = { stacking: 'with_others' } as const;
    const store = coupon(1_000, 3_000, stacked);
    const second = coupon(900, 3_000, stacked);
    const ofBrand = coupon(500, 5_000, { ...stacked, stackGroup: 'brand' });
    const alone = coupon(1_400, 3_000);
    expect(bestCoupons([alone, second, store, ofBrand], 9_000, undefined, NOW)).toEqual([ofBrand, store]);
    // With 49.99 the brand's one is out, and the one that stands alone is the best.
    expect(bestCoupons([alone, second, store, ofBrand], 4_999, undefined, NOW)).toEqual([alone]);
    const tap = (chosen: Coupon[], tapped: Coupon, goodsFen = 9_000) => afterTap(chosen, tapped, goodsFen);
    expect(tap([store, ofBrand], store)).toEqual([ofBrand.id]);
    expect(tap([store, ofBrand], second)).toEqual([ofBrand.id, second.id]);
    expect(tap([store, ofBrand], alone)).toEqual([alone.id]);
    expect(tap([alone], store)).toEqual([store.id]);
    // Together their minimums are not met any more.
    const deep = coupon(2_000, 4_800, { ...stacked, stackGroup: 'member' });
    expect(tap([ofBrand], deep, 5_000)).toEqual([deep.id]);
  });
});
