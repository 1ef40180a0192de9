/** Coupons of people and in orders, over HTTP and a real database. Drops: drops.test.ts. */
import {
  cancelOrder,
  claimCoupon,
  createCouponKind,
  giveCoupon,
  listCouponKinds,
  myCoupons,
  openCoupons,
  orderCredit,
  placeOrder,
  refundOrder,
  shipOrder,
  stopCouponKind,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { couponTerms, giveCouponTo, makeCouponKind } from '../../testing/coupons.ts';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import {
  callback,
  capturedBody,
  eventually,
  expectBooksRight,
  payFor,
  shelfLine,
  startPaying,
  stateOf,
  TEST_ADDRESS,
  type TestLine,
  waitForState,
} from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { EXPIRY_JOB } from '../orders/index.ts';

const DAY_SECONDS = 86_400;

let api: TestApi;
let brand: Brand;
let buyer: Principal;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
beforeEach(async () => {
  buyer = await makeConsumer(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const claim = (kind: { id: string }, as: Principal = buyer) => api.call(claimCoupon, { as, body: { kindId: kind.id } });
const reasonOf = (answer: { problem: { code?: string; facts?: Record<string, unknown> | undefined } }) =>
  answer.problem.code === 'coupon_not_usable' ? answer.problem.facts?.reason : answer.problem.code;
const order = (couponId: string | undefined, lines: TestLine[], where = brand.rooms.a, as = buyer) =>
  api.call(placeOrder, {
    as,
    body: { roomId: where.id, lines, address: TEST_ADDRESS, ...(couponId === undefined ? {} : { couponId }) },
  });
const mineNow = async (as: Principal = buyer) => (await api.ok(myCoupons, { as })).items;
/** A family pack and three of milk: 119.00 + 3 × 5.90. */
const lines = () => [shelfLine(brand.products.family), shelfLine(brand.products.milk, 3)];
const refresh = async () => {
  await api.api.platform.db.sql`UPDATE stocks SET on_hand = 1000 + reserved`;
};

describe('S10 claims', () => {
  it('S10 300 people at once for 100 coupons: exactly 100, one each, the losers leave nothing', {
    timeout: 60_000,
  }, async () => {
    const kind = await makeCouponKind(api, brand, brand.stores.a, { listed: true });
    const people = await Promise.all(Array.from({ length: 150 }, () => makeConsumer(api)));
    const answers = await Promise.all([...people, ...people].map((person) => claim(kind, person)));
    const got = answers.filter(({ status }) => status === 201);
    expect(got).toHaveLength(100);
    expect(new Set(got.map(({ body }) => body.id)).size).toBe(100);
    for (const answer of answers)
      if (answer.status !== 201) expect(['all_claimed', 'limit_reached']).toContain(reasonOf(answer));
    const [counts] = await api.api.platform.db.sql`
      SELECT (SELECT claimed FROM coupon_kinds WHERE id = ${kind.id}) AS claimed,
        (SELECT count(*)::int FROM coupon_holders WHERE kind_id = ${kind.id}) AS holders`;
    expect(counts).toEqual({ claimed: 100, holders: 100 });
    await expectBooksRight(api);
  });

  it('N2 the terms are those of the claim: 30 days from then, of the unit and everything below it', async () => {
    const kind = await makeCouponKind(api, brand, brand.channels.east, { listed: true });
    const { body: coupon } = await claim(kind);
    expect(coupon).toMatchObject({ ...couponTitle, source: 'claim', state: 'held', orgUnit: { path: 'hq.east' } });
    expect(Date.parse(coupon.expiresAt) - Date.parse(coupon.claimedAt)).toBe(30 * DAY_SECONDS * 1_000);
    const usable = (room: { id: string }) => api.ok(myCoupons, { as: buyer, query: { roomId: room.id } });
    expect((await usable(brand.rooms.a)).items).toHaveLength(1);
    expect((await usable(brand.rooms.b)).items).toHaveLength(1);
    expect((await usable(brand.rooms.hq)).items).toEqual([]);
    const open = await api.ok(openCoupons, { as: buyer, query: { roomId: brand.rooms.a.id } });
    expect(open.items.find(({ kindId }) => kindId === kind.id)).toMatchObject({ left: 99, claimable: false });
  });

  it('newcomers’ coupons are for people without a paid order; unlisted ones are not claimed; limits hold over gifts too', async () => {
    const newcomer = await makeCouponKind(api, brand, brand.hq, { listed: true, newcomersOnly: true, perPerson: 3 });
    const { body: early } = await claim(newcomer);
    const { body: placed } = await order(undefined, lines());
    await payFor(api, buyer, placed.id);
    expect(reasonOf(await claim(newcomer))).toBe('not_newcomer');
    expect(reasonOf(await order(early.id, lines()))).toBe('not_newcomer');
    expect((await api.ok(myCoupons, { as: buyer, query: { roomId: brand.rooms.a.id } })).items).toEqual([]);
    const hidden = await makeCouponKind(api, brand, brand.stores.a);
    expect(reasonOf(await claim(hidden))).toBe('not_found');
    await giveCouponTo(api, brand, hidden, buyer);
    const body = { personId: buyer.personId, reason: '补偿' };
    const again = await api.call(giveCoupon, { as: brand.staff.operations, params: { id: hidden.id }, body });
    expect(reasonOf(again)).toBe('limit_reached');
    const toStaff = { personId: brand.staff.a.guide.personId, reason: '-' };
    const staff = await api.call(giveCoupon, { as: brand.staff.operations, params: { id: hidden.id }, body: toStaff });
    expect(reasonOf(staff)).toBe('not_found');
  });

  it('a stopped kind gives out nothing more; what people hold stays valid; both are audited', async () => {
    const kind = await makeCouponKind(api, brand, brand.stores.a, { listed: true });
    const { body: coupon } = await claim(kind);
    const stop = () =>
      api.ok(stopCouponKind, { as: brand.staff.a.manager, params: { id: kind.id }, body: { reason: '写错了' } });
    expect(await stop()).toMatchObject({ active: false, claimed: 1 });
    expect(await stop()).toMatchObject({ active: false });
    expect(reasonOf(await claim(kind, await makeConsumer(api)))).toBe('stopped');
    expect((await order(coupon.id, lines())).status).toBe(201);
    const audit = await api.api.platform.db.sql<{ action: string }>`
      SELECT action FROM audit_log WHERE target = ${`coupon-kind:${kind.id}`} ORDER BY id`;
    expect(audit.map(({ action }) => action)).toEqual(['coupon-kind:created', 'coupon-kind:stopped']);
  });

  it('Z3 the title passes the claim guard; a coupon never makes an order free', async () => {
    const body = { ...couponTerms, orgUnitId: brand.stores.a.id };
    const as = brand.staff.operations;
    const bad = await api.call(createCouponKind, { as, body: { ...body, title: '降血压立减 20' } });
    expect(bad.problem.code).toBe('words_refused');
    expect((await api.call(createCouponKind, { as, body: { ...body, minSpendFen: 2_000 } })).status).toBe(400);
    expect((await api.call(createCouponKind, { as: brand.staff.a.guide, body })).status).toBe(403);
  });
});
const couponTitle = { title: couponTerms.title, offFen: 2_000, minSpendFen: 5_000 };

describe('S10 M4 orders', () => {
  it('M4 K1 the discount is split over the items to the fen; payment, ledger, commission and refund are of what is paid', async () => {
    await refresh();
    const kind = await makeCouponKind(api, brand, brand.hq, { offFen: 1_999, minSpendFen: 10_000 });
    const coupon = await giveCouponTo(api, brand, kind, buyer);
    const { status, body: placed } = await order(coupon.id, lines());
    expect(status).toBe(201);
    // 119.00 and 3 × 5.90 = 136.70; 19.99 in proportion: 17.40 and 2.59.
    expect(placed).toMatchObject({
      itemsFen: 13_670,
      discountFen: 1_999,
      shippingFen: 0,
      totalFen: 11_671,
      coupon: { id: coupon.id, offFen: 1_999 },
    });
    const split = placed.items.map(({ discountFen, amountFen }) => ({ discountFen, amountFen }));
    expect(split.sort((a, b) => b.amountFen - a.amountFen)).toEqual([
      { discountFen: 1_740, amountFen: 10_160 },
      { discountFen: 259, amountFen: 1_511 },
    ]);
    expect((await mineNow())[0]).toMatchObject({ state: 'used', orderId: placed.id });
    await payFor(api, buyer, placed.id);
    const { sql } = api.api.platform.db;
    const [paid] = await sql<{ fen: bigint }>`
      SELECT -sum(e.amount_fen)::bigint AS fen FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id
      JOIN ledger_transfers t ON t.id = e.transfer_id JOIN payments p ON p.id::text = t.ref
      WHERE p.order_id = ${placed.id} AND a.kind = 'store_sales'`;
    expect(paid?.fen).toBe(11_671n);
    const credit = await api.ok(orderCredit, { as: brand.staff.admin, params: { id: placed.id } });
    expect(credit.commission.length).toBeGreaterThan(0);
    const amountOf = new Map(placed.items.map((item) => [item.id, item.amountFen]));
    for (const entry of credit.commission) {
      expect(entry.basisFen).toBe(amountOf.get(entry.itemId));
      expect(entry.amountFen).toBe(Math.floor((entry.basisFen * entry.bps) / 10_000));
    }
    await expectBooksRight(api);
    await api.ok(refundOrder, { as: buyer, params: { id: placed.id }, body: { reason: '不想要了' } });
    await waitForState(api, placed.id, 'refunded');
    const after = await api.ok(orderCredit, { as: brand.staff.admin, params: { id: placed.id } });
    expect(after.commission.reduce((sum, { amountFen }) => sum + amountFen, 0)).toBe(0);
    expect((await mineNow())[0]).toMatchObject({ state: 'held', orderId: null, expiresAt: coupon.expiresAt });
    await expectBooksRight(api);
  });

  it('N2 who is new has one order at a newcomer’s price, also by several coupons at once', async () => {
    await refresh();
    const kind = await makeCouponKind(api, brand, brand.hq, { newcomersOnly: true, perPerson: 3 });
    const coupons = [];
    for (let n = 0; n < 3; n += 1) coupons.push(await giveCouponTo(api, brand, kind, buyer));
    const answers = await Promise.all(coupons.map(({ id }) => order(id, lines())));
    const won = answers.filter(({ status }) => status === 201);
    expect(won).toHaveLength(1);
    for (const answer of answers) if (answer.status !== 201) expect(reasonOf(answer)).toBe('not_newcomer');
    // It came to nothing: they are as new as before.
    const { body: placed } = won[0] as (typeof answers)[number];
    await api.ok(cancelOrder, { as: buyer, params: { id: placed.id }, body: { reason: '' } });
    expect((await order(coupons[1]?.id ?? '', lines())).status).toBe(201);
  });

  it('S10 twenty orders race for one coupon: one has it, the others leave nothing', async () => {
    await refresh();
    const coupon = await giveCouponTo(api, brand, await makeCouponKind(api, brand, brand.stores.a), buyer);
    const { sql } = api.api.platform.db;
    const [before] = await sql`SELECT sum(reserved)::int AS held FROM stocks`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => order(coupon.id, lines())));
    const won = answers.filter(({ status }) => status === 201);
    expect(won).toHaveLength(1);
    for (const answer of answers) if (answer.status !== 201) expect(reasonOf(answer)).toBe('used');
    const orders = await sql`SELECT discount_fen FROM orders WHERE person_id = ${buyer.personId}`;
    expect(orders).toEqual([{ discount_fen: 2_000n }]);
    const [after] = await sql`SELECT sum(reserved)::int AS held FROM stocks`;
    expect(after?.held).toBe(Number(before?.held) + 4);
    await expectBooksRight(api);
  });

  it('is refused with its reason: another store’s, another person’s, over, used, too little; and no order is there', async () => {
    await refresh();
    const ofA = await giveCouponTo(api, brand, await makeCouponKind(api, brand, brand.stores.a), buyer);
    const other = await giveCouponTo(
      api,
      brand,
      await makeCouponKind(api, brand, brand.stores.a),
      brand.consumers.anna,
    );
    expect(reasonOf(await order(ofA.id, lines(), brand.rooms.b))).toBe('other_store');
    expect(reasonOf(await order(ofA.id, [shelfLine(brand.products.family)], brand.rooms.hq))).toBe('other_store');
    expect(reasonOf(await order(other.id, lines()))).toBe('unknown');
    const little = await order(ofA.id, [shelfLine(brand.products.kernels)]);
    expect(little.problem.facts).toEqual({
      couponId: ofA.id,
      reason: 'below_minimum',
      minSpendFen: 5_000,
      itemsFen: 3_900,
    });
    api.clock.advanceSeconds(30 * DAY_SECONDS);
    expect(reasonOf(await order(ofA.id, lines()))).toBe('expired');
    expect(await api.api.platform.db.sql`SELECT 1 FROM orders WHERE person_id = ${buyer.personId}`).toEqual([]);
    expect((await mineNow())[0]).toMatchObject({ state: 'held' });
  });

  it('S3 comes back when an unpaid order is cancelled or expires, with the same end; late money does not use it again', async () => {
    await refresh();
    const coupon = await giveCouponTo(api, brand, await makeCouponKind(api, brand, brand.stores.a), buyer);
    const { body: first } = await order(coupon.id, lines());
    const { paymentId } = await startPaying(api, buyer, first.id);
    await api.ok(cancelOrder, { as: buyer, params: { id: first.id }, body: { reason: '' } });
    expect((await mineNow())[0]).toMatchObject({ state: 'held', usedAt: null, expiresAt: coupon.expiresAt });
    const { body: second } = await order(coupon.id, lines());
    expect(second.discountFen).toBe(2_000);
    // Money for the first order lands now: it goes back, and the second order keeps its coupon.
    await api.api.platform.db.sql`UPDATE sandbox_charges SET state = 'captured' WHERE payment_id = ${paymentId}`;
    expect((await callback(api, capturedBody(api, paymentId, first.totalFen))).status).toBe(200);
    const refunds = () => api.api.platform.db.sql`SELECT state FROM refunds WHERE order_id = ${first.id}`;
    await eventually(async () => expect(await refunds()).toEqual([{ state: 'succeeded' }]));
    expect((await mineNow())[0]).toMatchObject({ state: 'used', orderId: second.id });
    api.clock.advanceSeconds(api.api.platform.config.RESERVATION_SECONDS + 1);
    await api.api.platform.jobs.runNow(EXPIRY_JOB);
    expect(await stateOf(api, second.id)).toBe('expired');
    expect((await mineNow())[0]).toMatchObject({ state: 'held', orderId: null });
    await expectBooksRight(api);
  });

  it('a whole refund gives it back only while it is valid', async () => {
    await refresh();
    const kind = await makeCouponKind(api, brand, brand.stores.a, { validDays: 1 });
    const coupon = await giveCouponTo(api, brand, kind, buyer);
    const { body: placed } = await order(coupon.id, lines());
    await payFor(api, buyer, placed.id);
    await api.ok(shipOrder, { as: brand.staff.a.manager, params: { id: placed.id }, body: { trackingNo: 'SF1' } });
    api.clock.advanceSeconds(2 * DAY_SECONDS);
    await api.ok(refundOrder, { as: brand.staff.a.manager, params: { id: placed.id }, body: { reason: '破损' } });
    await waitForState(api, placed.id, 'refunded');
    expect((await mineNow())[0]).toMatchObject({ state: 'used', orderId: placed.id });
    await expectBooksRight(api);
  });
});

it('the list of a scope says what came of each kind, to those who may see figures; the same as CSV', async () => {
  await refresh();
  const kind = await makeCouponKind(api, brand, brand.stores.a);
  const coupon = await giveCouponTo(api, brand, kind, buyer);
  const { body: placed } = await order(coupon.id, lines());
  await payFor(api, buyer, placed.id);
  const listed = async (as: Principal) =>
    (await api.ok(listCouponKinds, { as, query: { limit: 100 } })).items.find(({ id }) => id === kind.id);
  expect(await listed(brand.staff.a.manager)).toMatchObject({
    claimed: 1,
    left: 99,
    figures: { used: 1, orders: 1, discountFen: 2_000, broughtFen: placed.totalFen },
  });
  expect(await listed(brand.staff.a.guide)).toMatchObject({ claimed: 1, figures: null });
  expect(await listed(brand.staff.b.manager)).toBeUndefined();
  const csv = await fetch(`${api.url}/api/v1/coupon-kinds?format=csv`, {
    headers: { authorization: `Bearer ${await api.token(brand.staff.a.manager)}` },
  });
  expect(await csv.text()).toContain(`,100,1,1,1,2000,${placed.totalFen},`);
});
