import { randomUUID } from 'node:crypto';
import type { Principal } from '../platform/principal.ts';
import type { Seeded, Unit } from './fixtures.ts';

/** An entry of a store for somebody, as if its order had been paid. */
export async function makeCommissionEntry(
  api: Seeded,
  order: { id: string; items: readonly { id: string }[] },
  beneficiary: Principal,
  unit: Unit,
): Promise<string> {
  const id = randomUUID();
  await api.api.platform.db.sql`
    INSERT INTO commission_entries (id, order_id, order_item_id, beneficiary_id, store_id, org_path, level, event, event_ref, basis_fen,
      bps, amount_fen, rule_version, state, at)
    VALUES (${id}, ${order.id}, ${order.items[0]?.id}, ${beneficiary.personId}, ${unit.id}, ${unit.path}, 1, 'paid', ${order.id}, 0,
      0, 0, 1, 'estimated', ${api.clock.now()})`;
  return id;
}
