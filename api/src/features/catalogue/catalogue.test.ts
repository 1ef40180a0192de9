import { randomUUID } from 'node:crypto';
import { createProduct, getProduct, listProducts, patchProduct } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { priceFaultOf } from './catalogue.policy.ts';

const GIFT = {
  title: '核桃礼盒',
  subtitle: '',
  description: '',
  pictureUrl: '/pictures/walnut-gift-box.svg',
  role: 'gift' as const,
  skus: [
    { name: '大盒', priceFen: 19_900, floorPriceFen: 16_900 },
    { name: '小盒', priceFen: 9_900 },
  ],
};

test.each([
  [{ priceFen: 100, listPriceFen: null, listPriceBasis: null, floorPriceFen: null }, undefined],
  [{ priceFen: 100, listPriceFen: 120, listPriceBasis: '近 30 天门店价', floorPriceFen: 100 }, undefined],
  [{ priceFen: 100, listPriceFen: 120, listPriceBasis: null, floorPriceFen: null }, 'list_price_without_basis'],
  [{ priceFen: 100, listPriceFen: 100, listPriceBasis: '门店价', floorPriceFen: null }, 'list_price_not_above_price'],
  [{ priceFen: 100, listPriceFen: null, listPriceBasis: null, floorPriceFen: 101 }, 'floor_above_price'],
])('Z4, S6 prices of a SKU among themselves: %o → %s', (prices, fault) => {
  expect(priceFaultOf(prices)?.fault).toBe(fault);
});

test('HQ creates and changes products; what a patch does not name stays; everything is audited', async () => {
  await using api = await startTestApi();
  const { staff } = await seedBrand(api);
  const made = await api.ok(createProduct, { as: staff.operations, body: GIFT });
  expect(made).toMatchObject({
    title: '核桃礼盒',
    status: 'on_sale',
    skus: [{ name: '大盒', floorPriceFen: 16_900 }, { name: '小盒' }],
  });
  const [large, small] = made.skus;

  const patched = await api.ok(patchProduct, {
    as: staff.admin,
    params: { id: made.id },
    body: {
      title: '核桃臻选礼盒',
      status: 'off_sale',
      skus: [
        { id: large?.id ?? '', name: '大盒', priceFen: 18_900 },
        { name: '定制款', priceFen: 29_900, listPriceFen: 32_900, listPriceBasis: '门店标价' },
      ],
    },
  });
  expect(patched).toMatchObject({ title: '核桃臻选礼盒', subtitle: '', role: 'gift', status: 'off_sale' });
  expect(patched.skus).toMatchObject([
    { id: large?.id, priceFen: 18_900, floorPriceFen: 16_900 },
    { id: small?.id, priceFen: 9_900 },
    { name: '定制款', listPriceFen: 32_900 },
  ]);
  const log = await api.api.platform.db
    .sql`SELECT action, actor_id FROM audit_log WHERE target = ${`product:${made.id}`} ORDER BY id`;
  expect(log).toEqual([
    { action: 'product:created', actor_id: staff.operations.personId },
    { action: 'product:changed', actor_id: staff.admin.personId },
  ]);
});

test('viewers do not see floors or retired SKUs; wrong prices and foreign SKUs are refused', async () => {
  await using api = await startTestApi();
  const { staff, products } = await seedBrand(api);
  const made = await api.ok(createProduct, { as: staff.admin, body: GIFT });
  const small = made.skus[1];
  const change = (skus: object[]) =>
    api.call(patchProduct, { as: staff.admin, params: { id: made.id }, body: { skus: skus as never } });
  await change([{ id: small?.id, name: '小盒', priceFen: 9_900, active: false }]);
  const seen = await api.ok(getProduct, { params: { id: made.id } });
  expect(seen.skus.map((sku) => sku.name)).toEqual(['大盒']);
  expect(seen.skus[0]).not.toHaveProperty('floorPriceFen');

  const unfounded = await change([{ name: '新款', priceFen: 100, listPriceFen: 200 }]);
  expect(unfounded.problem).toMatchObject({ code: 'invalid_request', issues: [{ path: '/skus/0/listPriceBasis' }] });
  expect((await change([{ id: products.milk.sku.id, name: '别人的', priceFen: 100 }])).status).toBe(404);
  expect((await api.call(getProduct, { params: { id: randomUUID() } })).status).toBe(404);
});

test('the list pages through every product once, newest first, and finds by words and status', async () => {
  await using api = await startTestApi();
  const { staff, products } = await seedBrand(api);
  for (let i = 0; i < 5; i++)
    await api.ok(createProduct, { as: staff.admin, body: { ...GIFT, title: `礼盒 100%_${i}` } });
  const seen: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await api.ok(listProducts, { as: staff.a.guide, query: { limit: 3, ...(cursor ? { cursor } : {}) } });
    expect(page.items.length).toBeLessThanOrEqual(3);
    seen.push(...page.items.map((product) => product.title));
    if (!page.nextCursor) break;
    cursor = page.nextCursor;
  }
  expect(seen).toHaveLength(8);
  expect(new Set(seen).size).toBe(8);
  expect(seen.slice(0, 2)).toEqual(['礼盒 100%_4', '礼盒 100%_3']);

  const found = await api.ok(listProducts, { as: staff.admin, query: { search: '0%_2' } });
  expect(found.items.map((product) => product.title)).toEqual(['礼盒 100%_2']);
  await api.ok(patchProduct, { as: staff.admin, params: { id: products.milk.id }, body: { status: 'off_sale' } });
  const off = await api.ok(listProducts, { as: staff.admin, query: { status: 'off_sale' } });
  expect(off.items.map((product) => product.id)).toEqual([products.milk.id]);
  expect((await api.call(listProducts, { as: staff.admin, query: { cursor: 'made-up' } })).status).toBe(400);
});
