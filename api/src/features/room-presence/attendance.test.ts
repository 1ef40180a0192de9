import { createClient } from 'redis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startTestRedis } from '../../../../scripts/testing/redis.ts';
import { systemRandom } from '../../platform/clock.ts';
import { createLogger } from '../../platform/logger.ts';
import { openRedisLink, type RedisLink } from '../../platform/redis-link.ts';
import { attendanceContract, becomes, LIMIT, LONG, makeRoom } from './attendance.contract.ts';
import { ABSENT_AFTER_DEATH_MS } from './attendance.ts';
import { createMemoryAttendance } from './memory-attendance.ts';
import { createRedisAttendance } from './redis-attendance.ts';

const log = createLogger('silent', 'test');
const options = { socketsPerPerson: LIMIT };

attendanceContract('memory', async () => ({
  open: async () => createMemoryAttendance(options),
  close: async () => {},
}));

async function createNodes() {
  const redis = await startTestRedis();
  const links: RedisLink[] = [];
  return {
    redis,
    async open() {
      const link = openRedisLink({ url: redis.url, log });
      links.push(link);
      await becomes(() => link.isThere(), true);
      return Object.assign(createRedisAttendance({ link, random: systemRandom, log, ...options }), {
        /** As kill -9: it says nothing any more. */
        die: () => link.close(),
      });
    },
    async close() {
      for (const link of links) link.close();
      await redis.kill();
    },
  };
}
async function startNodes() {
  const nodes = await createNodes();
  onTestFinished(nodes.close);
  return nodes;
}
attendanceContract('Redis', createNodes);

test('two nodes count together: one person at both is one, and stays until they have left both', async () => {
  const nodes = await startNodes();
  const [a, b] = [await nodes.open(), await nodes.open()];
  const room = makeRoom();
  const atA = a.enter(room.as('anna'), () => {});
  const atB = b.enter(room.as('anna'), () => {});
  b.enter(room.as('bella'), () => {});
  for (const node of [a, b]) await becomes(() => [node.now(room.roomId), node.inUnit('hq')], [2, 2]);
  atA();
  for (const node of [a, b]) expect(await node.count(room.roomId)).toBe(2);
  atB();
  for (const node of [a, b]) await becomes(() => [node.now(room.roomId), node.inUnit('hq')], [1, 1]);
});

test('a node that dies takes its people along within the bound, except who came back elsewhere', async () => {
  const nodes = await startNodes();
  const [a, b] = [await nodes.open(), await nodes.open()];
  const room = makeRoom();
  for (const person of ['anna', 'bella', 'chris']) a.enter(room.as(person), () => {});
  for (let i = 0; i < 1_500; i++) a.enter(room.as(`crowd-${i}`), () => {});
  b.enter(room.as('dana'), () => {});
  await a.count(room.roomId);
  await becomes(() => b.now(room.roomId), 1_504);
  const told = vi.fn();
  b.watch(told);
  a.die();
  const diedAtMs = Date.now();
  b.enter(room.as('anna'), () => {}); // reconnects at once
  await becomes(() => b.now(room.roomId), 2);
  expect(Date.now() - diedAtMs).toBeLessThan(ABSENT_AFTER_DEATH_MS);
  expect(told).toHaveBeenCalledWith(room.roomId);
  expect(b.inUnit('hq.east.hangzhou')).toBe(2);
  const client = createClient({ url: nodes.redis.url });
  await client.connect();
  onTestFinished(() => client.destroy());
  await vi.waitFor(async () => expect(await client.sCard('walnut:presence:over')).toBe(0), LONG);
  expect(await client.hLen(`walnut:presence:room:${room.roomId}`)).toBe(2);
  expect((await client.keys('walnut:presence:at:*')).length).toBe(1);
});

test('a node that ends in order is missed at once', async () => {
  const nodes = await startNodes();
  const [a, b] = [await nodes.open(), await nodes.open()];
  const room = makeRoom();
  a.enter(room.as('anna'), () => {});
  await becomes(() => b.now(room.roomId), 1);
  await a.close();
  await becomes(() => b.now(room.roomId), 0);
});

test('the socket too many is found on whatever node it is; those of a dead node do not count', async () => {
  const nodes = await startNodes();
  const [a, b] = [await nodes.open(), await nodes.open()];
  const room = makeRoom();
  const surplus: string[] = [];
  const enter = async (node: typeof a, name: string) => {
    const leave = node.enter(room.as('anna'), () => {
      surplus.push(name);
      leave();
    });
    await node.count(room.roomId);
  };
  for (const name of ['a1', 'a2']) await enter(a, name);
  for (const name of ['b1', 'b2', 'b3']) await enter(b, name);
  await becomes(() => surplus, ['a1']);
  b.die();
  const c = await nodes.open();
  await new Promise((resolve) => setTimeout(resolve, 3_000)); // what it takes a dead node to be doubted
  for (const name of ['c1', 'c2', 'c3']) await enter(c, name);
  await enter(c, 'c4');
  await becomes(() => surplus, ['a1', 'a2']);
});

test('a Redis that was away, or comes back empty, is told everything anew; nobody counts twice', async () => {
  const nodes = await startNodes();
  const [a, b] = [await nodes.open(), await nodes.open()];
  const room = makeRoom();
  a.enter(room.as('anna'), () => {});
  const leave = a.enter(room.as('bella'), () => {});
  b.enter(room.as('anna'), () => {});
  b.enter(room.as('chris'), () => {});
  for (const node of [a, b]) await becomes(() => node.now(room.roomId), 3);
  await nodes.redis.kill();
  for (const node of [a, b]) await vi.waitFor(() => expect(node.count(room.roomId)).rejects.toThrow(), LONG);
  leave();
  a.enter(room.as('dana'), () => {});
  expect(b.now(room.roomId)).toBe(3); // as last known
  await nodes.redis.restart();
  for (const node of [a, b]) {
    await becomes(() => node.now(room.roomId), 3);
    await vi.waitFor(async () => expect(await node.count(room.roomId)).toBe(3), LONG);
  }
});

test('a Redis that stood still calls nobody over who is there', async () => {
  const nodes = await startNodes();
  const [a, b] = [await nodes.open(), await nodes.open()];
  const room = makeRoom();
  a.enter(room.as('anna'), () => {});
  b.enter(room.as('bella'), () => {});
  for (const node of [a, b]) await becomes(() => node.now(room.roomId), 2);
  const { pid } = nodes.redis;
  if (pid === undefined) throw new Error('Redis does not run');
  process.kill(pid, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 7_000)); // longer than a stay is believed
  const seen: number[] = [];
  process.kill(pid, 'SIGCONT');
  const until = Date.now() + 5_000;
  while (Date.now() < until) {
    seen.push(await a.count(room.roomId).catch(() => -1));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(new Set(seen.filter((people) => people >= 0))).toEqual(new Set([2]));
}, 60_000);
