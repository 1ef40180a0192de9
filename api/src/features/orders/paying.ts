/** Paying an order: the cashier, and the money that came (rules S3, S7). */
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal } from '../../platform/principal.ts';
import type { PaymentRow } from '../payments/index.ts';
import type { OrderMoves } from './order-moves.ts';
import { tellPaid } from './order-news.ts';
import { lockOrder, type OrderRow, readItems, readPersonName } from './orders.repository.ts';
import type { OrdersDeps } from './orders.service.ts';
import { sellLines } from './reservations.repository.ts';

export type Paying = ReturnType<typeof createPaying>;

export function createPaying(deps: OrdersDeps, { lockOwn, move }: OrderMoves) {
  const { clock, random, ledger, payments } = deps;

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

  return { pay, takePayment };
}
