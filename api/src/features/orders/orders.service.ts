/**
 * The life of an order after it was placed (placing.ts): paid, shipped, received, or closed; and refunded.
 *
 * Invariants: everything one event does happens in one transaction, so a losing attempt leaves nothing (S1, S5); whoever touches
 * an order locks its row first, then payment, coupon, offers, people's shares and stock by SKU (S2), then the ledger; states move only by the table in
 * orders.policy.ts and only from where they were seen (S7). Facts reach the room through the outbox after commit.
 */
import type { Ledger } from '../../ledger/index.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';
import type { Coupons } from '../coupons/index.ts';
import type { Credits } from '../credits/index.ts';
import type { Payments } from '../payments/index.ts';
import { createAddressChange } from './address-change.ts';
import { createClosing } from './closing.ts';
import { createFulfilment, type FulfilmentDeps } from './fulfilment.ts';
import { createOrderMoves } from './order-moves.ts';
import type { OrderEvent } from './orders.policy.ts';
import { createPaying } from './paying.ts';
import { createRefunding } from './refunding.ts';

export interface OrdersDeps extends FulfilmentDeps {
  clock: Clock;
  random: Random;
  ledger: Pick<Ledger, 'postTransfer'>;
  payments: Pick<Payments, 'open' | 'openAll' | 'current' | 'read' | 'prepare' | 'close' | 'markCaptured'>;
  /** Rule S10: what a coupon takes off, taking it, and giving it back when the order came to nothing. */
  coupons: Coupons['forOrders'];
  /** Rules A3, A4: decides who brought an order and writes it down, once, in its transaction. */
  credits: Pick<Credits, 'decide' | 'considerAll' | 'freeze'>;
  orderPaid(tx: Tx, orderId: string, at: Date): Promise<void>;
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
  return {
    ...paying,
    ...createClosing(deps, moves, paying),
    ...fulfilment,
    ...createAddressChange(deps, moves),
    ...createRefunding(deps, moves, fulfilment),
  };
}
