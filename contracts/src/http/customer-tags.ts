import { z } from 'zod';
import { PersonId } from '../ids.ts';
import { Instant, PageQuery, PersonRef, page, text } from './common.ts';
import { defineRoute } from './route.ts';

/*
 * Rule N3: tags come from what people did, by rules everybody who sees a tag can read. Rule N4: KOCs are proposed.
 */

/** What is counted of a person, in so many days up to now. */
export const tagMetrics = [
  'watched_minutes', // in rooms; several devices at once count once
  'visits', // rooms they were in
  'asked', // messages they wrote in rooms
  'bought', // orders paid and not given back whole
  'spent_yuan', // for goods, less refunds, whole yuan
  'shared', // people who came by their links
  'brought_orders', // orders of others that are credited to them
] as const;
export const TagMetric = z.enum(tagMetrics).meta({ id: 'TagMetric' });
export type TagMetric = z.infer<typeof TagMetric>;
/** The longest look back; what is older is not counted. */
export const MAX_TAG_DAYS = 365;
export const MAX_TAG_CONDITIONS = 4;
export const MAX_TAG_RULES = 30;
export const TagCondition = z
  .strictObject({
    metric: TagMetric,
    op: z.enum(['at_least', 'at_most']),
    value: z.int().min(0).max(1_000_000),
    days: z.int().min(1).max(MAX_TAG_DAYS),
  })
  .meta({ id: 'TagCondition' });
export type TagCondition = z.infer<typeof TagCondition>;
/** A condition and what was counted. */
export const TagFact = z.object({ ...TagCondition.shape, counted: z.int().min(0) }).meta({ id: 'TagFact' });
export type TagFact = z.infer<typeof TagFact>;

export const TagRule = z
  .object({
    id: z.uuid(),
    version: z.int(),
    name: z.string(),
    /** All of them must hold. */
    conditions: z.array(TagCondition),
    active: z.boolean(),
    reason: z.string(),
    madeAt: Instant,
    /** Customers of the asker’s scope who have it now. */
    people: z.int(),
  })
  .meta({ id: 'TagRule' });
export type TagRule = z.infer<typeof TagRule>;
export const listTagRules = defineRoute({
  id: 'tag-rules.list',
  method: 'GET',
  path: '/tag-rules',
  tag: 'members',
  access: { staff: 'customers:read' },
  summary: 'The rules of tags as they are now, with how many customers of my scope have each',
  reply: z.object({ items: z.array(TagRule) }),
});
const conditions = z.array(TagCondition).min(1).max(MAX_TAG_CONDITIONS);
export const createTagRule = defineRoute({
  id: 'tag-rules.create',
  method: 'POST',
  path: '/tag-rules',
  tag: 'members',
  access: { staff: 'members:write' },
  idempotent: true,
  summary: 'Make a rule, of headquarters alone; audited',
  body: z.strictObject({ name: text(20), conditions, reason: text(100) }),
  reply: TagRule,
  status: 201,
  errors: ['limit_exceeded', 'words_refused'],
});
export const changeTagRule = defineRoute({
  id: 'tag-rules.change',
  method: 'POST',
  path: '/tag-rules/:id/versions',
  tag: 'members',
  access: { staff: 'members:write' },
  idempotent: true,
  summary: 'The next version of a rule, or its end by `active: false`; `version` is the one on the screen; audited',
  params: z.strictObject({ id: z.uuid() }),
  body: z.strictObject({
    version: z.int().min(1).max(1_000_000),
    name: text(20),
    conditions,
    active: z.boolean(),
    reason: text(100),
  }),
  reply: TagRule,
  status: 201,
  errors: ['not_found', 'conflict', 'limit_exceeded', 'words_refused'],
});
export const CustomerTag = z
  .object({
    ruleId: z.uuid(),
    ruleVersion: z.int(),
    name: z.string(),
    why: z.array(TagFact),
    since: Instant,
    checkedAt: Instant,
    endedAt: Instant.nullable(),
  })
  .meta({ id: 'CustomerTag' });
export type CustomerTag = z.infer<typeof CustomerTag>;
export const getCustomerTags = defineRoute({
  id: 'customer-tags.get',
  method: 'GET',
  path: '/customers/:id/tags',
  tag: 'members',
  access: { staff: 'customers:read' },
  summary: 'The tags of a customer of my scope, each with its rule and what was counted; ended ones last',
  params: z.strictObject({ id: PersonId }),
  reply: z.object({ person: PersonRef, checkedAt: Instant.nullable(), items: z.array(CustomerTag) }),
  errors: ['not_found'],
});

// ── KOC proposals ───────────────────────────────────────────────────────────────────────────────────────────────────

export const kocStates = ['proposed', 'accepted', 'declined', 'lapsed'] as const;
/** lapsed: the figures no longer said so, or staff marked the person without the proposal. */
export const KocState = z.enum(kocStates).meta({ id: 'KocState' });
export type KocState = z.infer<typeof KocState>;
export const KocProposal = z
  .object({
    id: z.uuid(),
    person: PersonRef,
    store: z.string(),
    state: KocState,
    why: z.object({ paidOrders: z.int(), broughtPeople: z.int(), broughtBuyers: z.int() }),
    proposedAt: Instant,
    endedAt: Instant.nullable(),
    by: z.string().nullable(),
    reason: z.string(),
  })
  .meta({ id: 'KocProposal' });
export type KocProposal = z.infer<typeof KocProposal>;
export const listKocProposals = defineRoute({
  id: 'koc-proposals.list',
  method: 'GET',
  path: '/koc-proposals',
  tag: 'members',
  access: { staff: 'customers:read' },
  summary: 'Customers of my scope proposed as KOC, the newest first',
  query: PageQuery.extend({ state: KocState.optional() }),
  reply: page(KocProposal),
});
export const decideKocProposal = defineRoute({
  id: 'koc-proposals.decide',
  method: 'POST',
  path: '/koc-proposals/:id/decide',
  tag: 'members',
  access: { staff: 'customers:mark' },
  summary: 'Accept (the customer is marked as KOC) or decline, with a reason; again = the same answer; audited',
  params: z.strictObject({ id: z.uuid() }),
  body: z.strictObject({ accept: z.boolean(), reason: text(100) }),
  reply: KocProposal,
  errors: ['not_found', 'state_conflict'],
});
