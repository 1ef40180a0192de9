import { z } from 'zod';
import { OrderId, OrgUnitId, PersonId, RoomId } from '../ids.ts';
import { Fen } from '../money.ts';
import { CouponDrop, CouponDropId, CouponId, CouponKindId, CouponTerms, MAX_COUPON_DROP } from '../realtime/coupons.ts';
import { Empty, Instant, OrgUnitRef, PageQuery, PersonRef, page, text } from './common.ts';
import { CouponGroup, CouponStacking } from './coupon-stacking.ts';
import { defineRoute } from './route.ts';

/** 1,000 yuan: what one coupon takes off at most. */
export const MAX_COUPON_OFF_FEN = 100_000;
export const MAX_COUPON_MIN_SPEND_FEN = 10_000_000;
/** Rule N2. */
export const COUPON_VALID_DAYS = 30;
const MAX_VALID_DAYS = 365;
const MAX_TOTAL = 1_000_000;
const MAX_PER_PERSON = 100;

const kindParams = z.strictObject({ id: CouponKindId });
const dropParams = z.strictObject({ id: CouponDropId });

// ── kinds: the terms ────────────────────────────────────────────────────────────────────────────────────────────────

/** Why somebody cannot claim a coupon, or why an order does not take it; in the facts of `coupon_not_usable`. */
export const couponReasons = [
  'unknown', // there is none of this id for this person
  'used',
  'expired',
  'other_store',
  'below_minimum', // facts: minSpendFen, itemsFen
  'not_newcomer',
  'stopped',
  'all_claimed',
  'limit_reached', // the person has had as many as one may
  'at_counter', // it is taken at a store’s counter, not by an order
  'price_floor', // it would take goods below their floor (rule S6); facts: mostOffFen
  'not_with_others', // it, or another one of the order, is taken alone
  'same_group', // the order has another one of its group
] as const;
export const CouponReason = z.enum(couponReasons).meta({ id: 'CouponReason' });
export type CouponReason = z.infer<typeof CouponReason>;

/** order: takes something off an order. store: off at the counter. gift: a gift for coming (到店礼), `offFen` is what it is worth. */
export const couponUsages = ['order', 'store', 'gift'] as const;
export const CouponUsage = z.enum(couponUsages).meta({ id: 'CouponUsage' });
export type CouponUsage = z.infer<typeof CouponUsage>;

export const CouponKind = CouponTerms.extend({
  id: CouponKindId,
  orgUnit: OrgUnitRef,
  validDays: z.int().min(1),
  total: z.int().min(1),
  /** Coupons people got, those of running drops included. */
  claimed: z.int().min(0),
  /** Neither claimed nor set aside for a drop that runs. */
  left: z.int().min(0),
  perPerson: z.int().min(1),
  /** For people without a paid order. */
  newcomersOnly: z.boolean(),
  /** Rule S6: a coupon of headquarters that may take goods below their floor. */
  belowFloor: z.boolean().optional(),
  /** How it is used: in an order, at a counter, or for a gift there. */
  usage: CouponUsage,
  /** Whether an order takes it with others, and of which group it then is: one of each. */
  stacking: CouponStacking,
  stackGroup: CouponGroup,
  /** Anybody may claim one; else only drops and staff hand them out. */
  listed: z.boolean(),
  active: z.boolean(),
  createdAt: Instant,
  stoppedAt: Instant.nullable(),
  /** Null for staff who may not see reports. Orders that were paid, less what was refunded. */
  figures: z
    .object({
      /** In an order now, paid or not. */
      used: z.int(),
      orders: z.int(),
      discountFen: Fen,
      broughtFen: Fen,
    })
    .nullable(),
}).meta({ id: 'CouponKind' });
export type CouponKind = z.infer<typeof CouponKind>;

export const createCouponKind = defineRoute({
  id: 'coupon-kinds.create',
  method: 'POST',
  path: '/coupon-kinds',
  tag: 'coupons',
  access: { staff: 'coupons:write' },
  idempotent: true,
  summary: 'Make the terms of a coupon for a unit of my scope and everything below it; audited. Terms never change',
  body: z
    .strictObject({
      orgUnitId: OrgUnitId,
      title: text(30),
      offFen: Fen.min(1).max(MAX_COUPON_OFF_FEN),
      /** 0 for a gift, and for nothing else. */
      minSpendFen: z.union([Fen.min(2).max(MAX_COUPON_MIN_SPEND_FEN), z.literal(0)]),
      usage: CouponUsage.default('order'),
      validDays: z.int().min(1).max(MAX_VALID_DAYS).default(COUPON_VALID_DAYS),
      total: z.int().min(1).max(MAX_TOTAL),
      perPerson: z.int().min(1).max(MAX_PER_PERSON).default(1),
      newcomersOnly: z.boolean().default(false),
      /** Only for a coupon of headquarters, and by who may set floors. */
      belowFloor: z.boolean().default(false),
      stacking: CouponStacking.default('alone'),
      stackGroup: CouponGroup.default('store'),
      listed: z.boolean().default(false),
    })
    .refine(({ offFen, minSpendFen, usage }) => (usage === 'gift' ? minSpendFen === 0 : minSpendFen > offFen), {
      path: ['minSpendFen'],
      message: 'not_above_off',
    }),
  reply: CouponKind,
  status: 201,
  errors: ['not_found', 'forbidden', 'words_refused'],
});
export const listCouponKinds = defineRoute({
  id: 'coupon-kinds.list',
  method: 'GET',
  path: '/coupon-kinds',
  tag: 'coupons',
  access: { staff: 'rooms:read' },
  summary:
    'The coupons of my scope, the newest first; with a room of my scope, those it can drop: of its unit and the units above it',
  produces: ['text/csv'],
  query: PageQuery.extend({ roomId: RoomId.optional(), format: z.enum(['json', 'csv']).optional() }),
  reply: page(CouponKind),
});
export const stopCouponKind = defineRoute({
  id: 'coupon-kinds.stop',
  method: 'POST',
  path: '/coupon-kinds/:id/stop',
  tag: 'coupons',
  access: { staff: 'coupons:write' },
  summary: 'No further claims and drops; what people hold stays valid. Again = the same answer; audited',
  params: kindParams,
  body: z.strictObject({ reason: text(100) }),
  reply: CouponKind,
  errors: ['not_found'],
});

// ── coupons: what people hold ───────────────────────────────────────────────────────────────────────────────────────

export const COUPON_CODE_DIGITS = 16;
export const CouponCode = z
  .string()
  .regex(/^\d{16}$/)
  .meta({ description: 'what the QR code of a coupon says' });

export const Coupon = CouponTerms.extend({
  id: CouponId,
  kindId: CouponKindId,
  /** Where it can be used: in this unit and everything below it. */
  orgUnit: OrgUnitRef,
  newcomersOnly: z.boolean(),
  /** given: by staff. level: for reaching a member level. points: bought with points. */
  source: z.enum(['claim', 'drop', 'given', 'level', 'points']),
  usage: CouponUsage,
  stacking: CouponStacking,
  stackGroup: CouponGroup,
  /** What its QR code says; null when orders take it. Shown to staff of a store. */
  code: CouponCode.nullable(),
  /** used: by an order. redeemed: at a counter, for good. */
  state: z.enum(['held', 'used', 'redeemed']),
  /** The order that uses it. */
  orderId: OrderId.nullable(),
  claimedAt: Instant,
  /** Server time; one that is held and over is of no use any more. */
  expiresAt: Instant,
  usedAt: Instant.nullable(),
}).meta({ id: 'Coupon' });
export type Coupon = z.infer<typeof Coupon>;

export const myCoupons = defineRoute({
  id: 'coupons.mine',
  method: 'GET',
  path: '/coupons',
  tag: 'coupons',
  access: 'consumer',
  summary: 'My coupons, the newest first; with a room, those an order there could take now, whatever it costs',
  query: PageQuery.extend({
    roomId: RoomId.optional(),
    /** usable: held and not over; over: used, redeemed or ended. Without it: all. */
    show: z.enum(['usable', 'over']).optional(),
  }),
  reply: page(Coupon),
});
export const OpenCoupon = CouponTerms.extend({
  kindId: CouponKindId,
  orgUnit: OrgUnitRef,
  validDays: z.int(),
  left: z.int().min(0),
  newcomersOnly: z.boolean(),
  /** Whether this person may claim one more. */
  claimable: z.boolean(),
}).meta({ id: 'OpenCoupon' });
export type OpenCoupon = z.infer<typeof OpenCoupon>;
export const openCoupons = defineRoute({
  id: 'coupons.open',
  method: 'GET',
  path: '/coupons/open',
  tag: 'coupons',
  access: 'person',
  summary: 'What anybody can claim in a room’s store now',
  query: z.strictObject({ roomId: RoomId }),
  reply: z.object({ items: z.array(OpenCoupon) }),
  errors: ['not_found'],
});
export const claimCoupon = defineRoute({
  id: 'coupons.claim',
  method: 'POST',
  path: '/coupons',
  tag: 'coupons',
  access: 'consumer',
  idempotent: true,
  summary: 'Claim one of a listed kind; refused as coupon_not_usable with a reason in the facts',
  body: z.strictObject({ kindId: CouponKindId }),
  reply: Coupon,
  status: 201,
  errors: ['not_found', 'coupon_not_usable', 'rate_limited'],
});
export const giveCoupon = defineRoute({
  id: 'coupons.give',
  method: 'POST',
  path: '/coupon-kinds/:id/give',
  tag: 'coupons',
  access: { staff: 'coupons:write' },
  idempotent: true,
  summary: 'Give one coupon to a customer, within its number and its limit a person; audited',
  params: kindParams,
  body: z.strictObject({ personId: PersonId, reason: text(100) }),
  reply: Coupon,
  status: 201,
  errors: ['not_found', 'coupon_not_usable'],
});

// ── at the counter ──────────────────────────────────────────────────────────────────────────────────────────────────

/** A coupon as staff at a counter see it. */
export const CounterCoupon = CouponTerms.extend({
  id: CouponId,
  usage: CouponUsage,
  orgUnit: OrgUnitRef,
  person: PersonRef,
  state: z.enum(['held', 'redeemed', 'expired']),
  expiresAt: Instant,
  redeemedAt: Instant.nullable(),
  redeemedBy: PersonRef.nullable(),
  redeemedUnit: OrgUnitRef.nullable(),
}).meta({ id: 'CounterCoupon' });
export type CounterCoupon = z.infer<typeof CounterCoupon>;
const codeParams = z.strictObject({ couponCode: CouponCode });
export const getCounterCoupon = defineRoute({
  id: 'counter-coupons.get',
  method: 'GET',
  path: '/counter-coupons/:couponCode',
  tag: 'coupons',
  access: { staff: 'coupons:redeem' },
  summary: 'What a coupon at the counter is; of my store or of a unit above it',
  params: codeParams,
  reply: CounterCoupon,
  errors: ['not_found', 'rate_limited'],
});
export const redeemCounterCoupon = defineRoute({
  id: 'counter-coupons.redeem',
  method: 'POST',
  path: '/counter-coupons/:couponCode/redeem',
  tag: 'coupons',
  access: { staff: 'coupons:redeem' },
  idempotent: true,
  summary: 'Take it, once and for good (rule S10); audited. The note says what was given or bought',
  params: codeParams,
  body: z.strictObject({ note: text(100, 0).default('') }),
  reply: CounterCoupon,
  errors: ['not_found', 'coupon_not_usable', 'rate_limited'],
});
export const listCounterCoupons = defineRoute({
  id: 'counter-coupons.list',
  method: 'GET',
  path: '/counter-coupons',
  tag: 'coupons',
  access: { staff: 'coupons:redeem' },
  summary: 'What was taken at the counters of my scope, the newest first',
  query: PageQuery,
  reply: page(CounterCoupon),
});
export const giveCouponToMany = defineRoute({
  id: 'coupons.give-to-many',
  method: 'POST',
  path: '/coupon-kinds/:id/give-to-many',
  tag: 'coupons',
  access: { staff: 'coupons:write' },
  idempotent: true,
  summary:
    'Give one each to the customers of my scope that a tag or a level picks; whoever has had as many as one may gets none; audited',
  params: kindParams,
  body: z.strictObject({
    ruleId: z.uuid().nullable(),
    rank: z.int().min(0).max(4).nullable(),
    reason: text(100),
  }),
  reply: z.object({ picked: z.int(), given: z.int() }),
  status: 201,
  errors: ['not_found', 'coupon_not_usable', 'invalid_request', 'limit_exceeded'],
});

// ── drops ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export const startCouponDrop = defineRoute({
  id: 'coupon-drops.start',
  method: 'POST',
  path: '/coupon-drops',
  tag: 'coupons',
  access: { staff: 'rooms:operate' },
  idempotent: true,
  summary: 'Set coupons aside for the people of a live room and drop them. A room has one drop at a time',
  body: z.strictObject({
    roomId: RoomId,
    kindId: CouponKindId,
    count: z.int().min(1).max(MAX_COUPON_DROP),
    /** Everybody sees it coming before it begins. */
    leadSeconds: z.int().min(0).max(30).default(5),
    durationSeconds: z.int().min(10).max(600).default(120),
  }),
  reply: CouponDrop,
  status: 201,
  errors: ['not_found', 'room_not_live', 'state_conflict', 'coupon_not_usable'],
});
export const endCouponDrop = defineRoute({
  id: 'coupon-drops.end',
  method: 'POST',
  path: '/coupon-drops/:id/end',
  tag: 'coupons',
  access: { staff: 'rooms:operate' },
  summary: 'End a drop before its time; what nobody took goes back to its kind. Again = the same answer',
  params: dropParams,
  body: Empty,
  reply: CouponDrop,
  errors: ['not_found'],
});
export const getCouponDrop = defineRoute({
  id: 'coupon-drops.get',
  method: 'GET',
  path: '/coupon-drops/:id',
  tag: 'coupons',
  access: 'public',
  summary: 'A drop and how many of it are taken',
  params: dropParams,
  reply: CouponDrop,
});
export const listCouponDrops = defineRoute({
  id: 'coupon-drops.list',
  method: 'GET',
  path: '/coupon-drops',
  tag: 'coupons',
  access: 'public',
  summary: 'The drops of a room, the newest first',
  query: PageQuery.extend({ roomId: RoomId }),
  reply: page(CouponDrop),
});
/** What came of a grab: a coupon, or why there is none. */
export const CouponGrab = z
  .object({
    coupon: Coupon.nullable(),
    /** gone: the others were quicker, or it is over. limit_reached, not_newcomer: not for this person. */
    outcome: z.enum(['got', 'gone', 'limit_reached', 'not_newcomer']),
  })
  .meta({ id: 'CouponGrab' });
export type CouponGrab = z.infer<typeof CouponGrab>;
export const grabCoupon = defineRoute({
  id: 'coupon-drops.grab',
  method: 'POST',
  path: '/coupon-drops/:id/grab',
  tag: 'coupons',
  access: 'consumer',
  idempotent: true,
  summary: 'Take one coupon of a drop: one for each person who is in the room, none for staff',
  params: dropParams,
  body: Empty,
  reply: CouponGrab,
  errors: ['not_found', 'banned', 'forbidden', 'insiders_excluded', 'too_early', 'rate_limited', 'session_expired'],
});
export const myCouponGrab = defineRoute({
  id: 'coupon-drops.mine',
  method: 'GET',
  path: '/coupon-drops/:id/mine',
  tag: 'coupons',
  access: 'person',
  summary: 'The coupon I took of a drop',
  params: dropParams,
  reply: z.object({ coupon: Coupon.nullable() }),
});
