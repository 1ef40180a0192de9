/** Frozen → settleable when the freeze is over, the order was looked at and nothing is in dispute (rules K3, K7). */

import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { step } from './entries.repository.ts';

/** Entries of one transaction: few enough that nobody waits for them. */
const BATCH = 500;

/** Answers how many entries are settleable now. Several processes may run it: each takes what no other holds. */
export async function thawDue({ db, clock }: { db: Db; clock: Clock }): Promise<number> {
  let total = 0;
  for (;;) {
    const at = clock.now();
    const moved = await db.transaction(async (tx) => {
      const due = await tx<{ id: string }>`
        SELECT e.id FROM commission_entries e
        WHERE e.state = 'frozen' AND e.settleable_at <= ${at}
          AND (CASE WHEN e.amount_fen < 0 THEN commission_is_uncovered(e.order_item_id, e.level, e.beneficiary_id, e.state) ELSE false END
            OR (NOT EXISTS (SELECT 1 FROM commission_checks c WHERE c.order_id = e.order_id AND c.checked_at IS NULL)
              AND NOT EXISTS (SELECT 1 FROM orders_in_dispute d WHERE d.order_id = e.order_id)))
        ORDER BY e.settleable_at, e.id LIMIT ${BATCH} FOR UPDATE OF e SKIP LOCKED`;
      return (
        await step(
          tx,
          due.map(({ id }) => id),
          { event: 'thaw', at },
        )
      ).size;
    });
    total += moved;
    if (moved < BATCH) return total;
  }
}
