/** Marketing budgets: money that headquarters sets aside for units, spent on red packets alone, in rooms and for newcomers. It stands in the ledger. */
import { type BodyOf, fenToWire, type grantBudget, isWithin, type MarketingBudget } from '@walnut-live/contracts';
import type { Ledger } from '../../ledger/index.ts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';

interface Row {
  id: string;
  kind: 'hq' | 'channel' | 'store';
  path: string;
  name: string;
  availableFen: bigint;
  reservedFen: bigint;
}
const toView = ({ availableFen, reservedFen, ...orgUnit }: Row): MarketingBudget => ({
  orgUnit,
  availableFen: fenToWire(availableFen),
  reservedFen: fenToWire(reservedFen),
});

export function createBudgets(deps: { db: Db; clock: Clock; random: Random; ledger: Ledger }) {
  const { db, clock, random, ledger } = deps;
  const read = (sql: Sql, scope: string, unitId: string | null) => sql<Row>`
    SELECT u.id, u.kind, u.path, u.name, -coalesce(b.balance_fen, 0) AS "availableFen",
      coalesce((SELECT -sum(a.balance_fen) FROM red_packets p JOIN ledger_accounts a ON a.kind = 'red_packet' AND a.owner = p.id::text
        WHERE p.org_unit_id = u.id AND p.state = 'running'), 0)::bigint
        + coalesce((SELECT sum(g.amount_fen * (g.count - g.taken)) FROM newcomer_gifts g WHERE g.org_unit_id = u.id AND g.state = 'running'), 0)::bigint AS "reservedFen"
    FROM org_units u LEFT JOIN ledger_accounts b ON b.kind = 'marketing_budget' AND b.owner = u.id::text
    WHERE (u.path = ${scope} OR u.path LIKE ${`${scope}.%`}) AND (${unitId}::uuid IS NULL OR u.id = ${unitId}::uuid) ORDER BY u.path`;
  return {
    async list(principal: StaffPrincipal): Promise<{ items: MarketingBudget[] }> {
      return { items: (await read(db.sql, principal.staff.orgPath, null)).map(toView) };
    },
    /** In the transaction of its idempotency key. @throws AppError not_found */
    async grant(tx: Tx, principal: StaffPrincipal, orgUnitId: string, body: BodyOf<typeof grantBudget>) {
      const [unit] = await tx<{ path: string }>`SELECT path FROM org_units WHERE id = ${orgUnitId}`;
      if (!unit || !isWithin(unit.path, principal.staff.orgPath)) throw new AppError('not_found');
      requireScope(principal, 'budgets:write', unit.path);
      const id = random.id();
      const amountFen = BigInt(body.amountFen);
      await ledger.postTransfer(tx, {
        kind: 'budget_granted',
        ref: id,
        at: clock.now(),
        entries: [
          { account: { kind: 'marketing_expense', owner: orgUnitId }, amountFen },
          { account: { kind: 'marketing_budget', owner: orgUnitId }, amountFen: -amountFen },
        ],
      });
      await writeAudit(tx, deps, {
        actorId: principal.personId,
        action: 'budget:granted',
        target: `org-unit:${orgUnitId}`,
        orgPath: unit.path,
        reason: body.reason,
        detail: { amountFen: body.amountFen, transfer: id },
      });
      const [after] = await read(tx, unit.path, orgUnitId);
      if (!after) throw new AppError('not_found');
      return toView(after);
    },
  };
}
