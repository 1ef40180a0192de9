/** Paying an order: whether it can be paid, and the money that came (rules S3, S7). */
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { PaymentRow } from '../payments/index.ts';
import type { OrderMoves } from './order-moves.ts';
import { tellPaid } from './order-news.ts';
import { lockOrder, type OrderRow, readItems, readPersonName } from './orders.repository.ts';
import type { OrdersDeps } from './orders.service.ts';
import { sellLines } from './reservations.repository.ts';

export type Paying = ReturnType<typeof createPaying>;

export function createPaying(deps: OrdersDeps, { lockOwn, move }: OrderMoves) {
  const { clock, random, ledger, payments } = deps;

  /** Locks an order of this person that can be paid now, and tells what is to pay. */
  async function lockPayable(tx: Tx, personId: string, orderId: string) {
    const order = await lockOwn(tx, { personId }, orderId);
    if (order.paidFen > 0n) throw new AppError('already_paid');
    if (order.state !== 'pending_payment' || order.expiresAt <= clock.now())
      throw new AppError('state_conflict', { facts: { state: order.state } });
    return { no: order.orderNo, amountFen: order.totalFen, expiresAt: order.expiresAt };
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
    // A decline that is told at the same moment moves the payment without the order's lock.
    if (!(await payments.markCaptured(tx, payment.id, at))) return 'late';
    await book(tx, order, payment, at);
    return 'paid';
  }

  /** A payment that was just marked as captured. */
  async function book(tx: Tx, order: OrderRow, payment: PaymentRow, at: Date): Promise<void> {
    await move(tx, order, 'pay', { actorId: null, reason: '', at }, { paidFen: payment.amountFen, paidAt: at });
    if (order.groupBuyId !== null) await deps.groupBuys.paid(tx, order.id, at);
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

  return { lockPayable, takePayment };
}
