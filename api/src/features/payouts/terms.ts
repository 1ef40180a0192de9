/** What settlement and withdrawal go by: versions that are only ever added to. */
import { getSettlementTerms, putSettlementTerms, type ReplyOf, type WithholdingRule } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { isSound } from './withholding.policy.ts';

export interface Terms {
  readonly version: number;
  readonly minimumFen: bigint;
  readonly dayCapFen: bigint;
  readonly dayTransfers: number;
  readonly realNameFromFen: bigint;
  readonly withholding: WithholdingRule;
  readonly effectiveFrom: Date;
  readonly reason: string;
}
export async function termsAt(sql: Sql, at: Date): Promise<Terms> {
  const [row] = await sql<Terms>`
    SELECT version, minimum_fen AS "minimumFen", day_cap_fen AS "dayCapFen", day_transfers AS "dayTransfers",
      real_name_from_fen AS "realNameFromFen", withholding, effective_from AS "effectiveFrom", reason
    FROM settlement_terms WHERE effective_from <= ${at} ORDER BY effective_from DESC, version DESC LIMIT 1`;
  if (!row) throw new Error('no terms of settlement are in force');
  return row;
}
/** As they were in that version, whatever is in force now. */
export async function termsOf(sql: Sql, version: number): Promise<Terms> {
  const [row] = await sql<Terms>`
    SELECT version, minimum_fen AS "minimumFen", day_cap_fen AS "dayCapFen", day_transfers AS "dayTransfers",
      real_name_from_fen AS "realNameFromFen", withholding, effective_from AS "effectiveFrom", reason
    FROM settlement_terms WHERE version = ${version}`;
  if (!row) throw new Error(`there are no terms of settlement ${version}`);
  return row;
}
/** Until the transaction ends nobody sets others: what is worked out by them is still true when it is written. */
export async function holdTerms(tx: Tx): Promise<void> {
  await tx`LOCK TABLE settlement_terms IN SHARE MODE`;
}
const view = (row: Terms): ReplyOf<typeof getSettlementTerms> => ({
  ...row,
  minimumFen: Number(row.minimumFen),
  dayCapFen: Number(row.dayCapFen),
  realNameFromFen: Number(row.realNameFromFen),
  effectiveFrom: row.effectiveFrom.toISOString(),
});

export function bindTerms(deps: { bind: Binder; db: Db; clock: Clock; random: Random }): void {
  const { bind, db, clock } = deps;
  bind(getSettlementTerms, async () => view(await termsAt(db.sql, clock.now())));
  bind(putSettlementTerms, ({ principal, body }) =>
    db.transaction(async (tx) => {
      const { reason, seenVersion, ...terms } = body;
      if (!isSound(terms.withholding) || terms.dayCapFen < terms.minimumFen)
        throw new AppError('invalid_request', { issues: [{ path: '/withholding', issue: 'not_rising' }] });
      // One version after the other, also when two are set at once.
      await tx`LOCK TABLE settlement_terms IN EXCLUSIVE MODE`;
      const { version } = await termsAt(tx, clock.now());
      if (version !== seenVersion) throw new AppError('state_conflict', { facts: { version } });
      await tx`INSERT INTO settlement_terms (version, minimum_fen, day_cap_fen, day_transfers, real_name_from_fen, withholding,
          effective_from, set_by, reason)
        SELECT max(version) + 1, ${terms.minimumFen}, ${terms.dayCapFen}, ${terms.dayTransfers}, ${terms.realNameFromFen},
          ${JSON.stringify(terms.withholding)}::jsonb, ${clock.now()}, ${principal.personId}, ${reason} FROM settlement_terms`;
      const set = await termsAt(tx, clock.now());
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'settlement-terms:set', target: `settlement-terms:${set.version}` },
        ...{ orgPath: principal.staff.orgPath, reason, detail: { ...terms } },
      });
      return view(set);
    }),
  );
}
