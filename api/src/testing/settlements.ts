/** Commission that can be settled, written with plain SQL and its ledger transfer; and what tests of settlement drive. */
import { randomUUID } from 'node:crypto';
import { claim, markPaid, unclaim } from '../features/commissions/index.ts';
import { createLedger } from '../ledger/index.ts';
import type { Random } from '../platform/clock.ts';
import type { Db } from '../platform/db.ts';

export const testClaims = { claim, unclaim, markPaid };

export interface PostedEntry {
  readonly id: string;
  readonly itemId: string;
  readonly personId: string;
  readonly amountFen: bigint;
}
/** An entry as the feature would leave it: with its history and what is owed for it. `against`: taken back of an earlier one. */
export async function postEntry(
  deps: { db: Db; random: Random },
  entry: {
    personId: string;
    store: { id: string; path: string };
    amountFen: bigint;
    at: Date;
    state?: 'settleable' | 'held' | 'estimated';
    against?: PostedEntry;
  },
): Promise<PostedEntry> {
  const { db, random } = deps;
  const { personId, store, amountFen, at, against, state = 'settleable' } = entry;
  const id = randomUUID();
  const itemId = against?.itemId ?? randomUUID();
  await db.transaction(async (tx) => {
    await tx`INSERT INTO commission_entries (id, order_id, order_item_id, beneficiary_id, store_id, org_path, level, event, event_ref,
        basis_fen, bps, amount_fen, rule_version, state, held_reason, settleable_at, at)
      VALUES (${id}, ${randomUUID()}, ${itemId}, ${personId}, ${store.id}, ${store.path}, 1, ${against ? 'refunded' : 'paid'}, ${id},
        0, 0, ${amountFen}, 1, ${state}, ${state === 'held' ? 'burst' : ''}, ${state === 'settleable' ? at : null}, ${at})`;
    await tx`INSERT INTO commission_transitions (entry_id, to_state, event, at) VALUES (${id}, ${state}, 'posted', ${at})`;
    await createLedger({ random }).postTransfer(tx, {
      ...{ kind: against ? 'commission_taken_back' : 'commission_earned', ref: id, at },
      entries: [
        { account: { kind: 'commission_expense', owner: store.id }, amountFen },
        { account: { kind: 'commission_payable', owner: personId }, amountFen: -amountFen },
      ],
    });
  });
  return { id, itemId, personId, amountFen };
}
