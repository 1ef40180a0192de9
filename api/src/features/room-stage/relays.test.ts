import { randomUUID } from 'node:crypto';
import {
  createRoom,
  dropRelay,
  endRoom,
  getRoom,
  joinRoom,
  listProgrammes,
  listRelays,
  mediaGrant,
  openProgramme,
  pushRelays,
  setRelay,
  startRoom,
} from '@walnut-live/contracts';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { makeRoom, makeStaff, makeUnit, seedBrand } from '../../testing/fixtures.ts';
import { configFor, startMediaServer } from '../../testing/media-stand-in.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi } from '../../testing/test-api.ts';

test('a store’s room made as a relay shows the programme’s stream and keeps everything else its own', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms, staff, consumers, products, stores } = await seedBrand(api);
  const programmeId = rooms.hq.id;
  const make = (as = staff.a.guide) =>
    api.call(createRoom, { as, body: { title: '湖滨店看总部', relayOf: programmeId, productIds: [products.milk.id] } });
  // Not open yet: for a store it does not exist, and nothing half-made stays.
  expect((await make()).problem.code).toBe('not_found');
  await api.ok(openProgramme, { params: { id: programmeId }, body: { openTo: ['hq.east'] }, as: staff.operations });
  expect((await make(staff.c.guide)).problem.code).toBe('not_found');
  expect((await api.ok(listProgrammes, { as: staff.c.guide })).items).toEqual([]);
  const [offered] = (await api.ok(listProgrammes, { as: staff.a.guide })).items;
  expect(offered).toMatchObject({ room: { id: programmeId, state: 'live' }, openTo: ['hq.east'], relays: 0 });

  const { body: room } = await make();
  expect(room).toMatchObject({
    relay: { title: rooms.hq.title, unitName: '山核记总部' },
    orgUnit: { id: stores.a.id },
  });
  await api.ok(startRoom, { params: { id: room.id }, body: {}, as: staff.a.guide });
  await using anna = await enterRoom(api, room.id, consumers.anna);
  expect(anna.join.snapshot.stage).toMatchObject({ shows: 'relay', streamId: rooms.hq.streamId, cutIn: null });
  expect(anna.join.media?.streamId).toBe(rooms.hq.streamId);
  expect(decodeJwt(anna.join.media?.token ?? '')).toMatchObject({ streamId: rooms.hq.streamId, roomId: room.id });
  expect(anna.join.snapshot.bag.items.map(({ product }) => product.id)).toEqual([products.milk.id]);
  // Nothing leads from the relay into the programme's room, and the room's own stream is not the programme's.
  expect(JSON.stringify(anna.join)).not.toContain(programmeId);
  expect(room.streamId).not.toBe(rooms.hq.streamId);

  // The programme's picture is told here as well; its chat is not.
  await using hq = await enterRoom(api, programmeId, consumers.bella);
  await hq.ask('chat:send', { text: '总部的话' });
  media.publish(rooms.hq.streamId, 'live');
  await anna.waitFor('the picture', () => anna.events('stream:changed').at(-1)?.state === 'live');
  expect(anna.events('chat:sent')).toEqual([]);

  // The guide may go on alone, and come back; a second tap changes nothing.
  const alone = () => api.ok(dropRelay, { params: { id: room.id }, as: staff.a.guide });
  const [first, second] = [await alone(), await alone()];
  expect(first.stage).toMatchObject({ shows: 'own', streamId: room.streamId, relay: null });
  expect(second.stage.version).toBe(first.stage.version);
  await anna.waitFor('the own picture', () => anna.events('stage:changed').at(-1)?.stage.shows === 'own');
  await anna.waitFor('its state', () => anna.events('stream:changed').at(-1)?.state === 'idle');
  const back = () => api.ok(setRelay, { params: { id: room.id }, body: { programmeId }, as: staff.a.guide });
  const versions = (await Promise.all([back(), back(), back()])).map(({ stage }) => stage.version);
  expect(Math.max(...versions)).toBe(first.stage.version + 1);
  await anna.waitFor('the programme', () => anna.events('stage:changed').at(-1)?.stage.shows === 'relay');

  // HQ ends: the room hears it, stays live, and its stream is not the one that is closed.
  await api.ok(endRoom, { params: { id: programmeId }, body: {}, as: staff.operations });
  await anna.waitFor('the end', () => anna.events('stage:changed').at(-1)?.stage.relay?.state === 'ended');
  expect(await api.ok(getRoom, { params: { id: room.id } })).toMatchObject({ state: 'live' });
  expect((await alone()).stage).toMatchObject({ shows: 'own', relay: null });
  expect(
    (await api.call(setRelay, { params: { id: room.id }, body: { programmeId }, as: staff.a.guide })).problem,
  ).toMatchObject({
    code: 'state_conflict',
  });
  await api.ok(endRoom, { params: { id: room.id }, body: {}, as: staff.a.guide });
  expect(media.orders.map(({ path }) => path).filter((path) => path.includes(rooms.hq.streamId))).toHaveLength(1);
});

test('who may open, relay and push: by org path; pointers are one step long', async () => {
  await using api = await startTestApi();
  const { rooms, staff, hq, stores } = await seedBrand(api);
  const open = (id: string, openTo: string[] | null, as = staff.operations) =>
    api.call(openProgramme, { params: { id }, body: { openTo }, as });
  const relay = (id: string, programmeId: string, as = staff.a.guide) =>
    api.call(setRelay, { params: { id }, body: { programmeId }, as });
  expect((await open(rooms.hq.id, ['hq'], staff.a.manager)).problem.code).toBe('not_found');
  expect((await open(rooms.hq.id, ['hq'], staff.analyst)).problem.code).toBe('forbidden');
  expect((await open(rooms.a.id, ['hq'], staff.a.manager)).problem.code).toBe('not_found'); // wider than the store
  expect((await open(rooms.hq.id, ['hq'])).status).toBe(200);
  expect((await relay(rooms.a.id, rooms.hq.id, staff.b.guide)).problem.code).toBe('not_found');
  expect((await relay(rooms.a.id, rooms.hq.id, staff.a.assistant)).problem.code).toBe('forbidden');
  expect((await relay(rooms.a.id, rooms.b.id)).problem.code).toBe('not_found');
  expect((await relay(rooms.a.id, rooms.hq.id)).status).toBe(200);
  // A relay is nobody's programme, a programme that is shown relays nothing.
  expect((await open(rooms.a.id, ['hq.east.hangzhou'], staff.a.manager)).problem.code).toBe('state_conflict');
  const second = await makeRoom(api, { orgUnit: hq, host: staff.operations });
  await open(second.id, ['hq']);
  expect((await relay(rooms.hq.id, second.id, staff.operations)).problem.code).toBe('not_found');
  // Another programme may be chosen; closing one stops new relays, not those that run.
  expect((await relay(rooms.a.id, second.id)).body.stage.streamId).toBe(second.streamId);
  await open(second.id, null);
  expect((await relay(rooms.b.id, second.id, staff.b.guide)).problem.code).toBe('not_found');
  expect((await relay(rooms.a.id, second.id)).problem.code).toBe('not_found');
  expect((await api.ok(listRelays, { params: { id: second.id }, as: staff.operations })).items).toMatchObject([
    { roomId: rooms.a.id, shows: 'relay', orgUnit: { id: stores.a.id } },
  ]);
  expect((await api.call(listRelays, { params: { id: second.id }, as: staff.a.manager })).problem.code).toBe(
    'not_found',
  );
});

test('a push makes one room per store however often it is tapped, and they start with the programme', async () => {
  await using api = await startTestApi();
  const { rooms, staff, stores, hq, products } = await seedBrand(api);
  const later = await makeRoom(api, {
    orgUnit: hq,
    host: staff.operations,
    state: 'scheduled',
    products: [products.milk],
  });
  const lonely = await makeUnit(api, 'store', 'hq.east.suzhou', '苏州店', hq);
  const orgUnitIds = [stores.a.id, stores.b.id, stores.c.id, lonely.id, randomUUID()];
  const push = (id: string, as = staff.operations) =>
    api.call(pushRelays, { params: { id }, body: { orgUnitIds }, as });
  expect((await push(later.id, staff.a.manager)).problem.code).toBe('not_found');
  await api.ok(openProgramme, { params: { id: later.id }, body: { openTo: ['hq.east'] }, as: staff.operations });
  const pushes = await Promise.all([push(later.id), push(later.id), push(later.id)]);
  const of = (unitId: string) =>
    pushes.map(({ body }) => body.items.find(({ orgUnit }) => orgUnit.id === unitId)?.outcome).sort();
  expect(of(stores.a.id)).toEqual(['created', 'existing', 'existing']);
  expect(of(stores.b.id)).toEqual(['created', 'existing', 'existing']);
  expect(of(stores.c.id)).toEqual(['not_open', 'not_open', 'not_open']);
  expect(of(lonely.id)).toEqual(['no_host', 'no_host', 'no_host']);
  const ids = new Set(pushes.flatMap(({ body }) => body.items.flatMap(({ roomId }) => roomId ?? [])));
  expect(ids.size).toBe(2);
  const [one = '', other = ''] = ids;
  expect(await api.ok(getRoom, { params: { id: one } })).toMatchObject({
    state: 'scheduled',
    relay: { title: later.title },
  });
  // A room that has chosen another programme, which then starts, is no longer pushed by anybody; back again it is its own choice.
  const second = await makeRoom(api, { orgUnit: hq, host: staff.operations, state: 'scheduled' });
  await api.ok(openProgramme, { params: { id: second.id }, body: { openTo: ['hq.east'] }, as: staff.operations });
  await api.ok(setRelay, { params: { id: other }, body: { programmeId: second.id }, as: staff.operations });
  await api.ok(startRoom, { params: { id: second.id }, body: {}, as: staff.operations });
  expect(await api.ok(getRoom, { params: { id: other } })).toMatchObject({ state: 'scheduled' });
  // Its place is free: a second push makes a room, and whoever comes back meets no conflict.
  const refilled = (await push(later.id)).body.items.flatMap(({ outcome, roomId }) =>
    outcome === 'created' && roomId ? [roomId] : [],
  );
  expect(refilled).toHaveLength(1);
  await api.ok(setRelay, { params: { id: other }, body: { programmeId: later.id }, as: staff.operations });
  await api.ok(startRoom, { params: { id: later.id }, body: {}, as: staff.operations });
  expect(await api.ok(getRoom, { params: { id: other } })).toMatchObject({ state: 'scheduled' });
  for (const id of [one, ...refilled]) {
    expect(await api.ok(getRoom, { params: { id } })).toMatchObject({ state: 'live' });
    const joined = await api.ok(joinRoom, { params: { id }, body: {}, as: staff.a.guide });
    expect(joined.snapshot.bag.items.map(({ product }) => product.id)).toEqual([products.milk.id]);
  }
  await api.ok(endRoom, { params: { id: later.id }, body: {}, as: staff.operations });
  expect((await push(later.id)).problem.code).toBe('state_conflict');
  expect(rooms.a.id).not.toBe(one);
});

test('two hundred stores that relay one programme are two hundred rooms and one stream', async () => {
  await using api = await startTestApi();
  const { rooms, staff, hq, consumers } = await seedBrand(api);
  const units = [];
  for (let store = 0; store < 200; store++) {
    const unit = await makeUnit(api, 'store', `hq.east.s${store}`, `${store} 号店`, hq);
    await makeStaff(api, 'guide', unit, `导购 ${store}`);
    units.push(unit.id);
  }
  await api.ok(openProgramme, { params: { id: rooms.hq.id }, body: { openTo: ['hq'] }, as: staff.operations });
  const { items } = await api.ok(pushRelays, {
    params: { id: rooms.hq.id },
    body: { orgUnitIds: units },
    as: staff.operations,
  });
  expect(items.filter(({ outcome }) => outcome === 'created')).toHaveLength(200);
  const streams = new Set<string>();
  for (const { roomId } of items) {
    const params = { id: roomId ?? '' };
    const grant = await api.ok(mediaGrant, { params, body: { right: 'watch' }, as: consumers.anna });
    streams.add(grant.streamId);
    expect(grant.hlsUrl).toContain(rooms.hq.streamId);
  }
  expect([...streams]).toEqual([rooms.hq.streamId]);
  // A change of the programme is told to all of them in one go.
  await api.ok(endRoom, { params: { id: rooms.hq.id }, body: {}, as: staff.operations });
  const last = await api.ok(joinRoom, { params: { id: items.at(-1)?.roomId ?? '' }, body: {}, as: consumers.anna });
  expect(last.snapshot.stage?.relay?.state).toBe('ended');
}, 60_000);
