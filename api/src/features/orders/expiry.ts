/**
 * Rule S3, repeated: unpaid orders whose time is over give everything back, or turn out to be paid.
 *
 * Two lanes. Orders of which no provider over the network knows are closed first, so that their stock never waits for one. The
 * others need their provider: one that fails comes again later and makes room for the next. A provider that is away (see
 * away-book.ts) is left alone for the rest of the turn. A slow one ends the turn, so that the first lane has its next.
 */
import { type AwayBook, createAwayBook } from '../../platform/away-book.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { closeAgainLater } from '../payments/index.ts';
import type { OrdersService } from './orders.service.ts';

const BATCH = 200;
/** Real time in which the second lane begins with further orders. */
const ASKING_MS = 10_000;

interface Due {
  readonly id: string;
  readonly provider: string | null;
}

/** Due orders that need no provider over the network: none of their payments was told to one. */
async function lockNextAtHome(tx: Tx, at: Date, except: readonly string[]): Promise<Due | undefined> {
  const [row] = await tx<Due>`
    SELECT o.id, NULL AS provider FROM orders o
    WHERE o.state = 'pending_payment' AND o.expires_at <= ${at} AND o.id <> ALL(${except}::uuid[])
      AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.state = 'pending'
        AND p.prepared_at IS NOT NULL AND p.provider <> 'sandbox')
    ORDER BY o.expires_at LIMIT 1 FOR UPDATE OF o SKIP LOCKED`;
  return row;
}

async function lockNextAway(
  tx: Tx,
  at: Date,
  { except, away }: { except: readonly string[]; away: AwayBook },
): Promise<Due | undefined> {
  const [row] = await tx<Due>`
    SELECT o.id, p.provider FROM orders o JOIN payments p ON p.order_id = o.id AND p.state = 'pending'
    WHERE o.state = 'pending_payment' AND o.expires_at <= ${at} AND o.id <> ALL(${except}::uuid[])
      AND p.prepared_at IS NOT NULL AND p.provider <> 'sandbox' AND p.provider <> ALL(${away.names}::text[])
      AND (p.next_close_at IS NULL OR p.next_close_at <= ${at})
    ORDER BY coalesce(p.next_close_at, o.expires_at) LIMIT 1 FOR UPDATE OF o SKIP LOCKED`;
  return row;
}

/** One turn: each due order in a transaction of its own. Orders another process is at are skipped. Answers how many were closed. */
export async function expireDueOrders(deps: {
  db: Db;
  clock: Clock;
  log: Logger;
  orders: Pick<OrdersService, 'expire'>;
}): Promise<number> {
  const { db, clock, log, orders } = deps;
  const tried: string[] = [];
  let expired = 0;

  const away = createAwayBook();

  /** False: nothing is due. */
  async function expireNext(next: (tx: Tx) => Promise<Due | undefined>): Promise<boolean> {
    let current: Due | undefined;
    const began = performance.now();
    try {
      const outcome = await db.transaction(async (tx) => {
        current = await next(tx);
        return current === undefined ? 'none' : await orders.expire(tx, current.id);
      });
      if (outcome === 'none') return false;
      if (outcome === 'expired') expired++;
      const { provider = null } = current ?? {};
      if (provider !== null) away.answered(provider);
    } catch (error) {
      if (current === undefined) throw error;
      const { id, provider } = current;
      log.warn({ err: error, orderId: id }, 'order could not be expired, will be tried again');
      if (provider !== null) {
        away.failed(provider, error, performance.now() - began);
        await closeAgainLater(db.sql, id, clock.now());
      }
    }
    if (current !== undefined) tried.push(current.id);
    return true;
  }

  while (tried.length < BATCH) {
    if (!(await expireNext((tx) => lockNextAtHome(tx, clock.now(), tried)))) break;
  }
  const until = performance.now() + ASKING_MS;
  while (tried.length < BATCH && performance.now() < until) {
    if (!(await expireNext((tx) => lockNextAway(tx, clock.now(), { except: tried, away })))) break;
  }
  return expired;
}
