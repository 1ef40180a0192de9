/** The rules of an order's life (S7), its sums (M4) and what of it others may see (Z6): pure. */
import type { Address, OrderState } from '@walnut-live/contracts';
import { maskName, maskPhone } from '../../platform/masks.policy.ts';

/**
 * What can happen to an order. An order is `refunding` while all that is left of it is on its way back; a refund of a part leaves
 * it where it is (`refund_part`, `refund_part_failed`), so that the rest can be sent. `resume_*` puts an order back when the
 * provider refused its refund for good. In a pre-sale the deposit is paid first; an order of which only that is paid is paid in full,
 * cancelled or, at the end of its time, `lapse`s (the deposit goes back) or is `forfeit` (the store keeps it).
 */
export const orderEvents = [
  'pay_deposit',
  'pay',
  'cancel',
  'expire',
  'lapse',
  'forfeit',
  'ship',
  'receive',
  'request_refund',
  'finish_refund',
  'refund_part',
  'refund_part_failed',
  'resume_paid',
  'resume_shipped',
  'resume_received',
] as const;
export type OrderEvent = (typeof orderEvents)[number];

/** Rule S7: the whole state machine. What is not here cannot happen. */
export const orderTransitions: Readonly<Record<OrderState, Readonly<Partial<Record<OrderEvent, OrderState>>>>> = {
  pending_payment: { pay_deposit: 'deposit_paid', pay: 'paid', cancel: 'cancelled', expire: 'expired' },
  deposit_paid: { pay: 'paid', cancel: 'cancelled', lapse: 'expired', forfeit: 'forfeited' },
  paid: { ship: 'shipped', request_refund: 'refunding', refund_part: 'paid', refund_part_failed: 'paid' },
  shipped: { receive: 'received', request_refund: 'refunding', refund_part: 'shipped', refund_part_failed: 'shipped' },
  received: { request_refund: 'refunding', refund_part: 'received', refund_part_failed: 'received' },
  refunding: {
    finish_refund: 'refunded',
    refund_part: 'refunding',
    resume_paid: 'paid',
    resume_shipped: 'shipped',
    resume_received: 'received',
  },
  cancelled: {},
  expired: {},
  forfeited: {},
  refunded: {},
};

/** The state after `event`, or undefined where it may not happen. */
export function nextState(state: OrderState, event: OrderEvent): OrderState | undefined {
  return orderTransitions[state][event];
}

/** Which event brings an order back to where it was before its refund was asked for. */
export function resumeEvent(order: { shippedAt: Date | null; receivedAt: Date | null }): OrderEvent {
  if (order.receivedAt) return 'resume_received';
  return order.shippedAt ? 'resume_shipped' : 'resume_paid';
}

/** Who may ask for the refund of an order in this state: its buyer before shipping, staff with the right also later. */
export function mayRefund(by: 'buyer' | 'staff', state: OrderState): boolean {
  return by === 'buyer' ? state === 'paid' : nextState(state, 'request_refund') !== undefined;
}

/** Goods of at least this amount travel free; below it a flat fee. One parcel per order. */
export const FREE_SHIPPING_FROM_FEN = 5_900n;
export const SHIPPING_FEN = 800n;
export function shippingFen(goodsFen: bigint): bigint {
  return goodsFen >= FREE_SHIPPING_FROM_FEN ? 0n : SHIPPING_FEN;
}

/**
 * Rule M4: splits an order's discount over its items in proportion to their amounts, by largest remainder (the earlier item
 * first when equal), so that the shares always sum to the discount and no item gets more than its amount.
 * Throws RangeError when the discount is negative or larger than all amounts together.
 */
export function allocateDiscount(discountFen: bigint, amountsFen: readonly bigint[]): bigint[] {
  const total = amountsFen.reduce((sum, amount) => sum + amount, 0n);
  if (discountFen < 0n || discountFen > total) throw new RangeError(`discount ${discountFen} of ${total}`);
  if (discountFen === 0n) return amountsFen.map(() => 0n);
  const shares = amountsFen.map((amount, index) => {
    const product = discountFen * amount;
    return { index, share: product / total, remainder: product % total };
  });
  let left = discountFen - shares.reduce((sum, { share }) => sum + share, 0n);
  const byRemainder = [...shares].sort((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
  );
  for (const part of byRemainder) {
    if (left === 0n) break;
    part.share += 1n;
    left -= 1n;
  }
  return shares.map(({ share }) => share);
}

/** Rule Z6: an address for staff who do not ship. The region stays, it is needed for reports; nobody can be found by it. */
export function maskAddress(address: Address): Address {
  return {
    ...address,
    recipient: maskName(address.recipient),
    phone: maskPhone(address.phone),
    street: '****',
  };
}

const ORDER_NO_SPACE = 100_000_000n;
const ORDER_NO_FACTOR = 38_747_579n; // coprime with the space: a bijection, so numbers of one day never meet
const CHINA_OFFSET_MS = 8 * 3_600_000;

/** `WL26112204839127`: the day in China and eight digits. Unique for 100 million orders in a row, without telling the volume. */
export function orderNo(sequence: bigint, at: Date): string {
  const day = new Date(at.getTime() + CHINA_OFFSET_MS).toISOString().slice(2, 10).replaceAll('-', '');
  const digits = (sequence * ORDER_NO_FACTOR) % ORDER_NO_SPACE;
  return `WL${day}${digits.toString().padStart(8, '0')}`;
}
