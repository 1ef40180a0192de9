/** Who brought an order, as everybody concerned may read it; appeals against it, and what headquarters rules (A3–A5). */
import { z } from 'zod';
import { OrderId, OrderItemId, PersonId, RoomId } from '../ids.ts';
import { Fen, SignedFen } from '../money.ts';
import { ShareChannel } from './attribution.ts';
import { Instant, OrgUnitRef, PageQuery, PersonRef, page, text } from './common.ts';
import { CreditReason, CreditView } from './orders.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ id: OrderId });

// ── the brand's policy ──────────────────────────────────────────────────────────────────────────────────────────────

/** Where rewards for the mere act of sharing may run at all: never inside WeChat (rule Z5). */
export const ShareRewardChannel = ShareChannel.exclude(['wechat', 'moments']).meta({ id: 'ShareRewardChannel' });
export type ShareRewardChannel = z.infer<typeof ShareRewardChannel>;

const DAYS_MAX = 3_650;
const WINDOW_MAX_SECONDS = 90 * 86_400;
/** Days: −1 for ever; protection of 0 days is none. */
const terms = {
  creditWindowSeconds: z.int().min(60).max(WINDOW_MAX_SECONDS),
  protectDays: z.int().min(-1).max(DAYS_MAX),
  validDays: z
    .int()
    .min(-1)
    .max(DAYS_MAX)
    .refine((days) => days !== 0, 'not_zero'),
  selfPurchaseCommission: z.boolean(),
  shareRewardChannels: z.array(ShareRewardChannel).max(ShareRewardChannel.options.length),
};
export const AttributionPolicyView = z
  .object({
    version: z.int(),
    ...terms,
    effectiveFrom: Instant,
    reason: z.string(),
    /** Null: it came with the product. */
    by: PersonRef.nullable(),
    madeAt: Instant,
  })
  .meta({ id: 'AttributionPolicy' });
export type AttributionPolicyView = z.infer<typeof AttributionPolicyView>;
const AttributionPolicies = z.object({
  /** The version by which is decided now. */
  inForce: z.int(),
  /** The newest first; those that are not yet in force too. */
  versions: z.array(AttributionPolicyView),
});
export const getAttributionPolicy = defineRoute({
  id: 'attribution-policy.get',
  method: 'GET',
  path: '/attribution-policy',
  tag: 'attribution',
  access: { staff: 'orders:read' },
  summary: 'By which rules customers are bound and orders credited, with every version there was',
  reply: AttributionPolicies,
});
export const putAttributionPolicy = defineRoute({
  id: 'attribution-policy.put',
  method: 'PUT',
  path: '/attribution-policy',
  tag: 'attribution',
  access: { staff: 'attribution:write' },
  summary:
    'A new version, from now or later; what was decided stays decided by its own (rule A4). Bonds keep the days they were made with',
  body: z.strictObject({
    /** The newest version that the person who changes it saw. */
    seenVersion: z.int().min(1).max(1_000_000),
    ...terms,
    effectiveFrom: Instant.optional(),
    reason: text(200),
  }),
  reply: AttributionPolicies,
  errors: ['state_conflict', 'too_early'],
});

// ── why this inviter ────────────────────────────────────────────────────────────────────────────────────────────────

export const CreditWhy = z
  .enum([
    'won',
    'outranked',
    'none',
    'expired',
    'self',
    'inactive',
    'closed_by_order',
    'older_click',
    'loop',
    'foreign_room',
  ])
  .meta({ id: 'CreditWhy' });
export type CreditWhy = z.infer<typeof CreditWhy>;

export const CreditAppealId = z.uuid().meta({ description: 'id of an appeal (UUIDv7)' });
export const CreditAppealRole = z
  .enum(['sharer', 'owner_guide', 'room_guide', 'store_manager'])
  .meta({ id: 'CreditAppealRole' });
export type CreditAppealRole = z.infer<typeof CreditAppealRole>;
export const CreditAppealState = z.enum(['open', 'upheld', 'changed']).meta({ id: 'CreditAppealState' });
export type CreditAppealState = z.infer<typeof CreditAppealState>;

export const CreditAppeal = z
  .object({
    id: CreditAppealId,
    by: PersonRef,
    role: CreditAppealRole,
    text: z.string(),
    /** `upheld`: the credit stayed as it was; `changed`: it did not. */
    state: CreditAppealState,
    at: Instant,
    closedAt: Instant.nullable(),
    /** What headquarters said to it. */
    answer: z.string().nullable(),
  })
  .meta({ id: 'CreditAppeal' });
export type CreditAppeal = z.infer<typeof CreditAppeal>;

const considered = {
  reason: CreditReason,
  won: z.boolean(),
  why: CreditWhy,
  at: Instant.nullable(),
  channel: z.string().nullable(),
};
const entry = {
  itemId: OrderItemId,
  level: z.int(),
  event: z.enum(['paid', 'refunded', 'ruled', 'voided']),
  basisFen: Fen,
  bps: z.int(),
  amountFen: SignedFen,
  state: z.string(),
  at: Instant,
};
/** Whose customer the buyer is now, which no credit changes (rule A1). */
export const CustomerOwner = z
  .object({
    store: OrgUnitRef,
    guide: PersonRef.nullable(),
    boundAt: Instant,
    protectedUntil: Instant.nullable(),
    /** They were this when the order was made already. */
    sinceBefore: z.boolean(),
  })
  .meta({ id: 'CustomerOwner' });

export const CreditExplanation = z
  .object({
    orderId: OrderId,
    credit: CreditView,
    decidedAt: Instant,
    ruleVersion: z.int(),
    considered: z.array(z.object({ ...considered, person: PersonRef.nullable(), touchId: z.uuid().nullable() })),
    commission: z.array(z.object({ ...entry, beneficiary: PersonRef })),
    order: z.object({
      orderNo: z.string(),
      placedAt: Instant,
      paidAt: Instant.nullable(),
      paidFen: Fen,
      buyer: PersonRef,
      store: OrgUnitRef,
      room: z.object({ id: RoomId, title: z.string() }).nullable(),
    }),
    /** Of the version in `ruleVersion`. */
    policy: z.object({ creditWindowSeconds: z.int(), protectDays: z.int(), selfPurchaseCommission: z.boolean() }),
    owner: CustomerOwner.nullable(),
    /** What the credit was, the first decision first; more than one once headquarters has ruled. */
    versions: z.array(
      z.object({
        version: z.int(),
        reason: CreditReason,
        inviter: PersonRef.nullable(),
        orgUnit: OrgUnitRef,
        at: Instant,
        ruling: z
          .object({ by: PersonRef, outcome: CreditAppealState.exclude(['open']), reason: z.string() })
          .nullable(),
      }),
    ),
    /** For staff. */
    appeals: z.array(CreditAppeal),
    /** What the reader may do now. */
    mayAppeal: z.boolean(),
    mayRule: z.boolean(),
    appealUntil: Instant,
  })
  .meta({ id: 'CreditExplanation' });
export type CreditExplanation = z.infer<typeof CreditExplanation>;

export const orderCredit = defineRoute({
  id: 'orders.credit',
  method: 'GET',
  path: '/orders/:id/credit',
  tag: 'attribution',
  access: { consumerOrStaff: 'orders:read' },
  summary:
    'Why this inviter: the rule that won, the touches considered, the rule version, the owner beside it, appeals and rulings',
  params,
  reply: CreditExplanation,
});

/** What a sharer may know of somebody else's order: what became of their own clicks, and no name but a masked one. */
export const SharerCredit = z
  .object({
    orderId: OrderId,
    placedAt: Instant,
    buyerName: z.string(),
    roomTitle: z.string(),
    reason: CreditReason,
    /** The order is credited to the reader. */
    mine: z.boolean(),
    decidedAt: Instant,
    ruleVersion: z.int(),
    windowSeconds: z.int(),
    /** When and by what channel is told of the reader's own clicks alone. */
    considered: z.array(z.object({ ...considered, mine: z.boolean() })),
    commission: z.array(z.object(entry)),
    versions: z.array(z.object({ version: z.int(), reason: CreditReason, mine: z.boolean(), at: Instant })),
    appeals: z.array(CreditAppeal.omit({ by: true })),
    mayAppeal: z.boolean(),
    appealUntil: Instant,
  })
  .meta({ id: 'SharerCredit' });
export type SharerCredit = z.infer<typeof SharerCredit>;
export const sharerCredit = defineRoute({
  id: 'orders.credit.mine',
  method: 'GET',
  path: '/orders/:id/credit/mine',
  tag: 'attribution',
  access: 'person',
  summary: 'Why an order that my share may have brought is mine, or is not',
  params,
  reply: SharerCredit,
});
export const SharerCreditLine = z
  .object({
    orderId: OrderId,
    placedAt: Instant,
    buyerName: z.string(),
    roomTitle: z.string(),
    reason: CreditReason,
    mine: z.boolean(),
    /** Of my best click. */
    why: CreditWhy,
    amountFen: SignedFen,
    appeal: CreditAppealState.nullable(),
  })
  .meta({ id: 'SharerCreditLine' });
export type SharerCreditLine = z.infer<typeof SharerCreditLine>;
export const myCredits = defineRoute({
  id: 'orders.credit.list-mine',
  method: 'GET',
  path: '/me/credits',
  tag: 'attribution',
  access: 'person',
  summary: 'Paid orders that are credited to me, and those of the last 90 days that my clicks lost; the newest first',
  query: PageQuery,
  reply: page(SharerCreditLine),
});

// ── appeals and rulings ─────────────────────────────────────────────────────────────────────────────────────────────

export const appealCredit = defineRoute({
  id: 'orders.credit.appeal',
  method: 'POST',
  path: '/orders/:id/credit/appeals',
  tag: 'attribution',
  access: 'person',
  summary:
    'Ask headquarters to look at a credit again: sharers and guides who were considered, and managers of the stores',
  params,
  body: z.strictObject({ text: text(500) }),
  reply: CreditAppeal.omit({ by: true }),
  status: 201,
  errors: ['not_found', 'too_late', 'state_conflict'],
});
export const CreditAppealRow = CreditAppeal.extend({
  orderId: OrderId,
  store: OrgUnitRef,
  /** Null for one's own appeal about an order of another store, as is whom it is credited to. */
  orderNo: z.string().nullable(),
  paidFen: Fen.nullable(),
  credit: CreditView.nullable(),
}).meta({ id: 'CreditAppealRow' });
export type CreditAppealRow = z.infer<typeof CreditAppealRow>;
export const listCreditAppeals = defineRoute({
  id: 'credit-appeals.list',
  method: 'GET',
  path: '/credit-appeals',
  tag: 'attribution',
  access: { staff: 'orders:read' },
  summary: 'Appeals against credits of orders of my scope, and my own; open ones wait for headquarters',
  query: PageQuery.extend({
    state: CreditAppealState.optional(),
    role: CreditAppealRole.optional(),
    orgUnitId: z.uuid().optional(),
  }),
  reply: page(CreditAppealRow).extend({ open: z.int() }),
});
export const ruleCredit = defineRoute({
  id: 'orders.credit.rule',
  method: 'POST',
  path: '/orders/:id/credit/rulings',
  tag: 'attribution',
  access: { staff: 'attribution:rule' },
  idempotent: true,
  summary:
    'Headquarters rules: the credit stays, or goes to a person who was considered, another active one, or nobody. Answers all open appeals; commission follows',
  params,
  body: z.strictObject({
    /** The version of the credit that was looked at; a rival ruling is not overruled unseen. */
    seenVersion: z.int().min(1).max(1_000),
    outcome: CreditAppealState.exclude(['open']),
    /** Of a change: to whom; null: to nobody, it stays with the unit of the room. */
    personId: PersonId.nullable().optional(),
    reason: text(500),
  }),
  reply: CreditExplanation,
  status: 201,
  errors: ['not_found', 'state_conflict', 'self_action', 'conflict_of_interest', 'invalid_request'],
});
