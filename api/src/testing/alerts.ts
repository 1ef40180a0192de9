import { randomUUID } from 'node:crypto';
import type { TestApi } from './test-api.ts';

/** An open alert of a unit; answers its id. */
export async function makeAlert(api: TestApi, unit: { id: string; path: string }): Promise<string> {
  const [id, at] = [randomUUID(), api.clock.now()];
  await api.api.platform.db.sql`
    INSERT INTO alerts (id, kind, subject_id, label, org_unit_id, org_path, state, value, threshold, opened_at, last_seen_at)
    VALUES (${id}, 'fraud_burst', ${randomUUID()}, '贝*', ${unit.id}, ${unit.path}, 'open', 30, 20, ${at}, ${at})`;
  return id;
}
