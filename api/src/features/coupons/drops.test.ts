/** Coupon drops: many at once, who may not, and what becomes of those that nobody took. */
import { randomUUID } from 'node:crypto';
import {
  type CouponDrop,
  claimCoupon,
  endCouponDrop,
  endRoom,
  getCouponDrop,
  grabCoupon,
  listCouponDrops,
  listCouponKinds,
  myCouponGrab,
  myCoupons,
  startCouponDrop,
  stopCouponKind,
} from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { createApi } from '../../compose.ts';
import type { Principal } from '../../platform/principal.ts';
import { makeCouponKind } from '../../testing/coupons.ts';
import { type Brand, type FixtureRoom, seedBrand } from '../../testing/fixtures.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { eventually, expectBooksRight } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { COUPON_DROPS_JOB } from './index.ts';

const start = (api: TestApi, room: FixtureRoom, kind: { id: string }, count: number, leadSeconds = 0) =>
  api.ok(startCouponDrop, { as: room.host, body: { roomId: room.id, kindId: kind.id, count, leadSeconds } });
const grab = (api: TestApi, { id }: { id: string }, as: Principal, key: string = randomUUID()) =>
  api.call(grabCoupon, { params: { id }, body: {}, as, key });
const end = (api: TestApi, drop: CouponDrop, as: Principal) =>
  api.ok(endCouponDrop, { params: { id: drop.id }, body: {}, as });
const kindNow = async (api: TestApi, { staff }: Brand, id: string) =>
  (await api.ok(listCouponKinds, { as: staff.operations })).items.find((kind) => kind.id === id);

/** People who are in room A. */
async function crowd(api: TestApi, { rooms }: Brand, size: number): Promise<Principal[]> {
  const people = await api.api.platform.db.sql<{ id: string }>`
    WITH p AS (INSERT INTO people (id, kind, name, created_at)
      SELECT gen_random_uuid(), 'consumer', '顾客' || n, ${api.clock.now()} FROM generate_series(1, ${size}::int) n RETURNING id)
    INSERT INTO room_visits (room_id, person_id, first_at, last_at) SELECT ${rooms.a.id}, id, now(), now() FROM p RETURNING person_id AS id`;
  return people.map(({ id }) => ({ personId: id, kind: 'consumer', name: '顾客' }));
}

/** More would be a test of the kernel's queue of connections: on a busy machine it drops some, for seconds. */
const CONNECTIONS = 300;
/** Does the work for each, so many at once, in their order. */
async function inFlight<Item, Result>(
  most: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [at, item] of queue) results[at] = await work(item);
  };
  await Promise.all(Array.from({ length: most }, worker));
  return results;
}

test('S10 a thousand grabs of 300 coupons by 500 people: exactly 300, one each, nothing unaccounted', {
  timeout: 120_000,
}, async () => {
  await using api = await startTestApi({ DATABASE_POOL_SIZE: '20' });
  const brand = await seedBrand(api);
  const kind = await makeCouponKind(api, brand, brand.stores.a, { total: 1_000 });
  await using watcher = await enterRoom(api, brand.rooms.a.id, brand.consumers.anna);
  const people = await crowd(api, brand, 500);
  const tokens = new Map(await Promise.all(people.map(async (person) => [person, await api.token(person)] as const)));
  const drop = await start(api, brand.rooms.a, kind, 300);
  const begun = performance.now();
  const answers = await inFlight(CONNECTIONS, [...people, ...people], (person) =>
    api.call(grabCoupon, { params: { id: drop.id }, body: {}, token: tokens.get(person) ?? '' }),
  );
  const seconds = (performance.now() - begun) / 1_000;
  process.stdout.write(
    `coupons: ${answers.length} grabs in ${seconds.toFixed(2)} s, ${Math.round(answers.length / seconds)}/s\n`,
  );
  expect(answers.filter(({ status }) => status !== 200).map(({ problem }) => problem.code)).toEqual([]);
  const got = answers.flatMap(({ body }) => (body.coupon ? [body.coupon.id] : []));
  expect(new Set(got).size).toBe(300);
  // Both grabs of a person tell the same.
  people.forEach((_, n) => void expect(answers[n + 500]?.body).toEqual(answers[n]?.body));
  expect(answers.filter(({ body }) => body.outcome === 'gone')).toHaveLength(400);

  await watcher.waitFor('the end', () => watcher.events('coupon-drop:ended').length > 0, 20_000);
  expect(watcher.events('coupon-drop:ended').map(({ couponDrop }) => couponDrop)).toMatchObject([
    { state: 'ended', taken: 300 },
  ]);
  expect(await kindNow(api, brand, kind.id)).toMatchObject({ claimed: 300, left: 700 });
  await expectBooksRight(api);
});

test('S10 one person, sixteen requests: one coupon, the same answer; with one key stored, with others found', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const kind = await makeCouponKind(api, brand, brand.stores.a, { perPerson: 5 });
  const [person] = await crowd(api, brand, 1);
  if (!person) throw new Error('nobody');
  const drop = await start(api, brand.rooms.a, kind, 50);
  const key = randomUUID();
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, n) => grab(api, drop, person, n % 2 ? key : randomUUID())),
  );
  const told = new Set(answers.filter(({ status }) => status === 200).map(({ body }) => body.coupon?.id));
  expect(told.size).toBe(1);
  for (const { status, problem } of answers) if (status !== 200) expect(problem.code).toBe('request_in_flight');
  const replayed = await grab(api, drop, person, key);
  expect([replayed.body.outcome, replayed.headers.get('idempotency-replayed')]).toEqual(['got', 'true']);
  const { coupon } = await api.ok(myCouponGrab, { params: { id: drop.id }, as: person });
  expect([...told]).toEqual([coupon?.id]);
  expect((await api.ok(myCoupons, { as: person })).items).toEqual([coupon]);
  await end(api, drop, brand.staff.a.guide);
  const next = await start(api, brand.rooms.a, kind, 5);
  expect((await grab(api, next, person, key)).problem.code).toBe('idempotency_key_reused');
  await expectBooksRight(api);
});

test('S10 who may not: staff, their private numbers, guests, the banned, who never came, who has as many as one may; not early, not late', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { rooms, staff, consumers, guest } = brand;
  const { sql } = api.api.platform.db;
  const kind = await makeCouponKind(api, brand, brand.hq, { listed: true, newcomersOnly: true });
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  const [early, insider, banned, full, bought] = await crowd(api, brand, 5);
  if (!early || !insider || !banned || !full || !bought) throw new Error('nobody');
  await sql`UPDATE people SET phone = '13700000000' WHERE id = ANY(${[insider.personId, staff.a.manager.personId]}::uuid[])`;
  await guide.ask('viewer:ban', { personId: banned.personId, reason: '刷屏' });
  await api.ok(claimCoupon, { as: full, body: { kindId: kind.id } });
  await sql`INSERT INTO orders (id, order_no, person_id, org_unit_id, org_path, state, items_fen, discount_fen, shipping_fen, total_fen,
      address, placed_at, expires_at, paid_at)
    VALUES (${randomUUID()}, 'X1', ${bought.personId}, ${brand.stores.b.id}, ${brand.stores.b.path}, 'shipped', 100, 0, 0, 100, '{}', now(), now(), now())`;
  const drop = await start(api, rooms.a, kind, 10, 5);
  const refusal = async (as: Principal) => (await grab(api, drop, as)).problem.code;
  expect(await refusal(early)).toBe('too_early');
  api.clock.advanceSeconds(6);
  expect(await refusal(insider)).toBe('insiders_excluded');
  expect(await refusal(banned)).toBe('banned');
  expect(await refusal(consumers.chris)).toBe('forbidden');
  expect(await refusal(guest)).toBe('unauthenticated');
  expect(await refusal(staff.a.guide)).toBe('forbidden');
  expect((await grab(api, drop, full)).body).toEqual({ coupon: null, outcome: 'limit_reached' });
  expect((await grab(api, drop, bought)).body).toEqual({ coupon: null, outcome: 'not_newcomer' });
  const foreign = await api.call(endCouponDrop, { params: { id: drop.id }, body: {}, as: staff.b.guide });
  expect(foreign.problem.code).toBe('not_found');
  await end(api, drop, staff.a.assistant);
  expect((await grab(api, drop, early)).body).toEqual({ coupon: null, outcome: 'gone' });
  expect(await kindNow(api, brand, kind.id)).toMatchObject({ claimed: 1, left: 99 });
});

test('S10 drops and claims draw on one number: never more than there are; the end gives back what nobody took, once, on every node', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { rooms } = brand;
  const kind = await makeCouponKind(api, brand, brand.stores.a, { total: 60, listed: true });
  const people = await crowd(api, brand, 40);
  const drop = await start(api, rooms.a, kind, 50);
  const body = { roomId: rooms.a.id, kindId: kind.id, count: 5, leadSeconds: 0 };
  expect((await api.call(startCouponDrop, { as: rooms.a.host, body })).problem.code).toBe('state_conflict');
  const claims = await Promise.all(
    people.slice(0, 20).map((as) => api.call(claimCoupon, { as, body: { kindId: kind.id } })),
  );
  expect(claims.filter(({ status }) => status === 201)).toHaveLength(10);
  for (const person of people.slice(20, 32)) expect((await grab(api, drop, person)).body.outcome).toBe('got');
  const other = await createApi({ ...api.api.platform.config, PORT: 0 }, { clock: api.clock });
  try {
    api.clock.advanceSeconds(121);
    await Promise.all([
      api.api.platform.jobs.runNow(COUPON_DROPS_JOB),
      other.platform.jobs.runNow(COUPON_DROPS_JOB),
      ...people.slice(32).map((person) => grab(api, drop, person)),
    ]);
  } finally {
    await other.close();
  }
  expect(await api.ok(getCouponDrop, { params: { id: drop.id } })).toMatchObject({ state: 'ended', taken: 12 });
  expect(await kindNow(api, brand, kind.id)).toMatchObject({ claimed: 22, left: 38 });
  const tooMany = await api.call(startCouponDrop, { as: rooms.a.host, body: { ...body, count: 39 } });
  expect(tooMany.problem.facts).toEqual({ reason: 'all_claimed', left: 38 });
  await expectBooksRight(api);
});

test('a room’s end and a stopped kind end the drop; another store’s coupons cannot be dropped, those of units above can', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { rooms, staff } = brand;
  const ofB = await makeCouponKind(api, brand, brand.stores.b);
  const ofHq = await makeCouponKind(api, brand, brand.hq);
  const foreign = { roomId: rooms.a.id, kindId: ofB.id, count: 5 };
  expect((await api.call(startCouponDrop, { as: staff.a.guide, body: foreign })).problem.code).toBe('not_found');
  const { items } = await api.ok(listCouponKinds, { as: staff.a.guide, query: { roomId: rooms.a.id } });
  expect(items.map(({ id, figures }) => ({ id, figures }))).toEqual([{ id: ofHq.id, figures: null }]);
  await start(api, rooms.a, ofHq, 5);
  await api.ok(stopCouponKind, { as: staff.operations, params: { id: ofHq.id }, body: { reason: '写错了' } });
  await eventually(async () => expect(await kindNow(api, brand, ofHq.id)).toMatchObject({ active: false, left: 100 }));
  const again = await api.call(startCouponDrop, { as: staff.a.guide, body: { ...foreign, kindId: ofHq.id } });
  expect(again.problem.facts).toEqual({ reason: 'stopped', left: 100 });
  const ofA = await makeCouponKind(api, brand, brand.stores.a);
  await start(api, rooms.a, ofA, 5);
  await api.ok(endRoom, { params: { id: rooms.a.id }, body: {}, as: staff.a.guide });
  const { items: drops } = await api.ok(listCouponDrops, { query: { roomId: rooms.a.id } });
  expect(drops.map(({ state, count }) => ({ state, count }))).toEqual([
    { state: 'ended', count: 5 },
    { state: 'ended', count: 5 },
  ]);
  await expectBooksRight(api);
});
