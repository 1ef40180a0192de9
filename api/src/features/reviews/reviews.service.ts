/**
 * Reviews of received orders, and their prizes.
 *
 * Model: an order has at most one review, which staff approve or refuse by what it says and shows; only a refused one is written
 * anew. A campaign gives one SKU to those whose review was approved, in its window and as long as its number lasts; claiming it
 * makes an order of which the postage alone is paid (orders/prize-orders.ts). A prize whose order came to nothing counts no more.
 * Locks: the reviewed order, its review, the campaign, then what placing an order locks. So an order has one living prize, a
 * campaign no more than its number, and whoever loses leaves nothing.
 */
import type {
  BodyOf,
  claimReviewPrize,
  createReviewCampaign,
  decideReview,
  OrderReview,
  OrderView,
  Review,
  ReviewCampaign,
  writeReview,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { maskPhonesIn } from '../../platform/masks.policy.ts';
import { mayIn, type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { nameTo } from '../bindings/index.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import type { Files } from '../files/index.ts';
import type { Orders } from '../orders/index.ts';
import { isWaiting, mayReview, refuseClaim } from './reviews.policy.ts';
import {
  type CampaignRow,
  campaignFor,
  type ReviewRow,
  readCampaigns,
  readGoods,
  readReviews,
  reviewOfOrder,
  toCampaign,
} from './reviews.repository.ts';

const DAY_MS = 86_400_000;

export type ReviewsGuard = Pick<ClaimGuard, 'judge' | 'record' | 'requireClean'>;
export interface ReviewsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly guard: ReviewsGuard;
  readonly files: Pick<Files, 'mine'>;
  readonly orders: Pick<Orders, 'lock' | 'placePrize'>;
}
const conflict = (reason: string) => new AppError('state_conflict', { facts: { reason } });

export function createReviewsService(deps: ReviewsDeps) {
  const { db, clock, random, orders } = deps;
  const isPrize = async (sql: Sql, orderId: string): Promise<boolean> =>
    (await sql`SELECT 1 FROM review_prizes WHERE order_id = ${orderId}`).length > 0;

  /** @throws AppError not_found */
  async function ofOrder(sql: Sql, principal: Principal, orderId: string): Promise<OrderReview> {
    const [order] = await sql<{ state: OrderView['state']; roomId: string | null; orgPath: string }>`
      SELECT state, room_id AS "roomId", org_path AS "orgPath" FROM orders WHERE id = ${orderId} AND person_id = ${principal.personId}`;
    if (!order) throw new AppError('not_found');
    const at = clock.now();
    const review = await reviewOfOrder(sql, orderId);
    const prize = await isPrize(sql, orderId);
    const campaign = prize || order.state !== 'received' ? undefined : await campaignFor(sql, order.orgPath, at);
    const refusal =
      campaign &&
      refuseClaim({
        ...{ orderState: order.state, ...(await readGoods(sql, orderId)), campaign, at },
        ...{ review: review?.state, prizeOrder: review?.prizeOrder },
      });
    return {
      mayReview: mayReview({ state: order.state, isPrize: prize }, review?.state),
      review: review ? toReview(review, principal) : null,
      prize:
        campaign === undefined || order.roomId === null || (refusal && !isWaiting(refusal))
          ? null
          : {
              ...{ campaignId: campaign.id, title: campaign.title, productTitle: campaign.product.title },
              ...{
                roomId: order.roomId,
                skuId: campaign.sku.id,
                skuName: campaign.sku.name,
                pictureUrl: campaign.product.pictureUrl,
              },
              ...{ worthFen: campaign.sku.priceFen, left: campaign.total - campaign.taken },
              ...{ endsAt: campaign.endsAt.toISOString(), claimable: refusal === undefined },
            },
    };
  }

  /** The buyer's order, locked. @throws AppError not_found */
  async function lockOwn(tx: Tx, principal: Principal, orderId: string) {
    const order = await orders.lock(tx, orderId);
    if (!order || order.personId !== principal.personId) throw new AppError('not_found');
    return order;
  }
  const audit = (tx: Tx, actorId: string, campaign: CampaignRow, action: string, reason: string) =>
    writeAudit(tx, deps, {
      ...{ actorId, action, target: `review-campaign:${campaign.id}`, orgPath: campaign.orgPath, reason },
      detail: { title: campaign.title, skuId: campaign.sku.id, total: campaign.total },
    });

  return {
    ofOrder,
    /** In the transaction of its idempotency key. @throws AppError not_found, state_conflict, words_refused */
    async write(tx: Tx, principal: Principal, orderId: string, body: BodyOf<typeof writeReview>): Promise<OrderReview> {
      const order = await lockOwn(tx, principal, orderId);
      const before = await reviewOfOrder(tx, orderId);
      if (!mayReview({ state: order.state, isPrize: await isPrize(tx, orderId) }, before?.state))
        throw conflict(before ? 'reviewed' : 'not_received');
      const { personId } = principal;
      const id = before?.id ?? random.id();
      // Rule Z3: what a customer says, as in the chat. What was refused stays in the correction log although this does not.
      const verdict = await deps.guard.judge('chat', body.text);
      const written = {
        place: 'chat',
        target: `review:${id}`,
        orgPath: order.orgPath,
        roomId: null,
        personId,
      } as const;
      await deps.guard.record(written, body.text, verdict);
      if (verdict.outcome === 'blocked')
        throw new AppError('words_refused', { facts: { terms: [...new Set(verdict.hits.map(({ text }) => text))] } });
      for (const fileId of new Set(body.pictureIds)) await deps.files.mine(tx, fileId, 'evidence', personId);
      await tx`
        INSERT INTO reviews (id, order_id, person_id, org_path, stars, text, state, created_at)
        VALUES (${id}, ${orderId}, ${personId}, ${order.orgPath}, ${body.stars}, ${verdict.text}, 'pending', ${clock.now()})
        ON CONFLICT (order_id) DO UPDATE SET stars = excluded.stars, text = excluded.text, state = 'pending', reason = '',
          created_at = excluded.created_at, decided_by = NULL, decided_at = NULL`;
      await tx`DELETE FROM review_pictures WHERE review_id = ${id}`;
      await tx`INSERT INTO review_pictures (review_id, file_id, position)
        SELECT ${id}, f, n FROM unnest(${[...new Set(body.pictureIds)]}::uuid[]) WITH ORDINALITY AS w (f, n)`;
      return ofOrder(tx, principal, orderId);
    },
    /** In the transaction of its idempotency key. @throws AppError not_found, state_conflict, what placing refuses */
    async claim(
      tx: Tx,
      principal: Principal,
      orderId: string,
      body: BodyOf<typeof claimReviewPrize>,
    ): Promise<OrderView> {
      const order = await lockOwn(tx, principal, orderId);
      const at = clock.now();
      const review = await reviewOfOrder(tx, orderId);
      await tx`SELECT 1 FROM review_campaigns WHERE id = ${body.campaignId} FOR UPDATE`;
      // Read after the lock: nobody else counts or takes of it now.
      const [campaign] = await readCampaigns(tx, [body.campaignId]);
      const isFor =
        campaign && (order.orgPath === campaign.orgPath || order.orgPath.startsWith(`${campaign.orgPath}.`));
      if (!campaign || !isFor || order.roomId === null) throw new AppError('not_found');
      const refusal = refuseClaim({
        ...{ orderState: order.state, ...(await readGoods(tx, orderId)), campaign, at },
        ...{ review: review?.state, prizeOrder: review?.prizeOrder },
      });
      if (refusal || !review) throw conflict(refusal ?? 'no_review');
      const made = await orders.placePrize(tx, {
        ...{ personId: principal.personId, roomId: order.roomId, skuId: campaign.sku.id },
        ...{ address: body.address, seenShippingFen: body.seenShippingFen },
      });
      await tx`INSERT INTO review_prizes (order_id, review_id, campaign_id, at)
        VALUES (${made.id}, ${review.id}, ${campaign.id}, ${at})`;
      return made;
    },
    /** @throws AppError not_found, state_conflict: decided otherwise before, or (reason `rewritten`) not what was read */
    async decide(principal: StaffPrincipal, id: string, body: BodyOf<typeof decideReview>): Promise<Review> {
      const [found] = await readReviews(db.sql, [id]);
      if (!found) throw new AppError('not_found');
      requireScope(principal, 'campaigns:write', found.orgPath);
      const state = body.decision === 'approve' ? 'approved' : 'refused';
      const reason = state === 'refused' ? body.reason : '';
      const after = await db.transaction(async (tx) => {
        const rows =
          await tx`UPDATE reviews SET state = ${state}, reason = ${reason}, decided_by = ${principal.personId}, decided_at = ${clock.now()}
          WHERE id = ${id} AND state = 'pending' AND created_at = ${new Date(body.seenAt)} RETURNING id`;
        if (rows.length === 1)
          await writeAudit(tx, deps, {
            ...{ actorId: principal.personId, action: `review:${state}`, target: `review:${id}` },
            ...{ orgPath: found.orgPath, reason, detail: { orderId: found.orderId, stars: found.stars } },
          });
        return (await readReviews(tx, [id]))[0];
      });
      if (!after) throw new Error('a row is gone');
      if (after.createdAt.getTime() !== Date.parse(body.seenAt)) throw conflict('rewritten');
      if (after.state !== state) throw new AppError('state_conflict', { facts: { state: after.state } });
      return toReview(after, principal);
    },

    /** In the transaction of its idempotency key. @throws AppError not_found, words_refused */
    async createCampaign(
      tx: Tx,
      principal: StaffPrincipal,
      body: BodyOf<typeof createReviewCampaign>,
    ): Promise<ReviewCampaign> {
      const [unit] = await tx<{ path: string }>`SELECT path FROM org_units WHERE id = ${body.orgUnitId}`;
      if (!unit) throw new AppError('not_found');
      requireScope(principal, 'campaigns:write', unit.path);
      const [sku] = await tx`SELECT 1 FROM skus s JOIN products p ON p.id = s.product_id
        WHERE s.id = ${body.skuId} AND s.active AND p.status = 'on_sale'`;
      if (!sku) throw new AppError('not_found', { facts: { skuId: body.skuId } });
      const id = random.id();
      const { personId } = principal;
      await deps.guard.requireClean(
        { place: 'play', target: `review-campaign:${id}`, orgPath: unit.path, roomId: null, personId },
        [body.title],
      );
      const now = clock.now();
      await tx`
        INSERT INTO review_campaigns (id, org_unit_id, org_path, sku_id, title, total, starts_at, ends_at, created_by, created_at)
        VALUES (${id}, ${body.orgUnitId}, ${unit.path}, ${body.skuId}, ${body.title}, ${body.total}, ${now},
          ${new Date(now.getTime() + body.days * DAY_MS)}, ${personId}, ${now})`;
      const [row] = await readCampaigns(tx, [id]);
      if (!row) throw new Error('a new row is gone');
      await audit(tx, personId, row, 'review-campaign:created', '');
      return toCampaign(row);
    },
    /** @throws AppError not_found */
    async stopCampaign(principal: StaffPrincipal, id: string, reason: string): Promise<ReviewCampaign> {
      const [row] = await readCampaigns(db.sql, [id]);
      if (!row) throw new AppError('not_found');
      requireScope(principal, 'campaigns:write', row.orgPath);
      await db.transaction(async (tx) => {
        const stopped = await tx`
          UPDATE review_campaigns SET stopped_at = ${clock.now()} WHERE id = ${id} AND stopped_at IS NULL RETURNING id`;
        if (stopped.length === 1) await audit(tx, principal.personId, row, 'review-campaign:stopped', reason);
      });
      const [after] = await readCampaigns(db.sql, [id]);
      if (!after) throw new Error('a row is gone');
      return toCampaign(after);
    },
  };
}

/** Rule Z6: names by role; whose role does not ship reads no phones that somebody wrote into it. */
export function toReview(row: ReviewRow, principal: Principal): Review {
  const open = row.personId === principal.personId || mayIn(principal, 'orders:ship', row.orgPath);
  const { orgPath, personId: id, personName: name, personKind: kind, guideId, prizeOrder, ...review } = row;
  return {
    ...review,
    person: nameTo(principal, { id, name, kind, ownerPath: null, guideId }, orgPath),
    text: open ? row.text : maskPhonesIn(row.text),
    reason: open ? row.reason : maskPhonesIn(row.reason),
    prizeOrder: prizeOrder && { id: prizeOrder.id, state: prizeOrder.state },
    createdAt: row.createdAt.toISOString(),
    decidedAt: row.decidedAt?.toISOString() ?? null,
  };
}
