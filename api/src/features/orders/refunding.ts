/**
 * The order's part of a refund; the refund's row and the provider are the refunds feature's. A refund is of a plan: these items,
 * this much of the shipping fee. What it is of is set aside on the order when it is asked for, under the order's lock, so two
 * refunds of the same thing cannot both begin (S8).
 */
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import type { Fulfilment } from './fulfilment.ts';
import type { OrderMoves } from './order-moves.ts';
import { tellStock } from './order-news.ts';
import { mayRefund } from './orders.policy.ts';
import { lockOrder, type OrderRow } from './orders.repository.ts';
import type { OrdersDeps } from './orders.service.ts';
import {
  piecesLeft,
  planRefund,
  type RefundLine,
  type RefundPlan,
  type RefundRefusal,
  refundedEvent,
  refusedEvent,
  restOf,
  type WantedRefund,
} from './refund-plan.policy.ts';
import {
  holdParts,
  noteRestocked,
  type RefundableItemRow,
  readRefundable,
  releaseParts,
  type ShelfLine,
  settleParts,
  takeReplacements,
} from './refunding.repository.ts';
import { restockLines } from './reservations.repository.ts';

/** A refund of an order, as it ends. */
export interface EndedRefund {
  readonly orderId: string;
  readonly refundId: string;
  readonly refundNo: string;
  readonly amountFen: bigint;
  readonly shippingFen: bigint;
  readonly lines: readonly RefundLine[];
  readonly provider: string;
  readonly at: Date;
}

const refused = (refusal: RefundRefusal): AppError => {
  if (refusal === 'not_found') return new AppError('not_found');
  if (refusal === 'twice')
    return new AppError('invalid_request', { issues: [{ path: '/items', issue: 'item_named_twice' }] });
  if (refusal === 'nothing') return new AppError('state_conflict', { facts: { reason: refusal } });
  return new AppError('limit_exceeded', { facts: { reason: refusal } });
};

export function createRefunding(
  deps: OrdersDeps,
  { move }: OrderMoves,
  { settleShipped }: Pick<Fulfilment, 'settleShipped'>,
) {
  const { clock, random, ledger } = deps;

  /** Sets aside what is asked for and, when nothing is left after it, marks the order as being refunded. */
  async function holdRefund(
    tx: Tx,
    order: OrderRow,
    wanted: WantedRefund | 'rest',
    by: { actorId: string | null; reason: string },
  ): Promise<RefundPlan> {
    if (!mayRefund('staff', order.state)) throw new AppError('state_conflict', { facts: { state: order.state } });
    const refundable = await refundableOf(tx, order.id);
    const plan = planRefund(refundable, wanted === 'rest' ? restOf(refundable) : wanted);
    if (typeof plan === 'string') throw refused(plan);
    await holdParts(tx, { orderId: order.id, ...plan });
    if (plan.isRest) await move(tx, order, 'request_refund', { ...by, at: clock.now() });
    else if (plan.lines.some(({ withdrawn }) => withdrawn > 0)) await settleShipped(tx, order.id);
    // Rule S9: who leaves an open group gives their seat back; nobody leaves it by half.
    if (order.groupBuyId !== null) {
      if (plan.isRest) await deps.groupBuys.refunding(tx, order.id, clock.now());
      else await deps.groupBuys.requireComplete(tx, order.id);
    }
    return plan;
  }

  /** Checks who asks and when: buyers get back all of an order that was not sent, staff with the right also a part of it. */
  async function beginRefund(
    tx: Tx,
    by: Principal,
    orderId: string,
    asked: { reason: string; wanted: WantedRefund | 'rest' },
  ): Promise<RefundPlan> {
    const order = await lockOrder(tx, orderId);
    if (!order) throw new AppError('not_found');
    if (by.staff) requireScope(by, 'orders:refund', order.orgPath);
    else if (order.personId !== by.personId) throw new AppError('not_found');
    else if (asked.wanted !== 'rest') throw new AppError('forbidden');
    if (!mayRefund(by.staff ? 'staff' : 'buyer', order.state))
      throw new AppError('state_conflict', { facts: { state: order.state } });
    if (!by.staff && (await refundableOf(tx, orderId)).items.some(({ sent }) => sent > 0))
      throw new AppError('state_conflict', { facts: { state: order.state, reason: 'partly_shipped' } });
    return holdRefund(tx, order, asked.wanted, { actorId: by.personId, reason: asked.reason });
  }

  /** The money is back with the buyer: books, commission, items, and the goods if they never left. */
  async function completeRefund(tx: Tx, refund: EndedRefund): Promise<void> {
    const { at, amountFen, lines } = refund;
    const order = await lockOrder(tx, refund.orderId);
    if (!order) throw new Error(`order ${refund.orderId} is gone`);
    const [sums] = await tx<{ leftFen: bigint }>`
      SELECT paid_fen - refunded_fen - ${amountFen} AS "leftFen" FROM orders WHERE id = ${order.id}`;
    const event = refundedEvent(sums?.leftFen ?? 0n);
    const isWhole = event === 'finish_refund';
    await move(
      tx,
      order,
      event,
      { actorId: null, reason: '', at },
      { refundedNowFen: amountFen, ...(isWhole ? { closedAt: at } : {}) },
    );
    if (isWhole && order.couponId !== null) await deps.coupons.giveBack(tx, order.id, at);
    await settleParts(tx, refund);
    if (!isWhole) await settleShipped(tx, order.id);
    // What was sent comes back by hand, checked; what never left is on the shelf at once. Stock before ledger, as when the order
    // was paid: everybody locks in this order.
    const { items } = await refundableOf(tx, order.id);
    const back = lines.flatMap(({ itemId, withdrawn }) =>
      withdrawn === 0 ? [] : [{ ...itemOf(items, itemId), offerId: null, quantity: withdrawn }],
    );
    const levels = await restockLines(tx, { refundNo: refund.refundNo, at, newId: random.id }, back);
    await tellStock(tx, clock, order.roomId, levels);
    await ledger.postTransfer(tx, {
      kind: 'order_refunded',
      ref: refund.refundId,
      at,
      entries: [
        { account: { kind: 'provider_clearing', owner: refund.provider }, amountFen: -amountFen },
        { account: { kind: 'store_sales', owner: order.orgUnitId }, amountFen },
      ],
    });
    await deps.orderRefunded(tx, {
      orderId: order.id,
      refundId: refund.refundId,
      at,
      items: lines.map((line) => ({
        itemId: line.itemId,
        amountFen: itemOf(items, line.itemId).amountFen,
        refundedNowFen: line.amountFen,
      })),
    });
  }

  /** The provider refused for good: the order is where it was, and all of the refund may be asked for again. */
  async function resumeAfterRefund(
    tx: Tx,
    refund: Pick<EndedRefund, 'orderId' | 'shippingFen' | 'lines' | 'at'>,
    reason: string,
  ): Promise<void> {
    const order = await lockOrder(tx, refund.orderId);
    if (!order) throw new Error(`order ${refund.orderId} is gone`);
    await releaseParts(tx, refund);
    const event = refusedEvent(order);
    if (event) await move(tx, order, event, { actorId: null, reason, at: refund.at });
  }

  /** Goods that came back, looked at and sound, go on the shelf. The order's row is locked. */
  async function shelveReturned(tx: Tx, order: OrderRow, caseNo: string, pieces: readonly Pieces[]): Promise<void> {
    if (pieces.length === 0) return;
    const at = clock.now();
    const { items } = await refundableOf(tx, order.id);
    await noteRestocked(tx, pieces);
    const lines = pieces.map(({ itemId, quantity }) => ({ ...itemOf(items, itemId), offerId: null, quantity }));
    await tellStock(tx, clock, order.roomId, await restockLines(tx, { refundNo: caseNo, at, newId: random.id }, lines));
  }

  /** Other pieces leave the shelf for an exchange. The order's row is locked. @throws AppError out_of_stock */
  async function sendReplacements(tx: Tx, order: OrderRow, caseNo: string, pieces: readonly Pieces[]): Promise<void> {
    const { items } = await refundableOf(tx, order.id);
    // What was refunded in another way meanwhile is not sent once more.
    if (pieces.some(({ itemId, quantity }) => quantity > piecesLeft(itemOf(items, itemId))))
      throw new AppError('limit_exceeded', { facts: { reason: 'too_many_pieces' } });
    const lines: ShelfLine[] = pieces.map((line) => ({ ...itemOf(items, line.itemId), ...line }));
    const levels = await takeReplacements(tx, { caseNo, at: clock.now(), newId: random.id }, lines);
    if (!levels) throw new AppError('out_of_stock');
    await tellStock(tx, clock, order.roomId, levels);
  }

  return {
    lock: lockOrder,
    readRefundable,
    holdRefund,
    beginRefund,
    completeRefund,
    resumeAfterRefund,
    shelveReturned,
    sendReplacements,
  };
}

interface Pieces {
  readonly itemId: string;
  readonly quantity: number;
}

async function refundableOf(tx: Tx, orderId: string) {
  const refundable = await readRefundable(tx, orderId);
  if (!refundable) throw new Error(`order ${orderId} is gone`);
  return refundable;
}

function itemOf(items: readonly RefundableItemRow[], itemId: string): RefundableItemRow {
  const item = items.find(({ id }) => id === itemId);
  if (!item) throw new Error(`item ${itemId} is gone`);
  return item;
}
