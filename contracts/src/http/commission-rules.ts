import { z } from 'zod';
import { OrgPath, OrgUnitId, ProductId } from '../ids.ts';
import { Bps, Fen, SignedFen } from '../money.ts';
import { productRoles } from './catalogue.ts';
import { Instant, OrgUnitRef, PersonRef, text } from './common.ts';
import { defineRoute } from './route.ts';

/** Lines and tiers of one version. */
export const COMMISSION_LINES_MAX = 200;
export const COMMISSION_TIERS_MAX = 6;
/** K1: what a fixed amount per piece is at most. */
export const COMMISSION_FIXED_MAX_FEN = 1_000_000;

/** As whom somebody brings orders. */
export const CommissionInviterRole = z
  .enum(['guide', 'staff', 'koc', 'agent', 'consumer'])
  .meta({ id: 'CommissionInviterRole' });
/** Says otherwise than the rates for everything: of the lines that fit, the most specific wins (docs/26-commission.md). */
export const CommissionRate = z
  .strictObject({
    level: z.union([z.literal(1), z.literal(2)]),
    productId: ProductId.optional(),
    productRole: z.enum(productRoles).optional(),
    /** At this unit and everything under it. */
    storePath: OrgPath.optional(),
    inviterRole: CommissionInviterRole.optional(),
    /** From this tier of the month before on. */
    minTier: z.int().min(1).max(COMMISSION_TIERS_MAX).optional(),
    /** From this level of membership on. */
    minMemberLevel: z.int().min(1).max(4).optional(),
    bps: Bps.optional(),
    /** Instead of a share: for every piece that was not sent back. Names its product. */
    fixedFen: z.int().min(1).max(COMMISSION_FIXED_MAX_FEN).optional(),
  })
  .meta({ id: 'CommissionRate' });
/** Sales of a month in China, net of refunds, from which on a person stands on a tier; and what it adds to that month. */
export const CommissionTier = z.strictObject({ minNetFen: Fen.min(1), bonusBps: Bps }).meta({ id: 'CommissionTier' });

/** K3, K5: within what headquarters may choose. */
export const COMMISSION_FREEZE_DAYS = { min: 7, max: 90, usual: 15 } as const;
export const COMMISSION_LOCK_DAYS = { min: 0, max: 180, usual: 30 } as const;
export const COMMISSION_NOTICE_DAYS = { min: 0, max: 30, usual: 2 } as const;

const terms = {
  levelOneBps: Bps,
  levelTwoBps: Bps,
  /** K2: level two is who brought the person the order is credited to, and nobody further. */
  levelTwoEnabled: z.boolean(),
  rates: z.array(CommissionRate).max(COMMISSION_LINES_MAX),
  tiers: z.array(CommissionTier).max(COMMISSION_TIERS_MAX),
  /** From the receipt on. */
  freezeDays: z.int().min(COMMISSION_FREEZE_DAYS.min).max(COMMISSION_FREEZE_DAYS.max),
  /** A cut comes into force so long after the change before it at the earliest. */
  lockDays: z.int().min(COMMISSION_LOCK_DAYS.min).max(COMMISSION_LOCK_DAYS.max),
  /** A cut is announced so long before. */
  noticeDays: z.int().min(COMMISSION_NOTICE_DAYS.min).max(COMMISSION_NOTICE_DAYS.max),
};
export const CommissionTerms = z.strictObject(terms).meta({ id: 'CommissionTerms' });
export type CommissionTerms = z.infer<typeof CommissionTerms>;
export const CommissionRule = z
  .object({
    version: z.int(),
    ...terms,
    publishedAt: Instant.nullable(),
    /** Until then what it cuts is announced, and the rates before it stay. */
    effectiveFrom: Instant,
    publishedBy: PersonRef.nullable(),
    reason: z.string(),
  })
  .meta({ id: 'CommissionRule' });
export type CommissionRule = z.infer<typeof CommissionRule>;
/** What stands in the way of publishing a draft. `line` counts from 0; null = the whole. */
export const commissionProblems = [
  'one_of_rate_and_amount',
  'amount_needs_product',
  'product_says_role',
  'same_line_twice',
  'level_two_is_off',
  'more_than_all',
  'no_such_tier',
  'tiers_not_rising',
  'unknown_product',
  'unknown_unit',
  'nothing_changes',
] as const;
export const CommissionProblem = z
  .object({ problem: z.enum(commissionProblems), line: z.int().nullable() })
  .meta({ id: 'CommissionProblem' });
export type CommissionProblem = z.infer<typeof CommissionProblem>;
export const CommissionDraft = z
  .object({
    revision: z.int(),
    terms: CommissionTerms,
    savedAt: Instant,
    savedBy: PersonRef,
    problems: z.array(CommissionProblem),
    /** Whether it takes something from somebody, and when that would come into force if it were published now. */
    cuts: z.boolean(),
    effectiveFrom: Instant,
  })
  .meta({ id: 'CommissionDraft' });
export type CommissionDraft = z.infer<typeof CommissionDraft>;

export const getCommissionRules = defineRoute({
  id: 'commission-rules.get',
  method: 'GET',
  path: '/commission-rules',
  tag: 'commission',
  access: { staff: 'commission:read' },
  summary: 'The version in force, those that are announced, and for who may write them the draft',
  reply: CommissionRule.extend({
    /** Published after it: what they raise is in force, what they cut is announced. */
    announced: z.array(CommissionRule),
    draft: CommissionDraft.nullable(),
    /** Those that any of these lines names. */
    products: z.array(z.object({ id: ProductId, title: z.string() })),
  }),
});
export const saveCommissionDraft = defineRoute({
  id: 'commission-rules.save',
  method: 'PUT',
  path: '/commission-rules',
  tag: 'commission',
  access: { staff: 'commission:write' },
  summary: 'Save the draft of the next version; `revision` is the one on the screen, 0 for none',
  body: z.strictObject({ revision: z.int().min(0).max(1_000_000), terms: CommissionTerms }),
  reply: CommissionDraft,
  errors: ['conflict', 'forbidden'],
});
export const publishCommissionRules = defineRoute({
  id: 'commission-rules.publish',
  method: 'POST',
  path: '/commission-rules/publish',
  tag: 'commission',
  access: { staff: 'commission:write' },
  idempotent: true,
  summary: 'Make the draft the next version: rises at once, cuts when their notice is over (rule K5); audited',
  body: z.strictObject({ revision: z.int().min(1).max(1_000_000), reason: text(200, 2) }),
  reply: CommissionRule,
  status: 201,
  errors: ['conflict', 'forbidden', 'state_conflict', 'not_found'],
});
export const listCommissionRules = defineRoute({
  id: 'commission-rules.versions',
  method: 'GET',
  path: '/commission-rules/versions',
  tag: 'commission',
  access: { staff: 'commission:read' },
  summary: 'All versions, the newest first',
  query: z.strictObject({
    before: z.coerce.number().int().min(1).max(1_000_000).optional(),
    limit: z.coerce.number().int().min(1).max(50).default(20),
  }),
  reply: z.object({ items: z.array(CommissionRule), next: z.int().nullable() }),
});

/** A month in China: 2026-11 */
export const CommissionMonth = z.string().regex(/^20\d{2}-(0[1-9]|1[0-2])$/);
const SimulatedRow = z.object({
  orders: z.int(),
  /** What is left of what was paid for the goods. */
  basisFen: Fen,
  /** What entries say of it now. */
  actualFen: SignedFen,
  /** What the draft would have given. */
  wouldBeFen: SignedFen,
});
export const CommissionSimulation = z
  .object({
    month: CommissionMonth,
    /** False: the time was over before the orders were; the figures are of those that were looked at. */
    complete: z.boolean(),
    total: SimulatedRow,
    byRole: z.array(SimulatedRow.extend({ role: CommissionInviterRole, level: z.int() })),
    byStore: z.array(SimulatedRow.extend({ store: OrgUnitRef })),
    /** Bonuses of the month, beside the entries. */
    bonusFen: SignedFen,
    bonusWouldBeFen: SignedFen,
  })
  .meta({ id: 'CommissionSimulation' });
export type CommissionSimulation = z.infer<typeof CommissionSimulation>;
export const simulateCommission = defineRoute({
  id: 'commission-rules.simulate',
  method: 'POST',
  path: '/commission-rules/simulate',
  tag: 'commission',
  access: { staff: 'commission:write' },
  summary: 'What these terms would have paid for the orders of a month, beside what was posted; changes nothing',
  body: z.strictObject({ month: CommissionMonth, orgUnitId: OrgUnitId.optional(), terms: CommissionTerms }),
  reply: CommissionSimulation,
  errors: ['not_found', 'forbidden'],
});
