/** Entries that are held (rule K7): holding them, letting them go on, and holds that nothing is left of. */
import { chinaMonthOf } from '../../platform/china-day.policy.ts';
import type { Tx } from '../../platform/db.ts';
import { standingOf } from './commission-states.policy.ts';
import { markMonths, step } from './entries.repository.ts';
import { freezeDaysOf } from './rules.repository.ts';

interface HeldEntry {
  id: string;
  version: number;
  level: number;
  /** Whoever earns it now, when they were a guest. */
  personId: string;
}
interface HeldOrder {
  readonly orderId: string;
  readonly paidAt: Date | null;
  readonly receivedAt: Date | null;
}
/** What is held of the order goes on where the order stands, unless another hold of it is open. The order's row is locked. */
export async function letGo(
  tx: Tx,
  { orderId, paidAt, receivedAt }: HeldOrder,
  by: { actorId: string | null; reason: string; at: Date },
): Promise<void> {
  const held = await tx<HeldEntry>`
    SELECT e.id, e.rule_version AS version, e.level, coalesce(p.merged_into, p.id) AS "personId"
    FROM commission_entries e JOIN people p ON p.id = e.beneficiary_id
    WHERE e.order_id = ${orderId} AND e.state = 'held'
      AND NOT EXISTS (SELECT 1 FROM commission_holds h WHERE h.order_id = ${orderId} AND h.state = 'open') ORDER BY e.id`;
  const byVersion = Map.groupBy(held, ({ version }) => version);
  const freezeDays = await freezeDaysOf(tx, [...byVersion.keys()]);
  for (const [version, some] of byVersion) {
    const { state, settleableAt } = standingOf(receivedAt, freezeDays.get(version) ?? 0);
    const event = state === 'frozen' ? 'release_received' : 'release';
    const ids = some.map(({ id }) => id);
    await step(tx, ids, { event, ...by, settleableAt });
  }
  // What was held did not count for the tier of its month (rule K3).
  const people = held.filter(({ level }) => level === 1).map(({ personId }) => personId);
  await markMonths(tx, people, chinaMonthOf(paidAt ?? by.at), by.at);
}

/** Nothing is held any more of whom an open hold is about: nobody needs to decide it. The order's row is locked. */
export async function endMootHolds(tx: Tx, order: HeldOrder, at: Date): Promise<void> {
  const ended = await tx`UPDATE commission_holds h SET state = 'moot', decided_at = ${at}
    WHERE h.order_id = ${order.orderId} AND h.state = 'open' AND NOT EXISTS (SELECT 1 FROM commission_entries e
      WHERE e.order_id = h.order_id AND e.beneficiary_id = h.beneficiary_id AND e.state = 'held') RETURNING id`;
  if (ended.length > 0) await letGo(tx, order, { actorId: null, reason: 'moot', at });
}
