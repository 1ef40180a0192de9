import { createRoom, dropRelay, getRoom, openProgramme, patchRoom, startRoom } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { seedBrand } from '../../testing/fixtures.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi } from '../../testing/test-api.ts';

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
