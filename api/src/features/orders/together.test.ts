import { randomUUID } from 'node:crypto';
import { cancelOrder, getOrder, orderCredit } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Brand,
  makeConsumer,
  makeGuest,
  makeOffer,
  makeProduct,
  makeRoom,
  makeStock,
  readStock,
  seedBrand,
} from '../../testing/fixtures.ts';
import { expectBooksRight, offerLine, shelfLine, tryPlace } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { takeInOrder } from './reservations.repository.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  // Whoever taps a thousand times in a second is not what is tested here.
  api = await startTestApi({ ADDRESS_RATE_FACTOR: '1000' });
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const db = () => api.api.platform.db;
async function shelf(pieces: number, priceFen = 9_900) {
  const product = await makeProduct(api, `核桃 ${randomUUID().slice(0, 8)}`, { priceFen });
  await makeStock(api, product.sku.id, brand.stores.a, pieces);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  return { product, room, stock: () => readStock(api, product.sku.id, brand.stores.a) };
}
const buyers = (count: number) => Promise.all(Array.from({ length: count }, (_, n) => makeConsumer(api, `买家${n}`)));
describe('orders placed together', () => {
  it('are what they would be alone: read again, the answer is the same; the credit is frozen with each', async () => {
    const { product, room } = await shelf(100);
    const people = await buyers(30);
    const placed = await Promise.all(people.map((buyer) => tryPlace(api, buyer, room, [shelfLine(product)])));
    expect(placed.every(({ status }) => status === 201)).toBe(true);
    for (const [n, { body }] of placed.entries()) {
      const buyer = people[n];
      if (!buyer) throw new Error('no buyer');
      expect(await api.ok(getOrder, { as: buyer, params: { id: body.id } })).toEqual(body);
      expect(body).toMatchObject({ buyer: { id: buyer.personId }, state: 'pending_payment', itemsFen: 9_900 });
      const why = await api.ok(orderCredit, { as: buyer, params: { id: body.id } });
      expect(why.credit).toEqual(body.credit);
    }
    expect(new Set(placed.map(({ body }) => body.orderNo)).size).toBe(30);
    // Everybody became the customer of the room's store, once.
    const bonds = await db().sql`SELECT 1 FROM owner_bindings
      WHERE customer_id = ANY(${people.map(({ personId }) => personId)}::uuid[]) AND ended_at IS NULL`;
    expect(bonds).toHaveLength(30);
    await expectBooksRight(api);
  });

  it('S1 nobody is refused whom the last pieces would still fit', async () => {
    const { product, room, stock } = await shelf(5);
    const wants = [3, 4, 1, 2, 1];
    const people = await buyers(wants.length);
    const answers = await Promise.all(
      people.map((buyer, n) => tryPlace(api, buyer, room, [shelfLine(product, wants[n])])),
    );
    const placed = (n: number) => answers[n]?.status === 201;
    const left = 5 - wants.reduce((sum, want, n) => sum + (placed(n) ? want : 0), 0);
    expect(left).toBeGreaterThanOrEqual(0);
    expect(wants.filter((want, n) => !placed(n) && want <= left)).toEqual([]);
    expect(await stock()).toEqual({ onHand: 5, reserved: 5 - left });
    await expectBooksRight(api);
  });

  it('S5 offers, limits and stock in one crowd: whoever loses one of the three has nothing of the others', async () => {
    const { product, room, stock } = await shelf(20);
    const offer = await makeOffer(api, room, product.sku.id, { priceFen: 6_900, cap: 25, perPersonLimit: 2 });
    const people = await buyers(30);
    const answers = await Promise.all(
      people.flatMap((buyer, n) => [
        tryPlace(api, buyer, room, [offerLine(product, offer, n % 3 === 0 ? 2 : 1)]),
        tryPlace(api, buyer, room, [offerLine(product, offer, 2)]),
      ]),
    );
    const sold = answers.reduce(
      (sum, { status, body }) => sum + (status === 201 ? (body.items[0]?.quantity ?? 0) : 0),
      0,
    );
    expect(sold).toBe(20);
    const codes = new Set(answers.filter(({ status }) => status !== 201).map(({ problem }) => problem.code));
    expect([...codes].every((code) => ['out_of_stock', 'limit_exceeded', 'offer_sold_out'].includes(code ?? ''))).toBe(
      true,
    );
    expect(await stock()).toEqual({ onHand: 20, reserved: 20 });
    const [row] = await db().sql<{ taken: number; held: bigint; most: number }>`
      SELECT o.taken, sum(p.quantity) AS held, max(p.quantity) AS most FROM offers o JOIN offer_purchases p ON p.offer_id = o.id
      WHERE o.id = ${offer.id} GROUP BY o.id`;
    expect(row).toEqual({ taken: 20, held: 20n, most: 2 });
    await expectBooksRight(api);
  });

  it('M3 whoever bought hears so again under their key, also while it is sold out; what comes back is sold again', async () => {
    const { product, room } = await shelf(1);
    const [winner, loser] = await buyers(2);
    const key = randomUUID();
    if (!winner || !loser) throw new Error('no buyers');
    const order = await tryPlace(api, winner, room, [shelfLine(product)], key);
    expect(order.status).toBe(201);
    for (let n = 0; n < 3; n++) {
      const refused = await tryPlace(api, loser, room, [shelfLine(product)]);
      expect([refused.status, refused.problem.code]).toEqual([409, 'out_of_stock']);
    }
    const again = await tryPlace(api, winner, room, [shelfLine(product)], key);
    expect(again).toMatchObject({ status: 201, body: { id: order.body.id } });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const other = await tryPlace(api, winner, room, [shelfLine(product, 2)], key);
    expect(other.problem.code).toBe('idempotency_key_reused');

    await api.ok(cancelOrder, { as: winner, params: { id: order.body.id }, body: { reason: '' } });
    await expect
      .poll(async () => (await tryPlace(api, loser, room, [shelfLine(product)])).status, { timeout: 5_000 })
      .toBe(201);
  });

  it('a session of a guest who became somebody is served beside the others', async () => {
    const { product, room } = await shelf(10);
    const people = await buyers(5);
    const guest = await makeGuest(api);
    const [somebody] = people;
    if (!somebody) throw new Error('no buyers');
    await db().sql`UPDATE people SET merged_into = ${somebody.personId} WHERE id = ${guest.personId}`;
    const former = { ...somebody, personId: guest.personId };
    const answers = await Promise.all(
      [former, ...people].map((buyer) => tryPlace(api, buyer, room, [shelfLine(product)])),
    );
    expect(answers.map(({ status }) => status).slice(1)).toEqual([201, 201, 201, 201, 201]);
    await expectBooksRight(api);
  });

  it('a crowd of 100 costs a few transactions, not a hundred', async () => {
    const { product, room } = await shelf(100);
    const people = await buyers(100);
    await Promise.all(people.map((buyer) => api.token(buyer)));
    const answers = await Promise.all(people.map((buyer) => tryPlace(api, buyer, room, [shelfLine(product)])));
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    const [row] = await db().sql<{ transactions: number }>`
      SELECT count(DISTINCT xmin::text)::int AS transactions FROM orders WHERE room_id = ${room.id}`;
    expect(row?.transactions).toBeLessThan(50);
    await expectBooksRight(api);
  });
});

it('S1 takeInOrder: whoever still fits gets theirs, also when the first one does not', async () => {
  const taking = (pieces: number) => {
    let left = pieces;
    return async (sums: readonly number[]) => {
      const granted = sums.filter((sum) => sum <= left).at(-1) ?? 0;
      left -= granted;
      return { granted, left };
    };
  };
  expect(await takeInOrder([2, 1, 1], taking(1))).toEqual({ granted: [false, true, false], left: 0 });
  expect(await takeInOrder([3, 4, 1, 2, 1], taking(5))).toEqual({ granted: [true, false, true, false, true], left: 0 });
  expect(await takeInOrder([2, 2], taking(0))).toEqual({ granted: [false, false], left: 0 });
});

describe('one by one', () => {
  it('S5 a buyer with many orders that are placed alone keeps nobody waiting', async () => {
    const { product, room } = await shelf(1_000);
    const [greedy, other] = await buyers(2);
    if (!greedy || !other) throw new Error('no buyers');
    // Two lines of the same goods in one order and another shelf: not plain, so placed alone, person by person.
    const second = await makeProduct(api, `仁 ${randomUUID().slice(0, 8)}`, { priceFen: 1_000 });
    await makeStock(api, second.sku.id, brand.stores.a, 1_000);
    await db().sql`INSERT INTO bag_items (room_id, product_id, position) VALUES (${room.id}, ${second.id}, 1)`;
    const many = Array.from({ length: 40 }, () => tryPlace(api, greedy, room, [shelfLine(product), shelfLine(second)]));
    const one = await tryPlace(api, other, room, [shelfLine(product)]);
    expect(one.status).toBe(201);
    const answers = await Promise.all(many);
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    await expectBooksRight(api);
  });
});
