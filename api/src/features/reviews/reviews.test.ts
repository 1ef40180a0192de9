/** Reviews and their prizes, over HTTP and a real database. */
import {
  cancelOrder,
  claimReviewPrize,
  decideReview,
  getOrder,
  getOrderReview,
  getReviewPicture,
  listReviewCampaigns,
  listReviews,
  orderCredit,
  refundOrder,
  requestAfterSale,
  stopReviewCampaign,
  withdrawAfterSale,
  writeReview,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { sendEvidence } from '../../testing/after-sales.ts';
import { type Brand, makeConsumer, makeProduct, makeStock, readStock, seedBrand } from '../../testing/fixtures.ts';
import { makeReviewCampaign, receivedOrder, send } from '../../testing/reviews.ts';
import { eventually, expectBooksRight, payFor, TEST_ADDRESS, waitForState } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { FILES_SWEEP } from '../files/index.ts';
import { EXPIRY_JOB } from '../orders/index.ts';

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

const received = (as: Principal = buyer) => receivedOrder(api, brand, brand.rooms.a, as);
const seen = (id: string, as: Principal = buyer) => api.ok(getOrderReview, { as, params: { id } });
const write = (id: string, body: { text?: string; stars?: number; pictureIds?: string[] } = {}, as = buyer) =>
  api.call(writeReview, { as, params: { id }, body: { stars: 5, text: '奶香浓，孩子爱喝', ...body } });
/** What is seen of it now, unless it was read before. */
const decide = async (id: string, decision: 'approve' | 'refuse' = 'approve', seenAt?: string) => {
  const now = async () => {
    const { items } = await api.ok(listReviews, { as: brand.staff.operations, query: { limit: 100 } });
    return items.find((review) => review.id === id)?.createdAt ?? '';
  };
  return api.call(decideReview, {
    ...{ as: brand.staff.operations, params: { id } },
    body: { decision, reason: decision === 'approve' ? '' : '不是这件商品', seenAt: seenAt ?? (await now()) },
  });
};
const claim = (orderId: string, campaignId: string, as = buyer) =>
  api.call(claimReviewPrize, { as, params: { id: orderId }, body: { campaignId, address: TEST_ADDRESS } });
const why = (answer: { problem: { facts?: Record<string, unknown> | undefined } }) => answer.problem.facts?.reason;
/** A received order whose review was approved. */
async function approved(as: Principal = buyer) {
  const order = await received(as);
  const { body } = await write(order.id, {}, as);
  await decide(body.review?.id ?? '');
  return order;
}
const newCampaign = (terms: Parameters<typeof makeReviewCampaign>[3] = {}) =>
  makeReviewCampaign(api, brand, brand.stores.a, { skuId: brand.products.kernels.sku.id, ...terms });

describe('reviews', () => {
  it('one for an order that was received, with pictures that only its writer and the store see', async () => {
    const order = await received();
    expect(await seen(order.id)).toMatchObject({ mayReview: true, review: null });
    const picture = await sendEvidence(api, buyer, order.id);
    const { body } = await write(order.id, { pictureIds: [picture.id], stars: 2 });
    expect(body).toMatchObject({ mayReview: false, review: { state: 'pending', stars: 2, pictureIds: [picture.id] } });
    expect(why(await write(order.id))).toBe('reviewed');
    const params = { id: body.review?.id ?? '', fileId: picture.id };
    const look = async (as: Principal) => (await api.call(getReviewPicture, { as, params })).status;
    expect(await look(buyer)).toBe(200);
    expect(await look(brand.staff.a.manager)).toBe(200);
    expect(await look(brand.staff.b.manager)).toBe(404);
    expect(await look(await makeConsumer(api))).toBe(404);
    expect((await api.call(getOrderReview, { as: await makeConsumer(api), params: { id: order.id } })).status).toBe(
      404,
    );
    // A picture that a review uses is not swept with what nobody used.
    api.clock.advanceSeconds(3 * 86_400);
    await api.api.platform.jobs.runNow(FILES_SWEEP);
    expect(await look(buyer)).toBe(200);
    const { items } = await api.ok(listReviews, { as: brand.staff.a.manager, query: { state: 'pending' } });
    expect(items.find(({ orderId }) => orderId === order.id)).toMatchObject({ stars: 2, prizeOrder: null });
    expect((await api.ok(listReviews, { as: brand.staff.b.manager })).items).toEqual([]);
  });

  it('Z3 what may not be said is refused and logged; staff refuse with a reason, and it can be written anew', async () => {
    const order = await received();
    const bad = await write(order.id, { text: '喝了降血压' });
    expect(bad.problem.code).toBe('words_refused');
    expect((await seen(order.id)).review).toBeNull();
    const [logged] = await api.api.platform.db.sql<{ n: number }>`
      SELECT count(*)::int AS n FROM guard_corrections WHERE person_id = ${buyer.personId}`;
    expect(logged?.n).toBeGreaterThan(0);
    const { body } = await write(order.id);
    const { id = '', createdAt } = body.review ?? {};
    expect((await decide(id, 'refuse')).body).toMatchObject({ state: 'refused', reason: '不是这件商品' });
    expect((await decide(id, 'refuse')).status).toBe(200);
    expect((await decide(id)).problem.code).toBe('state_conflict');
    expect(await seen(order.id)).toMatchObject({ mayReview: true, review: { reason: '不是这件商品' } });
    api.clock.advanceSeconds(1);
    expect((await write(order.id, { stars: 1 })).body.review).toMatchObject({
      id,
      state: 'pending',
      stars: 1,
      reason: '',
    });
    // Nobody decides what nobody read, neither way.
    for (const decision of ['approve', 'refuse'] as const)
      expect(why(await decide(id, decision, createdAt))).toBe('rewritten');
    expect((await seen(order.id)).review?.state).toBe('pending');
    expect((await decide(id)).body.state).toBe('approved');
    const guide = await api.call(decideReview, {
      ...{
        as: brand.staff.a.guide,
        params: { id },
        body: { decision: 'approve' as const, seenAt: api.clock.now().toISOString() },
      },
    });
    expect(guide.status).toBe(403);
  });
});

it('Z6 phones in the text and the reason of a review are for those who ship', async () => {
  const order = await received();
  const { body } = await write(order.id, { text: '加我 +86 138 1234 5678' });
  expect(body.review?.text).toBe('加我 +86 138 1234 5678');
  const { id = '', createdAt = '' } = body.review ?? {};
  const refused = { decision: 'refuse' as const, reason: '请打 13912345678', seenAt: createdAt };
  await api.ok(decideReview, { as: brand.staff.operations, params: { id }, body: refused });
  const listed = async (as: Principal) =>
    (await api.ok(listReviews, { as })).items.find(({ orderId }) => orderId === order.id);
  expect(await listed(brand.staff.a.manager)).toMatchObject({ text: '加我 +86 138 1234 5678', reason: refused.reason });
  expect(await listed(brand.staff.analyst)).toMatchObject({ text: '加我 +86 138****5678', reason: '请打 139****5678' });
});

describe('prizes', () => {
  it('S1 K1 an order of the postage alone: paid, sent and received as any other, and everything agrees', async () => {
    const campaign = await newCampaign();
    const order = await received();
    const before = await readStock(api, brand.products.kernels.sku.id, brand.stores.a);
    expect(why(await claim(order.id, campaign.id))).toBe('no_review');
    const { body } = await write(order.id, { stars: 1 });
    expect((await seen(order.id)).prize).toMatchObject({ campaignId: campaign.id, claimable: false, left: 10 });
    expect(why(await claim(order.id, campaign.id))).toBe('not_approved');
    await decide(body.review?.id ?? '');
    // One star is as good as five.
    expect((await seen(order.id)).prize?.claimable).toBe(true);
    const { body: prize } = await claim(order.id, campaign.id);
    expect(prize).toMatchObject({ discountFen: prize.itemsFen, totalFen: prize.shippingFen, shippingFen: 800 });
    expect(prize.items).toMatchObject([{ quantity: 1, amountFen: 0 }]);
    const held = await readStock(api, brand.products.kernels.sku.id, brand.stores.a);
    expect(held?.reserved).toBe((before?.reserved ?? 0) + 1);
    expect(why(await claim(order.id, campaign.id))).toBe('claimed');
    expect(await seen(order.id)).toMatchObject({ prize: null, review: { prizeOrder: { id: prize.id } } });
    await payFor(api, buyer, prize.id);
    await send(api, brand.staff.operations, buyer, prize.id);
    // A prize is no purchase: it is not reviewed, earns nobody anything, and makes no bubble.
    expect((await seen(prize.id)).mayReview).toBe(false);
    const { commission } = await api.ok(orderCredit, { as: brand.staff.operations, params: { id: prize.id } });
    expect(commission.every(({ amountFen }) => amountFen === 0)).toBe(true);
    const bubbles = await api.api.platform.db.sql<{ n: number }>`
      SELECT count(*)::int AS n FROM outbox WHERE payload::text LIKE '%order:paid%' AND payload::text LIKE ${`%${brand.products.kernels.id}%`}`;
    expect(bubbles).toEqual([{ n: 0 }]);
    const listed = await api.ok(listReviewCampaigns, { as: brand.staff.a.manager });
    expect(listed.items.find(({ id }) => id === campaign.id)).toMatchObject({ taken: 1, total: 10 });
    await expectBooksRight(api);
  });

  it('S3 an order that was not paid gives the prize back, and it can be claimed again; so does a refunded one', async () => {
    const campaign = await newCampaign({ total: 1 });
    const order = await approved();
    const rival = await makeConsumer(api);
    const theirs = await approved(rival);
    const { body: first } = await claim(order.id, campaign.id);
    expect(why(await claim(theirs.id, campaign.id, rival))).toBe('all_claimed');
    await api.ok(cancelOrder, { as: buyer, params: { id: first.id }, body: { reason: '' } });
    const { body: second } = await claim(order.id, campaign.id);
    api.clock.advanceSeconds(api.api.platform.config.RESERVATION_SECONDS + 1);
    await api.api.platform.jobs.runNow(EXPIRY_JOB);
    await waitForState(api, second.id, 'expired');
    const { body: third } = await claim(order.id, campaign.id);
    await payFor(api, buyer, third.id);
    await api.ok(refundOrder, { as: buyer, params: { id: third.id }, body: { reason: '不要了' } });
    await waitForState(api, third.id, 'refunded');
    expect((await claim(theirs.id, campaign.id, rival)).status).toBe(201);
    await expectBooksRight(api);
  });

  it('none for a refunded order, none of another store, none once it is stopped', async () => {
    const campaign = await newCampaign();
    const other = await makeReviewCampaign(api, brand, brand.stores.b);
    const order = await approved();
    expect((await claim(order.id, other.id)).status).toBe(404);
    expect((await claim(order.id, campaign.id, await makeConsumer(api))).status).toBe(404);
    const again = await approved();
    await api.ok(refundOrder, { as: brand.staff.finance, params: { id: order.id }, body: { reason: '坏了' } });
    await waitForState(api, order.id, 'refunded');
    expect(why(await claim(order.id, campaign.id))).toBe('not_received');
    const stop = () =>
      api.ok(stopReviewCampaign, { as: brand.staff.a.manager, params: { id: campaign.id }, body: { reason: '送完' } });
    expect((await stop()).stoppedAt).toBe((await stop()).stoppedAt);
    expect(why(await claim(again.id, campaign.id))).toBe('campaign_over');
  });

  it('a prize that was sent counts on, although its postage was given back', async () => {
    const campaign = await newCampaign({ total: 1 });
    const order = await approved();
    const { body: prize } = await claim(order.id, campaign.id);
    await payFor(api, buyer, prize.id);
    await send(api, brand.staff.operations, buyer, prize.id);
    await api.ok(refundOrder, { as: brand.staff.finance, params: { id: prize.id }, body: { reason: '邮费退回' } });
    await waitForState(api, prize.id, 'refunded');
    expect(why(await claim(order.id, campaign.id))).toBe('claimed');
    const rival = await makeConsumer(api);
    expect(why(await claim((await approved(rival)).id, campaign.id, rival))).toBe('all_claimed');
    await expectBooksRight(api);
  });

  it('none while a case is open, none once all goods went back although the fee stayed', async () => {
    const campaign = await newCampaign();
    const order = await approved();
    const asked = { kind: 'refund_only' as const, reason: 'damaged' as const };
    const items = [{ itemId: order.items[0]?.id ?? '', quantity: 1 }];
    const { id } = await api.ok(requestAfterSale, {
      ...{ as: buyer, params: { id: order.id }, body: { ...asked, items } },
    });
    expect(why(await claim(order.id, campaign.id))).toBe('case_open');
    expect((await seen(order.id)).prize).toBeNull();
    await api.ok(withdrawAfterSale, { as: buyer, params: { id }, body: {} });
    expect((await seen(order.id)).prize?.claimable).toBe(true);
    await api.ok(refundOrder, {
      ...{ as: brand.staff.finance, params: { id: order.id } },
      body: { reason: '少发', items },
    });
    expect(why(await claim(order.id, campaign.id))).toBe('returned');
    await eventually(async () =>
      expect((await api.ok(getOrder, { as: buyer, params: { id: order.id } })).refunds[0]?.state).toBe('succeeded'),
    );
    expect((await seen(order.id)).prize).toBeNull();
    expect(why(await claim(order.id, campaign.id))).toBe('returned');
  });

  it('none of what is not sold any more', async () => {
    const product = await makeProduct(api, '核桃油', { priceFen: 5_000 });
    await makeStock(api, product.sku.id, brand.stores.a, 10);
    const campaign = await newCampaign({ skuId: product.sku.id });
    const order = await approved();
    const { sql } = api.api.platform.db;
    await sql`UPDATE products SET status = 'off_sale' WHERE id = ${product.id}`;
    expect(why(await claim(order.id, campaign.id))).toBe('campaign_over');
    expect((await seen(order.id)).prize?.campaignId).not.toBe(campaign.id);
    await sql`UPDATE products SET status = 'on_sale' WHERE id = ${product.id}`;
    await sql`UPDATE skus SET active = false WHERE id = ${product.sku.id}`;
    expect(why(await claim(order.id, campaign.id))).toBe('campaign_over');
    await sql`UPDATE skus SET active = true WHERE id = ${product.sku.id}`;
    expect((await claim(order.id, campaign.id)).status).toBe(201);
  });

  it('S10 the last prize by eight at once, each of them three times: one order, the others leave nothing', async () => {
    const campaign = await newCampaign({ total: 1 });
    const people = await Promise.all(Array.from({ length: 8 }, () => makeConsumer(api)));
    const orders: { id: string }[] = [];
    for (const person of people) orders.push(await approved(person));
    const before = await readStock(api, brand.products.kernels.sku.id, brand.stores.a);
    const answers = await Promise.all(
      [0, 1, 2].flatMap(() => people.map((person, n) => claim(orders[n]?.id ?? '', campaign.id, person))),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const answer of answers) if (answer.status !== 201) expect(['all_claimed', 'claimed']).toContain(why(answer));
    const held = await readStock(api, brand.products.kernels.sku.id, brand.stores.a);
    expect(held?.reserved).toBe((before?.reserved ?? 0) + 1);
    await expectBooksRight(api);
  }, 60_000);
});
