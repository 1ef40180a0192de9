/** Who may review an order, and claim the prize for it: pure. */
import type { OrderState, ReviewState } from '@walnut-live/contracts';

export interface PrizeOrderFacts {
  readonly state: OrderState;
  /** It left the house. */
  readonly sent: boolean;
}
/** Orders that came to nothing: their prize counts no more and can be claimed again. */
export const deadStates: readonly OrderState[] = ['cancelled', 'expired'];
/** Once its money is back too, but only if nothing was sent: the piece is with its buyer, whoever bore the postage in the end. */
export const isAlive = ({ state, sent }: PrizeOrderFacts): boolean =>
  !deadStates.includes(state) && (state !== 'refunded' || sent);

/** What was bought and received; a prize is no purchase. */
export const mayReview = (order: { state: OrderState; isPrize: boolean }, review: ReviewState | undefined): boolean =>
  order.state === 'received' && !order.isPrize && (review === undefined || review === 'refused');

export type ClaimRefusal =
  | 'not_received'
  | 'returned'
  | 'case_open'
  | 'no_review'
  | 'not_approved'
  | 'claimed'
  | 'campaign_over'
  | 'all_claimed';
/** What is still to come. */
export const isWaiting = (refusal: ClaimRefusal): boolean => refusal === 'no_review' || refusal === 'not_approved';

/** Why there is no prize; undefined when there is. Nothing asks for stars, and none for an order whose goods went back or are argued about. */
export function refuseClaim(facts: {
  orderState: OrderState;
  /** Some of its goods are neither given back in money nor about to be. */
  kept: boolean;
  caseOpen: boolean;
  review: ReviewState | undefined;
  prizeOrder: PrizeOrderFacts | null | undefined;
  campaign: { startsAt: Date; endsAt: Date; stoppedAt: Date | null; total: number; taken: number };
  at: Date;
}): ClaimRefusal | undefined {
  const { campaign, at } = facts;
  if (facts.orderState !== 'received') return 'not_received';
  if (facts.caseOpen) return 'case_open';
  if (!facts.kept) return 'returned';
  if (facts.review === undefined) return 'no_review';
  if (facts.review !== 'approved') return 'not_approved';
  if (facts.prizeOrder && isAlive(facts.prizeOrder)) return 'claimed';
  if (campaign.stoppedAt !== null || at < campaign.startsAt || at >= campaign.endsAt) return 'campaign_over';
  if (campaign.taken >= campaign.total) return 'all_claimed';
  return undefined;
}
