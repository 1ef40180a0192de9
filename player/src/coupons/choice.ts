import { bestStack, type Coupon, fitsTogether, stackRefusal } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';

/*
 * Which coupons a checkout takes. Pure: the server says what it costs in the end, this says the same beforehand.
 */

export type Shipping = { feeFen: number; freeFromFen: number } | undefined;

/** auto: whatever is cheapest. Coupons by their ids; none of them: none, as the person wanted. */
export type CouponChoice = 'auto' | readonly string[];

export type Sum = { goodsFen: number; discountFen: number; shippingFen: number | null; totalFen: number };

/** What an order costs. Shipping is of the goods after the discount, as the server has it. */
export const sumOf = (goodsFen: number, coupons: readonly Pick<Coupon, 'offFen'>[], shipping: Shipping): Sum => {
  const discountFen = coupons.reduce((sum, { offFen }) => sum + offFen, 0);
  const paidFen = goodsFen - discountFen;
  const shippingFen = shipping ? (paidFen >= shipping.freeFromFen ? 0 : shipping.feeFen) : null;
  return { goodsFen, discountFen, shippingFen, totalFen: paidFen + (shippingFen ?? 0) };
};

/** Whether an order of these goods takes the coupon. */
export const isUsable = (coupon: Coupon, goodsFen: number, now: number): boolean =>
  coupon.state === 'held' && Date.parse(coupon.expiresAt) > now && goodsFen >= coupon.minSpendFen;

/** The combination with the lowest total, the coupons that end first among equals; none when none makes it cheaper. */
export const bestCoupons = (
  coupons: readonly Coupon[],
  goodsFen: number,
  shipping: Shipping,
  now: number,
): readonly Coupon[] =>
  bestStack(
    coupons
      .filter((coupon) => isUsable(coupon, goodsFen, now))
      .sort((a, b) => Date.parse(a.expiresAt) - Date.parse(b.expiresAt)),
    goodsFen,
    (some) => sumOf(goodsFen, some, shipping).totalFen,
  );

/** What the choice comes to with these goods: coupons that are of no use any more give way to the best ones. */
export const chosenCoupons = (
  choice: CouponChoice,
  coupons: readonly Coupon[],
  goodsFen: number,
  shipping: Shipping,
  now: number,
): readonly Coupon[] => {
  if (choice !== 'auto') {
    const wanted = coupons.filter(({ id }) => choice.includes(id));
    const fits = wanted.every((coupon) => isUsable(coupon, goodsFen, now)) && fitsTogether(wanted, goodsFen);
    if (fits && wanted.length === choice.length) return wanted;
  }
  return bestCoupons(coupons, goodsFen, shipping, now);
};

/** The choice after a tap on a coupon: taken out, or put in with those of the others that go with it. */
export const afterTap = (chosen: readonly Coupon[], tapped: Coupon, goodsFen: number): readonly string[] => {
  const others = chosen.filter(({ id }) => id !== tapped.id);
  if (others.length < chosen.length) return others.map(({ id }) => id);
  const kept = others.filter((other) => stackRefusal([tapped, other]) === undefined);
  return (fitsTogether([...kept, tapped], goodsFen) ? [...kept, tapped] : [tapped]).map(({ id }) => id);
};

const told = ['used', 'expired', 'below_minimum', 'not_newcomer', 'price_floor'] as const;
/** Why the server did not take the coupon; null for any other error. */
export const couponRefusal = (error: unknown): (typeof told)[number] | 'other' | null => {
  if (!isApiError(error, 'coupon_not_usable')) return null;
  return told.find((reason) => reason === error.facts.reason) ?? 'other';
};
