/** The rows of the ledger. Accounts are locked in one order by everybody, so two transfers wait for each other, never in a circle. */
import { createHash } from 'node:crypto';
import type { Random } from '../platform/clock.ts';
import type { Tx } from '../platform/db.ts';
import {
  type AccountKind,
  type AccountRef,
  type AccountState,
  accountKey,
  type ChainedEntry,
  type Leg,
  type Transfer,
} from './ledger.policy.ts';

/** Inserts the head of the transfer; undefined when this fact has moved money before. Waits for a rival that is at it now. */
export async function insertTransfer(tx: Tx, random: Random, transfer: Transfer): Promise<string | undefined> {
  const [row] = await tx<{ id: string }>`
    INSERT INTO ledger_transfers (id, kind, ref, at) VALUES (${random.id()}, ${transfer.kind}, ${transfer.ref}, ${transfer.at})
    ON CONFLICT (kind, ref) DO NOTHING RETURNING id`;
  return row?.id;
}

export async function readTransfer(tx: Tx, kind: string, ref: string): Promise<{ id: string; entries: Leg[] }> {
  const rows = await tx<{ id: string; kind: AccountKind; owner: string; amount_fen: bigint }>`
    SELECT t.id, a.kind, a.owner, e.amount_fen FROM ledger_transfers t
    JOIN ledger_entries e ON e.transfer_id = t.id JOIN ledger_accounts a ON a.id = e.account_id
    WHERE t.kind = ${kind} AND t.ref = ${ref} ORDER BY e.id`;
  const first = rows[0];
  if (!first) throw new Error(`ledger: transfer ${kind} ${ref} has no entries`);
  return {
    id: first.id,
    entries: rows.map((row) => ({ account: { kind: row.kind, owner: row.owner }, amountFen: row.amount_fen })),
  };
}

/** Locks the accounts in the order given, making those that do not exist yet. */
export async function lockAccounts(
  tx: Tx,
  random: Random,
  accounts: readonly AccountRef[],
): Promise<Map<string, AccountState>> {
  const read = async () => {
    const rows = await tx<{ id: string; kind: AccountKind; owner: string; balance_fen: bigint; entry_count: bigint }>`
      SELECT a.id, a.kind, a.owner, a.balance_fen, a.entry_count
      FROM ledger_accounts a
      JOIN unnest(${accounts.map((a) => a.kind)}::text[], ${accounts.map((a) => a.owner)}::text[])
        AS wanted (kind, owner) ON a.kind = wanted.kind AND a.owner = wanted.owner
      ORDER BY a.kind COLLATE "C", a.owner COLLATE "C" FOR UPDATE OF a`;
    return new Map(
      rows.map((row) => [accountKey(row), { id: row.id, balanceFen: row.balance_fen, entryCount: row.entry_count }]),
    );
  };
  const known = await read();
  if (known.size === accounts.length) return known;
  const missing = accounts.filter((account) => !known.has(accountKey(account)));
  await tx`
    INSERT INTO ledger_accounts (id, kind, owner)
    SELECT * FROM unnest(${missing.map(() => random.id())}::uuid[], ${missing.map((a) => a.kind)}::text[], ${missing.map((a) => a.owner)}::text[])
    ON CONFLICT (kind, owner) DO NOTHING`;
  return read();
}

export async function appendEntries(
  tx: Tx,
  transferId: string,
  at: Date,
  entries: readonly ChainedEntry[],
  after: readonly AccountState[],
): Promise<void> {
  await tx`
    INSERT INTO ledger_entries (transfer_id, account_id, amount_fen, previous_fen, current_fen, account_seq, at)
    SELECT ${transferId}::uuid, e.account_id, e.amount, e.previous, e.current, e.seq, ${at}::timestamptz
    FROM unnest(${entries.map((e) => e.accountId)}::uuid[], ${entries.map((e) => e.amountFen)}::bigint[],
      ${entries.map((e) => e.previousFen)}::bigint[], ${entries.map((e) => e.currentFen)}::bigint[],
      ${entries.map((e) => e.accountSeq)}::bigint[]) WITH ORDINALITY AS e (account_id, amount, previous, current, seq, n)
    ORDER BY e.n`;
  await tx`
    UPDATE ledger_accounts a SET balance_fen = s.balance, entry_count = s.count
    FROM unnest(${after.map((s) => s.id)}::uuid[], ${after.map((s) => s.balanceFen)}::bigint[], ${after.map((s) => s.entryCount)}::bigint[])
      AS s (id, balance, count)
    WHERE a.id = s.id`;
}

/** A name for a set of legs, whatever their order: the same fact must always say the same. */
export function fingerprint(entries: readonly Leg[]): string {
  const lines = entries.map((entry) => `${accountKey(entry.account)}\u0000${entry.amountFen}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('base64url');
}
