import { randomUUID } from 'node:crypto';
import {
  endRedPacket,
  endRoom,
  getRedPacket,
  grabRedPacket,
  grantBudget,
  listBudgets,
  listRedPackets,
  myGrab,
  myRewards,
  type RedPacket,
  startRedPacket,
} from '@walnut-live/contracts';
import { expect, test, vi } from 'vitest';
import { createApi } from '../../compose.ts';
import { auditLedger } from '../../ledger/index.ts';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, seedBrand } from '../../testing/fixtures.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { RED_PACKETS_JOB } from './index.ts';

const BUDGET_FEN = 100_000;
const grant = (api: TestApi, { staff, stores }: Brand, amountFen = BUDGET_FEN) =>
  api.ok(grantBudget, {
    params: { orgUnitId: stores.a.id },
    body: { amountFen, reason: '双十二活动' },
    as: staff.finance,
  });
const start = (
  api: TestApi,
  { rooms, staff }: Brand,
  terms: { totalFen: number; count: number; leadSeconds?: number },
) =>
  api.ok(startRedPacket, {
    body: { leadSeconds: 0, ...terms, roomId: rooms.a.id, title: '核桃红包雨' },
    as: staff.a.guide,
  });
const grab = (api: TestApi, { id }: { id: string }, as: Principal, key: string = randomUUID()) =>
  api.call(grabRedPacket, { params: { id }, body: {}, as, key });

/** People who are in room A. */
async function crowd(api: TestApi, { rooms }: Brand, size: number): Promise<Principal[]> {
  const people = await api.api.platform.db.sql<{ id: string }>`
    WITH p AS (INSERT INTO people (id, kind, name, created_at)
      SELECT gen_random_uuid(), 'consumer', '顾客' || n, ${api.clock.now()} FROM generate_series(1, ${size}::int) n RETURNING id)
    INSERT INTO room_visits (room_id, person_id, first_at, last_at) SELECT ${rooms.a.id}, id, now(), now() FROM p RETURNING person_id AS id`;
  return people.map(({ id }) => ({ personId: id, kind: 'consumer', name: '顾客' }));
}

/** What every rain must add up to, asked of the rows and of the ledger. */
async function audit(api: TestApi, { id, totalFen, count }: RedPacket) {
  const { db } = api.api.platform;
  const [sums] = await db.sql<{
    shares: number;
    total: number;
    taken: number;
    takenFen: number;
    people: number;
    least: number;
    posted: number;
  }>`
    SELECT count(*)::int AS shares, sum(amount_fen)::int AS total, count(person_id)::int AS taken,
      coalesce(sum(amount_fen) FILTER (WHERE person_id IS NOT NULL), 0)::int AS "takenFen",
      count(DISTINCT person_id)::int AS people, min(amount_fen)::int AS least, count(*) FILTER (WHERE posted)::int AS posted
    FROM red_packet_shares WHERE packet_id = ${id}`;
  expect(sums).toMatchObject({ shares: count, total: totalFen });
  expect(sums?.least).toBeGreaterThanOrEqual(1);
  expect(sums?.people).toBe(sums?.taken);
  const balances = await db.sql<{ kind: string; fen: number }>`
    SELECT kind, sum(-balance_fen)::int AS fen FROM ledger_accounts GROUP BY kind`;
  const books = await auditLedger(db);
  expect(books.problems).toEqual([]);
  return { ...sums, held: Object.fromEntries(balances.map(({ kind, fen }) => [kind, fen])) };
}

test('G3 a thousand people grab at once: each one packet, the sum exact, nothing left, quick', {
  timeout: 120_000,
}, async () => {
  await using api = await startTestApi({ DATABASE_POOL_SIZE: '20' });
  const brand = await seedBrand(api);
  await grant(api, brand);
  await using watcher = await enterRoom(api, brand.rooms.a.id, brand.consumers.anna);
  const people = await crowd(api, brand, 1_000);
  const tokens = new Map(await Promise.all(people.map(async (person) => [person, await api.token(person)] as const)));
  const packet = await start(api, brand, { totalFen: 50_000, count: 900 });
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const answers = await Promise.all(
    people.map((person) =>
      api.call(grabRedPacket, { params: { id: packet.id }, body: {}, token: tokens.get(person) ?? '' }),
    ),
  );
  const seconds = (performance.now() - begun) / 1_000;
  const rate = Math.round(people.length / seconds);
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = ((user + system) / 1_000 / people.length).toFixed(2);
  process.stdout.write(
    `red packets: ${people.length} grabs in ${seconds.toFixed(2)} s, ${rate}/s, ${cpuMs} ms CPU each with its client\n`,
  );
  expect(answers.filter(({ status }) => status !== 200).map(({ problem }) => problem.code)).toEqual([]);
  const amounts = answers.flatMap(({ body }) => (body.amountFen === null ? [] : [body.amountFen]));
  expect(amounts).toHaveLength(900);
  expect(amounts.reduce((sum, fen) => sum + fen, 0)).toBe(50_000);

  await watcher.waitFor('the end', () => watcher.events('red-packet:ended').length > 0, 20_000);
  expect(watcher.events('red-packet:ended').map(({ redPacket }) => redPacket)).toMatchObject([
    { state: 'ended', taken: 900, returnedFen: 0 },
  ]);
  // What is taken is booked behind the taking.
  await expect
    .poll(() => audit(api, packet), { timeout: 20_000 })
    .toMatchObject({
      taken: 900,
      posted: 900,
      held: { red_packet: 0, reward_balance: 50_000, marketing_budget: BUDGET_FEN - 50_000 },
    });
  // Everybody has in their account what they were told.
  const [lucky] = people.filter((_, index) => answers[index]?.body.amountFen !== null);
  if (!lucky) throw new Error('nobody got anything');
  const told = answers[people.indexOf(lucky)]?.body.amountFen;
  const rewards = await api.ok(myRewards, { as: lucky });
  expect(rewards).toMatchObject({
    balanceFen: told,
    items: [{ amountFen: told, title: '核桃红包雨', kind: 'red_packet' }],
  });
});

test('G3 one person, sixteen requests: one packet, the same answer; with one key stored, with others found', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  await grant(api, brand);
  const [person] = await crowd(api, brand, 1);
  if (!person) throw new Error('nobody');
  const packet = await start(api, brand, { totalFen: 1_000, count: 100 });
  const key = randomUUID();
  const answers = await Promise.all([
    ...Array.from({ length: 8 }, () => grab(api, packet, person, key)),
    ...Array.from({ length: 8 }, () => grab(api, packet, person)),
  ]);
  const told = new Set(answers.filter(({ status }) => status === 200).map(({ body }) => body.amountFen));
  expect(told.size).toBe(1);
  for (const { status, problem } of answers) if (status !== 200) expect(problem.code).toBe('request_in_flight');
  const again = await grab(api, packet, person);
  expect([...told]).toEqual([again.body.amountFen]);
  expect(await api.ok(myGrab, { params: { id: packet.id }, as: person })).toEqual(again.body);
  const replayed = await grab(api, packet, person, key);
  expect([replayed.body, replayed.headers.get('idempotency-replayed')]).toEqual([again.body, 'true']);
  await api.ok(endRedPacket, { params: { id: packet.id }, body: {}, as: brand.staff.a.guide });
  const next = await start(api, brand, { totalFen: 100, count: 10 });
  expect((await grab(api, next, person, key)).problem.code).toBe('idempotency_key_reused');
  const noKey = await fetch(`${api.url}/api/v1/red-packets/${packet.id}/grab`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await api.token(person)}` },
  });
  expect(await noKey.json()).toMatchObject({ code: 'idempotency_key_missing' });
  await vi.waitFor(async () => expect(await audit(api, packet)).toMatchObject({ taken: 1, posted: 1 }));
});

test('G3 who may not: staff, their private numbers, guests, the banned, who never came; not before it begins; not after it ended', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { rooms, staff, consumers, guest } = brand;
  const { sql } = api.api.platform.db;
  await grant(api, brand);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  const [early, insider, banned] = await crowd(api, brand, 3);
  if (!early || !insider || !banned) throw new Error('nobody');
  await sql`UPDATE people SET phone = '13700000000' WHERE id = ANY(${[insider.personId, staff.a.manager.personId]}::uuid[])`;
  await guide.ask('viewer:ban', { personId: banned.personId, reason: '刷屏' });
  const packet = await start(api, brand, { totalFen: 1_000, count: 10, leadSeconds: 5 });
  const refusal = async (as: Principal) => (await grab(api, packet, as)).problem.code;
  expect(await refusal(early)).toBe('too_early');
  api.clock.advanceSeconds(6);
  expect(await refusal(insider)).toBe('insiders_excluded');
  expect(await refusal(banned)).toBe('banned');
  expect(await refusal(consumers.chris)).toBe('forbidden');
  expect(await refusal(guest)).toBe('unauthenticated');
  expect(await refusal(staff.a.guide)).toBe('forbidden');
  const other = await api.call(endRedPacket, { params: { id: packet.id }, body: {}, as: staff.b.guide });
  expect(other.problem.code).toBe('not_found');
  await api.ok(endRedPacket, { params: { id: packet.id }, body: {}, as: staff.a.assistant });
  expect((await grab(api, packet, early)).body).toEqual({ amountFen: null, state: 'ended' });
  expect(await audit(api, packet)).toMatchObject({ taken: 0, held: { red_packet: 0, marketing_budget: BUDGET_FEN } });
});

test('G3 what nobody took goes back when the time is over, whoever notices; what a dead node did not pay out is paid', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  await grant(api, brand);
  const people = await crowd(api, brand, 12);
  const packet = await start(api, brand, { totalFen: 5_000, count: 50 });
  for (const person of people.slice(0, 10)) expect((await grab(api, packet, person)).status).toBe(200);
  await vi.waitFor(async () => expect(await audit(api, packet)).toMatchObject({ posted: 10 }));
  // As a node leaves it that died between taking and paying out.
  const [left] = people.slice(10);
  await api.api.platform.db
    .sql`UPDATE red_packet_shares SET person_id = ${left?.personId}, taken_at = ${api.clock.now()}
    WHERE packet_id = ${packet.id} AND no = 50`;
  const other = await createApi({ ...api.api.platform.config, PORT: 0 }, { clock: api.clock });
  try {
    api.clock.advanceSeconds(61);
    await Promise.all([
      api.api.platform.jobs.runNow(RED_PACKETS_JOB),
      other.platform.jobs.runNow(RED_PACKETS_JOB),
      ...people.slice(11).map((person) => grab(api, packet, person)),
    ]);
  } finally {
    await other.close();
  }
  const ended = await api.ok(getRedPacket, { params: { id: packet.id } });
  expect(ended).toMatchObject({ state: 'ended', taken: 11 });
  const books = await audit(api, packet);
  expect(books).toMatchObject({ taken: 11, posted: 11, held: { red_packet: 0 } });
  expect(books.held.marketing_budget).toBe(BUDGET_FEN - (books.takenFen ?? 0));
  expect(books.held.reward_balance).toBe(books.takenFen);
  expect(ended.returnedFen).toBe(5_000 - (books.takenFen ?? 0));
});

test('G3 a budget cannot be overspent, also by many at once; a room has one rain, and ends it with itself', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { rooms, staff, stores } = brand;
  const body = { roomId: rooms.a.id, title: '红包雨', totalFen: 6_000, count: 10, leadSeconds: 0 };
  expect((await api.call(startRedPacket, { body, as: staff.a.guide })).problem.code).toBe('budget_exceeded');
  const denied = { params: { orgUnitId: stores.a.id }, body: { amountFen: 1, reason: '自己' } };
  expect((await api.call(grantBudget, { ...denied, as: staff.a.manager })).status).toBe(403);
  expect(await grant(api, brand, 10_000)).toMatchObject({ availableFen: 10_000, reservedFen: 0 });
  const rivals = await Promise.all(
    Array.from({ length: 6 }, () => api.call(startRedPacket, { body, as: staff.a.guide })),
  );
  expect(rivals.filter(({ status }) => status === 201)).toHaveLength(1);
  for (const { status, problem } of rivals)
    if (status !== 201) expect(['state_conflict', 'budget_exceeded']).toContain(problem.code);
  const { items } = await api.ok(listBudgets, { as: staff.a.guide });
  expect(items).toMatchObject([{ orgUnit: { id: stores.a.id }, availableFen: 4_000, reservedFen: 6_000 }]);
  expect(
    (await api.call(startRedPacket, { body: { ...body, roomId: rooms.b.id }, as: staff.a.guide })).problem.code,
  ).toBe('not_found');
  await api.ok(endRoom, { params: { id: rooms.a.id }, body: {}, as: staff.a.guide });
  const { items: rains } = await api.ok(listRedPackets, { query: { roomId: rooms.a.id } });
  expect(rains).toMatchObject([{ state: 'ended', taken: 0, returnedFen: 6_000 }]);
  expect((await api.call(startRedPacket, { body, as: staff.a.guide })).problem.code).toBe('room_not_live');
  expect((await auditLedger(api.api.platform.db)).problems).toEqual([]);
});

test('G3 totals and counts that make no packets are refused', () => {
  const good = { roomId: randomUUID(), title: '红包', totalFen: 100, count: 100 };
  expect(startRedPacket.body.safeParse(good).success).toBe(true);
  for (const wrong of [
    { count: 101 },
    { count: 0 },
    { totalFen: 0 },
    { totalFen: 1.5 },
    { totalFen: 500_100, count: 100 },
    { count: 2_001 },
  ])
    expect(startRedPacket.body.safeParse({ ...good, ...wrong }).success, JSON.stringify(wrong)).toBe(false);
});
