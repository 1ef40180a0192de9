/**
 * A refund that its provider refused for good is asked for once more, by finance, under a new number: of an order as it was
 * planned, of money that came too late, or of the deposit of a pre-sale that came to nothing, all that is left. Only what was refused, or never became a refund, can be asked for
 * again, each once; everything else goes the usual ways.
 */
import { fenToWire, refundAgain } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { OrderRow, OrdersService, WantedRefund } from '../orders/index.ts';
import type { PaymentRow, Payments } from '../payments/index.ts';
import { readLastRefused, readRefundLines } from './refunds.repository.ts';

export function bindRefundAgain(
  bind: Binder,
  deps: {
    clock: Clock;
    random: Random;
    orders: Pick<OrdersService, 'lock'>;
    payments: Pick<Payments, 'read'>;
    request: (
      tx: Tx,
      payment: PaymentRow,
      refund: { amountFen: bigint; reason: string; by: string },
    ) => Promise<string>;
    refundParts: (
      tx: Tx,
      order: OrderRow,
      wanted: WantedRefund | 'rest',
      asked: { reason: string; by: string; retryOf: string },
    ) => Promise<string>;
  },
): void {
  const { orders, payments } = deps;
  const refuse = (reason: string) => new AppError('state_conflict', { facts: { reason } });

  bind(refundAgain, async ({ tx, principal, params: { paymentId }, body }) => {
    const named = await payments.read(tx, paymentId);
    if (!named) throw new AppError('not_found');
    // Coins are given back by whoever looks after the wallet, which takes them out of it first.
    if (named.orderId === null) throw refuse('coins');
    const order = await orders.lock(tx, named.orderId);
    const payment = await payments.read(tx, paymentId); // again, now that rivals are over
    if (!order || !payment) throw new AppError('not_found');
    const leftFen = payment.capturedFen - payment.refundedFen;
    if (leftFen <= 0n) throw refuse('nothing_left');
    const asked = { reason: body.reason, by: principal.personId };
    // What an order that came to nothing still has is the deposit of a pre-sale: no goods, only the money.
    const isOfGoods = payment.state === 'captured' && order.state !== 'cancelled' && order.state !== 'expired';
    const refundId = isOfGoods
      ? await asPlanned(tx, order, payment.id, asked)
      : await deps.request(tx, payment, { amountFen: leftFen, ...asked });
    // One of each payment it needs: the reply and the audit log name their sum.
    const made = await tx<{ id: string; amountFen: bigint; no: string; paymentId: string }>`
      SELECT id, amount_fen AS "amountFen", refund_no AS no, payment_id AS "paymentId" FROM refunds
      WHERE id = ${refundId} OR asked_with = ${refundId} ORDER BY id <> ${refundId}, created_at, id`;
    const [first] = made;
    if (!first) throw new Error(`refund ${refundId} is gone`);
    const amountFen = made.reduce((sum, one) => sum + one.amountFen, 0n);
    await writeAudit(tx, deps, {
      ...{ actorId: principal.personId, action: 'refund:requested_again', target: `payment:${payment.id}` },
      ...{ orgPath: order.orgPath, reason: body.reason },
      detail: {
        ...{ refundNo: first.no, amountFen: amountFen.toString() },
        paymentIds: made.map((one) => one.paymentId),
      },
    });
    return { refundId, no: first.no, amountFen: fenToWire(amountFen) };
  });

  /** What the last refused one was of. */
  async function asPlanned(tx: Tx, order: OrderRow, paymentId: string, asked: { reason: string; by: string }) {
    const refused = await readLastRefused(tx, paymentId);
    if (!refused) throw refuse('nothing_refused');
    // A case whose refund was refused lies before headquarters, whose word asks for the money again: not both.
    if (refused.ofCase) throw refuse('case_decides');
    if (refused.asked) throw refuse('asked_since');
    const lines = await readRefundLines(tx, refused.id);
    const items = lines.map(({ itemId, pieces, amountFen, withdrawn }) => ({
      ...{ itemId, pieces, amountFen, ofSent: pieces > 0 && withdrawn === 0 },
    }));
    return deps.refundParts(tx, order, { items, shippingFen: refused.shippingFen }, { ...asked, retryOf: refused.id });
  }
}
