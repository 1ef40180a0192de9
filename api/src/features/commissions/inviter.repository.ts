/** As what somebody brings orders: role, tier of the month before, level of membership. */
import type { Tx } from '../../platform/db.ts';
import type { InviterRole } from './rates.policy.ts';
import { monthBefore } from './tiers.policy.ts';
import { netOfMonth } from './tiers.repository.ts';

export interface InviterFacts {
  readonly inviterRole: InviterRole;
  /** Sold in the month before, net of refunds; zero when no rule asks. */
  readonly netBeforeFen: bigint;
  readonly memberLevel: number;
}
export interface InviterRow {
  staffRole: string | null;
  isKoc: boolean;
  memberLevel: number;
}
export async function readInviter(
  tx: Tx,
  personId: string,
  needs: {
    /** The month of the sale, when a rule asks for tiers. */
    tierBefore: string | null;
    isAgent: ((tx: Tx, personId: string) => Promise<boolean>) | undefined;
  },
): Promise<InviterFacts> {
  const [row] = await tx<InviterRow>`
    SELECT (SELECT s.role FROM staff_accounts s WHERE s.person_id = ${personId} AND s.active) AS "staffRole",
      EXISTS (SELECT 1 FROM customer_marks m WHERE m.person_id = ${personId} AND m.kind = 'koc' AND m.ended_at IS NULL) AS "isKoc",
      coalesce((SELECT rank FROM member_standings WHERE person_id = ${personId}), 0) AS "memberLevel"`;
  const isAgent = row?.staffRole ? false : ((await needs.isAgent?.(tx, personId)) ?? false);
  const month = needs.tierBefore === null ? null : monthBefore(needs.tierBefore);
  const sold = month === null ? [] : await netOfMonth(tx, personId, month);
  const netBeforeFen = sold.reduce((sum, { netFen }) => sum + netFen, 0n);
  return { inviterRole: roleOf(row, isAgent), netBeforeFen, memberLevel: row?.memberLevel ?? 0 };
}
export function roleOf(row: Pick<InviterRow, 'staffRole' | 'isKoc'> | undefined, isAgent: boolean): InviterRole {
  if (row?.staffRole) return row.staffRole === 'guide' ? 'guide' : 'staff';
  if (isAgent) return 'agent';
  return row?.isKoc ? 'koc' : 'consumer';
}
