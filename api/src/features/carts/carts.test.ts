import { checkoutCart, getCart, getOrder, putCartLine } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import {
  type Brand,
  type FixtureProduct,
  type FixtureRoom,
  makeConsumer,
  makeGuest,
  makeOffer,
  makeProduct,
  makeRoom,
  makeStock,
  seedBrand,
} from '../../testing/fixtures.ts';
import { expectBooksRight, TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { mergeCarts } from './index.ts';

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

const put = (
  as: Principal,
  room: FixtureRoom,
  product: FixtureProduct,
  quantity: number,
  seenPriceFen = product.sku.priceFen,
) => api.call(putCartLine, { as, body: { roomId: room.id, skuId: product.sku.id, quantity, seenPriceFen } });
const cart = (as: Principal) => api.ok(getCart, { as });
const lineOf = (
  product: FixtureProduct,
  quantity: number,
  offer?: { id: string; version: number; priceFen: number },
) => ({
  ...{ skuId: product.sku.id, quantity, seenPriceFen: offer?.priceFen ?? product.sku.priceFen },
  ...(offer ? { offerId: offer.id, offerVersion: offer.version } : {}),
});
const checkout = (as: Principal, room: FixtureRoom, lines: ReturnType<typeof lineOf>[], key?: string) =>
  api.call(checkoutCart, { as, ...(key ? { key } : {}), body: { roomId: room.id, lines, address: TEST_ADDRESS } });

it('keeps lines of several rooms apart, whoever looks at it from where', async () => {
  const { milk, family } = brand.products;
  const person = await makeConsumer(api);
  await put(person, brand.rooms.a, milk, 2);
  await put(person, brand.rooms.a, milk, 3);
  await put(person, brand.rooms.b, milk, 1);
  await put(person, brand.rooms.b, family, 1);
  const seen = await cart(person);
  expect(seen.pieces).toBe(5);
  expect(new Map(seen.groups.map(({ roomId, lines }) => [roomId, lines.length]))).toEqual(
    new Map([
      [brand.rooms.b.id, 2],
      [brand.rooms.a.id, 1],
    ]),
  );
  expect((await put(person, brand.rooms.b, family, 0)).body.pieces).toBe(4);
  expect((await cart(brand.consumers.bella)).groups).toEqual([]);
  expect((await put(person, brand.rooms.b, { ...milk, sku: { ...milk.sku, id: crypto.randomUUID() } }, 1)).status).toBe(
    404,
  );
});

it('S4 prices are those of now, whatever they were when it was put in; what cannot be had says why', async () => {
  const person = await makeConsumer(api);
  const product = await makeProduct(api, '核桃礼盒', { priceFen: 9_900 });
  await makeStock(api, product.sku.id, brand.stores.a, 5);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  const { sql } = api.api.platform.db;
  await put(person, room, product, 4);
  const line = async () => (await cart(person)).groups[0]?.lines[0];
  expect(await line()).toMatchObject({ unitPriceFen: 9_900, offer: null, problem: null, most: 5 });
  const offer = await makeOffer(api, room, product.sku.id, { priceFen: 8_000, perPersonLimit: 3 });
  expect(await line()).toMatchObject({
    ...{ unitPriceFen: 8_000, seenPriceFen: 9_900, offer: { id: offer.id, version: 1 }, problem: 'too_many', most: 3 },
  });
  await sql`UPDATE stocks SET on_hand = 0 WHERE sku_id = ${product.sku.id}`;
  expect(await line()).toMatchObject({ problem: 'sold_out', most: 0 });
  await sql`DELETE FROM bag_items WHERE room_id = ${room.id}`;
  expect(await line()).toMatchObject({ problem: 'not_sold', most: 0 });
  await sql`UPDATE rooms SET state = 'ended', ended_at = now() WHERE id = ${room.id}`;
  expect(await line()).toMatchObject({ problem: 'room_closed', offer: null, unitPriceFen: 9_900 });
});

it('M3 S2 lines of one room become one order, once, and leave the cart with it; what was not ordered stays', async () => {
  const { milk, family } = brand.products;
  const person = await makeConsumer(api);
  await put(person, brand.rooms.a, milk, 3);
  await put(person, brand.rooms.a, family, 1);
  const wanted = [lineOf(milk, 2), lineOf(family, 1)];
  const [first, again] = await Promise.all([
    checkout(person, brand.rooms.a, wanted, 'cart-once-0001'),
    checkout(person, brand.rooms.a, wanted, 'cart-once-0001'),
  ]);
  // In flight, or answered already by the time the other one came.
  expect([
    [201, 201],
    [201, 409],
  ]).toContainEqual([first.status, again.status].sort());
  const order = (first.status === 201 ? first : again).body;
  if (first.status === again.status) expect(again.body.id).toBe(first.body.id);
  expect(order.items.map(({ quantity }) => quantity).sort()).toEqual([1, 2]);
  expect((await api.ok(getOrder, { as: person, params: { id: order.id } })).state).toBe('pending_payment');
  const left = (await cart(person)).groups.flatMap(({ lines }) => lines);
  expect(left).toMatchObject([{ skuId: milk.sku.id, quantity: 1 }]);
});

it('a refused order leaves the cart as it was', async () => {
  const { milk } = brand.products;
  const person = await makeConsumer(api);
  await put(person, brand.rooms.a, milk, 2);
  const answer = await checkout(person, brand.rooms.a, [{ ...lineOf(milk, 2), seenPriceFen: 1 }]);
  expect(answer.problem.code).toBe('price_changed');
  expect((await cart(person)).pieces).toBe(2);
});

it('of a guest goes with them into their account, summed with what is there', async () => {
  const { milk, family } = brand.products;
  const [guest, person] = await Promise.all([makeGuest(api), makeConsumer(api)]);
  await put(guest, brand.rooms.a, milk, 2);
  await put(guest, brand.rooms.a, family, 1);
  await put(person, brand.rooms.a, milk, 5);
  await api.api.platform.db.transaction((tx) => mergeCarts(tx, guest.personId, person.personId));
  const quantities = new Map((await cart(person)).groups[0]?.lines.map(({ skuId, quantity }) => [skuId, quantity]));
  expect(quantities).toEqual(
    new Map([
      [milk.sku.id, 7],
      [family.sku.id, 1],
    ]),
  );
  expect((await cart(guest)).groups).toEqual([]);
});
