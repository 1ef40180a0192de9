/** Gifts and bundles where they meet the rest: rivals, shipping, after-sale, the audit. Over HTTP. */
import { randomUUID } from 'node:crypto';
import {
  type AfterSaleView,
  cancelOrder,
  decideAfterSale,
  getBag,
  inspectAfterSale,
  type OrderView,
  openBundle,
  openOffer,
  patchProduct,
  placeOrder,
  putShippingRule,
  quoteShipping,
  replaceAfterSale,
  requestAfterSale,
  sendBackAfterSale,
  shipOrder,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
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
import { eventually, expectBooksRight, payFor, shelfLine, TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { takeGift } from './extras.repository.ts';
import { auditOrders } from './orders-audit.ts';
import { reserveLine } from './reservations.repository.ts';

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

test.each([
  ['stock', 3, 50],
  ['cap', 50, 3],
])('a gift is given as far as it lasts, whoever asks at once: %s', async (_what, pieces, cap) => {
  const [main, gift] = [await goods(9_900, 100), await goods(1_900, pieces)];
  const room = await roomOf(main.product);
  const offer = await open(room, {
    skuId: main.product.sku.id,
    priceFen: 8_800,
    gift: { skuId: gift.product.sku.id, per: 1, cap },
  });
  const lines = [{ skuId: main.product.sku.id, quantity: 2, offerId: offer.id, offerVersion: 1, seenPriceFen: 8_800 }];
  const answers = await Promise.all(
    Array.from({ length: 5 }, async (_, n) => buy(room, await makeConsumer(api, `客${n}`), { lines })),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(201));
  const given = answers.flatMap(({ body }) => body.items.slice(1).map(({ quantity }) => quantity));
  expect(given.sort()).toEqual([1, 2]);
  expect((await gift.stock())?.reserved).toBe(3);
  const [row] = await api.api.platform.db.sql`SELECT gift_taken FROM offers WHERE id = ${offer.id}`;
  expect(row).toEqual({ gift_taken: 3 });
});

test('S1 what was there a moment ago and is not all there any more is given as far as it is', async () => {
  const [main, gift] = [await goods(9_900, 9), await goods(1_900, 3)];
  const room = await roomOf(main.product);
  const skuId = gift.product.sku.id;
  const offer = await open(room, { skuId: main.product.sku.id, priceFen: 8_800, gift: { skuId, per: 1, cap: 2 } });
  const who = { personId: brand.consumers.anna.personId, orgPath: brand.stores.a.path, at: new Date() };
  const ended = api.api.platform.db.transaction(async (tx) => {
    const wanted = { skuId, quantity: 5, offerId: null };
    expect(await reserveLine(tx, who, wanted)).toBe('out_of_stock');
    expect(await reserveLine(tx, who, { ...wanted, upTo: true })).toMatchObject({ quantity: 3, available: 0 });
    expect(await reserveLine(tx, who, { ...wanted, upTo: true })).toBe('out_of_stock');
    expect(await takeGift(tx, offer.id, 3)).toMatchObject({ pieces: 2, count: { taken: 2 } });
    expect(await takeGift(tx, offer.id, 1)).toBeUndefined();
    throw new Error('not kept');
  });
  await expect(ended).rejects.toThrow('not kept');
});

test('two goods with the same gift do not count the same pieces of it, nor those that are paid for', async () => {
  const [one, two, gift] = [await goods(9_900, 9), await goods(8_900, 9), await goods(1_900, 4)];
  const room = await roomOf(one.product, two.product, gift.product);
  const lines = [shelfLine(gift.product)] as object[];
  for (const { product } of [one, two]) {
    const offer = await open(room, {
      skuId: product.sku.id,
      priceFen: 5_000,
      gift: { skuId: gift.product.sku.id, per: 1, cap: 9 },
    });
    lines.push({ skuId: product.sku.id, quantity: 2, offerId: offer.id, offerVersion: 1, seenPriceFen: 5_000 });
  }
  const { body } = await buy(room, brand.consumers.anna, { lines });
  expect(
    body.items
      .filter(({ giftOf }) => giftOf)
      .map(({ quantity }) => quantity)
      .sort(),
  ).toEqual([1, 2]);
  expect(await gift.stock()).toEqual({ onHand: 4, reserved: 4 });
});

test('M1 the quote of bundles is what the order pays; gifts travel for nothing', async () => {
  const [main, gift, part] = [await goods(9_900, 50), await goods(1_900, 50), await goods(500, 50)];
  const room = await roomOf(main.product, gift.product, part.product);
  const [as, params] = [brand.staff.admin, { orgUnitId: brand.stores.a.id }];
  const piece = { by: 'piece' as const, first: 1, firstFen: 500, next: 1, nextFen: 100, freeFromFen: null };
  const terms = { zones: [], excluded: [], other: piece, pickup: false };
  const { version } = await api.ok(putShippingRule, { as, params, body: { terms, version: 0, reason: '按件' } });
  const offer = await open(room, {
    skuId: main.product.sku.id,
    priceFen: 8_800,
    gift: { skuId: gift.product.sku.id, per: 1, cap: 9 },
  });
  const parts = [{ skuId: main.product.sku.id }, { skuId: part.product.sku.id, quantity: 3 }];
  const bundle = await bundleIn(room, { priceFen: 10_000, parts });
  const anna = brand.consumers.anna;
  const wanted = [{ bundleId: bundle.id, quantity: 2 }];
  const quote = (body: object, where = room) =>
    api.call(quoteShipping, {
      as: anna,
      body: { roomId: where.id, goodsFen: 37_600, to: TEST_ADDRESS, ...body } as never,
    });
  const line = { skuId: main.product.sku.id, quantity: 2 };
  const to = { province: TEST_ADDRESS.province };
  const quoted = (await quote({ lines: [line], bundles: wanted, to })).body;
  // Two pieces, and two bundles of four: ten.
  expect(quoted.shippingFen).toBe(1_400);
  expect((await quote({ bundles: wanted, to })).body.shippingFen).toBe(1_200);
  expect((await quote({ bundles: wanted, to }, brand.rooms.a)).problem.code).toBe('not_found');
  const order = await buy(room, anna, {
    lines: [{ ...line, offerId: offer.id, offerVersion: 1, seenPriceFen: 8_800 }],
    bundles: wanted.map((one) => ({ ...one, seenPriceFen: 10_000 })),
    seenShippingFen: quoted.shippingFen,
  });
  expect(order.body).toMatchObject({ shippingFen: 1_400 });
  expect(order.body.items.some(({ giftOf }) => giftOf)).toBe(true);
  await api.ok(putShippingRule, { as, params, body: { terms: null, version, reason: '恢复' } });
});

describe('what goes back', () => {
  const manager = () => brand.staff.a.manager;
  async function sentOrder(order: OrderView, as: Principal) {
    await payFor(api, as, order.id);
    await api.ok(shipOrder, { as: manager(), params: { id: order.id }, body: { trackingNo: 'SF100' } });
  }
  async function comeBack(as: Principal, made: AfterSaleView, restock: { itemId: string; quantity: number }[]) {
    const params = { id: made.id };
    const yes = { approve: true, note: '同意', returnTo: '退货部' };
    await api.ok(decideAfterSale, { as: manager(), params, body: yes });
    await api.ok(sendBackAfterSale, { as, params, body: { carrier: '顺丰', trackingNo: 'SF200' } });
    await api.ok(inspectAfterSale, { as: manager(), params, body: { accepted: true, note: '完好', restock } });
  }

  test('S8 a gift comes back with what brought it: a line of the case, looked at, and on the shelf again', async () => {
    const [main, gift] = [await goods(9_900, 10), await goods(1_900, 10)];
    const room = await roomOf(main.product);
    const offer = await open(room, {
      skuId: main.product.sku.id,
      priceFen: 8_800,
      gift: { skuId: gift.product.sku.id, per: 2, cap: 9 },
    });
    const anna = brand.consumers.anna;
    const line = { skuId: main.product.sku.id, quantity: 5, offerId: offer.id, offerVersion: 1, seenPriceFen: 8_800 };
    const order = (await buy(room, anna, { lines: [line] })).body;
    await sentOrder(order, anna);
    const [paid, given] = [order.items[0]?.id ?? '', order.items[1]?.id ?? ''];
    const ask = { kind: 'return_and_refund', reason: 'no_reason', items: [{ itemId: paid, quantity: 2 }] };
    const params = { id: order.id };
    const made = await api.ok(requestAfterSale, { as: anna, params, body: ask as never });
    expect(made.items.map(({ itemId, quantity, amountFen }) => [itemId, quantity, amountFen])).toEqual([
      [paid, 2, 17_600],
      [given, 1, 0],
    ]);
    await comeBack(anna, made, [{ itemId: given, quantity: 1 }]);
    expect(await gift.stock()).toEqual({ onHand: 9, reserved: 0 });
  });

  test('S1 two items of one SKU are exchanged in one parcel', async () => {
    const [a, b] = [await goods(500, 20), await goods(500, 20)];
    const room = await roomOf(a.product, b.product);
    const parts = [{ skuId: a.product.sku.id }, { skuId: b.product.sku.id }];
    const bundle = await bundleIn(room, { priceFen: 900, parts });
    const bella = brand.consumers.bella;
    const order = (
      await buy(room, bella, {
        lines: [shelfLine(a.product, 2)],
        bundles: [{ bundleId: bundle.id, quantity: 1, seenPriceFen: 900 }],
      })
    ).body;
    await sentOrder(order, bella);
    const items = order.items.flatMap(({ id, skuId }) =>
      skuId === a.product.sku.id ? { itemId: id, quantity: 1 } : [],
    );
    expect(items).toHaveLength(2);
    const body = { kind: 'exchange', reason: 'damaged', items } as never;
    const made = await api.ok(requestAfterSale, { as: bella, params: { id: order.id }, body });
    await comeBack(bella, made, []);
    const params = { id: made.id };
    await api.ok(replaceAfterSale, { as: manager(), params, body: { trackingNo: 'SF300' } });
    expect(await a.stock()).toEqual({ onHand: 15, reserved: 0 });
  });
});

test('Z1 the page a buyer saw is kept when it was one of that product; what nobody ever showed is not', async () => {
  const [one, two] = [await goods(500, 20), await goods(500, 20)];
  const { sql } = api.api.platform.db;
  const hashOf = async ({ id }: FixtureProduct) => {
    const [row] = await sql<{ hash: string }>`SELECT snapshot_hash AS hash FROM products WHERE id = ${id}`;
    return row?.hash ?? '';
  };
  const rename = (title: string) =>
    api.ok(patchProduct, { as: brand.staff.admin, params: { id: one.product.id }, body: { title } });
  await rename('从前的名字');
  await api.ok(patchProduct, { as: brand.staff.admin, params: { id: two.product.id }, body: { title: '另一件' } });
  const [before, others] = [await hashOf(one.product), await hashOf(two.product)];
  await rename('现在的名字');
  const sku = { productId: one.product.id, snapshotHash: await hashOf(one.product) };
  expect(before).not.toBe(sku.snapshotHash);
  const now = sku.snapshotHash;
  const room = await roomOf(one.product, two.product);
  const { anna } = brand.consumers;
  /** The page that the item of the first product keeps; with a further line the order is not placed together with others. */
  const kept = async (seen: string | undefined, further: boolean) => {
    const line = { ...shelfLine(one.product), ...(seen === undefined ? {} : { seenSnapshotHash: seen }) };
    const lines = [line, ...(further ? [shelfLine(two.product)] : [])];
    const { id } = (await buy(room, anna, { lines })).body;
    const [item] = await sql<{ hash: string }>`
      SELECT snapshot_hash AS hash FROM order_items WHERE order_id = ${id} AND product_id = ${one.product.id}`;
    return item?.hash;
  };
  const seen = [before, others, 'f'.repeat(64), undefined];
  for (const further of [false, true]) {
    const pages: (string | undefined)[] = [];
    for (const hash of seen) pages.push(await kept(hash, further));
    expect(pages).toEqual([before, now, now, now]);
  }
  const bag = await api.ok(getBag, { as: anna, params: { id: room.id } });
  expect(bag.items.find(({ product }) => product.id === one.product.id)?.product.pageHash).toBe(now);
});

test('the audit tells of bundles and gifts that orders do not agree with', async () => {
  const [main, gift] = [await goods(9_900, 10), await goods(1_900, 10)];
  const room = await roomOf(main.product, gift.product);
  const { sku } = main.product;
  const offer = await open(room, {
    skuId: sku.id,
    priceFen: 8_800,
    gift: { skuId: gift.product.sku.id, per: 1, cap: 9 },
  });
  const bundle = await bundleIn(room, {
    ...{ priceFen: 10_000, perPersonLimit: 5 },
    parts: [{ skuId: sku.id }, { skuId: gift.product.sku.id }],
  });
  const bought = await buy(room, brand.consumers.anna, {
    lines: [{ skuId: sku.id, quantity: 1, offerId: offer.id, offerVersion: 1, seenPriceFen: 8_800 }],
    bundles: [{ bundleId: bundle.id, quantity: 1, seenPriceFen: 10_000 }],
  });
  expect(bought.status).toBe(201);
  const { db } = api.api.platform;
  const told = async (by: number) => {
    await db.sql`UPDATE bundles SET taken = taken + ${by} WHERE id = ${bundle.id}`;
    await db.sql`UPDATE bundle_purchases SET quantity = quantity + ${by} WHERE bundle_id = ${bundle.id}`;
    await db.sql`UPDATE order_bundles SET price_fen = price_fen + ${by} WHERE bundle_id = ${bundle.id}`;
    await db.sql`UPDATE offers SET gift_taken = gift_taken + ${by} WHERE id = ${offer.id}`;
    return (await auditOrders(db)).map((line) => line.replace(/[0-9a-f-]{36}|order \S+/g, '·'));
  };
  expect(await told(1)).toEqual([
    'bundle ·: taken 2, orders say 1',
    'bundle · person ·: 2, orders say 1',
    '· bundle ·: costs 10001, its pieces 10000',
    'gift of offer ·: taken 2, orders say 1',
  ]);
  expect(await told(-1)).toEqual([]);
});

test('S2 bundles are given back in the order in which they are taken', async () => {
  const [a, b] = [await goods(500, 20), await goods(500, 20)];
  const room = await roomOf(a.product, b.product);
  const parts = [{ skuId: a.product.sku.id }, { skuId: b.product.sku.id }];
  const made = [await bundleIn(room, { priceFen: 900, parts }), await bundleIn(room, { priceFen: 800, parts })];
  const [first, second] = made.map(({ id }) => id).sort();
  const anna = brand.consumers.anna;
  const bundles = made.map(({ id, priceFen }) => ({ bundleId: id, quantity: 1, seenPriceFen: priceFen }));
  const order = (await buy(room, anna, { bundles })).body;
  const { db } = api.api.platform;
  // The rows stand in the other order now: a plan that goes by them would begin with the second bundle.
  await db.sql`UPDATE order_bundles SET quantity = quantity WHERE bundle_id = ${first}`;
  await db.sql`UPDATE bundles SET title = title WHERE id = ${first}`;
  await db.transaction(async (tx) => {
    await tx`SELECT 1 FROM bundles WHERE id = ${first} FOR UPDATE`;
    const cancelled = cancel(anna, order);
    const waiting = async () => {
      const [row] = await db.sql<{ n: number }>`SELECT count(*)::int AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE '%bundles%'`;
      expect(row?.n).toBe(1);
    };
    await eventually(waiting);
    // Whoever waits for the first does not hold the second.
    await tx`SELECT 1 FROM bundles WHERE id = ${second} FOR UPDATE NOWAIT`;
    tx.afterCommit(async () => void (await cancelled));
  });
  await eventually(async () => expect(await a.stock()).toEqual({ onHand: 20, reserved: 0 }));
});
