/** Attacks on coupons, drops and group buys, over HTTP at once. Each title: the known mistake · the rules: the attack. */
import {
  cancelOrder,
  claimCoupon,
  endCouponDrop,
  getGroupBuy,
  giveCoupon,
  grabCoupon,
  refundOrder,
  settleSandbox,
  startCouponDrop,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GROUP_BUYS_JOB } from '../features/group-buys/index.ts';
import { EXPIRY_JOB } from '../features/orders/index.ts';
import type { Principal } from '../platform/principal.ts';
import { giveCouponTo, makeCouponKind } from '../testing/coupons.ts';
import { type Brand, seedBrand } from '../testing/fixtures.ts';
import { GROUP_PRICE_FEN, makeGroupCampaign, placeInGroup } from '../testing/group-buys.ts';
import {
  callback,
  capturedBody,
  eventually,
  expectBooksRight,
  payFor,
  shelfLine,
  startPaying,
  stateOf,
  waitForState,
} from '../testing/shop.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { atOnce, buy, crowd, deadlocks, expectOnly, roomOf, rowsOf, shelf, somebody, tally, won } from './crowd.ts';

const HOUR_SECONDS = 3_600;

let api: TestApi;
let brand: Brand;
let rows: ReturnType<typeof rowsOf>;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  rows = rowsOf(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const runJob = (name: string) => api.api.platform.jobs.runNow(name);
const cancel = (as: Principal, id: string) => api.call(cancelOrder, { as, params: { id }, body: { reason: '' } });
const claim = (kind: { id: string }, as: Principal) => api.call(claimCoupon, { as, body: { kindId: kind.id } });
const giveByStaff = (kind: { id: string }, person: Principal) =>
  api.call(giveCoupon, {
    ...{ as: brand.staff.operations, params: { id: kind.id } },
    body: { personId: person.personId, reason: '补偿' },
  });
const claimedOf = async (kind: { id: string }) =>
  (await rows<{ claimed: number }>`SELECT claimed FROM coupon_kinds WHERE id = ${kind.id}`)[0]?.claimed;
const couponState = async (id: string) =>
  (await rows<{ state: string }>`SELECT state FROM coupons WHERE id = ${id}`)[0]?.state;
const refundsOf = (orderId: string) => rows<{ state: string }>`SELECT state FROM refunds WHERE order_id = ${orderId}`;

describe('coupons', () => {
  it('check then use · S10 S1: one coupon in 20 orders, while others want the same last pieces', async () => {
    // Takes the pieces before it knows whose coupon it is: losers hold what somebody else would have bought.
    const { product, room, stock } = await shelf(api, brand, 10);
    const kind = await makeCouponKind(api, brand, brand.stores.a);
    const holder = await somebody(api);
    const coupon = await giveCouponTo(api, brand, kind, holder);
    const others = await crowd(api, 9);
    const lines = [shelfLine(product)];
    const [mine, theirs] = await Promise.all([
      atOnce(20, () => buy(api, holder, room, { lines, couponId: coupon.id })),
      atOnce(9, (n) => buy(api, others[n] as Principal, room, { lines })),
    ]);
    expectOnly(mine, 'ok', 'used', 'out_of_stock'); // the last of them come when all ten pieces are held
    expect(won(mine)).toHaveLength(1);
    expect(won(mine)[0]?.body).toMatchObject({
      discountFen: 2_000,
      totalFen: 7_900 + (won(mine)[0]?.body.shippingFen ?? 0),
    });
    expect(tally(theirs)).toEqual({ ok: 9 });
    expect(await stock()).toEqual({ onHand: 10, reserved: 10 });
    await expectBooksRight(api);
  });

  it('check then use · S10 M4: three coupons in overlapping pairs by 24 orders at once', async () => {
    // Takes the first of a pair, loses the second and keeps the first; or locks them as they are named and waits in a circle.
    const { product, room, stock } = await shelf(api, brand, 30);
    const holder = await somebody(api);
    const terms = (stackGroup: 'store' | 'brand' | 'member', offFen: number) =>
      ({ stacking: 'with_others', stackGroup, offFen, minSpendFen: 2_500 }) as const;
    const [x, y, z] = await Promise.all(
      ([terms('store', 300), terms('brand', 200), terms('member', 100)] as const).map(async (of) =>
        giveCouponTo(api, brand, await makeCouponKind(api, brand, brand.stores.a, of), holder),
      ),
    );
    if (!x || !y || !z) throw new Error('no coupons');
    const before = await deadlocks(api);
    const pairs = [
      [x, y],
      [y, z],
      [z, x],
    ].map((pair) => pair.map(({ id }) => id));
    const answers = await atOnce(24, (n) =>
      buy(api, holder, room, { lines: [shelfLine(product)], couponIds: pairs[n % 3] ?? [] }),
    );
    expectOnly(answers, 'ok', 'used');
    const orders = won(answers);
    expect(orders).toHaveLength(1);
    expect(orders[0]?.body.coupons).toHaveLength(2);
    const states = await Promise.all([x, y, z].map(({ id }) => couponState(id)));
    expect(states.filter((state) => state === 'held')).toHaveLength(1);
    expect(await stock()).toEqual({ onHand: 30, reserved: 1 });
    expect(await deadlocks(api)).toBe(before);
    // The one that only losers named is as good as new.
    const left = [x, y, z][states.indexOf('held')];
    const last = await buy(api, holder, room, { lines: [shelfLine(product)], couponIds: left ? [left.id] : [] });
    expect(last.status).toBe(201);
    await expectBooksRight(api);
  });

  it('check then use · S10: the last coupon of a kind by 30 claims, five gifts of staff and a drop', async () => {
    // Counts what was claimed, what was given and what was set aside each by itself.
    const kind = await makeCouponKind(api, brand, brand.stores.a, { total: 1, listed: true });
    const people = await crowd(api, 35);
    const room = await roomOf(api, brand);
    const [claims, gifts, drop] = await Promise.all([
      atOnce(30, (n) => claim(kind, people[n] as Principal)),
      atOnce(5, (n) => giveByStaff(kind, people[30 + n] as Principal)),
      api.call(startCouponDrop, {
        ...{ as: room.host },
        body: { roomId: room.id, kindId: kind.id, count: 1, durationSeconds: 600 },
      }),
    ]);
    expectOnly([...claims, ...gifts, drop], 'ok', 'all_claimed');
    expect(won(claims).length + won(gifts).length + won([drop]).length).toBe(1);
    const counted = await rows`SELECT claimed + set_aside AS n FROM coupon_kinds WHERE id = ${kind.id}`;
    expect(counted).toEqual([{ n: 1 }]);
    await expectBooksRight(api);
  });

  it('check then use · S10 S5: one person claims 20 times while staff give them the same', async () => {
    // The limit per person is asked before it is written, or asked of one way of getting coupons only.
    const kind = await makeCouponKind(api, brand, brand.stores.a, { total: 50, listed: true, perPerson: 2 });
    const person = await somebody(api);
    const answers = await atOnce(25, (n) => (n % 5 ? claim(kind, person) : giveByStaff(kind, person)));
    expect(tally(answers)).toEqual({ ok: 2, limit_reached: 23 });
    expect(await rows`SELECT 1 FROM coupons WHERE kind_id = ${kind.id}`).toHaveLength(2);
    expect(await claimedOf(kind)).toBe(2);
    await expectBooksRight(api);
  });

  it('check then use · S10 S3: a coupon comes back by five cancels and by expiry at once, and is good for one order', async () => {
    // Gives it back to "held" without asking from which order: a second giving back frees it from the next one.
    const { product, room, stock } = await shelf(api, brand, 30);
    const kind = await makeCouponKind(api, brand, brand.stores.a);
    const holder = await somebody(api);
    const coupon = await giveCouponTo(api, brand, kind, holder);
    const order = () => buy(api, holder, room, { lines: [shelfLine(product)], couponId: coupon.id });
    const first = (await order()).body;
    api.clock.advanceSeconds(api.api.platform.config.RESERVATION_SECONDS + 1);
    const [cancels, , , orders] = await Promise.all([
      atOnce(5, () => cancel(holder, first.id)),
      runJob(EXPIRY_JOB),
      runJob(EXPIRY_JOB),
      atOnce(10, order),
    ]);
    expectOnly(cancels, 'ok', 'state_conflict');
    expectOnly(orders, 'ok', 'used');
    const again = await atOnce(5, order);
    expect(won([...orders, ...again])).toHaveLength(1);
    expect(['cancelled', 'expired']).toContain(await stateOf(api, first.id));
    expect(await couponState(coupon.id)).toBe('used');
    expect(await stock()).toEqual({ onHand: 30, reserved: 1 });
    await expectBooksRight(api);
  });

  it('check then use · S10: a drop of ten by 60 grabs, ended in the middle, while the rest of the kind is claimed', async () => {
    // Gives back to the kind what was left when the end was asked for, not when it was written.
    const kind = await makeCouponKind(api, brand, brand.stores.a, { total: 20, listed: true });
    const people = await crowd(api, 75);
    await rows`INSERT INTO room_visits (room_id, person_id, first_at, last_at)
      SELECT ${brand.rooms.a.id}::uuid, id, now(), now() FROM unnest(${people.map(({ personId }) => personId)}::uuid[]) p (id)`;
    const drop = await api.ok(startCouponDrop, {
      ...{ as: brand.rooms.a.host },
      body: { roomId: brand.rooms.a.id, kindId: kind.id, count: 10, leadSeconds: 0 },
    });
    const params = { id: drop.id };
    const grab = (n: number) => api.call(grabCoupon, { params, body: {}, as: people[n] as Principal });
    const early = atOnce(8, grab);
    const [claims, ends, grabs] = await Promise.all([
      atOnce(15, (n) => claim(kind, people[60 + n] as Principal)),
      atOnce(3, () => api.call(endCouponDrop, { params, body: {}, as: brand.staff.a.assistant })),
      atOnce(52, (n) => grab(8 + n)),
    ]);
    expect(won(ends).length).toBeGreaterThan(0);
    const got = [...(await early), ...grabs].filter(({ body }) => body.outcome === 'got').length;
    expect(got).toBeLessThanOrEqual(10);
    const before = won(claims).length;
    expect(before).toBeLessThanOrEqual(20 - got);
    const [row] = await rows`SELECT state, taken FROM coupon_drops WHERE id = ${drop.id}`;
    expect(row).toEqual({ state: 'ended', taken: got });
    // What the drop did not give is the kind's again, to the last one.
    const fresh = await crowd(api, 21);
    const rest = await atOnce(21, (n) => claim(kind, fresh[n] as Principal));
    expectOnly(rest, 'ok', 'all_claimed');
    expect(got + before + won(rest).length).toBe(20);
    expect(await claimedOf(kind)).toBe(20);
    await expectBooksRight(api);
  });
});

/** A product of its own and a campaign for it. */
async function groupShop(terms: Parameters<typeof makeGroupCampaign>[3]) {
  const { product, room, stock } = await shelf(api, brand, 100, 12_900);
  const campaign = await makeGroupCampaign(api, brand, brand.stores.a, { skuId: product.sku.id, ...terms });
  const opening = (who: Principal) => placeInGroup(api, who, room, { campaignId: campaign.id }, { product });
  const joining = (who: Principal, groupId: string) => placeInGroup(api, who, room, { groupId }, { product });
  async function opened(who: Principal) {
    const { body: order } = await opening(who);
    await payFor(api, who, order.id);
    return { order, groupId: order.groupBuy?.id ?? '' };
  }
  const groupOf = async (groupId: string, as: Principal) =>
    (await api.ok(getGroupBuy, { as, params: { id: groupId } })).groupBuy;
  return { product, campaign, opening, joining, opened, groupOf, stock };
}
const refund = (as: Principal, orderId: string) =>
  api.call(refundOrder, { as, params: { id: orderId }, body: { reason: '不等了' } });

describe('group buys', () => {
  it('check then use · S9: the last seat by 20 while the one who holds it gives it up', async () => {
    // Counts members, then writes one more; or frees the seat once per cancel.
    const s = await groupShop({ size: 2 });
    const [opener, holder, ...rivals] = await crowd(api, 22);
    if (!opener || !holder) throw new Error('nobody');
    const { groupId } = await s.opened(opener);
    const { body: held } = await s.joining(holder, groupId);
    const [joins, cancels] = await Promise.all([
      atOnce(20, (n) => s.joining(rivals[n] as Principal, groupId)),
      atOnce(4, () => cancel(holder, held.id)),
    ]);
    expect(tally(cancels)).toEqual({ ok: 1, state_conflict: 3 });
    expectOnly(joins, 'ok', 'group_full');
    expect(won(joins).length).toBeLessThanOrEqual(1);
    expect(await s.groupOf(groupId, opener)).toMatchObject({ state: 'open', paid: 1, held: 1 + won(joins).length });
    const late = await atOnce(6, (n) => s.joining(rivals[n] as Principal, groupId));
    expect(won([...joins, ...late])).toHaveLength(1);
    expect(await s.stock()).toEqual({ onHand: 99, reserved: 1 });
    await expectBooksRight(api);
  });

  it('check then use · S9 S5: one person joins ten times and opens ten groups of the same campaign at once', async () => {
    // Looks for the person in the group, or in the campaign, before their first order is there.
    const s = await groupShop({ size: 5, perPerson: 1 });
    const [opener, greedy] = await crowd(api, 2);
    if (!opener || !greedy) throw new Error('nobody');
    const { groupId } = await s.opened(opener);
    const answers = await atOnce(20, (n) => (n % 2 ? s.opening(greedy) : s.joining(greedy, groupId)));
    expectOnly(answers, 'ok', 'limit_exceeded', 'already_in_group');
    expect(won(answers)).toHaveLength(1);
    expect(
      await rows`SELECT quantity FROM group_buyers WHERE campaign_id = ${s.campaign.id} AND person_id = ${greedy.personId}`,
    ).toEqual([{ quantity: 1 }]);
    expect(await s.stock()).toEqual({ onHand: 99, reserved: 1 });
    await expectBooksRight(api);
  });

  it('late payment on a closed order · S9 S3 S8: the deadline, the last payment told eight times and its cancel at once', {
    timeout: 60_000,
  }, async () => {
    // Expires the group while the money is being booked: one has paid for a group that failed and keeps nothing.
    for (let round = 0; round < 3; round++) {
      const s = await groupShop({ size: 2, hours: 1 });
      const [opener, second] = await crowd(api, 2);
      if (!opener || !second) throw new Error('nobody');
      const { groupId, order } = await s.opened(opener);
      const { body: last } = await s.joining(second, groupId);
      const { paymentId } = await startPaying(api, second, last.id);
      api.clock.advanceSeconds(HOUR_SECONDS + 1);
      const [settled] = await Promise.all([
        api.call(settleSandbox, { as: second, params: { paymentId }, body: { outcome: 'captured' } }),
        cancel(second, last.id),
        runJob(GROUP_BUYS_JOB),
        runJob(GROUP_BUYS_JOB),
        runJob(EXPIRY_JOB),
      ]);
      const same = capturedBody(api, paymentId, last.totalFen);
      if (settled.status === 200)
        await Promise.all([
          atOnce(4, () => callback(api, same)),
          atOnce(4, () => callback(api, capturedBody(api, paymentId, last.totalFen))),
          runJob(GROUP_BUYS_JOB),
        ]);
      await eventually(async () => {
        await runJob(GROUP_BUYS_JOB);
        expect((await s.groupOf(groupId, opener)).state).not.toBe('open');
      });
      const { state } = await s.groupOf(groupId, opener);
      expect(state).toBe(settled.status === 200 ? 'complete' : 'expired');
      if (state === 'complete') {
        expect([await stateOf(api, order.id), await stateOf(api, last.id)]).toEqual(['paid', 'paid']);
        expect(await s.stock()).toEqual({ onHand: 98, reserved: 0 });
      } else {
        await waitForState(api, order.id, 'refunded');
        expect(await refundsOf(order.id)).toEqual([{ state: 'succeeded' }]);
        expect(await refundsOf(last.id)).toEqual([]);
        expect(await s.stock()).toEqual({ onHand: 100, reserved: 0 });
      }
    }
    await expectBooksRight(api);
  });

  it('check then use · S9 S8: a member leaves five times while the group completes and others want the seat', {
    timeout: 60_000,
  }, async () => {
    // Completes a group by a member who is being refunded, or refunds one seat as often as it is asked for.
    for (let round = 0; round < 3; round++) {
      const s = await groupShop({ size: 3 });
      const [opener, second, third, ...rivals] = await crowd(api, 8);
      if (!opener || !second || !third) throw new Error('nobody');
      const { groupId, order } = await s.opened(opener);
      const { body: two } = await s.joining(second, groupId);
      await payFor(api, second, two.id);
      const { body: last } = await s.joining(third, groupId);
      const { paymentId } = await startPaying(api, third, last.id);
      const [leaving, joins] = await Promise.all([
        atOnce(5, (n) => refund(n % 2 ? opener : brand.staff.a.manager, order.id)),
        atOnce(5, (n) => s.joining(rivals[n] as Principal, groupId)),
        callback(api, capturedBody(api, paymentId, GROUP_PRICE_FEN + last.shippingFen)),
      ]);
      expect(won(leaving)).toHaveLength(1);
      expectOnly(joins, 'ok', 'group_full', 'group_over');
      await waitForState(api, last.id, 'paid');
      await waitForState(api, order.id, 'refunded');
      expect(await refundsOf(order.id)).toEqual([{ state: 'succeeded' }]);
      const group = await s.groupOf(groupId, second);
      const joined = won(joins).length;
      expect(joined).toBeLessThanOrEqual(1);
      if (group.state === 'complete') expect([group.paid, joined]).toEqual([3, 0]);
      else expect(group).toMatchObject({ state: 'open', paid: 2, held: 2 + joined });
    }
    await expectBooksRight(api);
  });
});
