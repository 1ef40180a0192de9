import { createRoom, dropRelay, getRoom, openProgramme, patchRoom, startRoom } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { seedBrand } from '../../testing/fixtures.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { createReplaysRepository } from '../replays/replays.repository.ts';

test('Z7 a generated picture is said to whoever watches, at once, in the rooms that show it too, and is not taken back', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  const programme = { id: rooms.hq.id };
  await api.ok(openProgramme, { params: programme, body: { openTo: ['hq.east'] }, as: staff.operations });
  const shop = await api.ok(createRoom, { as: staff.a.guide, body: { title: '看总部', relayOf: programme.id } });
  const params = { id: shop.id };
  await api.ok(startRoom, { params, body: {}, as: staff.a.guide });
  await using anna = await enterRoom(api, shop.id, consumers.anna);
  await using bella = await enterRoom(api, programme.id, consumers.bella);
  expect(anna.join.snapshot.stage).toMatchObject({ shows: 'relay', aiPicture: false });
  expect(anna.join.room.aiPicture).toBe(false);

  const say = (aiPicture: boolean, as = staff.operations) =>
    api.call(patchRoom, { params: programme, body: { aiPicture }, as });
  expect((await say(true, staff.a.guide)).problem.code).toBe('not_found');
  expect((await say(true)).body.aiPicture).toBe(true);
  for (const viewer of [anna, bella])
    await viewer.waitFor('the label', () => viewer.events('stage:changed').at(-1)?.stage.aiPicture === true);
  expect((await api.ok(getRoom, { params })).aiPicture).toBe(true);

  // Again is the same, and nobody is told anew; back it does not go, and nothing else of that change is done.
  expect((await say(true)).status).toBe(200);
  await using later = await enterRoom(api, programme.id, consumers.anna);
  expect(later.join.snapshot.stage?.version).toBe(bella.events('stage:changed').at(-1)?.stage.version);
  const back = await api.call(patchRoom, {
    params: programme,
    body: { aiPicture: false, title: '别的' },
    as: staff.operations,
  });
  expect(back.problem).toMatchObject({ code: 'state_conflict', facts: { state: 'live' } });
  expect(await api.ok(getRoom, { params: programme })).toMatchObject({ aiPicture: true, title: rooms.hq.title });

  // Alone again the shop's own camera is none; what it has shown stays said of the room, and so of its replay.
  const { stage } = await api.ok(dropRelay, { params, as: staff.a.guide });
  expect(stage).toMatchObject({ shows: 'own', aiPicture: false });
  expect((await api.ok(getRoom, { params })).aiPicture).toBe(true);
});

test('Z7 before the start it may be said and taken back', async () => {
  await using api = await startTestApi();
  const { staff } = await seedBrand(api);
  const as = staff.a.guide;
  const room = await api.ok(createRoom, { as, body: { title: '数字主播', source: 'encoder', aiPicture: true } });
  const params = { id: room.id };
  expect(room.aiPicture).toBe(true);
  expect((await api.ok(patchRoom, { as, params, body: { aiPicture: false } })).aiPicture).toBe(false);
  expect((await api.ok(patchRoom, { as, params, body: { title: '改名' } })).aiPicture).toBe(false);
  await api.ok(patchRoom, { as, params, body: { aiPicture: true } });
  expect((await api.ok(patchRoom, { as, params, body: { title: '又改名' } })).aiPicture).toBe(true);
});

test('Z7 a clip of a relay says what the room says, and so does a room that showed the programme before it was said', async () => {
  await using api = await startTestApi();
  const { rooms, staff, products } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  const programme = { id: rooms.hq.id };
  await api.ok(openProgramme, { params: programme, body: { openTo: ['hq.east'] }, as: staff.operations });
  const stays = await api.ok(createRoom, { as: staff.a.guide, body: { title: '看总部', relayOf: programme.id } });
  const drops = await api.ok(createRoom, { as: staff.a.guide, body: { title: '看过总部', relayOf: programme.id } });
  const [shown] = await sql<{ id: string }>`SELECT stream_id AS id FROM rooms WHERE id = ${programme.id}`;
  for (const room of [stays, drops, rooms.b]) {
    const spans = [{ streamId: room === rooms.b ? crypto.randomUUID() : (shown?.id ?? ''), fromMs: 1, toMs: null }];
    await sql`INSERT INTO recordings (room_id, state, spans, started_at) VALUES (${room.id}, 'recording', ${JSON.stringify(spans)}::jsonb, now())
      ON CONFLICT (room_id) DO UPDATE SET spans = excluded.spans`;
    await sql`INSERT INTO clips (id, room_id, product_id, from_ms, to_ms, origin, created_at)
      VALUES (gen_random_uuid(), ${room.id}, ${products.milk.id}, 0, 9000, 'pin', now())`;
  }
  await api.ok(dropRelay, { params: { id: drops.id }, as: staff.a.guide });
  const said = async () => {
    const clips = createReplaysRepository(sql);
    const all = [];
    for (const { id } of [stays, drops, rooms.b]) {
      const [clip] = await clips.clipsOfRoom(id);
      const one = await clips.clip(clip?.id ?? '');
      all.push([(await api.ok(getRoom, { params: { id } })).aiPicture, clip?.aiPicture, one?.aiPicture]);
    }
    return all;
  };
  const [yes, no] = [
    [true, true, true],
    [false, false, false],
  ];
  expect(await said()).toEqual([no, no, no]);
  await api.ok(patchRoom, { params: programme, body: { aiPicture: true }, as: staff.operations });
  expect(await said()).toEqual([yes, yes, no]);
});
