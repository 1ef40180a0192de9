/** Orders whose commission must wait (rule K3): a case or an appeal is open, or money is on its way back; what the view says. */

import type { Sql } from '../../platform/db.ts';

export async function inDispute(sql: Sql, orderIds: readonly string[]): Promise<Set<string>> {
  if (orderIds.length === 0) return new Set();
  const found = await sql<{ id: string }>`
    SELECT order_id AS id FROM orders_in_dispute WHERE order_id = ANY(${orderIds}::uuid[])`;
  return new Set(found.map(({ id }) => id));
}
