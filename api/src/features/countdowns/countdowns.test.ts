import { cancelCountdown, endRoom, listCountdowns, moveCountdown, startCountdown } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { seedBrand } from '../../testing/fixtures.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { COUNTDOWNS_JOB } from './index.ts';

test('countdown: told to all, also to whoever comes later; moved, cancelled, over by itself; one at a time', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  const roomId = rooms.a.id;
  const as = staff.a.guide;
  await using anna = await enterRoom(api, roomId, consumers.anna);
  const start = (title: string, seconds: number) => api.call(startCountdown, { body: { roomId, title, seconds }, as });
  expect((await start('降血压倒计时', 60)).problem).toMatchObject({
    code: 'words_refused',
    facts: { terms: ['降血压'] },
  });
  const { body: first } = await start('开抢', 60);
  await anna.waitFor('it', () => anna.events('countdown:started').length === 1);
  expect((await start('又一个', 60)).problem.code).toBe('state_conflict');
  await using later = await enterRoom(api, roomId, consumers.bella, { lastSeq: null });
  await later.waitFor('a snapshot', () => later.snapshots.length > 0);
  expect(later.snapshots[0]?.activities?.countdown).toEqual(first);

  // A minute more, clicked twice: the moment is named, so it is one minute.
  const params = { id: first.id };
  const endsAt = new Date(Date.parse(first.endsAt) + 60_000).toISOString();
  const other = { params, body: { endsAt }, as: staff.b.guide };
  expect((await api.call(moveCountdown, other)).status).toBe(404);
  for (const _ of ['first', 'again'])
    expect(await api.ok(moveCountdown, { params, body: { endsAt }, as })).toMatchObject({ endsAt, state: 'running' });
  await anna.waitFor('the move', () => anna.events('countdown:moved').length === 1);
  const far = new Date(api.clock.now().getTime() + 90_000_000).toISOString();
  expect((await api.call(moveCountdown, { params, body: { endsAt: far }, as })).problem.code).toBe('invalid_request');
  const past = new Date(api.clock.now().getTime() - 1_000).toISOString();
  expect((await api.call(moveCountdown, { params, body: { endsAt: past }, as })).problem.code).toBe('too_late');

  api.clock.advanceSeconds(90);
  await api.api.platform.jobs.runNow(COUNTDOWNS_JOB);
  expect(anna.events('countdown:ended')).toEqual([]);
  api.clock.advanceSeconds(31);
  await Promise.all([1, 2].map(() => api.api.platform.jobs.runNow(COUNTDOWNS_JOB)));
  await anna.waitFor('the end', () => anna.events('countdown:ended').length > 0);
  expect(anna.events('countdown:ended')).toMatchObject([{ countdown: { state: 'ended' } }]);
  expect((await api.call(cancelCountdown, { params, body: {}, as })).problem.code).toBe('too_late');
  expect((await api.call(moveCountdown, { params, body: { endsAt: far }, as })).status).toBe(400);

  // Over, and nobody has told it so yet: the next one may start.
  await start('第二场', 5);
  api.clock.advanceSeconds(6);
  const { body: third, status } = await start('第三场', 600);
  expect(status).toBe(201);
  for (const _ of ['first', 'again'])
    expect(await api.ok(cancelCountdown, { params: { id: third.id }, body: {}, as })).toMatchObject({
      state: 'cancelled',
    });
  const { body: fourth } = await start('第四场', 600);
  await api.ok(endRoom, { params: { id: roomId }, body: {}, as });
  const kept = (await api.ok(listCountdowns, { query: { roomId } })).items;
  expect(kept.map(({ state, title }) => `${title} ${state}`)).toEqual([
    '第四场 cancelled',
    '第三场 cancelled',
    '第二场 ended',
    '开抢 ended',
  ]);
  expect(kept[0]?.id).toBe(fourth.id);
  expect((await start('太晚了', 60)).problem.code).toBe('room_not_live');
  // People gather before a live: it may be counted down to.
  const scheduled = { roomId: rooms.scheduledA.id, title: '开播倒计时', seconds: 600 };
  await api.ok(startCountdown, { body: scheduled, as });
  const actions = await api.api.platform.db.sql<{ action: string }>`
    SELECT action FROM audit_log WHERE target = ${`countdown:${first.id}`} ORDER BY id`;
  expect(actions.map(({ action }) => action)).toEqual(['countdown:started', 'countdown:moved', 'countdown:ended']);
});
