import { expect, test } from 'vitest';
import { addressBehind, createAddressLimits, createLimit } from './limits.ts';

test('a limit counts per key and says when to come back', async () => {
  const limit = createLimit({ points: 2, seconds: 60 });
  await limit.take('a');
  await limit.take('a');
  await limit.take('b');
  await expect(limit.take('a')).rejects.toMatchObject({ code: 'rate_limited', details: { retryAfterSeconds: 60 } });
});

test('limits per address grow with their factor and count a line, not an interface', async () => {
  const { orders } = createAddressLimits(2);
  for (let i = 0; i < 240; i++) await orders.take(`2001:db8:1:2::${i.toString(16)}`);
  await expect(orders.take('2001:db8:1:2::ffff')).rejects.toMatchObject({ code: 'rate_limited' });
  await orders.take('2001:db8:1:3::1');
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
