import { randomUUID } from 'node:crypto';
import type { TestApi } from './test-api.ts';

/** An endpoint of a unit, with a delivery that waits. */
export async function makeWebhook(
  api: TestApi,
  unit: { id: string; path: string },
  by: { personId: string },
): Promise<{ webhookId: string; deliveryId: string }> {
  const { sql } = api.api.platform.db;
  const [webhookId, deliveryId, at] = [randomUUID(), randomUUID(), api.clock.now()];
  await sql`INSERT INTO webhook_endpoints (id, org_unit_id, org_path, url, description, types, state, created_by, created_at)
    VALUES (${webhookId}, ${unit.id}, ${unit.path}, 'https://hook.example/', '', '{}', 'active', ${by.personId}, ${at})`;
  await sql`INSERT INTO webhook_deliveries (id, endpoint_id, event_id, type, body, state, next_try_at, created_at)
    VALUES (${deliveryId}, ${webhookId}, ${randomUUID()}, 'webhook.test', '{}', 'pending', ${new Date(at.getTime() + 3_600_000)}, ${at})`;
  return { webhookId, deliveryId };
}
