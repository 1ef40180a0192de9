/** Reviews and their prizes, for tests that need some but not how they came about. */
import { randomUUID } from 'node:crypto';
import {
  type BodyInputOf,
  createReviewCampaign,
  type OrderView,
  placeOrder,
  type ReviewCampaign,
  receiveOrder,
  shipOrder,
} from '@walnut-live/contracts';
import type { Principal } from '../platform/principal.ts';
import type { Brand, FixtureRoom, Unit } from './fixtures.ts';
import { payFor, shelfLine, TEST_ADDRESS, waitForState } from './shop.ts';
import type { TestApi } from './test-api.ts';
import { testPicture } from './upload.ts';

/** Of store staff, for milk unless told otherwise. */
export const makeReviewCampaign = (
  api: TestApi,
  { staff, products }: Brand,
  unit: Unit,
  terms: Partial<BodyInputOf<typeof createReviewCampaign>> = {},
): Promise<ReviewCampaign> =>
  api.ok(createReviewCampaign, {
    as: staff.operations,
    body: { orgUnitId: unit.id, skuId: products.milk.sku.id, title: '晒单有礼', total: 10, days: 30, ...terms },
  });

/** An order of milk that was paid, sent and received. */
export async function receivedOrder(
  api: TestApi,
  { staff, products }: Brand,
  room: FixtureRoom,
  as: Principal,
): Promise<OrderView> {
  const order = await api.ok(placeOrder, {
    ...{ as },
    body: { roomId: room.id, lines: [shelfLine(products.milk)], address: TEST_ADDRESS },
  });
  await payFor(api, as, order.id);
  await send(api, staff.operations, as, order.id);
  return order;
}
export async function send(api: TestApi, staff: Principal, as: Principal, orderId: string): Promise<void> {
  await api.ok(shipOrder, { as: staff, params: { id: orderId }, body: { trackingNo: 'SF0001' } });
  await api.ok(receiveOrder, { as, params: { id: orderId }, body: {} });
  await waitForState(api, orderId, 'received');
}

/** A review with a picture of an order in whatever state, and a campaign of its store. */
export async function makeReview(api: TestApi, brand: Brand, order: OrderView, buyer: Principal, unit: Unit) {
  const { sql } = api.api.platform.db;
  const [reviewId, pictureId] = [randomUUID(), randomUUID()];
  const now = api.clock.now();
  await sql`INSERT INTO stored_files (id, purpose, org_path, name, media_type, bytes, sha256, content, created_by, created_at)
    VALUES (${pictureId}, 'evidence', ${unit.path}, 'file', 'image/png', 64, '', ${testPicture()}, ${buyer.personId}, ${now})`;
  await sql`INSERT INTO reviews (id, order_id, person_id, org_path, stars, text, state, created_at)
    VALUES (${reviewId}, ${order.id}, ${buyer.personId}, ${unit.path}, 5, '很香', 'pending', ${now})`;
  await sql`INSERT INTO review_pictures (review_id, file_id, position) VALUES (${reviewId}, ${pictureId}, 1)`;
  const campaign = await makeReviewCampaign(api, brand, unit);
  return { reviewId, reviewedAt: now.toISOString(), pictureId, reviewCampaignId: campaign.id };
}
