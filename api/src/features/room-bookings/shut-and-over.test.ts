/** Bookings that end without a word: the room is closed to their person, or its time is long over. */
import { randomUUID } from 'node:crypto';
import { bookRoom, getBooking, myMessages, patchRoom, setAudience, unbookRoom } from '@walnut-live/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, type FixtureRoom, makeConsumer, makeRoom, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { MESSAGES_JOB } from '../messages/index.ts';
import { dueRooms } from './due-rooms.ts';
import { BOOKINGS_JOB } from './index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOON = new Date('2031-03-04T12:00:00+08:00');
const START = new Date('2031-03-04T20:00:00+08:00');
const at = (minutes: number): Date => new Date(START.getTime() + minutes * MINUTE);

let api: TestApi;
let brand: Brand;
let room: FixtureRoom;
beforeEach(async () => {
  api = await startTestApi();
  api.clock.set(NOON);
  brand = await seedBrand(api);
  room = brand.rooms.scheduledA;
  await schedule(START);
});
afterEach(() => api[Symbol.asyncDispose]());

const schedule = (to: Date | null, id = room.id) =>
  api.api.platform.db.sql`UPDATE rooms SET scheduled_at = ${to} WHERE id = ${id}`;
const turn = async (): Promise<void> => {
  for (const job of [BOOKINGS_JOB, MESSAGES_JOB]) await api.api.platform.jobs.runNow(job);
};
const book = (as: Principal) => api.ok(bookRoom, { params: { id: room.id }, body: {}, as });
const heard = async (as: Principal) => (await api.ok(myMessages, { as })).items.map(({ kind }) => kind);
const closedAs = async (who: Principal) =>
  (
    await api.api.platform.db.sql<{ closedAs: string | null }>`
    SELECT closed_as AS "closedAs" FROM room_bookings WHERE person_id = ${who.personId}`
  )[0]?.closedAs;

test('the room was closed to who booked it: they hear nothing of it, and can still take it back', async () => {
  const { anna, bella, chris } = brand.consumers;
  for (const who of [anna, bella, chris]) await book(who);
  const by = brand.staff.a.guide;
  await api.ok(setAudience, { params: { id: room.id }, body: { audience: 'members' }, as: by });
  await api.api.platform.db
    .sql`INSERT INTO customer_marks (id, person_id, kind, org_unit_id, org_path, reason, marked_by, marked_at)
    VALUES (${randomUUID()}, ${chris.personId}, 'member', ${brand.stores.a.id}, ${brand.stores.a.path}, '老会员', ${by.personId}, ${NOON})`;
  const undo = (as: Principal) => api.call(unbookRoom, { params: { id: room.id }, as });
  expect(await undo(bella)).toMatchObject({ status: 200, body: { booked: false } });
  // Of a room that is not theirs, and that they never booked, people learn nothing by it.
  const stranger = await makeConsumer(api);
  expect(await undo(stranger)).toMatchObject({ status: 403, problem: { code: 'not_in_audience' } });
  expect((await api.call(getBooking, { params: { id: room.id }, as: anna })).status).toBe(403);

  api.clock.set(at(-25));
  await turn();
  await api.ok(patchRoom, {
    params: { id: room.id },
    body: { title: '只给会员看的', scheduledAt: at(120).toISOString() },
    as: by,
  });
  await turn();
  expect([await heard(anna), await heard(bella), await heard(chris)]).toEqual([
    [],
    [],
    ['room_moved', 'room_reminder'],
  ]);
  expect([await closedAs(anna), await closedAs(bella), await closedAs(chris)]).toEqual(['refused', 'undone', null]);
  expect((await undo(anna)).status).toBe(200);
});

test('who was put out of the room, or whose account is switched off, is not told either', async () => {
  const { anna, bella, chris } = brand.consumers;
  const back = await makeConsumer(api, '回来了');
  for (const who of [anna, bella, chris, back]) await book(who);
  const { sql } = api.api.platform.db;
  const ban = (who: Principal, until: Date | null) =>
    sql`INSERT INTO room_moderation (id, room_id, person_id, kind, reason, by_id, at, until)
      VALUES (${randomUUID()}, ${room.id}, ${who.personId}, 'ban', '骂人', ${brand.staff.a.guide.personId}, ${NOON}, ${until})`;
  await ban(anna, null);
  await ban(back, at(-60));
  await sql`UPDATE people SET active = false WHERE id = ${bella.personId}`;
  api.clock.set(at(-25));
  await turn();
  const told = await sql`SELECT person_id AS id FROM messages ORDER BY person_id`;
  expect(told).toEqual([chris, back].map(({ personId }) => ({ id: personId })).sort((a, b) => (a.id < b.id ? -1 : 1)));
  expect([await closedAs(anna), await closedAs(bella), await closedAs(back)]).toEqual(['refused', 'refused', null]);
});

test('a room that never began is waited for a day, and then no more', async () => {
  const { anna } = brand.consumers;
  await book(anna);
  for (const [minutes, open] of [
    [-25, true],
    [24 * 60 - 1, true],
    [24 * 60 + 1, false],
  ] as const) {
    api.clock.set(at(minutes));
    await turn();
    expect([await closedAs(anna), await heard(anna)]).toEqual([open ? null : 'over', ['room_reminder']]);
  }
});

test('only rooms with something to tell are looked into', async () => {
  const rooms = [room, ...(await Promise.all([1, 2, 3, 4, 5].map(() => another())))];
  const [quiet, soon, moved, begun, forgotten, open] = rooms.map(({ id }) => id);
  if (!quiet || !soon || !moved || !begun || !forgotten || !open) throw new Error('six rooms');
  const { sql } = api.api.platform.db;
  await schedule(new Date(NOON.getTime() - 25 * HOUR), forgotten);
  await schedule(null, open);
  for (const { id } of rooms)
    await sql`INSERT INTO room_bookings (room_id, person_id, booked_at, told_for, told_at)
      SELECT r.id, p.id, ${NOON}, r.scheduled_at, ${NOON} FROM rooms r, people p WHERE r.id = ${id} AND p.kind = 'consumer'`;
  const now = at(-60);
  const due = () =>
    dueRooms(sql, {
      now,
      remindFor: new Date(now.getTime() + 30 * MINUTE),
      overBefore: new Date(now.getTime() - 24 * HOUR),
    });
  expect(await due()).toEqual([forgotten]);
  await schedule(at(-40), soon);
  await sql`UPDATE room_bookings SET told_for = ${at(-40)} WHERE room_id = ${soon}`;
  await schedule(at(300), moved);
  await sql`UPDATE rooms SET state = 'live', started_at = ${now} WHERE id = ${begun}`;
  expect((await due()).sort()).toEqual([soon, moved, begun, forgotten].sort());
  // A time is set, and one is taken away.
  await schedule(START, open);
  await schedule(null, quiet);
  expect((await due()).sort()).toEqual(rooms.map(({ id }) => id).sort());
  await sql`UPDATE room_bookings SET closed_at = ${now}, closed_as = 'over'`;
  expect(await due()).toEqual([]);
});
const another = async () => {
  const made = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, state: 'scheduled' });
  await schedule(START, made.id);
  return made;
};
