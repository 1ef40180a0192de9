/**
 * The life of an order after it was placed (placing.ts): paid, shipped, received, or closed; and refunded.
 *
 * Invariants: everything one event does happens in one transaction, so a losing attempt leaves nothing (S1, S5); whoever touches
 * an order locks its row first, then payment, coupon, offers, people's shares and stock by SKU (S2), then the ledger; states move only by the table in
 * orders.policy.ts and only from where they were seen (S7). Facts reach the room through the outbox after commit.
 */
import type { PlaceGroupBuy, PlacePreSale } from '@walnut-live/contracts';
import type { Ledger } from '../../ledger/index.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';
import type { Tracing } from '../../platform/tracing.ts';
import type { Coupons } from '../coupons/index.ts';
import type { Credits } from '../credits/index.ts';
import type { Payments } from '../payments/index.ts';
import { createAddressChange } from './address-change.ts';
import { createClosing } from './closing.ts';
import { createDeposits } from './deposits.ts';
import { createFulfilment, type FulfilmentDeps } from './fulfilment.ts';
import { createOrderMoves } from './order-moves.ts';
import type { OrderEvent } from './orders.policy.ts';
import { createPaying } from './paying.ts';
import { createRefunding } from './refunding.ts';

/** Asked for orders of group buys alone. What one throws ends the order's transaction. */
export interface GroupSeatsOfOrders {
  terms(
    tx: Tx,
    order: { wanted: PlaceGroupBuy; personId: string; roomPath: string; at: Date },
  ): Promise<GroupTermsOfOrder>;
  take(
    tx: Tx,
    seat: { terms: GroupTermsOfOrder; orderId: string; personId: string; roomId: string; quantity: number; at: Date },
  ): Promise<void>;
  paid(tx: Tx, orderId: string, at: Date): Promise<void>;
  released(tx: Tx, orderId: string, at: Date): Promise<void>;
  refunding(tx: Tx, orderId: string, at: Date): Promise<void>;
  requireComplete(tx: Tx, orderId: string): Promise<void>;
}
/** What an order in a group costs, decided before anything is taken. */
export interface GroupTermsOfOrder {
  readonly campaignId: string;
  /** Null: a new group is opened. */
  readonly groupId: string | null;
  readonly skuId: string;
  readonly priceFen: bigint;
  readonly perPerson: number;
  /** The room the group was opened in: it sells to those who join also when its live is over. */
  readonly groupRoomId: string | null;
}

/** Asked for orders of pre-sales alone. What one throws ends the order's transaction. */
export interface PreSalesOfOrders {
  terms(
    tx: Tx,
    order: { wanted: PlacePreSale; roomPath: string; quantity: number; at: Date },
  ): Promise<PreSaleTermsOfOrder>;
  take(
    tx: Tx,
    order: {
      terms: PreSaleTermsOfOrder;
      orderId: string;
      personId: string;
      quantity: number;
      balanceFen: bigint;
      at: Date;
    },
  ): Promise<void>;
  read(tx: Tx, orderId: string): Promise<DepositOfOrder>;
  depositPaid(tx: Tx, orderId: string, at: Date): Promise<void>;
  /** The balance is there too. */
  paid(tx: Tx, orderId: string): Promise<void>;
  /** The order came to nothing: its pieces and its person's share are free again. */
  released(tx: Tx, orderId: string): Promise<void>;
}
/** What an order in a pre-sale costs, decided before anything is taken. Amounts but the price are of the whole order. */
export interface PreSaleTermsOfOrder {
  readonly campaignId: string;
  readonly skuId: string;
  readonly priceFen: bigint;
  readonly depositFen: bigint;
  readonly worthFen: bigint;
  readonly perPerson: number;
}
export interface DepositOfOrder {
  readonly depositFen: bigint;
  readonly balanceFen: bigint;
  readonly balanceFrom: Date;
  readonly balanceUntil: Date;
  readonly keepsDeposit: boolean;
}

export interface OrdersDeps extends FulfilmentDeps {
  clock: Clock;
  random: Random;
  ledger: Pick<Ledger, 'postTransfer'>;
  tracing: Tracing;
  payments: Pick<Payments, 'open' | 'openAll' | 'current' | 'read' | 'prepare' | 'close' | 'markCaptured'>;
  /** Rule S10: what a coupon takes off, taking it, and giving it back when the order came to nothing. */
  coupons: Coupons['forOrders'];
  /** Rule S9: the seats that orders of group buys hold. */
  groupBuys: GroupSeatsOfOrders;
  preSales: PreSalesOfOrders;
  /** Asks for the deposit of a closed order back: its row in this transaction, the provider after it (rule S8). */
  giveDepositBack(tx: Tx, orderId: string, asked: { reason: string; by: string | null }): Promise<void>;
  /** Rules A3, A4: decides who brought an order and writes it down, once, in its transaction. */
  credits: Pick<Credits, 'decide' | 'considerAll' | 'freeze'>;
  orderPaid(tx: Tx, orderId: string, at: Date): Promise<void>;
  /** Rule S3: the provider took money for a payment that cannot pay its order any more; it goes back. */
  paidLate(tx: Tx, paymentId: string, at: Date): Promise<void>;
  orderReceived(tx: Tx, orderId: string, at: Date): Promise<void>;
  orderRefunded(
    tx: Tx,
    refund: {
      orderId: string;
      refundId: string;
      at: Date;
      items: readonly { itemId: string; amountFen: bigint; refundedNowFen: bigint }[];
    },
  ): Promise<void>;
  reservationSeconds: number;
  priceGraceSeconds: number;
  /** Told of every step of an order, after it is committed. */
  onStep: (event: 'place' | OrderEvent) => void;
}

export type OrdersService = ReturnType<typeof createOrdersService>;

export function createOrdersService(deps: OrdersDeps) {
  const moves = createOrderMoves(deps);
  const paying = createPaying(deps, moves);
  const fulfilment = createFulfilment(deps, moves);
  const deposits = createDeposits(deps, moves, paying);
  return {
    ...paying,
    ...createClosing(deps, moves, paying, deposits),
    endDueDeposit: deposits.endDue,
    returnDeposit: deposits.returnByStaff,
    completeDepositRefund: deposits.completeRefund,
    ...fulfilment,
    ...createAddressChange(deps, moves),
    ...createRefunding(deps, moves, fulfilment),
  };
}
