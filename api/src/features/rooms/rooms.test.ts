import { randomUUID } from 'node:crypto';
import {
  createRoom,
  endRoom,
  getBag,
  getRoom,
  joinRoom,
  listRooms,
  liveWall,
  mediaGrant,
  patchRoom,
  startRoom,
} from '@walnut-live/contracts';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { makeRoom, seedBrand } from '../../testing/fixtures.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi } from '../../testing/test-api.ts';

test('the list goes from live to scheduled to ended, newest first, page by page without loss', async () => {
  await using api = await startTestApi();
  const { stores, staff } = await seedBrand(api);
  for (const state of ['ended', 'scheduled', 'live', 'ended', 'live'] as const) {
    await makeRoom(api, { orgUnit: stores.b, host: staff.b.guide, state });
  }
  const all = await api.ok(listRooms, { query: { limit: 100 } });
  expect(all).toMatchObject({ nextCursor: null });
  const rank = { live: 0, scheduled: 1, ended: 2 };
  expect(all.items.map(({ state }) => rank[state])).toEqual([...all.items.map(({ state }) => rank[state])].sort());
  const paged: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.ok(listRooms, { query: { limit: 2, ...(cursor ? { cursor } : {}) } });
    paged.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(paged).toEqual(all.items.map(({ id }) => id));
  const inStoreB = await api.ok(listRooms, { query: { orgPath: stores.b.path, state: 'ended' } });
  expect(inStoreB.items).toHaveLength(2);
  for (const bad of ['x', 'W10', Buffer.from('[1,2]').toString('base64url')]) {
    expect((await api.call(listRooms, { query: { cursor: bad } })).problem.code).toBe('invalid_request');
  }
});

test('`mine` lists what the signed-in staff may operate', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  const mine = async (as: Parameters<typeof api.token>[0]) =>
    (await api.ok(listRooms, { query: { mine: 'true' }, as })).items.map(({ id }) => id).sort();
  expect(await mine(staff.a.assistant)).toEqual([rooms.a.id, rooms.scheduledA.id].sort());
  expect(await mine(staff.operations)).toHaveLength(4);
  expect((await api.call(listRooms, { query: { mine: 'true' } })).problem.code).toBe('unauthenticated');
  for (const as of [consumers.anna, staff.analyst]) {
    expect((await api.call(listRooms, { query: { mine: 'true' }, as })).problem.code).toBe('forbidden');
  }
});

test('a room is created for a unit of my scope, with a host who may go live there, and its bag at once', async () => {
  await using api = await startTestApi();
  const { stores, staff, products } = await seedBrand(api);
  const productIds = [products.kernels.id, products.milk.id];
  const room = await api.ok(createRoom, { as: staff.a.guide, body: { title: ' 今晚试吃 ', productIds } });
  expect(room).toMatchObject({ title: '今晚试吃', state: 'scheduled', host: { id: staff.a.guide.personId } });
  expect(room.orgUnit).toMatchObject({ id: stores.a.id, kind: 'store' });
  expect((await fetch(`${api.url}${room.coverUrl}`)).status).toBe(200);
  const bag = await api.ok(getBag, { params: { id: room.id } });
  expect(bag.items.map(({ product }) => product.id)).toEqual(productIds);

  const body = { title: '总部安排', orgUnitId: stores.b.id, hostId: staff.b.guide.personId };
  expect(await api.ok(createRoom, { as: staff.operations, body })).toMatchObject({
    host: { name: staff.b.guide.name },
  });
  for (const [as, wrong, code] of [
    [staff.a.guide, { orgUnitId: stores.b.id }, 'not_found'],
    [staff.a.guide, { orgUnitId: randomUUID() }, 'not_found'],
    [staff.a.guide, { hostId: staff.b.guide.personId }, 'not_found'],
    [staff.a.guide, { hostId: staff.a.assistant.personId }, 'not_found'],
    [staff.a.guide, { productIds: [randomUUID()] }, 'not_found'],
    [staff.a.assistant, {}, 'forbidden'],
    [staff.analyst, {}, 'forbidden'],
  ] as const) {
    expect((await api.call(createRoom, { as, body: { title: '不行', ...wrong } as never })).problem.code).toBe(code);
  }
  expect((await api.ok(listRooms, { query: { limit: 100 } })).items.filter(({ title }) => title === '不行')).toEqual(
    [],
  );
});

test('title and cover change until the end, the schedule until the start', async () => {
  await using api = await startTestApi();
  const { rooms, staff } = await seedBrand(api);
  const as = staff.a.guide;
  const at = '2027-01-01T12:00:00.000Z';
  const patch = (id: string, body: object, who = as) => api.call(patchRoom, { params: { id }, body, as: who });
  expect((await patch(rooms.scheduledA.id, { scheduledAt: at })).body).toMatchObject({ scheduledAt: at });
  expect((await patch(rooms.scheduledA.id, { title: '新' })).body).toMatchObject({ title: '新', scheduledAt: at });
  expect((await patch(rooms.scheduledA.id, { scheduledAt: null })).body).toMatchObject({ scheduledAt: null });
  expect((await patch(rooms.a.id, { title: '直播中改名' })).body).toMatchObject({ title: '直播中改名' });
  expect((await patch(rooms.a.id, { scheduledAt: at })).problem.code).toBe('state_conflict');
  expect((await patch(rooms.b.id, { title: '别人的' })).problem.code).toBe('not_found');
  await api.ok(endRoom, { params: { id: rooms.a.id }, body: {}, as });
  expect((await patch(rooms.a.id, { title: '晚了' })).problem.code).toBe('state_conflict');
});

test('S7 going live is one transition: rivals get the same answer, viewers hear it once', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  const { id } = rooms.scheduledA;
  await using anna = await enterRoom(api, id, consumers.anna);
  expect(anna.join).toMatchObject({ media: null, snapshot: { state: 'scheduled' } });
  const early = await api.call(mediaGrant, { params: { id }, body: { right: 'publish' }, as: staff.a.guide });
  expect(early.problem.code).toBe('room_not_live');
  expect((await api.call(endRoom, { params: { id }, body: {}, as: staff.a.guide })).problem.code).toBe(
    'state_conflict',
  );

  const starts = await Promise.all(
    Array.from({ length: 6 }, () => api.ok(startRoom, { params: { id }, body: {}, as: staff.a.guide })),
  );
  expect(new Set(starts.map(({ room }) => room.startedAt)).size).toBe(1);
  expect(decodeJwt(starts[0]?.publish.token ?? '')).toMatchObject({
    sub: staff.a.guide.personId,
    streamId: rooms.scheduledA.streamId,
    right: 'publish',
    takeOver: true,
  });
  await anna.waitFor('the start', () => anna.events('room:started').length === 1);
  const colleague = await api.ok(startRoom, { params: { id }, body: {}, as: staff.a.secondGuide });
  expect(decodeJwt(colleague.publish.token)).not.toHaveProperty('takeOver');
  for (const as of [staff.b.guide, staff.channelEast, staff.a.assistant, consumers.anna]) {
    expect((await api.call(startRoom, { params: { id }, body: {}, as })).status).toBeGreaterThanOrEqual(403);
  }
  expect(anna.events('room:started')).toHaveLength(1);
});

test('ending tells every viewer, closes their sockets, and is the end of joining, publishing and talking', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  const { id } = rooms.a;
  await using anna = await enterRoom(api, id, consumers.anna);
  const ends = await Promise.all(
    Array.from({ length: 3 }, () => api.ok(endRoom, { params: { id }, body: {}, as: staff.a.guide })),
  );
  expect(new Set(ends.map(({ endedAt }) => endedAt)).size).toBe(1);
  await anna.waitFor('goodbye', () => anna.closed[0] === 'ended' && !anna.socket.connected);
  expect(anna.events('room:ended')).toHaveLength(1);
  expect((await api.call(startRoom, { params: { id }, body: {}, as: staff.a.guide })).problem.code).toBe(
    'state_conflict',
  );
  for (const right of ['watch', 'publish'] as const) {
    const answer = await api.call(mediaGrant, { params: { id }, body: { right }, as: staff.a.guide });
    expect(answer.problem.code).toBe('room_not_live');
  }
  // Who was away hears of the end too, then the connection closes.
  await using late = await enterRoom(api, id, consumers.bella, { lastSeq: anna.join.snapshot.seq });
  await late.waitFor('goodbye', () => late.closed[0] === 'ended');
  expect(late.events('room:ended')).toHaveLength(1);
  expect(late.join).toMatchObject({ media: null, room: { state: 'ended' }, snapshot: { state: 'ended' } });
  expect(await api.ok(getRoom, { params: { id } })).toMatchObject({ state: 'ended' });
});

test('media grants: watching for everybody who may be here, publishing for the host’s side, both short', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers, guest } = await seedBrand(api);
  const grant = (right: 'watch' | 'publish', as: Parameters<typeof api.token>[0]) =>
    api.call(mediaGrant, { params: { id: rooms.a.id }, body: { right }, as });
  for (const as of [consumers.anna, guest, staff.b.guide]) {
    const { body } = await grant('watch', as);
    expect(decodeJwt(body.token)).toMatchObject({ sub: as.personId, streamId: rooms.a.streamId, right: 'watch' });
    expect(body).toMatchObject({ socketPath: '/media/socket.io', hlsUrl: `/hls/${rooms.a.streamId}/master.m3u8` });
    const lifeMs = Date.parse(body.expiresAt) - api.clock.now().getTime();
    expect(lifeMs).toBeGreaterThan(60_000);
    expect(lifeMs).toBeLessThanOrEqual(120_000);
    expect((await grant('publish', as)).problem.code).toBe('forbidden');
  }
  expect((await grant('publish', staff.a.guide)).status).toBe(200);
  // The access token still says guide; the database says no more.
  await api.api.platform.db.sql`UPDATE staff_accounts SET active = false WHERE person_id = ${staff.a.guide.personId}`;
  expect((await grant('publish', staff.a.guide)).problem.code).toBe('session_expired');
  const unknown = await api.call(joinRoom, { params: { id: randomUUID() }, body: {}, as: consumers.anna });
  expect(unknown.problem.code).toBe('not_found');
});

test('the wall shows live rooms of my scope, worst first, with paid orders only', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers, stores } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  for (const [i, paid] of [true, true, false].entries()) {
    await sql`INSERT INTO orders (id, order_no, person_id, room_id, org_unit_id, org_path, state, items_fen, discount_fen, shipping_fen, total_fen, paid_fen, address, placed_at, expires_at, paid_at)
      VALUES (${randomUUID()}, ${`T${i}`}, ${consumers.anna.personId}, ${rooms.a.id}, ${stores.a.id}, ${stores.a.path}, ${paid ? 'paid' : 'pending_payment'},
        1000, 0, 0, 1000, ${paid ? 1000 : 0}, '{}', now(), now(), ${paid ? api.clock.now() : null})`;
  }
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await anna.waitFor('counted', () => anna.events('viewers:counted').length > 0);
  const wall = await api.ok(liveWall, { as: staff.channelEast });
  expect(wall.items.map(({ room }) => room.id)).toEqual([rooms.b.id, rooms.a.id]);
  expect(wall.items[0]).toMatchObject({ viewersNow: 0, trouble: ['no_picture', 'no_viewers'], streamState: 'idle' });
  expect(wall.items[1]).toMatchObject({ viewersNow: 1, orders: 2, gmvFen: 2000, trouble: ['no_picture'] });
  expect((await api.ok(liveWall, { as: staff.b.guide })).items.map(({ room }) => room.id)).toEqual([rooms.b.id]);
});
