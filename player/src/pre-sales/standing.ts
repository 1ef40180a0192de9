/** Where an order of a pre-sale stands between its two payments. Pure. */
import type { OrderView, PreSaleOfOrder } from '@walnut-live/contracts';

export type PreSaleStanding =
  /** The deposit is to be paid. */
  | 'deposit'
  /** The balance can be paid later, now, or no more (the server is about to end the order). */
  | 'waiting'
  | 'open'
  | 'over'
  | 'paid'
  /** Given up, or not paid in time, and the deposit (if it was paid) goes back; or it is kept. */
  | 'returned'
  | 'kept';

export const standingOf = (
  order: Pick<OrderView, 'state'> & { readonly paidAt?: string | null },
  preSale: Pick<PreSaleOfOrder, 'balanceFrom' | 'balanceUntil'>,
  now: number,
): PreSaleStanding => {
  switch (order.state) {
    case 'pending_payment':
      return 'deposit';
    case 'deposit_paid':
      if (now < Date.parse(preSale.balanceFrom)) return 'waiting';
      return now < Date.parse(preSale.balanceUntil) ? 'open' : 'over';
    case 'forfeited':
      return 'kept';
    case 'cancelled':
    case 'expired':
      return 'returned';
    default:
      return 'paid';
  }
};

/** Whether its buyer may still have the deposit back. */
export const mayTakeBack = (standing: PreSaleStanding, keepsDeposit: boolean): boolean =>
  standing === 'waiting' || (standing === 'open' && !keepsDeposit);
