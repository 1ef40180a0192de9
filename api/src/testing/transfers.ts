import { randomUUID } from 'node:crypto';
import type { Brand, Seeded, StoreTeam, Unit } from './fixtures.ts';

/** A transfer that is over, of a guide who had nobody left. */
export async function makeTransfer(api: Seeded, brand: Brand, unit: Unit, team: StoreTeam): Promise<string> {
  const id = randomUUID();
  const at = api.clock.now();
  await api.api.platform.db.sql`
    INSERT INTO customer_transfers (id, org_unit_id, org_path, from_id, to_ids, reason, state, total, by_id, at, ended_at)
    VALUES (${id}, ${unit.id}, ${unit.path}, ${team.guide.personId}, ${[team.secondGuide.personId]}::uuid[], '离职', 'done', 0,
      ${brand.staff.admin.personId}, ${at}, ${at})`;
  return id;
}
