/** Coupons at a counter, gifts for coming, and giving to many (rule S10). */
import {
  createCouponKind,
  getCounterCoupon,
  giveCouponToMany,
  listCounterCoupons,
  myCoupons,
  placeOrder,
  redeemCounterCoupon,
  startCouponDrop,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { couponTerms, giveCouponTo, makeCouponKind } from '../../testing/coupons.ts';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { buy } from '../../testing/members.ts';
import { expectBooksRight, shelfLine, TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const gift = { title: '到店礼', usage: 'gift', offFen: 1_500, minSpendFen: 0 } as const;
const redeem = (as: Principal, code: string | null) =>
  api.call(redeemCounterCoupon, { as, params: { couponCode: code ?? '' }, body: { note: '核桃仁一袋' } });

it('S10 thirty attempts of two counters at once: one takes it, for good; orders never do', async () => {
  const buyer = await makeConsumer(api);
  const kind = await makeCouponKind(api, brand, brand.channels.east, gift);
  const coupon = await giveCouponTo(api, brand, kind, buyer);
  expect(coupon).toMatchObject({ usage: 'gift', minSpendFen: 0, code: expect.stringMatching(/^\d{16}$/) });
  const params = { couponCode: coupon.code ?? '' };
  expect(await api.ok(getCounterCoupon, { as: brand.staff.a.guide, params })).toMatchObject({ state: 'held' });
  expect((await api.call(getCounterCoupon, { as: brand.staff.c.guide, params })).status).toBe(404);
  expect((await api.call(getCounterCoupon, { as: buyer, params })).status).toBe(403);
  const order = await api.call(placeOrder, {
    as: buyer,
    body: {
      ...{ roomId: brand.rooms.a.id, lines: [shelfLine(brand.products.family)], address: TEST_ADDRESS },
      couponId: coupon.id,
    },
  });
  expect(order.problem).toMatchObject({ code: 'coupon_not_usable', facts: { reason: 'at_counter' } });
  const counters = [brand.staff.a.guide, brand.staff.b.assistant];
  const answers = await Promise.all(
    counters.flatMap((as) => Array.from({ length: 15 }, () => redeem(as, coupon.code))),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  for (const { status, problem } of answers)
    if (status !== 200) expect(problem).toMatchObject({ code: 'coupon_not_usable', facts: { reason: 'used' } });
  const [held] = (await api.ok(myCoupons, { as: buyer, query: { show: 'over' } })).items;
  expect(held).toMatchObject({ id: coupon.id, state: 'redeemed' });
  expect((await api.ok(myCoupons, { as: buyer, query: { show: 'usable' } })).items).toEqual([]);
  const { sql } = api.api.platform.db;
  await expect(
    sql`UPDATE coupons SET state = 'held', used_at = NULL, redeemed_by = NULL, redeemed_unit_id = NULL WHERE id = ${coupon.id}`,
  ).rejects.toThrow(/stays as it is/);
  const audit =
    await sql`SELECT 1 FROM audit_log WHERE action = 'coupon:redeemed' AND target = ${`coupon:${coupon.id}`}`;
  expect(audit).toHaveLength(1);
  const seen = async (as: Principal) => (await api.ok(listCounterCoupons, { as })).items.map(({ id }) => id);
  expect(await seen(brand.staff.operations).catch(() => [])).toEqual([]);
  expect(await seen(brand.staff.admin)).toEqual([coupon.id]);
  expect([...(await seen(brand.staff.a.manager)), ...(await seen(brand.staff.b.manager))]).toEqual([coupon.id]);
  await expectBooksRight(api);
});

it('N2 what is over is not taken; a coupon for the counter is not dropped in a room, and only a gift costs nothing', async () => {
  const buyer = await makeConsumer(api);
  const kind = await makeCouponKind(api, brand, brand.stores.a, { usage: 'store', validDays: 1 });
  const coupon = await giveCouponTo(api, brand, kind, buyer);
  const body = { roomId: brand.rooms.a.id, kindId: kind.id, count: 1 };
  const drop = await api.call(startCouponDrop, { as: brand.staff.a.guide, body });
  expect(drop.problem).toMatchObject({ code: 'coupon_not_usable', facts: { reason: 'at_counter' } });
  api.clock.advanceSeconds(86_401);
  expect((await redeem(brand.staff.a.guide, coupon.code)).problem.facts).toMatchObject({ reason: 'expired' });
  expect((await redeem(brand.staff.a.guide, '0000000000000000')).status).toBe(404);
  const as = brand.staff.operations;
  const terms = { ...couponTerms, orgUnitId: brand.stores.a.id };
  for (const wrong of [{ minSpendFen: 0 }, { usage: 'gift' as const }, { usage: 'store' as const, minSpendFen: 0 }])
    expect((await api.call(createCouponKind, { as, body: { ...terms, ...wrong } })).status).toBe(400);
});

it('S10 one each for a level: those who had theirs get none, too few give nobody any', async () => {
  const people = await Promise.all([1, 2, 3].map(() => makeConsumer(api)));
  for (const person of people) await buy(api, person, brand.rooms.b, [shelfLine(brand.products.family)]);
  const kind = await makeCouponKind(api, brand, brand.stores.b, { total: 4 });
  await giveCouponTo(api, brand, kind, people[0] as Principal);
  const give = (kindId: string, as: Principal = brand.staff.b.manager) =>
    api.call(giveCouponToMany, { as, params: { id: kindId }, body: { ruleId: null, rank: 0, reason: '老客回馈' } });
  const { body } = await give(kind.id);
  expect(body).toEqual({ picked: 3, given: 2 });
  expect((await give(kind.id)).body).toEqual({ picked: 3, given: 0 });
  expect((await give(kind.id, brand.staff.a.manager)).status).toBe(404);
  const few = await makeCouponKind(api, brand, brand.stores.b, { total: 2 });
  expect((await give(few.id)).problem).toMatchObject({ code: 'coupon_not_usable', facts: { reason: 'all_claimed' } });
  await expectBooksRight(api);
});
