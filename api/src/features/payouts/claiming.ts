/**
 * Rule K8: what a person is owed becomes a bill in one transaction: entries claimed, tax worked out, ledger moved, number made.
 *
 * One at a time for each person (advisory lock), so that two withdrawals, or a withdrawal and a run, never share an entry, a
 * day's allowance or a month's tax. A line that comes to nothing claims nothing: what is due is carried forward (rule K4).
 */
import { createHash } from 'node:crypto';
import type { PayoutHindrance, PayoutSource } from '@walnut-live/contracts';
import type { Ledger } from '../../ledger/index.ts';
import { chinaDayStart, chinaMonthOf } from '../../platform/china-day.policy.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import { type AccountOf, realNamesOf } from './accounts.ts';
import { billNoOf } from './bills.policy.ts';
import { insertBill } from './bills.repository.ts';
import type { Source } from './sources.ts';
import { termsAt, termsOf } from './terms.ts';
import { type MonthSoFar, withholdingFor } from './withholding.policy.ts';

export interface LineToClaim {
  readonly id: string;
  readonly runId: string | null;
  readonly person: { readonly id: string; readonly kind: string };
  readonly source: PayoutSource;
  /** Null: everywhere. */
  readonly scope: string | null;
  readonly upTo: Date;
  /** Parts of commission that were settleable when the line was approved; null: whatever there is (withdrawals, lines of before 0391). */
  readonly onlyIds: readonly string[] | null;
  /** More than this is not claimed: it was not approved, or the day does not allow it. */
  readonly mostFen: bigint | null;
  /** Terms it was approved with; null: those in force. */
  readonly termsVersion: number | null;
  readonly actorId: string | null;
}
export type Claimed =
  | { readonly billId: string; readonly grossFen: bigint; readonly withheldFen: bigint; readonly netFen: bigint }
  | { readonly carried: Hindrance };
type Hindrance = PayoutHindrance | 'more_than_approved';

const lockOf = (personId: string): bigint =>
  createHash('sha256').update(`payout ${personId}`).digest().readBigInt64BE();
/** Whoever works out what a person is paid next holds this until they commit. */
export async function lockPayee(tx: Tx, personId: string): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(${lockOf(personId)}::bigint)`;
}

const monthStart = (at: Date): Date => chinaDayStart(`${chinaMonthOf(at)}-01`);
/** Paid or on its way since the month began; what came back does not count. */
export async function monthsSoFar(
  sql: Sql,
  personIds: readonly string[],
  at: Date,
): Promise<ReadonlyMap<string, MonthSoFar>> {
  const rows = await sql<{ id: string } & MonthSoFar>`
    SELECT person_id AS id, sum(gross_fen)::bigint AS "grossFen", sum(withheld_fen)::bigint AS "withheldFen" FROM payout_bills
    WHERE person_id = ANY(${personIds}::uuid[]) AND created_at >= ${monthStart(at)} AND source = 'commission'
      AND state NOT IN ('failed', 'cancelled') GROUP BY person_id`;
  return new Map(rows.map(({ id, ...month }) => [id, month]));
}
export const NOTHING_YET: MonthSoFar = { grossFen: 0n, withheldFen: 0n };

export function createClaiming(deps: {
  clock: Clock;
  random: Random;
  ledger: Ledger;
  accountOf: AccountOf;
  sources: Readonly<Record<PayoutSource, Source>>;
}) {
  const { clock, random, ledger } = deps;

  /** The line's row is locked by the caller, and neither claimed nor paid. Leaves the line `claimed` or `carried`. */
  return async function claimLine(tx: Tx, line: LineToClaim): Promise<Claimed> {
    const { person } = line;
    await lockPayee(tx, person.id);
    const at = clock.now();
    const source = deps.sources[line.source];
    const carry = async (reason: Hindrance, taken = true): Promise<Claimed> => {
      if (taken) await source.giveBack(tx, line.id, at, reason);
      await tx`UPDATE settlement_lines SET state = 'carried', reason = ${reason}, ended_at = ${at}, gross_fen = 0, withheld_fen = 0,
        net_fen = 0, entries = 0 WHERE id = ${line.id}`;
      return { carried: reason };
    };
    const account = await deps.accountOf(tx, person);
    if (!account) return carry('no_account', false);
    const terms = await (line.termsVersion === null ? termsAt(tx, at) : termsOf(tx, line.termsVersion));
    const { scope, upTo, onlyIds, mostFen } = line;
    const wanted = { lineId: line.id, personId: person.id, scope, upTo, onlyIds, mostFen, at };
    const { entries, sumFen, isCut } = await source.take(tx, wanted);
    // Nothing of it fits: what was offset when it was approved was offset elsewhere since.
    if (sumFen <= 0n) return carry(isCut ? 'more_than_approved' : 'not_positive', false);
    if (sumFen < terms.minimumFen) return carry('below_minimum');
    const month = (await monthsSoFar(tx, [person.id], at)).get(person.id) ?? NOTHING_YET;
    const withheldFen =
      line.source === 'commission' ? withholdingFor(terms.withholding, person.kind, sumFen, month) : 0n;
    const netFen = sumFen - withheldFen;
    const realName = (await realNamesOf(tx, [person.id])).get(person.id) ?? null;
    const isLarge = netFen >= terms.realNameFromFen;
    if (isLarge && realName === null) return carry('real_name_needed');

    await tx`UPDATE settlement_lines SET state = 'claimed', gross_fen = ${sumFen}, withheld_fen = ${withheldFen}, net_fen = ${netFen},
      entries = ${entries}, reason = NULL, claimed_at = ${at}, ended_at = NULL WHERE id = ${line.id}`;
    if (line.source === 'commission')
      await tx`INSERT INTO settlement_line_stores (line_id, store_id, org_path, amount_fen, entries)
        SELECT ${line.id}::uuid, store_id, min(org_path), sum(amount_fen)::bigint, count(*)::int FROM commission_parts
        WHERE settlement_line_id = ${line.id} GROUP BY store_id`;
    const billId = random.id();
    const legs = await source.legs(tx, { id: line.id, personId: person.id, grossFen: sumFen });
    await ledger.postTransfer(tx, {
      ...{ kind: 'payout_claimed', ref: billId, at },
      entries: [...legs, { account: { kind: 'payout_transit', owner: person.id }, amountFen: -sumFen }],
    });
    await insertBill(tx, {
      ...{ id: billId, billNo: billNoOf(billId), lineId: line.id, runId: line.runId, personId: person.id },
      ...{
        source: line.source,
        provider: account.provider,
        openId: account.openId,
        realName: isLarge ? realName : null,
      },
      ...{ grossFen: sumFen, withheldFen, netFen, at, actorId: line.actorId },
    });
    return { billId, grossFen: sumFen, withheldFen, netFen };
  };
}
export type ClaimLine = ReturnType<typeof createClaiming>;
