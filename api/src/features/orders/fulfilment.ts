/** What happens to an order between its payment and the buyer's door. */
import type { OrderView } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { OrderMoves } from './order-moves.ts';
import { readOrder } from './order-view.ts';
import { lockOrder } from './orders.repository.ts';
import type { OrdersDeps } from './orders.service.ts';

export function createFulfilment(deps: Pick<OrdersDeps, 'clock'>, { lockOwn, move }: OrderMoves) {
  const { clock } = deps;

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

  return { ship, receive };
}
