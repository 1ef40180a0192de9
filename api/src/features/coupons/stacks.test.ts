/** Several coupons in one order, over HTTP and a real database. */
import {
  cancelOrder,
  checkoutCart,
  createCouponKind,
  placeOrder,
  putCartLine,
  quoteCoupons,
  refundOrder,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { couponTerms, giveCouponTo, makeCouponKind } from '../../testing/coupons.ts';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { expectBooksRight, payFor, shelfLine, TEST_ADDRESS, waitForState } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

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

type Terms = Parameters<typeof makeCouponKind>[3];
const hold = async (terms: Terms, unit = brand.stores.a) =>
  (await giveCouponTo(api, brand, await makeCouponKind(api, brand, unit, terms), buyer)).id;
const stacked = { stacking: 'with_others' } as const;
/** Off the store 20 from 50, off the brand 10 from 100, off for members 5 from 30; and one that stands alone, 25 from 50. */
const four = async () => ({
  store: await hold(stacked),
  ofBrand: await hold({ ...stacked, stackGroup: 'brand', offFen: 1_000, minSpendFen: 10_000 }, brand.hq),
  member: await hold({ ...stacked, stackGroup: 'member', offFen: 500, minSpendFen: 3_000 }),
  alone: await hold({ offFen: 2_500 }),
});
/** A family pack and three of milk: 119.00 + 3 × 5.90 = 136.70. */
const lines = () => [shelfLine(brand.products.family), shelfLine(brand.products.milk, 3)];
const place = (couponIds: readonly string[]) =>
  api.call(placeOrder, {
    ...{ as: buyer },
    body: { roomId: brand.rooms.a.id, lines: lines(), address: TEST_ADDRESS, couponIds: [...couponIds] },
  });
const quote = (body: object = {}) =>
  api.call(quoteCoupons, { as: buyer, body: { roomId: brand.rooms.a.id, lines: lines(), ...body } });
const stateOfCoupon = async (...ids: string[]) =>
  (
    await api.api.platform.db.sql<{ state: string }>`
      SELECT c.state FROM unnest(${ids}::uuid[]) WITH ORDINALITY w (id, n) JOIN coupons c ON c.id = w.id ORDER BY w.n`
  ).map(({ state }) => state);

describe('several coupons in an order', () => {
  it('S10 M4 all of them are taken and come back with it; the order says what each took', async () => {
    const { store, ofBrand, member } = await four();
    const { body: order } = await place([member, store, ofBrand]);
    expect(order).toMatchObject({ itemsFen: 13_670, discountFen: 3_500, totalFen: 13_670 - 3_500 + order.shippingFen });
    expect(order.items.reduce((all, { discountFen }) => all + discountFen, 0)).toBe(3_500);
    expect(order.coupons?.map(({ id, tookFen }) => [id, tookFen])).toEqual([
      [ofBrand, 1_000],
      [store, 2_000],
      [member, 500],
    ]);
    expect(order.coupon?.id).toBe(ofBrand);
    expect(await stateOfCoupon(store, ofBrand, member)).toEqual(['used', 'used', 'used']);
    await api.ok(cancelOrder, { as: buyer, params: { id: order.id }, body: { reason: '' } });
    expect(await stateOfCoupon(store, ofBrand, member)).toEqual(['held', 'held', 'held']);

    const { body: again } = await place([store, ofBrand]);
    await payFor(api, buyer, again.id);
    await api.ok(refundOrder, { as: buyer, params: { id: again.id }, body: { reason: '不要了' } });
    await waitForState(api, again.id, 'refunded');
    expect(await stateOfCoupon(store, ofBrand)).toEqual(['held', 'held']);
    await expectBooksRight(api);
  });

  it('S10 a whole refund gives back those that are still valid, and those alone', async () => {
    const short = await hold({ ...stacked, validDays: 1 });
    const long = await hold({ ...stacked, stackGroup: 'brand', offFen: 1_000 });
    const { body: order } = await place([short, long]);
    await payFor(api, buyer, order.id);
    api.clock.advanceSeconds(86_401);
    await api.ok(refundOrder, { as: buyer, params: { id: order.id }, body: { reason: '不要了' } });
    await waitForState(api, order.id, 'refunded');
    expect(await stateOfCoupon(short, long)).toEqual(['used', 'held']);
    await expectBooksRight(api);
  });

  it('S10 what does not go together is refused with the coupon and the reason, and nothing is taken', async () => {
    const { store, ofBrand, alone } = await four();
    const second = await hold({ ...stacked, offFen: 300 });
    const facts = async (ids: string[]) => (await place(ids)).problem.facts;
    expect(await facts([store, alone])).toMatchObject({ reason: 'not_with_others', couponId: alone });
    expect(await facts([store, second])).toMatchObject({ reason: 'same_group', couponId: second });
    const foreign = (
      await giveCouponTo(api, brand, await makeCouponKind(api, brand, brand.stores.a), await makeConsumer(api))
    ).id;
    expect(await facts([ofBrand, foreign])).toMatchObject({ reason: 'unknown', couponId: foreign });
    expect((await place([store, store])).status).toBe(400);
    expect(await stateOfCoupon(store, ofBrand, alone, second)).toEqual(['held', 'held', 'held', 'held']);
    // Nothing of the refused ones is left: they are good for this order, whichever way they are named.
    const both = await api.ok(placeOrder, {
      ...{ as: buyer },
      body: { roomId: brand.rooms.a.id, lines: lines(), address: TEST_ADDRESS, couponId: store, couponIds: [ofBrand] },
    });
    expect(both.coupons?.map(({ id }) => id)).toEqual([ofBrand, store]);
    await expectBooksRight(api);
  });

  it('a person asks for sixty quotes in a minute, and nobody else waits for that', async () => {
    const answers = await Promise.all(Array.from({ length: 61 }, () => quote()));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(60);
    expect(answers.find(({ status }) => status !== 200)?.problem.code).toBe('rate_limited');
    buyer = await makeConsumer(api);
    expect((await quote()).status).toBe(200);
  });

  it('a cart takes several too', async () => {
    const { store, ofBrand } = await four();
    const roomId = brand.rooms.a.id;
    const { sku } = brand.products.family;
    await api.ok(putCartLine, { as: buyer, body: { roomId, skuId: sku.id, quantity: 1, seenPriceFen: sku.priceFen } });
    const order = await api.ok(checkoutCart, {
      ...{ as: buyer },
      body: { roomId, lines: [shelfLine(brand.products.family)], address: TEST_ADDRESS, couponIds: [store, ofBrand] },
    });
    expect(order.discountFen).toBe(3_000);
  });
});

describe('the quote', () => {
  it('finds the cheapest combination, says what each takes and why another one is left out', async () => {
    const { store, ofBrand, member, alone } = await four();
    const far = await hold({ ...stacked, offFen: 9_000, minSpendFen: 90_000, stackGroup: 'brand' });
    const { body } = await quote();
    expect(body).toMatchObject({ goodsFen: 13_670, discountFen: 3_500, shippingFen: null });
    expect(body.couponIds).toEqual([ofBrand, store, member]);
    const of = (id: string) => body.coupons.find((one) => one.id === id);
    expect(of(store)).toMatchObject({ tookFen: 2_000, reason: null, coupon: { stacking: 'with_others' } });
    expect(of(alone)).toMatchObject({ tookFen: null, reason: 'not_with_others' });
    expect(of(far)).toMatchObject({ tookFen: null, reason: 'below_minimum', facts: { minSpendFen: 90_000 } });
    expect((await place(body.couponIds)).body.discountFen).toBe(body.discountFen);
  });

  it('looks at shipping: what would cost more in all is not taken', async () => {
    // 5.90 × 10 = 59.00 travels free; with 5 off it does not, and costs 8 more.
    await hold({ offFen: 500, minSpendFen: 3_000 });
    const milk = { lines: [shelfLine(brand.products.milk, 10)] };
    expect((await quote(milk)).body).toMatchObject({ discountFen: 500 });
    const there = await quote({ ...milk, to: { province: TEST_ADDRESS.province } });
    expect(there.body).toMatchObject({ discountFen: 0, shippingFen: 0, couponIds: [] });
  });

  it('of named ones it takes what goes together and says what does not', async () => {
    const { store, alone, member } = await four();
    const unknown = '018f2f60-0000-7000-8000-00000000dead';
    const { body } = await quote({ couponIds: [store, alone, unknown] });
    expect(body.couponIds).toEqual([store]);
    expect(body.coupons.map(({ reason }) => reason)).toEqual([null, 'not_with_others', 'unknown']);
    expect((await quote({ couponIds: [] })).body).toMatchObject({ discountFen: 0, couponIds: [], coupons: [] });
    expect((await quote({ couponIds: [member] })).body.discountFen).toBe(500);
  });
});

describe('terms', () => {
  it('a kind says whether it goes with others; nobody changes it, and who says nothing gets one that stands alone', async () => {
    const kind = await api.ok(createCouponKind, {
      ...{ as: brand.staff.operations },
      body: { ...couponTerms, orgUnitId: brand.stores.a.id },
    });
    expect(kind).toMatchObject({ stacking: 'alone', stackGroup: 'store' });
    const change = api.api.platform.db.sql`UPDATE coupon_kinds SET stacking = 'with_others' WHERE id = ${kind.id}`;
    await expect(change).rejects.toThrow('a coupon keeps its terms');
  });
});
