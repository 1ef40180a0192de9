/**
 * Rewards around sharing, under rules Z5 and K2: prizes from stock for inviting new people, money for newcomers from a budget.
 * Nobody is paid for heads; inside WeChat nothing is given for sharing.
 */
import { z } from 'zod';
import { OrgUnitId } from '../ids.ts';
import { Fen, SignedFen } from '../money.ts';
import { Empty, Instant, MAX_INT4, OrgUnitRef, PageQuery, PersonRef, page, text } from './common.ts';
import { Coupon, CouponUsage } from './coupons.ts';
import { defineRoute } from './route.ts';

// ── ranking ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const RankingBy = z.enum(['customers', 'sales']).meta({ id: 'RankingBy' });
export const rankingPeriods = ['week', 'month'] as const;
export const getInviteRanking = defineRoute({
  id: 'rankings.invites',
  method: 'GET',
  path: '/invite-ranking',
  tag: 'rewards',
  access: 'person',
  summary:
    'Who brought most, of my store or the brand, names masked: people who became customers, or sales net of refunds; never gifts (rule K6)',
  query: z.strictObject({
    scope: z.enum(['store', 'brand']).default('store'),
    period: z.enum(rankingPeriods).default('month'),
    by: RankingBy.default('customers'),
  }),
  reply: z.object({
    from: Instant,
    to: Instant,
    orgUnit: OrgUnitRef,
    items: z.array(
      z.object({ place: z.int(), name: z.string(), customers: z.int(), netFen: SignedFen, mine: z.boolean() }),
    ),
    /** Null: I brought nobody and nothing yet. */
    mine: z.object({ place: z.int(), customers: z.int(), netFen: SignedFen }).nullable(),
  }),
});
export const reportInviteRanking = defineRoute({
  id: 'reports.invite-ranking',
  method: 'GET',
  path: '/reports/invite-ranking',
  tag: 'rewards',
  access: { staff: 'reports:read' },
  summary: 'Who brought most within my scope: people, those who became customers, orders, sales net of refunds',
  query: z.strictObject({
    orgUnitId: OrgUnitId.optional(),
    from: Instant.optional(),
    to: Instant.optional(),
    by: RankingBy.default('customers'),
  }),
  reply: z.object({
    from: Instant,
    to: Instant,
    items: z.array(
      z.object({
        place: z.int(),
        inviter: PersonRef,
        /** New people by first invite. */
        invited: z.int(),
        /** Of these, who bought and kept something. */
        customers: z.int(),
        orders: z.int(),
        netFen: SignedFen,
      }),
    ),
  }),
  errors: ['not_found'],
});

// ── tasks (任务宝) ──────────────────────────────────────────────────────────────────────────────────────────────────

export const MOST_TIERS = 5;
export const MOST_TASK_DAYS = 90;
const Prize = z.object({ couponKindId: z.uuid(), title: z.string(), usage: CouponUsage, offFen: Fen });
export const InviteTask = z
  .object({
    id: z.uuid(),
    title: z.string(),
    orgUnit: OrgUnitRef,
    startsAt: Instant,
    endsAt: Instant,
    state: z.enum(['coming', 'running', 'over', 'stopped']),
    tiers: z.array(z.object({ id: z.uuid(), threshold: z.int(), prize: Prize, stock: z.int(), granted: z.int() })),
    /** Who has one prize at least, and the new people who count. */
    winners: z.int(),
    invited: z.int(),
  })
  .meta({ id: 'InviteTask' });
export type InviteTask = z.infer<typeof InviteTask>;
export const createInviteTask = defineRoute({
  id: 'invite-tasks.create',
  method: 'POST',
  path: '/invite-tasks',
  tag: 'rewards',
  access: { staff: 'rewards:write' },
  idempotent: true,
  summary:
    'Prizes for inviting new people, for a unit of my scope: each tier has a threshold, a coupon (money off, or a gift to fetch) and a stock; audited. Terms never change',
  body: z
    .strictObject({
      orgUnitId: OrgUnitId,
      title: text(30),
      startsAt: Instant.optional(),
      days: z.int().min(1).max(MOST_TASK_DAYS),
      tiers: z
        .array(
          z.strictObject({
            threshold: z.int().min(1).max(1_000),
            couponKindId: z.uuid(),
            stock: z.int().min(1).max(MAX_INT4),
          }),
        )
        .min(1)
        .max(MOST_TIERS),
    })
    .refine(({ tiers }) => new Set(tiers.map(({ threshold }) => threshold)).size === tiers.length, {
      path: ['tiers'],
      message: 'same_threshold',
    }),
  reply: InviteTask,
  status: 201,
  errors: ['not_found', 'words_refused', 'invalid_request'],
});
export const listInviteTasks = defineRoute({
  id: 'invite-tasks.list',
  method: 'GET',
  path: '/invite-tasks',
  tag: 'rewards',
  access: { staff: 'reports:read' },
  summary: 'The tasks of my scope, the newest first',
  query: PageQuery,
  reply: page(InviteTask),
});
export const stopInviteTask = defineRoute({
  id: 'invite-tasks.stop',
  method: 'POST',
  path: '/invite-tasks/:id/stop',
  tag: 'rewards',
  access: { staff: 'rewards:write' },
  summary: 'No further prizes. Again = the same answer; audited',
  params: z.strictObject({ id: z.uuid() }),
  body: z.strictObject({ reason: text(100) }),
  reply: InviteTask,
  errors: ['not_found'],
});
/** Rule Z5: `closed_in_wechat`: no prize is given here and now; elsewhere it may be. */
export const RewardChannel = z.enum(['open', 'closed_in_wechat']).meta({ id: 'RewardChannel' });
export const MyInviteTask = z
  .object({
    id: z.uuid(),
    title: z.string(),
    orgUnit: OrgUnitRef,
    endsAt: Instant,
    /** New people who count: signed in, brought first by me outside WeChat, since the task began. */
    invited: z.int(),
    tiers: z.array(
      z.object({
        id: z.uuid(),
        threshold: z.int(),
        prize: Prize,
        left: z.int(),
        state: z.enum(['locked', 'ready', 'granted', 'out']),
      }),
    ),
  })
  .meta({ id: 'MyInviteTask' });
export type MyInviteTask = z.infer<typeof MyInviteTask>;
export const myInviteTasks = defineRoute({
  id: 'invite-tasks.mine',
  method: 'GET',
  path: '/me/invite-tasks',
  tag: 'rewards',
  access: 'person',
  summary: 'Tasks of my store and above that run now, and how far I am',
  reply: z.object({ channel: RewardChannel, items: z.array(MyInviteTask) }),
});
export const claimTaskPrize = defineRoute({
  id: 'invite-tasks.claim',
  method: 'POST',
  path: '/invite-task-tiers/:id/claim',
  tag: 'rewards',
  access: 'consumer',
  idempotent: true,
  summary: 'Take the prize of a tier I have reached: once each, while stock lasts, not inside WeChat (rule Z5)',
  params: z.strictObject({ id: z.uuid() }),
  body: Empty,
  reply: Coupon,
  errors: [
    ...(['not_found', 'state_conflict', 'out_of_stock', 'coupon_not_usable', 'insiders_excluded'] as const),
    'rewards_outside_wechat',
  ],
});

// ── newcomers ───────────────────────────────────────────────────────────────────────────────────────────────────────

export const MAX_NEWCOMER_FEN = 20_000;
/** An account that is older is no newcomer's. */
export const NEWCOMER_DAYS = 30;
export const NewcomerGift = z
  .object({
    id: z.uuid(),
    title: z.string(),
    orgUnit: OrgUnitRef,
    amountFen: Fen,
    count: z.int(),
    taken: z.int(),
    state: z.enum(['running', 'ended']),
    startsAt: Instant,
    endsAt: Instant,
    returnedFen: Fen.nullable(),
  })
  .meta({ id: 'NewcomerGift' });
export type NewcomerGift = z.infer<typeof NewcomerGift>;
export const startNewcomerGift = defineRoute({
  id: 'newcomer-gifts.start',
  method: 'POST',
  path: '/newcomer-gifts',
  tag: 'rewards',
  access: { staff: 'rewards:write' },
  idempotent: true,
  summary:
    'A red packet for each newcomer of a unit of my scope: the whole sum is taken from the unit’s marketing budget at once; one runs at a time for a unit; audited',
  body: z.strictObject({
    orgUnitId: OrgUnitId,
    title: text(30),
    amountFen: Fen.min(1).max(MAX_NEWCOMER_FEN),
    count: z.int().min(1).max(100_000),
    days: z.int().min(1).max(90),
  }),
  reply: NewcomerGift,
  status: 201,
  errors: ['not_found', 'state_conflict', 'budget_exceeded', 'words_refused'],
});
export const listNewcomerGifts = defineRoute({
  id: 'newcomer-gifts.list',
  method: 'GET',
  path: '/newcomer-gifts',
  tag: 'rewards',
  access: { staff: 'reports:read' },
  summary: 'The newcomer red packets of my scope, the newest first',
  query: PageQuery,
  reply: page(NewcomerGift),
});
export const endNewcomerGift = defineRoute({
  id: 'newcomer-gifts.end',
  method: 'POST',
  path: '/newcomer-gifts/:id/end',
  tag: 'rewards',
  access: { staff: 'rewards:write' },
  summary: 'End it before its time; what nobody took goes back to the budget. Again = the same answer; audited',
  params: z.strictObject({ id: z.uuid() }),
  body: z.strictObject({ reason: text(100) }),
  reply: NewcomerGift,
  errors: ['not_found'],
});
export const myNewcomerGift = defineRoute({
  id: 'newcomer-gifts.mine',
  method: 'GET',
  path: '/me/newcomer-gift',
  tag: 'rewards',
  access: 'person',
  summary: 'Whether there is a red packet for me as a newcomer, and what I took',
  reply: z.object({
    /** sign_in: there is one for who signs in. */
    state: z.enum(['open', 'taken', 'sign_in', 'none']),
    gift: z.object({ id: z.uuid(), title: z.string(), amountFen: Fen, store: z.string() }).nullable(),
  }),
});
export const takeNewcomerGift = defineRoute({
  id: 'newcomer-gifts.take',
  method: 'POST',
  path: '/newcomer-gifts/:id/take',
  tag: 'rewards',
  access: 'consumer',
  idempotent: true,
  summary: 'Take it: a person is new once. The money is in /me/rewards',
  params: z.strictObject({ id: z.uuid() }),
  body: Empty,
  reply: z.object({ amountFen: Fen }),
  errors: ['not_found', 'state_conflict', 'insiders_excluded'],
});

// ── what it cost ────────────────────────────────────────────────────────────────────────────────────────────────────

export const RewardCost = z
  .object({
    kind: z.enum(['newcomer_gift', 'invite_task']),
    id: z.uuid(),
    title: z.string(),
    orgUnit: OrgUnitRef,
    startsAt: Instant,
    /** People who came, each once (rule A7), and of these who bought and kept something. */
    newPeople: z.int(),
    newCustomers: z.int(),
    /** Red packets taken; coupons of prizes that were used. */
    costFen: Fen,
    perNewPersonFen: Fen.nullable(),
    perNewCustomerFen: Fen.nullable(),
  })
  .meta({ id: 'RewardCost' });
export type RewardCost = z.infer<typeof RewardCost>;
export const reportRewardCosts = defineRoute({
  id: 'reports.reward-costs',
  method: 'GET',
  path: '/reports/reward-costs',
  tag: 'rewards',
  access: { staff: 'reports:read' },
  summary: 'What each campaign of my scope cost for every new person, the newest first',
  reply: z.object({ items: z.array(RewardCost) }),
});
