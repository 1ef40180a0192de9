/** Stairs, gifts, bundles, floors under coupons and the page that was bought by, over HTTP. */
import { randomUUID } from 'node:crypto';
import {
  cancelOrder,
  getItemSnapshot,
  type OrderView,
  openBundle,
  openOffer,
  patchProduct,
  placeOrder,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { giveCouponTo, makeCouponKind } from '../../testing/coupons.ts';
import {
  type Brand,
  type FixtureProduct,
  makeConsumer,
  makeProduct,
  makeRoom,
  makeStock,
  readStock,
  seedBrand,
} from '../../testing/fixtures.ts';
import { expectBooksRight, payFor, place, shelfLine, TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(async () => {
  await expectBooksRight(api);
  await api[Symbol.asyncDispose]();
});

async function goods(priceFen: number, pieces: number, floorPriceFen: number | null = null) {
  const product = await makeProduct(api, `货 ${randomUUID().slice(0, 8)}`, { priceFen, floorPriceFen });
  await makeStock(api, product.sku.id, brand.stores.a, pieces);
  return { product, stock: () => readStock(api, product.sku.id, brand.stores.a) };
}
const roomOf = (...products: FixtureProduct[]) =>
  makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products });
type Room = Awaited<ReturnType<typeof roomOf>>;
const open = (room: Room, body: object) =>
  api.ok(openOffer, {
    as: brand.staff.a.guide,
    params: { id: room.id },
    body: { durationSeconds: 600, ...body } as never,
  });
const bundleIn = (room: Room, body: object) =>
  api.ok(openBundle, {
    as: brand.staff.a.guide,
    params: { id: room.id },
    body: { title: '组合', durationSeconds: 600, ...body } as never,
  });
const buy = (room: Room, as: Principal, body: object) =>
  api.call(placeOrder, { as, body: { roomId: room.id, address: TEST_ADDRESS, ...body } as never });
const cancel = (as: Principal, order: OrderView) =>
  api.ok(cancelOrder, { as, params: { id: order.id }, body: { reason: '' } });

/** What the room was told of bundles and gifts, in order. */
const countsOf = async (room: Room) => {
  const rows = await api.api.platform.db.sql<{ payload: { kind: string; taken: number } }>`SELECT payload FROM outbox
    WHERE room_id = ${room.id} AND payload->>'kind' IN ('bundle:counted', 'offer:gift-counted') ORDER BY id`;
  return rows.map(({ payload }) => [payload.kind, payload.taken]);
};

test('stairs: the price is that of the pieces in the order; a screen that showed another one is told what it is', async () => {
  const { product } = await goods(590, 100);
  const room = await roomOf(product);
  const offer = await open(room, {
    skuId: product.sku.id,
    priceFen: 560,
    stairs: [{ fromQuantity: 3, priceFen: 500 }],
  });
  const line = (quantity: number, seenPriceFen: number) => ({
    lines: [{ skuId: product.sku.id, quantity, offerId: offer.id, offerVersion: 1, seenPriceFen }],
  });
  const anna = brand.consumers.anna;
  expect((await buy(room, anna, line(2, 560))).body).toMatchObject({ itemsFen: 1_120 });
  expect((await buy(room, anna, line(3, 500))).body).toMatchObject({ itemsFen: 1_500, items: [{ unitPriceFen: 500 }] });
  expect((await buy(room, anna, line(3, 560))).problem).toMatchObject({
    code: 'price_changed',
    facts: { priceFen: 500, offerId: offer.id },
  });
});

test('a gift comes with its goods while it lasts, costs nothing, and goes back with an order that is cancelled', async () => {
  const [main, gift] = [await goods(9_900, 100), await goods(1_900, 4)];
  const room = await roomOf(main.product);
  const offer = await open(room, {
    skuId: main.product.sku.id,
    priceFen: 8_800,
    gift: { skuId: gift.product.sku.id, per: 2, cap: 3 },
  });
  const line = (quantity: number) => ({
    lines: [{ skuId: main.product.sku.id, quantity, offerId: offer.id, offerVersion: 1, seenPriceFen: 8_800 }],
  });
  const anna = brand.consumers.anna;
  expect((await buy(room, anna, line(1))).body.items).toHaveLength(1);
  const first = (await buy(room, anna, line(4))).body;
  expect(first).toMatchObject({ itemsFen: 35_200, totalFen: 35_200 });
  const [goodsItem, giftItem] = first.items;
  expect(giftItem).toMatchObject({ skuId: gift.product.sku.id, quantity: 2, unitPriceFen: 0, amountFen: 0 });
  expect(giftItem?.giftOf).toBe(goodsItem?.id);
  expect(await gift.stock()).toEqual({ onHand: 4, reserved: 2 });

  const many = await Promise.all(
    Array.from({ length: 6 }, async (_, n) => buy(room, await makeConsumer(api, `客${n}`), line(2))),
  );
  expect(many.map(({ status }) => status)).toEqual(Array(6).fill(201));
  expect(many.filter(({ body }) => body.items.length === 2)).toHaveLength(1);
  expect(await gift.stock()).toEqual({ onHand: 4, reserved: 3 });
  await cancel(anna, first);
  expect(await gift.stock()).toEqual({ onHand: 4, reserved: 1 });
  expect((await buy(room, anna, line(2))).body.items).toHaveLength(2);
  await payFor(api, anna, (await buy(room, anna, line(2))).body.id);
  expect(await countsOf(room)).toEqual([2, 3, 1, 2, 3].map((taken) => ['offer:gift-counted', taken]));
});

describe('bundles', () => {
  test('M4 S1 pieces are held for each part at prices that sum to the bundle’s; all come back when it is cancelled', async () => {
    const [a, b] = [await goods(599, 20), await goods(301, 20)];
    const room = await roomOf(a.product, b.product);
    const parts = [{ skuId: a.product.sku.id }, { skuId: b.product.sku.id, quantity: 2 }];
    const bundle = await bundleIn(room, { priceFen: 1_000, parts, cap: 5, perPersonLimit: 3 });
    const { bella, chris } = brand.consumers;
    const of = (quantity: number, seenPriceFen = 1_000) => ({
      bundles: [{ bundleId: bundle.id, quantity, seenPriceFen }],
    });
    const order = (await buy(room, bella, { ...of(3), lines: [shelfLine(a.product, 2)] })).body;
    expect(order).toMatchObject({ itemsFen: 3_000 + 1_198 });
    expect(await a.stock()).toEqual({ onHand: 20, reserved: 5 });
    expect(await b.stock()).toEqual({ onHand: 20, reserved: 6 });
    expect((await buy(room, bella, of(1))).problem.code).toBe('limit_exceeded');
    expect((await buy(room, chris, of(3))).problem.code).toBe('offer_sold_out');
    expect((await buy(room, chris, of(1, 999))).problem.code).toBe('price_changed');
    expect((await buy(room, chris, { lines: [] })).problem.code).toBe('invalid_request');
    await cancel(bella, order);
    expect(await a.stock()).toEqual({ onHand: 20, reserved: 0 });
    const again = (await buy(room, chris, of(3))).body;
    await payFor(api, chris, again.id);
    expect(await b.stock()).toEqual({ onHand: 14, reserved: 0 });
    expect(await countsOf(room)).toEqual([3, 0, 3].map((taken) => ['bundle:counted', taken]));
  });

  test('S5 the cap of a bundle holds when many want it at once; the last piece of a part is sold once', async () => {
    const [a, b] = [await goods(500, 100), await goods(500, 3)];
    const room = await roomOf(a.product, b.product);
    const parts = [{ skuId: a.product.sku.id }, { skuId: b.product.sku.id }];
    const bundle = await bundleIn(room, { priceFen: 900, parts, cap: 4 });
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, n) =>
        buy(room, await makeConsumer(api, `客${n}`), {
          bundles: [{ bundleId: bundle.id, quantity: 1, seenPriceFen: 900 }],
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(await b.stock()).toEqual({ onHand: 3, reserved: 3 });
    expect(await a.stock()).toEqual({ onHand: 100, reserved: 3 });
    const [row] = await api.api.platform.db.sql`SELECT taken FROM bundles WHERE id = ${bundle.id}`;
    expect(row).toEqual({ taken: 3 });
  });
});

test('S6 a coupon takes nothing below its floor: what has room takes it, else the coupon is refused and stays; HQ’s own kind may', async () => {
  const [floored, free] = [await goods(6_000, 50, 5_500), await goods(4_000, 50)];
  const room = await roomOf(floored.product, free.product);
  const anna = brand.consumers.anna;
  const kind = await makeCouponKind(api, brand, brand.hq, { perPerson: 5 });
  const coupon = await giveCouponTo(api, brand, kind, anna);
  const alone = await buy(room, anna, { lines: [shelfLine(floored.product)], couponId: coupon.id });
  expect(alone.problem).toMatchObject({ code: 'coupon_not_usable', facts: { reason: 'price_floor', mostOffFen: 500 } });
  const both = await buy(room, anna, {
    lines: [shelfLine(floored.product), shelfLine(free.product)],
    couponId: coupon.id,
  });
  const taken = new Map(both.body.items.map(({ skuId, discountFen }) => [skuId, discountFen]));
  expect([taken.get(floored.product.sku.id), taken.get(free.product.sku.id)]).toEqual([500, 1_500]);

  const below = await makeCouponKind(api, brand, brand.hq, { perPerson: 5, belowFloor: true });
  const special = await giveCouponTo(api, brand, below, anna);
  const sold = await buy(room, anna, { lines: [shelfLine(floored.product)], couponId: special.id });
  expect(sold.body).toMatchObject({ discountFen: 2_000 });
  await expect(makeCouponKind(api, brand, brand.stores.a, { belowFloor: true })).rejects.toThrow('forbidden');
});

describe('Z1', () => {
  test('orders refer to the page they were made by; one row for each version; others do not see it', async () => {
    const { product } = await goods(2_000, 50);
    const room = await roomOf(product);
    const { anna, bella } = brand.consumers;
    const patch = (body: object) =>
      api.ok(patchProduct, { as: brand.staff.admin, params: { id: product.id }, body: body as never });
    await patch({ description: '头道核桃仁', pictures: ['/pictures/a.svg', '/pictures/b.svg'] });
    const first = await place(api, anna, room, [shelfLine(product)]);
    const second = await place(api, bella, room, [shelfLine(product)]);
    await patch({ description: '今年的新货', title: '新名字' });
    const third = await place(api, anna, room, [shelfLine(product)]);
    const seen = (order: OrderView, as: Principal) =>
      api.call(getItemSnapshot, { as, params: { id: order.id, itemId: order.items[0]?.id ?? '' } });
    const page = (await seen(first, anna)).body;
    expect(page).toMatchObject({
      page: {
        title: product.title,
        description: '头道核桃仁',
        pictures: ['/pictures/a.svg', '/pictures/b.svg'],
        skus: [{ id: product.sku.id, priceFen: 2_000, listPriceFen: null }],
      },
      bought: { skuId: product.sku.id, quantity: 1, unitPriceFen: 2_000, offer: null },
    });
    expect((await seen(second, bella)).body.page).toEqual(page.page);
    expect((await seen(third, anna)).body.page).toMatchObject({ title: '新名字', description: '今年的新货' });
    expect((await seen(first, brand.staff.a.manager)).body.page.hash).toBe(page.page.hash);
    for (const stranger of [bella, brand.staff.b.manager]) expect((await seen(first, stranger)).status).toBe(404);
    // As it was, as described, renamed: three versions.
    expect(
      await api.api.platform.db.sql`SELECT count(*)::int AS n FROM product_snapshots WHERE product_id = ${product.id}`,
    ).toEqual([{ n: 3 }]);
  });
});

test('Z4 what was really paid in the last seven days is the baseline of the next offer', async () => {
  const { product } = await goods(2_000, 50);
  const { sku } = product;
  const rooms = [await roomOf(product), await roomOf(product), await roomOf(product)] as const;
  const anna = brand.consumers.anna;
  const cheap = await open(rooms[0], { skuId: sku.id, priceFen: 1_500 });
  expect(cheap.baselineFen).toBeNull();
  const bought = await buy(rooms[0], anna, {
    lines: [{ skuId: sku.id, quantity: 1, offerId: cheap.id, offerVersion: 1, seenPriceFen: 1_500 }],
  });
  expect((await open(rooms[1], { skuId: sku.id, priceFen: 1_400 })).baselineFen).toBeNull();
  await payFor(api, anna, bought.body.id);
  expect((await open(rooms[2], { skuId: sku.id, priceFen: 1_400 })).baselineFen).toBe(1_500);
});
