import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { isPublicAddress } from './public-address.ts';
import { pauseAfter, retryAfterSeconds } from './schedule.policy.ts';
import { secretOf, signaturesOf } from './signature.policy.ts';

const MASTER = 'a server secret of at least 32 characters';
const endpoint = '0198a000-0000-7000-8000-000000000001';

test('a published library of Standard Webhooks believes what we sign, and nothing else', () => {
  const secret = secretOf(MASTER, endpoint, 1);
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const timestampSeconds = Math.floor(Date.now() / 1000);
  const body = '{"type":"order.paid","data":{"title":"核桃乳"}}';
  const headersOf = (secrets: string[]) => ({
    'webhook-id': 'msg',
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signaturesOf(secrets, { id: 'msg', timestampSeconds, body }),
  });
  const receiver = new Webhook(secret);
  expect(receiver.verify(body, headersOf([secret]))).toEqual(JSON.parse(body));
  // While a secret is changed both sign: a receiver with either believes.
  const next = secretOf(MASTER, endpoint, 2);
  for (const known of [secret, next]) {
    expect(new Webhook(known).verify(body, headersOf([next, secret]))).toEqual(JSON.parse(body));
  }
  expect(() => receiver.verify(body, headersOf([next]))).toThrow();
  expect(() => receiver.verify(`${body} `, headersOf([secret]))).toThrow();
  expect(receiver.sign('msg', new Date(timestampSeconds * 1000), body)).toBe(headersOf([secret])['webhook-signature']);
  expect(secretOf(MASTER, endpoint.replace('1', '2'), 1)).not.toBe(secret);
});

const inside = [
  ...['127.0.0.1', '127.8.8.8', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254'],
  ...['100.64.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255', '198.18.0.1', '192.0.2.1'],
  ...['::1', '::', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1'],
  ...['64:ff9b::7f00:1', '2002:7f00:1::', '2001:db8::1', '::7f00:1', 'localhost', ''],
];
test.each(inside)('%s is not public', (address) => expect(isPublicAddress(address)).toBe(false));
test.each(['8.8.8.8', '172.32.0.1', '::ffff:8.8.8.8', '2606:4700:4700::1111'])('%s is public', (address) =>
  expect(isPublicAddress(address)).toBe(true),
);

test('pauses grow over about three days, a receiver may ask for more up to a day, and then it is over', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((attempts) => pauseAfter(attempts, null, 0));
  expect(pauses).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400, null]);
  expect(pauseAfter(1, 120, 0)).toBe(120);
  expect(pauseAfter(1, 10_000_000, 0)).toBe(86_400);
  expect(pauseAfter(2, 1, 1)).toBe(330);
  const now = new Date('2026-11-22T12:00:00Z');
  expect(retryAfterSeconds('30', now)).toBe(30);
  expect(retryAfterSeconds('Sun, 22 Nov 2026 12:01:00 GMT', now)).toBe(60);
  expect(retryAfterSeconds('Sun, 22 Nov 2026 11:01:00 GMT', now)).toBe(0);
  expect(retryAfterSeconds('soon', now)).toBeNull();
});
