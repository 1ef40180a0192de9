/**
 * The hot statements of group buys. Each takes or gives back by conditional statements (rules S5, S9); none reads first and
 * writes later. Whoever touches a seat holds its order's row; then everybody goes group → buyer → campaign, before any stock.
 */
import type { Tx } from '../../platform/db.ts';

/** Counts pieces against the person's limit; false when they would be too many. */
export async function takeShare(
  tx: Tx,
  share: { campaignId: string; personId: string; quantity: number; perPerson: number },
): Promise<boolean> {
  const rows = await tx`
    INSERT INTO group_buyers AS held (campaign_id, person_id, quantity)
    SELECT ${share.campaignId}::uuid, ${share.personId}::uuid, ${share.quantity}::int
    WHERE ${share.quantity}::int <= ${share.perPerson}::int
    ON CONFLICT (campaign_id, person_id) DO UPDATE SET quantity = held.quantity + excluded.quantity
    WHERE held.quantity + excluded.quantity <= ${share.perPerson}::int
    RETURNING quantity`;
  return rows.length === 1;
}

export interface SeatWish {
  readonly orderId: string;
  readonly personId: string;
  readonly quantity: number;
  readonly at: Date;
}

/** Rule S9: one statement takes a place of the campaign, opens the group and seats its opener; false when nothing is left. */
export async function openGroup(
  tx: Tx,
  wish: SeatWish & { groupId: string; campaignId: string; roomId: string },
): Promise<boolean> {
  const rows = await tx`
    WITH counted AS (
      UPDATE group_campaigns SET groups = groups + 1
      WHERE id = ${wish.campaignId} AND stopped_at IS NULL AND starts_at <= ${wish.at} AND ends_at > ${wish.at}
        AND (max_groups IS NULL OR groups < max_groups)
      RETURNING id, size, price_fen, hours),
    opened AS (
      INSERT INTO group_buys (id, campaign_id, room_id, opener_id, state, size, price_fen, held, paid, opened_at, deadline_at)
      SELECT ${wish.groupId}::uuid, id, ${wish.roomId}::uuid, ${wish.personId}::uuid, 'open', size, price_fen, 1, 0,
        ${wish.at}::timestamptz, ${wish.at}::timestamptz + make_interval(hours => hours)
      FROM counted RETURNING id),
    told AS (
      INSERT INTO group_buy_transitions (group_id, to_state, event, at) SELECT id, 'open', 'open', ${wish.at}::timestamptz FROM opened)
    INSERT INTO group_seats (order_id, group_id, person_id, quantity, state, taken_at)
    SELECT ${wish.orderId}::uuid, id, ${wish.personId}::uuid, ${wish.quantity}::int, 'held', ${wish.at}::timestamptz FROM opened
    RETURNING order_id`;
  return rows.length === 1;
}

/**
 * Rule S9: one statement takes a free seat of an open group, for somebody who has none in it. False: there is none for them; the
 * caller rolls back, because of two tries of one person the second one has counted a seat that it could not take.
 */
export async function joinGroup(tx: Tx, wish: SeatWish & { groupId: string }): Promise<boolean> {
  const rows = await tx`
    WITH counted AS (
      UPDATE group_buys SET held = held + 1
      WHERE id = ${wish.groupId} AND state = 'open' AND deadline_at > ${wish.at} AND held < size
      RETURNING id)
    INSERT INTO group_seats (order_id, group_id, person_id, quantity, state, taken_at)
    SELECT ${wish.orderId}::uuid, id, ${wish.personId}::uuid, ${wish.quantity}::int, 'held', ${wish.at}::timestamptz FROM counted
    ON CONFLICT (group_id, person_id) WHERE state IN ('held', 'paid') DO NOTHING
    RETURNING order_id`;
  return rows.length === 1;
}

/** An order of a group waits for its money until the group's deadline at most. */
export async function linkOrder(tx: Tx, orderId: string, groupId: string): Promise<void> {
  await tx`
    UPDATE orders SET group_buy_id = g.id, expires_at = least(orders.expires_at, g.deadline_at)
    FROM group_buys g WHERE orders.id = ${orderId} AND g.id = ${groupId}`;
}

export interface GroupChange {
  readonly id: string;
  readonly roomId: string;
  readonly state: 'open' | 'complete' | 'expired';
  readonly paid: number;
}

/**
 * Rule S9: the seat is paid, and with the last one the group is complete: one statement. A group ends only when none of its
 * seats waits for money, so a held seat is always in an open group.
 */
export async function paySeat(tx: Tx, orderId: string, at: Date): Promise<GroupChange | undefined> {
  const [group] = await tx<GroupChange>`
    WITH counted AS (
      UPDATE group_buys g SET paid = g.paid + 1,
        state = CASE WHEN g.paid + 1 = g.size THEN 'complete' ELSE g.state END,
        ended_at = CASE WHEN g.paid + 1 = g.size THEN ${at}::timestamptz END
      FROM group_seats s WHERE s.order_id = ${orderId} AND s.state = 'held' AND g.id = s.group_id AND g.state = 'open'
      RETURNING g.id, g.room_id, g.state, g.paid),
    seated AS (
      UPDATE group_seats SET state = 'paid', paid_at = ${at} WHERE order_id = ${orderId} AND EXISTS (SELECT 1 FROM counted)),
    told AS (
      INSERT INTO group_buy_transitions (group_id, from_state, to_state, event, at)
      SELECT id, 'open', 'complete', 'complete', ${at}::timestamptz FROM counted WHERE state = 'complete')
    SELECT id, room_id AS "roomId", state, paid FROM counted`;
  return group;
}

/**
 * Gives the seat of an order back, unless its group is complete: the group's seat, the person's share, and with the last seat
 * the campaign's place (`ended`). Undefined when there was nothing to give back.
 */
export async function leaveSeat(
  tx: Tx,
  leave: { orderId: string; from: 'held' | 'paid'; at: Date },
): Promise<(GroupChange & { ended: boolean }) | undefined> {
  const { orderId, at } = leave;
  const wasPaid = leave.from === 'paid' ? 1 : 0;
  const to = leave.from === 'paid' ? 'refunded' : 'released';
  // The group's row first: it decides, and a seat of a complete group stays.
  const [group] = await tx<GroupChange & { campaignId: string; ended: boolean; personId: string; quantity: number }>`
    UPDATE group_buys g SET
      held = CASE WHEN g.state = 'open' THEN g.held - 1 ELSE g.held END,
      paid = CASE WHEN g.state = 'open' THEN g.paid - ${wasPaid}::int ELSE g.paid END,
      state = CASE WHEN g.state = 'open' AND g.held = 1 THEN 'expired' ELSE g.state END,
      ended_at = CASE WHEN g.state = 'open' AND g.held = 1 THEN ${at}::timestamptz ELSE g.ended_at END
    FROM group_seats s
    WHERE s.order_id = ${orderId} AND s.state = ${leave.from} AND g.id = s.group_id AND g.state <> 'complete'
    RETURNING g.id, g.room_id AS "roomId", g.state, g.paid, g.campaign_id AS "campaignId", g.held = 0 AND g.ended_at = ${at} AS ended,
      s.person_id AS "personId", s.quantity`;
  if (!group) return undefined;
  await tx`
    WITH seat AS (UPDATE group_seats SET state = ${to}, left_at = ${at} WHERE order_id = ${orderId})
    UPDATE group_buyers SET quantity = quantity - ${group.quantity}
    WHERE campaign_id = ${group.campaignId} AND person_id = ${group.personId}`;
  if (group.ended)
    await tx`
      WITH told AS (
        INSERT INTO group_buy_transitions (group_id, from_state, to_state, event, at)
        VALUES (${group.id}, 'open', 'expired', 'abandon', ${at}))
      UPDATE group_campaigns SET groups = groups - 1 WHERE id = ${group.campaignId}`;
  return group;
}

/** Rule S9: ends an open group whose deadline is over and of which no seat waits for money. */
export async function expireGroup(tx: Tx, groupId: string, at: Date): Promise<GroupChange | undefined> {
  const [group] = await tx<GroupChange>`
    WITH ended AS (
      UPDATE group_buys SET state = 'expired', ended_at = ${at}
      WHERE id = ${groupId} AND state = 'open' AND deadline_at <= ${at} AND held = paid
      RETURNING id, room_id, campaign_id, state, paid),
    told AS (
      INSERT INTO group_buy_transitions (group_id, from_state, to_state, event, at)
      SELECT id, 'open', 'expired', 'expire', ${at}::timestamptz FROM ended),
    place AS (UPDATE group_campaigns SET groups = groups - 1 FROM ended WHERE group_campaigns.id = ended.campaign_id)
    SELECT id, room_id AS "roomId", state, paid FROM ended`;
  return group;
}

/** Whether the order's seat is paid and its group complete. */
export async function isSeatOfComplete(tx: Tx, orderId: string): Promise<{ complete: boolean; state: string }> {
  const [row] = await tx<{ seat: string; state: string }>`
    SELECT s.state AS seat, g.state FROM group_seats s JOIN group_buys g ON g.id = s.group_id WHERE s.order_id = ${orderId}`;
  return { complete: row?.seat === 'paid' && row.state === 'complete', state: row?.state ?? 'expired' };
}
