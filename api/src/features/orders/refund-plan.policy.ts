/**
 * What a refund is of (rule S8): pure. Amounts are whole fen; of every item and of the shipping fee at most what nothing is asked
 * for yet, so that the sum of all refunds is never more than what was paid. A refund that leaves nothing also takes back the
 * pieces that are still in the house: an order of which nothing is left is not sent.
 */
import { type OrderState, pieceShareFen } from '@walnut-live/contracts';
import { giftsToReturn } from './gifts.policy.ts';
import { nextState, type OrderEvent, resumeEvent } from './orders.policy.ts';

export interface RefundableItem {
  readonly id: string;
  readonly quantity: number;
  readonly amountFen: bigint;
  readonly refundedFen: bigint;
  /** Asked for and not back yet. */
  readonly refundingFen: bigint;
  /** Pieces that refunds, done or under way, are of. */
  readonly refundedPieces: number;
  /** Of these, taken out before they left the house. */
  readonly withdrawn: number;
  /** Pieces that left the house. */
  readonly sent: number;
  /** The item it came with as a gift: it goes back with that item's pieces. */
  readonly giftOf?: string | null;
  /** So many pieces of that item brought one of it. */
  readonly giftPer?: number | null;
}
export interface RefundableOrder {
  readonly paidFen: bigint;
  readonly shippingFen: bigint;
  readonly shippingRefundedFen: bigint;
  readonly shippingRefundingFen: bigint;
  readonly items: readonly RefundableItem[];
}

export interface WantedItem {
  readonly itemId: string;
  readonly pieces: number;
  /** The pieces' share when left out. */
  readonly amountFen?: bigint | undefined;
  /** Pieces that were sent: as far as they reach, none is taken out of what is still in the house. */
  readonly ofSent?: boolean;
}
export interface WantedRefund {
  readonly items: readonly WantedItem[];
  readonly shippingFen: bigint;
}

export interface RefundLine {
  readonly itemId: string;
  readonly amountFen: bigint;
  readonly pieces: number;
  readonly withdrawn: number;
}
export interface RefundPlan {
  readonly lines: readonly RefundLine[];
  readonly shippingFen: bigint;
  readonly amountFen: bigint;
  /** After it nothing is left of the order. */
  readonly isRest: boolean;
}
export type RefundRefusal = 'not_found' | 'twice' | 'nothing' | 'too_many_pieces' | 'too_much';

export const leftOf = (item: RefundableItem): bigint => item.amountFen - item.refundedFen - item.refundingFen;
export const piecesLeft = (item: RefundableItem): number => item.quantity - item.refundedPieces;
export const shippingLeft = (order: RefundableOrder): bigint =>
  order.shippingFen - order.shippingRefundedFen - order.shippingRefundingFen;
const inHouse = (item: RefundableItem): number => item.quantity - item.withdrawn - item.sent;

/** Everything that nothing is asked for yet. */
export function restOf(order: RefundableOrder): WantedRefund {
  return {
    items: order.items.map((item) => ({ itemId: item.id, pieces: piecesLeft(item), amountFen: leftOf(item) })),
    shippingFen: shippingLeft(order),
  };
}

/** What so many more pieces of an item are worth, as far as it is still there. */
export function shareOf(item: RefundableItem, pieces: number): bigint {
  const share = pieceShareFen(item, item.refundedPieces, pieces);
  const left = leftOf(item);
  if (share > left) return left;
  return share;
}

export function planRefund(order: RefundableOrder, wanted: WantedRefund): RefundPlan | RefundRefusal {
  const lines = new Map<string, RefundLine>();
  for (const { itemId, pieces, amountFen: named, ofSent } of wanted.items) {
    const item = order.items.find(({ id }) => id === itemId);
    if (!item) return 'not_found';
    if (lines.has(itemId)) return 'twice';
    if (item.giftOf && pieces >= 0) {
      // A gift is worth nothing: what of it went back with other pieces meanwhile is no reason to keep the money.
      const back = Math.min(pieces, piecesLeft(item));
      if (back > 0) lines.set(itemId, giftLine(item, back, ofSent === true));
      continue;
    }
    if (pieces < 0 || pieces > piecesLeft(item)) return 'too_many_pieces';
    const amountFen = named ?? shareOf(item, pieces);
    if (amountFen < 0n || amountFen > leftOf(item)) return 'too_much';
    if (pieces === 0 && amountFen === 0n) continue;
    lines.set(itemId, { itemId, amountFen, pieces, withdrawn: takenOut(item, pieces, ofSent === true) });
  }
  for (const { itemId, pieces, ofSent } of wanted.items) {
    const item = order.items.find(({ id }) => id === itemId);
    if (item && pieces > 0) addGifts(lines, order, item, pieces, ofSent === true);
  }
  if (wanted.shippingFen < 0n || wanted.shippingFen > shippingLeft(order)) return 'too_much';
  const amountFen = [...lines.values()].reduce((sum, line) => sum + line.amountFen, wanted.shippingFen);
  if (amountFen === 0n) return 'nothing';
  const isRest = amountFen === order.items.reduce((sum, item) => sum + leftOf(item), shippingLeft(order));
  if (isRest)
    for (const item of order.items) {
      const line = lines.get(item.id) ?? { itemId: item.id, amountFen: 0n, pieces: 0, withdrawn: 0 };
      const more = inHouse(item) - line.withdrawn;
      const pieces = Math.min(piecesLeft(item), Math.max(line.pieces, line.withdrawn + more));
      if (more > 0) lines.set(item.id, { ...line, pieces, withdrawn: line.withdrawn + more });
    }
  return { lines: [...lines.values()], shippingFen: wanted.shippingFen, amountFen, isRest };
}

/**
 * Pieces of the item's gifts that go back when `pieces` more of it do: those that what is kept would not have brought. `before`: of
 * the item, and of the gift, that went back already.
 */
export function giftsDue(
  item: Pick<RefundableItem, 'quantity'>,
  gift: Pick<RefundableItem, 'quantity' | 'giftPer'>,
  before: { readonly item: number; readonly gift: number },
  pieces: number,
): number {
  const kept = item.quantity - before.item - pieces;
  return Math.max(0, giftsToReturn(gift.quantity, kept, gift.giftPer ?? 1) - before.gift);
}

/** What was sent is not in the house any more; only what is more than that is taken out of it. */
function takenOut(item: RefundableItem, pieces: number, ofSent: boolean): number {
  const outside = item.sent - (item.refundedPieces - item.withdrawn);
  return Math.min(ofSent ? Math.max(0, pieces - outside) : pieces, inHouse(item));
}
const giftLine = (gift: RefundableItem, pieces: number, ofSent: boolean): RefundLine => ({
  ...{ itemId: gift.id, amountFen: 0n, pieces, withdrawn: takenOut(gift, pieces, ofSent) },
});

/** Gifts of an item go back with its pieces; they are worth nothing. */
function addGifts(
  lines: Map<string, RefundLine>,
  order: RefundableOrder,
  item: RefundableItem,
  pieces: number,
  ofSent: boolean,
): void {
  for (const gift of order.items) {
    if (gift.giftOf !== item.id) continue;
    const due = giftsDue(item, gift, { item: item.refundedPieces, gift: gift.refundedPieces }, pieces);
    const back = Math.min(Math.max(due, lines.get(gift.id)?.pieces ?? 0), piecesLeft(gift));
    if (back > 0) lines.set(gift.id, giftLine(gift, back, ofSent));
  }
}

/** What an order's state makes of a refund that was paid out; `leftFen` is what of the order was not refunded by now. */
export const refundedEvent = (leftFen: bigint): OrderEvent => (leftFen === 0n ? 'finish_refund' : 'refund_part');

/** And of one that the provider refused for good: an order that was on its way to be refunded whole is where it was. */
export const refusedEvent = (order: {
  state: OrderState;
  shippedAt: Date | null;
  receivedAt: Date | null;
}): OrderEvent | undefined => {
  const event = resumeEvent(order);
  return nextState(order.state, event) === undefined ? 'refund_part_failed' : event;
};
