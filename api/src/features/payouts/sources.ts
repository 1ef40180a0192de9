/**
 * Where what a person is owed comes from, and how it is set aside for one transfer, given back, or ended (rules K4, K8).
 * Commission is claimed entry by entry; rewards are an amount of a prepaid account, which the ledger never lets below nothing.
 */
import type { PayoutSource } from '@walnut-live/contracts';
import type { Leg } from '../../ledger/index.ts';
import type { Sql, Tx } from '../../platform/db.ts';

/** What commissions let be done to their entries and bonuses. */
export interface CommissionClaims {
  claim(
    tx: Tx,
    asked: {
      lineId: string;
      beneficiaryId: string;
      storePath: string | null;
      upTo: Date;
      /** Whatever is negative is taken wherever and whenever it arose (rule K4). */
      withAllMinus: boolean;
      /** Nothing positive but these; null: whatever there is. */
      onlyIds: readonly string[] | null;
      mostFen: bigint | null;
      at: Date;
    },
  ): Promise<{ entries: readonly unknown[]; sumFen: bigint; isCut: boolean }>;
  unclaim(tx: Tx, line: { lineId: string; at: Date; reason?: string }): Promise<unknown>;
  markPaid(tx: Tx, line: { lineId: string; at: Date }): Promise<unknown>;
}
export interface Wanted {
  readonly lineId: string;
  readonly personId: string;
  /** Null: everywhere. */
  readonly scope: string | null;
  readonly upTo: Date;
  /** Parts of commission that were approved; null: whatever there is. */
  readonly onlyIds: readonly string[] | null;
  /** At most this much. */
  readonly mostFen: bigint | null;
  readonly at: Date;
}
export interface Source {
  /** `isCut`: there is more than `mostFen`. */
  take(tx: Tx, wanted: Wanted): Promise<{ entries: number; sumFen: bigint; isCut: boolean }>;
  /** Accounts the line's money stands in, as debits, in the same transaction as `take` or before `giveBack`. */
  legs(tx: Tx, line: { id: string; personId: string; grossFen: bigint }): Promise<Leg[]>;
  giveBack(tx: Tx, lineId: string, at: Date, reason: string): Promise<unknown>;
  end(tx: Tx, lineId: string, at: Date): Promise<unknown>;
}

export function createSources(claims: CommissionClaims): Readonly<Record<PayoutSource, Source>> {
  return {
    commission: {
      async take(tx, { personId, scope, ...wanted }) {
        const asked = { ...wanted, beneficiaryId: personId, storePath: scope, withAllMinus: true };
        const { entries, sumFen, isCut } = await claims.claim(tx, asked);
        return { entries: entries.length, sumFen, isCut };
      },
      async legs(tx, { id }) {
        const sums = await tx<{ owner: string; amountFen: bigint }>`
          SELECT beneficiary_id AS owner, sum(amount_fen)::bigint AS "amountFen" FROM commission_parts
          WHERE settlement_line_id = ${id} GROUP BY beneficiary_id HAVING sum(amount_fen) <> 0 ORDER BY beneficiary_id`;
        return sums.map(({ owner, amountFen }) => ({ account: { kind: 'commission_payable', owner }, amountFen }));
      },
      giveBack: (tx, lineId, at, reason) => claims.unclaim(tx, { lineId, at, reason }),
      end: (tx, lineId, at) => claims.markPaid(tx, { lineId, at }),
    },
    rewards: {
      async take(tx, { personId, mostFen }) {
        const balance = await rewardsOf(tx, personId);
        const isCut = mostFen !== null && mostFen < balance;
        return { entries: 0, sumFen: isCut ? mostFen : balance, isCut };
      },
      legs: async (_tx, { personId, grossFen }) => [
        { account: { kind: 'reward_balance', owner: personId }, amountFen: grossFen },
      ],
      giveBack: async () => undefined,
      end: async () => undefined,
    },
  };
}

export async function rewardsOf(sql: Sql, personId: string): Promise<bigint> {
  const [row] = await sql<{ fen: bigint }>`
    SELECT -balance_fen AS fen FROM ledger_accounts WHERE kind = 'reward_balance' AND owner = ${personId}`;
  return row?.fen ?? 0n;
}
