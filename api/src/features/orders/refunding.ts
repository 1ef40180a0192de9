/** The order's part of a refund; the refund's row and the provider are the refunds feature's. */
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import type { OrderMoves } from './order-moves.ts';
import { tellStock } from './order-news.ts';
import { mayRefund, resumeEvent } from './orders.policy.ts';
import { lockOrder, type OrderRow, readItems, refundItems } from './orders.repository.ts';
import type { OrdersDeps } from './orders.service.ts';
import { restockLines } from './reservations.repository.ts';

export function createRefunding(deps: OrdersDeps, { move }: OrderMoves) {
  const { clock, random, ledger } = deps;

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

  return { beginRefund, completeRefund, resumeAfterRefund };
}
