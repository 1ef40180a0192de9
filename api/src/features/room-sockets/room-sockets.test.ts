import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi } from '../../testing/test-api.ts';

test('somebody who joins sees the room, says something, and everybody reads it in a frame', async () => {
  await using api = await startTestApi();
  const { rooms, consumers, staff } = await seedBrand(api);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  expect(anna.join).toMatchObject({ role: 'viewer', muted: false, media: { right: 'watch' }, room: { state: 'live' } });
  expect(anna.join.snapshot.bag.items).toHaveLength(3);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide, { lastSeq: null });
  expect(guide.join.role).toBe('host');
  await guide.waitFor('a snapshot', () => guide.snapshots.length === 1);

  const answer = await anna.ask('chat:send', { text: ' 核桃乳真好喝 ', clientMessageId: randomUUID() });
  expect(answer).toMatchObject({ ok: true, data: { message: { text: '核桃乳真好喝', name: '安然', role: 'viewer' } } });
  await guide.waitFor('the message', () => guide.events('chat:sent').length === 1);
  await anna.waitFor('her own message', () => anna.events('chat:sent').length === 1);
  await guide.waitFor('one viewer', () => guide.events('viewers:counted').at(-1)?.now === 1);

  const bella = await enterRoom(api, rooms.a.id, await makeConsumer(api));
  expect(bella.join.snapshot.chat.map(({ text }) => text)).toEqual(['核桃乳真好喝']);
  bella.close();
});
