/** Who may not be in a room is out of it on every node, within a moment, and no way leads back. */
import { joinRoom, mediaGrant } from '@walnut-live/contracts';
import { expect, test, vi } from 'vitest';
import { makeGuest } from '../../testing/fixtures.ts';
import { connectRoom } from '../../testing/room-client.ts';
import { CROWDED_TEST_MS, PATIENCE_MS, startTwoNodes } from '../../testing/two-nodes.ts';

vi.setConfig({ testTimeout: CROWDED_TEST_MS });

test('a ban ends every socket on every node, and holds at a reconnect, a second tab, another node and with an older token', async () => {
  const { a, urlA, urlB, enter, brand } = await startTwoNodes();
  const { rooms, consumers, staff } = brand;
  const roomId = rooms.a.id;
  const guide = await enter(urlA, roomId, staff.a.guide);
  const tabs = [
    await enter(urlA, roomId, consumers.anna),
    await enter(urlB, roomId, consumers.anna),
    await enter(urlB, roomId, consumers.anna),
  ];
  const bella = await enter(urlB, roomId, consumers.bella);
  const unused = await a.ok(joinRoom, { params: { id: roomId }, body: {}, as: consumers.anna });

  expect(await guide.ask('viewer:ban', { personId: consumers.anna.personId })).toMatchObject({ ok: true });
  for (const tab of tabs) {
    await tab.waitFor('goodbye', () => tab.closed[0] === 'banned' && !tab.socket.connected, PATIENCE_MS);
  }
  for (const url of [urlA, urlB]) {
    for (const tab of tabs) await expect(connectRoom(url, tab.auth)).rejects.toThrow('banned'); // replayed, as good as it was
    await expect(connectRoom(url, { token: unused.roomToken, roomId })).rejects.toThrow('banned'); // never used
    await expect(connectRoom(url, { token: unused.roomToken, roomId }, { transports: ['polling'] })).rejects.toThrow(
      'banned',
    );
  }
  const asAnna = { params: { id: roomId }, as: consumers.anna };
  expect(await a.call(joinRoom, { ...asAnna, body: {} })).toMatchObject({ status: 403, problem: { code: 'banned' } });
  expect(await a.call(mediaGrant, { ...asAnna, body: { right: 'watch' } })).toMatchObject({ status: 403 });
  expect(bella.socket.connected).toBe(true);
  const elsewhere = await enter(urlB, rooms.b.id, consumers.anna);
  expect(elsewhere.socket.connected).toBe(true); // a ban is one of a room
});

test('a mute holds at once on every node; a banned guest stays banned as whoever they turn out to be', async () => {
  const { a, urlA, urlB, enter, brand } = await startTwoNodes();
  const { rooms, consumers, staff } = brand;
  const guide = await enter(urlA, rooms.a.id, staff.a.guide);
  const bella = await enter(urlB, rooms.a.id, consumers.bella);
  await guide.ask('viewer:mute', { personId: consumers.bella.personId, minutes: 5 });
  expect(await bella.ask('chat:send', { text: 'x' })).toMatchObject({ error: { code: 'muted' } });
  await bella.waitFor('the mute', () => bella.events('viewer:muted').length === 1, PATIENCE_MS);
  const bellaAtA = await enter(urlA, rooms.a.id, consumers.bella);
  expect(await bellaAtA.ask('chat:send', { text: 'x' })).toMatchObject({ error: { code: 'muted' } });

  const guest = await makeGuest(a);
  const visitor = await enter(urlB, rooms.a.id, guest);
  await guide.ask('viewer:ban', { personId: guest.personId });
  await visitor.waitFor('goodbye', () => visitor.closed[0] === 'banned', PATIENCE_MS);
  await a.api.platform.db.sql`UPDATE people SET merged_into = ${consumers.chris.personId} WHERE id = ${guest.personId}`;
  await expect(enter(urlB, rooms.a.id, consumers.chris)).rejects.toThrow('banned');
});

test('a role taken away, an account switched off: every node hears it from the database, also while Redis is away', async () => {
  const { a, redis, urlA, urlB, enter, brand } = await startTwoNodes();
  const { rooms, consumers, staff } = brand;
  const { sql } = a.api.platform.db;
  const assistant = await enter(urlB, rooms.a.id, staff.a.assistant);
  const second = await enter(urlA, rooms.a.id, staff.a.secondGuide);
  const [anna, bella] = [await enter(urlB, rooms.a.id, consumers.anna), await enter(urlB, rooms.a.id, consumers.bella)];
  await sql`UPDATE staff_accounts SET active = false WHERE person_id = ${staff.a.assistant.personId}`;
  await assistant.waitFor('goodbye', () => assistant.closed[0] === 'token_expired', PATIENCE_MS);
  await sql`UPDATE people SET active = false WHERE id = ${consumers.anna.personId}`;
  await anna.waitFor('goodbye', () => anna.closed[0] === 'token_expired', PATIENCE_MS);
  await expect(connectRoom(urlB, anna.auth)).rejects.toThrow('session_expired');

  await redis.kill();
  await sql`DELETE FROM staff_accounts WHERE person_id = ${staff.a.secondGuide.personId}`;
  await second.waitFor('goodbye', () => second.closed[0] === 'token_expired', PATIENCE_MS);
  expect(bella.socket.connected).toBe(true);
});
