/** The rules of a group's life and of its seats (rules S7, S9), and of the terms of a campaign (S6): pure. */
import { type ErrorCode, type GroupBuyReason, type GroupBuyState, isWithin } from '@walnut-live/contracts';

/**
 * What can happen to a group. `complete`: its last seat was paid. `expire`: its deadline is over and no seat waits for money any
 * more. `abandon`: its last seat was given back before the deadline.
 */
export const groupEvents = ['complete', 'expire', 'abandon'] as const;
export type GroupEvent = (typeof groupEvents)[number];

/** Rule S7: the whole state machine of a group. What is not here cannot happen. */
export const groupTransitions: Readonly<Record<GroupBuyState, Readonly<Partial<Record<GroupEvent, GroupBuyState>>>>> = {
  open: { complete: 'complete', expire: 'expired', abandon: 'expired' },
  complete: {},
  expired: {},
};

export const seatStates = ['held', 'paid', 'released', 'refunded'] as const;
/** `held` by an unpaid order, `paid`, `released` because its order was closed, `refunded` before the group was complete. */
export type SeatState = (typeof seatStates)[number];
export const seatEvents = ['pay', 'release', 'refund'] as const;
export type SeatEvent = (typeof seatEvents)[number];

/** Rule S7: the whole state machine of a seat. The seat of a complete group is paid for good, whatever its order does. */
export const seatTransitions: Readonly<Record<SeatState, Readonly<Partial<Record<SeatEvent, SeatState>>>>> = {
  held: { pay: 'paid', release: 'released' },
  paid: { refund: 'refunded' },
  released: {},
  refunded: {},
};

export type Refusal = { readonly code: ErrorCode; readonly facts?: Record<string, string | number | null> };

/** Rule S6: never below HQ's floor. And below the shelf price: for more nobody needs others. */
export function refuseGroupPrice(
  priceFen: bigint,
  sku: { priceFen: bigint; floorPriceFen: bigint | null },
): Refusal | undefined {
  if (sku.floorPriceFen !== null && priceFen < sku.floorPriceFen)
    return { code: 'below_price_floor', facts: { floorPriceFen: Number(sku.floorPriceFen) } };
  if (priceFen >= sku.priceFen)
    return { code: 'invalid_request', facts: { field: 'priceFen', shelfPriceFen: Number(sku.priceFen) } };
  return undefined;
}

export interface CampaignFacts {
  readonly orgPath: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly stoppedAt: Date | null;
  readonly groups: number;
  readonly maxGroups: number | null;
}
/** Why no group of this campaign is opened in this room now; an early "no", the conditional statement has the last word. */
export function whyNotOpened(campaign: CampaignFacts, roomPath: string, now: Date): GroupBuyReason | undefined {
  if (!isWithin(roomPath, campaign.orgPath)) return 'other_store';
  if (campaign.stoppedAt !== null) return 'stopped';
  if (now < campaign.startsAt) return 'not_started';
  if (now >= campaign.endsAt) return 'ended';
  return campaign.maxGroups !== null && campaign.groups >= campaign.maxGroups ? 'all_groups' : undefined;
}

export interface GroupFacts {
  readonly state: GroupBuyState;
  readonly size: number;
  readonly held: number;
  readonly deadlineAt: Date;
}
/** Why somebody without a seat cannot join; the same order in which the conditional statement fails. */
export function whyNotJoined(group: GroupFacts, now: Date): Refusal | undefined {
  if (group.state !== 'open') return { code: 'group_over', facts: { state: group.state } };
  if (now >= group.deadlineAt) return { code: 'group_over', facts: { state: 'expired' } };
  return group.held >= group.size ? { code: 'group_full' } : undefined;
}
