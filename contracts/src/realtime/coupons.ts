import { z } from 'zod';
import { Instant } from '../http/common.ts';
import { RoomId } from '../ids.ts';
import { Fen } from '../money.ts';

/*
 * Coupons dropped in a room. docs/15-coupons.md has the rules. Nothing asks for a share (rule Z5), and the number that is left
 * is the number that is left (rule Z8).
 */

export const CouponKindId = z.uuid().meta({ description: 'id of the terms of a coupon (UUIDv7)' });
export const CouponId = z.uuid().meta({ description: 'id of a coupon that a person holds (UUIDv7)' });
export const CouponDropId = z.uuid().meta({ description: 'id of a coupon drop (UUIDv7)' });

/** The most coupons that one drop sets aside. */
export const MAX_COUPON_DROP = 2_000;

/** What a coupon takes off, and of which sum of goods. */
export const CouponTerms = z
  .object({
    title: z.string(),
    offFen: Fen,
    /** Of the goods, without shipping. Always more than `offFen`: no order is free. */
    minSpendFen: Fen,
  })
  .meta({ id: 'CouponTerms' });
export type CouponTerms = z.infer<typeof CouponTerms>;

/** A number of coupons of a kind, set aside at once for the people of a room. */
export const CouponDrop = CouponTerms.extend({
  id: CouponDropId,
  roomId: RoomId,
  kindId: CouponKindId,
  state: z.enum(['running', 'ended']),
  validDays: z.int().min(1),
  newcomersOnly: z.boolean(),
  count: z.int().min(1),
  taken: z.int().min(0),
  /** Server time; before it nobody gets one. */
  startsAt: Instant,
  endsAt: Instant,
  endedAt: Instant.nullable(),
}).meta({ id: 'CouponDrop' });
export type CouponDrop = z.infer<typeof CouponDrop>;

/** Kinds of room events, for the union in events.ts. */
export const couponEventShapes = {
  'coupon-drop:started': { couponDrop: CouponDrop },
  'coupon-drop:counted': { couponDropId: CouponDropId, taken: z.int() },
  'coupon-drop:ended': { couponDrop: CouponDrop },
} as const;
