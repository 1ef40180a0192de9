/** Recomputes the ledger from its entries; tests, drills and operators ask it whether the books are right (rule M2). */
import type { Db } from '../platform/db.ts';

export interface LedgerAudit {
  readonly ok: boolean;
  readonly transfers: number;
  readonly entries: number;
  /** What is wrong, in words with ids; empty when the books are right. */
  readonly problems: readonly string[];
}

/** Reads everything in one snapshot: sums are zero, balances equal their replay, chains have no hole. */
export async function auditLedger(db: Pick<Db, 'transaction'>): Promise<LedgerAudit> {
  return db.transaction(
    async (tx) => {
      const [counts] = await tx<{ transfers: bigint; entries: bigint; total: string }>`
        SELECT (SELECT count(*) FROM ledger_transfers) AS transfers, (SELECT count(*) FROM ledger_entries) AS entries,
          (SELECT coalesce(sum(balance_fen), 0) FROM ledger_accounts)::text AS total`;
      const unbalanced = await tx<{ id: string; kind: string; ref: string; sum: string; legs: bigint }>`
        SELECT t.id, t.kind, t.ref, coalesce(sum(e.amount_fen), 0)::text AS sum, count(e.id) AS legs
        FROM ledger_transfers t LEFT JOIN ledger_entries e ON e.transfer_id = t.id
        GROUP BY t.id HAVING coalesce(sum(e.amount_fen), 0) <> 0 OR count(e.id) < 2`;
      const drifted = await tx<{ id: string; kind: string; owner: string; balance: string; replay: string }>`
        SELECT a.id, a.kind, a.owner, a.balance_fen::text AS balance, coalesce(sum(e.amount_fen), 0)::text AS replay
        FROM ledger_accounts a LEFT JOIN ledger_entries e ON e.account_id = a.id
        GROUP BY a.id HAVING a.balance_fen <> coalesce(sum(e.amount_fen), 0) OR a.entry_count <> count(e.id)`;
      const broken = await tx<{ id: bigint }>`
        SELECT id FROM (
          SELECT id, previous_fen, account_seq,
            lag(current_fen, 1, 0::bigint) OVER chain AS expected, row_number() OVER chain AS seq
          FROM ledger_entries WINDOW chain AS (PARTITION BY account_id ORDER BY account_seq)) e
        WHERE previous_fen <> expected OR account_seq <> seq`;
      const problems = [
        ...(counts?.total === '0' ? [] : [`all balances together are ${counts?.total}, not zero`]),
        ...unbalanced.map((t) => `transfer ${t.kind} ${t.ref} (${t.id}): ${t.legs} entries sum to ${t.sum}`),
        ...drifted.map((a) => `account ${a.kind} ${a.owner}: balance ${a.balance}, replay ${a.replay}`),
        ...broken.map((e) => `entry ${e.id} does not continue its account`),
      ];
      return {
        ok: problems.length === 0,
        transfers: Number(counts?.transfers ?? 0n),
        entries: Number(counts?.entries ?? 0n),
        problems,
      };
    },
    { isolation: 'repeatable read' },
  );
}
