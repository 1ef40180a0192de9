/**
 * The double-entry ledger: the one place where money moves (rule M2).
 *
 * Model: accounts (kind, owner) are made when first used; a transfer (kind, ref) has entries that sum to zero; an entry keeps
 * the balance before and after it. Invariants: entries are never changed (trigger), a transfer sums to zero at commit
 * (trigger), an account's balance is the replay of its entries. The same (kind, ref) moves money once, however often asked.
 */
import type { Random } from '../platform/clock.ts';
import type { Tx } from '../platform/db.ts';
import { type Tracing, untraced } from '../platform/tracing.ts';
import { accountsInLockOrder, chainEntries, checkTransfer, LedgerRuleError, type Transfer } from './ledger.policy.ts';
import { appendEntries, fingerprint, insertTransfer, lockAccounts, readTransfer } from './ledger.repository.ts';

export {
  type AccountKind,
  type AccountRef,
  LedgerRuleError,
  LedgerShortError,
  type Leg,
  type Transfer,
} from './ledger.policy.ts';
export { auditLedger, type LedgerAudit } from './ledger-audit.ts';

export interface Ledger {
  /**
   * Posts a transfer in the caller's transaction. Posting the same (kind, ref) again changes nothing and answers
   * `posted: false`; with other entries it is a mistake and throws LedgerRuleError, as does a transfer that breaks M2. Taking
   * more out of a prepaid account than there is throws LedgerShortError.
   * Five statements, seven when an account is new.
   */
  postTransfer(tx: Tx, transfer: Transfer): Promise<{ transferId: string; posted: boolean }>;
}

export function createLedger(deps: { random: Random; tracing?: Pick<Tracing, 'span'> }): Ledger {
  const { span } = deps.tracing ?? untraced;
  return {
    postTransfer: (tx, transfer) =>
      span('ledger.transfer', () => post(tx, transfer), { facts: { 'walnut.kind': transfer.kind } }),
  };

  async function post(tx: Tx, transfer: Transfer): Promise<{ transferId: string; posted: boolean }> {
    checkTransfer(transfer);
    const transferId = await insertTransfer(tx, deps.random, transfer);
    if (transferId === undefined) {
      const known = await readTransfer(tx, transfer.kind, transfer.ref);
      if (fingerprint(known.entries) !== fingerprint(transfer.entries))
        throw new LedgerRuleError(`transfer ${transfer.kind} ${transfer.ref} was posted with other entries`);
      return { transferId: known.id, posted: false };
    }
    const states = await lockAccounts(tx, deps.random, accountsInLockOrder(transfer.entries));
    const { entries, after } = chainEntries(states, transfer.entries);
    await appendEntries(tx, transferId, transfer.at, entries, after);
    return { transferId, posted: true };
  }
}
