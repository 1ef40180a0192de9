import { randomUUID } from 'node:crypto';
import { patchOffer, placeOrder } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Brand,
  FIXTURE_STOCK,
  type FixtureRoom,
  makeConsumer,
  makeOffer,
  makeProduct,
  makeRoom,
  makeStock,
  readStock,
  seedBrand,
} from '../../testing/fixtures.ts';
import { expectBooksRight, offerLine, place, shelfLine, TEST_ADDRESS, tryPlace } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const sql = (...args: Parameters<TestApi['api']['platform']['db']['sql']>) => api.api.platform.db.sql(...args);
/** A product of its own with stock at store A, in a room of its own. */
async function shelf(pieces: number, priceFen = 9_900) {
  const product = await makeProduct(api, `核桃 ${randomUUID().slice(0, 8)}`, { priceFen });
  await makeStock(api, product.sku.id, brand.stores.a, pieces);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  return { product, room, stock: () => readStock(api, product.sku.id, brand.stores.a) };
}
const buyers = (count: number) => Promise.all(Array.from({ length: count }, (_, n) => makeConsumer(api, `买家${n}`)));
async function rowsOf(room: FixtureRoom) {
  const [row] = await api.api.platform.db.sql<{ orders: number; payments: number; credits: number; events: number }>`
    SELECT (SELECT count(*)::int FROM orders WHERE room_id = ${room.id}) AS orders,
      (SELECT count(*)::int FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.room_id = ${room.id}) AS payments,
      (SELECT count(*)::int FROM order_credits c JOIN orders o ON o.id = c.order_id WHERE o.room_id = ${room.id}) AS credits,
      (SELECT count(*)::int FROM outbox WHERE room_id = ${room.id}) AS events`;
  return row;
}
const tally = (answers: { status: number; problem: { code?: string } }[]) => {
  const counts: Record<string, number> = {};
  for (const { status, problem } of answers) {
    const name = status === 201 ? 'placed' : (problem.code ?? String(status));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

describe('S1 stock', () => {
  it('S1 50 parallel buyers of 10 pieces: exactly 10 orders', async () => {
    const { product, room, stock } = await shelf(10);
    const people = await buyers(50);
    const answers = await Promise.all(people.map((buyer) => tryPlace(api, buyer, room, [shelfLine(product)])));
    expect(tally(answers)).toEqual({ placed: 10, out_of_stock: 40 });
    expect(await stock()).toEqual({ onHand: 10, reserved: 10 });
    const { events = 0, ...rows } = (await rowsOf(room)) ?? {};
    expect(rows).toEqual({ orders: 10, payments: 10, credits: 10 });
    // Orders that were placed together tell once what is left.
    expect(events).toBeGreaterThan(0);
    expect(events).toBeLessThanOrEqual(10);
    await expectBooksRight(api);
  });

  it('S1 the database itself refuses to hold more than there is', async () => {
    const { product } = await shelf(1);
    await expect(sql`UPDATE stocks SET reserved = 2 WHERE sku_id = ${product.sku.id}`).rejects.toThrow(/stocks_s1/);
    await expect(sql`UPDATE stocks SET reserved = -1 WHERE sku_id = ${product.sku.id}`).rejects.toThrow(/stocks_s1/);
  });

  it('S1 a store without a row of its own sells from the nearest one above; one with a row only from that', async () => {
    const { family, kernels } = brand.products;
    const order = await place(api, brand.consumers.anna, brand.rooms.a, [shelfLine(family, 3)]);
    expect(order.totalFen).toBe(3 * 11_900);
    expect(await readStock(api, family.sku.id, brand.hq)).toEqual({ onHand: FIXTURE_STOCK.familyAtHq, reserved: 3 });
    const elsewhere = await tryPlace(api, brand.consumers.anna, brand.rooms.b, [shelfLine(kernels)]);
    expect(elsewhere.problem).toMatchObject({ code: 'out_of_stock', facts: { skuId: kernels.sku.id } });
    await makeStock(api, family.sku.id, brand.stores.b, 1);
    const tooMany = await tryPlace(api, brand.consumers.anna, brand.rooms.b, [shelfLine(family, 2)]);
    expect(tooMany.problem.code).toBe('out_of_stock');
  });
});

describe('S2 lines', () => {
  it('S2 two lines with the same SKU are one reservation, and more than there is takes nothing', async () => {
    const { product, room, stock } = await shelf(3);
    const [buyer] = await buyers(1);
    if (!buyer) throw new Error('no buyer');
    const refused = await tryPlace(api, buyer, room, [shelfLine(product, 2), shelfLine(product, 2)]);
    expect(refused.problem.code).toBe('out_of_stock');
    expect(await stock()).toEqual({ onHand: 3, reserved: 0 });
    const order = await place(api, buyer, room, [shelfLine(product, 1), shelfLine(product, 2)]);
    expect(order.items).toMatchObject([{ quantity: 3, amountFen: 29_700 }]);
    expect(await stock()).toEqual({ onHand: 3, reserved: 3 });
  });

  it('S2 two SKUs in opposite order never lock in a circle', async () => {
    const [one, two] = [await shelf(40), await shelf(40)];
    await sql`INSERT INTO bag_items (room_id, product_id, position) VALUES (${one.room.id}, ${two.product.id}, 1)`;
    const people = await buyers(30);
    const answers = await Promise.all(
      people.map((buyer, n) => {
        const lines = [shelfLine(one.product), shelfLine(two.product)];
        return tryPlace(api, buyer, one.room, n % 2 === 0 ? lines : lines.reverse());
      }),
    );
    expect(tally(answers)).toEqual({ placed: 30 });
    expect([await one.stock(), await two.stock()]).toEqual([
      { onHand: 40, reserved: 30 },
      { onHand: 40, reserved: 30 },
    ]);
    const [deadlocks] = await api.api.platform.db.sql<{ deadlocks: bigint }>`
      SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`;
    expect(deadlocks?.deadlocks).toBe(0n);
  });

  it('S2 a losing line leaves nothing of the winning one', async () => {
    const [much, little] = [await shelf(10), await shelf(1)];
    await sql`INSERT INTO bag_items (room_id, product_id, position) VALUES (${much.room.id}, ${little.product.id}, 1)`;
    const offer = await makeOffer(api, much.room, much.product.sku.id, { priceFen: 9_000, cap: 5, perPersonLimit: 5 });
    const [buyer] = await buyers(1);
    if (!buyer) throw new Error('no buyer');
    const lines = [offerLine(much.product, offer, 2), shelfLine(little.product, 2)];
    expect((await tryPlace(api, buyer, much.room, lines)).problem.code).toBe('out_of_stock');
    expect([await much.stock(), await little.stock()]).toEqual([
      { onHand: 10, reserved: 0 },
      { onHand: 1, reserved: 0 },
    ]);
    expect(await sql`SELECT 1 FROM offer_purchases WHERE offer_id = ${offer.id}`).toEqual([]);
    expect(await sql`SELECT taken FROM offers WHERE id = ${offer.id}`).toEqual([{ taken: 0 }]);
    expect(await rowsOf(much.room)).toEqual({ orders: 0, payments: 0, credits: 0, events: 0 });
  });
});

describe('S4 offers', () => {
  it('S4 price, version and terms are kept in the item, and the old price may be paid in the grace window only', async () => {
    const { product, room } = await shelf(20);
    const offer = await makeOffer(api, room, product.sku.id, { priceFen: 8_000, cap: 10, perPersonLimit: 5 });
    const params = { id: offer.id };
    const [buyer] = await buyers(1);
    if (!buyer) throw new Error('no buyer');
    await api.ok(patchOffer, { as: brand.staff.a.guide, params, body: { priceFen: 8_500 } });
    const old = await place(api, buyer, room, [offerLine(product, offer)]);
    expect(old.items).toMatchObject([{ unitPriceFen: 8_000, offerId: offer.id, offerVersion: 1 }]);
    const [item] = await api.api.platform.db.sql<{ offer_terms: unknown }>`
      SELECT offer_terms FROM order_items WHERE order_id = ${old.id}`;
    expect(item?.offer_terms).toMatchObject({ priceFen: 8_000, cap: 10, perPersonLimit: 5, honoured: 'grace' });
    api.clock.advanceSeconds(api.api.platform.config.PRICE_GRACE_SECONDS + 1);
    const late = await tryPlace(api, buyer, room, [offerLine(product, offer)]);
    expect(late.problem).toMatchObject({
      code: 'price_changed',
      facts: { skuId: product.sku.id, priceFen: 8_500, offerId: offer.id, offerVersion: 2 },
    });
    const now = await place(api, buyer, room, [offerLine(product, { ...offer, version: 2, priceFen: 8_500 })]);
    expect(now.items).toMatchObject([{ unitPriceFen: 8_500, offerVersion: 2 }]);
    await api.ok(patchOffer, { as: brand.staff.a.guide, params, body: { state: 'closed' } });
    const closed = await tryPlace(api, buyer, room, [offerLine(product, { ...offer, version: 2, priceFen: 8_500 })]);
    expect(closed.problem).toMatchObject({ code: 'offer_not_open', facts: { priceFen: 9_900, offerId: null } });
  });
});

describe('S5 caps and limits', () => {
  it('S5 50 parallel requests of one person with limit 2: exactly 2', async () => {
    const { product, room, stock } = await shelf(100);
    const offer = await makeOffer(api, room, product.sku.id, { priceFen: 5_000, perPersonLimit: 2 });
    const [buyer] = await buyers(1);
    if (!buyer) throw new Error('no buyer');
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => tryPlace(api, buyer, room, [offerLine(product, offer)])),
    );
    expect(tally(answers)).toEqual({ placed: 2, limit_exceeded: 48 });
    expect(await stock()).toEqual({ onHand: 100, reserved: 2 });
    expect(await sql`SELECT quantity FROM offer_purchases WHERE offer_id = ${offer.id}`).toEqual([{ quantity: 2 }]);
    await place(api, buyer, room, [shelfLine(product)]); // the shelf price has no limit
    await expectBooksRight(api);
  });

  it('S5 30 parallel buyers of an offer capped at 7: exactly 7, each within the limit', async () => {
    const { product, room } = await shelf(100);
    const offer = await makeOffer(api, room, product.sku.id, { priceFen: 5_000, cap: 7, perPersonLimit: 1 });
    const people = await buyers(15);
    const answers = await Promise.all(
      [...people, ...people].map((buyer) => tryPlace(api, buyer, room, [offerLine(product, offer)])),
    );
    const counts = tally(answers);
    expect(counts.placed).toBe(7);
    expect((counts.offer_sold_out ?? 0) + (counts.limit_exceeded ?? 0)).toBe(23);
    expect(await sql`SELECT taken FROM offers WHERE id = ${offer.id}`).toEqual([{ taken: 7 }]);
    await expectBooksRight(api);
  });

  it('S5 one order above the limit is refused as a whole', async () => {
    const { product, room } = await shelf(100);
    const offer = await makeOffer(api, room, product.sku.id, { priceFen: 5_000, perPersonLimit: 2 });
    const [buyer] = await buyers(1);
    if (!buyer) throw new Error('no buyer');
    expect((await tryPlace(api, buyer, room, [offerLine(product, offer, 3)])).problem.code).toBe('limit_exceeded');
    await place(api, buyer, room, [offerLine(product, offer, 2)]);
    expect((await tryPlace(api, buyer, room, [offerLine(product, offer, 1)])).problem.code).toBe('limit_exceeded');
  });
});

describe('M3 Idempotency-Key', () => {
  it('M3 the same key again: one order, the same answer; another payload: refused', async () => {
    const { product, room, stock } = await shelf(5);
    const [buyer, other] = await buyers(2);
    if (!buyer || !other) throw new Error('no buyers');
    const key = randomUUID();
    const first = await tryPlace(api, buyer, room, [shelfLine(product)], key);
    const second = await tryPlace(api, buyer, room, [shelfLine(product)], key);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    const changed = await tryPlace(api, buyer, room, [shelfLine(product, 2)], key);
    expect([changed.status, changed.problem.code]).toEqual([422, 'idempotency_key_reused']);
    expect((await tryPlace(api, other, room, [shelfLine(product)], key)).body.id).not.toBe(first.body.id);
    expect(await stock()).toEqual({ onHand: 5, reserved: 2 });
  });

  it('M3 the same key 20 times at once: one order; the others get the same answer or are told to wait', async () => {
    const { product, room, stock } = await shelf(50);
    const [buyer] = await buyers(1);
    if (!buyer) throw new Error('no buyer');
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => tryPlace(api, buyer, room, [shelfLine(product)], key)),
    );
    const placed = answers.filter((answer) => answer.status === 201);
    expect(new Set(placed.map((answer) => answer.body.id)).size).toBe(1);
    for (const answer of answers.filter((one) => one.status !== 201))
      expect([answer.status, answer.problem.code]).toEqual([409, 'request_in_flight']);
    expect(await stock()).toEqual({ onHand: 50, reserved: 1 });
    const after = await tryPlace(api, buyer, room, [shelfLine(product)], key);
    expect(after.body).toEqual(placed[0]?.body);
  });

  it('M3 without a key: refused; after a refusal the same key may be used', async () => {
    const { product, room } = await shelf(1);
    const [buyer] = await buyers(1);
    if (!buyer) throw new Error('no buyer');
    const body = { roomId: room.id, lines: [shelfLine(product)], address: TEST_ADDRESS };
    const token = await api.token(buyer);
    const bare = await fetch(`${api.url}/api/v1/orders`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect([bare.status, await bare.json()]).toMatchObject([400, { code: 'idempotency_key_missing' }]);
    const key = randomUUID();
    expect((await tryPlace(api, buyer, room, [shelfLine(product, 2)], key)).problem.code).toBe('out_of_stock');
    expect((await tryPlace(api, buyer, room, [shelfLine(product)], key)).status).toBe(201);
  });
});

describe('who may place what, where', () => {
  it('only in a live room, only what lies in its bag and is on sale', async () => {
    const { product, room } = await shelf(5);
    const [buyer] = await buyers(1);
    if (!buyer) throw new Error('no buyer');
    const code = async (where: FixtureRoom) => (await tryPlace(api, buyer, where, [shelfLine(product)])).problem.code;
    expect(await code(brand.rooms.scheduledA)).toBe('room_not_live');
    expect(await code(brand.rooms.b)).toBe('not_found');
    expect(await code({ ...room, id: randomUUID() })).toBe('not_found');
    await sql`UPDATE products SET status = 'off_sale' WHERE id = ${product.id}`;
    expect(await code(room)).toBe('not_found');
    await sql`UPDATE products SET status = 'on_sale' WHERE id = ${product.id}`;
    await sql`UPDATE skus SET active = false WHERE id = ${product.sku.id}`;
    expect(await code(room)).toBe('not_found');
    await sql`UPDATE skus SET active = true WHERE id = ${product.sku.id}`;
    await sql`UPDATE rooms SET state = 'ended' WHERE id = ${room.id}`;
    expect(await code(room)).toBe('room_not_live');
  });

  it('nobody who is banned in the room, until the ban is lifted or over', async () => {
    const { product, room } = await shelf(5);
    const [buyer] = await buyers(1);
    if (!buyer) throw new Error('no buyer');
    await sql`INSERT INTO room_moderation (id, room_id, person_id, kind, reason, by_id, at, until)
      VALUES (${randomUUID()}, ${room.id}, ${buyer.personId}, 'ban', '', ${room.host.personId}, ${api.clock.now()}, ${new Date(api.clock.now().getTime() + 60_000)})`;
    expect((await tryPlace(api, buyer, room, [shelfLine(product)])).problem.code).toBe('banned');
    api.clock.advanceSeconds(61);
    expect((await tryPlace(api, buyer, room, [shelfLine(product)])).status).toBe(201);
  });

  it('nobody whose guest self was banned before signing in', async () => {
    const { product, room } = await shelf(5);
    const [buyer] = await buyers(1);
    if (!buyer) throw new Error('no buyer');
    const guestId = randomUUID();
    await sql`INSERT INTO people (id, kind, name, merged_into, created_at) VALUES (${guestId}, 'guest', '访客', ${buyer.personId}, ${api.clock.now()})`;
    await sql`INSERT INTO room_moderation (id, room_id, person_id, kind, reason, by_id, at)
      VALUES (${randomUUID()}, ${room.id}, ${guestId}, 'ban', '', ${room.host.personId}, ${api.clock.now()})`;
    expect((await tryPlace(api, buyer, room, [shelfLine(product)])).problem.code).toBe('banned');
  });

  it('neither guests nor staff', async () => {
    const { product, room } = await shelf(5);
    const body = { roomId: room.id, lines: [shelfLine(product)], address: TEST_ADDRESS };
    expect((await api.call(placeOrder, { as: brand.guest, body })).status).toBe(401);
    expect((await api.call(placeOrder, { as: brand.staff.a.guide, body })).status).toBe(403);
  });
});
