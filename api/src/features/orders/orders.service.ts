/**
 * The life of an order after it was placed (placing.ts): paid, shipped, received, or closed; and refunded.
 *
 * Invariants: everything one event does happens in one transaction, so a losing attempt leaves nothing (S1, S5); whoever touches
 * an order locks its row first, then payment, coupon, offers, people's shares and stock by SKU (S2), then the ledger; states move only by the table in
 * orders.policy.ts and only from where they were seen (S7). Facts reach the room through the outbox after commit.
 */
import type { OrderView } from '@walnut-live/contracts';
import type { Ledger } from '../../ledger/index.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { Coupons } from '../coupons/index.ts';
import type { PaymentRow, Payments } from '../payments/index.ts';
import { tellPaid, tellStock } from './order-news.ts';
import { readOrder } from './order-view.ts';
import { mayRefund, nextState, type OrderEvent, resumeEvent } from './orders.policy.ts';
import {
  lockOrder,
  moveOrder,
  type OrderRow,
  readItems,
  readPersonName,
  refundItems,
  type TransitionFacts,
} from './orders.repository.ts';
import { releaseLines, restockLines, sellLines } from './reservations.repository.ts';

export interface OrdersDeps {
  clock: Clock;
  random: Random;
  ledger: Pick<Ledger, 'postTransfer'>;
  payments: Pick<Payments, 'open' | 'current' | 'read' | 'prepare' | 'close' | 'markCaptured'>;
  /** Rule S10: what a coupon takes off, taking it, and giving it back when the order came to nothing. */
  coupons: Coupons['forOrders'];
  /** Rules A3, A4: decides who brought the order and writes it down, once, in this transaction. */
  decideCredit(
    tx: Tx,
    order: {
      orderId: string;
      personId: string;
      room: { id: string; orgUnitId: string; orgPath: string; hostId: string };
      at: Date;
    },
  ): Promise<unknown>;
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
  /** Whether one may pay by the sandbox provider, which takes no money. */
  sandbox: boolean;
}

export type OrdersService = ReturnType<typeof createOrdersService>;

export function createOrdersService(deps: OrdersDeps) {
  const { clock, random, ledger, payments } = deps;

  // ── paying ────────────────────────────────────────────────────────────────────────────────────────────────────────
  /** What the client needs to open the cashier; after a declined payment a new one is opened. */
  async function pay(tx: Tx, buyer: Principal, orderId: string, provider: 'sandbox') {
    if (!deps.sandbox) throw new AppError('not_found');
    const order = await lockOwn(tx, buyer, orderId);
    if (order.paidFen > 0n) throw new AppError('already_paid');
    const at = clock.now();
    if (order.state !== 'pending_payment' || order.expiresAt <= at)
      throw new AppError('state_conflict', { facts: { state: order.state } });
    const payment =
      (await payments.current(tx, order.id)) ??
      (await payments.open(tx, { orderId: order.id, amountFen: order.totalFen, provider, at }));
    const { cashierUrl } = await payments.prepare(payment, { orderNo: order.orderNo, expiresAt: order.expiresAt });
    return {
      paymentId: payment.id,
      provider: payment.provider,
      amountFen: Number(payment.amountFen),
      cashierUrl,
      expiresAt: order.expiresAt.toISOString(),
    };
  }

  /**
   * The provider took the money. `late`: the order cannot be paid any more, the caller sends the money back (rule S3).
   * `known`: this was booked before.
   */
  async function takePayment(tx: Tx, paymentId: string, at: Date): Promise<'paid' | 'known' | 'late'> {
    const orderId = (await payments.read(tx, paymentId))?.orderId;
    const order = orderId ? await lockOrder(tx, orderId) : undefined;
    const payment = await payments.read(tx, paymentId); // again, now that rivals are over
    if (!order || !payment) throw new AppError('not_found');
    if (payment.capturedFen > 0n) return 'known';
    if (order.state !== 'pending_payment' || payment.state !== 'pending') return 'late';
    await book(tx, order, payment, at);
    return 'paid';
  }

  async function book(tx: Tx, order: OrderRow, payment: PaymentRow, at: Date): Promise<void> {
    if (!(await payments.markCaptured(tx, payment.id, at))) throw new Error(`payment ${payment.id} was not pending`);
    await move(tx, order, 'pay', { actorId: null, reason: '', at }, { paidFen: payment.amountFen, paidAt: at });
    const items = await readItems(tx, order.id);
    await sellLines(tx, { orderId: order.id, at, newId: random.id }, items);
    await ledger.postTransfer(tx, {
      kind: 'order_paid',
      ref: payment.id,
      at,
      entries: [
        { account: { kind: 'provider_clearing', owner: payment.provider }, amountFen: payment.amountFen },
        { account: { kind: 'store_sales', owner: order.orgUnitId }, amountFen: -payment.amountFen },
      ],
    });
    await deps.orderPaid(tx, order.id, at);
    if (order.roomId === null) return;
    // Reserved pieces became sold ones: what others can buy is the same, so only the bubble is news.
    await tellPaid(tx, clock, order.roomId, await readPersonName(tx, order.personId), items);
  }

  // ── closing ───────────────────────────────────────────────────────────────────────────────────────────────────────
  async function cancel(tx: Tx, buyer: Principal, orderId: string, reason: string): Promise<OrderView> {
    const order = await lockOwn(tx, buyer, orderId);
    if (order.paidFen > 0n) throw new AppError('already_paid');
    const closed = await closeUnpaid(tx, order, 'cancel', { actorId: buyer.personId, reason, at: clock.now() });
    if (closed === 'captured') throw new AppError('already_paid'); // its callback is on the way
    return readOrder(tx, orderId, 'buyer');
  }

  /** Rule S3 on an order whose row is locked: paid after all, or closed and everything given back. */
  async function expire(tx: Tx, orderId: string): Promise<'paid' | 'expired'> {
    const order = await lockOrder(tx, orderId);
    if (!order) throw new Error(`order ${orderId} is gone`);
    const at = clock.now();
    const closed = await closeUnpaid(tx, order, 'expire', { actorId: null, reason: '', at });
    if (closed === 'closed') return 'expired';
    const payment = await payments.current(tx, orderId);
    if (payment) await takePayment(tx, payment.id, at);
    return 'paid';
  }

  async function closeUnpaid(
    tx: Tx,
    order: OrderRow,
    event: 'cancel' | 'expire',
    by: { actorId: string | null; reason: string; at: Date },
  ): Promise<'closed' | 'captured'> {
    if (nextState(order.state, event) === undefined)
      throw new AppError('state_conflict', { facts: { state: order.state } });
    const payment = await payments.current(tx, order.id);
    if (payment && (await payments.close(tx, payment, by.at)) === 'captured') return 'captured';
    await move(tx, order, event, by, { closedAt: by.at });
    if (order.couponId !== null) await deps.coupons.giveBack(tx, order.id, null);
    const levels = await releaseLines(tx, { personId: order.personId, at: by.at }, await readItems(tx, order.id));
    await tellStock(tx, clock, order.roomId, levels);
    return 'closed';
  }

  // ── fulfilment ────────────────────────────────────────────────────────────────────────────────────────────────────
  async function ship(tx: Tx, staff: StaffPrincipal, orderId: string, trackingNo: string): Promise<OrderView> {
    const order = await lockOrder(tx, orderId);
    if (!order) throw new AppError('not_found');
    requireScope(staff, 'orders:ship', order.orgPath);
    const at = clock.now();
    await move(tx, order, 'ship', { actorId: staff.personId, reason: '', at }, { shippedAt: at, trackingNo });
    return readOrder(tx, orderId, staff.staff);
  }

  async function receive(tx: Tx, buyer: Principal, orderId: string): Promise<OrderView> {
    const order = await lockOwn(tx, buyer, orderId);
    const at = clock.now();
    await move(tx, order, 'receive', { actorId: buyer.personId, reason: '', at }, { receivedAt: at });
    return readOrder(tx, orderId, 'buyer');
  }

  // ── refunds: the order's part; rows and provider are the refunds feature's ────────────────────────────────────────────
  /** Checks who asks and when, and marks the order as being refunded. */
  async function beginRefund(tx: Tx, by: Principal, orderId: string, reason: string): Promise<OrderRow> {
    const order = await lockOrder(tx, orderId);
    if (!order) throw new AppError('not_found');
    if (by.staff) requireScope(by, 'orders:refund', order.orgPath);
    else if (order.personId !== by.personId) throw new AppError('not_found');
    if (!mayRefund(by.staff ? 'staff' : 'buyer', order.state))
      throw new AppError('state_conflict', { facts: { state: order.state } });
    await move(tx, order, 'request_refund', { actorId: by.personId, reason, at: clock.now() });
    return order;
  }

  /** The money is back with the buyer: books, commission, items, and the goods if they never left. */
  async function completeRefund(
    tx: Tx,
    refund: { orderId: string; refundId: string; refundNo: string; amountFen: bigint; provider: string; at: Date },
  ): Promise<void> {
    const { at, amountFen } = refund;
    const order = await lockOrder(tx, refund.orderId);
    if (!order) throw new Error(`order ${refund.orderId} is gone`);
    await move(
      tx,
      order,
      'finish_refund',
      { actorId: null, reason: '', at },
      { refundedNowFen: amountFen, closedAt: at },
    );
    if (order.couponId !== null) await deps.coupons.giveBack(tx, order.id, at);
    const lines = await readItems(tx, order.id);
    const items = await refundItems(tx, order.id);
    // What was sent comes back by hand, checked, as a stock entry; what never left is on the shelf at once. Stock before
    // ledger, as when the order was paid: everybody locks in this order.
    if (order.shippedAt === null) {
      const levels = await restockLines(tx, { refundNo: refund.refundNo, at, newId: random.id }, lines);
      await tellStock(tx, clock, order.roomId, levels);
    }
    await ledger.postTransfer(tx, {
      kind: 'order_refunded',
      ref: refund.refundId,
      at,
      entries: [
        { account: { kind: 'provider_clearing', owner: refund.provider }, amountFen: -amountFen },
        { account: { kind: 'store_sales', owner: order.orgUnitId }, amountFen },
      ],
    });
    await deps.orderRefunded(tx, { orderId: order.id, refundId: refund.refundId, at, items });
  }

  /** The provider refused for good: the order is where it was. */
  async function resumeAfterRefund(tx: Tx, orderId: string, reason: string, at: Date): Promise<void> {
    const order = await lockOrder(tx, orderId);
    if (!order) throw new Error(`order ${orderId} is gone`);
    await move(tx, order, resumeEvent(order), { actorId: null, reason, at });
  }

  // ── shared ────────────────────────────────────────────────────────────────────────────────────────────────────────
  async function lockOwn(tx: Tx, buyer: Principal, orderId: string): Promise<OrderRow> {
    const order = await lockOrder(tx, orderId);
    if (order?.personId !== buyer.personId) throw new AppError('not_found');
    return order;
  }

  async function move(
    tx: Tx,
    order: OrderRow,
    event: OrderEvent,
    by: { actorId: string | null; reason: string; at: Date },
    facts: TransitionFacts = {},
  ): Promise<void> {
    const to = nextState(order.state, event);
    const moved =
      to !== undefined && (await moveOrder(tx, { orderId: order.id, from: order.state, to, event, ...by }, facts));
    if (!moved) throw new AppError('state_conflict', { facts: { state: order.state } });
    tx.afterCommit(() => deps.onStep(event));
  }

  return {
    pay,
    takePayment,
    cancel,
    expire,
    ship,
    receive,
    beginRefund,
    completeRefund,
    resumeAfterRefund,
  };
}
