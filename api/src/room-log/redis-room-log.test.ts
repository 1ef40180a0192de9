import { randomUUID } from 'node:crypto';
import type { SequencedEvent } from '@walnut-live/contracts';
import { createClient } from 'redis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestDatabase } from '../../../scripts/testing/database.ts';
import { startTestRedis } from '../../../scripts/testing/redis.ts';
import { systemClock, systemRandom } from '../platform/clock.ts';
import { createDb, type Db } from '../platform/db.ts';
import { createLogger } from '../platform/logger.ts';
import { openRedisLink, type RedisLink } from '../platform/redis-link.ts';
import { createRedisRoomLog } from './redis-room-log.ts';
import { chat, likes, roomLogContract, textOf } from './room-log.contract.ts';
import type { RoomLog } from './room-log.ts';

const log = createLogger('silent', 'test');
const LONG = { timeout: 15_000, interval: 20 };

async function createNodes() {
  const [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
  const db = createDb({ url: database.url, poolSize: 6, onError: () => {} });
  const logs: RoomLog[] = [];
  const links: RedisLink[] = [];
  return {
    db,
    redis,
    async open(options: { historyLimit?: number; db?: Pick<Db, 'sql' | 'transaction'> } = {}): Promise<RoomLog> {
      const link = openRedisLink({ url: redis.url, log });
      links.push(link);
      const opened = createRedisRoomLog({
        link,
        clock: systemClock,
        random: systemRandom,
        log,
        db,
        ...options,
      });
      logs.push(opened);
      await isThere(opened);
      return opened;
    },
    async close() {
      await Promise.all(logs.map((opened) => opened.close()));
      for (const link of links) link.close();
      await db.close();
      await database.drop();
      await redis.kill();
    },
  };
}
const isThere = (opened: RoomLog, wanted = true): Promise<void> =>
  new Promise((resolve) => {
    const undo = opened.watch((there) => {
      if (there !== wanted) return;
      resolve();
      queueMicrotask(() => undo());
    });
  });

async function startNodes() {
  const nodes = await createNodes();
  onTestFinished(() => nodes.close());
  const client = createClient({ url: nodes.redis.url, socket: { reconnectStrategy: () => 50 } });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.destroy());
  return { ...nodes, client };
}
function listenTo(opened: RoomLog, room: string) {
  const seen: SequencedEvent[] = [];
  let resets = 0;
  const undo = opened.tail(
    room,
    (events) => seen.push(...events),
    () => {
      resets += 1;
    },
  );
  return { seen, texts: () => seen.map(textOf), resets: () => resets, undo };
}
const journalled = async (db: Db, room: string): Promise<string[]> =>
  (
    await db.sql<{ text: string }>`SELECT event->'message'->>'text' AS text FROM room_events
      WHERE room_id = ${room} ORDER BY seq`
  ).map(({ text }) => text);

roomLogContract('Redis Streams', async () => {
  const nodes = await createNodes();
  return {
    open: nodes.open,
    // Its connections stay, as those of a process do that has not noticed yet; nobody asks it anything any more.
    kill: async () => {},
    close: nodes.close,
  };
});

test('two nodes write one order, and both hear it', async () => {
  const nodes = await startNodes();
  const [a, b] = [await nodes.open(), await nodes.open()];
  const room = randomUUID();
  const heard = [listenTo(a, room), listenTo(b, room)];
  await Promise.all([a.head(room), b.head(room)]);
  const appended: SequencedEvent[] = [];
  for (let round = 0; round < 20; round++) {
    appended.push(
      ...(await Promise.all([a, b].flatMap((node, n) => [1, 2, 3].map((i) => node.append(room, chat(`${n} ${i}`)))))),
    );
  }
  const inOrder = appended.sort((one, two) => one.seq - two.seq);
  expect(inOrder.map(({ seq }) => seq)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
  for (const { seen, resets } of heard) {
    await vi.waitFor(() => expect(seen).toHaveLength(120), LONG);
    expect(seen).toEqual(inOrder);
    expect(resets()).toBe(0);
  }
  expect(await b.range(room, 0, 1_000)).toEqual(inOrder);
  expect(await journalled(nodes.db, room)).toEqual(inOrder.map(textOf));
});

test('one event id on two nodes is one event: at once, and when Redis has long forgotten it', async () => {
  const nodes = await startNodes();
  const [a, b] = [await nodes.open({ historyLimit: 3 }), await nodes.open({ historyLimit: 3 })];
  const room = randomUUID();
  const { texts } = listenTo(b, room);
  await b.head(room);
  const ids = Array.from({ length: 30 }, (_, i) => `e${i}`);
  const [first, second] = await Promise.all(
    [a, b].map((node) => Promise.all(ids.map((eventId) => node.append(room, chat(eventId), { eventId })))),
  );
  expect(second).toEqual(first);
  await vi.waitFor(async () => expect(await nodes.client.xLen(`walnut:room:{${room}}:log`)).toBe(3), LONG);
  expect(await nodes.client.hLen(`walnut:room:{${room}}:ids`)).toBe(3);
  const again = await Promise.all(ids.map((eventId) => b.append(room, chat('again'), { eventId })));
  expect(again).toEqual(first);
  await a.append(room, chat('last'));
  await vi.waitFor(() => expect(texts().at(-1)).toBe('last'), LONG);
  expect(texts().sort()).toEqual([...ids, 'last'].sort());
  expect(await journalled(nodes.db, room)).toHaveLength(31);
});

test('what a node had no time to write to the journal another one writes, once; the repetition is the same event', async () => {
  const nodes = await startNodes();
  const dying: Pick<Db, 'sql' | 'transaction'> = {
    sql: (strings, ...values) =>
      strings.join('').includes('INSERT INTO room_events')
        ? Promise.reject(new Error('killed here'))
        : nodes.db.sql(strings, ...values),
    transaction: () => Promise.reject(new Error('killed here')),
  };
  const [a, b] = [await nodes.open({ db: dying }), await nodes.open()];
  const room = randomUUID();
  const { texts } = listenTo(b, room);
  await b.append(room, chat('before')); // which also waits until it listens
  await expect(a.append(room, chat('cut off'), { eventId: 'x' })).rejects.toMatchObject({ code: 'unavailable' });
  await vi.waitFor(async () => expect(await journalled(nodes.db, room)).toEqual(['before', 'cut off']), LONG);
  await vi.waitFor(async () => {
    expect(await nodes.client.zCard('walnut:room:unarchived')).toBe(0);
    expect(await nodes.client.hGet(`walnut:room:{${room}}:state`, 'archived')).toBe('2');
  }, LONG);
  expect(await b.append(room, chat('cut off'), { eventId: 'x' })).toMatchObject({ seq: 2 });
  await b.append(room, chat('after'));
  expect(await journalled(nodes.db, room)).toEqual(['before', 'cut off', 'after']);
  await vi.waitFor(() => expect(texts()).toEqual(['before', 'cut off', 'after']), LONG);
});

test('nothing leaves the stream before it is in the journal; a client finds all of it on any node', async () => {
  const nodes = await startNodes();
  let isAway = false;
  const noArchive: Pick<Db, 'sql' | 'transaction'> = {
    sql: nodes.db.sql,
    transaction: (work) => (isAway ? Promise.reject(new Error('no archive today')) : nodes.db.transaction(work)),
  };
  const a = await nodes.open({ historyLimit: 5, db: noArchive });
  const room = randomUUID();
  const all = Array.from({ length: 40 }, (_, i) => `m${i}`);
  await a.append(room, likes(1)); // takes an epoch
  isAway = true;
  for (const text of all) await a.append(room, chat(text));
  expect(await nodes.client.xLen(`walnut:room:{${room}}:log`)).toBe(41);
  isAway = false;
  await vi.waitFor(async () => expect(await nodes.client.xLen(`walnut:room:{${room}}:log`)).toBe(5), LONG);
  const b = await nodes.open({ historyLimit: 5 });
  expect((await b.range(room, 1, 100)).map(textOf)).toEqual(all);
  expect((await b.range(room, 31, 4)).map(textOf)).toEqual(all.slice(30, 34));
  expect((await b.latest(room, ['chat:sent'], 8)).map(textOf)).toEqual(all.slice(-8));
});

test('connections that are cut cost nobody an event', async () => {
  const nodes = await startNodes();
  const [a, b] = [await nodes.open(), await nodes.open()];
  const room = randomUUID();
  const { texts, resets } = listenTo(b, room);
  await b.head(room);
  const said: string[] = [];
  for (let i = 0; i < 60; i++) {
    if (i % 20 === 10) await nodes.client.sendCommand(['CLIENT', 'KILL', 'TYPE', i === 30 ? 'normal' : 'pubsub']);
    const text = `m${i}`;
    await vi.waitFor(() => a.append(room, chat(text), { eventId: text }), LONG);
    said.push(text);
  }
  await vi.waitFor(() => expect(texts()).toEqual(said), LONG);
  expect(resets()).toBe(0);
});

test('a Redis that hangs is found out in time; when it goes on nothing is missing', async () => {
  const nodes = await startNodes();
  const [a, b] = [await nodes.open(), await nodes.open()];
  const room = randomUUID();
  const heard = listenTo(b, room);
  await b.head(room);
  await a.append(room, chat('before'));
  const { pid } = nodes.redis;
  if (pid === undefined) throw new Error('no Redis');
  process.kill(pid, 'SIGSTOP');
  try {
    const began = performance.now();
    await expect(a.append(room, chat('m'), { eventId: 'm' })).rejects.toMatchObject({
      code: 'unavailable',
      details: { retryAfterSeconds: 1, facts: { paused: 'room' } },
    });
    expect(performance.now() - began).toBeLessThan(5_000);
    const refused = performance.now();
    for (let i = 0; i < 100; i++)
      await expect(a.append(room, chat('n'))).rejects.toMatchObject({ code: 'unavailable' });
    expect(performance.now() - refused).toBeLessThan(5_000); // none of them asked
    expect((await a.latest(room, ['chat:sent'], 5)).map(textOf)).toEqual(['before']);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await Promise.all([isThere(a), isThere(b)]);
  const sent = await vi.waitFor(() => a.append(room, chat('m'), { eventId: 'm' }), LONG);
  await vi.waitFor(() => expect(heard.texts()).toEqual(['before', 'm']), LONG);
  expect(await b.find(room, 'm')).toEqual(sent);
  expect(heard.resets()).toBe(0);
});

test('a Redis that comes back empty begins a new epoch: numbers go on above, everybody starts from a snapshot', async () => {
  const nodes = await startNodes();
  const [a, b] = [await nodes.open(), await nodes.open()];
  const room = randomUUID();
  const heard = [listenTo(a, room), listenTo(b, room)];
  const kept: string[] = [];
  for (let life = 0; life < 3; life++) {
    for (let i = 0; i < 5; i++) {
      await a.append(room, likes(i));
      await b.append(room, chat(`${life} ${i}`), { eventId: `${life} ${i}` });
      kept.push(`${life} ${i}`);
    }
    const before = await b.head(room);
    for (const { seen } of heard) await vi.waitFor(() => expect(seen.at(-1)?.seq).toBe(before), LONG);
    await nodes.redis.kill();
    await Promise.all([isThere(a, false), isThere(b, false)]);
    await expect(a.append(room, chat('now'))).rejects.toMatchObject({ code: 'unavailable' });
    // Reading goes on with what is known.
    expect(await a.head(room)).toBe(before);
    expect((await b.range(room, 0, 100)).filter(({ event }) => event.kind === 'chat:sent').map(textOf)).toEqual(kept);

    await nodes.redis.restart();
    for (const { resets } of heard) await vi.waitFor(() => expect(resets()).toBe(life + 1), LONG);
    expect(await a.start(room)).toBeGreaterThan(before);
    expect(await b.start(room)).toBe(await a.start(room));
    const again = await a.append(room, chat('again'), { eventId: `${life} 4` });
    expect(again.seq).toBeLessThanOrEqual(before);
  }
  const last = await b.append(room, chat('last'));
  expect(last.seq).toBe((await b.start(room)) + 1);
  expect(await journalled(nodes.db, room)).toEqual([...kept, 'last']);
  expect((await a.latest(room, ['chat:sent'], 100)).map(textOf)).toEqual([...kept, 'last']);
  for (const { seen } of heard) {
    await vi.waitFor(() => expect(seen.at(-1)).toEqual(last), LONG);
    const numbers = seen.map(({ seq }) => seq);
    expect(new Set(numbers).size).toBe(numbers.length);
  }
});

test('a Redis that comes back with an older state gives no number a second time', async () => {
  const nodes = await startNodes();
  const a = await nodes.open();
  const room = randomUUID();
  const { resets } = listenTo(a, room);
  for (let i = 0; i < 5; i++) await a.append(room, chat(`m${i}`));
  // As a server would that was restarted from what it had saved a moment earlier.
  await nodes.client.xTrim(`walnut:room:{${room}}:log`, 'MINID', '3-1' as never);
  await nodes.client.hSet(`walnut:room:{${room}}:state`, { run: 'an earlier server', seq: '3', archived: '3' });
  const next = await a.append(room, chat('next'));
  expect(next.seq).toBeGreaterThan(1_000);
  await vi.waitFor(() => expect(resets()).toBe(1), LONG);
  expect((await a.range(room, 0, 100)).map(textOf)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'next']);
  await nodes.client.flushAll();
  await vi.waitFor(() => expect(resets()).toBe(2), LONG);
  expect((await a.append(room, chat('after flush'))).seq).toBeGreaterThan(next.seq + 1_000);
});

test('who begins to listen while Redis is away starts from a snapshot when it is back', async () => {
  const nodes = await startNodes();
  const [a, b] = [await nodes.open(), await nodes.open()];
  const room = randomUUID();
  await a.append(room, chat('before'));
  await nodes.redis.kill();
  await isThere(b, false);
  const late = listenTo(b, room);
  expect(await b.head(room)).toBe(1);
  await nodes.redis.restart();
  await vi.waitFor(() => expect(late.resets()).toBe(1), LONG);
  await vi.waitFor(() => a.append(room, chat('after'), { eventId: 'after' }), LONG);
  await vi.waitFor(() => expect(late.texts()).toEqual(['after']), LONG);
});

test('what reaches the journal too late for its epoch is not in the log, and its sender tries again', async () => {
  const nodes = await startNodes();
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const slow: Pick<Db, 'sql' | 'transaction'> = {
    ...nodes.db,
    sql: async (strings, ...values) => {
      if (strings.join('').includes('INSERT INTO room_events')) await held;
      return nodes.db.sql(strings, ...values);
    },
  };
  const b = await nodes.open();
  const room = randomUUID();
  const { texts, resets } = listenTo(b, room);
  await b.append(room, chat('before'));
  const a = await nodes.open({ db: { sql: slow.sql, transaction: () => Promise.reject(new Error('not this one')) } });
  const late = a.append(room, chat('late'), { eventId: 'late' }).then(
    () => 'acknowledged',
    (error: { code: string }) => error.code,
  );
  await vi.waitFor(() => expect(texts()).toEqual(['before', 'late']), LONG);
  // As if no archiver had come to it before the server was restarted: the cursor has passed it, nobody copies it again.
  const archived = () => nodes.client.hGet(`walnut:room:{${room}}:state`, 'archived');
  await vi.waitFor(async () => expect(await archived()).toBe('2'), LONG);
  await nodes.client.hSet(`walnut:room:{${room}}:state`, { run: 'an earlier server' });
  await nodes.db.sql`DELETE FROM room_events WHERE room_id = ${room} AND event_id = 'late'
    AND set_config('walnut.retention', 'room_events', true) IS NOT NULL`;
  await b.append(room, chat('new epoch'));
  await vi.waitFor(() => expect(resets()).toBe(1), LONG);
  letGo();
  expect(await late).toBe('unavailable');
  const before = await b.head(room);
  expect((await b.append(room, chat('late'), { eventId: 'late' })).seq).toBeGreaterThan(before);
  expect(await journalled(nodes.db, room)).toEqual(['before', 'new epoch', 'late']);
});
