/** The wire shapes of coupons that go together: coupon-stacks.ts has the rules. */
import { z } from 'zod';
import { couponGroups, couponStackings, MAX_COUPONS_PER_ORDER } from '../coupon-stacks.ts';
import { CouponId } from '../realtime/coupons.ts';

export const CouponStacking = z.enum(couponStackings).meta({ id: 'CouponStacking' });
export type CouponStacking = z.infer<typeof CouponStacking>;
export const CouponGroup = z.enum(couponGroups).meta({ id: 'CouponGroup' });
export type CouponGroup = z.infer<typeof CouponGroup>;
/** Coupons that one order takes, each named once. */
export const CouponIds = z
  .array(CouponId)
  .max(MAX_COUPONS_PER_ORDER)
  .refine((ids) => new Set(ids).size === ids.length, { message: 'duplicate_id' });
