/** Closing an unpaid order: everything it held is given back, unless its payer was faster (rule S3). */
import type { OrderView } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal } from '../../platform/principal.ts';
import type { Deposits } from './deposits.ts';
import { giveBackBundles, giveBackGifts } from './extras.repository.ts';
import type { OrderMoves } from './order-moves.ts';
import { tellExtras, tellStock } from './order-news.ts';
import { readOrder } from './order-view.ts';
import { nextState } from './orders.policy.ts';
import { lockOrder, type OrderRow, readItems } from './orders.repository.ts';
import type { OrdersDeps } from './orders.service.ts';
import type { Paying } from './paying.ts';
import { releaseLines } from './reservations.repository.ts';

export function createClosing(
  deps: OrdersDeps,
  { lockOwn, move }: OrderMoves,
  { takePayment }: Pick<Paying, 'takePayment'>,
  deposits: Pick<Deposits, 'cancel'>,
) {
  const { clock, payments } = deps;

  async function cancel(tx: Tx, buyer: Principal, orderId: string, reason: string): Promise<OrderView> {
    const order = await lockOwn(tx, buyer, orderId);
    if (order.state === 'deposit_paid') return deposits.cancel(tx, order, { actorId: buyer.personId, reason });
    if (order.paidFen > 0n) throw new AppError('already_paid');
    const closed = await closeUnpaid(tx, order, 'cancel', { actorId: buyer.personId, reason, at: clock.now() });
    if (closed !== 'closed') throw new AppError('already_paid'); // its callback is on the way
    return readOrder(tx, orderId, 'buyer');
  }

  /** Rule S3 on an order whose row is locked: paid after all, or closed and everything given back. */
  async function expire(tx: Tx, orderId: string): Promise<'paid' | 'expired'> {
    const order = await lockOrder(tx, orderId);
    if (!order) throw new Error(`order ${orderId} is gone`);
    const at = clock.now();
    const by = { actorId: null, reason: '', at };
    const closed = await closeUnpaid(tx, order, 'expire', by);
    if (closed === 'closed') return 'expired';
    if ((await takePayment(tx, closed.captured, at)) !== 'late') return 'paid';
    // It failed here while its provider said that it took the money: that goes back, and the order is closed without it.
    await deps.paidLate(tx, closed.captured, at);
    if ((await closeUnpaid(tx, order, 'expire', by)) !== 'closed')
      throw new AppError('conflict', { detail: 'another payment was captured meanwhile' });
    return 'expired';
  }

  async function closeUnpaid(
    tx: Tx,
    order: OrderRow,
    event: 'cancel' | 'expire',
    by: { actorId: string | null; reason: string; at: Date },
  ): Promise<'closed' | { captured: string }> {
    if (nextState(order.state, event) === undefined)
      throw new AppError('state_conflict', { facts: { state: order.state } });
    const payment = await payments.current(tx, order.id);
    if (payment && (await payments.close(tx, payment, by.at, event === 'cancel' ? 'person' : 'system')) === 'captured')
      return { captured: payment.id };
    await move(tx, order, event, by, { closedAt: by.at });
    if (order.couponId !== null) await deps.coupons.giveBack(tx, order.id, null);
    const items = await readItems(tx, order.id);
    const bundles = await giveBackBundles(tx, order, items);
    if (order.groupBuyId !== null) await deps.groupBuys.released(tx, order.id, by.at);
    if (order.preSaleId !== null) await deps.preSales.released(tx, order.id);
    const levels = await releaseLines(tx, { personId: order.personId, at: by.at }, items);
    const gifts = await giveBackGifts(tx, order.id, items);
    await tellStock(tx, clock, order.roomId, levels);
    await tellExtras(tx, clock, order.roomId, [...bundles, ...gifts]);
    return 'closed';
  }

  return { cancel, expire };
}
