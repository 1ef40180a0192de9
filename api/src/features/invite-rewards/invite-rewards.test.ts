import {
  claimTaskPrize,
  createInviteTask,
  createShareLink,
  endNewcomerGift,
  getInviteRanking,
  listBudgets,
  listInviteTasks,
  myInviteTasks,
  myNewcomerGift,
  myRewards,
  reportInviteRanking,
  reportRewardCosts,
  startNewcomerGift,
  stopInviteTask,
  takeNewcomerGift,
} from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { auditLedger } from '../../ledger/index.ts';
import type { Principal } from '../../platform/principal.ts';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { makeCouponKind } from '../../testing/coupons.ts';
import { type FixtureRoom, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { giveBudget } from '../../testing/sharing.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { makeBrowser } from '../../testing/visits.ts';

const SAFARI = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1';
const WECHAT = { 'user-agent': 'Mozilla/5.0 (iPhone) MicroMessenger/8.0.50' };

/** Somebody new comes by a link, in Safari of a phone of their own unless said otherwise. */
async function bring(
  api: TestApi,
  by: Principal,
  room: FixtureRoom,
  more: { agent?: string; channel?: 'copy' | 'wechat'; as?: Principal } = {},
): Promise<Principal> {
  const { channel = 'copy' } = more;
  const person = more.as ?? (await makeConsumer(api));
  const { path } = await api.ok(createShareLink, { as: by, body: { roomId: room.id, channel } });
  const browser = await makeBrowser(api, person);
  await browser.open(path, { headers: { 'user-agent': more.agent ?? `${SAFARI} ${crypto.randomUUID()}` } });
  return person;
}

test('A7 Z5 K2 a task counts real new people brought outside WeChat, and gives each prize once, from stock', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { staff, stores, rooms, consumers } = brand;
  const { anna, bella, chris } = consumers;
  const { sql } = api.api.platform.db;
  const kind = await makeCouponKind(api, brand, stores.a, { total: 50, perPerson: 5 });
  const body = {
    ...{ orgUnitId: stores.a.id, title: '邀新有礼', days: 7 },
    tiers: [
      { threshold: 2, couponKindId: kind.id, stock: 1 },
      { threshold: 4, couponKindId: kind.id, stock: 9 },
    ],
  };
  const ofB = await makeCouponKind(api, brand, stores.b);
  const wrong = { ...body, tiers: [{ threshold: 1, couponKindId: ofB.id, stock: 1 }] };
  expect((await api.call(createInviteTask, { as: staff.a.manager, body: wrong })).status).toBe(400);
  expect((await api.call(createInviteTask, { as: staff.b.manager, body })).status).toBe(404);
  expect((await api.call(createInviteTask, { as: staff.a.guide, body })).status).toBe(403);
  const task = await api.ok(createInviteTask, { as: staff.a.manager, body });
  const [low, high] = task.tiers.map(({ id }) => id) as [string, string];
  api.clock.advanceSeconds(5);
  for (const one of [anna, bella]) await bring(api, staff.a.guide, rooms.a, { as: one }); // customers of store A now

  const mine = async (as: Principal) => (await api.ok(myInviteTasks, { as })).items[0];
  const claim = (as: Principal, id: string, headers = {}) => api.call(claimTaskPrize, { as, params: { id }, headers });
  await bring(api, anna, rooms.a);
  // None of these counts: in WeChat, by a WeChat share, an old account, another store's room, staff, a guest, oneself.
  await bring(api, anna, rooms.a, { agent: WECHAT['user-agent'] });
  await bring(api, anna, rooms.a, { channel: 'wechat' });
  await bring(api, anna, rooms.a, { as: chris });
  await bring(api, anna, rooms.b);
  const colleague = await makeConsumer(api);
  await sql`UPDATE people SET phone = (SELECT phone FROM people WHERE id = ${colleague.personId}) WHERE id = ${staff.b.guide.personId}`;
  await bring(api, anna, rooms.a, { as: colleague });
  const { path } = await api.ok(createShareLink, { as: anna, body: { roomId: rooms.a.id } });
  await (await makeBrowser(api)).open(path, { headers: { 'user-agent': SAFARI } });
  await bring(api, anna, rooms.a, { as: anna });
  expect(await mine(anna)).toMatchObject({ invited: 1, tiers: [{ state: 'locked' }, { state: 'locked' }] });
  expect((await claim(anna, low)).problem.code).toBe('state_conflict');

  // Of one device three count at most.
  for (let one = 0; one < 5; one++) await bring(api, bella, rooms.a, { agent: 'Safari one phone' });
  expect(await mine(bella)).toMatchObject({ invited: 3, tiers: [{ state: 'ready' }, { state: 'locked' }] });
  await bring(api, anna, rooms.a);

  // Inside WeChat nothing is given; elsewhere one of two rivals gets the last, and whoever asks ten times gets one.
  expect((await api.ok(myInviteTasks, { as: anna, headers: WECHAT })).channel).toBe('closed_in_wechat');
  expect((await claim(anna, low, WECHAT)).problem.code).toBe('rewards_outside_wechat');
  const answers = await Promise.all([anna, bella].flatMap((as) => Array.from({ length: 5 }, () => claim(as, low))));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(await sql`SELECT tier_id FROM invite_task_grants`).toEqual([{ tier_id: low }]);
  expect(await sql`SELECT granted FROM invite_task_tiers WHERE id = ${low}`).toEqual([{ granted: 1 }]);
  expect(await sql`SELECT claimed FROM coupon_kinds WHERE id = ${kind.id}`).toEqual([{ claimed: 1 }]);
  const states = [await mine(anna), await mine(bella)].map((one) => one?.tiers[0]?.state).toSorted();
  expect(states).toEqual(['granted', 'out']);

  await bring(api, anna, rooms.a);
  await bring(api, anna, rooms.a);
  // The same key twice is the same coupon.
  const again = { as: anna, params: { id: high }, key: crypto.randomUUID() };
  expect((await api.call(claimTaskPrize, again)).body).toEqual((await api.call(claimTaskPrize, again)).body);
  const [seen] = (await api.ok(listInviteTasks, { as: staff.a.manager })).items;
  expect(seen).toMatchObject({ state: 'running', invited: 7, tiers: [{ granted: 1 }, { granted: 1 }] });
  expect((await api.ok(listInviteTasks, { as: staff.b.manager })).items).toEqual([]);
  await api.ok(stopInviteTask, { as: staff.a.manager, params: { id: task.id }, body: { reason: '发完了' } });
  expect((await claim(bella, high)).problem.code).toBe('state_conflict');
  // Nobody got money for anybody.
  expect(await sql`SELECT FROM ledger_entries`).toEqual([]);
});

test('K6 the ranking knows customers and sales net of refunds, names nobody to a customer; a red packet is for whoever is new, once, from the budget', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { staff, stores, rooms, consumers } = brand;
  const { anna, bella, chris } = consumers;
  const orders = createAttributedOrders(api);
  const sell = async (buyer: Principal, fen: number, back = 0) => {
    const order = await orders.place(buyer, rooms.a, [fen]);
    await orders.pay(order);
    if (back > 0) await orders.refund(order, [back]);
  };
  for (const one of [anna, bella, chris]) await bring(api, staff.a.guide, rooms.a, { as: one });
  const [kept, gone, late] = [
    await bring(api, anna, rooms.a),
    await bring(api, anna, rooms.a),
    await bring(api, bella, rooms.a),
  ];
  await sell(kept, 5_000);
  await sell(gone, 90_000, 90_000); // sent back whole: no customer, no sale
  await sell(late, 20_000, 4_000);
  await orders.place(await bring(api, bella, rooms.a), rooms.a); // never paid

  const ranking = async (as: Principal, by: 'customers' | 'sales') => api.ok(getInviteRanking, { as, query: { by } });
  const sales = await ranking(anna, 'sales');
  expect(sales.items.map(({ name, customers, netFen, mine }) => [name, customers, netFen, mine])).toEqual([
    ['贝*', 1, 16_000, false],
    ['安然', 1, 5_000, true],
    [`${staff.a.guide.name[0]}*`, 0, 0, false],
  ]);
  expect(sales).toMatchObject({ orgUnit: { id: stores.a.id }, mine: { place: 2, netFen: 5_000 } });
  expect((await ranking(chris, 'customers')).mine).toBeNull();
  const report = await api.ok(reportInviteRanking, { as: staff.a.manager, query: { by: 'customers' } });
  expect(report.items.map(({ inviter, invited, customers }) => [inviter.name, invited, customers])).toEqual([
    ['贝贝', 2, 1],
    ['安然', 2, 1],
    [staff.a.guide.name, 3, 0],
  ]);
  expect((await api.ok(reportInviteRanking, { as: staff.b.manager })).items).toEqual([]);

  // Z6 somebody of store B who brings people to store A's room is read by their first character there, and by name at home.
  const dora = await makeConsumer(api, '朵拉拉');
  await bring(api, staff.b.guide, rooms.b, { as: dora });
  await bring(api, dora, rooms.a);
  const namesFor = async (as: Principal) =>
    (await api.ok(reportInviteRanking, { as })).items.map(({ inviter }) => inviter.name);
  expect(await namesFor(staff.a.manager)).toContain('朵*');
  for (const as of [staff.channelEast, staff.admin]) expect(await namesFor(as)).toContain('朵拉拉');

  const terms = { orgUnitId: stores.a.id, title: '新人红包', amountFen: 300, count: 2, days: 7 };
  const start = () => api.call(startNewcomerGift, { as: staff.a.manager, body: terms });
  expect((await start()).problem.code).toBe('budget_exceeded');
  await giveBudget(api, staff.finance, stores.a, 1_000);
  const { body: gift } = await start();
  expect((await start()).problem.code).toBe('state_conflict');
  const budget = async () => (await api.ok(listBudgets, { as: staff.a.manager })).items[0];
  expect(await budget()).toMatchObject({ availableFen: 400, reservedFen: 600 });
  const take = (as: Principal) => api.call(takeNewcomerGift, { as, params: { id: gift.id } });
  expect((await take(kept)).problem.code).toBe('state_conflict'); // has bought
  expect(await api.ok(myNewcomerGift, { as: kept })).toEqual({ state: 'none', gift: null });
  const fresh = await Promise.all(Array.from({ length: 4 }, () => bring(api, anna, rooms.a)));
  expect(await api.ok(myNewcomerGift, { as: fresh[0] })).toMatchObject({ state: 'open', gift: { amountFen: 300 } });
  const taken = await Promise.all(fresh.flatMap((one) => [take(one), take(one), take(one)]));
  expect(taken.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(2);
  const { sql } = api.api.platform.db;
  expect(await sql`SELECT count(*)::int AS n, sum(amount_fen)::int AS fen FROM newcomer_gift_shares`).toEqual([
    { n: 2, fen: 600 },
  ]);
  const [winner] = await sql<{ personId: string }>`SELECT person_id AS "personId" FROM newcomer_gift_shares`;
  const happy = fresh.find(({ personId }) => personId === winner?.personId) as Principal;
  expect(await api.ok(myRewards, { as: happy })).toMatchObject({
    balanceFen: 300,
    items: [{ kind: 'newcomer', amountFen: 300 }],
  });
  // Who brought them got nothing.
  expect((await api.ok(myRewards, { as: anna })).balanceFen).toBe(0);

  const params = { id: gift.id };
  const ended = await api.ok(endNewcomerGift, { as: staff.a.manager, params, body: { reason: '发完了' } });
  expect(ended).toMatchObject({ state: 'ended', taken: 2, returnedFen: 0 });
  const { body: second } = await api.call(startNewcomerGift, {
    as: staff.a.manager,
    body: { ...terms, amountFen: 100 },
  });
  expect((await api.call(takeNewcomerGift, { as: happy, params: { id: second.id } })).problem.code).toBe(
    'state_conflict',
  );
  api.clock.advanceSeconds(8 * 86_400);
  await api.api.platform.jobs.runNow('newcomer-gifts-due');
  expect(await budget()).toMatchObject({ availableFen: 400, reservedFen: 0 });
  await sell(happy, 1_000);
  const { items } = await api.ok(reportRewardCosts, { as: staff.a.manager });
  expect(items.find(({ id }) => id === gift.id)).toMatchObject({
    ...{ newPeople: 2, newCustomers: 1, costFen: 600, perNewPersonFen: 300, perNewCustomerFen: 600 },
  });
  expect((await auditLedger(api.api.platform.db)).problems).toEqual([]);
});
