/** Orders whose commission must wait (rule K3): a case is open, or money is on its way back. */

import type { Sql } from '../../platform/db.ts';
import { openAfterSaleStates } from '../after-sales/index.ts';

export async function inDispute(sql: Sql, orderIds: readonly string[]): Promise<Set<string>> {
  if (orderIds.length === 0) return new Set();
  const found = await sql<{ id: string }>`
    SELECT o.id FROM orders o WHERE o.id = ANY(${orderIds}::uuid[]) AND (o.state = 'refunding'
      OR EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = o.id AND i.refunding_fen > 0)
      OR EXISTS (SELECT 1 FROM after_sales a WHERE a.order_id = o.id AND a.state = ANY(${openAfterSaleStates}::text[])))`;
  return new Set(found.map(({ id }) => id));
}
