import { expect, test } from 'vitest';
import { createLimit, limitKeyOf } from './limits.ts';

test('a limit counts per key and says when to come back', async () => {
  const limit = createLimit({ points: 2, seconds: 60 });
  await limit.take('a');
  await limit.take('a');
  await limit.take('b');
  await expect(limit.take('a')).rejects.toMatchObject({ code: 'rate_limited', details: { retryAfterSeconds: 60 } });
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0db8:1::9', '2001:db8:1:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('%s is counted as %s', (ip, key) => {
  expect(limitKeyOf(ip)).toBe(key);
});
