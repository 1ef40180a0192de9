/**
 * Rule S3, repeated: unpaid orders whose time is over give everything back, or turn out to be paid.
 *
 * Two lanes. Orders of which no provider over the network knows are closed first, so that their stock never waits for one. The
 * others need their provider: one that fails comes again later and makes room for the next. A provider that lets us wait, or
 * fails several times in a row, is away and left alone for the rest of the turn; a single payment it says odd things about is
 * no such sign. A slow one ends the turn, so that the first lane has its next.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { OrdersService } from './orders.service.ts';

const BATCH = 200;
/** Real time in which the second lane begins with further orders. */
const ASKING_MS = 10_000;
const TRY_AGAIN_MS = 20_000;
/** A provider that fails after so long is away; one that fails sooner, after so many in a row. */
const AWAY_AFTER_MS = 2_000;
const AWAY_AFTER_FAILURES = 5;

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
  { except, away }: { except: readonly string[]; away: readonly string[] },
): Promise<Due | undefined> {
  const [row] = await tx<Due>`
    SELECT o.id, p.provider FROM orders o JOIN payments p ON p.order_id = o.id AND p.state = 'pending'
    WHERE o.state = 'pending_payment' AND o.expires_at <= ${at} AND o.id <> ALL(${except}::uuid[])
      AND p.prepared_at IS NOT NULL AND p.provider <> 'sandbox' AND p.provider <> ALL(${away}::text[])
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

  /** False: nothing is due. */
  async function expireNext(next: (tx: Tx) => Promise<Due | undefined>, failed: (due: Due, error: unknown) => unknown) {
    let current: Due | undefined;
    try {
      const outcome = await db.transaction(async (tx) => {
        current = await next(tx);
        return current === undefined ? 'none' : await orders.expire(tx, current.id);
      });
      if (outcome === 'none') return false;
      if (outcome === 'expired') expired++;
    } catch (error) {
      if (current === undefined) throw error;
      log.warn({ err: error, orderId: current.id }, 'order could not be expired, will be tried again');
      await failed(current, error);
    }
    if (current !== undefined) tried.push(current.id);
    return true;
  }

  while (tried.length < BATCH) {
    const next = (tx: Tx) => lockNextAtHome(tx, clock.now(), tried);
    if (!(await expireNext(next, () => undefined))) break;
  }
  const away: string[] = [];
  const inARow = new Map<string, number>();
  const until = performance.now() + ASKING_MS;
  while (tried.length < BATCH && performance.now() < until) {
    const began = performance.now();
    const expiredBefore = expired;
    const next = (tx: Tx) => lockNextAway(tx, clock.now(), { except: tried, away });
    const failed = async ({ id, provider }: Due, error: unknown): Promise<void> => {
      if (provider !== null && error instanceof AppError && error.code === 'provider_unavailable') {
        const failures = (inARow.get(provider) ?? 0) + 1;
        inARow.set(provider, failures);
        if (failures >= AWAY_AFTER_FAILURES || performance.now() - began > AWAY_AFTER_MS) away.push(provider);
      }
      const again = new Date(clock.now().getTime() + TRY_AGAIN_MS);
      await db.sql`UPDATE payments SET next_close_at = ${again} WHERE order_id = ${id} AND state = 'pending'`;
    };
    if (!(await expireNext(next, failed))) break;
    if (expired > expiredBefore) inARow.clear();
  }
  return expired;
}
