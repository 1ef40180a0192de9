import { expect, onTestFinished, test, vi } from 'vitest';
import { startTestRedis } from '../../../scripts/testing/redis.ts';
import { addressBehind, createAddressLimits, createLimit, createSharedLimits } from './limits.ts';
import { createLogger } from './logger.ts';
import { openRedisLink } from './redis-link.ts';

const log = createLogger('silent', 'test');

test('a limit counts per key and says when to come back', async () => {
  const limit = createLimit({ points: 2, seconds: 60 });
  await limit.take('a');
  await limit.take('a');
  await limit.take('b');
  await expect(limit.take('a')).rejects.toMatchObject({ code: 'rate_limited', details: { retryAfterSeconds: 60 } });
});

test('limits per address grow with their factor and count a line, not an interface', async () => {
  const { orders } = createAddressLimits(2, createSharedLimits(undefined, log));
  for (let i = 0; i < 240; i++) await orders.take(`2001:db8:1:2::${i.toString(16)}`);
  await expect(orders.take('2001:db8:1:2::ffff')).rejects.toMatchObject({ code: 'rate_limited' });
  await orders.take('2001:db8:1:3::1');
});

test('two nodes count one limit; without Redis each of them its own, and together again afterwards', async () => {
  const redis = await startTestRedis();
  onTestFinished(() => redis.kill());
  const links = [1, 2].map(() => openRedisLink({ url: redis.url, log }));
  onTestFinished(() => {
    for (const link of links) link.close();
  });
  const there = (wanted: boolean) =>
    vi.waitFor(() => expect(links.map((link) => link.isThere())).toEqual([wanted, wanted]), { timeout: 15_000 });
  const [a, b] = links.map((link) => createSharedLimits(link, log)('test', { points: 3, seconds: 3_600 }));
  if (!a || !b) throw new Error('no limits');
  const refused = { code: 'rate_limited' };
  await there(true);
  await Promise.all([a.take('anna'), b.take('anna'), a.take('anna')]);
  for (const limit of [a, b]) await expect(limit.take('anna')).rejects.toMatchObject(refused);
  await b.take('bella');

  await redis.kill();
  await there(false);
  await b.take('anna'); // this node has seen her twice
  await expect(b.take('anna')).rejects.toMatchObject(refused);
  await a.take('bella');
  await redis.restart(); // empty
  await there(true);
  await Promise.all([a.take('chris'), b.take('chris'), b.take('chris')]);
  await expect(a.take('chris')).rejects.toMatchObject(refused);
});

test.each([
  [0, undefined, '10.0.0.1'],
  [0, '203.0.113.7', '10.0.0.1'],
  [1, undefined, '10.0.0.1'],
  [1, '198.51.100.9, 203.0.113.7', '203.0.113.7'],
  [2, '198.51.100.9, 203.0.113.7', '198.51.100.9'],
  [5, '198.51.100.9, 203.0.113.7', '198.51.100.9'],
])('behind %i proxies that say %s the caller is %s', (hops, forwardedFor, address) => {
  expect(addressBehind(hops, '10.0.0.1', forwardedFor)).toBe(address);
});
