/** One of everything that can be named, in a brand with things of store B: for the tables that ask who may touch them. */
import { randomUUID } from 'node:crypto';
import { placeOrder } from '@walnut-live/contracts';
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
import type { TestApi } from '../testing/test-api.ts';
import { makeTransfer } from '../testing/transfers.ts';
import { makeWebhook } from '../testing/webhooks.ts';
import { home, type ThingsOfB } from './scope-targets.ts';

export async function makeThingsOfB(api: TestApi): Promise<ThingsOfB> {
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
  return {
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
}
