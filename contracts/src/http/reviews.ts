/** Reviews of received orders (评价晒单), and prizes for them of which the buyer pays the postage alone. */
import { z } from 'zod';
import { OrderId, OrgUnitId, ProductId, RoomId, SkuId } from '../ids.ts';
import { Fen, PriceFen } from '../money.ts';
import { Instant, OrgUnitRef, PageQuery, PersonRef, PictureUrl, page, text } from './common.ts';
import { pictureTypes } from './files.ts';
import { Address, OrderState, OrderView } from './orders.ts';
import { defineRoute } from './route.ts';

export const MOST_REVIEW_PICTURES = 6;
const MAX_PRIZES = 100_000;
const MAX_DAYS = 365;
const ReviewId = z.uuid().meta({ description: 'id of a review (UUIDv7)' });
const ReviewCampaignId = z.uuid().meta({ description: 'id of the terms of prizes for reviews (UUIDv7)' });

/** pending: staff have not looked at it. How many stars it gives decides nothing. */
export const ReviewState = z.enum(['pending', 'approved', 'refused']).meta({ id: 'ReviewState' });
export type ReviewState = z.infer<typeof ReviewState>;
export const Review = z
  .object({
    id: ReviewId,
    orderId: OrderId,
    orderNo: z.string(),
    orgUnit: OrgUnitRef,
    /** Masked for staff whose role does not ship (rule Z6), as are phones in the text and the reason. */
    person: PersonRef,
    items: z.array(z.object({ title: z.string(), skuName: z.string() })),
    stars: z.int().min(1).max(5),
    text: z.string(),
    pictureIds: z.array(z.uuid()),
    state: ReviewState,
    reason: z.string(),
    createdAt: Instant,
    decidedAt: Instant.nullable(),
    /** The last order by which its prize was claimed. */
    prizeOrder: z.object({ id: OrderId, state: OrderState }).nullable(),
  })
  .meta({ id: 'Review' });
export type Review = z.infer<typeof Review>;

export const ReviewCampaign = z
  .object({
    id: ReviewCampaignId,
    orgUnit: OrgUnitRef,
    title: z.string(),
    product: z.object({ id: ProductId, title: z.string(), pictureUrl: PictureUrl }),
    sku: z.object({ id: SkuId, name: z.string(), priceFen: PriceFen }),
    total: z.int().min(1),
    /** Prizes of orders that did not come to nothing. */
    taken: z.int().min(0),
    startsAt: Instant,
    endsAt: Instant,
    stoppedAt: Instant.nullable(),
    createdAt: Instant,
  })
  .meta({ id: 'ReviewCampaign' });
export type ReviewCampaign = z.infer<typeof ReviewCampaign>;

/** What an order's buyer may do about its review now. */
export const OrderReview = z
  .object({
    mayReview: z.boolean(),
    review: Review.nullable(),
    /** A prize for a review of this order; whether it is there for the taking, or waits for staff to have looked at the review. */
    prize: z
      .object({
        campaignId: ReviewCampaignId,
        title: z.string(),
        /** What its shipping is asked for with. */
        roomId: RoomId,
        skuId: SkuId,
        productTitle: z.string(),
        skuName: z.string(),
        pictureUrl: PictureUrl,
        worthFen: PriceFen,
        left: z.int().min(0),
        endsAt: Instant,
        claimable: z.boolean(),
      })
      .nullable(),
  })
  .meta({ id: 'OrderReview' });
export type OrderReview = z.infer<typeof OrderReview>;

const ofOrder = z.strictObject({ id: OrderId });
const params = z.strictObject({ id: ReviewId });
const ofCampaign = z.strictObject({ id: ReviewCampaignId });

export const getOrderReview = defineRoute({
  id: 'reviews.of-order',
  method: 'GET',
  path: '/orders/:id/review',
  tag: 'reviews',
  access: 'consumer',
  summary: 'The review of my order, whether I may write one, and the prize there is for it',
  params: ofOrder,
  reply: OrderReview,
  errors: ['not_found'],
});
export const writeReview = defineRoute({
  id: 'reviews.write',
  method: 'POST',
  path: '/orders/:id/review',
  tag: 'reviews',
  access: 'consumer',
  idempotent: true,
  summary: 'Review an order that was received: one review an order, written anew only after it was refused',
  params: ofOrder,
  body: z.strictObject({
    stars: z.int().min(1).max(5),
    text: text(500),
    /** Uploaded as pictures of the order (after-sales.evidence.upload). */
    pictureIds: z.array(z.uuid()).max(MOST_REVIEW_PICTURES).default([]),
  }),
  reply: OrderReview,
  status: 201,
  errors: ['not_found', 'state_conflict', 'words_refused'],
});
export const claimReviewPrize = defineRoute({
  id: 'reviews.claim',
  method: 'POST',
  path: '/orders/:id/review/prize',
  tag: 'reviews',
  access: 'consumer',
  idempotent: true,
  summary:
    'Claim the prize for an approved review: an order of which the postage alone is paid, in the usual way. Refused as state_conflict with a reason in the facts',
  params: ofOrder,
  body: z.strictObject({ campaignId: ReviewCampaignId, address: Address, seenShippingFen: Fen.optional() }),
  reply: OrderView,
  status: 201,
  errors: ['not_found', 'state_conflict', 'out_of_stock', 'not_delivered_there', 'price_changed', 'rate_limited'],
});
export const listReviews = defineRoute({
  id: 'reviews.list',
  method: 'GET',
  path: '/reviews',
  tag: 'reviews',
  access: { staff: 'orders:read' },
  summary: 'Reviews of my scope, the newest first',
  query: PageQuery.extend({ state: ReviewState.optional() }),
  reply: page(Review),
});
export const decideReview = defineRoute({
  id: 'reviews.decide',
  method: 'POST',
  path: '/reviews/:id/decide',
  tag: 'reviews',
  access: { staff: 'campaigns:write' },
  summary:
    'Approve a review, or refuse it with a reason that its writer reads; by what it says and shows, not by its stars. Refused when it was rewritten since it was read (`seenAt`). The same again = the same answer; audited',
  params,
  body: z
    .strictObject({
      decision: z.enum(['approve', 'refuse']),
      reason: text(100, 0).default(''),
      /** `createdAt` of the review as it was read: what nobody read is not decided. */
      seenAt: Instant,
    })
    .refine(({ decision, reason }) => decision === 'approve' || reason !== '', {
      path: ['reason'],
      message: 'too_small',
    }),
  reply: Review,
  errors: ['not_found', 'state_conflict'],
});
export const getReviewPicture = defineRoute({
  id: 'reviews.picture',
  method: 'GET',
  path: '/reviews/:id/pictures/:fileId',
  tag: 'reviews',
  access: { consumerOrStaff: 'orders:read' },
  summary: 'A picture of a review, for its writer and for staff who may read the order',
  params: params.extend({ fileId: z.uuid() }),
  produces: pictureTypes,
  errors: ['not_found'],
});
export const createReviewCampaign = defineRoute({
  id: 'review-campaigns.create',
  method: 'POST',
  path: '/review-campaigns',
  tag: 'reviews',
  access: { staff: 'campaigns:write' },
  idempotent: true,
  summary: 'A prize for reviews of orders of a unit of my scope and everything below it; audited. Terms never change',
  body: z.strictObject({
    orgUnitId: OrgUnitId,
    skuId: SkuId,
    title: text(30),
    total: z.int().min(1).max(MAX_PRIZES),
    days: z.int().min(1).max(MAX_DAYS),
  }),
  reply: ReviewCampaign,
  status: 201,
  errors: ['not_found', 'words_refused'],
});
export const listReviewCampaigns = defineRoute({
  id: 'review-campaigns.list',
  method: 'GET',
  path: '/review-campaigns',
  tag: 'reviews',
  access: { staff: 'campaigns:read' },
  summary: 'Prizes for reviews in my scope, the newest first',
  query: PageQuery,
  reply: page(ReviewCampaign),
});
export const stopReviewCampaign = defineRoute({
  id: 'review-campaigns.stop',
  method: 'POST',
  path: '/review-campaigns/:id/stop',
  tag: 'reviews',
  access: { staff: 'campaigns:write' },
  summary: 'No further claims; orders that were made stay. Again = the same answer; audited',
  params: ofCampaign,
  body: z.strictObject({ reason: text(100) }),
  reply: ReviewCampaign,
  errors: ['not_found'],
});
