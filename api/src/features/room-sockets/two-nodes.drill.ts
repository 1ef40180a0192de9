/** Several api processes with one Redis and one database: what is true on one node is true on the other. */
import { randomUUID } from 'node:crypto';
import { joinRoom } from '@walnut-live/contracts';
import { expect, test, vi } from 'vitest';
import { makeConsumer } from '../../testing/fixtures.ts';
import { expectBooksRight, payFor, place, shelfLine } from '../../testing/shop.ts';
import type { TestApi } from '../../testing/test-api.ts';
import { LONG, PATIENCE_MS, startTwoNodes } from '../../testing/two-nodes.ts';

const journalled = async (api: TestApi) =>
  (
    await api.api.platform.db.sql<{ text: string }>`
      SELECT event->'message'->>'text' AS text FROM room_events WHERE kind = 'chat:sent' ORDER BY seq`
  ).map(({ text }) => text);

test('people on two nodes talk in one order; a message sent again at the other node is the same one', async () => {
  const { a, urlA, urlB, enter, brand } = await startTwoNodes();
  const { rooms, consumers, staff } = brand;
  const anna = await enter(urlA, rooms.a.id, consumers.anna);
  const bella = await enter(urlB, rooms.a.id, consumers.bella);
  const guide = await enter(urlB, rooms.a.id, staff.a.guide);
  const clientMessageId = randomUUID();
  await Promise.all([
    ...['a1', 'a2'].map((text) => anna.ask('chat:send', { text, clientMessageId: randomUUID() })),
    ...['b1', 'b2'].map((text) => bella.ask('chat:send', { text })),
    ...['g1', 'g2'].map((text) => guide.ask('chat:send', { text })),
    anna.ask('chat:send', { text: 'lost answer', clientMessageId }),
  ]);
  const annaAtB = await enter(urlB, rooms.a.id, consumers.anna);
  expect(await annaAtB.ask('chat:send', { text: 'lost answer', clientMessageId })).toMatchObject({ ok: true });
  const order = await journalled(a);
  expect([...order].sort()).toEqual(['a1', 'a2', 'b1', 'b2', 'g1', 'g2', 'lost answer']);
  for (const client of [anna, bella, guide]) {
    await client.waitFor('everything', () => client.said().length === 7, PATIENCE_MS);
    expect(client.said()).toEqual(order);
    expect(client.gaps).toEqual([]);
  }
  const { snapshot } = await a.ok(joinRoom, { params: { id: rooms.a.id }, body: {}, as: consumers.chris });
  expect(snapshot.chat.map(({ text }) => text)).toEqual(order);
  const missed = order.slice(3);
  const seqs = await a.api.roomLog.range(rooms.a.id, 0, 100);
  const third = seqs.find(({ event }) => event.kind === 'chat:sent' && event.message.text === order[2]);
  const back = await enter(urlB, rooms.a.id, consumers.chris, third?.seq);
  await back.waitFor('what was missed', () => back.said().length === missed.length, PATIENCE_MS);
  expect(back.said()).toEqual(missed);
  expect(back.snapshots).toEqual([]);
});

test('Redis goes: the room pauses and says so, orders and bans go on; it comes back empty: everybody starts anew', async () => {
  const { a, other, redis, urlA, urlB, enter, brand } = await startTwoNodes();
  const { rooms, consumers, products, staff } = brand;
  const anna = await enter(urlA, rooms.a.id, consumers.anna);
  const bella = await enter(urlB, rooms.a.id, consumers.bella);
  const chris = await enter(urlB, rooms.a.id, consumers.chris);
  const guide = await enter(urlA, rooms.a.id, staff.a.guide);
  await anna.ask('chat:send', { text: 'before' });
  await bella.waitFor('before', () => bella.said().length === 1, PATIENCE_MS);
  const oldSeq = Math.max(anna.seq(), bella.seq());

  await redis.kill();
  for (const client of [anna, bella])
    await client.waitFor('the pause', () => client.pauses.at(-1) === true, PATIENCE_MS);
  const clientMessageId = randomUUID();
  const refused = await bella.ask('chat:send', { text: 'patient', clientMessageId });
  expect(refused).toMatchObject({ error: { code: 'unavailable', facts: { paused: 'room', retryAfterMs: 1_000 } } });
  const order = await place(a, consumers.anna, rooms.a, [shelfLine(products.milk)]);
  await payFor(a, consumers.anna, order.id);
  const late = await enter(urlB, rooms.a.id, await makeConsumer(a)); // the room can be entered
  await late.waitFor('the pause', () => late.pauses.at(-1) === true, PATIENCE_MS);
  expect(await guide.ask('viewer:ban', { personId: consumers.chris.personId })).toMatchObject({ ok: true });
  await chris.waitFor('goodbye', () => chris.closed[0] === 'banned', PATIENCE_MS);

  await redis.restart();
  for (const client of [anna, bella, late]) {
    await client.waitFor('the end of the pause', () => client.pauses.at(-1) === false, PATIENCE_MS);
    await client.waitFor('a snapshot', () => (client.snapshots.at(-1)?.seq ?? 0) > oldSeq, PATIENCE_MS);
    expect(client.snapshots.at(-1)?.chat.map(({ text }) => text)).toEqual(['before']);
    // What happened meanwhile is told.
    await client.waitFor('the ban', () => client.events('viewer:banned').length === 1, PATIENCE_MS);
    await client.waitFor('the order', () => client.events('order:paid').length === 1, PATIENCE_MS);
  }
  await vi.waitFor(
    async () => expect(await bella.ask('chat:send', { text: 'patient', clientMessageId })).toMatchObject({ ok: true }),
    LONG,
  );
  await anna.waitFor('it', () => anna.said().at(-1) === 'patient', PATIENCE_MS);
  expect(await journalled(a)).toEqual(['before', 'patient']);
  // Whoever was away during all this, and names a number of before, is not served from a log that is another one.
  const back = await enter(urlB, rooms.a.id, consumers.anna, oldSeq);
  await back.waitFor('a snapshot', () => back.snapshots.length > 0, PATIENCE_MS);
  expect(back.snapshots[0]?.chat.map(({ text }) => text)).toEqual(['before', 'patient']);
  expect(await other.roomLog.head(rooms.a.id)).toBe(await a.api.roomLog.head(rooms.a.id));
  await expectBooksRight(a);
});
