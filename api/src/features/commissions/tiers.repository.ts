/** What people sold in a month, as level-one entries say: the last entry of an item says what is left of it. */

import { chinaDayStart } from '../../platform/china-day.policy.ts';
import type { Sql } from '../../platform/db.ts';
import type { StoreNet } from './tiers.policy.ts';
import { monthAfter } from './tiers.policy.ts';

/** Per store. What is held does not count before it is released; what was taken or voided has no basis left. */
export async function netOfMonth(sql: Sql, personId: string, month: string): Promise<StoreNet[]> {
  return leftOfMonth(sql, personId, month, false);
}
export async function heldOfMonth(sql: Sql, personId: string, month: string): Promise<bigint> {
  const held = await leftOfMonth(sql, personId, month, true);
  return held.reduce((sum, { netFen }) => sum + netFen, 0n);
}
async function leftOfMonth(sql: Sql, personId: string, month: string, isHeld: boolean): Promise<StoreNet[]> {
  const [from, to] = [chinaDayStart(`${month}-01`), chinaDayStart(`${monthAfter(month)}-01`)];
  return sql<StoreNet>`
    SELECT "storeId", "orgPath", sum(basis)::bigint AS "netFen" FROM (
      SELECT DISTINCT ON (e.order_item_id) e.store_id AS "storeId", e.org_path AS "orgPath", e.basis_fen AS basis, e.state
      FROM commission_entries e JOIN orders o ON o.id = e.order_id
      WHERE e.beneficiary_id IN (SELECT id FROM people WHERE id = ${personId} OR merged_into = ${personId}) AND e.level = 1
        AND o.paid_at >= ${from} AND o.paid_at < ${to} AND e.at >= ${from}
      ORDER BY e.order_item_id, e.seq DESC) last
    WHERE (state = 'held') = ${isHeld} GROUP BY 1, 2 HAVING sum(basis) > 0`;
}
