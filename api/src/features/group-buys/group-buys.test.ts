/** Group buys over HTTP and a real database: opened, joined, complete, expired; rivals for seats; what a dead process leaves. */
import {
  cancelOrder,
  getGroupBuy,
  getOrder,
  groupBuysOfRoom,
  listGroupCampaigns,
  listGroupsOfCampaign,
  placeOrder,
  refundOrder,
  settleSandbox,
  shipOrder,
  stopGroupCampaign,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { giveCouponTo, makeCouponKind } from '../../testing/coupons.ts';
import { type Brand, makeConsumer, makeProduct, makeRoom, makeStock, seedBrand } from '../../testing/fixtures.ts';
import { GROUP_PRICE_FEN, makeGroupCampaign, placeInGroup } from '../../testing/group-buys.ts';
import {
  approve,
  callback,
  capturedBody,
  eventually,
  expectBooksRight,
  payFor,
  startPaying,
  stateOf,
  TEST_ADDRESS,
  waitForState,
} from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { EXPIRY_JOB } from '../orders/index.ts';
import { GROUP_BUYS_JOB } from './index.ts';

const HOUR_SECONDS = 3_600;
const SHELF_FEN = 12_900;

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const person = (name = '顾客') => makeConsumer(api, name);
const people = (count: number) => Promise.all(Array.from({ length: count }, () => person()));
const two = () => Promise.all([person(), person()]);
const sql = () => api.api.platform.db.sql;
const due = () => api.api.platform.jobs.runNow(GROUP_BUYS_JOB);

/** A product of its own in a live room of store A, and a campaign for it. */
async function shop(terms: Parameters<typeof makeGroupCampaign>[3] = {}, pieces = 1_000) {
  const product = await makeProduct(api, '核桃礼盒', { priceFen: SHELF_FEN });
  await makeStock(api, product.sku.id, brand.stores.a, pieces);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  const campaign = await makeGroupCampaign(api, brand, brand.stores.a, { skuId: product.sku.id, ...terms });
  const opening = (who: Principal, quantity = 1) =>
    placeInGroup(api, who, room, { campaignId: campaign.id }, { product, quantity });
  const joining = (who: Principal, groupId: string, quantity = 1) =>
    placeInGroup(api, who, room, { groupId }, { product, quantity });
  /** Opens a group and pays; answers the group and the order. */
  async function opened(who: Principal) {
    const { body: order, status } = await opening(who);
    expect(status).toBe(201);
    await payFor(api, who, order.id);
    return { groupId: order.groupBuy?.id ?? '', order };
  }
  const joined = async (who: Principal, groupId: string) => {
    const { body: order, status } = await joining(who, groupId);
    expect(status).toBe(201);
    await payFor(api, who, order.id);
    return order;
  };
  const groupOf = async (groupId: string, as: Principal) => api.ok(getGroupBuy, { as, params: { id: groupId } });
  const available = async () => {
    const [row] = await sql()<{
      left: number;
    }>`SELECT on_hand - reserved AS left FROM stocks WHERE sku_id = ${product.sku.id}`;
    return row?.left;
  };
  return { product, room, campaign, opening, joining, opened, joined, groupOf, available };
}
const ship = (orderId: string) =>
  api.call(shipOrder, { as: brand.staff.a.manager, params: { id: orderId }, body: { trackingNo: 'SF0001' } });
const refund = (who: Principal, orderId: string) =>
  api.call(refundOrder, { as: who, params: { id: orderId }, body: { reason: '不等了' } });
const eventsOf = async (roomId: string) =>
  (
    await sql()<{
      kind: string;
    }>`SELECT payload->>'kind' AS kind FROM outbox WHERE room_id = ${roomId} AND payload->>'kind' LIKE 'group-buy:%' ORDER BY id`
  ).map(({ kind }) => kind);

describe('S9 a group', () => {
  it('is opened, joined and complete; only then its orders are sent; the room hears of it; names are masked', async () => {
    const s = await shop();
    const [opener, second, third] = await Promise.all([person('林小桃'), person('王一'), person('陈二')]);
    const { groupId, order } = await s.opened(opener);
    expect(order).toMatchObject({
      totalFen: GROUP_PRICE_FEN,
      items: [{ unitPriceFen: GROUP_PRICE_FEN, offerId: null }],
    });
    expect((await ship(order.id)).problem).toMatchObject({ code: 'group_incomplete', facts: { state: 'open' } });
    await s.joined(second, groupId);
    const { groups, campaigns } = await api.ok(groupBuysOfRoom, { as: third, query: { roomId: s.room.id } });
    expect(campaigns).toMatchObject([{ id: s.campaign.id, priceFen: GROUP_PRICE_FEN, shelfPriceFen: SHELF_FEN }]);
    expect(groups).toMatchObject([
      {
        ...{ id: groupId, paid: 2, held: 2, size: 3 },
        members: [
          { name: '林*', opener: true },
          { name: '王*', opener: false },
        ],
      },
    ]);
    await s.joined(third, groupId);
    const { groupBuy, mine } = await s.groupOf(groupId, opener);
    expect(groupBuy).toMatchObject({ state: 'complete', paid: 3 });
    expect(mine).toEqual({ orderId: order.id, state: 'paid' });
    expect((await ship(order.id)).status).toBe(200);
    expect(await eventsOf(s.room.id)).toEqual(['group-buy:opened', 'group-buy:counted', 'group-buy:completed']);
    const late = await s.joining(await person(), groupId);
    expect(late.problem).toMatchObject({ code: 'group_over', facts: { state: 'complete' } });
    expect((await api.ok(groupBuysOfRoom, { as: third, query: { roomId: s.room.id } })).groups).toEqual([]);
    await expectBooksRight(api);
  });

  it('S3 S8 that is not complete at its deadline expires: the paid are refunded, the unpaid closed, the stock is back', async () => {
    const s = await shop({ size: 4, hours: 1 });
    const [opener, second, unpaid] = await people(3);
    if (!opener || !second || !unpaid) throw new Error('people');
    const { groupId, order } = await s.opened(opener);
    const other = await s.joined(second, groupId);
    api.clock.advanceSeconds(HOUR_SECONDS - 60);
    const { body: waiting } = await s.joining(unpaid, groupId);
    expect(Date.parse(waiting.expiresAt) - Date.parse(order.groupBuy?.deadlineAt ?? '')).toBe(0);
    const paymentId = (await startPaying(api, unpaid, waiting.id)).paymentId;
    await due();
    expect((await s.groupOf(groupId, opener)).groupBuy.state).toBe('open');
    api.clock.advanceSeconds(61);
    await due();
    expect((await s.groupOf(groupId, opener)).groupBuy.state).toBe('expired');
    for (const { id } of [order, other]) await waitForState(api, id, 'refunded');
    expect(await stateOf(api, waiting.id)).toBe('expired');
    expect(await s.available()).toBe(1_000);
    const seen = await api.ok(getOrder, { as: opener, params: { id: order.id } });
    expect(seen).toMatchObject({
      refundedFen: order.totalFen,
      refunds: [{ reason: 'group_expired', state: 'succeeded' }],
    });
    expect((await s.groupOf(groupId, opener)).mine).toEqual({ orderId: order.id, state: 'refunded' });
    // Money that lands now goes back, once.
    await sql()`UPDATE sandbox_charges SET state = 'captured' WHERE payment_id = ${paymentId}`;
    await callback(api, capturedBody(api, paymentId, waiting.totalFen));
    await eventually(async () => {
      const rows = await sql()`SELECT state FROM refunds WHERE payment_id = ${paymentId}`;
      expect(rows).toEqual([{ state: 'succeeded' }]);
    });
    await due();
    expect((await sql()`SELECT 1 FROM refunds WHERE order_id = ${order.id}`).length).toBe(1);
    await expectBooksRight(api);
  });

  it('S3 money that the provider has at the deadline counts, although its callback did not come', async () => {
    const s = await shop({ size: 2, hours: 1 });
    const [opener, second] = await two();
    const { groupId } = await s.opened(opener);
    const { body: last } = await s.joining(second, groupId);
    const { paymentId } = await startPaying(api, second, last.id);
    await sql()`UPDATE sandbox_charges SET state = 'captured' WHERE payment_id = ${paymentId}`;
    api.clock.advanceSeconds(HOUR_SECONDS + 1);
    await due();
    expect(await stateOf(api, last.id)).toBe('paid');
    expect((await s.groupOf(groupId, opener)).groupBuy.state).toBe('complete');
    await expectBooksRight(api);
  });

  it('a member may leave while it is open: money back, the seat is free again; the last one to leave ends it', async () => {
    const s = await shop({ size: 2, maxGroups: 1 });
    const [opener, second, third] = await people(3);
    if (!opener || !second || !third) throw new Error('people');
    const { groupId, order } = await s.opened(opener);
    const full = await s.opening(second);
    expect(full.problem).toMatchObject({ code: 'group_buy_not_open', facts: { reason: 'all_groups' } });
    const { body: waiting } = await s.joining(second, groupId);
    expect((await refund(opener, order.id)).status).toBe(202);
    await waitForState(api, order.id, 'refunded');
    expect((await s.groupOf(groupId, opener)).groupBuy).toMatchObject({ state: 'open', held: 1, paid: 0 });
    expect((await s.joining(opener, groupId)).status).toBe(201);
    await api.ok(cancelOrder, { as: second, params: { id: waiting.id }, body: { reason: '' } });
    const again = await s.groupOf(groupId, opener);
    expect(again.groupBuy).toMatchObject({ state: 'open', held: 1 });
    await api.ok(cancelOrder, { as: opener, params: { id: again.mine?.orderId ?? '' }, body: { reason: '' } });
    expect((await s.groupOf(groupId, opener)).groupBuy.state).toBe('expired');
    expect((await s.opening(third)).status).toBe(201); // its place under the cap came back
    await expectBooksRight(api);
  });

  it('goes on after its live and its campaign: who comes by a link joins; a foreign store’s room does not sell it', async () => {
    const s = await shop({ size: 2 });
    const [opener, second] = await two();
    const { groupId } = await s.opened(opener);
    await sql()`UPDATE rooms SET state = 'ended', ended_at = ${api.clock.now()} WHERE id = ${s.room.id}`;
    await api.ok(stopGroupCampaign, {
      as: brand.staff.a.manager,
      params: { id: s.campaign.id },
      body: { reason: '-' },
    });
    expect((await s.opening(second)).problem.code).toMatch(/room_not_live|group_buy_not_open/);
    const foreign = await makeRoom(api, { orgUnit: brand.stores.b, host: brand.staff.b.guide, products: [s.product] });
    const there = await placeInGroup(api, second, foreign, { groupId }, { product: s.product });
    expect(there.problem).toMatchObject({ code: 'group_buy_not_open', facts: { reason: 'other_store' } });
    await s.joined(second, groupId);
    expect((await s.groupOf(groupId, opener)).groupBuy.state).toBe('complete');
    await expectBooksRight(api);
  });

  it('takes its price from the campaign, one line alone, no coupon; limits count over all groups', async () => {
    const s = await shop({ perPerson: 2 });
    const who = await person();
    const wrong = await placeInGroup(
      api,
      who,
      s.room,
      { campaignId: s.campaign.id },
      { product: s.product, seenPriceFen: SHELF_FEN },
    );
    expect(wrong.problem).toMatchObject({ code: 'price_changed', facts: { priceFen: GROUP_PRICE_FEN } });
    const kind = await makeCouponKind(api, brand, brand.stores.a);
    const coupon = await giveCouponTo(api, brand, kind, who);
    const withCoupon = await api.call(placeOrder, {
      as: who,
      body: {
        roomId: s.room.id,
        lines: [{ skuId: s.product.sku.id, quantity: 1, seenPriceFen: GROUP_PRICE_FEN }],
        address: TEST_ADDRESS,
        couponId: coupon.id,
        groupBuy: { campaignId: s.campaign.id },
      },
    });
    expect(withCoupon.problem.code).toBe('invalid_request');
    expect((await s.opening(who, 3)).problem.code).toBe('limit_exceeded');
    expect((await s.opening(who, 1)).status).toBe(201);
    expect((await s.opening(who, 2)).problem).toMatchObject({ code: 'limit_exceeded', facts: { limit: 2 } });
    const other = await s.opened(await person());
    expect((await s.joining(who, other.groupId)).status).toBe(201);
    expect((await s.opening(who, 1)).problem.code).toBe('limit_exceeded');
    await expectBooksRight(api);
  });

  it('S6 floors and scopes of campaigns; stopped ones open no group; the list counts what they brought', async () => {
    const body = { skuId: brand.products.family.sku.id, priceFen: 8_899 };
    await expect(makeGroupCampaign(api, brand, brand.stores.a, body)).rejects.toThrow(/below_price_floor/);
    const s = await shop({ size: 2 });
    const [opener, second] = await two();
    const { groupId } = await s.opened(opener);
    await s.joined(second, groupId);
    const { items } = await api.ok(listGroupCampaigns, { as: brand.staff.a.manager, query: { limit: 50 } });
    expect(items.find(({ id }) => id === s.campaign.id)?.figures).toEqual({
      ...{ open: 0, complete: 1, expired: 0, buyers: 2, pieces: 2 },
      ...{ paidFen: 2 * GROUP_PRICE_FEN, refundedFen: 0 },
    });
    const groups = await api.ok(listGroupsOfCampaign, { as: brand.staff.a.manager, params: { id: s.campaign.id } });
    expect(groups.items.map(({ id }) => id)).toEqual([groupId]);
    for (let times = 0; times < 2; times++)
      await api.ok(stopGroupCampaign, {
        as: brand.staff.a.manager,
        params: { id: s.campaign.id },
        body: { reason: '写错了' },
      });
    const refused = await s.opening(await person());
    expect(refused.problem).toMatchObject({ code: 'group_buy_not_open', facts: { reason: 'stopped' } });
    const audits =
      await sql()`SELECT action FROM audit_log WHERE target = ${`group-campaign:${s.campaign.id}`} ORDER BY id`;
    expect(audits.map(({ action }) => action)).toEqual(['group-campaign:created', 'group-campaign:stopped']);
  });
});

describe('S9 rivals', () => {
  it('fifty people for the last seat: one has it, the others leave nothing', { timeout: 60_000 }, async () => {
    const s = await shop({ size: 2 }, 60);
    const { groupId } = await s.opened(await person());
    const rivals = await people(50);
    const answers = await Promise.all(rivals.map((who) => s.joining(who, groupId)));
    const winners = answers.filter(({ status }) => status === 201);
    expect(winners).toHaveLength(1);
    for (const { status, problem } of answers) if (status !== 201) expect(problem.code).toBe('group_full');
    expect(await s.available()).toBe(58);
    await expectBooksRight(api);
  });

  it('one person twenty times at once has one seat', async () => {
    const s = await shop({ size: 20, perPerson: 20 });
    const { groupId } = await s.opened(await person());
    const who = await person();
    const answers = await Promise.all(Array.from({ length: 20 }, () => s.joining(who, groupId)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const { status, problem } of answers) if (status !== 201) expect(problem.code).toBe('already_in_group');
    expect((await s.groupOf(groupId, who)).groupBuy).toMatchObject({ held: 2, paid: 1 });
    await expectBooksRight(api);
  });

  it('twenty people opening groups of a campaign that has three: three groups', async () => {
    const s = await shop({ maxGroups: 3 });
    const answers = await Promise.all((await people(20)).map((who) => s.opening(who)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    await expectBooksRight(api);
  });

  it('the last two payments at once complete the group once', async () => {
    for (let round = 0; round < 5; round++) {
      const s = await shop();
      const [opener, second, third] = await people(3);
      if (!opener || !second || !third) throw new Error('people');
      const { groupId } = await s.opened(opener);
      const [a, b] = await Promise.all([s.joining(second, groupId), s.joining(third, groupId)]);
      await Promise.all([approve(api, second, a.body.id), approve(api, third, b.body.id)]);
      for (const { body } of [a, b]) await waitForState(api, body.id, 'paid');
      expect((await s.groupOf(groupId, opener)).groupBuy).toMatchObject({ state: 'complete', paid: 3 });
      expect((await eventsOf(s.room.id)).filter((kind) => kind === 'group-buy:completed')).toHaveLength(1);
    }
    await expectBooksRight(api);
  });

  it('S3 the deadline against the last payment: complete, or everybody has the money back', {
    timeout: 60_000,
  }, async () => {
    for (let round = 0; round < 6; round++) {
      const s = await shop({ size: 2, hours: 1 });
      const [opener, second] = await two();
      const { groupId, order } = await s.opened(opener);
      const { body: last } = await s.joining(second, groupId);
      const { paymentId } = await startPaying(api, second, last.id);
      api.clock.advanceSeconds(HOUR_SECONDS + 1);
      await Promise.all([
        api.call(settleSandbox, { as: second, params: { paymentId }, body: { outcome: 'captured' } }),
        due(),
        api.api.platform.jobs.runNow(EXPIRY_JOB),
      ]);
      await eventually(async () => {
        await due();
        expect((await s.groupOf(groupId, opener)).groupBuy.state).not.toBe('open');
      });
      const { state } = (await s.groupOf(groupId, opener)).groupBuy;
      expect(['complete', 'expired']).toContain(state);
      if (state === 'complete') for (const { id } of [order, last]) expect(await stateOf(api, id)).toBe('paid');
      else {
        await waitForState(api, order.id, 'refunded');
        expect(await stateOf(api, last.id)).toBe('expired');
      }
    }
    await eventually(async () => expect(await sql()`SELECT 1 FROM refunds WHERE state <> 'succeeded'`).toEqual([]));
    await expectBooksRight(api);
  });

  it('leaving against completing: the group is complete with everybody, or open without the one who left', async () => {
    for (let round = 0; round < 6; round++) {
      const s = await shop({ size: 2 });
      const [opener, second] = await two();
      const { groupId, order } = await s.opened(opener);
      const { body: last } = await s.joining(second, groupId);
      const { paymentId } = await startPaying(api, second, last.id);
      await Promise.all([callback(api, capturedBody(api, paymentId, last.totalFen)), refund(opener, order.id)]);
      await waitForState(api, last.id, 'paid');
      await waitForState(api, order.id, 'refunded'); // an order that was not sent is refunded, complete group or not
      const { groupBuy } = await s.groupOf(groupId, second);
      expect(groupBuy.state === 'complete' || (groupBuy.state === 'open' && groupBuy.paid === 1)).toBe(true);
    }
    await expectBooksRight(api);
  });
});

describe('S8 a process that dies', () => {
  it('between the end of a group and its refunds is followed by the next turn', async () => {
    const s = await shop({ size: 3, hours: 1 });
    const [opener, second] = await two();
    const { groupId, order } = await s.opened(opener);
    const other = await s.joined(second, groupId);
    api.clock.advanceSeconds(HOUR_SECONDS + 1);
    // What it leaves when it dies after the first statement: an expired group, nobody refunded.
    await sql()`
      WITH ended AS (UPDATE group_buys SET state = 'expired', ended_at = ${api.clock.now()} WHERE id = ${groupId} RETURNING id, campaign_id),
        told AS (INSERT INTO group_buy_transitions (group_id, from_state, to_state, event, at) SELECT id, 'open', 'expired', 'expire', ${api.clock.now()}::timestamptz FROM ended)
      UPDATE group_campaigns c SET groups = groups - 1 FROM ended WHERE c.id = ended.campaign_id`;
    // One of two refunds done, then dead again: the other one is found.
    await refund(opener, order.id);
    await Promise.all([due(), due()]);
    for (const { id } of [order, other]) await waitForState(api, id, 'refunded');
    expect(
      await sql()`SELECT count(*)::int AS n FROM refunds WHERE order_id = ANY(${[order.id, other.id]}::uuid[])`,
    ).toEqual([{ n: 2 }]);
    await expectBooksRight(api);
  });
});
