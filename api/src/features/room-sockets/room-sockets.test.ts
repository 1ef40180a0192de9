import { randomUUID } from 'node:crypto';
import { joinRoom, patchRoom, type RoomEvent } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { connectRoom, enterRoom } from '../../testing/room-client.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { RESUME_LIMIT } from './room-hub.ts';

const said = (text: string, personId: string): RoomEvent => ({
  kind: 'chat:sent',
  message: { messageId: text, personId, name: '路人', role: 'viewer', text, at: new Date().toISOString() },
});
const sayAll = (api: TestApi, roomId: string, texts: readonly string[], personId: string = randomUUID()) =>
  Promise.all(texts.map((text) => api.api.roomLog.append(roomId, said(text, personId))));
const numbered = (count: number, word = 'm') => Array.from({ length: count }, (_, i) => `${word}${i}`);

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

  await using bella = await enterRoom(api, rooms.a.id, consumers.bella);
  expect(bella.join.snapshot.chat.map(({ text }) => text)).toEqual(['核桃乳真好喝']);
});

test('a room works over long polling too', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  const { roomToken } = await api.ok(joinRoom, { params: { id: rooms.a.id }, body: {}, as: consumers.anna });
  const auth = { token: roomToken, roomId: rooms.a.id };
  await using anna = await connectRoom(api.url, auth, { transports: ['polling'] });
  await anna.waitFor('a snapshot', () => anna.snapshots.length === 1);
  expect(await anna.ask('chat:send', { text: '你好' })).toMatchObject({ ok: true });
  await anna.waitFor('the message', () => anna.events('chat:sent').length === 1);
});

test('a hundred messages are a few frames; the crowd is sampled, the own message and the crew never', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await using bella = await enterRoom(api, rooms.a.id, consumers.bella);
  const annas = numbered(30, 'anna ');
  const notices = numbered(5, 'notice ');
  await Promise.all([
    sayAll(api, rooms.a.id, numbered(65)),
    sayAll(api, rooms.a.id, annas, consumers.anna.personId),
    ...notices.map((text) => api.api.roomLog.append(rooms.a.id, { kind: 'notice:set', text })),
  ]);
  const head = await api.api.roomLog.head(rooms.a.id);
  await bella.waitFor('all frames', () => bella.seq() >= head);
  await anna.waitFor('all frames', () => anna.seq() >= head);

  const textsOf = (client: typeof anna) => client.events('chat:sent').map(({ message }) => message.text);
  expect(bella.frames.length).toBeLessThanOrEqual(5);
  expect(textsOf(bella).length).toBeGreaterThanOrEqual(20);
  expect(textsOf(bella).length).toBeLessThanOrEqual(30);
  expect(bella.events('notice:set').map(({ text }) => text)).toEqual(notices);
  expect(textsOf(anna).filter((text) => text.startsWith('anna'))).toEqual(annas);
  for (const { frames, gaps } of [anna, bella]) {
    const numbers = frames.flatMap(({ events }) => events.map(({ seq }) => seq));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(gaps).toEqual([]);
  }
  // Engine.IO and ws do not promise their insides: after a new version this tells whether the short way still exists.
  const { straight, queued } = api.api.roomSockets.sent();
  expect(straight).toBeGreaterThan(0);
  expect(queued).toBe(0);
});

test('who comes back names the last number seen and gets what was missed in one frame', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  const first = await enterRoom(api, rooms.a.id, consumers.anna);
  await sayAll(api, rooms.a.id, ['before']);
  await first.waitFor('before', () => first.events('chat:sent').length === 1);
  const lastSeq = first.seq();
  first.close();
  const missed = numbered(40, 'missed ');
  for (const text of missed) await sayAll(api, rooms.a.id, [text]);

  await using back = await enterRoom(api, rooms.a.id, consumers.anna, { lastSeq });
  await back.waitFor('a frame', () => back.frames.length > 0);
  expect(back.snapshots).toEqual([]);
  expect(back.frames[0]?.after).toBe(lastSeq);
  expect(back.events('chat:sent').map(({ message }) => message.text)).toEqual(missed);
  await sayAll(api, rooms.a.id, ['live again']);
  await back.waitFor('live again', () => back.events('chat:sent').length === 41);
});

test('who missed too much, or names a number that does not exist, gets a snapshot', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  await sayAll(api, rooms.a.id, numbered(RESUME_LIMIT + 50));
  await using long = await enterRoom(api, rooms.a.id, consumers.anna, { lastSeq: 1 });
  await long.waitFor('a snapshot', () => long.snapshots.length === 1);
  expect(long.events('chat:sent')).toEqual([]);
  expect(long.snapshots[0]?.chat).toHaveLength(50);
  await using future = await enterRoom(api, rooms.a.id, consumers.bella, { lastSeq: 9_000_000 });
  await future.waitFor('a snapshot', () => future.snapshots.length === 1);
  await sayAll(api, rooms.a.id, ['now']);
  await long.waitFor('now', () => long.events('chat:sent').length === 1);
  await future.waitFor('now', () => future.events('chat:sent').length === 1);
});

test('nobody who connects while others talk misses anything', async () => {
  await using api = await startTestApi();
  const { rooms } = await seedBrand(api);
  let talking = true;
  let count = 0;
  const talk = (async () => {
    while (talking) {
      await api.api.roomLog.append(rooms.a.id, { kind: 'notice:set', text: String(count) });
      count += 1;
    }
  })();
  const clients = [];
  for (let i = 0; i < 8; i++) {
    clients.push(await enterRoom(api, rooms.a.id, await makeConsumer(api), i % 2 ? {} : { lastSeq: null }));
  }
  talking = false;
  await talk;
  const head = await api.api.roomLog.head(rooms.a.id);
  for (const client of clients) {
    await client.waitFor('everything', () => client.seq() >= head);
    const { seq: start } = client.snapshots[0] ?? client.join.snapshot;
    const expected = (await api.api.roomLog.range(rooms.a.id, start, 5_000)).flatMap(({ event }) =>
      event.kind === 'notice:set' ? [event.text] : [],
    );
    expect(client.events('notice:set').map(({ text }) => text)).toEqual(expected);
    expect(client.gaps).toEqual([]);
    client.close();
  }
});

test('Z8 two sockets of one person are one viewer; the crew is no audience; totals count people', async () => {
  await using api = await startTestApi();
  const { rooms, consumers, guest, staff } = await seedBrand(api);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  const counted = () => guide.events('viewers:counted').at(-1);
  const phone = await enterRoom(api, rooms.a.id, consumers.anna);
  await using tablet = await enterRoom(api, rooms.a.id, consumers.anna);
  await using visitor = await enterRoom(api, rooms.a.id, guest);
  await guide.waitFor('two people', () => counted()?.now === 2 && counted()?.total === 2);
  phone.close();
  visitor.close();
  await guide.waitFor('one person', () => counted()?.now === 1);
  expect(counted()?.total).toBe(2);
  tablet.close();
  await guide.waitFor('nobody', () => counted()?.now === 0);
  await using again = await enterRoom(api, rooms.a.id, consumers.anna);
  await guide.waitFor('one again', () => counted()?.now === 1);
  expect(counted()?.total).toBe(2);
  expect(again.join.snapshot).toMatchObject({ viewersTotal: 2 });
  expect(guide.events('viewer:joined')).toEqual([
    { kind: 'viewer:joined', personId: consumers.anna.personId, name: '安然' },
  ]);
  const [row] = await api.api.platform.db.sql`SELECT viewers_total, viewers_peak FROM rooms WHERE id = ${rooms.a.id}`;
  expect(row).toEqual({ viewers_total: 2, viewers_peak: 2 });
});

test('A7 a guest who signs in is the same visitor', async () => {
  await using api = await startTestApi();
  const { rooms, consumers, guest, staff } = await seedBrand(api);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  const visitor = await enterRoom(api, rooms.a.id, guest);
  await guide.waitFor('the guest', () => guide.events('viewers:counted').at(-1)?.now === 1);
  visitor.close();
  await api.api.platform.db
    .sql`UPDATE people SET merged_into = ${consumers.anna.personId} WHERE id = ${guest.personId}`;
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await anna.waitFor('a count', () => anna.events('viewers:counted').length > 0);
  expect(anna.events('viewers:counted').at(-1)).toMatchObject({ total: 1 });
  await expect(enterRoom(api, rooms.a.id, guest)).rejects.toThrow('session_expired');
});

test('the fifth socket of a person replaces the first', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  const sockets = [];
  for (let i = 0; i < 5; i++) sockets.push(await enterRoom(api, rooms.a.id, consumers.anna));
  const [first, ...others] = sockets;
  await first?.waitFor('replaced', () => first.closed[0] === 'replaced' && !first.socket.connected);
  expect(others.every(({ socket }) => socket.connected)).toBe(true);
  for (const { socket } of others) socket.disconnect();
});

test('a handshake needs a fresh token of this room and a person who still exists', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  const { roomToken } = await api.ok(joinRoom, { params: { id: rooms.a.id }, body: {}, as: consumers.anna });
  const roomId = rooms.a.id;
  const access = await api.token(consumers.anna);
  for (const [auth, code] of [
    [{ token: access, roomId }, 'session_expired'],
    [{ token: `${roomToken.slice(0, -3)}abc`, roomId }, 'session_expired'],
    [{ token: roomToken, roomId: rooms.b.id }, 'forbidden'],
    [{ token: roomToken, roomId: 'no-room' }, 'invalid_request'],
    [{ token: roomToken, roomId, lastSeq: -1 }, 'invalid_request'],
    [{ token: roomToken, roomId, more: true }, 'invalid_request'],
  ] as const) {
    await expect(connectRoom(api.url, auth as { token: string; roomId: string })).rejects.toThrow(code);
  }
  api.clock.advanceSeconds(121);
  await expect(connectRoom(api.url, { token: roomToken, roomId })).rejects.toThrow('session_expired');
  api.clock.advanceSeconds(-121);
  await api.api.platform.db.sql`UPDATE people SET active = false WHERE id = ${consumers.anna.personId}`;
  await expect(connectRoom(api.url, { token: roomToken, roomId })).rejects.toThrow('session_expired');
});

test('rights are read again while somebody is connected', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  await using assistant = await enterRoom(api, rooms.a.id, staff.a.assistant);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await api.api.platform.db
    .sql`UPDATE staff_accounts SET active = false WHERE person_id = ${staff.a.assistant.personId}`;
  await api.api.roomSockets.checkStandings();
  await assistant.waitFor('goodbye', () => assistant.closed[0] === 'token_expired');
  expect(anna.socket.connected).toBe(true);
});

test('a socket that reads too slowly holds nobody up, keeps no pile, and is brought up to date when it reads again', async () => {
  await using api = await startTestApi();
  const { rooms, consumers, staff } = await seedBrand(api);
  await using slow = await enterRoom(api, rooms.a.id, consumers.anna);
  await using quick = await enterRoom(api, rooms.a.id, consumers.bella);
  const wire = (
    slow.socket.io.engine as unknown as { transport: { ws: { _socket: { pause(): void; resume(): void } } } }
  ).transport.ws._socket;
  wire.pause();
  const filler = '核'.repeat(190);
  const stuff = async (round: number) => {
    const texts = Array.from({ length: 250 }, (_, i) => `${round} ${i} ${filler}`);
    await Promise.all(texts.map((text) => api.api.roomLog.append(rooms.a.id, { kind: 'notice:set', text })));
  };
  const backlog = () => api.api.roomSockets.fallenBehind();
  for (let round = 0; backlog() === 0 && round < 400; round++) await stuff(round);
  expect(backlog()).toBe(1);
  await api.ok(patchRoom, { params: { id: rooms.a.id }, body: { title: '改名' }, as: staff.a.guide });
  await api.api.roomLog.append(rooms.a.id, { kind: 'notice:set', text: '最后一条' });
  await quick.waitFor('the last notice', () => quick.events('notice:set').at(-1)?.text === '最后一条', 15_000);
  wire.resume();
  await slow.waitFor('up to date', () => slow.seq() >= quick.seq(), 15_000);
  await slow.waitFor('in step', () => backlog() === 0);
  await sayAll(api, rooms.a.id, ['after']);
  await slow.waitFor('after', () => slow.events('chat:sent').at(-1)?.message.text === 'after');
  expect(slow.socket.connected).toBe(true);
}, 60_000);
