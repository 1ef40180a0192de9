import { z } from 'zod';
import { Instant, PictureUrl } from '../http/common.ts';
import { ProductId, RoomId, SkuId } from '../ids.ts';
import { Fen, PriceFen } from '../money.ts';

/*
 * Group buys (拼团). docs/18-group-buys.md has the rules. A group price is a purchase: nobody gets anything for
 * the act of sharing (rule Z5), and the seats that are left are the seats that are left (rule Z8).
 */

export const GroupCampaignId = z.uuid().meta({ description: 'id of the terms of a group buy (UUIDv7)' });
export const GroupBuyId = z.uuid().meta({ description: 'id of a group (UUIDv7)' });

export const MIN_GROUP_SIZE = 2;
export const MAX_GROUP_SIZE = 20;

/** Rule S7: open until every seat is paid, or until its deadline is over. */
export const GroupBuyState = z.enum(['open', 'complete', 'expired']).meta({ id: 'GroupBuyState' });
export type GroupBuyState = z.infer<typeof GroupBuyState>;

/** What is bought together, at which price. */
export const GroupBuyTerms = z
  .object({
    title: z.string(),
    product: z.object({ id: ProductId, title: z.string(), pictureUrl: PictureUrl }),
    sku: z.object({ id: SkuId, name: z.string() }),
    priceFen: PriceFen,
    /** What one alone pays now. */
    shelfPriceFen: Fen,
    size: z.int().min(MIN_GROUP_SIZE).max(MAX_GROUP_SIZE),
    /** Pieces of one person, in all groups of the campaign. */
    perPerson: z.int().min(1),
  })
  .meta({ id: 'GroupBuyTerms' });
export type GroupBuyTerms = z.infer<typeof GroupBuyTerms>;

/** A group as anybody may see it: names by their first character. */
export const GroupBuy = GroupBuyTerms.extend({
  id: GroupBuyId,
  campaignId: GroupCampaignId,
  roomId: RoomId,
  state: GroupBuyState,
  /** Seats taken: paid ones, and those of orders that still may be paid. */
  held: z.int().min(0),
  paid: z.int().min(0),
  /** Who has paid, in that order; whoever opened the group is marked. */
  members: z.array(z.object({ name: z.string(), opener: z.boolean() })).max(MAX_GROUP_SIZE),
  openedAt: Instant,
  /** Server time; by then every seat is paid, or everybody gets their money back. */
  deadlineAt: Instant,
  endedAt: Instant.nullable(),
}).meta({ id: 'GroupBuy' });
export type GroupBuy = z.infer<typeof GroupBuy>;

/** Kinds of room events, for the union in events.ts. A group is told of from its first payment on. */
export const groupBuyEventShapes = {
  'group-buy:opened': { groupBuy: GroupBuy },
  'group-buy:counted': { groupBuy: GroupBuy },
  'group-buy:completed': { groupBuy: GroupBuy },
  'group-buy:expired': { groupBuy: GroupBuy },
} as const;
