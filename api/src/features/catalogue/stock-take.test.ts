/** Stock-takes (盘点): what was counted becomes what is on hand, the difference a movement. */
import { randomUUID } from 'node:crypto';
import { adjustStock, countStock, listStockMovements, placeOrder } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Brand,
  makeConsumer,
  makeProduct,
  makeRoom,
  makeStock,
  readStock,
  seedBrand,
} from '../../testing/fixtures.ts';
import { expectBooksRight, shelfLine, TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

async function goods(pieces: number) {
  const product = await makeProduct(api, `货 ${randomUUID().slice(0, 8)}`, { priceFen: 900 });
  if (pieces > 0) await makeStock(api, product.sku.id, brand.stores.a, pieces);
  const skuId = product.sku.id;
  const count = (counted: number, more: { seenOnHand?: number; key?: string; as?: typeof brand.staff.admin } = {}) => {
    const { key, as = brand.staff.a.manager, ...seen } = more;
    const body = { orgUnitId: brand.stores.a.id, counted, reason: '月底盘点', ...seen };
    return api.call(countStock, { as, params: { id: skuId }, body, ...(key ? { key } : {}) });
  };
  const history = async () => {
    const params = { id: skuId, orgUnitId: brand.stores.a.id };
    const { items } = await api.ok(listStockMovements, { as: brand.staff.a.manager, params });
    return items.map(({ delta, reason, note }) => [delta, reason, note]);
  };
  return { product, skuId, count, history, stock: () => readStock(api, skuId, brand.stores.a) };
}

test('the difference is a movement with who and why; a right count is in the history too; told to rooms', async () => {
  const t = await goods(40);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [t.product] });
  expect((await t.count(37)).body).toMatchObject({ onHand: 37, reserved: 0 });
  expect((await t.count(37)).status).toBe(200);
  expect((await t.count(50)).body).toMatchObject({ onHand: 50 });
  expect(await t.history()).toEqual([
    [13, 'counted', '月底盘点'],
    [0, 'counted', '月底盘点'],
    [-3, 'counted', '月底盘点'],
  ]);
  const told = await api.api.platform.db.sql<{ left: string }>`SELECT payload->>'available' AS left FROM outbox
    WHERE room_id = ${room.id} AND payload->>'kind' = 'stock:changed' ORDER BY id`;
  expect(told.map(({ left }) => left)).toEqual(['37', '50']);
});

test('S1 never below what is held; a count of goods that were never there makes the row; another store does not exist', async () => {
  const t = await goods(0);
  expect((await t.count(6, { seenOnHand: 3 })).problem).toMatchObject({ code: 'state_conflict', facts: { onHand: 0 } });
  expect((await t.count(6, { seenOnHand: 0 })).body).toMatchObject({ onHand: 6 });
  await api.api.platform.db.sql`UPDATE stocks SET reserved = 4 WHERE sku_id = ${t.skuId}`;
  expect((await t.count(3)).problem).toMatchObject({ code: 'out_of_stock', facts: { onHand: 6, reserved: 4 } });
  expect((await t.count(4)).body).toMatchObject({ onHand: 4, reserved: 4 });
  expect((await t.count(9, { as: brand.staff.b.manager })).status).toBe(404);
  expect((await t.count(9, { as: brand.staff.a.guide })).status).toBe(403);
  await api.api.platform.db.sql`UPDATE stocks SET reserved = 0 WHERE sku_id = ${t.skuId}`;
});

test('M3 the same key counts once; what moved while somebody counted is not counted over', async () => {
  const t = await goods(20);
  const key = randomUUID();
  await t.count(18, { key, seenOnHand: 20 });
  const params = { id: t.skuId };
  const body = { orgUnitId: brand.stores.a.id, delta: -5, reason: '损耗' };
  await api.ok(adjustStock, { as: brand.staff.a.manager, params, body });
  expect((await t.count(18, { key, seenOnHand: 20 })).body).toMatchObject({ onHand: 18 });
  expect(await t.stock()).toEqual({ onHand: 13, reserved: 0 });
  expect((await t.count(18, { seenOnHand: 18 })).problem).toMatchObject({
    code: 'state_conflict',
    facts: { onHand: 13, reserved: 0 },
  });
});

test('counts beside orders and adjustments: movements sum to what is on hand, nothing is oversold', async () => {
  const t = await goods(30);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [t.product] });
  const orders = Array.from({ length: 12 }, async (_, n) => {
    const as = await makeConsumer(api, `客${n}`);
    const body = { roomId: room.id, address: TEST_ADDRESS, lines: [shelfLine(t.product, 2)] };
    return (await api.call(placeOrder, { as, body })).status;
  });
  const counts = Array.from({ length: 12 }, async (_, n) => (await t.count(10 + (n % 4) * 5)).status);
  const answers = await Promise.all([...orders, ...counts]);
  expect(new Set(answers)).toEqual(new Set(answers.filter((status) => [200, 201, 409].includes(status))));
  const stock = (await t.stock()) ?? { onHand: 0, reserved: -1 };
  expect(stock.reserved).toBe(2 * answers.filter((status) => status === 201).length);
  expect(stock.reserved).toBeLessThanOrEqual(stock.onHand);
  const [sum] = await api.api.platform.db.sql<{ delta: number }>`
    SELECT sum(delta)::int AS delta FROM stock_movements WHERE sku_id = ${t.skuId}`;
  expect(30 + (sum?.delta ?? 0)).toBe(stock.onHand);
  await expectBooksRight(api);
});
