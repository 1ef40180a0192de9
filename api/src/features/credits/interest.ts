/**
 * Who decides about an order's money gains nothing by it (rule A5). One is whoever is the same person: by merge, or by phone, as staff
 * buy and share with an account of their own.
 */
import type { Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';

export type Interest = 'buyer' | 'beneficiary' | 'appellant' | 'receiver';

/** Every account of somebody. */
async function selvesOf(sql: Sql, personId: string): Promise<string[]> {
  const rows = await sql<{ id: string }>`
    WITH own AS (
      SELECT ${personId}::uuid AS id
      UNION SELECT s.id FROM people me JOIN people s ON s.phone = me.phone WHERE me.id = ${personId})
    SELECT id FROM own UNION SELECT g.id FROM people g JOIN own ON g.merged_into = own.id`;
  return rows.map(({ id }) => id);
}

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
/** Nobody gives to themselves. @throws AppError conflict_of_interest */
export async function requireAnother(sql: Sql, by: string, receiverId: string): Promise<void> {
  if ((await selvesOf(sql, by)).includes(receiverId))
    throw new AppError('conflict_of_interest', { facts: { reason: 'receiver' } });
}
