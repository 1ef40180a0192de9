import { closeCheckIn, endRoom, getCheckIn, myCheckIn, openCheckIn } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { makeRoom, seedBrand } from '../../testing/fixtures.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi } from '../../testing/test-api.ts';

test('check-in: opened with a message, once a person and day, closed and opened again, seen by whoever comes later', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers, guest } = await seedBrand(api);
  const roomId = rooms.a.id;
  const as = staff.a.assistant;
  await using anna = await enterRoom(api, roomId, consumers.anna);
  expect(await anna.ask('checkin:do', {})).toMatchObject({ error: { code: 'not_found' } });
  const refused = await api.call(openCheckIn, { body: { roomId, message: '签到健脑' }, as });
  expect(refused.problem).toMatchObject({ code: 'words_refused', facts: { terms: ['健脑'] } });
  const checkIn = await api.ok(openCheckIn, { body: { roomId, message: '来了就签到' }, as });
  await anna.waitFor('the opening', () => anna.events('check-in:opened').length === 1);
  // The host's second click says the same and tells nobody anew.
  expect(await api.ok(openCheckIn, { body: { roomId, message: '来了就签到' }, as })).toEqual(checkIn);

  // A hundred clicks of one person, in two tabs: one mark.
  await using tab = await enterRoom(api, roomId, consumers.anna);
  const clicks = await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 2 ? anna : tab).ask('checkin:do', {})));
  for (const click of clicks) expect(click).toEqual({ ok: true, data: { streak: 1 } });
  await using bella = await enterRoom(api, roomId, consumers.bella);
  expect(await bella.ask('checkin:do', {})).toMatchObject({ ok: true });
  await anna.waitFor('two people', () => anna.events('check-in:counted').at(-1)?.people === 2);
  const { sql } = api.api.platform.db;
  expect(await sql`SELECT 1 FROM check_in_marks`).toHaveLength(2);

  await using later = await enterRoom(api, roomId, guest, { lastSeq: null });
  await later.waitFor('a snapshot', () => later.snapshots.length > 0);
  expect(later.snapshots[0]?.activities?.checkIn).toMatchObject({ people: 2, message: '来了就签到', state: 'open' });
  expect(await later.ask('checkin:do', {})).toMatchObject({ error: { code: 'unauthenticated' } });
  await using crew = await enterRoom(api, roomId, staff.a.guide);
  expect(await crew.ask('checkin:do', {})).toMatchObject({ error: { code: 'insiders_excluded' } });
  // Muted people are there too; banned ones are not.
  await crew.ask('viewer:mute', { personId: consumers.chris.personId });
  await using chris = await enterRoom(api, roomId, consumers.chris);
  expect(await chris.ask('checkin:do', {})).toMatchObject({ ok: true });

  const params = { id: checkIn.id };
  expect((await api.call(closeCheckIn, { params, body: {}, as: staff.b.guide })).status).toBe(404);
  for (const _ of ['first', 'again'])
    expect(await api.ok(closeCheckIn, { params, body: {}, as })).toMatchObject({ state: 'closed', people: 3 });
  await anna.waitFor('the end', () => anna.events('check-in:closed').length === 1);
  // Who is in it may ask again; the next day of Shanghai is another day.
  expect(await anna.ask('checkin:do', {})).toMatchObject({ ok: true });
  api.clock.advanceSeconds(86_400);
  expect(await anna.ask('checkin:do', {})).toMatchObject({ error: { code: 'state_conflict' } });
  await api.ok(openCheckIn, { body: { roomId }, as });
  expect(await anna.ask('checkin:do', {})).toMatchObject({ ok: true, data: { streak: 1 } });
  expect((await api.ok(getCheckIn, { params })).people).toBe(3);
  await api.ok(endRoom, { params: { id: roomId }, body: {}, as: staff.a.guide });
  expect(await api.ok(getCheckIn, { params })).toMatchObject({ state: 'closed', people: 3 });
  expect((await api.call(openCheckIn, { body: { roomId }, as })).problem.code).toBe('room_not_live');
  const audit = await sql<{
    action: string;
  }>`SELECT action FROM audit_log WHERE target = ${`check-in:${checkIn.id}`} ORDER BY id`;
  expect(audit.map(({ action }) => action)).toEqual([
    'check-in:opened',
    'check-in:closed',
    'check-in:opened',
    'check-in:closed',
  ]);
});

test('check-in streaks: lives of the store in a row; lives without check-in and other stores make no difference', async () => {
  await using api = await startTestApi();
  const { rooms, stores, staff, consumers } = await seedBrand(api);
  const live = async (checkedIn: boolean, room = rooms.a, as = staff.a.guide) => {
    const checkIn = await api.ok(openCheckIn, { body: { roomId: room.id }, as });
    const params = { id: checkIn.id };
    const before = await api.ok(myCheckIn, { params, as: consumers.anna });
    expect(before.done).toBe(false);
    let streak = before.streak;
    if (checkedIn) {
      await using anna = await enterRoom(api, room.id, consumers.anna);
      const answer = await anna.ask('checkin:do', {});
      expect(answer.ok && answer.data).toEqual({
        streak: (await api.ok(myCheckIn, { params, as: consumers.anna })).streak,
      });
      streak = Number(answer.ok && answer.data.streak);
    }
    await api.ok(endRoom, { params: { id: room.id }, body: {}, as });
    api.clock.advanceSeconds(86_400);
    return streak;
  };
  const another = () => makeRoom(api, { orgUnit: stores.a, host: staff.a.guide });
  expect(await live(true)).toBe(1);
  expect(await live(true, await another())).toBe(2);
  expect(await live(true, rooms.b, staff.b.guide)).toBe(1);
  await api.ok(endRoom, { params: { id: (await another()).id }, body: {}, as: staff.a.guide });
  expect(await live(true, await another())).toBe(3);
  expect(await live(false, await another())).toBe(3);
  expect(await live(true, await another())).toBe(1);
});
