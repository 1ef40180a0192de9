/** Replies, names, stickers, pinned and answered messages, and how a room talks. */
import { randomUUID } from 'node:crypto';
import {
  ChatMessage,
  followGuide,
  getFollow,
  joinRoom,
  type RoomSnapshot,
  unfollowGuide,
} from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { createApi } from '../../compose.ts';
import type { Principal } from '../../platform/principal.ts';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { connectRoom, enterRoom, type RoomClient } from '../../testing/room-client.ts';
import { payFor, place, shelfLine } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

async function say(client: RoomClient, text: string, more: Record<string, unknown> = {}): Promise<ChatMessage> {
  const answer = await client.ask('chat:send', { text, ...more });
  if (!answer.ok) throw new Error(`not said: ${answer.error.code}`);
  return ChatMessage.parse(answer.data.message);
}
const snapshotOf = async (api: TestApi, roomId: string, as: Principal): Promise<RoomSnapshot> =>
  (await api.ok(joinRoom, { params: { id: roomId }, body: {}, as })).snapshot;
const refused = (code: string, facts?: object) => ({ ok: false, error: { code, ...(facts ? { facts } : {}) } });

test('R1 a reply carries what it replies to; a deleted message is quoted by nobody, before or after', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  const asked = await say(anna, `${'这'.repeat(70)}吗`);
  const reply = await say(guide, '好问题', { replyTo: asked.messageId });
  expect(reply.replyTo).toEqual({
    messageId: asked.messageId,
    personId: consumers.anna.personId,
    name: '安然',
    text: `${'这'.repeat(59)}…`,
  });
  await guide.ask('chat:delete', { messageId: asked.messageId });
  await anna.waitFor('the deletion', () => anna.events('chat:deleted').length === 1);
  expect((await say(guide, '再答一次', { replyTo: asked.messageId })).replyTo).toBeUndefined();
  expect((await say(guide, '没有这条', { replyTo: 'chat:nothing' })).replyTo).toBeUndefined();
  const { chat } = await snapshotOf(api, rooms.a.id, consumers.bella);
  expect(chat.map(({ text, replyTo }) => [text, replyTo?.text])).toEqual([
    ['好问题', ''],
    ['再答一次', undefined],
    ['没有这条', undefined],
  ]);
});

test('R1 names are of people who are or were in the room, or work for it', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await using bella = await enterRoom(api, rooms.a.id, consumers.bella);
  await bella.waitFor('both to be counted', () => bella.events('viewer:joined').length >= 1, 15_000);
  const mentions = [consumers.bella, staff.a.guide, staff.b.guide, consumers.chris].map(({ personId }) => personId);
  const message = await say(anna, '@贝贝 你看', { mentions: [...mentions, consumers.bella.personId] });
  expect(new Set(message.mentions?.map(({ name }) => name))).toEqual(new Set(['贝贝', staff.a.guide.name]));
  expect(
    await anna.ask('chat:send', { text: '@', mentions: Array.from({ length: 6 }, () => randomUUID()) }),
  ).toMatchObject(refused('invalid_request'));
});

test('R1 a sticker needs no words, and brings its own', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  expect(await say(anna, '', { sticker: 'like' })).toMatchObject({ sticker: 'like', text: '[点赞]' });
  expect(await say(anna, '随便写写', { sticker: 'like' })).toMatchObject({ text: '[点赞]' });
  expect(await anna.ask('chat:send', { text: '' })).toMatchObject(refused('invalid_request'));
  expect(await anna.ask('chat:send', { text: '', sticker: 'rude' })).toMatchObject(refused('invalid_request'));
});

test('R1 a level is what somebody bought in this brand, net of refunds', async () => {
  await using api = await startTestApi();
  const { rooms, products, consumers, staff } = await seedBrand(api);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  expect((await say(anna, '第一次来')).level).toBe(0);
  const order = await place(api, consumers.anna, rooms.a, [shelfLine(products.milk)]);
  expect((await say(anna, '下单没付')).level).toBe(0);
  await payFor(api, consumers.anna, order.id);
  expect((await say(anna, '买了')).level).toBe(1);
  await api.api.platform.db.sql`UPDATE orders SET refunded_fen = paid_fen WHERE id = ${order.id}`;
  expect((await say(anna, '退了')).level).toBe(0);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  expect((await say(guide, '欢迎')).level).toBeUndefined();
});

/** Longer than a second node takes to start on a crowded machine: the turn is still taken when it is asked. */
const SLOW = 120;

test('R2 slow mode: one message each so many seconds, also at once, on another node and for the same message again', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  expect(await guide.ask('mode:set', { slowSeconds: SLOW, audience: 'everyone' })).toEqual({
    ok: true,
    data: { slowSeconds: SLOW, audience: 'everyone' },
  });
  await anna.waitFor('the mode', () => anna.events('mode:set')[0]?.mode.slowSeconds === SLOW, 20_000);
  const ids = [randomUUID(), randomUUID(), randomUUID()];
  const answers = await Promise.all(ids.map((id) => anna.ask('chat:send', { text: '抢着说', clientMessageId: id })));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
  const waiting = answers.find(({ ok }) => !ok);
  expect(waiting).toMatchObject(refused('slow_mode', { slowSeconds: SLOW, retryAfterMs: expect.any(Number) }));
  const facts = waiting && !waiting.ok ? waiting.error.facts : undefined;
  expect(facts?.retryAfterMs).toBeGreaterThan(SLOW * 500);
  expect(facts?.retryAfterMs).toBeLessThanOrEqual(SLOW * 1_000);
  // The accepted one again is the same message, and takes no turn.
  const accepted = ids[answers.findIndex(({ ok }) => ok)];
  expect(await anna.ask('chat:send', { text: '抢着说', clientMessageId: accepted })).toMatchObject({ ok: true });
  const other = await createApi(api.api.platform.config, { clock: api.clock });
  try {
    const url = `http://127.0.0.1:${await other.listen()}`;
    await using there = await connectRoom(url, { token: anna.join.roomToken, roomId: rooms.a.id });
    expect(await there.ask('chat:send', { text: '换个地方说' })).toMatchObject(refused('slow_mode'));
  } finally {
    await other.close();
  }
  // The crew is free, and so is everybody else's turn.
  await say(guide, '一');
  await say(guide, '二');
  await using bella = await enterRoom(api, rooms.a.id, consumers.bella);
  await say(bella, '我先说');
  expect((await snapshotOf(api, rooms.a.id, consumers.chris)).chatMode).toEqual({
    slowSeconds: SLOW,
    audience: 'everyone',
  });
  api.clock.advanceSeconds(SLOW + 1);
  await say(anna, '轮到我了');
  await guide.ask('mode:set', { slowSeconds: 0, audience: 'everyone' });
  await say(bella, '不用等了');
});

test('R2 a message that is refused for its words costs no turn', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await guide.ask('mode:set', { slowSeconds: 60, audience: 'everyone' });
  expect(await anna.ask('chat:send', { text: '喝了能健脑吗' })).toMatchObject(
    refused('words_refused', { kind: 'claim' }),
  );
  await say(anna, '喝了好喝吗');
});

test('R2 followers only, customers only: by the facts of the moment; the crew always speaks', async () => {
  await using api = await startTestApi();
  const { rooms, products, staff, consumers } = await seedBrand(api);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  const host = { id: staff.a.guide.personId };
  await guide.ask('mode:set', { slowSeconds: 0, audience: 'followers' });
  expect(await anna.ask('chat:send', { text: '能说吗' })).toMatchObject(refused('followers_only'));
  expect(await api.ok(getFollow, { params: host, as: consumers.anna })).toEqual({ following: false, followers: 0 });
  for (let twice = 0; twice < 2; twice++) {
    const state = await api.ok(followGuide, { params: host, body: {}, as: consumers.anna });
    expect(state).toEqual({ following: true, followers: 1 });
  }
  await say(anna, '关注了');
  await say(guide, '欢迎');
  await api.ok(unfollowGuide, { params: host, as: consumers.anna });
  expect(await anna.ask('chat:send', { text: '还能说吗' })).toMatchObject(refused('followers_only'));
  // Another guide of the store is not the host.
  await api.ok(followGuide, { params: { id: staff.a.secondGuide.personId }, body: {}, as: consumers.anna });
  expect(await anna.ask('chat:send', { text: '现在呢' })).toMatchObject(refused('followers_only'));

  await using chris = await enterRoom(api, rooms.a.id, consumers.chris);
  await guide.ask('mode:set', { slowSeconds: 0, audience: 'customers' });
  expect(await chris.ask('chat:send', { text: '我没买过' })).toMatchObject(refused('customers_only'));
  const order = await place(api, consumers.chris, rooms.b, [shelfLine(products.milk)]);
  await payFor(api, consumers.chris, order.id);
  await say(chris, '在别的店买过');
  await using elsewhere = await enterRoom(api, rooms.b.id, consumers.bella);
  await say(elsewhere, '别的直播间照常');
});

test('a guide can be followed, nobody else; guests sign in first', async () => {
  await using api = await startTestApi();
  const { staff, consumers, guest } = await seedBrand(api);
  const call = (id: string, as: Principal) => api.call(followGuide, { params: { id }, body: {}, as });
  expect((await call(consumers.bella.personId, consumers.anna)).problem.code).toBe('not_found');
  expect((await call(randomUUID(), consumers.anna)).problem.code).toBe('not_found');
  expect((await call(staff.a.guide.personId, guest)).problem.code).toBe('unauthenticated');
  expect((await api.call(getFollow, { params: { id: staff.a.guide.personId }, as: guest })).status).toBe(200);
});

test('R1 one message stays pinned until it is taken down or deleted; the host’s mark stays on an answered one', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  const asked = await say(anna, '什么时候发货');
  const told = await say(guide, '今天下单明天发');
  expect(await guide.ask('chat:answer', { messageId: asked.messageId })).toMatchObject({
    ok: true,
    data: { answered: true },
  });
  expect(await guide.ask('message:pin', { messageId: told.messageId })).toMatchObject({
    data: { message: { text: '今天下单明天发' } },
  });
  await anna.waitFor('both', () => anna.events('chat:answered').length + anna.events('message:pinned').length === 2);
  const seen = await snapshotOf(api, rooms.a.id, consumers.bella);
  expect(seen.pinnedMessage?.messageId).toBe(told.messageId);
  expect(seen.chat.map(({ answered }) => answered)).toEqual([true, undefined]);
  await guide.ask('chat:answer', { messageId: asked.messageId, answered: false });
  await guide.ask('chat:delete', { messageId: told.messageId });
  await anna.waitFor('the pin to fall', () => anna.events('message:pinned').at(-1)?.message === null);
  const after = await snapshotOf(api, rooms.a.id, consumers.bella);
  expect(after.pinnedMessage).toBeNull();
  expect(after.chat.map(({ answered }) => answered)).toEqual([undefined]);
  for (const name of ['chat:answer', 'message:pin'])
    expect(await guide.ask(name, { messageId: told.messageId })).toMatchObject(refused('not_found'));
  expect(await guide.ask('message:pin', { messageId: null })).toEqual({ ok: true, data: { message: null } });
});

test('viewers and strangers change nothing about how a room talks', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await using stranger = await enterRoom(api, rooms.a.id, staff.b.guide);
  const asked = await say(anna, '你好');
  for (const client of [anna, stranger]) {
    expect(await client.ask('mode:set', { slowSeconds: 9, audience: 'customers' })).toMatchObject(refused('forbidden'));
    expect(await client.ask('message:pin', { messageId: asked.messageId })).toMatchObject(refused('forbidden'));
    expect(await client.ask('chat:answer', { messageId: asked.messageId })).toMatchObject(refused('forbidden'));
  }
  await using lately = await enterRoom(api, rooms.a.id, await makeConsumer(api));
  await say(lately, '照常');
});
