/** What is not told any more when it goes out: the consent was taken back, or it is not so any longer. */
import { randomUUID } from 'node:crypto';
import {
  bookRoom,
  getMessageSettings,
  type MessageTopic,
  myMessages,
  patchRoom,
  putMessageSettings,
} from '@walnut-live/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Brand, type FixtureRoom, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { BOOKINGS_JOB } from '../room-bookings/index.ts';
import { peopleOf } from '../waves/audience.ts';
import { MESSAGES_JOB } from './index.ts';

const china = (text: string): Date => new Date(`${text}:00+08:00`);
const START = china('2031-03-04T20:00');
let api: TestApi;
let brand: Brand;
let room: FixtureRoom;
beforeEach(async () => {
  api = await startTestApi();
  api.clock.set(china('2031-03-04T12:00'));
  brand = await seedBrand(api);
  room = brand.rooms.scheduledA;
  await move(START);
});
afterEach(() => api[Symbol.asyncDispose]());

const move = (at: Date) =>
  api.ok(patchRoom, { params: { id: room.id }, body: { scheduledAt: at.toISOString() }, as: brand.staff.a.guide });
const run = (job: string) => api.api.platform.jobs.runNow(job);
const turn = async (): Promise<void> => {
  await run(BOOKINGS_JOB);
  await run(MESSAGES_JOB);
};
const book = (as = brand.consumers.anna) => api.ok(bookRoom, { params: { id: room.id }, body: {}, as });
const turnTopic = (topic: MessageTopic, on: boolean, as = brand.consumers.anna) =>
  api.ok(putMessageSettings, { body: { topic, on }, as });
const heard = async (as = brand.consumers.anna) =>
  (await api.ok(myMessages, { as })).items
    .map(({ kind, content }) => `${kind} ${content.scheduledAt ?? content.text}`)
    .reverse();
const campaign = () => api.api.platform.db.sql`
  INSERT INTO messages (id, key, person_id, org_unit_id, org_path, kind, why, room_id, content, state, due_at, expires_at, created_at)
  VALUES (${randomUUID()}, ${randomUUID()}, ${brand.consumers.anna.personId}, ${room.orgUnit.id}, ${room.orgUnit.path}, 'campaign', 'booked',
    ${room.id}, ${JSON.stringify({ roomTitle: room.title, unitName: room.orgUnit.name, coverUrl: '', scheduledAt: null, text: '开抢了' })}::jsonb,
    'waiting', ${api.clock.now()}, ${new Date(api.clock.now().getTime() + 3_600_000)}, ${api.clock.now()})`;

test('Z6 reminders switched off: nothing more comes by a booking, until the consent is given anew', async () => {
  const { anna, bella } = brand.consumers;
  await book();
  await book(bella);
  expect((await turnTopic('reminders', false)).consentGivenAt).toBeNull();
  await move(china('2031-03-04T21:00'));
  await campaign();
  await turn();
  expect(await heard()).toEqual([]);
  expect(await heard(bella)).toEqual(['room_moved 2031-03-04T13:00:00.000Z']);
  const reasons = await api.api.platform.db
    .sql`SELECT kind, state, reason FROM messages WHERE person_id = ${anna.personId} ORDER BY kind`;
  expect(reasons).toEqual(
    ['campaign', 'room_moved'].map((kind) => ({ kind, state: 'skipped', reason: 'not_wanted_any_more' })),
  );
  const { sql } = api.api.platform.db;
  const reached = async () => {
    const wanted = { audience: 'booked', orgPath: room.orgUnit.path, roomId: room.id, at: api.clock.now() } as const;
    return (await peopleOf(sql, wanted, '00000000-0000-0000-0000-000000000000', 10)).map(({ id }) => id);
  };
  expect(await reached()).toEqual([bella.personId]);
  // Closed to her, a booking is none that a campaign may speak of.
  await sql`UPDATE room_bookings SET closed_at = ${api.clock.now()}, closed_as = 'refused' WHERE person_id = ${bella.personId}`;
  expect(await reached()).toEqual([]);

  expect((await turnTopic('reminders', true)).consentGivenAt).toEqual(expect.any(String));
  expect(await reached()).toEqual([anna.personId]);
  await move(china('2031-03-04T21:30'));
  await campaign();
  await turn();
  expect((await heard()).sort()).toEqual(['campaign 开抢了', 'room_moved 2031-03-04T13:30:00.000Z']);
  // A switch is no consent of somebody who has never booked.
  const never = await makeConsumer(api);
  await turnTopic('reminders', false, never);
  await turnTopic('reminders', true, never);
  expect((await api.ok(getMessageSettings, { as: never })).consentGivenAt).toBeNull();
});

test('moved twice at night: in the morning the time that holds is told, and no other', async () => {
  await book();
  api.clock.set(china('2031-03-03T22:30'));
  await move(china('2031-03-05T19:00'));
  await turn();
  api.clock.set(china('2031-03-03T23:00'));
  await move(china('2031-03-05T20:30'));
  await turn();
  expect(await heard()).toEqual([]);
  api.clock.set(china('2031-03-04T08:00'));
  await turn();
  expect(await heard()).toEqual(['room_moved 2031-03-05T12:30:00.000Z']);
});

test('a reminder of a start that is not one any more is not sent', async () => {
  await book();
  await book(brand.consumers.bella);
  api.clock.set(china('2031-03-04T19:35'));
  await run(BOOKINGS_JOB);
  await move(china('2031-03-04T21:00'));
  await run(MESSAGES_JOB);
  expect(await heard()).toEqual([]);
  await turn();
  expect(await heard()).toEqual(['room_moved 2031-03-04T13:00:00.000Z']);
  // Begun before its time: that it is live is what there is to tell.
  api.clock.set(china('2031-03-04T20:35'));
  await run(BOOKINGS_JOB);
  await api.api.platform.db.sql`UPDATE rooms SET state = 'live', started_at = ${api.clock.now()} WHERE id = ${room.id}`;
  await turn();
  expect((await heard()).map((line) => line.split(' ')[0])).toEqual(['room_moved', 'room_live']);
});
