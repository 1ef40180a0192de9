/**
 * A store's things do not exist for another store: every route that names something by its path, or by an org unit, × staff of
 * store A on things of store B, and a customer on another customer's. A new route with parameters fails the first test
 * until it says here what belongs to store B (or why it belongs to nobody).
 */
import { randomUUID } from 'node:crypto';
import { may, placeOrder, type Route, routes } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../platform/principal.ts';
import { makeActivities } from '../testing/activities.ts';
import { makeAfterSale } from '../testing/after-sales.ts';
import { makeAlert } from '../testing/alerts.ts';
import { makeCommissionEntry } from '../testing/commissions.ts';
import { makeCoupons } from '../testing/coupons.ts';
import { makeDeliveries } from '../testing/delivery.ts';
import { makeBundle, makeOffer, seedBrand } from '../testing/fixtures.ts';
import { makeAroundRooms } from '../testing/for-whom.ts';
import { giveCoinsAndGift } from '../testing/gifts.ts';
import { makeGroupCampaign } from '../testing/group-buys.ts';
import { proposeKoc } from '../testing/members.ts';
import { makePlays } from '../testing/plays.ts';
import { makePreSale } from '../testing/pre-sales.ts';
import { makeReview } from '../testing/reviews.ts';
import { makeSettlement } from '../testing/settled.ts';
import { makeSharings } from '../testing/sharing.ts';
import { makeTellings } from '../testing/tellings.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { makeTransfer } from '../testing/transfers.ts';
import { makeWebhook } from '../testing/webhooks.ts';
import { belongsToNobody } from './nobodys-routes.ts';
import { gateOf, send } from './requests.ts';
import { home, type ThingsOfB, targets } from './scope-targets.ts';

let api: TestApi;
let b: ThingsOfB;
beforeAll(async () => {
  api = await startTestApi({ AUTH_RATE_PER_MINUTE: '1000000' });
  const brand = await seedBrand(api);
  const offer = await makeOffer(api, brand.rooms.b, brand.products.family.sku.id, { priceFen: 9_900 });
  const { milk } = brand.products;
  const order = await api.ok(placeOrder, {
    as: brand.consumers.anna,
    body: {
      roomId: brand.rooms.b.id,
      lines: [{ skuId: milk.sku.id, quantity: 1, seenPriceFen: milk.sku.priceFen }],
      address: home,
    },
  });
  const { sql } = api.api.platform.db;
  await sql`INSERT INTO room_moderation (id, room_id, person_id, kind, reason, by_id, at)
    VALUES (${randomUUID()}, ${brand.rooms.b.id}, ${brand.guest.personId}, 'mute', '', ${brand.staff.b.guide.personId}, ${api.clock.now()})`;
  await sql`UPDATE rooms SET open_to = '{hq}' WHERE id = ${brand.rooms.hq.id}`;
  const seatId = randomUUID();
  await sql`INSERT INTO room_cohosts (id, room_id, person_id, stream_id, state, invited_by, invited_at)
    VALUES (${seatId}, ${brand.rooms.b.id}, ${brand.staff.operations.personId}, ${randomUUID()}, 'invited', ${brand.staff.b.guide.personId}, ${api.clock.now()})`;
  const reportId = randomUUID();
  await sql`INSERT INTO chat_reports (id, room_id, org_path, message_id, author_id, text, at)
    VALUES (${reportId}, ${brand.rooms.b.id}, ${brand.stores.b.path}, 'chat:b', ${brand.guest.personId}, ${brand.rooms.b.title}, ${api.clock.now()})`;
  const clipId = randomUUID();
  await sql`INSERT INTO recordings (room_id, state, spans, started_at, ended_at, duration_ms)
    VALUES (${brand.rooms.b.id}, 'processing', '[]', ${api.clock.now()}, ${api.clock.now()}, 60000)`;
  await sql`INSERT INTO clips (id, room_id, product_id, from_ms, to_ms, origin, created_at)
    VALUES (${clipId}, ${brand.rooms.b.id}, ${milk.id}, 0, 10000, 'pin', ${api.clock.now()})`;
  const givenGiftId = await giveCoinsAndGift(api, brand.consumers.anna, brand.rooms.b.id);
  const ofB = { unit: brand.stores.b, team: brand.staff.b, customer: brand.consumers.anna };
  b = {
    brand,
    around: await makeAroundRooms(api, ofB),
    ...(await makePlays(api, brand, brand.rooms.b, brand.consumers.anna)),
    ...(await makeActivities(api, brand.rooms.b, brand.consumers.anna)),
    ...(await makeCoupons(api, brand, brand.rooms.b, brand.consumers.anna)),
    transferId: await makeTransfer(api, brand, brand.stores.b, brand.staff.b),
    proposalId: await proposeKoc(api, brand.consumers.anna, brand.stores.b.path),
    groupCampaignId: (await makeGroupCampaign(api, brand, brand.stores.b)).id,
    preSaleId: (await makePreSale(api, brand, brand.stores.b, brand.products.family)).id,
    ...(await makeWebhook(api, brand.stores.b, brand.staff.admin)),
    ...(await makeSettlement(api, brand, brand.stores.b, brand.consumers.anna)),
    ...(await makeTellings(api, brand.rooms.b, brand.consumers.anna)),
    ...(await makeDeliveries(api, brand, brand.rooms.b, brand.consumers.anna)),
    ...(await makeAfterSale(api, order, brand.consumers.anna, brand.stores.b)),
    reviews: await makeReview(api, brand, order, brand.consumers.anna, brand.stores.b),
    ...(await makeSharings(api, brand, brand.rooms.b)),
    commissionEntryId: await makeCommissionEntry(api, order, brand.staff.b.guide, brand.stores.b),
    alertId: await makeAlert(api, brand.stores.b),
    seatId,
    clipId,
    reportId,
    givenGiftId,
    offerId: offer.id,
    bundleId: await makeBundle(api, brand.rooms.b, [brand.products.milk, brand.products.family]),
    orderId: order.id,
    orderItemId: order.items[0]?.id ?? '',
    paymentId: order.payment?.id ?? '',
  };
});
afterAll(() => api[Symbol.asyncDispose]());

const isNarrow = (route: Route) => targets[route.id] !== undefined;
const ask = (route: Route, as: Principal) => {
  const { params = {}, query, body } = targets[route.id]?.(b) ?? {};
  return send(api, route, {
    params,
    as,
    ...(query ? { query } : {}),
    body: body ? JSON.stringify(body) : undefined,
  });
};

test('every route that names something says here whose it is', () => {
  const named = routes.filter((route) => route.params && !belongsToNobody.has(route.id)).map((route) => route.id);
  expect(named.filter((id) => !targets[id])).toEqual([]);
  expect(Object.keys(targets).filter((id) => !routes.some((route) => route.id === id))).toEqual([]);
});

test.each(routes.filter(isNarrow))(
  '$id: nothing of store B for staff of store A or of another channel',
  async (route) => {
    const { staff } = b.brand;
    for (const as of [staff.a.guide, staff.a.manager, staff.a.assistant, staff.channelNorth, staff.c.manager]) {
      const { status, text } = await ask(route, as);
      const told = `${as.name} on ${route.id}: ${status}`;
      // Whoever the gate lets in is told that there is nothing; a permission nobody has is a plain no.
      expect(status, told).toBe(gateOf(route.access, as) === 'open' ? 404 : 403);
      expect(text, told).not.toContain(b.brand.rooms.b.title);
    }
  },
);

const ofCustomers = routes.filter(
  ({ id, access }) =>
    targets[id] && (access === 'consumer' || (typeof access === 'object' && 'consumerOrStaff' in access)),
);
test.each(ofCustomers)('$id: nothing of one customer for another', async (route) => {
  const { status, text } = await ask(route, b.brand.consumers.bella);
  expect([403, 404]).toContain(status);
  expect(text).not.toContain('安然');
});

// Last, because now things happen: the same requests are good ones, or the refusals above would prove nothing.
test.each(Object.keys(targets).flatMap((id) => routes.filter((route) => route.id === id)))(
  '$id: the same request by HQ (or the customer) is let in',
  async (route) => {
    const as = route.access === 'consumer' ? b.brand.consumers.anna : b.brand.staff.admin;
    const { status, text, problem } = await ask(route, as);
    expect([400, 401, 403, 404, 422], text).not.toContain(status);
    // There is no media server here: whoever is told so was let in.
    if (problem.code !== 'unavailable') expect(status, text).toBeLessThan(500);
  },
);

/** Lists that a store's manager may read at all. */
const lists = routes.filter(
  ({ method, params, query, access }) =>
    method === 'GET' &&
    !params &&
    (query?.safeParse({}).success ?? true) && // what must name something is asked above
    typeof access === 'object' &&
    !('secret' in access) &&
    may('store_manager', 'staff' in access ? access.staff : access.consumerOrStaff),
);
test.each(lists)('$id: lists nothing of store B for store A', async (route) => {
  const { stores, rooms, staff } = b.brand;
  const answer = await send(api, route, { params: {}, as: staff.a.manager });
  expect(answer.status).toBe(200);
  for (const sign of [stores.b.id, stores.b.path, stores.b.name, rooms.b.id, b.orderId]) {
    expect(answer.text).not.toContain(sign);
  }
});
