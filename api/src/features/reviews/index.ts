/** Reviews of received orders and their prizes: see reviews.service.ts for the model. */
import {
  claimReviewPrize,
  createReviewCampaign,
  decideReview,
  getOrderReview,
  getReviewPicture,
  listReviewCampaigns,
  listReviews,
  stopReviewCampaign,
  writeReview,
} from '@walnut-live/contracts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import { type AddressLimits, createLimit } from '../../platform/limits.ts';
import { mayIn } from '../../platform/principal.ts';
import type { Files } from '../files/index.ts';
import { campaignIds, readCampaigns, readReviews, reviewIds, toCampaign } from './reviews.repository.ts';
import { createReviewsService, type ReviewsDeps, toReview } from './reviews.service.ts';

export type { ReviewsGuard } from './reviews.service.ts';

const CLAIMS_PER_MINUTE = 30;
const after = (last: { createdAt: Date; id: string }) => encodeTimeCursor({ at: last.createdAt, id: last.id });

export function createReviews(
  deps: ReviewsDeps & { bind: Binder; files: Files; addressLimits: Pick<AddressLimits, 'orders'> },
): void {
  const { bind, db, files } = deps;
  const reviews = createReviewsService(deps);
  const claims = createLimit({ points: CLAIMS_PER_MINUTE, seconds: 60 });

  bind(getOrderReview, ({ principal, params }) => reviews.ofOrder(db.sql, principal, params.id));
  bind(writeReview, ({ tx, principal, params, body }) => reviews.write(tx, principal, params.id, body));
  bind(
    claimReviewPrize,
    ({ tx, principal, params, body }) => reviews.claim(tx, principal, params.id, body),
    async ({ principal, ip }) => {
      if (principal) await claims.take(principal.personId);
      await deps.addressLimits.orders.take(ip);
    },
  );
  bind(listReviews, async ({ principal, query }) => {
    const filter = { orgPath: principal.staff.orgPath, state: query.state };
    const ids = await reviewIds(db.sql, filter, decodeTimeCursor(query.cursor), query.limit + 1);
    const { rows, nextCursor } = cutPage(await readReviews(db.sql, ids), query.limit, after);
    return { items: rows.map((row) => toReview(row, principal)), nextCursor };
  });
  bind(decideReview, ({ principal, params, body }) => reviews.decide(principal, params.id, body));
  bind(getReviewPicture, async ({ principal, params, res }) => {
    const [review] = await readReviews(db.sql, [params.id]);
    const sees =
      review &&
      (principal.staff ? mayIn(principal, 'orders:read', review.orgPath) : review.personId === principal.personId);
    if (!sees || !review.pictureIds.includes(params.fileId)) throw new AppError('not_found');
    await files.send(res, params.fileId, ['evidence'], `${params.fileId}.jpg`);
    return written;
  });

  bind(createReviewCampaign, ({ tx, principal, body }) => reviews.createCampaign(tx, principal, body));
  bind(stopReviewCampaign, ({ principal, params, body }) => reviews.stopCampaign(principal, params.id, body.reason));
  bind(listReviewCampaigns, async ({ principal, query }) => {
    const ids = await campaignIds(db.sql, principal.staff.orgPath, decodeTimeCursor(query.cursor), query.limit + 1);
    const { rows, nextCursor } = cutPage(await readCampaigns(db.sql, ids), query.limit, after);
    return { items: rows.map(toCampaign), nextCursor };
  });
}
