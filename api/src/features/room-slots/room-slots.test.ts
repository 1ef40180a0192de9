import {
  bookRoom,
  cancelRoom,
  createRoomSlot,
  endRoomSlot,
  listRoomSlots,
  listRooms,
  myMessages,
  patchRoom,
  patchRoomSlot,
} from '@walnut-live/contracts';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createApi } from '../../compose.ts';
import { type Brand, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { MESSAGES_JOB } from '../messages/index.ts';
import { BOOKINGS_JOB } from '../room-bookings/index.ts';
import { SLOTS_JOB } from './index.ts';

let api: TestApi;
let brand: Brand;
const DAY_SECONDS = 86_400;
beforeEach(async () => {
  api = await startTestApi();
  api.clock.set(new Date('2031-03-03T10:00:00+08:00')); // a Monday
  brand = await seedBrand(api);
});
afterEach(() => api[Symbol.asyncDispose]());

const weekly = {
  title: '工厂直播',
  weekdays: [2, 5],
  startsAt: '20:00',
  durationMinutes: 120,
  from: '2031-03-01',
};
const create = () =>
  api.ok(createRoomSlot, { body: { ...weekly, productIds: [brand.products.milk.id] }, as: brand.staff.a.guide });
const rooms = async () =>
  (await api.ok(listRooms, { query: { orgPath: brand.stores.a.path, limit: 100 } })).items.filter(
    ({ title }) => title !== brand.rooms.scheduledA.title && title !== brand.rooms.a.title,
  );
const states = async () =>
  (await api.ok(listRoomSlots, { as: brand.staff.a.manager })).items[0]?.dates.map(
    ({ date, state }) => `${date.slice(5)} ${state}`,
  );

test('two weeks of rooms, once, by any number of processes, and the next as days go by', async () => {
  const slot = await create();
  expect(slot).toMatchObject({ startsAt: '20:00', host: { id: brand.staff.a.guide.personId }, problem: null });
  const other = await createApi({ ...api.api.platform.config, PORT: 0 }, { clock: api.clock });
  onTestFinished(() => other.close());
  for (let days = 0; days < 8; days++) {
    await Promise.all([api.api, other].map(({ platform }) => platform.jobs.runNow(SLOTS_JOB)));
    api.clock.advanceSeconds(DAY_SECONDS);
  }
  const made = await rooms();
  expect(made.map(({ scheduledAt }) => scheduledAt).sort()).toEqual(
    ['04', '07', '11', '14', '18', '21'].map((day) => `2031-03-${day}T12:00:00.000Z`),
  );
  const [bag] = await api.api.platform.db
    .sql`SELECT count(*)::int AS items FROM bag_items WHERE room_id = ANY(${made.map(({ id }) => id)}::uuid[])`;
  expect(bag).toEqual({ items: made.length });
});

test('rooms follow the slot unless a hand was in them; whoever booked is told', async () => {
  const slot = await create();
  const [first, second, third, fourth] = (await rooms()).sort((a, b) =>
    `${a.scheduledAt}`.localeCompare(`${b.scheduledAt}`),
  );
  if (!first || !second || !third || !fourth) throw new Error('four rooms');
  const as = brand.staff.a.manager;
  await api.ok(patchRoom, { params: { id: first.id }, body: { title: '女王节特别场' }, as });
  await api.ok(cancelRoom, { params: { id: second.id }, body: { reason: '检修' }, as });
  await api.ok(bookRoom, { params: { id: third.id }, body: {}, as: brand.consumers.anna });
  await api.ok(bookRoom, { params: { id: fourth.id }, body: {}, as: brand.consumers.anna });
  await api.ok(patchRoomSlot, { params: { id: slot.id }, body: { startsAt: '19:30', exceptions: ['2031-03-14'] }, as });
  await api.api.platform.jobs.runNow(SLOTS_JOB);
  expect(await states()).toEqual(['03-04 changed', '03-07 cancelled', '03-11 room', '03-14 excepted']);
  const now = new Map((await rooms()).map((room) => [room.id, room]));
  expect(now.get(first.id)?.scheduledAt).toBe('2031-03-04T12:00:00.000Z');
  expect(now.get(third.id)?.scheduledAt).toBe('2031-03-11T11:30:00.000Z');
  expect(now.get(fourth.id)?.cancelledAt).toEqual(expect.any(String));
  for (const job of [BOOKINGS_JOB, MESSAGES_JOB]) await api.api.platform.jobs.runNow(job);
  const heard = (await api.ok(myMessages, { as: brand.consumers.anna })).items.map(({ kind }) => kind).sort();
  expect(heard).toEqual(['room_cancelled', 'room_moved']);
  // The exception is taken out again: the day has a room again, the one called off by hand has none.
  await api.ok(patchRoomSlot, { params: { id: slot.id }, body: { exceptions: [] }, as });
  expect(await states()).toEqual(['03-04 changed', '03-07 cancelled', '03-11 room', '03-14 room']);
  await api.ok(endRoomSlot, { params: { id: slot.id }, body: {}, as });
  await api.ok(endRoomSlot, { params: { id: slot.id }, body: {}, as });
  expect((await rooms()).filter(({ state }) => state === 'scheduled').map(({ title }) => title)).toEqual([
    '女王节特别场',
  ]);
  expect((await api.call(patchRoomSlot, { params: { id: slot.id }, body: { title: '又来' }, as })).problem.code).toBe(
    'state_conflict',
  );
});

test('a host who may not go live here any more makes no rooms, and the slot says so', async () => {
  const slot = await create();
  await api.api.platform.db
    .sql`UPDATE staff_accounts SET active = false WHERE person_id = ${brand.staff.a.guide.personId}`;
  api.clock.advanceSeconds(7 * DAY_SECONDS);
  await api.api.platform.jobs.runNow(SLOTS_JOB);
  expect(await rooms()).toHaveLength(4);
  const [now] = (await api.ok(listRoomSlots, { as: brand.staff.a.manager })).items;
  expect(now).toMatchObject({ id: slot.id, problem: 'host_left' });
  const host = { hostId: brand.staff.b.guide.personId };
  expect(
    (await api.call(patchRoomSlot, { params: { id: slot.id }, body: host, as: brand.staff.a.manager })).status,
  ).toBe(404);
  const mine = { hostId: brand.staff.a.secondGuide.personId };
  expect(await api.ok(patchRoomSlot, { params: { id: slot.id }, body: mine, as: brand.staff.a.manager })).toMatchObject(
    { problem: null },
  );
  expect((await rooms()).length).toBe(6);
});

test('a slot that cannot make its rooms holds up no other', async () => {
  const bad = await create();
  const good = await create();
  const { sql } = api.api.platform.db;
  await sql`UPDATE room_slots SET product_ids = ${[crypto.randomUUID()]}::uuid[] WHERE id = ${bad.id}`;
  expect(bad.id < good.id).toBe(true); // it is looked at first
  api.clock.advanceSeconds(7 * DAY_SECONDS);
  await api.api.platform.jobs.runNow(SLOTS_JOB);
  const made = await sql<{ slotId: string; rooms: number }>`
    SELECT slot_id AS "slotId", count(*)::int AS rooms FROM room_slot_dates GROUP BY slot_id ORDER BY slot_id`;
  expect(made).toEqual([
    { slotId: bad.id, rooms: 4 },
    { slotId: good.id, rooms: 6 },
  ]);
  // Mended by hand, and ended by hand.
  const productIds = [brand.products.milk.id];
  await api.ok(patchRoomSlot, { params: { id: bad.id }, body: { productIds }, as: brand.staff.a.manager });
  expect(await rooms()).toHaveLength(12);
});

test('products of a slot exist, once each, and are on sale when they come to it', async () => {
  const { milk, kernels, family } = brand.products;
  const { sql } = api.api.platform.db;
  await sql`UPDATE products SET status = 'off_sale' WHERE id = ${kernels.id}`;
  const as = brand.staff.a.manager;
  const slot = await create();
  const answers: [string[], number][] = [
    [[milk.id, milk.id], 400],
    [[crypto.randomUUID()], 404],
    [[kernels.id], 409],
  ];
  for (const [productIds, status] of answers) {
    expect((await api.call(createRoomSlot, { body: { ...weekly, productIds }, as })).status).toBe(status);
    expect((await api.call(patchRoomSlot, { params: { id: slot.id }, body: { productIds }, as })).status).toBe(status);
  }
  expect((await api.ok(listRoomSlots, { as })).items.map(({ id, productIds }) => [id, productIds])).toEqual([
    [slot.id, [milk.id]],
  ]);
  // What left the shelf since does not stand in the way of another change.
  await sql`UPDATE products SET status = 'off_sale' WHERE id = ${milk.id}`;
  const productIds = [milk.id, family.id];
  expect(await api.ok(patchRoomSlot, { params: { id: slot.id }, body: { productIds }, as })).toMatchObject({
    productIds,
  });
});
