import { z } from 'zod';
import { PersonId } from '../ids.ts';
import { CouponKindId, CouponTerms } from '../realtime/coupons.ts';
import { Empty, Instant, PageQuery, PersonRef, page, text } from './common.ts';
import { Coupon } from './coupons.ts';
import { defineRoute } from './route.ts';

/*
 * Points are earned by what was received and paid for, never by sharing (rule Z5), and end (rule N1).
 */

export const PointsExchangeId = z.uuid().meta({ description: 'id of what points are exchanged for (UUIDv7)' });
const MAX_POINTS = 10_000_000;

const Points = z.int().min(-Number.MAX_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
export const PointsBalance = z
  .object({
    /** Below zero: a refund took back what had been spent; what comes next makes up for it. */
    balance: Points,
    /** What ends when, the soonest first. */
    ending: z.array(z.object({ points: z.int().min(1), at: Instant })).max(6),
  })
  .meta({ id: 'PointsBalance' });
export type PointsBalance = z.infer<typeof PointsBalance>;
export const pointsKinds = ['earn', 'reverse', 'spend', 'expire'] as const;
export const PointsEntry = z
  .object({
    id: z.uuid(),
    kind: z.enum(pointsKinds),
    points: Points,
    /** After it. */
    balance: Points,
    /** The order number, or the coupon's name. */
    title: z.string(),
    at: Instant,
  })
  .meta({ id: 'PointsEntry' });
export type PointsEntry = z.infer<typeof PointsEntry>;

export const myPoints = defineRoute({
  id: 'points.mine',
  method: 'GET',
  path: '/points',
  tag: 'points',
  access: 'consumer',
  summary: 'My points and when they end',
  reply: PointsBalance,
});
export const myPointsEntries = defineRoute({
  id: 'points.entries',
  method: 'GET',
  path: '/points/entries',
  tag: 'points',
  access: 'consumer',
  summary: 'What came and went, the newest first',
  query: PageQuery,
  reply: page(PointsEntry),
});
export const PointsExchange = CouponTerms.extend({
  id: PointsExchangeId,
  kindId: CouponKindId,
  usage: z.enum(['order', 'store', 'gift']),
  unit: z.string(),
  validDays: z.int(),
  points: z.int().min(1),
  left: z.int().min(0),
  /** Whether this person may have one more, points aside. */
  takeable: z.boolean(),
  taken: z.int().min(0),
  active: z.boolean(),
}).meta({ id: 'PointsExchange' });
export type PointsExchange = z.infer<typeof PointsExchange>;
export const listPointsExchanges = defineRoute({
  id: 'points.exchanges',
  method: 'GET',
  path: '/points/exchanges',
  tag: 'points',
  access: { consumerOrStaff: 'rooms:read' },
  summary: 'What points are exchanged for now; for staff also what was stopped',
  reply: z.object({ items: z.array(PointsExchange) }),
});
const exchangeParams = z.strictObject({ id: PointsExchangeId });
export const exchangePoints = defineRoute({
  id: 'points.exchange',
  method: 'POST',
  path: '/points/exchanges/:id/take',
  tag: 'points',
  access: 'consumer',
  idempotent: true,
  summary: 'Points for a coupon; the points that end soonest go first',
  params: exchangeParams,
  body: Empty,
  reply: Coupon,
  status: 201,
  errors: ['not_found', 'insufficient_points', 'coupon_not_usable', 'rate_limited'],
});
export const createPointsExchange = defineRoute({
  id: 'points.exchanges.create',
  method: 'POST',
  path: '/points/exchanges',
  tag: 'points',
  access: { staff: 'members:write' },
  idempotent: true,
  summary: 'Offer a coupon kind for points; of headquarters alone; audited',
  body: z.strictObject({ kindId: CouponKindId, points: z.int().min(1).max(MAX_POINTS) }),
  reply: PointsExchange,
  status: 201,
  errors: ['not_found', 'conflict', 'coupon_not_usable'],
});
export const stopPointsExchange = defineRoute({
  id: 'points.exchanges.stop',
  method: 'POST',
  path: '/points/exchanges/:id/stop',
  tag: 'points',
  access: { staff: 'members:write' },
  summary: 'No further exchanges; again = the same answer; audited',
  params: exchangeParams,
  body: z.strictObject({ reason: text(100) }),
  reply: PointsExchange,
  errors: ['not_found'],
});
export const getCustomerPoints = defineRoute({
  id: 'points.of-customer',
  method: 'GET',
  path: '/customers/:id/points',
  tag: 'points',
  access: { staff: 'customers:read' },
  summary: 'The points of a customer of my scope, with the last entries',
  params: z.strictObject({ id: PersonId }),
  reply: PointsBalance.extend({ person: PersonRef, entries: z.array(PointsEntry) }),
  errors: ['not_found'],
});
