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
    if (order.state === 'deposit_paid') return balanceOf(tx, order);
    if (order.paidFen > 0n) throw new AppError('already_paid');
    if (order.state !== 'pending_payment' || order.expiresAt <= clock.now())
      throw new AppError('state_conflict', { facts: { state: order.state } });
    const pay = { no: order.orderNo, expiresAt: order.expiresAt };
    if (order.preSaleId === null) return { ...pay, amountFen: order.totalFen, part: 'whole' as const };
    return { ...pay, amountFen: (await deps.preSales.read(tx, orderId)).depositFen, part: 'deposit' as const };
  }

  /** The balance can be paid in its window, by server time. */
  async function balanceOf(tx: Tx, order: OrderRow) {
    const { balanceFen, balanceFrom, balanceUntil } = await deps.preSales.read(tx, order.id);
    const now = clock.now();
    if (now < balanceFrom || now >= balanceUntil)
      throw new AppError('state_conflict', {
        facts: { state: order.state, balanceFrom: balanceFrom.toISOString(), balanceUntil: balanceUntil.toISOString() },
      });
    return { no: order.orderNo, amountFen: balanceFen, part: 'balance' as const, expiresAt: balanceUntil };
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
    if (
      payment.state !== 'pending' ||
      order.state !== (payment.part === 'balance' ? 'deposit_paid' : 'pending_payment')
    )
      return 'late';
    // A decline that is told at the same moment moves the payment without the order's lock.
    if (!(await payments.markCaptured(tx, payment.id, at))) return 'late';
    if (payment.part === 'deposit') await bookDeposit(tx, order, payment, at);
    else await book(tx, order, payment, at);
    return 'paid';
  }

  /** Nothing is sold yet: the stock stays reserved, and the money is owed until the balance is there (or the deposit is lost). */
  async function bookDeposit(tx: Tx, order: OrderRow, payment: PaymentRow, at: Date): Promise<void> {
    const by = { actorId: null, reason: '', at };
    await move(tx, order, 'pay_deposit', by, { paidFen: payment.amountFen });
    const { balanceFen } = await deps.preSales.read(tx, order.id);
    await deps.preSales.depositPaid(tx, order.id, at);
    await payments.open(tx, { orderId: order.id, part: 'balance', amountFen: balanceFen, provider: 'sandbox', at });
    await ledger.postTransfer(tx, {
      kind: 'deposit_paid',
      ref: payment.id,
      at,
      entries: [
        { account: { kind: 'provider_clearing', owner: payment.provider }, amountFen: payment.amountFen },
        { account: { kind: 'pre_sale_deposits', owner: order.orgUnitId }, amountFen: -payment.amountFen },
      ],
    });
  }

  /** A payment that was just marked as captured. */
  async function book(tx: Tx, order: OrderRow, payment: PaymentRow, at: Date): Promise<void> {
    // Nothing was paid before, unless it is the balance after a deposit.
    const depositFen = order.paidFen;
    const paidFen = depositFen + payment.amountFen;
    await move(tx, order, 'pay', { actorId: null, reason: '', at }, { paidFen, paidAt: at });
    if (order.preSaleId !== null) await deps.preSales.paid(tx, order.id);
    if (order.groupBuyId !== null) await deps.groupBuys.paid(tx, order.id, at);
    const items = await readItems(tx, order.id);
    await sellLines(tx, { orderId: order.id, at, newId: random.id }, items);
    await ledger.postTransfer(tx, {
      kind: 'order_paid',
      ref: payment.id,
      at,
      entries: [
        { account: { kind: 'provider_clearing', owner: payment.provider }, amountFen: payment.amountFen },
        ...(depositFen > 0n
          ? [{ account: { kind: 'pre_sale_deposits', owner: order.orgUnitId } as const, amountFen: depositFen }]
          : []),
        { account: { kind: 'store_sales', owner: order.orgUnitId }, amountFen: -paidFen },
      ],
    });
    await deps.orderPaid(tx, order.id, at);
    if (order.roomId === null) return;
    // Reserved pieces became sold ones: what others can buy is the same, so only the bubble is news.
    // A prize is no purchase (rule Z8).
    const bought = items.filter(({ amountFen, giftOf }) => amountFen > 0n || giftOf !== null);
    await tellPaid(tx, clock, order.roomId, await readPersonName(tx, order.personId), bought);
  }

  return { lockPayable, takePayment };
}
