/** Rule S3, repeated: unpaid orders whose time is over give everything back, or turn out to be paid. */
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { lockNextDue } from './orders.repository.ts';
import type { OrdersService } from './orders.service.ts';

const BATCH = 200;

/**
 * One turn: each due order in a transaction of its own, so that one that fails (its provider is away) keeps nobody waiting and
 * comes again next turn. Orders another process is at are skipped. Answers how many were closed.
 */
export async function expireDueOrders(deps: {
  db: Db;
  clock: Clock;
  log: Logger;
  orders: Pick<OrdersService, 'expire'>;
}): Promise<number> {
  const tried: string[] = [];
  let expired = 0;
  while (tried.length < BATCH) {
    let current: string | undefined;
    try {
      const outcome = await deps.db.transaction(async (tx) => {
        current = await lockNextDue(tx, deps.clock.now(), tried);
        return current === undefined ? 'none' : await deps.orders.expire(tx, current);
      });
      if (outcome === 'none') break;
      if (outcome === 'expired') expired++;
    } catch (error) {
      if (current === undefined) throw error;
      deps.log.warn({ err: error, orderId: current }, 'order could not be expired, will be tried again');
    }
    if (current !== undefined) tried.push(current);
  }
  return expired;
}
