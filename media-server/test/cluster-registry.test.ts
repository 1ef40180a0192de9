/** One contract for both registries. */
import { randomUUID } from 'node:crypto';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestRedis, type TestRedis } from '../../scripts/testing/redis.ts';
import { createRegistryBoard, openMemoryRegistry } from '../src/cluster/memory-registry.ts';
import { openRedisRegistry } from '../src/cluster/redis-registry.ts';
import type { NodeInfo, OriginClaim, Registry } from '../src/cluster/registry.ts';
import { createLogger } from '../src/platform/logger.ts';
import { until } from './kit.ts';

const LIFE_MS = 400;
const log = createLogger('silent');
let redis: TestRedis;
const opened: Registry[] = [];

beforeAll(async () => {
  redis = await startTestRedis();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((registry) => registry.close()));
});
afterAll(async () => {
  await redis?.[Symbol.asyncDispose]();
});

const isUp = (registry: Registry): Promise<boolean> =>
  registry.nodes().then(
    () => true,
    () => false,
  );

async function overRedis(): Promise<Registry> {
  const registry = openRedisRegistry({ url: redis.url, log, lifeMs: LIFE_MS });
  opened.push(registry);
  await until('connected', () => isUp(registry));
  return registry;
}

const kinds: Array<[string, () => Promise<[Registry, Registry]>]> = [
  [
    'memory',
    async () => {
      const board = createRegistryBoard();
      return [openMemoryRegistry(board, Date.now, LIFE_MS), openMemoryRegistry(board, Date.now, LIFE_MS)];
    },
  ],
  ['redis', async () => [await overRedis(), await overRedis()]],
];

const node = (nodeId: string, incarnation = 'first'): NodeInfo => ({
  nodeId,
  incarnation,
  publicUrl: `http://${nodeId}.example`,
  controlUrl: `http://${nodeId}.inside`,
  load: { cpu: 0.25, viewers: 3, origins: 1, egressMbps: 4.5 },
  capacity: { viewers: 600, egressMbps: 900 },
  draining: false,
  version: '1',
});
const asks = (nodeId: string, streamId: string, incarnation = 'first') => ({
  streamId,
  nodeId,
  incarnation,
  publisher: 'ann',
});

describe.each(kinds)('registry: %s', (_kind, open) => {
  it('shows every node to every node until it is silent', async () => {
    const [a, b] = await open();
    const ids = [randomUUID(), randomUUID()] as const;
    const mine = async (registry: Registry) =>
      (await registry.nodes()).filter(({ nodeId }) => ids.some((id) => id === nodeId));
    await a.announce(node(ids[0]));
    await b.announce({ ...node(ids[1]), draining: true });
    expect(await mine(b)).toContainEqual(node(ids[0]));
    expect(await mine(a)).toContainEqual({ ...node(ids[1]), draining: true });
    await a.announce(node(ids[0], 'second'));
    await a.withdraw({ nodeId: ids[0], incarnation: 'first' });
    expect(await mine(b)).toContainEqual(node(ids[0], 'second'));
    await a.withdraw({ nodeId: ids[0], incarnation: 'second' });
    expect((await mine(b)).map(({ nodeId }) => nodeId)).toEqual([ids[1]]);
    await until(
      'silent nodes are gone',
      () => mine(a),
      (left) => left.length === 0,
    );
  });

  it('gives a stream to one of many who ask at once', async () => {
    const registries = await open();
    const streamId = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => registries[i % 2]!.claim(asks(`node-${i}`, streamId))),
    );
    const [first] = answers;
    for (const answer of answers) expect(answer).toEqual(first);
    expect(await registries[1].originOf(streamId)).toEqual(first);
  });

  it('renews its own claim under the same fence, and a new incarnation is somebody else', async () => {
    const [a, b] = await open();
    const streamId = randomUUID();
    const claim = await a.claim(asks('a', streamId));
    expect(await a.claim({ ...asks('a', streamId), publisher: 'bob' })).toEqual({ ...claim, publisher: 'bob' });
    expect(await b.claim(asks('a', streamId, 'second'))).toMatchObject({ incarnation: 'first' });
    await a.release({ ...claim, incarnation: 'second' });
    expect(await b.originOf(streamId)).toMatchObject({ incarnation: 'first' });
  });

  it('hands a stream over only to who names the fence in force, and fences grow', async () => {
    const [a, b] = await open();
    const streamId = randomUUID();
    const heard: Array<OriginClaim | null> = [];
    const undo = a.onChange((id, claim) => {
      if (id === streamId) heard.push(claim);
    });
    const first = await a.claim(asks('a', streamId));
    expect(await b.claim({ ...asks('b', streamId), over: first.fence - 1 })).toEqual(first);
    const second = await b.claim({ ...asks('b', streamId), over: first.fence });
    expect(second).toMatchObject({ nodeId: 'b' });
    expect(second.fence).toBeGreaterThan(first.fence);
    // The one who was overtaken learns it by renewing, and can take nothing back.
    expect(await a.renew([first])).toEqual([second]);
    await a.release(first);
    expect(await b.originOf(streamId)).toEqual(second);
    await b.release(second);
    expect(await a.originOf(streamId)).toBeNull();
    await until(
      'three changes',
      () => heard.length,
      (count) => count === 3,
    );
    expect(heard).toEqual([first, second, null]);
    undo();
    const third = await a.claim(asks('a', streamId));
    expect(third.fence).toBeGreaterThan(second.fence);
    expect(heard).toHaveLength(3);
  });

  it('frees what is not renewed, and takes a claim back that it forgot', async () => {
    const [a, b] = await open();
    const streamId = randomUUID();
    const first = await a.claim(asks('a', streamId));
    for (let i = 0; i < 4; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, LIFE_MS / 3));
      expect(await a.renew([first])).toEqual([first]);
    }
    await until(
      'expired',
      () => b.originOf(streamId),
      (claim) => claim === null,
    );
    expect(await a.renew([first])).toEqual([first]);
    expect(await b.originOf(streamId)).toEqual(first);
  });
});

describe('registry in Redis', () => {
  it('keeps every node whatever the clock of another host says', async () => {
    const [a, b] = [await overRedis(), await overRedis()];
    const ids = [randomUUID(), randomUUID()] as const;
    await a.announce(node(ids[0]));
    const realNow = Date.now;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => realNow() + 120_000);
    await b.announce(node(ids[1])).finally(() => clock.mockRestore());
    expect((await a.nodes()).map(({ nodeId }) => nodeId)).toEqual(expect.arrayContaining([...ids]));
  });

  it('passes over what is no JSON', async () => {
    const [a, b] = [await overRedis(), await overRedis()];
    const [id, streamId] = [randomUUID(), randomUUID()];
    const raw = await createClient({ url: redis.url }).connect();
    const heard: string[] = [];
    b.onChange((changed) => heard.push(changed));
    await raw.publish('walnut:media:origins', '{ no JSON');
    await raw.zAdd('walnut:media:nodes', { score: 9e15, value: 'bent' });
    await raw.set('walnut:media:node:bent', 'neither');
    await a.announce(node(id));
    await a.claim(asks('a', streamId));
    await until('changes are still heard', () => heard.includes(streamId));
    expect((await b.nodes()).map(({ nodeId }) => nodeId)).toContain(id);
    raw.destroy();
  });

  it('refuses at once while Redis is away, comes back by itself, and a Redis that lost everything gives higher fences', async () => {
    const [a, b] = [await overRedis(), await overRedis()];
    const streamId = randomUUID();
    const heard: Array<OriginClaim | null> = [];
    b.onChange((id, claim) => {
      if (id === streamId) heard.push(claim);
    });
    const before = await a.claim(asks('a', streamId));
    await redis.kill();
    await until('lost', async () => !(await isUp(a)));
    const askedAt = performance.now();
    await expect(a.originOf(streamId)).rejects.toThrow();
    await expect(a.announce(node('a'))).rejects.toThrow();
    expect(performance.now() - askedAt).toBeLessThan(5_000);
    await redis.restart();
    await until('back', async () => (await isUp(a)) && (await isUp(b)));
    expect(await a.originOf(streamId)).toBeNull();
    const after = await b.claim(asks('b', streamId));
    expect(after.fence).toBeGreaterThan(before.fence);
    await until('changes are heard again', async () => {
      await a.release(after);
      await a.claim(asks('a', streamId));
      return heard.length >= 2;
    });
  }, 30_000);
});
