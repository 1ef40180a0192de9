import { z } from 'zod';
import { OrgPath, PersonId } from '../ids.ts';
import { Bps, Fen } from '../money.ts';
import { CouponKindId } from '../realtime/coupons.ts';
import { Instant, OrgUnitRef, PageQuery, PersonRef, page, text } from './common.ts';
import { defineRoute } from './route.ts';

/** Rule N1. The database knows no fifth. */
export const MAX_MEMBER_LEVELS = 4;
const MAX_DAYS = 1_095;
const MAX_SPEND_FEN = 100_000_000;

export const MemberRank = z.int().min(0).max(MAX_MEMBER_LEVELS).meta({ description: '0 is no level yet' });
export const MemberLevel = z
  .object({
    rank: z.int().min(1).max(MAX_MEMBER_LEVELS),
    name: z.string(),
    /** Spend in the window from which on somebody has the level. */
    minSpendFen: Fen,
    /** Points for one fen; 100 are one point a yuan. */
    pointsBps: Bps,
    /** Given once to whoever reaches the level. */
    coupon: z.object({ kindId: CouponKindId, title: z.string() }).nullable(),
  })
  .meta({ id: 'MemberLevel' });
export type MemberLevel = z.infer<typeof MemberLevel>;
export const MemberRules = z
  .object({
    version: z.int(),
    /** What was paid for goods in so many days, less what was refunded, decides. */
    windowDays: z.int(),
    /** For people without a level. */
    basePointsBps: Bps,
    pointsValidDays: z.int(),
    levels: z.array(MemberLevel).max(MAX_MEMBER_LEVELS),
    reason: z.string(),
    madeAt: Instant,
  })
  .meta({ id: 'MemberRules' });
export type MemberRules = z.infer<typeof MemberRules>;

export const getMemberRules = defineRoute({
  id: 'members.rules',
  method: 'GET',
  path: '/member-rules',
  tag: 'members',
  access: 'public',
  summary: 'The levels of members, what they need and what they give; null before headquarters made any',
  reply: z.object({ rules: MemberRules.nullable() }),
});
export const setMemberRules = defineRoute({
  id: 'members.rules.set',
  method: 'POST',
  path: '/member-rules',
  tag: 'members',
  access: { staff: 'members:write' },
  idempotent: true,
  summary: 'Make the next version of the rules, of headquarters alone; audited. `version` is the one on the screen',
  body: z
    .strictObject({
      version: z.int().min(0).max(1_000_000),
      windowDays: z.int().min(1).max(MAX_DAYS),
      basePointsBps: Bps,
      pointsValidDays: z.int().min(1).max(MAX_DAYS),
      /** In the order of their ranks; each needs more than the one before it. */
      levels: z
        .array(
          z.strictObject({
            name: text(12),
            minSpendFen: Fen.min(1).max(MAX_SPEND_FEN),
            pointsBps: Bps,
            couponKindId: CouponKindId.nullable(),
          }),
        )
        .max(MAX_MEMBER_LEVELS),
      reason: text(100),
    })
    .refine(
      ({ levels }) => levels.every((level, n) => n === 0 || level.minSpendFen > (levels[n - 1]?.minSpendFen ?? 0)),
      {
        path: ['levels'],
        message: 'not_rising',
      },
    ),
  reply: MemberRules,
  status: 201,
  errors: ['not_found', 'forbidden', 'conflict', 'words_refused'],
});

/** Why a level changed: an order was paid or refunded, an old one left the window, or the rules changed. */
export const memberMoveReasons = ['paid', 'refunded', 'window', 'rules'] as const;
export const MemberMove = z
  .object({
    from: MemberRank,
    to: MemberRank,
    reason: z.enum(memberMoveReasons),
    spendFen: Fen,
    rulesVersion: z.int(),
    at: Instant,
  })
  .meta({ id: 'MemberMove' });
export const Membership = z
  .object({
    rank: MemberRank,
    level: MemberLevel.nullable(),
    next: MemberLevel.nullable(),
    /** In the window, less what was refunded. */
    spendFen: Fen,
    since: Instant.nullable(),
    /** When the oldest purchase leaves the window. */
    nextCheckAt: Instant.nullable(),
    rules: MemberRules.nullable(),
    /** The last ones, the newest first. */
    history: z.array(MemberMove),
  })
  .meta({ id: 'Membership' });
export type Membership = z.infer<typeof Membership>;
export const myMembership = defineRoute({
  id: 'members.mine',
  method: 'GET',
  path: '/membership',
  tag: 'members',
  access: 'consumer',
  summary: 'My level, what is missing to the next one, and how I came here',
  reply: Membership,
});

const personParams = z.strictObject({ id: PersonId });
export const getMembership = defineRoute({
  id: 'members.get',
  method: 'GET',
  path: '/customers/:id/membership',
  tag: 'members',
  access: { staff: 'customers:read' },
  summary: 'The level of a customer of my scope, with its history',
  params: personParams,
  reply: z.object({ person: PersonRef, membership: Membership }),
  errors: ['not_found'],
});
export const Customer = z
  .object({
    person: PersonRef,
    store: z.string().nullable(),
    rank: MemberRank,
    spendFen: Fen,
    points: z.int(),
    tags: z.array(z.object({ ruleId: z.uuid(), name: z.string() })),
    lastPaidAt: Instant.nullable(),
  })
  .meta({ id: 'Customer' });
export type Customer = z.infer<typeof Customer>;
/** Customers that a list of tags, a level or a name picks. */
export const CustomerQuery = z.strictObject({
  search: text(30).optional(),
  ruleId: z.uuid().optional(),
  rank: z.coerce.number().int().min(0).max(MAX_MEMBER_LEVELS).optional(),
});
export const listCustomers = defineRoute({
  id: 'customers.list',
  method: 'GET',
  path: '/customers',
  tag: 'members',
  access: { staff: 'customers:read' },
  summary: 'Customers of my scope, by name, level or tag; whoever came last first',
  query: PageQuery.extend(CustomerQuery.shape),
  reply: page(Customer),
});

// ── 优免占比 ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const DiscountRow = z
  .object({
    orgUnit: OrgUnitRef,
    orders: z.int(),
    /** Goods at their shelf price of that day. */
    shelfFen: Fen,
    /** Given by coupons, without those that were bought with points. */
    couponFen: Fen,
    /** Given by coupons that were bought with points. */
    pointsFen: Fen,
    /** Offers, bundles, groups and gifts below the shelf price. */
    offerFen: Fen,
    /** Taken at the counter: coupons and gifts. */
    counterFen: Fen,
    /** Paid for goods, without shipping. */
    paidFen: Fen,
    refundedFen: Fen,
    /** All that was given, of what was paid; null when nothing was. */
    ratioBps: z.int().nullable(),
  })
  .meta({ id: 'DiscountRow' });
export type DiscountRow = z.infer<typeof DiscountRow>;
export const reportDiscounts = defineRoute({
  id: 'reports.discounts',
  method: 'GET',
  path: '/reports/discounts',
  tag: 'reports',
  access: { staff: 'reports:read' },
  produces: ['text/csv'],
  summary: 'Rule N1: what was given away, of what was sold, per unit; by the day of payment, refunds taken out',
  query: z.strictObject({
    from: Instant.optional(),
    to: Instant.optional(),
    orgPath: OrgPath.optional(),
    format: z.enum(['json', 'csv']).optional(),
  }),
  reply: z.object({ at: Instant, total: DiscountRow.omit({ orgUnit: true }), items: z.array(DiscountRow) }),
  errors: ['not_found'],
});
