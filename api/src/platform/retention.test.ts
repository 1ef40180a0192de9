import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { seedBrand } from '../testing/fixtures.ts';
import { startTestApi } from '../testing/test-api.ts';
import { createJobs } from './jobs.ts';
import { RETENTION_JOB, scheduleRetention } from './retention.ts';

const DAY_SECONDS = 86_400;

test('what is done and a week old goes, batch by batch; what is open or younger stays', async () => {
  await using api = await startTestApi();
  const { consumers, rooms } = await seedBrand(api);
  const { db, clock, log } = api.api.platform;
  const { sql } = db;
  const person = consumers.anna.personId;
  const write = async (count: number, name: string) => {
    const now = clock.now();
    for (let i = 0; i < count; i++) {
      await sql`INSERT INTO outbox (topic, room_id, payload, created_at, published_at)
        VALUES ('room', ${rooms.a.id}, '{}', ${now}, ${now})`;
      await sql`INSERT INTO idempotency_keys (person_id, route, key, request_hash, state, created_at)
        VALUES (${person}, 'test', ${`${name}-${i}`}, '', 'done', ${now})`;
      await sql`INSERT INTO refresh_tokens (id, family_id, person_id, audience, token_hash, created_at, expires_at)
        VALUES (${randomUUID()}, ${randomUUID()}, ${person}, 'consumer', ${randomUUID()}, ${now}, ${now})`;
      await sql`INSERT INTO sandbox_deliveries (id, payment_id, body, next_try_at, delivered_at)
        VALUES (${`${name}-${i}`}, ${randomUUID()}, '{}', ${now}, ${now})`;
    }
  };
  const left = async () => [
    (await sql`SELECT 1 FROM outbox`).length,
    (await sql`SELECT 1 FROM idempotency_keys`).length,
    (await sql`SELECT 1 FROM refresh_tokens`).length,
    (await sql`SELECT 1 FROM sandbox_deliveries`).length,
  ];
  const before = await left();
  const plus = (count: number) => before.map((rows) => rows + count);
  const jobs = createJobs({ log });
  scheduleRetention({ db, clock, jobs, batch: 3 });

  await write(7, 'old');
  await jobs.runNow(RETENTION_JOB);
  expect(await left()).toEqual(plus(7));
  api.clock.advanceSeconds(5 * DAY_SECONDS);
  await write(2, 'young');
  // Not delivered yet, but not due either.
  await sql`INSERT INTO sandbox_deliveries (id, payment_id, body, next_try_at)
    VALUES ('open', ${randomUUID()}, '{}', ${new Date(clock.now().getTime() + 90 * DAY_SECONDS * 1_000)})`;
  api.clock.advanceSeconds(3 * DAY_SECONDS);
  await jobs.runNow(RETENTION_JOB);
  expect(await left()).toEqual(
    [before[0], before[1], before[2], before[3]].map((rows, i) => (rows ?? 0) + (i === 3 ? 3 : 2)),
  );
  await jobs.close();
});
