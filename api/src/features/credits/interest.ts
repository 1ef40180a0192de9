/**
 * Who decides about an order's money gains nothing by it (rule A5). All their accounts are looked at, as
 * staff buy and share with an account of their own.
 */
import type { Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { selvesOf } from '../identity/index.ts';

export type Interest = 'buyer' | 'beneficiary' | 'appellant' | 'receiver' | 'inviter';

/** What somebody has to do with an order: bought it, earns or earned of it, or asked about its credit. */
export async function interestIn(sql: Sql, orderId: string, personId: string): Promise<Interest | null> {
  const selves = await selvesOf(sql, personId);
  const [row] = await sql<{ interest: Interest | null }>`
    SELECT CASE
      WHEN EXISTS (SELECT 1 FROM orders WHERE id = ${orderId} AND person_id = ANY(${selves}::uuid[])) THEN 'buyer'
      WHEN EXISTS (SELECT 1 FROM commission_entries WHERE order_id = ${orderId} AND beneficiary_id = ANY(${selves}::uuid[]))
        OR EXISTS (SELECT 1 FROM order_credits WHERE order_id = ${orderId} AND person_id = ANY(${selves}::uuid[])) THEN 'beneficiary'
      WHEN EXISTS (SELECT 1 FROM credit_appeals WHERE order_id = ${orderId} AND person_id = ANY(${selves}::uuid[])
        AND state = 'open') THEN 'appellant' END AS interest`;
  return row?.interest ?? null;
}
/** @throws AppError conflict_of_interest: another of headquarters decides */
export async function requireNoInterest(sql: Sql, orderId: string, personId: string): Promise<void> {
  const reason = await interestIn(sql, orderId, personId);
  if (reason !== null) throw new AppError('conflict_of_interest', { facts: { reason } });
}
/**
 * Nobody gives a credit to themselves, nor to somebody they brought: level two (rule K2) would be theirs.
 * @throws AppError conflict_of_interest
 */
export async function requireNoGain(sql: Sql, by: string, receiverId: string): Promise<void> {
  const selves = await selvesOf(sql, by);
  const refuse = (reason: Interest) => new AppError('conflict_of_interest', { facts: { reason } });
  if (selves.includes(receiverId)) throw refuse('receiver');
  const brought = await sql`SELECT 1 FROM invite_edges WHERE inviter_id = ANY(${selves}::uuid[])
    AND invitee_id IN (SELECT selves_of(${receiverId}::uuid)) LIMIT 1`;
  if (brought.length > 0) throw refuse('inviter');
}
