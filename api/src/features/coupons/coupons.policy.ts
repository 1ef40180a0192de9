/** Whether an order takes a coupon (rules S10, N2): pure. */
import { type Coupon, type CouponReason, type CouponUsage, isWithin } from '@walnut-live/contracts';

/** What can happen to a coupon. `use`: an order takes it. `return`: that order came to nothing. `redeem`: staff took it at a counter. */
export const couponEvents = ['use', 'return', 'redeem'] as const;
export type CouponEvent = (typeof couponEvents)[number];
export const couponStates = ['held', 'used', 'redeemed'] as const satisfies readonly Coupon['state'][];

/** Rules S7, S10: the whole state machine of a coupon. What is not here cannot happen; the end of its time only ends `held`. */
export const couponTransitions: Readonly<
  Record<Coupon['state'], Readonly<Partial<Record<CouponEvent, Coupon['state']>>>>
> = {
  held: { use: 'used', redeem: 'redeemed' },
  used: { return: 'held' },
  redeemed: {},
};
/** Orders take coupons for orders, counters the others. */
export const eventOf = (usage: CouponUsage): CouponEvent => (usage === 'order' ? 'use' : 'redeem');

/** A coupon as it is, with what is known of the person who holds it. */
export interface CouponFacts {
  readonly state: Coupon['state'];
  readonly usage: CouponUsage;
  /** Of the unit in which, and below which, it can be used. */
  readonly orgPath: string;
  readonly minSpendFen: bigint;
  readonly newcomersOnly: boolean;
  /** Has an order that was paid, ever, or one that waits for its payment with a newcomers' coupon. */
  readonly hasBought: boolean;
  /** Rule S6: headquarters' own kind, that may take goods below their floor. */
  readonly belowFloor: boolean;
  readonly expiresAt: Date;
}
export interface CouponRefusal {
  readonly reason: CouponReason;
  readonly facts?: Readonly<Record<string, number>>;
}

/** Why an order of `itemsFen` in a room of `orgPath` does not take the coupon; undefined when it does. */
export function refusalOfCoupon(
  coupon: CouponFacts | undefined,
  order: { orgPath: string; itemsFen: bigint; at: Date },
): CouponRefusal | undefined {
  if (!coupon) return { reason: 'unknown' };
  if (coupon.usage !== 'order') return { reason: 'at_counter' };
  if (couponTransitions[coupon.state].use === undefined) return { reason: 'used' };
  if (coupon.expiresAt <= order.at) return { reason: 'expired' };
  if (!isWithin(order.orgPath, coupon.orgPath)) return { reason: 'other_store' };
  if (coupon.newcomersOnly && coupon.hasBought) return { reason: 'not_newcomer' };
  if (order.itemsFen < coupon.minSpendFen) {
    const facts = { minSpendFen: Number(coupon.minSpendFen), itemsFen: Number(order.itemsFen) };
    return { reason: 'below_minimum', facts };
  }
  return undefined;
}

/** Counters of a coupon: of its unit and below, and whoever is above it, as headquarters at a fair. */
export const isCounterOf = (counterPath: string, couponPath: string): boolean =>
  isWithin(counterPath, couponPath) || isWithin(couponPath, counterPath);

/** Why a counter of a unit does not take the coupon; undefined when it does. The conditional statement has the last word. */
export function refusalAtCounter(
  coupon: Pick<CouponFacts, 'state' | 'usage' | 'orgPath' | 'expiresAt'>,
  counter: { orgPath: string; at: Date },
): CouponRefusal | undefined {
  if (coupon.usage === 'order' || !isCounterOf(counter.orgPath, coupon.orgPath)) return { reason: 'other_store' };
  if (couponTransitions[coupon.state].redeem === undefined) return { reason: 'used' };
  return coupon.expiresAt <= counter.at ? { reason: 'expired' } : undefined;
}
