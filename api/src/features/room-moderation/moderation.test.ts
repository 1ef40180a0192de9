import { randomUUID } from 'node:crypto';
import {
  ChatMessage,
  joinRoom,
  liftModeration,
  listModeration,
  mediaGrant,
  openProgramme,
  placeOrder,
  setRelay,
} from '@walnut-live/contracts';
import { expect, test, vi } from 'vitest';
import { makeConsumer, makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { configFor, startMediaServer } from '../../testing/media-stand-in.ts';
import { connectRoom, enterRoom } from '../../testing/room-client.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

const auditOf = (api: TestApi) =>
  api.api.platform.db.sql<{
    action: string;
    actor_id: string;
    reason: string;
  }>`SELECT action, actor_id, reason FROM audit_log ORDER BY id`;

test('R2 a mute holds at once, until it ends or is lifted, and everybody concerned is told', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  const { personId } = consumers.anna;
  const lost = { text: '答复丢了', clientMessageId: randomUUID() };
  expect(await anna.ask('chat:send', lost)).toMatchObject({ ok: true });
  expect(await guide.ask('viewer:mute', { personId, minutes: 10, reason: '刷屏' })).toEqual({
    ok: true,
    data: { personId },
  });
  expect(await anna.ask('chat:send', { text: '还能说吗' })).toEqual({ ok: false, error: { code: 'muted' } });
  // What was accepted before is answered again, whatever has happened since.
  expect(await anna.ask('chat:send', lost)).toMatchObject({ ok: true, data: { message: { text: '答复丢了' } } });
  await anna.waitFor('the mute', () => anna.events('viewer:muted')[0]?.personId === personId);
  const { muted } = await api.ok(joinRoom, { params: { id: rooms.a.id }, body: {}, as: consumers.anna });
  expect(muted).toBe(true);
  const { items } = await api.ok(listModeration, { params: { id: rooms.a.id }, as: staff.a.assistant });
  expect(items).toMatchObject([
    { personId, name: '安然', kind: 'mute', reason: '刷屏', by: { name: staff.a.guide.name } },
  ]);
  // In the room of another store they may speak.
  await using elsewhere = await enterRoom(api, rooms.b.id, consumers.anna);
  expect(await elsewhere.ask('chat:send', { text: '你好' })).toMatchObject({ ok: true });

  api.clock.advanceSeconds(601);
  expect(await anna.ask('chat:send', { text: '时间到了' })).toMatchObject({ ok: true });
  expect((await api.ok(listModeration, { params: { id: rooms.a.id }, as: staff.a.guide })).items).toEqual([]);
  expect(await guide.ask('viewer:mute', { personId })).toMatchObject({ ok: true });
  expect(await anna.ask('chat:send', { text: '又不行' })).toMatchObject({ error: { code: 'muted' } });
  await api.ok(liftModeration, { params: { id: rooms.a.id, personId }, as: staff.a.manager });
  await anna.waitFor('the lift', () => anna.events('viewer:unmuted')[0]?.personId === personId);
  expect(await anna.ask('chat:send', { text: '谢谢' })).toMatchObject({ ok: true });
  const again = await api.call(liftModeration, { params: { id: rooms.a.id, personId }, as: staff.a.manager });
  expect(again.problem.code).toBe('not_found');
  expect((await auditOf(api)).map(({ action }) => action)).toEqual(['viewer:muted', 'viewer:muted', 'viewer:lifted']);
});

test('R2 a ban closes every socket of the person and holds at join, handshake, media and order', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers, products } = await seedBrand(api);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await using phone = await enterRoom(api, rooms.a.id, consumers.anna);
  await using tablet = await enterRoom(api, rooms.a.id, consumers.anna);
  await using elsewhere = await enterRoom(api, rooms.b.id, consumers.anna);
  await using bella = await enterRoom(api, rooms.a.id, consumers.bella);
  const { personId } = consumers.anna;
  expect(await guide.ask('viewer:ban', { personId, reason: '骂人' })).toEqual({ ok: true, data: { personId } });
  for (const client of [phone, tablet]) {
    await client.waitFor('the ban', () => client.closed[0] === 'banned' && !client.socket.connected);
  }
  expect([elsewhere.socket.connected, bella.socket.connected]).toEqual([true, true]);

  const params = { id: rooms.a.id };
  expect((await api.call(joinRoom, { params, body: {}, as: consumers.anna })).problem.code).toBe('banned');
  const media = await api.call(mediaGrant, { params, body: { right: 'watch' }, as: consumers.anna });
  expect(media.problem.code).toBe('banned');
  const old = { token: phone.join.roomToken, roomId: rooms.a.id, lastSeq: phone.seq() };
  await expect(connectRoom(api.url, old)).rejects.toThrow('banned');
  const order = await api.call(placeOrder, {
    as: consumers.anna,
    body: {
      roomId: rooms.a.id,
      lines: [{ skuId: products.milk.sku.id, quantity: 1, seenPriceFen: products.milk.sku.priceFen }],
      address: {
        recipient: '安然',
        phone: '13900000000',
        province: '浙江省',
        city: '杭州市',
        district: '上城区',
        street: '湖滨路 1 号',
      },
    },
  });
  expect(order.problem.code).toBe('banned');

  await api.ok(liftModeration, { params: { id: rooms.a.id, personId }, as: staff.a.guide });
  await using back = await enterRoom(api, rooms.a.id, consumers.anna);
  expect(await back.ask('chat:send', { text: '对不起' })).toMatchObject({ ok: true });
});

test('a media server that starts anew hears of a ban for every stream of the room, also the programme it relays', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms, staff, consumers } = await seedBrand(api);
  await api.ok(openProgramme, { params: { id: rooms.hq.id }, body: { openTo: ['hq'] }, as: staff.operations });
  await api.ok(setRelay, { params: { id: rooms.a.id }, body: { programmeId: rooms.hq.id }, as: staff.a.guide });
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  const { personId } = consumers.anna;
  expect(await guide.ask('viewer:ban', { personId })).toMatchObject({ ok: true });
  const both = [rooms.a, rooms.hq].map(({ streamId }) => ({
    path: '/control/revocations',
    body: { personId, streamId },
  }));
  await vi.waitFor(() => expect(media.orders).toEqual(expect.arrayContaining(both)));
  await media.stop();
  const anew = await startMediaServer(media.port);
  await vi.waitFor(() => expect(anew.orders).toEqual(expect.arrayContaining(both)), { timeout: 20_000 });
});

test('a banned guest who signs in stays banned', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  const guest = await makeGuest(api);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await guide.ask('viewer:ban', { personId: guest.personId });
  await api.api.platform.db
    .sql`UPDATE people SET merged_into = ${consumers.anna.personId} WHERE id = ${guest.personId}`;
  const join = () => api.call(joinRoom, { params: { id: rooms.a.id }, body: {}, as: consumers.anna });
  expect((await join()).problem.code).toBe('banned');
  const params = { id: rooms.a.id, personId: consumers.anna.personId };
  await api.ok(liftModeration, { params, as: staff.a.guide });
  expect((await join()).status).toBe(200);
});

test('nobody sanctions themselves, the host or the crew above them; strangers to the brand are not found', async () => {
  await using api = await startTestApi();
  const { rooms, staff } = await seedBrand(api);
  await using assistant = await enterRoom(api, rooms.a.id, staff.a.assistant);
  for (const [personId, code] of [
    [staff.a.assistant.personId, 'self_action'],
    [staff.a.guide.personId, 'forbidden'],
    [staff.a.manager.personId, 'forbidden'],
    [staff.admin.personId, 'forbidden'],
    [randomUUID(), 'not_found'],
  ]) {
    expect(await assistant.ask('viewer:ban', { personId })).toMatchObject({ ok: false, error: { code } });
    expect(await assistant.ask('viewer:mute', { personId })).toMatchObject({ ok: false, error: { code } });
  }
  // A guide of another store is a viewer here like everybody.
  expect(await assistant.ask('viewer:mute', { personId: staff.b.guide.personId })).toMatchObject({ ok: true });
  for (const as of [staff.b.manager, staff.c.guide]) {
    const params = { id: rooms.a.id };
    expect((await api.call(listModeration, { params, as })).problem.code).toBe('not_found');
    const lift = await api.call(liftModeration, { params: { ...params, personId: staff.b.guide.personId }, as });
    expect(lift.problem.code).toBe('not_found');
  }
});

test('a deleted message disappears from the room and from the history; the journal and the audit keep it', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await anna.ask('chat:send', { text: '留下' });
  const bad = await anna.ask('chat:send', { text: '加微信', clientMessageId: randomUUID() });
  const { messageId } = ChatMessage.parse(bad.ok && bad.data.message);
  expect(await guide.ask('chat:delete', { messageId, reason: '广告' })).toEqual({ ok: true, data: { messageId } });
  await anna.waitFor('the deletion', () => anna.events('chat:deleted')[0]?.messageId === messageId);
  const { snapshot } = await api.ok(joinRoom, { params: { id: rooms.a.id }, body: {}, as: await makeConsumer(api) });
  expect(snapshot.chat.map(({ text }) => text)).toEqual(['留下']);
  expect(await auditOf(api)).toMatchObject([
    { action: 'chat:deleted', reason: '广告', actor_id: staff.a.guide.personId },
  ]);
  for (const other of ['chat:nothing', (await api.api.roomLog.range(rooms.a.id, 0, 1))[0]?.event.kind ?? '']) {
    expect(await guide.ask('chat:delete', { messageId: other })).toMatchObject({
      ok: false,
      error: { code: 'not_found' },
    });
  }
  await using stranger = await enterRoom(api, rooms.b.id, staff.b.guide);
  expect(await stranger.ask('chat:delete', { messageId })).toMatchObject({ ok: false, error: { code: 'not_found' } });
});
