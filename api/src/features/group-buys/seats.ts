/**
 * The seats of orders in groups: what orders ask while they are placed, paid, closed, refunded and sent.
 *
 * Model: an order of a group buy holds one seat: held while it may be paid, paid, or given back (released, refunded). A group is
 * open until every seat of it is paid (complete) or its deadline is over (expired); it cannot end while a seat is held, so money
 * that comes for a held seat always counts, and money that comes later finds its order closed and goes back (rule S3).
 * Invariants: held and paid seats are counted on the group's row by the statement that takes them (S9); a person has at most one
 * seat in a group; orders of a group that is not complete are not sent; a paid seat given back before completion is free again.
 */
import { isWithin, type PlaceGroupBuy } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { refuseGroupPrice, whyNotJoined, whyNotOpened } from './group-buys.policy.ts';
import { findCampaign, findGroup, type GroupRow, seatOf, toGroup } from './group-buys.repository.ts';
import {
  type GroupChange,
  isSeatOfComplete,
  joinGroup,
  leaveSeat,
  linkOrder,
  openGroup,
  paySeat,
  takeShare,
} from './seats.repository.ts';

/** What an order in a group costs, decided before anything is taken. */
export interface GroupTerms {
  readonly campaignId: string;
  /** Null: a new group is opened. */
  readonly groupId: string | null;
  readonly skuId: string;
  readonly priceFen: bigint;
  readonly perPerson: number;
  /** The room the group was opened in: it sells to those who join also when its live is over. */
  readonly groupRoomId: string | null;
}

export type GroupSeats = ReturnType<typeof createGroupSeats>;

export function createGroupSeats(deps: { clock: Clock; random: Random }) {
  const { clock, random } = deps;

  async function tell(
    tx: Tx,
    kind: 'group-buy:opened' | 'group-buy:counted' | 'group-buy:completed' | 'group-buy:expired',
    group: GroupChange,
  ): Promise<void> {
    const row = await findGroup(tx, group.id);
    if (!row) throw new Error(`group ${group.id} is gone`);
    await writeRoomEvent(tx, clock, group.roomId, { kind, groupBuy: toGroup(row) });
  }

  /** Whoever has a seat themselves is told so first, not that the group is full. */
  async function refuseSeat(tx: Tx, group: GroupRow, personId: string, at: Date): Promise<void> {
    const mine = await seatOf(tx, group.id, personId);
    if (mine && mine.state !== 'refunded') throw new AppError('already_in_group', { facts: { orderId: mine.orderId } });
    const refusal = whyNotJoined(group, at);
    if (refusal) throw new AppError(refusal.code, { facts: { ...refusal.facts } });
  }

  return {
    tell,

    /** @throws AppError not_found, group_buy_not_open, group_over, group_full, already_in_group, below_price_floor */
    async terms(
      tx: Tx,
      { wanted, personId, roomPath, at }: { wanted: PlaceGroupBuy; personId: string; roomPath: string; at: Date },
    ): Promise<GroupTerms> {
      if ('groupId' in wanted) {
        const group = await findGroup(tx, wanted.groupId);
        const campaign = group && (await findCampaign(tx, group.campaignId));
        if (!group || !campaign) throw new AppError('not_found');
        // Where a campaign does not sell, nobody joins its groups. That it was stopped or is over does not matter to them.
        if (!isWithin(roomPath, campaign.orgPath))
          throw new AppError('group_buy_not_open', { facts: { reason: 'other_store' } });
        await refuseSeat(tx, group, personId, at);
        return {
          campaignId: campaign.id,
          groupId: group.id,
          skuId: group.sku.id,
          priceFen: group.priceFen,
          perPerson: campaign.perPerson,
          groupRoomId: group.roomId,
        };
      }
      const campaign = await findCampaign(tx, wanted.campaignId);
      if (!campaign) throw new AppError('not_found');
      const reason = whyNotOpened(campaign, roomPath, at);
      if (reason) throw new AppError('group_buy_not_open', { facts: { reason } });
      // Rule S6, again: the floor may have risen since the campaign was made. Groups that are open keep their price.
      const refusal = refuseGroupPrice(campaign.priceFen, {
        priceFen: campaign.priceFen + 1n,
        floorPriceFen: campaign.floorPriceFen,
      });
      if (refusal) throw new AppError(refusal.code, { facts: { ...refusal.facts } });
      const { id: campaignId, sku, priceFen, perPerson } = campaign;
      return { campaignId, groupId: null, skuId: sku.id, priceFen, perPerson, groupRoomId: null };
    },

    /**
     * Takes the seat of an order that was written in this transaction; a refusal leaves everything to the rollback.
     * @throws AppError limit_exceeded, group_buy_not_open, group_over, group_full, already_in_group
     */
    async take(
      tx: Tx,
      seat: { terms: GroupTerms; orderId: string; personId: string; roomId: string; quantity: number; at: Date },
    ): Promise<void> {
      const { terms, orderId, personId, quantity, at } = seat;
      const share = { campaignId: terms.campaignId, personId, quantity, perPerson: terms.perPerson };
      const limit = () => new AppError('limit_exceeded', { facts: { limit: terms.perPerson } });
      if (terms.groupId === null) {
        const groupId = random.id();
        if (!(await takeShare(tx, share))) throw limit();
        if (!(await openGroup(tx, { ...terms, groupId, orderId, personId, quantity, at, roomId: seat.roomId }))) {
          const campaign = await findCampaign(tx, terms.campaignId);
          const reason = (campaign && whyNotOpened(campaign, campaign.orgPath, at)) ?? 'all_groups';
          throw new AppError('group_buy_not_open', { facts: { reason } });
        }
        return linkOrder(tx, orderId, groupId);
      }
      const { groupId } = terms;
      if (!(await joinGroup(tx, { groupId, orderId, personId, quantity, at }))) {
        const group = await findGroup(tx, groupId);
        if (group) await refuseSeat(tx, group, personId, at);
        throw new AppError('group_full'); // a seat came free between the two statements: the next try gets it
      }
      if (!(await takeShare(tx, share))) throw limit();
      await linkOrder(tx, orderId, groupId);
    },

    /** The money of an order is there. */
    async paid(tx: Tx, orderId: string, at: Date): Promise<void> {
      const group = await paySeat(tx, orderId, at);
      if (!group) throw new Error(`order ${orderId} holds no seat`);
      if (group.paid === 1) await tell(tx, 'group-buy:opened', group);
      else await tell(tx, group.state === 'complete' ? 'group-buy:completed' : 'group-buy:counted', group);
    },

    /** An unpaid order was closed. */
    async released(tx: Tx, orderId: string, at: Date): Promise<void> {
      await leaveSeat(tx, { orderId, from: 'held', at });
    },

    /** A paid order asked for its money back; in a complete group its seat stays what it is. */
    async refunding(tx: Tx, orderId: string, at: Date): Promise<void> {
      const group = await leaveSeat(tx, { orderId, from: 'paid', at });
      if (group?.state === 'open') await tell(tx, 'group-buy:counted', group);
      else if (group?.ended) await tell(tx, 'group-buy:expired', group);
    },

    /** @throws AppError group_incomplete: an order of a group is sent when the group is complete */
    async requireComplete(tx: Tx, orderId: string): Promise<void> {
      const { complete, state } = await isSeatOfComplete(tx, orderId);
      if (!complete) throw new AppError('group_incomplete', { facts: { state } });
    },
  };
}
