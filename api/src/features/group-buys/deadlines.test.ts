/** What a group that failed owes: the order's money counts, not its seat. */
import { expect, it } from 'vitest';
import { makeConsumer, makeProduct, makeRoom, makeStock, seedBrand } from '../../testing/fixtures.ts';
import { makeGroupCampaign, placeInGroup } from '../../testing/group-buys.ts';
import { eventually, expectBooksRight, payFor, stateOf, waitForState } from '../../testing/shop.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { GROUP_BUYS_JOB } from './index.ts';

const HOUR_SECONDS = 3_600;

it('S8 a refund that the provider refused for good is asked for again, after an hour', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { sql } = api.api.platform.db;
  const due = () => api.api.platform.jobs.runNow(GROUP_BUYS_JOB);
  const product = await makeProduct(api, '核桃礼盒', { priceFen: 12_900 });
  await makeStock(api, product.sku.id, brand.stores.a, 10);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  const terms = { skuId: product.sku.id, size: 2, hours: 1 };
  const campaign = await makeGroupCampaign(api, brand, brand.stores.a, terms);
  const buyer = await makeConsumer(api, '林小桃');
  const where = { product, quantity: 1 };
  const { body: order } = await placeInGroup(api, buyer, room, { campaignId: campaign.id }, where);
  const paymentId = await payFor(api, buyer, order.id);
  const refunds = async () =>
    (await sql<{ state: string }>`SELECT state FROM refunds WHERE order_id = ${order.id} ORDER BY id`).map(
      ({ state }) => state,
    );

  await sql`UPDATE sandbox_charges SET refunded_fen = amount_fen WHERE payment_id = ${paymentId}`;
  api.clock.advanceSeconds(HOUR_SECONDS + 1);
  await due();
  await eventually(async () => expect(await refunds()).toEqual(['failed']));
  expect(await stateOf(api, order.id)).toBe('paid');
  await due(); // not every two seconds
  expect(await refunds()).toEqual(['failed']);
  await sql`UPDATE sandbox_charges SET refunded_fen = 0 WHERE payment_id = ${paymentId}`;
  api.clock.advanceSeconds(HOUR_SECONDS);
  await due();
  await waitForState(api, order.id, 'refunded');
  expect(await refunds()).toEqual(['failed', 'succeeded']);
  await expectBooksRight(api);
});
