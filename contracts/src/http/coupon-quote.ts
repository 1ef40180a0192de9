/** What coupons would take off an order, before it is one. */
import { z } from 'zod';
import { BundleId, RoomId } from '../ids.ts';
import { Fen, PriceFen } from '../money.ts';
import { CouponId } from '../realtime/coupons.ts';
import { text } from './common.ts';
import { CouponIds } from './coupon-stacking.ts';
import { Coupon, CouponReason } from './coupons.ts';
import { OrderLine } from './orders.ts';
import { defineRoute } from './route.ts';
import { RegionCode } from './shipping.ts';

export const CouponQuote = z
  .object({
    goodsFen: Fen,
    discountFen: Fen,
    /** Of the goods after the discount; null: not known without an address, or nothing is sent there. */
    shippingFen: Fen.nullable(),
    /** Those that are taken, in the order in which they are applied. */
    couponIds: z.array(CouponId),
    /** Those that were asked about, else all that the buyer could use in this room. */
    coupons: z.array(
      z.object({
        id: CouponId,
        /** Null: there is none of this id for this person. */
        coupon: Coupon.nullable(),
        /** What it takes off; null: the order does not take it. */
        tookFen: Fen.nullable(),
        /** Why not, with those that are taken; null: it is taken, or simply not chosen. */
        reason: CouponReason.nullable(),
        facts: z.record(z.string(), z.number()),
      }),
    ),
  })
  .meta({ id: 'CouponQuote' });
export type CouponQuote = z.infer<typeof CouponQuote>;

export const quoteCoupons = defineRoute({
  id: 'coupons.quote',
  method: 'POST',
  path: '/coupons/quote',
  tag: 'coupons',
  access: 'consumer',
  summary:
    'What my coupons would take off these goods: the cheapest legal combination, or exactly the named ones and why one is refused. Placing the order decides by the same rules',
  body: z.strictObject({
    roomId: RoomId,
    lines: z.array(OrderLine).max(20).default([]),
    bundles: z
      .array(z.strictObject({ bundleId: BundleId, quantity: z.int().min(1).max(99), seenPriceFen: PriceFen }))
      .max(5)
      .optional(),
    /** Left out: the cheapest combination is looked for. */
    couponIds: CouponIds.optional(),
    /** Where it is sent; the cheapest combination looks at the shipping fee too. */
    to: z.strictObject({ province: text(20), regionCode: RegionCode.optional() }).optional(),
  }),
  reply: CouponQuote,
  errors: [
    'price_changed',
    'out_of_stock',
    'offer_not_open',
    'offer_sold_out',
    'limit_exceeded',
    'not_found',
    'rate_limited',
  ],
});
