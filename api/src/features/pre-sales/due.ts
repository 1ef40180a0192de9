/**
 * The end of the balance window. Each order in a transaction of its own that locks it, skips those that another process is at, and
 * leaves it not due any more, so that a process that dies anywhere is followed by the next turn, of any process.
 *
 * Two lanes, each with orders of its own number: first those of which no provider over the network knows, then the others. One
 * that could not be ended waits a little and makes room for the next; a provider that is away (see away-book.ts) is left alone for
 * the rest of the turn, and a slow one ends it.
 */
import { type AwayBook, createAwayBook } from '../../platform/away-book.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { closeAgainLater } from '../payments/index.ts';

/** Orders looked at in one turn of a lane. */
const BATCH = 200;
/** Real time in which the second lane begins with further orders. */
const ASKING_MS = 10_000;

export interface DueDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends an order whose balance window is over, or finds it paid (rule S3). */
  readonly endDueDeposit: (tx: Tx, orderId: string) => Promise<'ended' | 'paid' | 'gone'>;
}

interface Due {
  readonly orderId: string;
  readonly provider: string | null;
}

/** Due orders that need no provider over the network: none of their payments was told to one. */
async function lockNextAtHome(tx: Tx, at: Date, tried: readonly string[]): Promise<Due | undefined> {
  const [row] = await tx<Due>`
    SELECT o.id AS "orderId", NULL AS provider FROM pre_sale_orders d JOIN orders o ON o.id = d.order_id
    WHERE d.due_at <= ${at} AND o.id <> ALL(${tried}::uuid[])
      AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.state = 'pending'
        AND (p.next_close_at > ${at} OR (p.prepared_at IS NOT NULL AND p.provider <> 'sandbox')))
    ORDER BY d.due_at, o.id LIMIT 1 FOR UPDATE OF o SKIP LOCKED`;
  return row;
}

async function lockNextAway(
  tx: Tx,
  at: Date,
  { tried, away }: { tried: readonly string[]; away: AwayBook },
): Promise<Due | undefined> {
  const [row] = await tx<Due>`
    SELECT o.id AS "orderId", p.provider FROM pre_sale_orders d JOIN orders o ON o.id = d.order_id
    JOIN payments p ON p.order_id = o.id AND p.state = 'pending'
    WHERE d.due_at <= ${at} AND o.id <> ALL(${tried}::uuid[])
      AND p.prepared_at IS NOT NULL AND p.provider <> 'sandbox' AND p.provider <> ALL(${away.names}::text[])
      AND (p.next_close_at IS NULL OR p.next_close_at <= ${at})
    ORDER BY coalesce(p.next_close_at, d.due_at), o.id LIMIT 1 FOR UPDATE OF o SKIP LOCKED`;
  return row;
}

export function createDue({ db, clock, log, endDueDeposit }: DueDeps) {
  /** One turn. Answers how many orders ended. */
  async function endDue(): Promise<number> {
    const away = createAwayBook();
    const tried: string[] = [];
    let ended = 0;

    /** False: nothing is due. */
    async function endNext(next: (tx: Tx) => Promise<Due | undefined>): Promise<boolean> {
      let current: Due | undefined;
      const began = performance.now();
      try {
        const outcome = await db.transaction(async (tx) => {
          current = await next(tx);
          return current === undefined ? 'none' : await endDueDeposit(tx, current.orderId);
        });
        if (outcome === 'ended') ended++;
        const { provider = null } = current ?? {};
        if (provider !== null) away.answered(provider);
      } catch (error) {
        if (current === undefined) throw error;
        const { orderId, provider } = current;
        log.warn({ err: error, orderId }, 'pre-sale: not ended, will be tried again');
        if (provider !== null) away.failed(provider, error, performance.now() - began);
        await closeAgainLater(db.sql, orderId, clock.now());
      }
      if (current !== undefined) tried.push(current.orderId);
      return current !== undefined;
    }

    while (tried.length < BATCH && (await endNext((tx) => lockNextAtHome(tx, clock.now(), tried))));
    const until = performance.now() + ASKING_MS;
    const most = tried.length + BATCH;
    while (tried.length < most && performance.now() < until) {
      if (!(await endNext((tx) => lockNextAway(tx, clock.now(), { tried, away })))) break;
    }
    return ended;
  }

  return { endDue };
}
