/** Shipped orders whose days are over count as received; a job, in the way of expiry.ts. */
import type { Db } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import type { OrdersService } from './orders.service.ts';

const BATCH = 200;

/** One turn, each order in a transaction of its own; answers how many were received. */
export async function receiveDueOrders(deps: {
  db: Db;
  log: Logger;
  orders: Pick<OrdersService, 'nextToReceive' | 'receiveDue'>;
}): Promise<number> {
  const tried: string[] = [];
  let received = 0;
  while (tried.length < BATCH) {
    let orderId: string | undefined;
    try {
      orderId = await deps.orders.nextToReceive(deps.db, tried);
      if (orderId === undefined) break;
      const due = orderId;
      tried.push(due);
      if (await deps.db.transaction((tx) => deps.orders.receiveDue(tx, due))) received += 1;
    } catch (error) {
      // The transaction tried again what another try could help; the next turn begins anew. Other orders do not wait for this one.
      deps.log.error({ err: error, orderId }, 'order could not be received by itself, will be tried again');
      if (orderId === undefined) break;
    }
  }
  return received;
}
