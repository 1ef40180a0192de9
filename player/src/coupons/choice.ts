import type { Coupon } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';

/*
 * Which coupon a checkout takes. Pure: the server says what it costs in the end, this says the same beforehand.
 */

export type Shipping = { feeFen: number; freeFromFen: number } | undefined;

/** auto: whatever is cheapest. A coupon by its id; null: none, as the person wanted. */
export type CouponChoice = 'auto' | string | null;

export type Sum = { goodsFen: number; discountFen: number; shippingFen: number | null; totalFen: number };

/** What an order costs. Shipping is of the goods after the discount, as the server has it. */
export const sumOf = (goodsFen: number, coupon: Pick<Coupon, 'offFen'> | null, shipping: Shipping): Sum => {
  const discountFen = coupon?.offFen ?? 0;
  const paidFen = goodsFen - discountFen;
  const shippingFen = shipping ? (paidFen >= shipping.freeFromFen ? 0 : shipping.feeFen) : null;
  return { goodsFen, discountFen, shippingFen, totalFen: paidFen + (shippingFen ?? 0) };
};

/** Whether an order of these goods takes the coupon. */
export const isUsable = (coupon: Coupon, goodsFen: number, now: number): boolean =>
  coupon.state === 'held' && Date.parse(coupon.expiresAt) > now && goodsFen >= coupon.minSpendFen;

/** The coupon with the lowest total, the one that ends first among equals; null when none makes it cheaper. */
export const bestCoupon = (coupons: readonly Coupon[], goodsFen: number, shipping: Shipping, now: number) => {
  const none = sumOf(goodsFen, null, shipping).totalFen;
  const cost = (coupon: Coupon): number => sumOf(goodsFen, coupon, shipping).totalFen;
  return (
    coupons
      .filter((coupon) => isUsable(coupon, goodsFen, now) && cost(coupon) < none)
      .sort((a, b) => cost(a) - cost(b) || Date.parse(a.expiresAt) - Date.parse(b.expiresAt))[0] ?? null
  );
};

/** What the choice comes to with these goods: a coupon that is of no use any more gives way to the best one. */
export const chosenCoupon = (
  choice: CouponChoice,
  coupons: readonly Coupon[],
  goodsFen: number,
  shipping: Shipping,
  now: number,
): Coupon | null => {
  if (choice === null) return null;
  const wanted = coupons.find(({ id }) => id === choice);
  return wanted && isUsable(wanted, goodsFen, now) ? wanted : bestCoupon(coupons, goodsFen, shipping, now);
};

const told = ['used', 'expired', 'below_minimum', 'not_newcomer'] as const;
/** Why the server did not take the coupon; null for any other error. */
export const couponRefusal = (error: unknown): (typeof told)[number] | 'other' | null => {
  if (!isApiError(error, 'coupon_not_usable')) return null;
  return told.find((reason) => reason === error.facts.reason) ?? 'other';
};
