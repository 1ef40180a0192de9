/**
 * What nobody asks for any more goes after a week: published events (the room log has them), answers kept for retries,
 * expired sessions, delivered callbacks. In small batches, so that nobody waits for a delete; rows that another process is
 * deleting are passed over.
 */
import type { Clock } from './clock.ts';
import type { Db } from './db.ts';
import type { Jobs } from './jobs.ts';

export const RETENTION_JOB = 'retention';
const KEPT_MS = 7 * 86_400_000;
const EVERY_MS = 3_600_000;
const BATCH = 1_000;

/** Deletes one batch of what is older than `before`; resolves with the rows that went. */
type Sweep = (before: Date, batch: number) => Promise<object[]>;

export function scheduleRetention(deps: { db: Db; clock: Clock; jobs: Jobs; batch?: number }): void {
  const { sql } = deps.db;
  const { batch = BATCH } = deps;
  const sweeps: readonly Sweep[] = [
    // The oldest by number, then whether they are old enough: no index on the time is needed.
    (before, limit) => sql`DELETE FROM outbox WHERE published_at < ${before} AND id IN (
      SELECT id FROM outbox ORDER BY id LIMIT ${limit} FOR UPDATE SKIP LOCKED) RETURNING 1 AS gone`,
    (before, limit) => sql`DELETE FROM idempotency_keys WHERE (person_id, route, key) IN (
      SELECT person_id, route, key FROM idempotency_keys WHERE created_at < ${before}
      ORDER BY created_at LIMIT ${limit} FOR UPDATE SKIP LOCKED) RETURNING 1 AS gone`,
    (before, limit) => sql`DELETE FROM refresh_tokens WHERE id IN (
      SELECT id FROM refresh_tokens WHERE expires_at < ${before} LIMIT ${limit} FOR UPDATE SKIP LOCKED) RETURNING 1 AS gone`,
    (before, limit) => sql`DELETE FROM sandbox_deliveries WHERE id IN (
      SELECT id FROM sandbox_deliveries WHERE delivered_at < ${before} LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      RETURNING 1 AS gone`,
  ];
  deps.jobs.every(RETENTION_JOB, EVERY_MS, async () => {
    const before = new Date(deps.clock.now().getTime() - KEPT_MS);
    for (const sweep of sweeps) while ((await sweep(before, batch)).length === batch);
  });
}
