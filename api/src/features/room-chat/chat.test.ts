import { randomUUID } from 'node:crypto';
import { joinRoom } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { seedBrand } from '../../testing/fixtures.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi } from '../../testing/test-api.ts';

test('R1 guests read, people who signed in speak; before the live too, after it no more', async () => {
  await using api = await startTestApi();
  const { rooms, consumers, guest, staff } = await seedBrand(api);
  await using visitor = await enterRoom(api, rooms.a.id, guest);
  expect(await visitor.ask('chat:send', { text: '你好' })).toEqual({ ok: false, error: { code: 'unauthenticated' } });
  await using early = await enterRoom(api, rooms.scheduledA.id, consumers.anna);
  expect(await early.ask('chat:send', { text: '等开播' })).toMatchObject({ ok: true });
  await using other = await enterRoom(api, rooms.a.id, staff.b.guide);
  expect(await other.ask('chat:send', { text: '同行学习' })).toMatchObject({ data: { message: { role: 'viewer' } } });
  await using host = await enterRoom(api, rooms.a.id, staff.a.guide);
  expect(await host.ask('chat:send', { text: '欢迎' })).toMatchObject({ data: { message: { role: 'host' } } });
  await using helper = await enterRoom(api, rooms.a.id, staff.a.assistant);
  expect(await helper.ask('chat:send', { text: '看讲解' })).toMatchObject({ data: { message: { role: 'operator' } } });
  await api.api.platform.db.sql`UPDATE rooms SET state = 'ended' WHERE id = ${rooms.a.id}`;
  expect(await host.ask('chat:send', { text: '散了' })).toMatchObject({ error: { code: 'room_not_live' } });
});

test('a message that is sent again is the same message, also when its sender is over the limit by now', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  const clientMessageId = randomUUID();
  const [first, again] = await Promise.all([
    anna.ask('chat:send', { text: '一次', clientMessageId }),
    anna.ask('chat:send', { text: '一次', clientMessageId }),
  ]);
  expect(again).toEqual(first);
  const more = await Promise.all(Array.from({ length: 5 }, (_, i) => anna.ask('chat:send', { text: `多 ${i}` })));
  const refused = more.filter((answer) => !answer.ok);
  expect(refused).toHaveLength(2);
  expect(refused[0]).toMatchObject({ error: { code: 'rate_limited', facts: { retryAfterMs: expect.any(Number) } } });
  expect(await anna.ask('chat:send', { text: '一次', clientMessageId })).toEqual(first);
  const { snapshot } = await api.ok(joinRoom, { params: { id: rooms.a.id }, body: {}, as: consumers.bella });
  expect(snapshot.chat.filter(({ text }) => text === '一次')).toHaveLength(1);
});

test('two people may use the same clientMessageId', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  const clientMessageId = randomUUID();
  for (const person of [consumers.anna, consumers.bella]) {
    await using client = await enterRoom(api, rooms.a.id, person);
    const answer = await client.ask('chat:send', { text: person.name, clientMessageId });
    expect(answer).toMatchObject({ ok: true, data: { message: { text: person.name } } });
  }
});
