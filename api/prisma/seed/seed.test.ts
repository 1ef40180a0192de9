import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  getBag,
  groupBuysOfRoom,
  listOrgUnits,
  listProducts,
  preSalesOfRoom,
  staffSignIn,
} from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { PICTURES_DIR } from '../../src/compose.ts';
import { makeGuest } from '../../src/testing/fixtures.ts';
import { startTestApi } from '../../src/testing/test-api.ts';
import { accounts, demoOffer } from './brand.ts';
import { nextSlot } from './next-slot.ts';
import { seedId } from './write-brand.ts';
import { demoBundle, demoStairs } from './write-deals.ts';
import { demoGroup, demoPreSale } from './write-selling.ts';

const run = promisify(execFile);
async function seed(databaseUrl: string, password: string, shareSecret: string) {
  const env = { ...process.env, DATABASE_URL: databaseUrl, DEMO_PASSWORD: password, SHARE_SECRET: shareSecret };
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, '../seed.ts')], { env });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
    demoRoom: { id: string; streamId: string; title: string };
    accounts: { username: string }[];
    consumerLinks: { label: string; path: string }[];
  };
}

test('the demo brand can be seeded again and again; what people changed stays; passwords follow the secret', async () => {
  const SHARE_SECRET = randomBytes(32).toString('hex');
  await using api = await startTestApi({ SHARE_SECRET, AUTH_RATE_PER_MINUTE: '600' });
  const { config, db } = api.api.platform;
  const first = await seed(config.DATABASE_URL, 'walnut-first', SHARE_SECRET);
  const counts =
    () => db.sql`SELECT (SELECT count(*) FROM org_units) AS units, (SELECT count(*) FROM staff_accounts) AS staff,
    (SELECT count(*) FROM products) AS products, (SELECT count(*) FROM skus) AS skus, (SELECT count(*) FROM stocks) AS stocks,
    (SELECT count(*) FROM rooms) AS rooms, (SELECT count(*) FROM offers) AS offers, (SELECT count(*) FROM bundles) AS bundles, (SELECT count(*) FROM orders) AS orders,
    (SELECT count(*) FROM shipping_rules) AS rules, (SELECT count(*) FROM group_campaigns) AS campaigns, (SELECT count(*) FROM pre_sale_campaigns) AS pre_sales,
    (SELECT count(*) FROM people WHERE kind <> 'staff') AS customers`;
  const before = await counts();
  expect(before).toEqual([
    {
      units: 7n,
      staff: 23n,
      products: 8n,
      skus: 12n,
      stocks: 12n + 4n * 8n,
      rooms: 3n,
      offers: 2n,
      bundles: 1n,
      orders: 0n,
      rules: 1n,
      campaigns: 1n,
      pre_sales: 1n,
      customers: 0n,
    },
  ]);

  const bag = await api.ok(getBag, { params: { id: first.demoRoom.id } });
  expect(bag.pinnedProductId).toBe(bag.items[0]?.product.id);
  expect(bag.items.flatMap((item) => item.offers)).toMatchObject([
    { priceFen: demoOffer.priceFen, taken: 0 },
    { priceFen: demoStairs.priceFen, stairs: demoStairs.stairs },
  ]);
  expect(bag.bundles).toMatchObject([{ title: demoBundle.title, priceFen: demoBundle.priceFen, shelfFen: 7_530 }]);
  const chosen = bag.items.find(({ product }) => product.title === '薄皮核桃')?.product;
  expect([chosen?.options, chosen?.skus.map(({ optionValues }) => optionValues)]).toEqual([
    [{ name: '净含量', values: ['1kg', '2.5kg'] }],
    [['1kg'], ['2.5kg']],
  ]);
  for (const { product, available } of bag.items) {
    expect(existsSync(join(PICTURES_DIR, product.pictureUrl.replace('/pictures/', '')))).toBe(true);
    for (const left of Object.values(available)) expect(left).toBeGreaterThan(0);
  }
  expect(bag.shipping).toEqual({ feeFen: 800, freeFromFen: 5_900 });
  expect(first.consumerLinks[0]?.path).toMatch(/^\/s\/[\w-]+$/);

  await db.sql`UPDATE stocks SET on_hand = 7 WHERE org_path = 'hq.east.hangzhou'`;
  await db.sql`UPDATE products SET title = '改过的名字' WHERE title = '薄皮核桃'`;
  const again = await seed(config.DATABASE_URL, 'walnut-second', SHARE_SECRET);
  expect(again.demoRoom).toEqual(first.demoRoom);
  expect(await counts()).toEqual(before);
  expect(await db.sql`SELECT DISTINCT on_hand FROM stocks WHERE org_path = 'hq.east.hangzhou'`).toEqual([
    { on_hand: 7 },
  ]);
  expect(await db.sql`SELECT 1 FROM products WHERE title = '改过的名字'`).toHaveLength(1);

  const signIn = (username: string, password: string) => api.call(staffSignIn, { body: { username, password } });
  expect((await signIn('hq-admin', 'walnut-first')).status).toBe(401);
  for (const { username } of accounts) expect((await signIn(username, 'walnut-second')).status).toBe(200);
  const admin = (await signIn('hq-admin', 'walnut-second')).body;
  expect((await api.ok(listOrgUnits, { token: admin.accessToken })).items).toHaveLength(7);
  expect((await api.ok(listProducts, { token: admin.accessToken })).items[0]?.title).toBe('核桃乳 240ml');

  const guest = await makeGuest(api);
  const together = await api.ok(groupBuysOfRoom, { as: guest, query: { roomId: first.demoRoom.id } });
  expect(together.campaigns).toMatchObject([{ priceFen: demoGroup.priceFen, shelfPriceFen: 3_990, size: 3 }]);
  expect(bag.items.map(({ product }) => product.id)).toContain(together.campaigns[0]?.product.id);
  const ahead = await api.ok(preSalesOfRoom, { as: guest, query: { roomId: first.demoRoom.id } });
  expect(ahead.items).toMatchObject([{ depositFen: demoPreSale.depositFen, shelfPriceFen: 16_800, left: 200 }]);

  const followed = await fetch(`${api.url}${first.consumerLinks[0]?.path}`, { redirect: 'manual' });
  expect(followed.headers.get('location')).toContain(first.demoRoom.id);

  await db.sql`UPDATE rooms SET state = 'ended', ended_at = now() WHERE id = ${first.demoRoom.id}`;
  const third = await seed(config.DATABASE_URL, 'walnut-second', SHARE_SECRET);
  expect(third.demoRoom.id).not.toBe(first.demoRoom.id);
});

test('ids of the demo are UUIDv7 and the same everywhere', () => {
  expect(seedId('unit hq')).toBe(seedId('unit hq'));
  expect(seedId('unit hq')).not.toBe(seedId('unit hq.east'));
  expect(seedId('unit hq')).toMatch(/^019b[0-9a-f]{4}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test.each([
  ['2026-11-22T03:00:00Z', { hour: 20 }, '2026-11-22T12:00:00.000Z'],
  ['2026-11-22T12:00:00Z', { hour: 20 }, '2026-11-23T12:00:00.000Z'],
  ['2026-11-22T20:00:00Z', { hour: 20 }, '2026-11-23T12:00:00.000Z'], // already Monday in China
  ['2026-11-22T03:00:00Z', { hour: 20, weekday: 5 }, '2026-11-27T12:00:00.000Z'],
])('after %s the slot %o is %s', (now, slot, at) => {
  expect(nextSlot(new Date(now), slot).toISOString()).toBe(at);
});
