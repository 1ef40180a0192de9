/**
 * Done when: "Restarting api during a live: no acknowledged chat lost, clients resume by themselves, likes not counted twice."
 * Once with a clean stop in this process, once with `kill -9` of an api in a process of its own under traffic.
 */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createApi } from '../../compose.ts';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { connectRoom, enterRoom } from '../../testing/room-client.ts';
import { freePort, nodeEnv, spawnApi, talk } from '../../testing/talkers.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

const chatCount = async (api: TestApi, sql = api.api.platform.db.sql) =>
  (
    await sql<{
      text: string;
    }>`SELECT event->'message'->>'text' AS text FROM room_events WHERE kind = 'chat:sent' ORDER BY seq`
  ).map(({ text }) => text);

test('a clean restart: clients are told, come back with their last number, and go on without a hole', async () => {
  await using api = await startTestApi();
  const { rooms, consumers, staff } = await seedBrand(api);
  const anna = await enterRoom(api, rooms.a.id, consumers.anna);
  const guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await anna.ask('chat:send', { text: '第一句' });
  const likes = { count: 7, batch: { clientId: randomUUID(), no: 1 } };
  expect(await anna.ask('like:add', likes)).toMatchObject({ ok: true, data: { total: 7 } });
  await guide.waitFor('first', () => guide.events('chat:sent').length === 1);
  const lastSeq = guide.seq();
  await anna.ask('chat:send', { text: '第二句' });
  const closing = api.api.close();
  for (const client of [anna, guide]) {
    await client.waitFor('goodbye', () => client.closed[0] === 'server_shutdown' && !client.socket.connected);
  }
  await closing;

  const port = Number(new URL(api.url).port);
  const second = await createApi({ ...api.api.platform.config, PORT: port }, { clock: api.clock });
  onTestFinished(() => second.close());
  await second.listen();
  await using back = await connectRoom(api.url, { token: guide.join.roomToken, roomId: rooms.a.id, lastSeq });
  await using annaBack = await connectRoom(api.url, {
    token: anna.join.roomToken,
    roomId: rooms.a.id,
    lastSeq: anna.seq(),
  });
  expect(await annaBack.ask('like:add', likes)).toMatchObject({ ok: true, data: { total: 7 } });
  expect(await annaBack.ask('chat:send', { text: '第三句' })).toMatchObject({ ok: true });
  await back.waitFor('both', () => back.events('chat:sent').length >= 2);
  expect(back.snapshots).toEqual([]);
  expect(back.gaps).toEqual([]);
  const missed = back.events('chat:sent').map(({ message }) => message.text);
  expect(missed).toEqual(guide.seq() > lastSeq ? missed : ['第二句', '第三句']);
  expect(missed.at(-1)).toBe('第三句');
  await back.waitFor('two people', () => back.events('viewers:counted').at(-1)?.total === 1);
});

test('before a stop people are sent away one after the other; whoever waits for their turn talks on, nobody comes in', async () => {
  await using api = await startTestApi();
  const { rooms, consumers, staff } = await seedBrand(api);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  const gone = api.api.roomSockets.sendAway(60_000, 1_500);
  await anna.waitFor('goodbye', () => anna.closed[0] === 'server_shutdown');
  expect(await guide.ask('chat:send', { text: '还在' })).toMatchObject({ ok: true });
  await expect(
    connectRoom(api.url, { token: anna.join.roomToken, roomId: rooms.a.id, lastSeq: anna.seq() }),
  ).rejects.toThrow();
  await guide.waitFor('goodbye', () => guide.closed[0] === 'server_shutdown');
  await gone;
});

test('kill -9 under traffic: every acknowledged message is there once, in one order, and no like counts twice', async () => {
  // The first api only prepares the database and signs tokens; the one that is killed is another process.
  await using api = await startTestApi({ LOG_LEVEL: 'fatal' });
  const { rooms } = await seedBrand(api);
  const port = await freePort();
  const env = nodeEnv(api, port);
  const url = `http://127.0.0.1:${port}`;
  let running = await spawnApi(env);
  const people = await Promise.all(Array.from({ length: 4 }, () => makeConsumer(api)));
  const talkers = people.map((person, i) => talk(() => url, api, rooms.a.id, person, `p${i}`));
  const said = () => talkers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);

  for (let life = 1; life <= 3; life++) {
    const before = said();
    await vi.waitFor(() => expect(said()).toBeGreaterThanOrEqual(before + 4), { timeout: 60_000, interval: 5 });
    await running.kill();
    running = await spawnApi(env);
  }
  const before = said();
  await vi.waitFor(() => expect(said()).toBeGreaterThanOrEqual(before + 4), { timeout: 60_000, interval: 20 });
  await Promise.all(talkers.map(({ stop }) => stop()));

  const journalled = await chatCount(api);
  expect(new Set(journalled).size).toBe(journalled.length);
  const all = new Set(journalled);
  for (const { acknowledged, wrong } of talkers) {
    expect([...acknowledged].filter((text) => !all.has(text))).toEqual([]);
    expect(wrong).toEqual([]);
  }
  expect(
    talkers.flatMap(({ refusals }) => refusals).filter((code) => code !== 'rate_limited' && code !== 'unavailable'),
  ).toEqual([]);

  const { sql } = api.api.platform.db;
  const [room] = await sql<{ likes: bigint }>`SELECT likes_of(${rooms.a.id}) AS likes`;
  const [counted] = await sql<{ likes: bigint }>`SELECT sum(count)::bigint AS likes FROM room_likes`;
  expect(room?.likes).toBe(counted?.likes);
  // A batch whose acknowledgement died with the process may be counted (and is then acknowledged to its repetition), never twice.
  const acknowledged = talkers.reduce((sum, { likesAcknowledged }) => sum + likesAcknowledged, 0);
  expect(Number(room?.likes)).toBeGreaterThanOrEqual(acknowledged);
  expect(Number(room?.likes)).toBeLessThanOrEqual(acknowledged + 2 * talkers.length);

  // Who looks at the room now reads the same order as everybody who was there.
  const order = await api.api.roomLog.latest(rooms.a.id, ['chat:sent'], 1_000);
  const place = new Map(order.map(({ event }, i) => [event.kind === 'chat:sent' ? event.message.messageId : '', i]));
  for (const { seen } of talkers) {
    const places = [...seen.keys()].map((id) => place.get(id) ?? -1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  }
}, 400_000);
