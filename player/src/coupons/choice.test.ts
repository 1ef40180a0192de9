import type { Coupon } from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { bestCoupon, chosenCoupon, isUsable, sumOf } from './choice.ts';

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
    expect(bestCoupon([coupon(500, 1_000), later, sooner, coupon(9_000, 99_000)], 12_000, SHIPPING, NOW)).toBe(sooner);
  });
  it('none where shipping would cost more than it takes off', () => {
    const little = coupon(200, 1_000);
    expect(sumOf(6_000, little, SHIPPING)).toEqual({
      goodsFen: 6_000,
      discountFen: 200,
      shippingFen: 800,
      totalFen: 6_600,
    });
    expect(bestCoupon([little], 6_000, SHIPPING, NOW)).toBeNull();
    expect(bestCoupon([little], 6_100, SHIPPING, NOW)).toBe(little);
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
    expect(chosenCoupon('auto', [other, best], 9_000, SHIPPING, NOW)).toBe(best);
    expect(chosenCoupon(other.id, [other, best], 9_000, SHIPPING, NOW)).toBe(other);
    expect(chosenCoupon(best.id, [other, best], 4_000, SHIPPING, NOW)).toBe(other);
    expect(chosenCoupon(null, [other, best], 9_000, SHIPPING, NOW)).toBeNull();
  });
});
