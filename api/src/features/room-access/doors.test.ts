/** Every HTTP door of a room that is not for everybody: who may not enter is told so, and learns nothing. */
import { randomUUID } from 'node:crypto';
import { getRoomEntry, listProductClips, listRooms, type Route, routes, setAudience } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { send } from '../../route-tables/requests.ts';
import { makeCoupons } from '../../testing/coupons.ts';
import { type Brand, makeRoom, seedBrand } from '../../testing/fixtures.ts';
import { openGroupBuy } from '../../testing/group-buys.ts';
import { makePlays } from '../../testing/plays.ts';
import { TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { doorOf } from './index.ts';

test('every route that is not for staff says which room it is about, or why none', () => {
  expect(routes.filter((route) => doorOf(route) === undefined).map(({ id }) => id)).toEqual([]);
});

let api: TestApi;
let brand: Brand;
let things: Record<
  'clipId' | 'redPacketId' | 'drawId' | 'couponDropId' | 'groupBuyId' | 'checkInId' | 'pollId' | 'chainId',
  string
>;
beforeAll(async () => {
  api = await startTestApi({ AUTH_RATE_PER_MINUTE: '1000000' });
  brand = await seedBrand(api);
  const { rooms, products, staff } = brand;
  const clipId = randomUUID();
  const now = api.clock.now();
  const { sql } = api.api.platform.db;
  await sql`INSERT INTO recordings (room_id, state, spans, started_at, ended_at, duration_ms)
    VALUES (${rooms.a.id}, 'ready', '[]', ${now}, ${now}, 60000)`;
  await sql`INSERT INTO clips (id, room_id, product_id, from_ms, to_ms, origin, created_at)
    VALUES (${clipId}, ${rooms.a.id}, ${products.milk.id}, 0, 10000, 'pin', ${now})`;
  const [checkInId, pollId, chainId] = [randomUUID(), randomUUID(), randomUUID()];
  const opened = { by: staff.a.guide.personId, path: rooms.a.orgUnit.path };
  await sql`INSERT INTO check_ins (id, room_id, org_unit_id, org_path, state, message, opened_by, opened_at)
    VALUES (${checkInId}, ${rooms.a.id}, ${rooms.a.orgUnit.id}, ${opened.path}, 'open', '签到', ${opened.by}, ${now})`;
  await sql`INSERT INTO polls (id, room_id, org_path, kind, state, question, options, multiple, live_results, changeable, opened_by, opened_at, closes_at)
    VALUES (${pollId}, ${rooms.a.id}, ${opened.path}, 'survey', 'open', '几口之家？', '{1,2}', false, true, true, ${opened.by}, ${now}, ${now})`;
  await sql`INSERT INTO chains (id, room_id, org_path, state, title, opened_by, opened_at)
    VALUES (${chainId}, ${rooms.a.id}, ${opened.path}, 'open', '接龙', ${opened.by}, ${now})`;
  const { bella } = brand.consumers;
  const played = {
    ...(await makePlays(api, brand, rooms.a, bella)),
    ...(await makeCoupons(api, brand, rooms.a, bella)),
    groupBuyId: await openGroupBuy(api, brand, rooms.a, bella),
  };
  things = { clipId, checkInId, pollId, chainId, ...played };
  const body = { audience: 'members' } as const;
  await api.ok(setAudience, { params: { id: rooms.a.id }, body, as: staff.a.guide });
});
afterAll(() => api[Symbol.asyncDispose]());

/** What a door is asked with, where a room in the path is not enough. */
const requests: Record<string, () => { params?: Record<string, string>; query?: string; body?: object }> = {
  'share-links.create': () => ({ body: { roomId: brand.rooms.a.id, channel: 'copy' } }),
  'orders.place': () => {
    const { sku } = brand.products.milk;
    const lines = [{ skuId: sku.id, quantity: 1, seenPriceFen: sku.priceFen }];
    return { body: { roomId: brand.rooms.a.id, lines, address: TEST_ADDRESS } };
  },
  'shipping.quote': () => ({ body: { roomId: brand.rooms.a.id, goodsFen: 100 } }),
  'coupons.quote': () => ({ body: { roomId: brand.rooms.a.id } }),
  'draws.list': () => ({ query: `roomId=${brand.rooms.a.id}` }),
  'red-packets.list': () => ({ query: `roomId=${brand.rooms.a.id}` }),
  'red-packets.get': () => ({ params: { id: things.redPacketId } }),
  'red-packets.grab': () => ({ params: { id: things.redPacketId }, body: {} }),
  'coupons.open': () => ({ query: `roomId=${brand.rooms.a.id}` }),
  'coupon-drops.list': () => ({ query: `roomId=${brand.rooms.a.id}` }),
  'coupon-drops.get': () => ({ params: { id: things.couponDropId } }),
  'coupon-drops.grab': () => ({ params: { id: things.couponDropId }, body: {} }),
  'group-buys.of-room': () => ({ query: `roomId=${brand.rooms.a.id}` }),
  'pre-sales.of-room': () => ({ query: `roomId=${brand.rooms.a.id}` }),
  'group-buys.get': () => ({ params: { id: things.groupBuyId } }),
  'drain-cards.mark': () => ({ body: { cardId: randomUUID(), what: 'seen' } }),
  'materials.file': () => ({ params: { id: brand.rooms.a.id, materialId: randomUUID() } }),
  'check-ins.get': () => ({ params: { id: things.checkInId } }),
  'polls.get': () => ({ params: { id: things.pollId } }),
  'polls.list': () => ({ query: `roomId=${brand.rooms.a.id}` }),
  'countdowns.list': () => ({ query: `roomId=${brand.rooms.a.id}` }),
  'chains.list': () => ({ query: `roomId=${brand.rooms.a.id}` }),
  'chains.lines': () => ({ params: { id: things.chainId } }),
  'clips.play': () => ({ params: { id: things.clipId }, body: {} }),
  'rooms.media-grant': () => ({ body: { right: 'watch' } }),
  'gifts.send': () => ({ body: { giftId: randomUUID(), quantity: 1, seenPriceCoins: 1 } }),
};
const gated = routes.filter((route) => typeof doorOf(route) === 'function');
const ask = (route: Route, as: typeof brand.guest | undefined) => {
  const { params, query, body } = requests[route.id]?.() ?? {};
  return send(api, route, {
    params: params ?? { id: brand.rooms.a.id },
    ...(query ? { query } : {}),
    body: route.body ? JSON.stringify(body ?? {}) : undefined,
    as,
  });
};

test.each(gated)('$id is shut to who is not of the audience, and tells nothing of the room', async (route) => {
  const { consumers, guest, staff, rooms } = brand;
  for (const as of [undefined, guest, consumers.anna, staff.b.guide, staff.channelNorth]) {
    const { status, text, problem } = await ask(route, as);
    const told = `${as?.name ?? 'nobody'} on ${route.id}: ${text}`;
    expect([401, 403], told).toContain(status);
    if (as === consumers.anna || route.access === 'person') {
      // Of the wrong kind for this route altogether, or at the door.
      if (status === 403 && as) expect(problem.code, told).toBe('not_in_audience');
    }
    expect(text, told).not.toContain(rooms.a.title);
    expect(text, told).not.toContain('红包雨');
  }
  const { status, problem } = await ask(route, consumers.anna);
  expect({ status, code: problem.code }).toEqual({ status: 403, code: 'not_in_audience' });
});

test.each(gated)('$id: a member is not stopped at the door', async (route) => {
  const { consumers, staff, stores } = brand;
  const { sql } = api.api.platform.db;
  await sql`INSERT INTO customer_marks (id, person_id, kind, org_unit_id, org_path, reason, marked_by, marked_at)
    VALUES (${randomUUID()}, ${consumers.chris.personId}, 'member', ${stores.a.id}, ${stores.a.path}, '老会员', ${staff.a.manager.personId}, ${api.clock.now()})
    ON CONFLICT DO NOTHING`;
  expect((await ask(route, consumers.chris)).problem.code).not.toBe('not_in_audience');
});

test('lists show no room that one may not enter; pages stay whole, and the cursor goes on', async () => {
  const { rooms, consumers, staff, stores } = brand;
  const ids = async (as: typeof brand.guest | undefined, query = {}) =>
    (await api.ok(listRooms, { query, as })).items.map(({ id }) => id);
  for (const as of [undefined, brand.guest, consumers.anna]) expect(await ids(as)).not.toContain(rooms.a.id);
  for (const as of [consumers.chris, staff.a.assistant, staff.channelEast, staff.admin])
    expect(await ids(as)).toContain(rooms.a.id);
  expect(await ids(staff.a.guide, { mine: 'true' })).toContain(rooms.a.id);

  const { sql } = api.api.platform.db;
  const open: string[] = [];
  for (let no = 0; no < 6; no++) {
    const room = await makeRoom(api, { orgUnit: stores.c, host: staff.c.guide });
    if (no % 2 === 0) open.push(room.id);
    else await sql`UPDATE rooms SET audience = 'koc' WHERE id = ${room.id}`;
  }
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const query = { orgPath: stores.c.path, limit: 2, ...(cursor ? { cursor } : {}) };
    const page = await api.ok(listRooms, { query, as: consumers.anna });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(new Set(seen)).toEqual(new Set(open));
  expect(seen).toHaveLength(open.length);
});

test('clips of a product leave out those of rooms that are not for one', async () => {
  const clips = async (as: typeof brand.guest) =>
    (await api.ok(listProductClips, { params: { id: brand.products.milk.id }, as })).items.map(({ id }) => id);
  expect(await clips(brand.consumers.anna)).toEqual([]);
  expect(await clips(brand.consumers.chris)).toEqual([things.clipId]);
});

test('at the door stands for whom the room is, and of whom one may ask', async () => {
  const entry = (as?: typeof brand.guest) => api.ok(getRoomEntry, { params: { id: brand.rooms.a.id }, as });
  const store = { id: brand.stores.a.id, name: brand.stores.a.name };
  const shut = { mayEnter: false, audience: 'members', store };
  expect(await entry()).toEqual({ ...shut, reason: 'sign_in' });
  expect(await entry(brand.guest)).toEqual({ ...shut, reason: 'sign_in' });
  expect(await entry(brand.consumers.anna)).toEqual({ ...shut, reason: 'not_member' });
  expect(await entry(brand.consumers.chris)).toEqual({ mayEnter: true, audience: 'members', reason: null, store });
  expect((await api.call(getRoomEntry, { params: { id: randomUUID() } })).status).toBe(404);
});
