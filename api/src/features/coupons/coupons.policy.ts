/** Whether an order takes a coupon (rules S10, N2): pure. */
import {
  type Coupon,
  type CouponReason,
  type CouponUsage,
  inStackOrder,
  isWithin,
  type StackableCoupon,
  stackRefusal,
} from '@walnut-live/contracts';
import { allocateAboveFloors, type FlooredAmount, roomAboveFloor } from '../../platform/price-floor.policy.ts';

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

/** A coupon of the buyer, with everything that decides about it. */
export interface HeldCoupon extends CouponFacts, StackableCoupon {
  readonly offFen: bigint;
  readonly minSpendFen: bigint;
}
/** What a coupon takes off each item. */
export interface TakenCoupon {
  readonly id: string;
  readonly tookFen: bigint;
  readonly shares: readonly bigint[];
}
export type CouponsApplied =
  | { readonly ok: true; readonly taken: readonly TakenCoupon[]; readonly shares: readonly bigint[] }
  | { readonly ok: false; readonly id: string; readonly refusal: CouponRefusal };

/**
 * What an order's coupons take off its items together (rules M4, S6), or which of them it does not take and why.
 *
 * They are applied one after the other, each to what those before it left: its minimum is asked of that, and its amount split by
 * largest remainder, no item below its floor. All orders of application are tried, the one in which minimums are met most easily
 * first; a coupon that may go below floors leaves more room to the others when it comes last.
 */
export function applyCoupons(
  coupons: readonly HeldCoupon[],
  order: { orgPath: string; at: Date; items: readonly FlooredAmount[] },
): CouponsApplied {
  const itemsFen = sumOf(order.items.map(({ amountFen }) => amountFen));
  for (const coupon of coupons) {
    const refusal = refusalOfCoupon(coupon, { ...order, itemsFen });
    if (refusal) return { ok: false, id: coupon.id, refusal };
  }
  const apart = stackRefusal(coupons);
  if (apart) return { ok: false, id: apart.coupon.id, refusal: { reason: apart.reason } };
  let refused: CouponsApplied | undefined;
  for (const some of permutations(inStackOrder(coupons))) {
    const applied = applyInOrder(some, order.items);
    if (applied.ok) return applied;
    refused ??= applied;
  }
  return refused ?? { ok: true, taken: [], shares: order.items.map(() => 0n) };
}

function applyInOrder(coupons: readonly HeldCoupon[], items: readonly FlooredAmount[]): CouponsApplied {
  const taken: TakenCoupon[] = [];
  let left = items;
  for (const { id, offFen, minSpendFen, belowFloor } of coupons) {
    const leftFen = sumOf(left.map(({ amountFen }) => amountFen));
    if (leftFen < minSpendFen) {
      const facts = { minSpendFen: Number(minSpendFen), itemsFen: Number(leftFen) };
      return { ok: false, id, refusal: { reason: 'below_minimum', facts } };
    }
    const floored = belowFloor ? left.map((item) => ({ ...item, floorPriceFen: null })) : left;
    const shares = allocateAboveFloors(offFen, floored);
    if (!shares) {
      // Refused whole: nobody was shown a smaller one.
      const mostOffFen = Number(sumOf(floored.map(roomAboveFloor)));
      return { ok: false, id, refusal: { reason: 'price_floor', facts: { mostOffFen } } };
    }
    taken.push({ id, tookFen: offFen, shares });
    left = left.map((item, n) => ({ ...item, amountFen: item.amountFen - (shares[n] ?? 0n) }));
  }
  return { ok: true, taken, shares: items.map(({ amountFen }, n) => amountFen - (left[n]?.amountFen ?? 0n)) };
}

const sumOf = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, one) => sum + one, 0n);

/** As given first; of the few coupons of an order. */
function* permutations<T>(all: readonly T[]): Generator<readonly T[]> {
  if (all.length <= 1) {
    if (all.length === 1) yield all;
    return;
  }
  for (const [n, first] of all.entries())
    for (const rest of permutations(all.filter((_, m) => m !== n))) yield [first, ...rest];
}
