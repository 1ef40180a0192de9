import { placeOrder } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { connectRoom } from '../../testing/room-client.ts';
import { shelfLine, TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi } from '../../testing/test-api.ts';

test('orders and handshakes are limited per address, whoever they say they are', async () => {
  await using api = await startTestApi({ ADDRESS_RATE_FACTOR: '1' });
  const { rooms, products } = await seedBrand(api);
  const people = await Promise.all(['一', '二', '三'].map((name) => makeConsumer(api, name)));
  const from = (address: string, n: number) =>
    api.call(placeOrder, {
      as: people[n % people.length],
      headers: { 'x-forwarded-for': address },
      body: {
        // No such room: what is counted is the asking.
        roomId: rooms.a.streamId,
        lines: [shelfLine(products.milk)],
        address: TEST_ADDRESS,
      },
    });
  const codes = new Set<string>();
  for (let n = 0; n < 120; n++) codes.add((await from('203.0.113.7', n)).problem.code);
  expect([...codes]).toEqual(['not_found']);
  const refused = await from('203.0.113.7', 0);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await from('203.0.113.8', 0)).problem.code).toBe('not_found');

  const knock = () => connectRoom(api.url, { token: 'not-a-token', roomId: rooms.a.id }).catch((error: Error) => error);
  let last: unknown;
  for (let n = 0; n < 301; n += 43) last = (await Promise.all(Array.from({ length: 43 }, knock))).at(-1);
  expect(last).toBeInstanceOf(Error);
  expect(await knock()).toMatchObject({ message: expect.stringContaining('rate_limited') });
}, 60_000);
