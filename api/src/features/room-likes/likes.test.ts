import { randomUUID } from 'node:crypto';
import { getRoom } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { makeConsumer, makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { createLikesRepository } from './likes.repository.ts';

test('a batch counts once however often it comes; everybody is told the sum, seldom', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers, guest } = await seedBrand(api);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await using visitor = await enterRoom(api, rooms.a.id, guest);
  const clientId = randomUUID();
  const batch = (no: number, count: number) => ({ count, batch: { clientId, no } });
  const answers = await Promise.all([1, 1, 1].map((no) => anna.ask('like:add', batch(no, 20))));
  expect(answers).toEqual(Array.from({ length: 3 }, () => ({ ok: true, data: { total: 20 } })));
  expect(await anna.ask('like:add', batch(2, 5))).toEqual({ ok: true, data: { total: 25 } });
  expect(await anna.ask('like:add', batch(1, 20))).toEqual({ ok: true, data: { total: 25 } });
  // The same client id in other hands is another client.
  expect(await visitor.ask('like:add', batch(1, 3))).toEqual({ ok: true, data: { total: 28 } });
  await visitor.ask('like:add', { count: 1 });
  expect(await visitor.ask('like:add', { count: 1 })).toEqual({ ok: true, data: { total: 30 } });
  await guide.waitFor('the sum', () => guide.events('likes:counted').at(-1)?.total === 30);
  expect(guide.events('likes:counted').length).toBeLessThanOrEqual(4);
  expect(await api.ok(getRoom, { params: { id: rooms.a.id } })).toMatchObject({ likes: 30 });
});

test('likes of many people at once add up', async () => {
  await using api = await startTestApi();
  const { rooms } = await seedBrand(api);
  const { likes } = api.api;
  const people = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? makeGuest(api) : makeConsumer(api))));
  const all = people.flatMap(({ personId }) => {
    const clientId = randomUUID();
    return [1, 2, 2, 3].map((no) => ({ roomId: rooms.a.id, personId, clientId, no, count: no }));
  });
  await Promise.all(all.map((like) => likes.add(like)));
  const [room] = await api.api.platform.db.sql<{ likes: bigint }>`SELECT likes_of(${rooms.a.id}) AS likes`;
  expect(room?.likes).toBe(120n);
  await expect(likes.add({ ...(all[0] as (typeof all)[0]), roomId: randomUUID() })).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('one batch that cannot be counted is no matter of those that came with it', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  const { personId } = consumers.anna;
  const like = { roomId: rooms.a.id, personId, count: 1 };
  const answers = await Promise.allSettled([
    api.api.likes.add({ ...like, clientId: randomUUID(), no: 1 }),
    api.api.likes.add({ ...like, clientId: randomUUID(), no: 2 ** 31 }),
    api.api.likes.add({ ...like, clientId: randomUUID(), no: 1, roomId: randomUUID() }),
    api.api.likes.add({ ...like, clientId: randomUUID(), no: 1 }),
  ]);
  expect(answers).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: { code: 'invalid_request' } },
    { status: 'rejected', reason: { code: 'not_found' } },
    { status: 'fulfilled' },
  ]);
  const [room] = await api.api.platform.db.sql<{ likes: bigint }>`SELECT likes_of(${rooms.a.id}) AS likes`;
  expect(room?.likes).toBe(2n);
});

test('nodes that count at once use rows of their own; a batch that is sent to both counts once', async () => {
  await using api = await startTestApi();
  const { rooms } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  const people = await Promise.all(Array.from({ length: 6 }, () => makeGuest(api)));
  const nodes = [createLikesRepository(sql, 3), createLikesRepository(sql, 11)];
  const batches = people.flatMap(({ personId }) => {
    const clientId = randomUUID();
    return [1, 2, 3].map((no) => ({ roomId: rooms.a.id, personId, clientId, no, count: 10 }));
  });
  for (const no of [1, 2, 3]) {
    const now = batches.filter((batch) => batch.no === no);
    // One node answers in another order than the other, as after a client has changed it.
    await Promise.all(nodes.map((node, i) => node.add(i === 0 ? now : now.toReversed())));
  }
  const shards = await sql<{ likes: bigint }>`SELECT likes FROM room_like_shards WHERE room_id = ${rooms.a.id}`;
  expect(shards.reduce((sum, { likes }) => sum + likes, 0n)).toBe(180n);
  for (const node of nodes) expect(await node.total(rooms.a.id)).toBe(180);
  expect(await api.ok(getRoom, { params: { id: rooms.a.id } })).toMatchObject({ likes: 180 });
});
