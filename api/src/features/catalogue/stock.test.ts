import { randomUUID } from 'node:crypto';
import { adjustStock, listStock, listStockMovements } from '@walnut-live/contracts';
import { describe, expect, test } from 'vitest';
import { FIXTURE_STOCK, makeStock, readStock, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';

async function setUp() {
  const api = await startTestApi();
  const brand = await seedBrand(api);
  const { milk } = brand.products;
  const adjust = (
    delta: number,
    more: { as?: typeof brand.staff.admin; unit?: { id: string }; key?: string; skuId?: string } = {},
  ) =>
    api.call(adjustStock, {
      as: more.as ?? brand.staff.a.manager,
      params: { id: more.skuId ?? milk.sku.id },
      body: { orgUnitId: (more.unit ?? brand.stores.a).id, delta, reason: '盘点' },
      ...(more.key ? { key: more.key } : {}),
    });
  return { api, brand, milk, adjust, [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() };
}

describe('S1', () => {
  test('stock never falls below what is reserved; the refusal says what there is', async () => {
    await using t = await setUp();
    await t.api.api.platform.db
      .sql`UPDATE stocks SET reserved = 40 WHERE sku_id = ${t.milk.sku.id} AND org_unit_id = ${t.brand.stores.a.id}`;
    expect((await t.adjust(-60)).body).toMatchObject({
      onHand: 40,
      reserved: 40,
      orgUnit: { id: t.brand.stores.a.id },
    });
    const refused = await t.adjust(-1);
    expect(refused.problem).toMatchObject({ code: 'out_of_stock', facts: { onHand: 40, reserved: 40 } });
    expect((await t.adjust(5)).body).toMatchObject({ onHand: 45, reserved: 40 });
    const movements = await t.api.api.platform.db.sql`SELECT delta FROM stock_movements ORDER BY at`;
    expect(movements).toEqual([{ delta: -60 }, { delta: 5 }]);
  });

  test('parallel adjustments lose nothing and refuse exactly what is too much', async () => {
    await using t = await setUp();
    const answers = await Promise.all(Array.from({ length: 30 }, () => t.adjust(-7)));
    const done = answers.filter((answer) => answer.status === 200).length;
    expect(done).toBe(Math.floor(FIXTURE_STOCK.milkPerStore / 7));
    expect(await readStock(t.api, t.milk.sku.id, t.brand.stores.a)).toEqual({ onHand: 100 - 7 * done, reserved: 0 });
  });

  test('a first delivery makes the row; nothing can be taken from a row that is not there', async () => {
    await using t = await setUp();
    const skuId = t.brand.products.family.sku.id;
    expect((await t.adjust(-1, { skuId })).problem).toMatchObject({ code: 'out_of_stock', facts: { onHand: 0 } });
    expect((await t.adjust(12, { skuId })).body).toMatchObject({ onHand: 12, reserved: 0 });
    expect(await readStock(t.api, skuId, t.brand.hq)).toMatchObject({ onHand: FIXTURE_STOCK.familyAtHq });
  });
});

test('M3 an adjustment needs a key; the same key moves stock once and gives the same answer', async () => {
  await using t = await setUp();
  const key = randomUUID();
  const first = await t.adjust(9, { key });
  const again = await t.adjust(9, { key });
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect((await t.adjust(10, { key })).problem.code).toBe('idempotency_key_reused');
  const refusedKey = randomUUID();
  expect((await t.adjust(-1_000, { key: refusedKey })).status).toBe(409);
  expect((await t.adjust(-1_000, { key: refusedKey })).status).toBe(409);
  expect(await readStock(t.api, t.milk.sku.id, t.brand.stores.a)).toMatchObject({ onHand: 109 });
  const without = await fetch(`${t.api.url}/api/v1/skus/${t.milk.sku.id}/stock`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await t.api.token(t.brand.staff.a.manager)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ orgUnitId: t.brand.stores.a.id, delta: 1, reason: '盘点' }),
  });
  expect(await without.json()).toMatchObject({ code: 'idempotency_key_missing', status: 400 });
});

test('scope: a manager sees and changes the stock of their own store only, HQ of all', async () => {
  await using t = await setUp();
  const { staff, stores, hq } = t.brand;
  for (const unit of [stores.b, hq, { id: randomUUID() }]) expect((await t.adjust(1, { unit })).status).toBe(404);
  expect((await t.adjust(1, { as: staff.admin, unit: stores.b })).status).toBe(200);
  expect((await t.adjust(1, { as: staff.a.guide })).status).toBe(403);
  expect((await t.adjust(1, { skuId: randomUUID() })).status).toBe(404);
  const own = await t.api.ok(listStock, { as: staff.a.manager });
  expect(new Set(own.items.map((row) => row.orgUnit.id))).toEqual(new Set([stores.a.id]));
});

test('the list pages through every row once', async () => {
  await using t = await setUp();
  const seen: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const query = { limit: 2, ...(cursor ? { cursor } : {}) };
    const page = await t.api.ok(listStock, { as: t.brand.staff.admin, query });
    seen.push(...page.items.map((row) => `${row.orgUnit.path} ${row.skuId}`));
    if (!page.nextCursor) break;
    cursor = page.nextCursor;
  }
  expect(seen).toHaveLength(6);
  expect(seen).toEqual([...new Set(seen)].sort());
  const one = await t.api.ok(listStock, { as: t.brand.staff.admin, query: { skuId: t.milk.sku.id } });
  expect(one.items).toHaveLength(4);
});

test('live rooms that sell from the unit are told what is left; rooms with stock of their own are not', async () => {
  await using t = await setUp();
  const { hq, stores, staff, rooms, products } = t.brand;
  await makeStock(t.api, products.family.sku.id, stores.b, 3);
  await t.adjust(-100, { as: staff.admin, unit: hq, skuId: products.family.sku.id });
  const told = await t.api.api.platform.db.sql<{
    room_id: string;
    payload: object;
  }>`SELECT room_id, payload FROM outbox`;
  expect(new Set(told.map((row) => row.room_id))).toEqual(new Set([rooms.a.id, rooms.hq.id]));
  expect(told[0]?.payload).toEqual({
    kind: 'stock:changed',
    skuId: products.family.sku.id,
    available: FIXTURE_STOCK.familyAtHq - 100,
    offerId: null,
    taken: null,
  });
});

test('what came and went is told with who and why, to the unit and those above it; the list finds what is nearly gone', async () => {
  await using t = await setUp();
  const { staff, stores, products } = t.brand;
  await t.adjust(-95);
  await t.adjust(3);
  const history = (as: typeof staff.admin, unit: { id: string }) =>
    t.api.call(listStockMovements, { as, params: { id: t.milk.sku.id, orgUnitId: unit.id }, query: { limit: 1 } });
  const first = (await history(staff.a.manager, stores.a)).body;
  expect(first.items).toMatchObject([
    { delta: 3, reason: 'adjusted', ref: null, note: '盘点', by: staff.a.manager.name },
  ]);
  expect(first.nextCursor).not.toBeNull();
  expect((await history(staff.b.manager, stores.a)).status).toBe(404);
  const low = await t.api.ok(listStock, { as: staff.admin, query: { below: 10 } });
  expect(low.items.map(({ skuId, orgUnit }) => [skuId, orgUnit.id])).toEqual([[t.milk.sku.id, stores.a.id]]);
  const found = await t.api.ok(listStock, { as: staff.admin, query: { search: '核桃仁' } });
  expect(found.items.map(({ productId }) => productId)).toEqual([products.kernels.id]);
  const file = await fetch(`${t.api.url}/api/v1/stock?format=csv&below=10`, {
    headers: { authorization: `Bearer ${await t.api.token(staff.a.manager)}` },
  });
  expect((await file.text()).trim().split('\r\n')).toHaveLength(2);
});
