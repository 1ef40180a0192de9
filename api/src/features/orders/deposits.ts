/**
 * Orders of pre-sales of which only the deposit is paid: how they end without the balance.
 *
 * Model: an order that is `deposit_paid` holds its stock, and its deposit stands in the books as owed to the buyer. It is paid in
 * full (paying.ts), or it ends here: cancelled (the deposit goes back), lapsed at the end of the balance window (it goes back too)
 * or forfeited then (it is the store's), by the terms the buyer accepted. A balance that is under way is closed with its provider
 * first (rule S3): money that is there counts, money that comes later goes back. Everybody locks the order's row first, so that of
 * a balance and an end exactly one happens.
 */
import type { OrderView } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import type { OrderMoves } from './order-moves.ts';
import { tellStock } from './order-news.ts';
import { readOrder } from './order-view.ts';
import { lockOrder, type OrderRow, readItems } from './orders.repository.ts';
import type { OrdersDeps } from './orders.service.ts';
import type { Paying } from './paying.ts';
import { releaseLines } from './reservations.repository.ts';

export type Deposits = ReturnType<typeof createDeposits>;

/** Reasons of refunds by the system or of a cancelled pre-sale, beside what people write. */
export const LAPSED_REASON = 'pre_sale_lapsed';
const CANCELLED_REASON = 'pre_sale_cancelled';

interface By {
  readonly actorId: string | null;
  readonly reason: string;
}

export function createDeposits(deps: OrdersDeps, { move }: OrderMoves, { takePayment }: Pick<Paying, 'takePayment'>) {
  const { clock, ledger, payments } = deps;

  /** The order's row is locked. `captured`: the provider has the balance, nothing was ended. */
  async function end(
    tx: Tx,
    order: OrderRow,
    event: 'cancel' | 'lapse' | 'forfeit',
    by: By & { at: Date },
  ): Promise<'ended' | { captured: string }> {
    const balance = await payments.current(tx, order.id);
    if (balance && (await payments.close(tx, balance, by.at, by.actorId === null ? 'system' : 'person')) === 'captured')
      return { captured: balance.id };
    await move(tx, order, event, by, { closedAt: by.at });
    await deps.preSales.released(tx, order.id);
    const levels = await releaseLines(tx, { personId: order.personId, at: by.at }, await readItems(tx, order.id));
    await tellStock(tx, clock, order.roomId, levels);
    if (event !== 'forfeit') {
      const reason = event === 'lapse' ? LAPSED_REASON : by.reason || CANCELLED_REASON;
      await deps.giveDepositBack(tx, order.id, { reason, by: by.actorId });
      return 'ended';
    }
    await ledger.postTransfer(tx, {
      kind: 'deposit_forfeited',
      ref: order.id,
      at: by.at,
      entries: [
        { account: { kind: 'pre_sale_deposits', owner: order.orgUnitId }, amountFen: order.paidFen },
        { account: { kind: 'store_sales', owner: order.orgUnitId }, amountFen: -order.paidFen },
      ],
    });
    return 'ended';
  }

  async function endNow(tx: Tx, order: OrderRow, by: By): Promise<void> {
    // Its callback is on the way.
    if ((await end(tx, order, 'cancel', { ...by, at: clock.now() })) !== 'ended') throw new AppError('already_paid');
  }

  /** Its buyer changes their mind: until the balance window opens, and as long as they like where deposits are never kept. */
  async function cancel(tx: Tx, order: OrderRow, by: By): Promise<OrderView> {
    const { balanceFrom, keepsDeposit } = await deps.preSales.read(tx, order.id);
    if (keepsDeposit && clock.now() >= balanceFrom)
      throw new AppError('state_conflict', { facts: { state: order.state, reason: 'deposit_kept' } });
    await endNow(tx, order, by);
    return readOrder(tx, order.id, 'buyer');
  }

  /**
   * Staff give a deposit back at any time before the balance, whatever the terms; and again one that its provider refused to
   * return. False: this order is not one of those.
   */
  async function returnByStaff(tx: Tx, by: Principal, orderId: string, reason: string): Promise<boolean> {
    const order = await lockOrder(tx, orderId);
    if (!order?.preSaleId || !by.staff) return false;
    const isClosed = order.paidFen > 0n && (order.state === 'cancelled' || order.state === 'expired');
    if (order.state !== 'deposit_paid' && !isClosed) return false;
    requireScope(by, 'orders:refund', order.orgPath);
    if (isClosed) await deps.giveDepositBack(tx, order.id, { reason, by: by.personId });
    else await endNow(tx, order, { actorId: by.personId, reason });
    return true;
  }

  /** The end of the balance window, once. `gone`: somebody was faster. */
  async function endDue(tx: Tx, orderId: string): Promise<'ended' | 'paid' | 'gone'> {
    const order = await lockOrder(tx, orderId);
    if (order?.state !== 'deposit_paid') return 'gone';
    const { balanceUntil, keepsDeposit } = await deps.preSales.read(tx, orderId);
    const at = clock.now();
    if (at < balanceUntil) return 'gone';
    const by = { actorId: null, reason: '', at };
    const event = keepsDeposit ? 'forfeit' : 'lapse';
    const ended = await end(tx, order, event, by);
    if (ended === 'ended') return 'ended';
    if ((await takePayment(tx, ended.captured, at)) !== 'late') return 'paid';
    // It failed here while its provider said that it took the money: that goes back, and the order ends without it.
    await deps.paidLate(tx, ended.captured, at);
    if ((await end(tx, order, event, by)) !== 'ended')
      throw new AppError('conflict', { detail: 'another payment was captured meanwhile' });
    return 'ended';
  }

  /** The deposit is back with the buyer. The order's row is locked. */
  async function completeRefund(
    tx: Tx,
    refund: { orderId: string; refundId: string; amountFen: bigint; provider: string; at: Date },
  ): Promise<void> {
    const [order] = await tx<{ orgUnitId: string }>`
      UPDATE orders SET refunded_fen = refunded_fen + ${refund.amountFen} WHERE id = ${refund.orderId}
      RETURNING org_unit_id AS "orgUnitId"`;
    if (!order) throw new Error(`order ${refund.orderId} is gone`);
    await ledger.postTransfer(tx, {
      kind: 'deposit_refunded',
      ref: refund.refundId,
      at: refund.at,
      entries: [
        { account: { kind: 'provider_clearing', owner: refund.provider }, amountFen: -refund.amountFen },
        { account: { kind: 'pre_sale_deposits', owner: order.orgUnitId }, amountFen: refund.amountFen },
      ],
    });
  }

  return { cancel, returnByStaff, endDue, completeRefund };
}
