/**
 * What happens to groups at their deadline, in steps that each stand in the database, so that a process that dies anywhere is
 * followed by the next turn (or another process) where it stopped.
 *
 *   1. unpaid orders of the group are closed as all are: the provider is asked first (rule S3). Who has paid meanwhile counts,
 *      and the group may be complete by it.
 *   2. a group of which no seat waits for money any more expires, by one conditional statement.
 *   3. every order of an expired group that is paid is refunded: its row before the provider hears of it (rule S8). What
 *      counts is the order's money, not its seat, which is given back when the refund is asked for: one that was refused for
 *      good is asked for again, later and later.
 *
 * The steps do not wait for each other: a provider that is away keeps those alone who have to be asked about there.
 */
import { createAwayBook } from '../../platform/away-book.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { closeAgainLater } from '../payments/index.ts';
import { expireGroup } from './seats.repository.ts';
import type { GroupSeats } from './seats.ts';

/** Groups, and seats, looked at in one turn. */
const BATCH = 200;
/** Real time in which a turn begins with closing further orders. */
const CLOSING_MS = 10_000;
/** After a refund was refused for good; doubling with each. */
const AGAIN_AFTER_MINUTES = 60;
const MOST_DOUBLINGS = 6;
export const EXPIRED_GROUP_REASON = 'group_expired';

export interface DeadlinesDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly seats: Pick<GroupSeats, 'tell'>;
  /** Closes an unpaid order, or finds it paid (rule S3). */
  readonly closeOrder: (tx: Tx, orderId: string) => Promise<unknown>;
  /** Refunds a paid order in full by the system; its seat is given back with it (rule S8). */
  readonly refundOrder: (tx: Tx, orderId: string, reason: string) => Promise<unknown>;
}

export function createDeadlines(deps: DeadlinesDeps) {
  const { db, clock, log } = deps;

  /** One order a transaction, so that one that fails keeps nobody waiting and comes again next turn. */
  async function one<T>(
    orderId: string,
    work: (tx: Tx) => Promise<T>,
  ): Promise<{ ok: true; value: T } | { ok: false; error: unknown }> {
    try {
      return { ok: true, value: await db.transaction(work) };
    } catch (error) {
      log.warn({ err: error, orderId }, 'group buy: not settled, will be tried again');
      return { ok: false, error };
    }
  }

  /**
   * Those that no provider over the network knows of come first. One that is away is asked no more in this turn, and an order of
   * which its provider could not tell waits a little, so that it does not stand before the others of each turn.
   */
  async function closeUnpaid(): Promise<void> {
    const now = clock.now();
    const waiting = await db.sql<{ orderId: string; provider: string | null }>`
      SELECT s.order_id AS "orderId", p.provider FROM group_buys g JOIN group_seats s ON s.group_id = g.id AND s.state = 'held'
        LEFT JOIN payments p ON p.order_id = s.order_id AND p.state = 'pending' AND p.prepared_at IS NOT NULL
          AND p.provider <> 'sandbox'
      WHERE g.state = 'open' AND g.deadline_at <= ${now} AND (p.next_close_at IS NULL OR p.next_close_at <= ${now})
      ORDER BY p.provider IS NOT NULL, g.deadline_at LIMIT ${BATCH}`;
    const away = createAwayBook();
    const until = performance.now() + CLOSING_MS;
    for (const { orderId, provider } of waiting) {
      if (provider !== null && (away.has(provider) || performance.now() > until)) continue;
      const began = performance.now();
      const closed = await one(orderId, async (tx) => {
        const [unpaid] =
          await tx`SELECT 1 AS found FROM orders WHERE id = ${orderId} AND state = 'pending_payment' FOR UPDATE`;
        if (unpaid) await deps.closeOrder(tx, orderId);
        return unpaid !== undefined;
      });
      if (provider === null) continue;
      if (closed.ok) {
        if (closed.value) away.answered(provider);
        continue;
      }
      away.failed(provider, closed.error, performance.now() - began);
      await closeAgainLater(db.sql, orderId, clock.now());
    }
  }

  async function expire(): Promise<number> {
    const due = await db.sql<{ id: string }>`
      SELECT id FROM group_buys WHERE state = 'open' AND deadline_at <= ${clock.now()} AND held = paid ORDER BY deadline_at LIMIT ${BATCH}`;
    let expired = 0;
    for (const { id } of due)
      await db.transaction(async (tx) => {
        const group = await expireGroup(tx, id, clock.now());
        if (!group) return;
        expired++;
        await deps.seats.tell(tx, 'group-buy:expired', group);
      });
    return expired;
  }

  /** An order that is paid has no refund of all of it under way. */
  async function giveBack(): Promise<void> {
    const owed = await db.sql<{ orderId: string }>`
      SELECT o.id AS "orderId" FROM group_buys g JOIN orders o ON o.group_buy_id = g.id AND o.state = 'paid'
        LEFT JOIN LATERAL (SELECT count(*)::int AS times, max(f.finished_at) AS last FROM refunds f
          WHERE f.order_id = o.id AND f.state = 'failed') refused ON true
      WHERE g.state = 'expired' AND o.paid_fen > o.refunded_fen AND (refused.times = 0 OR refused.last
          + make_interval(mins => ${AGAIN_AFTER_MINUTES}::int * (2 ^ least(refused.times - 1, ${MOST_DOUBLINGS}::int))::int)
          <= ${clock.now()})
      ORDER BY g.ended_at, o.id LIMIT ${BATCH}`;
    for (const { orderId } of owed)
      await one(orderId, async (tx) => {
        const [paid] = await tx`SELECT 1 AS found FROM orders WHERE id = ${orderId} AND state = 'paid' FOR UPDATE`;
        if (paid) await deps.refundOrder(tx, orderId, EXPIRED_GROUP_REASON);
      });
  }

  /** One turn; answers how many groups expired. */
  async function settle(): Promise<number> {
    const kept = <T>(what: string, none: T, step: () => Promise<T>): Promise<T> =>
      step().catch((error: unknown) => {
        log.error({ err: error, step: what }, 'group buy: a step at the deadline failed, will be tried again');
        return none;
      });
    await kept('close', undefined, closeUnpaid);
    const expired = await kept('expire', 0, expire);
    await kept('refund', undefined, giveBack);
    return expired;
  }

  return { settle };
}
