/** What is exchanged with a brand's mall, over the whole api: products, stock and orders, also when the mall behaves badly. */
import {
  adjustStock,
  getMall,
  listMallIssues,
  listProducts,
  type MallLaneKind,
  type MallStatus,
  openOffer,
  type ProductView,
  patchProduct,
  skipMallOrder,
  syncMall,
} from '@walnut-live/contracts';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Brand, makeRoom, readStock, seedBrand } from '../../testing/fixtures.ts';
import { MALL_KEY, MALL_SECRET, type MallStandIn, startMallStandIn } from '../../testing/mall-stand-in.ts';
import { expectBooksRight, payFor, place } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { NUMBERING_JOB } from '../webhooks/index.ts';
import { mallJob } from './index.ts';
import { pauseAfter } from './lanes.ts';

let api: TestApi;
let brand: Brand;
let mall: MallStandIn;
let picture = '';
beforeAll(async () => {
  mall = await startMallStandIn({ now: () => api.clock.now() });
  const env = { MALL_URL: mall.url, MALL_KEY_ID: MALL_KEY, MALL_SECRET, MALL_STOCK: 'mall', MALL_ALLOW_PRIVATE: '1' };
  api = await startTestApi(env);
  brand = await seedBrand(api);
  const png = await sharp({ create: { width: 300, height: 300, channels: 3, background: '#a05030' } })
    .png()
    .toBuffer();
  picture = mall.picture('/a.png', png);
});
afterAll(async () => {
  await expectBooksRight(api);
  await api[Symbol.asyncDispose]();
  await mall.close();
});
beforeEach(() => mall.behave());

/** A turn of a lane, whatever pause was due. */
async function turn(kind: MallLaneKind): Promise<MallStatus> {
  await api.ok(syncMall, { as: brand.staff.admin, body: { lane: kind } });
  await api.api.mall.idle();
  return api.ok(getMall, { as: brand.staff.admin });
}
const laneOf = (status: MallStatus, kind: MallLaneKind) => status.lanes.find((lane) => lane.kind === kind);
const inMall = (code: string, more: object = {}) => ({
  ...{ code, title: `商城 ${code}`, pictures: [picture], status: 'on_sale' },
  skus: [{ code: `${code}-1`, name: '一袋', priceFen: 4_900 }],
  ...more,
});
async function here(code: string): Promise<ProductView | undefined> {
  const { items } = await api.ok(listProducts, { as: brand.staff.admin, query: { search: code } });
  return items.find((product) => product.code === code);
}
const patch = (id: string, body: object) =>
  api.ok(patchProduct, { as: brand.staff.admin, params: { id }, body: body as never });

test('the mall wins for titles, pictures and prices; our texts and floors stay; what it takes off is off; codes name both sides', async () => {
  mall.put(inMall('W1', { description: '商城的介绍' }));
  mall.put(inMall('W2'));
  mall.put(inMall('W3'));
  const first = await turn('products');
  expect(laneOf(first, 'products')).toMatchObject({ seen: 3, changed: 3, refused: 0, error: null });
  const made = await here('W1');
  expect(made).toMatchObject({ title: '商城 W1', description: '商城的介绍', role: 'main', status: 'on_sale' });
  expect(made?.pictures?.[0]).toMatch(/^\/api\/v1\/media\//);

  const [sku] = made?.skus ?? [];
  await patch(made?.id ?? '', {
    description: '我们的介绍',
    role: 'family',
    skus: [{ id: sku?.id, name: '一袋', priceFen: 4_900, floorPriceFen: 4_000 }],
  });
  mall.put(inMall('W1', { title: '新名', skus: [{ code: 'W1-1', name: '一大袋', priceFen: 4_500 }] }));
  mall.put(inMall('W2', { status: 'off_sale' }));
  expect(laneOf(await turn('products'), 'products')).toMatchObject({ seen: 2, changed: 2 });
  expect(await here('W1')).toMatchObject({
    ...{ title: '新名', description: '我们的介绍', role: 'family' },
    skus: [{ id: sku?.id, name: '一大袋', priceFen: 4_500, floorPriceFen: 4_000 }],
  });
  expect(await here('W2')).toMatchObject({ status: 'off_sale' });
  mall.put(inMall('W2', { skus: [{ code: 'W2-2', name: '两袋', priceFen: 9_000 }] }));
  const w3 = await here('W3');
  await patch(w3?.id ?? '', { status: 'off_sale' });
  mall.put(inMall('W3', { title: '还在卖' }));
  await turn('products');
  expect(await here('W2')).toMatchObject({ status: 'on_sale' });
  expect((await here('W2'))?.skus.map(({ code, active }) => [code, active])).toEqual([
    ['W2-1', false],
    ['W2-2', true],
  ]);
  // We took it off: the mall does not put it back.
  expect(await here('W3')).toMatchObject({ title: '还在卖', status: 'off_sale' });
});

test('what cannot be taken over is told with its reason, keeps nothing back and is tried again: floors, words, pictures, options', async () => {
  const id = (await here('W1'))?.id ?? '';
  mall.put(inMall('W1', { skus: [{ code: 'W1-1', name: '一大袋', priceFen: 3_000 }] }));
  mall.put(inMall('N1', { title: '健脑核桃' }));
  mall.put(inMall('N2', { pictures: [`${mall.origin}/nowhere.png`] }));
  mall.put(inMall('N3', { pictures: [mall.picture('/no.png', Buffer.from('not a picture'))] }));
  mall.put(inMall('N4', { skus: [{ code: 'W2-2', name: '别人的', priceFen: 100 }] }));
  mall.put(inMall('N5', { skus: [{ code: 'N5-1', name: '', priceFen: 100 }] }));
  mall.put(inMall('N6'));
  expect(laneOf(await turn('products'), 'products')).toMatchObject({
    seen: 7,
    changed: 1,
    refused: 6,
    error: null,
    waiting: 6,
  });
  const issues = async () => {
    const { items } = await api.ok(listMallIssues, { as: brand.staff.admin });
    return Object.fromEntries(items.map(({ code, issue }) => [code, issue]));
  };
  expect(await issues()).toEqual({
    W1: 'skus/0/floorPriceFen floor_above_price',
    N1: expect.stringMatching(/^words_refused/),
    N2: expect.stringMatching(/^picture refused \(40[14]\)$/),
    N3: 'unsupported_media_type',
    N4: 'code code_taken',
    N5: 'not_understood /skus/0/name',
  });
  const page = await api.ok(listMallIssues, { as: brand.staff.admin, query: { limit: 2 } });
  const rest = await api.ok(listMallIssues, { as: brand.staff.admin, query: { cursor: page.nextCursor ?? '' } });
  expect([page.items.length, rest.items.length]).toEqual([2, 4]);
  expect((await here('W1'))?.skus[0]?.priceFen).toBe(4_500);
  const [sku] = (await here('W1'))?.skus ?? [];
  await patch(id, { skus: [{ id: sku?.id, name: '一大袋', priceFen: 4_500, floorPriceFen: null }] });
  await turn('products');
  expect((await here('W1'))?.skus[0]?.priceFen).toBe(3_000);
  expect(Object.keys(await issues()).sort()).toEqual(['N1', 'N2', 'N3', 'N4', 'N5']);
  expect((await api.call(getMall, { as: brand.staff.a.manager })).status).toBe(403);
});

test('pages twice, a cursor that goes back, faults and a restart in the middle: everything is there once, as the mall last said', async () => {
  for (let n = 0; n < 9; n += 1) mall.put(inMall(`P${n % 5}`, { title: `第 ${n} 版` }));
  mall.misbehave(/GET .*products/, { kind: 'page-again' });
  mall.misbehave(/GET .*products/, { kind: 'status', status: 500 }, 9);
  const failed = await turn('products');
  expect(laneOf(failed, 'products')).toMatchObject({ error: 'server_error (500)', failingSince: expect.any(String) });
  mall.behave();
  mall.misbehave(/GET .*products/, { kind: 'cursor-back' });
  expect(laneOf(await turn('products'), 'products')).toMatchObject({ error: null, failingSince: null });
  for (const [code, title] of [
    ['P0', '第 5 版'],
    ['P3', '第 8 版'],
    ['P4', '第 4 版'],
  ] as const)
    expect((await here(code))?.title).toBe(title);
  // One that never leads on is told, and asked no more than it takes to see it.
  mall.put(inMall('P0'));
  mall.misbehave(/GET .*products/, { kind: 'cursor-back' }, 99);
  const before = mall.requests.length;
  expect(laneOf(await turn('products'), 'products')?.error).toBe('cursor_repeated');
  expect(mall.requests.length - before).toBeLessThan(6);
  mall.behave();
  await turn('products');
  expect((await here('P0'))?.title).toBe('商城 P0');
  const again = await turn('products');
  expect(laneOf(again, 'products')).toMatchObject({ seen: 0, changed: 0, error: null });
});

test('S1 the mall’s stock counts, less what was sold since the orders it knows; never below what is held', async () => {
  const product = await here('N6');
  const [sku] = product?.skus ?? [];
  const skuId = sku?.id ?? '';
  const level = (onHand: number, unit: string | null = brand.stores.a.path) => ({ skuCode: 'N6-1', unit, onHand });
  mall.setStock([level(20), level(500, null), { skuCode: 'unknown', onHand: 3 }], 0);
  expect(laneOf(await turn('stock'), 'stock')).toMatchObject({ seen: 3, changed: 2, refused: 1, error: null });
  const stock = () => readStock(api, skuId, brand.stores.a);
  expect(await stock()).toEqual({ onHand: 20, reserved: 0 });
  expect((await readStock(api, skuId, brand.hq))?.onHand).toBe(500);

  const item = { id: product?.id ?? '', title: '', sku: { id: skuId, priceFen: 4_900 } };
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [item as never] });
  const line = (quantity: number) => [{ skuId, quantity, seenPriceFen: 4_900 }];
  const { anna, bella } = brand.consumers;
  const paid = await place(api, anna, room, line(3));
  await payFor(api, anna, paid.id);
  await place(api, bella, room, line(4));
  expect(await stock()).toEqual({ onHand: 17, reserved: 4 });
  // The mall has not heard of the sale yet: its 20 are our 17.
  await turn('stock');
  expect(await stock()).toEqual({ onHand: 17, reserved: 4 });
  await api.api.platform.jobs.runNow(NUMBERING_JOB);
  await turn('orders');
  const through = mall.facts.at(-1)?.sequence ?? 0;
  mall.setStock([level(30)], through);
  await turn('stock');
  expect(await stock()).toEqual({ onHand: 30, reserved: 4 });
  mall.setStock([level(1)], through);
  expect(laneOf(await turn('stock'), 'stock')).toMatchObject({ refused: 1 });
  expect(await stock()).toEqual({ onHand: 4, reserved: 4 });
  const [sum] = await api.api.platform.db.sql<{ n: number }>`
    SELECT sum(delta)::int AS n FROM stock_movements WHERE sku_id = ${skuId} AND org_unit_id = ${brand.stores.a.id}`;
  expect(sum?.n).toBe(4);
});

test('orders go to the mall in order and once each: lost answers, a mall that is away, a restart; what it refuses may be left out', async () => {
  const { anna } = brand.consumers;
  const { milk } = brand.products;
  const known = mall.facts.length;
  const buy = async () => {
    const order = await place(api, anna, brand.rooms.a, [
      { skuId: milk.sku.id, quantity: 1, seenPriceFen: milk.sku.priceFen },
    ]);
    await payFor(api, anna, order.id);
    return order;
  };
  const [a, b] = [await buy(), await buy()];
  await api.api.platform.jobs.runNow(NUMBERING_JOB);
  mall.misbehave(/POST .*orders/, { kind: 'done-then-cut' });
  mall.misbehave(/POST .*orders/, { kind: 'status', status: 503, retryAfter: 120 });
  const waiting = await turn('orders');
  expect(laneOf(waiting, 'orders')).toMatchObject({ error: 'busy (503)', waiting: 2 });
  expect(waiting.stuck).toMatchObject({ type: 'order.paid', orderNo: a.orderNo });
  // It asked for two minutes.
  await api.api.platform.jobs.runNow(mallJob('orders'));
  await api.api.mall.idle();
  expect(mall.facts.length - known).toBe(1);
  api.clock.advanceSeconds(121);
  await api.api.platform.jobs.runNow(mallJob('orders'));
  await api.api.mall.idle();
  const told = mall.facts.slice(known);
  expect(told.map(({ type, order }) => [type, order.orderNo])).toEqual([
    ['order.paid', a.orderNo],
    ['order.paid', b.orderNo],
  ]);
  expect(told[0]?.order).toMatchObject({
    paidFen: a.totalFen,
    receiver: { recipient: expect.any(String) },
    items: [{ skuId: milk.sku.id, quantity: 1, stockUnit: brand.stores.a.path }],
  });
  expect(told.map(({ sequence }) => sequence)).toEqual([...told.map(({ sequence }) => sequence)].sort((x, y) => x - y));
  expect(mall.tries()).toBeGreaterThan(mall.facts.length);

  const [c, d] = [await buy(), await buy()];
  await api.api.platform.jobs.runNow(NUMBERING_JOB);
  mall.misbehave(/POST .*orders/, { kind: 'status', status: 422 }, 99);
  const { stuck } = await turn('orders');
  expect(stuck?.orderNo).toBe(c.orderNo);
  mall.behave();
  const skip = (eventId: string) =>
    api.call(skipMallOrder, { as: brand.staff.admin, body: { eventId, reason: '商城已手工录入' } });
  expect((await skip(told[0]?.id ?? '')).status).toBe(409);
  const skipped = await Promise.all([skip(stuck?.eventId ?? ''), skip(stuck?.eventId ?? '')]);
  expect(skipped.map(({ status }) => status).sort()).toEqual([200, 409]);
  await Promise.all([turn('orders'), turn('orders')]);
  expect(mall.facts.slice(known + 2).map(({ order }) => order.orderNo)).toEqual([d.orderNo]);
  const log = await api.api.platform.db.sql`SELECT reason FROM audit_log WHERE action = 'mall:order-left-out'`;
  expect(log).toEqual([{ reason: '商城已手工录入' }]);
});

test('an offer below a price the mall has cut stays as announced; adjusting by hand works beside it', async () => {
  const product = await here('N6');
  const skuId = product?.skus[0]?.id ?? '';
  await api.ok(adjustStock, {
    ...{ as: brand.staff.admin, params: { id: skuId } },
    body: { orgUnitId: brand.stores.a.id, delta: 5, reason: '补货' },
  });
  const room = await makeRoom(api, {
    ...{ orgUnit: brand.stores.a, host: brand.staff.a.guide },
    products: [{ id: product?.id ?? '', title: '', sku: { id: skuId, priceFen: 4_900 } } as never],
  });
  const offer = await api.ok(openOffer, {
    ...{ as: brand.staff.a.guide, params: { id: room.id } },
    body: { skuId, priceFen: 4_000, durationSeconds: 600 },
  });
  mall.put(inMall('N6', { skus: [{ code: 'N6-1', name: '一袋', priceFen: 3_900 }] }));
  await turn('products');
  const [row] = await api.api.platform.db
    .sql`SELECT o.state, k.price_fen::int AS shelf FROM offers o JOIN skus k ON k.id = o.sku_id
    WHERE o.id = ${offer.id}`;
  expect(row).toEqual({ state: 'open', shelf: 3_900 });
});

test.each([
  [1, null, 5],
  [2, null, 15],
  [9, null, 300],
  [1, 120, 120],
  [9, 10, 300],
  [1, 1e9, 3_600],
])('after %i failures, wished %s: %i seconds', (failures, wish, seconds) => {
  expect(pauseAfter(failures, wish)).toBe(seconds);
});
