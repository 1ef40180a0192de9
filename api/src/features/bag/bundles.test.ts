/** Stairs, gifts, baselines and bundles as a room announces them. What orders make of them is tested with orders. */
import { closeBundle, getBag, openBundle, openOffer, patchOffer, putBag } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Brand, makeProduct, makeStock, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { CLOSE_ENDED_OFFERS } from './index.ts';
import { refuseStairs } from './offers.policy.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const stair = (fromQuantity: number, priceFen: number) => ({ fromQuantity, priceFen: BigInt(priceFen) });
test.each([
  ['ascending and falling', [stair(3, 500), stair(6, 450)], undefined],
  ['not ascending', [stair(6, 500), stair(6, 450)], 'invalid_request'],
  ['not falling', [stair(3, 560)], 'invalid_request'],
  ['S6 the last one below the floor', [stair(3, 500), stair(6, 389)], 'below_price_floor'],
  ['more than one person may buy', [stair(30, 500)], 'invalid_request'],
])('stairs: %s', (_what, stairs, code) => {
  expect(refuseStairs(560n, stairs, { floorPriceFen: 390n }, 20)?.code).toBe(code);
});

const inRoom = (body: object, as = brand.staff.a.guide) =>
  api.call(openOffer, { as, params: { id: brand.rooms.a.id }, body: body as never });

test('an offer with stairs and a gift is announced whole, to the bag and in the event; its stairs change with a new version', async () => {
  const { milk, kernels } = brand.products;
  const offered = await inRoom({
    skuId: milk.sku.id,
    priceFen: 560,
    durationSeconds: 600,
    startsAt: new Date(api.clock.now().getTime() + 60_000).toISOString(),
    stairs: [{ fromQuantity: 3, priceFen: 500 }],
    gift: { skuId: kernels.sku.id, per: 6, cap: 10 },
  });
  expect(offered.body).toMatchObject({
    stairs: [{ fromQuantity: 3, priceFen: 500 }],
    gift: { title: kernels.title, per: 6, cap: 10, taken: 0 },
    baselineFen: null,
  });
  const seen = async () => {
    const bag = await api.ok(getBag, { params: { id: brand.rooms.a.id } });
    return bag.items.flatMap(({ offers }) => offers).find(({ id }) => id === offered.body.id);
  };
  expect(await seen()).toEqual(offered.body);
  const patched = await api.ok(patchOffer, {
    as: brand.staff.a.guide,
    params: { id: offered.body.id },
    body: { stairs: [] },
  });
  expect(patched).toMatchObject({ version: 2, priceFen: 560 });
  expect(patched).not.toHaveProperty('stairs');
  const { sql } = api.api.platform.db;
  expect(
    await sql`SELECT version, stairs FROM offer_versions WHERE offer_id = ${offered.body.id} ORDER BY version`,
  ).toEqual([
    { version: 1, stairs: [{ fromQuantity: 3, priceFen: 500 }] },
    { version: 2, stairs: null },
  ]);
  await api.ok(patchOffer, { as: brand.staff.admin, params: { id: offered.body.id }, body: { state: 'closed' } });
});

test('S6 a store cannot give away what has a floor; headquarters can', async () => {
  const { kernels, family } = brand.products;
  const body = { skuId: kernels.sku.id, priceFen: 3_500, durationSeconds: 60, gift: { skuId: family.sku.id, cap: 1 } };
  expect((await inRoom(body)).problem.code).toBe('below_price_floor');
  const byHq = await inRoom(body, brand.staff.operations);
  expect(byHq.status).toBe(201);
  await api.ok(patchOffer, { as: brand.staff.admin, params: { id: byHq.body.id }, body: { state: 'closed' } });
});

test('a gift that is nowhere in stock for the room is not announced', async () => {
  const { milk } = brand.products;
  const gone = await makeProduct(api, '赠品', { priceFen: 900 });
  const body = { skuId: milk.sku.id, priceFen: 560, durationSeconds: 60, gift: { skuId: gone.sku.id, cap: 5 } };
  expect((await inRoom(body)).problem).toMatchObject({ code: 'out_of_stock', facts: { skuId: gone.sku.id } });
  await makeStock(api, gone.sku.id, brand.stores.b, 5);
  expect((await inRoom(body)).status).toBe(409);
  await makeStock(api, gone.sku.id, brand.hq, 1);
  const offered = await inRoom(body);
  expect(offered.status).toBe(201);
  await api.ok(patchOffer, { as: brand.staff.admin, params: { id: offered.body.id }, body: { state: 'closed' } });
});

test('a bundle: refused when dearer than its pieces, below their floors, or of foreign goods; told to the room; ends with its window', async () => {
  const { milk, kernels } = brand.products;
  const { guide } = brand.staff.a;
  const parts = [
    { skuId: milk.sku.id, quantity: 2 },
    { skuId: kernels.sku.id, quantity: 1 },
  ];
  const open = (body: object, as = guide) =>
    api.call(openBundle, {
      as,
      params: { id: brand.rooms.a.id },
      body: { title: '早餐组合', priceFen: 4_500, parts, durationSeconds: 60, ...body } as never,
    });
  expect((await open({ priceFen: 5_080 })).problem.issues).toEqual([
    { path: '/priceFen', issue: 'not_below_shelf_price' },
  ]);
  const floored = [parts[0], { skuId: brand.products.family.sku.id, quantity: 1 }];
  expect((await open({ parts: floored, priceFen: 9_679 })).problem).toMatchObject({
    code: 'below_price_floor',
    facts: { floorPriceFen: 9_680 },
  });
  expect((await open({ parts: [parts[0], parts[0]] })).problem.issues).toEqual([
    { path: '/parts', issue: 'duplicate_id' },
  ]);
  expect((await open({}, brand.staff.b.guide)).status).toBe(404);

  const made = (await open({})).body;
  expect(made).toMatchObject({
    shelfFen: 5_080,
    taken: 0,
    parts: [{ quantity: 2, available: 100 }, { available: 10 }],
  });
  const bag = () => api.ok(getBag, { params: { id: brand.rooms.a.id } });
  expect((await bag()).bundles).toEqual([made]);
  const { sql } = api.api.platform.db;
  const told = await sql<{ payload: { kind: string } }>`SELECT payload FROM outbox ORDER BY id DESC LIMIT 1`;
  expect(told[0]?.payload).toMatchObject({ kind: 'bundle:opened', bundle: { id: made.id } });
  api.clock.advanceSeconds(61);
  await api.api.platform.jobs.runNow(CLOSE_ENDED_OFFERS);
  expect((await bag()).bundles).toEqual([]);

  const next = (await open({})).body;
  expect((await api.ok(closeBundle, { as: guide, params: { id: next.id }, body: {} })).state).toBe('closed');
  expect((await api.ok(closeBundle, { as: guide, params: { id: next.id }, body: {} })).state).toBe('closed');
  const third = (await open({})).body;
  const { items } = await bag();
  await api.ok(putBag, {
    as: guide,
    params: { id: brand.rooms.a.id },
    body: { productIds: items.map(({ product }) => product.id).filter((id) => id !== kernels.id) },
  });
  expect(await sql`SELECT state FROM bundles WHERE id = ${third.id}`).toEqual([{ state: 'closed' }]);
});

test('Z3 the title of a bundle makes no claims', async () => {
  const { milk, family } = brand.products;
  const refused = await api.call(openBundle, {
    as: brand.staff.a.guide,
    params: { id: brand.rooms.a.id },
    body: {
      title: '补脑组合',
      priceFen: 12_000,
      parts: [{ skuId: milk.sku.id }, { skuId: family.sku.id }],
      durationSeconds: 60,
    },
  });
  expect(refused.problem.code).toBe('words_refused');
});
