import { randomUUID } from 'node:crypto';
import { getBag, pinProduct, putBag } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { makeOffer, makeRoom, makeStock, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

/** What a room was told so far. */
const eventsOf = async (api: TestApi, roomId: string) => {
  const rows = await api.api.platform.db.sql<{ payload: { kind: string } }>`
    SELECT payload FROM outbox WHERE room_id = ${roomId} ORDER BY id`;
  return rows.map((row) => row.payload);
};

test('the bag shows products in order, open offers and what the nearest stock has left', async () => {
  await using api = await startTestApi();
  const { rooms, products, stores } = await seedBrand(api);
  await makeOffer(api, rooms.a, products.milk.sku.id, { priceFen: 490, cap: 20, perPersonLimit: 2 });
  await makeOffer(api, rooms.a, products.family.sku.id, { priceFen: 9_900, durationSeconds: 60 });
  await makeStock(api, products.family.sku.id, stores.b, 3);
  await api.api.platform.db
    .sql`UPDATE stocks SET reserved = 30 WHERE sku_id = ${products.milk.sku.id} AND org_unit_id = ${stores.a.id}`;
  api.clock.advanceSeconds(61);

  const bag = await api.ok(getBag, { params: { id: rooms.a.id } });
  expect(bag.items.map((item) => item.product.id)).toEqual([products.milk.id, products.family.id, products.kernels.id]);
  expect(bag.items.map((item) => Object.values(item.available))).toEqual([[70], [500], [10]]);
  expect(bag.items[0]?.offers).toMatchObject([{ priceFen: 490, cap: 20, taken: 0, perPersonLimit: 2, version: 1 }]);
  expect(bag.items[1]?.offers).toEqual([]); // its window is over, swept or not
  expect(bag.items[0]?.product.skus[0]).not.toHaveProperty('floorPriceFen');

  const other = await api.ok(getBag, { params: { id: rooms.b.id } });
  expect(other.items.map((item) => Object.values(item.available))).toEqual([[100], [3], [0]]);
  expect((await api.call(getBag, { params: { id: randomUUID() } })).status).toBe(404);
});

test('setting the bag keeps the order; what leaves takes its offer and its pin with it', async () => {
  await using api = await startTestApi();
  const { rooms, products, staff } = await seedBrand(api);
  const { milk, family, kernels } = products;
  const put = (productIds: string[]) =>
    api.call(putBag, { as: staff.a.assistant, params: { id: rooms.a.id }, body: { productIds } });
  const offer = await makeOffer(api, rooms.a, milk.sku.id, { priceFen: 490 });
  await api.ok(pinProduct, { as: staff.a.guide, params: { id: rooms.a.id }, body: { productId: milk.id } });

  const bag = (await put([kernels.id, family.id])).body;
  expect(bag.items.map((item) => item.product.id)).toEqual([kernels.id, family.id]);
  expect(bag.pinnedProductId).toBeNull();
  expect((await put([kernels.id, family.id])).status).toBe(200); // the same again tells nobody
  expect(await eventsOf(api, rooms.a.id)).toMatchObject([
    { kind: 'product:pinned', productId: milk.id },
    { kind: 'offer:closed', offerId: offer.id, skuId: milk.sku.id },
    { kind: 'product:unpinned' },
    { kind: 'bag:changed', productIds: [kernels.id, family.id] },
  ]);
  expect((await put([kernels.id, kernels.id])).status).toBe(400);
  expect((await put([randomUUID()])).status).toBe(404);
  expect((await put([])).body.items).toEqual([]);
});

test('pin and unpin are told once, with the media time', async () => {
  await using api = await startTestApi();
  const { rooms, products, staff } = await seedBrand(api);
  const pin = (productId: string | null) =>
    api.call(pinProduct, { as: staff.a.guide, params: { id: rooms.a.id }, body: { productId } });
  expect((await pin(products.milk.id)).body.pinnedProductId).toBe(products.milk.id);
  await pin(products.milk.id);
  expect((await pin(null)).body.pinnedProductId).toBeNull();
  expect((await pin(randomUUID())).status).toBe(404);
  const events = await eventsOf(api, rooms.a.id);
  expect(events.map((event) => event.kind)).toEqual(['product:pinned', 'product:unpinned']);
  expect(events[0]).toHaveProperty('mediaTime', expect.stringMatching(/Z$/));
});

test('another store’s room does not exist for a guide; a room that is over is left as it was', async () => {
  await using api = await startTestApi();
  const { rooms, products, staff, stores } = await seedBrand(api);
  const body = { productId: products.milk.id };
  expect((await api.call(pinProduct, { as: staff.b.guide, params: { id: rooms.a.id }, body })).status).toBe(404);
  expect((await api.call(pinProduct, { as: staff.channelEast, params: { id: rooms.a.id }, body })).status).toBe(403);
  expect((await api.call(pinProduct, { as: staff.operations, params: { id: rooms.a.id }, body })).status).toBe(200);
  const over = await makeRoom(api, {
    orgUnit: stores.a,
    host: staff.a.guide,
    state: 'ended',
    products: [products.milk],
  });
  const late = await api.call(pinProduct, { as: staff.a.guide, params: { id: over.id }, body });
  expect(late.problem.code).toBe('state_conflict');
});
