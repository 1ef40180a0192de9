/** Entries that are held (rule K7): holding them, letting them go on, and holds that nothing is left of. */
import type { Tx } from '../../platform/db.ts';
import { standingOf } from './commission-states.policy.ts';
import { step } from './entries.repository.ts';
import { freezeDaysOf } from './rules.repository.ts';

interface HeldEntry {
  id: string;
  version: number;
}
/** What is held of the order goes on where the order stands. The order's row is locked. */
export async function letGo(
  tx: Tx,
  order: { orderId: string; receivedAt: Date | null },
  by: { actorId: string | null; reason: string; at: Date },
): Promise<void> {
  const held = await tx<HeldEntry>`
    SELECT id, rule_version AS version FROM commission_entries WHERE order_id = ${order.orderId} AND state = 'held' ORDER BY id`;
  const byVersion = Map.groupBy(held, ({ version }) => version);
  const freezeDays = await freezeDaysOf(tx, [...byVersion.keys()]);
  for (const [version, some] of byVersion) {
    const { state, settleableAt } = standingOf(order.receivedAt, freezeDays.get(version) ?? 0);
    const event = state === 'frozen' ? 'release_received' : 'release';
    const ids = some.map(({ id }) => id);
    await step(tx, ids, { event, ...by, settleableAt });
  }
}

/** Nothing is held any more of whom an open hold is about: nobody needs to decide it. The order's row is locked. */
export async function endMootHolds(tx: Tx, orderId: string, receivedAt: Date | null, at: Date): Promise<void> {
  const ended = await tx`UPDATE commission_holds h SET state = 'moot', decided_at = ${at}
    WHERE h.order_id = ${orderId} AND h.state = 'open' AND NOT EXISTS (SELECT 1 FROM commission_entries e
      WHERE e.order_id = h.order_id AND e.beneficiary_id = h.beneficiary_id AND e.state = 'held') RETURNING id`;
  if (ended.length > 0) await letGo(tx, { orderId, receivedAt }, { actorId: null, reason: 'moot', at });
}
