/** Attacks on stock, offers, keys and prices, over HTTP at once. Each title: the known mistake · the rules: the attack. */
import { randomUUID } from 'node:crypto';
import { adjustStock, cancelOrder, openBundle, openOffer, patchOffer, patchProduct } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../platform/principal.ts';
import { type Brand, makeOffer, seedBrand } from '../testing/fixtures.ts';
import { enterRoom } from '../testing/room-client.ts';
import { eventually, expectBooksRight, offerLine, place, shelfLine, type TestLine } from '../testing/shop.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import {
  atOnce,
  behind,
  buy,
  crowd,
  deadlocks,
  expectOnly,
  goods,
  roomOf,
  rowsOf,
  shelf,
  somebody,
  tally,
  won,
} from './crowd.ts';

let api: TestApi;
let brand: Brand;
let rows: ReturnType<typeof rowsOf>;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  rows = rowsOf(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const guide = () => brand.staff.a.guide;
const cancel = (as: Principal, id: string) => api.call(cancelOrder, { as, params: { id }, body: { reason: '' } });
const patch = (id: string, body: object) => api.call(patchOffer, { as: guide(), params: { id }, body });
const adjust = (skuId: string, delta: number) =>
  api.call(adjustStock, {
    ...{ as: brand.staff.a.manager, params: { id: skuId } },
    body: { orgUnitId: brand.stores.a.id, delta, reason: '盘点' },
  });
const takenOf = async (offerId: string) =>
  (await rows<{ taken: number }>`SELECT taken FROM offers WHERE id = ${offerId}`)[0]?.taken;
const ordersIn = async (room: { id: string }) =>
  (await rows<{ n: number }>`SELECT count(*)::int AS n FROM orders WHERE room_id = ${room.id}`)[0]?.n;

describe('the last pieces', () => {
  it('check then use · S1 S5: the last piece by 60, half of them under an offer', async () => {
    // Reads "one left" sixty times; or leaves the losers' pieces counted under the offer's cap.
    const { product, room, stock } = await shelf(api, brand, 2);
    const offer = await makeOffer(api, room, product.sku.id, { priceFen: 5_000, cap: 30, perPersonLimit: 1 });
    const [first, ...people] = await crowd(api, 61);
    const lines = [[shelfLine(product)], [offerLine(product, offer)]];
    // One goes ahead and takes the other piece; all who come meanwhile are told that there is one.
    const answers = await behind(
      ...([api, product.sku.id] as const),
      () => buy(api, first as Principal, room, { lines: [shelfLine(product)] }),
      () => atOnce(60, (n) => buy(api, people[n] as Principal, room, { lines: lines[n % 2] ?? [] })),
    );
    expect(tally(answers)).toEqual({ ok: 1, out_of_stock: 59 });
    expect(await stock()).toEqual({ onHand: 2, reserved: 2 });
    const [winner] = won(answers);
    expect(await takenOf(offer.id)).toBe(winner?.body.items[0]?.offerId === offer.id ? 1 : 0);
    expect(await ordersIn(room)).toBe(2);
    await expectBooksRight(api);
  });

  it('check then use · S3: a piece that comes back is sold once, and soon, while a crowd hammers', async () => {
    // Gives the piece back ten times for ten cancels; or remembers "sold out" for as long as somebody asks.
    const { product, room, stock } = await shelf(api, brand, 1);
    const holder = await somebody(api);
    const held = await place(api, holder, room, [shelfLine(product)]);
    const people = await crowd(api, 12);
    let gotIt = 0;
    let asked = 0;
    const hammering = atOnce(people.length, async (n) => {
      while (gotIt === 0) {
        const { status, problem } = await buy(api, people[n] as Principal, room, { lines: [shelfLine(product)] });
        asked++;
        if (status === 201) gotIt++;
        else expect(problem.code).toBe('out_of_stock');
      }
    });
    await eventually(async () => expect(asked).toBeGreaterThan(people.length));
    const cancels = await atOnce(10, () => cancel(holder, held.id));
    expect(tally(cancels)).toEqual({ ok: 1, state_conflict: 9 });
    await hammering;
    expect(gotIt).toBe(1);
    expect(await stock()).toEqual({ onHand: 1, reserved: 1 });
    await expectBooksRight(api);
  });

  it('stock in another transaction · S1: staff take pieces away in the middle of a crowd', async () => {
    // Writes `on_hand = what was read − 3`, or checks reserved pieces before they are held.
    const { product, room, stock } = await shelf(api, brand, 30);
    const people = await crowd(api, 45);
    const [answers, adjusted] = await Promise.all([
      atOnce(people.length, (n) => buy(api, people[n] as Principal, room, { lines: [shelfLine(product)] })),
      atOnce(8, () => adjust(product.sku.id, -3)),
    ]);
    expectOnly(answers, 'ok', 'out_of_stock');
    expectOnly(adjusted, 'ok', 'out_of_stock');
    const left = 30 - 3 * won(adjusted).length;
    expect(won(answers)).toHaveLength(left);
    expect(await stock()).toEqual({ onHand: left, reserved: left });
    await expectBooksRight(api);
  });

  it('stock in another transaction · S1 S2: bundles of two against single buyers of their part', async () => {
    // Counts bundles and pieces apart: a bundle is found to be left, its parts are sold.
    const [part, other] = [await goods(api, brand, 10, 500), await goods(api, brand, 100, 700)];
    const room = await roomOf(api, brand, part.product, other.product);
    const bundle = await api.ok(openBundle, {
      ...{ as: guide(), params: { id: room.id } },
      body: {
        ...{ title: '组合', priceFen: 1_500, durationSeconds: 600, cap: 20 },
        parts: [{ skuId: part.product.sku.id, quantity: 2 }, { skuId: other.product.sku.id }],
      },
    });
    const people = await crowd(api, 28);
    const answers = await atOnce(people.length, (n) =>
      buy(
        ...([api, people[n] as Principal, room] as const),
        n % 2
          ? { bundles: [{ bundleId: bundle.id, quantity: 1, seenPriceFen: 1_500 }] }
          : { lines: [shelfLine(part.product)] },
      ),
    );
    expectOnly(answers, 'ok', 'out_of_stock');
    const bundles = won(answers).filter(({ body }) => body.items.length === 2).length;
    const singles = won(answers).length - bundles;
    expect(2 * bundles + singles).toBe(10);
    expect([await part.stock(), await other.stock()]).toEqual([
      { onHand: 10, reserved: 10 },
      { onHand: 100, reserved: bundles },
    ]);
    expect(await rows`SELECT taken FROM bundles WHERE id = ${bundle.id}`).toEqual([{ taken: bundles }]);
    expect(await deadlocks(api)).toBe(0);
    await expectBooksRight(api);
  });

  it('check then use · S1 S2: the last gifts with a purchase, while the gift is also sold by itself', async () => {
    // Promises a gift per order it has read "left" for; or refuses the goods because the gift is gone.
    const [main, gift] = [await goods(api, brand, 100), await goods(api, brand, 3, 1_900)];
    const room = await roomOf(api, brand, main.product, gift.product);
    const offer = await api.ok(openOffer, {
      ...{ as: guide(), params: { id: room.id } },
      body: {
        ...{ skuId: main.product.sku.id, priceFen: 8_800, durationSeconds: 600 },
        gift: { skuId: gift.product.sku.id, per: 1, cap: 3 },
      },
    });
    const people = await crowd(api, 24);
    const answers = await atOnce(people.length, (n) =>
      buy(...([api, people[n] as Principal, room] as const), {
        lines: [n % 2 ? offerLine(main.product, { ...offer, priceFen: 8_800 }) : shelfLine(gift.product)],
      }),
    );
    const [ofMain, alone] = [answers.filter((_, n) => n % 2), answers.filter((_, n) => n % 2 === 0)];
    expect(tally(ofMain)).toEqual({ ok: 12 });
    expectOnly(alone, 'ok', 'out_of_stock');
    const given = ofMain.filter(({ body }) => body.items.length === 2).length;
    expect(given + won(alone).length).toBe(3);
    expect([await main.stock(), await gift.stock()]).toEqual([
      { onHand: 100, reserved: 12 },
      { onHand: 3, reserved: 3 },
    ]);
    await expectBooksRight(api);
  });

  it('circle of locks · S2: two SKUs in either order where one runs out, and single buyers of both', async () => {
    // Locks in the order of the lines: some die as victims, and what they held stays held.
    const [much, little] = [await goods(api, brand, 60, 500), await goods(api, brand, 9, 600)];
    const room = await roomOf(api, brand, much.product, little.product);
    const people = await crowd(api, 32);
    const both = [shelfLine(much.product), shelfLine(little.product)];
    const wishes: TestLine[][] = [both, both.toReversed(), [shelfLine(little.product)], [shelfLine(much.product)]];
    const answers = await atOnce(people.length, (n) =>
      buy(api, people[n] as Principal, room, { lines: wishes[n % 4] ?? [] }),
    );
    expectOnly(answers, 'ok', 'out_of_stock');
    const got = (kind: number) => won(answers.filter((_, n) => n % 4 === kind)).length;
    expect(got(3)).toBe(8);
    expect(got(0) + got(1) + got(2)).toBe(9);
    expect([await much.stock(), await little.stock()]).toEqual([
      { onHand: 60, reserved: 8 + got(0) + got(1) },
      { onHand: 9, reserved: 9 },
    ]);
    expect(await deadlocks(api)).toBe(0);
    await expectBooksRight(api);
  });
});

describe('limits and prices that move', () => {
  it('check then use · S5: one person, 40 orders at once, half by the old version of the offer and half by the new', async () => {
    // Counts the limit per version, or reads what the person holds before anybody has written it.
    const { product, room, stock } = await shelf(api, brand, 100);
    const old = await makeOffer(api, room, product.sku.id, { priceFen: 8_000, cap: 50, perPersonLimit: 2 });
    expect((await patch(old.id, { priceFen: 7_000 })).status).toBe(200);
    const now = { ...old, version: 2, priceFen: 7_000 };
    const greedy = await somebody(api);
    const answers = await atOnce(40, (n) => buy(api, greedy, room, { lines: [offerLine(product, n % 2 ? old : now)] }));
    expect(tally(answers)).toEqual({ ok: 2, limit_exceeded: 38 });
    for (const { body } of won(answers))
      expect(body.items[0]?.unitPriceFen).toBe(body.items[0]?.offerVersion === 1 ? 8_000 : 7_000);
    expect(await takenOf(old.id)).toBe(2);
    expect(await stock()).toEqual({ onHand: 100, reserved: 2 });
    await expectBooksRight(api);
  });

  it('check then use · S5 S7: an offer is closed in the middle of a crowd', async () => {
    // Asks "open?" first and counts later: orders slip in after the close was confirmed.
    const { product, room, stock } = await shelf(api, brand, 100);
    const offer = await makeOffer(api, room, product.sku.id, { priceFen: 5_000, cap: 90, perPersonLimit: 1 });
    const people = await crowd(api, 60);
    const wish = { lines: [offerLine(product, offer)] };
    const first = atOnce(30, (n) => buy(api, people[n] as Principal, room, wish));
    const [closed, second] = await Promise.all([
      patch(offer.id, { state: 'closed' }),
      atOnce(15, (n) => buy(api, people[30 + n] as Principal, room, wish)),
    ]);
    expect(closed.status).toBe(200);
    const late = await atOnce(15, (n) => buy(api, people[45 + n] as Principal, room, wish));
    const answers = [...(await first), ...second];
    expect(tally(late)).toEqual({ offer_not_open: 15 });
    expectOnly(answers, 'ok', 'offer_not_open');
    const sold = won(answers).length;
    expect(await takenOf(offer.id)).toBe(sold);
    expect(await stock()).toEqual({ onHand: 100, reserved: sold });
    await expectBooksRight(api);
  });

  it('check then use · S5: the cap is lowered in the middle of a crowd', async () => {
    // Compares the new cap with a count it read before: in the end more is taken than the cap that was confirmed.
    const { product, room, stock } = await shelf(api, brand, 100);
    const offer = await makeOffer(api, room, product.sku.id, { priceFen: 5_000, cap: 25, perPersonLimit: 1 });
    const people = await crowd(api, 40);
    const one = (n: number) => buy(api, people[n] as Principal, room, { lines: [offerLine(product, offer)] });
    const early = await atOnce(4, one);
    // A fifth has its piece of the offer, and has not committed, when the cap is to be four.
    const [refused] = await behind(
      ...([api, product.sku.id] as const),
      () => one(4),
      () => Promise.all([patch(offer.id, { cap: 4 })]),
    );
    expect(refused.problem).toMatchObject({ code: 'state_conflict', facts: { taken: 5 } });
    const [rest, lowered] = await Promise.all([atOnce(35, (n) => one(5 + n)), patch(offer.id, { cap: 10 })]);
    expectOnly([lowered], 'ok', 'state_conflict');
    expectOnly([...early, ...rest], 'ok', 'offer_sold_out');
    const cap = lowered.status === 200 ? 10 : 25;
    expect(won([...early, ...rest])).toHaveLength(cap - 1);
    expect(await takenOf(offer.id)).toBe(cap);
    expect(await stock()).toEqual({ onHand: 100, reserved: cap });
    await expectBooksRight(api);
  });

  it('price nobody saw · S4: offer and shelf price rise in the middle of a crowd', async () => {
    // Takes the price of the moment of booking: people pay what no screen of theirs has shown.
    const { product, room } = await shelf(api, brand, 100, 9_000);
    const offer = await makeOffer(api, room, product.sku.id, { priceFen: 5_000, cap: 90, perPersonLimit: 2 });
    const raised = { ...offer, version: 2, priceFen: 6_000 };
    const people = await crowd(api, 40);
    const wishes = [
      offerLine(product, offer),
      offerLine(product, raised),
      shelfLine(product),
      { ...shelfLine(product), seenPriceFen: 9_500 },
      { ...offerLine(product, offer), seenPriceFen: 4_900 }, // a screen that is wrong
    ];
    const [answers] = await Promise.all([
      atOnce(40, (n) => buy(api, people[n] as Principal, room, { lines: [wishes[n % 5] as TestLine] })),
      patch(offer.id, { priceFen: 6_000 }),
      api.ok(patchProduct, {
        ...{ as: brand.staff.operations, params: { id: product.id } },
        body: { skus: [{ id: product.sku.id, name: product.sku.name, priceFen: 9_500 }] },
      }),
    ]);
    expectOnly(answers, 'ok', 'price_changed');
    for (const [n, { status, body }] of answers.entries())
      if (status === 201) expect(body.items[0]?.unitPriceFen).toBe(wishes[n % 5]?.seenPriceFen);
    // Whoever saw the old offer price is in the grace window; after it nobody pays it.
    expect(tally(answers.filter((_, n) => n % 5 === 0))).toEqual({ ok: 8 });
    expect(tally(answers.filter((_, n) => n % 5 === 4))).toEqual({ price_changed: 8 });
    api.clock.advanceSeconds(api.api.platform.config.PRICE_GRACE_SECONDS + 1);
    const late = await atOnce(10, (n) =>
      buy(api, people[n] as Principal, room, { lines: [offerLine(product, offer)] }),
    );
    expect(tally(late)).toEqual({ price_changed: 10 });
    await expectBooksRight(api);
  });
});

describe('people and keys', () => {
  it('banned, and back · S7: somebody is banned in the middle of their orders', async () => {
    // Believes the token, which still says who they are: orders come in after the ban was confirmed.
    const { product, room, stock } = await shelf(api, brand, 100);
    const rude = await somebody(api);
    await using host = await enterRoom(api, room.id, guide());
    const order = () => buy(api, rude, room, { lines: [shelfLine(product)] });
    const storm = atOnce(15, order);
    const [banned, during] = await Promise.all([
      host.ask('viewer:ban', { personId: rude.personId, reason: '刷屏' }),
      atOnce(5, order),
    ]);
    expect(banned).toMatchObject({ ok: true });
    const after = await atOnce(10, order);
    expect(tally(after)).toEqual({ banned: 10 });
    const before = [...(await storm), ...during];
    expectOnly(before, 'ok', 'banned');
    expect(await stock()).toEqual({ onHand: 100, reserved: won(before).length });
    await expectBooksRight(api);
  });

  it('double click · M3: one key 30 times with three bodies, two rooms and two ways of being placed', async () => {
    // Guards the key per room or per way of placing, or looks it up before the answer of the first is there.
    const [one, two] = [await shelf(api, brand, 50), await shelf(api, brand, 50)];
    const both = await roomOf(api, brand, one.product, two.product);
    const buyer = await somebody(api);
    const key = randomUUID();
    const wishes = [
      { room: one.room, lines: [shelfLine(one.product)] },
      { room: two.room, lines: [shelfLine(two.product)] },
      { room: both, lines: [shelfLine(one.product), shelfLine(two.product)] },
    ];
    const send = (n: number) => {
      const wish = wishes[n % 3];
      if (!wish) throw new Error('no wish');
      return buy(api, buyer, wish.room, { lines: wish.lines }, key);
    };
    const answers = await atOnce(30, send);
    expectOnly(answers, 'ok', 'request_in_flight', 'idempotency_key_reused');
    expect(new Set(won(answers).map(({ body }) => body.id)).size).toBe(1);
    const again = [await send(0), await send(1), await send(2)];
    expect(tally(again)).toEqual({ ok: 1, idempotency_key_reused: 2 });
    expect(won(again)[0]?.body).toEqual(won(answers)[0]?.body);
    expect(await rows`SELECT 1 FROM orders WHERE person_id = ${buyer.personId}`).toHaveLength(1);
    await expectBooksRight(api);
  });

  it('double click · M3: the last piece under one key 30 times; its refusal takes nothing from anybody', async () => {
    // Stores "sold out" under the key, or answers the loser's key with the winner's order.
    const { product, room, stock } = await shelf(api, brand, 1);
    const [first, second] = await crowd(api, 2);
    if (!first || !second) throw new Error('nobody');
    const key = randomUUID();
    const answers = await atOnce(30, (n) =>
      buy(api, n % 2 ? first : second, room, { lines: [shelfLine(product)] }, key),
    );
    expectOnly(answers, 'ok', 'request_in_flight', 'out_of_stock');
    expect(new Set(won(answers).map(({ body }) => body.id)).size).toBe(1);
    const winner = won(answers)[0]?.body;
    const [loser, owner] = winner?.buyer?.id === first.personId ? [second, first] : [first, second];
    await cancel(owner, winner?.id ?? '');
    await eventually(async () => {
      const mine = await buy(api, loser, room, { lines: [shelfLine(product)] }, key);
      expect(mine.status).toBe(201);
      expect(mine.body.id).not.toBe(winner?.id);
    });
    expect((await buy(api, owner, room, { lines: [shelfLine(product)] }, key)).body.id).toBe(winner?.id);
    expect(await stock()).toEqual({ onHand: 1, reserved: 1 });
    await expectBooksRight(api);
  });
});
