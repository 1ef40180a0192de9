/** Whether an order takes a coupon (rules S10, N2): pure. */
import { type CouponReason, isWithin } from '@walnut-live/contracts';

/** A coupon as it is, with what is known of the person who holds it. */
export interface CouponFacts {
  readonly state: 'held' | 'used';
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
  if (coupon.state === 'used') return { reason: 'used' };
  if (coupon.expiresAt <= order.at) return { reason: 'expired' };
  if (!isWithin(order.orgPath, coupon.orgPath)) return { reason: 'other_store' };
  if (coupon.newcomersOnly && coupon.hasBought) return { reason: 'not_newcomer' };
  if (order.itemsFen < coupon.minSpendFen) {
    const facts = { minSpendFen: Number(coupon.minSpendFen), itemsFen: Number(order.itemsFen) };
    return { reason: 'below_minimum', facts };
  }
  return undefined;
}
