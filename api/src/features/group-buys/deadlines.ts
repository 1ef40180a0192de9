/**
 * What happens to groups at their deadline, in steps that each stand in the database, so that a process that dies anywhere is
 * followed by the next turn (or another process) where it stopped.
 *
 *   1. unpaid orders of the group are closed as all are: the provider is asked first (rule S3). Who has paid meanwhile counts,
 *      and the group may be complete by it.
 *   2. a group of which no seat waits for money any more expires, by one conditional statement.
 *   3. every paid seat of an expired group is refunded: its row before the provider hears of it (rule S8).
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { expireGroup } from './seats.repository.ts';
import type { GroupSeats } from './seats.ts';

/** Groups, and seats, looked at in one turn. */
const BATCH = 200;
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
  async function each(orderIds: readonly string[], work: (tx: Tx, orderId: string) => Promise<unknown>): Promise<void> {
    for (const orderId of orderIds)
      await db
        .transaction((tx) => work(tx, orderId))
        .catch((error: unknown) => log.warn({ err: error, orderId }, 'group buy: not settled, will be tried again'));
  }

  /** One turn; answers how many groups expired. */
  async function settle(): Promise<number> {
    const waiting = await db.sql<{ orderId: string }>`
      SELECT s.order_id AS "orderId" FROM group_buys g JOIN group_seats s ON s.group_id = g.id AND s.state = 'held'
      WHERE g.state = 'open' AND g.deadline_at <= ${clock.now()} ORDER BY g.deadline_at LIMIT ${BATCH}`;
    await each(
      waiting.map(({ orderId }) => orderId),
      async (tx, orderId) => {
        const [unpaid] =
          await tx`SELECT 1 AS found FROM orders WHERE id = ${orderId} AND state = 'pending_payment' FOR UPDATE`;
        if (unpaid) await deps.closeOrder(tx, orderId);
      },
    );

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

    const owed = await db.sql<{ orderId: string }>`
      SELECT s.order_id AS "orderId" FROM group_buys g JOIN group_seats s ON s.group_id = g.id AND s.state = 'paid'
      WHERE g.state = 'expired' ORDER BY g.ended_at, s.order_id LIMIT ${BATCH}`;
    await each(
      owed.map(({ orderId }) => orderId),
      async (tx, orderId) => {
        const [paid] = await tx`
          SELECT 1 AS found FROM orders o JOIN group_seats s ON s.order_id = o.id
          WHERE o.id = ${orderId} AND s.state = 'paid' FOR UPDATE OF o`;
        if (paid) await deps.refundOrder(tx, orderId, EXPIRED_GROUP_REASON);
      },
    );
    return expired;
  }

  return { settle };
}
