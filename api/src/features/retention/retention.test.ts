import { randomUUID } from 'node:crypto';
import {
  listRetention,
  listRetentionRuns,
  previewRetention,
  retentionKinds,
  setRetention,
} from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { createJobs } from '../../platform/jobs.ts';
import { seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { createRetention, RETENTION_JOB } from './index.ts';
import { kinds } from './kinds.policy.ts';

const DAY_SECONDS = 86_400;

test('what is done and a week old goes, batch by batch; what is open or younger stays', async () => {
  await using api = await startTestApi();
  const { consumers, rooms } = await seedBrand(api);
  const { db, clock, log, random } = api.api.platform;
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
  createRetention({ bind: () => {}, db, clock, random, log, jobs, batch: 3 });

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

test('Z1 what the law names is kept three years, whoever wants less: the route, a policy and a CHECK say so', async () => {
  await using api = await startTestApi();
  const { staff, consumers, rooms, products } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  const { items } = await api.ok(listRetention, { as: staff.compliance });
  expect(items.map(({ kind }) => kind)).toEqual([...retentionKinds]);
  for (const { kind, keepDays, leastDays, byLaw } of items) {
    expect(keepDays).toBeGreaterThanOrEqual(leastDays);
    if (byLaw) expect(leastDays).toBe(1_096);
    if (leastDays === 1) continue;
    const refused = await api.call(setRetention, {
      as: staff.compliance,
      params: { kind },
      body: { keepDays: leastDays - 1, reason: '太占地方', seenVersion: 0 },
    });
    expect(refused.problem, kind).toMatchObject({ code: 'invalid_request', facts: { leastDays } });
  }
  await expect(
    sql`INSERT INTO retention_policies VALUES ('orders', 9, 1095, 'no', ${staff.admin.personId}, now())`,
  ).rejects.toThrow(/retention_policies_law/);

  const longer = { params: { kind: 'orders' }, body: { keepDays: 2_000, reason: '诉讼保全', seenVersion: 0 } } as const;
  expect((await api.call(setRetention, { as: staff.operations, ...longer })).status).toBe(403);
  expect(await api.ok(setRetention, { as: staff.compliance, ...longer })).toMatchObject({
    keepDays: 2_000,
    version: 1,
  });
  // Somebody else who read the policy before.
  expect((await api.call(setRetention, { as: staff.admin, ...longer })).problem.code).toBe('state_conflict');
  const [told] = await sql`SELECT action, target, reason, detail FROM audit_log WHERE action = 'retention:set'`;
  expect(told).toMatchObject({ target: 'retention:orders', reason: '诉讼保全', detail: { from: 1_096, to: 2_000 } });

  // No hand deletes what is kept by law: neither an order nor a line of a room's log.
  const orderId = randomUUID();
  const place = {
    recipient: '安然',
    phone: '13900000001',
    province: '上海市',
    city: '上海市',
    district: '静安区',
    street: '1 号',
  };
  await sql`INSERT INTO orders (id, order_no, person_id, room_id, org_unit_id, org_path, state, items_fen, discount_fen, shipping_fen, total_fen, address, placed_at, expires_at)
    VALUES (${orderId}, 'Z1', ${consumers.anna.personId}, ${rooms.a.id}, ${rooms.a.orgUnit.id}, ${rooms.a.orgUnit.path}, 'expired', 100, 0, 0, 100,
      ${JSON.stringify(place)}::jsonb, ${api.clock.now()}, ${api.clock.now()})`;
  await sql`INSERT INTO room_events (room_id, seq, event_id, kind, event, at)
    VALUES (${rooms.b.id}, 1, 'one', 'notice:set', '{"kind":"notice:set","text":"早"}', ${api.clock.now()})`;
  await sql`UPDATE rooms SET state = 'ended', ended_at = ${api.clock.now()} WHERE id = ${rooms.b.id}`;
  await expect(sql`DELETE FROM orders WHERE id = ${orderId}`).rejects.toThrow(/retention policy only/);
  await expect(sql`DELETE FROM room_events WHERE room_id = ${rooms.b.id}`).rejects.toThrow(/retention policy only/);

  const years = async (days: number) => {
    api.clock.advanceSeconds(days * DAY_SECONDS);
    await api.api.platform.jobs.runNow(RETENTION_JOB);
  };
  const phone = async () =>
    (await sql<{ phone: string }>`SELECT address->>'phone' AS phone FROM orders WHERE id = ${orderId}`)[0]?.phone;
  await years(1_095);
  expect((await sql`SELECT 1 FROM room_events WHERE room_id = ${rooms.b.id}`).length).toBe(1);
  api.clock.advanceSeconds(2 * DAY_SECONDS);
  // A look ahead counts what the next run takes, and takes nothing.
  const seen = await api.ok(previewRetention, { as: staff.finance, params: { kind: 'room_logs' } });
  expect(seen.tables).toMatchObject([{ table: 'room_events', rows: 1 }]);
  expect((await sql`SELECT 1 FROM room_events WHERE room_id = ${rooms.b.id}`).length).toBe(1);
  await years(0);
  expect((await sql`SELECT 1 FROM room_events WHERE room_id = ${rooms.b.id}`).length).toBe(0);
  expect(await phone()).toBe('13900000001');
  await years(1_000);
  expect(await phone()).toBe('');
  // The order itself, its sums and its buyer's id stay.
  expect(await sql`SELECT total_fen, address->>'city' AS city FROM orders WHERE id = ${orderId}`).toEqual([
    { total_fen: 100n, city: '上海市' },
  ]);
  expect((await sql`SELECT 1 FROM products WHERE id = ${products.milk.id}`).length).toBe(1);
  const runs = (await api.ok(listRetentionRuns, { as: staff.admin })).items.map(({ kind }) => kind);
  expect(runs).toEqual(expect.arrayContaining(['room_logs', 'orders']));
  const swept = await sql<{ target: string }>`SELECT target FROM audit_log WHERE action = 'retention:swept'`;
  expect(swept.map(({ target }) => target)).toEqual(
    expect.arrayContaining(['retention:room_logs', 'retention:orders']),
  );
}, 60_000);

test('Z1 every sweep of every kind is a statement that the database understands', async () => {
  await using api = await startTestApi();
  const { staff } = await seedBrand(api);
  for (const kind of retentionKinds) {
    const seen = await api.ok(previewRetention, { as: staff.admin, params: { kind } });
    expect(seen.tables.map(({ table }) => table)).toEqual(kinds[kind].sweeps.map(({ table }) => table));
  }
  await api.api.platform.jobs.runNow(RETENTION_JOB);
});

test('Z1 three years begin when the transaction is over, not when it was placed', async () => {
  await using api = await startTestApi();
  const { consumers, rooms } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  const place = JSON.stringify({
    recipient: '安然',
    phone: '13900000001',
    province: '',
    city: '',
    district: '',
    street: '1 号',
  });
  const { id: roomId, orgUnit } = rooms.a;
  const start = api.clock.now();
  const order = async (no: string): Promise<string> => {
    const id = randomUUID();
    await sql`INSERT INTO orders (id, order_no, person_id, room_id, org_unit_id, org_path, state, items_fen, discount_fen, shipping_fen, total_fen, address, placed_at, expires_at)
      VALUES (${id}, ${no}, ${consumers.anna.personId}, ${roomId}, ${orgUnit.id}, ${orgUnit.path}, 'received', 100, 0, 0, 100, ${place}::jsonb, ${start}, ${start})`;
    return id;
  };
  const step = (id: string, at: Date) =>
    sql`INSERT INTO order_transitions (order_id, from_state, to_state, event, at) VALUES (${id}, 'shipped', 'received', 'receive', ${at})`;
  const days = (n: number) => new Date(start.getTime() + n * DAY_SECONDS * 1_000);
  const [swift, late, disputed] = [await order('swift'), await order('late'), await order('disputed')];
  await step(swift, days(5));
  // Pre-sold, sent and received a hundred days after it was placed.
  await step(late, days(100));
  await sql`UPDATE orders SET received_at = ${days(100)} WHERE id = ${late}`;
  await step(disputed, days(5));
  await sql`INSERT INTO payments (id, order_id, provider, amount_fen, captured_fen, refunded_fen, state, created_at, captured_at) VALUES (${disputed}, ${disputed}, 'sandbox', 100, 100, 10, 'captured', ${start}, ${start})`;
  await sql`INSERT INTO refunds (id, refund_no, order_id, payment_id, amount_fen, state, reason, created_at, finished_at)
    VALUES (${disputed}, 'R1', ${disputed}, ${disputed}, 10, 'succeeded', '破损', ${days(200)}, ${days(210)})`;
  const kept = async () =>
    (await sql<{ no: string }>`SELECT order_no AS no FROM orders WHERE address->>'phone' <> '' ORDER BY 1`).map(
      ({ no }) => no,
    );
  const until = async (day: number) => {
    api.clock.advanceSeconds(day * DAY_SECONDS - (api.clock.now().getTime() - start.getTime()) / 1_000);
    await api.api.platform.jobs.runNow(RETENTION_JOB);
  };
  await until(1_097);
  expect(await kept()).toEqual(['disputed', 'late', 'swift']);
  await until(1_102);
  expect(await kept()).toEqual(['disputed', 'late']);
  await until(1_195);
  expect(await kept()).toEqual(['disputed', 'late']);
  await until(1_198);
  expect(await kept()).toEqual(['disputed']);
  await until(1_307);
  expect(await kept()).toEqual([]);
}, 120_000);

test('Z1 a kind that fails holds up no other, is written down, and is tried again later', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  const write = async () => {
    const now = api.clock.now();
    await sql`INSERT INTO room_visits (room_id, person_id, first_at, last_at) VALUES (${rooms.a.id}, ${randomUUID()}, ${now}, ${now})`;
    await sql`INSERT INTO refresh_tokens (id, family_id, person_id, audience, token_hash, created_at, expires_at)
      VALUES (${randomUUID()}, ${randomUUID()}, ${consumers.anna.personId}, 'consumer', ${randomUUID()}, ${now}, ${now})`;
  };
  const left = async () => [
    (await sql`SELECT FROM room_visits`).length,
    (await sql`SELECT FROM refresh_tokens`).length,
  ];
  await write();
  await sql`CREATE FUNCTION no_visit_goes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'secret row'; END $$`;
  await sql`CREATE TRIGGER no_visit_goes BEFORE DELETE ON room_visits FOR EACH ROW EXECUTE FUNCTION no_visit_goes()`;
  api.clock.advanceSeconds(500 * DAY_SECONDS);
  const turn = () => api.api.platform.jobs.runNow(RETENTION_JOB);
  await turn();
  // Sessions come after visits.
  expect(await left()).toEqual([1, 0]);
  const troubles = () => sql`SELECT kind, failures, last_error AS error FROM retention_troubles`;
  expect(await troubles()).toEqual([{ kind: 'room_visits', failures: 1, error: 'P0001' }]);
  await turn();
  expect(await troubles()).toMatchObject([{ failures: 1 }]); // not yet
  api.clock.advanceSeconds(3_601);
  await turn();
  expect(await troubles()).toMatchObject([{ failures: 2 }]);
  await sql`DROP TRIGGER no_visit_goes ON room_visits`;
  api.clock.advanceSeconds(2 * 3_601);
  await turn();
  expect(await left()).toEqual([0, 0]);
  expect(await troubles()).toEqual([]);
}, 120_000);
