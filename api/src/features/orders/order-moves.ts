/** What every step of an order's life does the same way: its row locked first, its state moved by the table (rule S7). */
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal } from '../../platform/principal.ts';
import { nextState, type OrderEvent } from './orders.policy.ts';
import { lockOrder, moveOrder, type OrderRow, type TransitionFacts } from './orders.repository.ts';

export type OrderMoves = ReturnType<typeof createOrderMoves>;

export function createOrderMoves(deps: {
  onStep: (event: OrderEvent) => void;
  /** In the transaction in which the buyer has the goods. */
  orderReceived?: (tx: Tx, orderId: string, at: Date) => Promise<void>;
}) {
  async function lockOwn(tx: Tx, buyer: Pick<Principal, 'personId'>, orderId: string): Promise<OrderRow> {
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
    if (event === 'receive') await deps.orderReceived?.(tx, order.id, by.at);
    tx.afterCommit(() => deps.onStep(event));
  }

  return { lockOwn, move };
}
