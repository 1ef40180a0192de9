import { z } from 'zod';
import { OrderId, OrgUnitId, RoomId, SkuId } from '../ids.ts';
import { Fen, PriceFen } from '../money.ts';
import {
  GroupBuy,
  GroupBuyId,
  GroupBuyState,
  GroupBuyTerms,
  GroupCampaignId,
  MAX_GROUP_SIZE,
  MIN_GROUP_SIZE,
} from '../realtime/group-buys.ts';
import { Instant, OrgUnitRef, PageQuery, page, text } from './common.ts';
import { defineRoute } from './route.ts';

/** A week: how long a group may take at most. */
export const MAX_GROUP_HOURS = 168;
export const DEFAULT_GROUP_HOURS = 24;
const MAX_CAMPAIGN_DAYS = 90;
const MAX_GROUPS = 100_000;
/** Groups a room offers to join at once: those that miss the fewest people. */
export const GROUPS_TO_JOIN = 10;

const campaignParams = z.strictObject({ id: GroupCampaignId });

// ── campaigns: the terms ────────────────────────────────────────────────────────────────────────────────────────────

/** Why no group is opened; in the facts of `group_buy_not_open`. */
export const groupBuyReasons = ['not_started', 'ended', 'stopped', 'all_groups', 'other_store'] as const;
export type GroupBuyReason = (typeof groupBuyReasons)[number];

export const GroupCampaign = GroupBuyTerms.extend({
  id: GroupCampaignId,
  orgUnit: OrgUnitRef,
  hours: z.int().min(1).max(MAX_GROUP_HOURS),
  maxGroups: z.int().nullable(),
  /** Open and complete ones. */
  groups: z.int().min(0),
  startsAt: Instant,
  endsAt: Instant,
  stoppedAt: Instant.nullable(),
  createdAt: Instant,
  /** Null for staff who may not see reports. Money less what was refunded. */
  figures: z
    .object({
      open: z.int(),
      complete: z.int(),
      expired: z.int(),
      /** Paid seats of complete groups. */
      buyers: z.int(),
      pieces: z.int(),
      paidFen: Fen,
      refundedFen: Fen,
    })
    .nullable(),
}).meta({ id: 'GroupCampaign' });
export type GroupCampaign = z.infer<typeof GroupCampaign>;

export const createGroupCampaign = defineRoute({
  id: 'group-campaigns.create',
  method: 'POST',
  path: '/group-buys/campaigns',
  tag: 'group buys',
  access: { staff: 'offers:write' },
  idempotent: true,
  summary: 'Make the terms of a group buy for a unit of my scope and everything below it; audited. Terms never change',
  body: z
    .strictObject({
      orgUnitId: OrgUnitId,
      skuId: SkuId,
      title: text(30),
      priceFen: PriceFen,
      size: z.int().min(MIN_GROUP_SIZE).max(MAX_GROUP_SIZE),
      hours: z.int().min(1).max(MAX_GROUP_HOURS).default(DEFAULT_GROUP_HOURS),
      maxGroups: z.int().min(1).max(MAX_GROUPS).nullable().default(null),
      perPerson: z.int().min(1).max(100).default(1),
      startsAt: Instant.optional(),
      days: z.int().min(1).max(MAX_CAMPAIGN_DAYS),
    })
    .meta({
      description: 'The window begins now unless said otherwise; a group may still become complete after its end',
    }),
  reply: GroupCampaign,
  status: 201,
  errors: ['not_found', 'below_price_floor', 'words_refused'],
});
export const listGroupCampaigns = defineRoute({
  id: 'group-campaigns.list',
  method: 'GET',
  path: '/group-buys/campaigns',
  tag: 'group buys',
  access: { staff: 'rooms:read' },
  summary: 'The group buys of my scope, the newest first',
  produces: ['text/csv'],
  query: PageQuery.extend({ format: z.enum(['json', 'csv']).optional() }),
  reply: page(GroupCampaign),
});
export const stopGroupCampaign = defineRoute({
  id: 'group-campaigns.stop',
  method: 'POST',
  path: '/group-buys/campaigns/:id/stop',
  tag: 'group buys',
  access: { staff: 'offers:write' },
  summary: 'No further groups; those that are open go on to their end. Again = the same answer; audited',
  params: campaignParams,
  body: z.strictObject({ reason: text(100) }),
  reply: GroupCampaign,
  errors: ['not_found'],
});
export const listGroupsOfCampaign = defineRoute({
  id: 'group-campaigns.groups',
  method: 'GET',
  path: '/group-buys/campaigns/:id/groups',
  tag: 'group buys',
  access: { staff: 'rooms:read' },
  summary: 'The groups of a campaign, the newest first',
  params: campaignParams,
  query: PageQuery.extend({ state: GroupBuyState.optional() }),
  reply: page(GroupBuy),
  errors: ['not_found'],
});

// ── groups: buying together ─────────────────────────────────────────────────────────────────────────────────────────

/** What an order says to open a group, or to join one. */
export const PlaceGroupBuy = z.union([
  z.strictObject({ campaignId: GroupCampaignId }),
  z.strictObject({ groupId: GroupBuyId }),
]);
export type PlaceGroupBuy = z.infer<typeof PlaceGroupBuy>;

export const RoomGroupBuys = z
  .object({
    campaigns: z.array(
      GroupBuyTerms.extend({ id: GroupCampaignId, hours: z.int(), endsAt: Instant, left: z.int().nullable() }),
    ),
    /** Open ones with a free seat, those that miss the fewest people first. */
    groups: z.array(GroupBuy).max(GROUPS_TO_JOIN),
    /** Server time. */
    now: Instant,
  })
  .meta({ id: 'RoomGroupBuys' });
export type RoomGroupBuys = z.infer<typeof RoomGroupBuys>;

export const groupBuysOfRoom = defineRoute({
  id: 'group-buys.of-room',
  method: 'GET',
  path: '/group-buys',
  tag: 'group buys',
  access: 'person',
  summary: 'What can be bought together in this room, and groups to join',
  query: z.strictObject({ roomId: RoomId }),
  reply: RoomGroupBuys,
  errors: ['not_found'],
});
export const MyGroupSeat = z
  .object({ orderId: OrderId, state: z.enum(['held', 'paid', 'refunded']) })
  .meta({ id: 'MyGroupSeat' });
export const getGroupBuy = defineRoute({
  id: 'group-buys.get',
  method: 'GET',
  path: '/group-buys/groups/:id',
  tag: 'group buys',
  access: 'person',
  summary: 'One group, and my seat in it',
  params: z.strictObject({ id: GroupBuyId }),
  reply: z.object({ groupBuy: GroupBuy, mine: MyGroupSeat.nullable(), now: Instant }),
  errors: ['not_found'],
});
