import { z } from 'zod';

/**
 * Every error the product can answer with, and its HTTP status. One table for HTTP (RFC 9457 problem details) and for
 * socket acknowledgements. Clients translate codes; `detail` is for engineers and never shown to a viewer.
 */
export const errorStatus = {
  invalid_request: 400,
  idempotency_key_missing: 400,
  unauthenticated: 401,
  session_expired: 401,
  wrong_credentials: 401,
  forbidden: 403,
  banned: 403,
  muted: 403,
  followers_only: 403,
  customers_only: 403,
  /** The room is not for this person; facts: a RoomEntry. */
  not_in_audience: 403,
  insiders_excluded: 403,
  self_action: 403,
  /** Who decides gains by it; facts.reason: buyer, beneficiary, appellant, receiver or inviter (of the receiver). Another decides. */
  conflict_of_interest: 403,
  /** A live is not begun: facts.missing says what the host lacks (identity, training, age). */
  host_not_cleared: 403,
  adult_check_needed: 403,
  adults_only: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  request_in_flight: 409,
  state_conflict: 409,
  room_not_live: 409,
  price_changed: 409,
  out_of_stock: 409,
  offer_not_open: 409,
  offer_sold_out: 409,
  limit_exceeded: 409,
  already_paid: 409,
  /** Not so much is left to refund as was shown; facts: amountFen, what it would be now. */
  refund_changed: 409,
  below_price_floor: 409,
  identity_refused: 409,
  insufficient_coins: 409,
  insufficient_points: 409,
  gift_cap_reached: 409,
  too_late: 409,
  draw_not_open: 409,
  budget_exceeded: 409,
  /** Facts: reason (CouponReason) and what it needs. */
  coupon_not_usable: 409,
  /** Nothing is sent to this address by these terms; facts: province. */
  not_delivered_there: 409,
  /** No further group of this campaign; facts: reason (GroupBuyReason). */
  group_buy_not_open: 409,
  group_full: 409,
  /** This pre-sale takes no deposit; facts: reason (PreSaleReason). */
  pre_sale_not_open: 409,
  /** Facts: state. */
  group_over: 409,
  already_in_group: 409,
  /** A paid order waits until its group is complete. */
  group_incomplete: 409,
  network_limit: 409,
  /** Rule Z5: nothing is given for sharing inside WeChat. */
  rewards_outside_wechat: 409,
  too_early: 409,
  gone: 410,
  body_too_large: 413,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  /** Words that the brand's list does not let through; facts: kind, and for staff the terms. */
  words_refused: 422,
  /** Facts: retryAfterMs, slowSeconds. */
  slow_mode: 429,
  rate_limited: 429,
  internal: 500,
  provider_unavailable: 502,
  unavailable: 503,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof errorStatus;
export const errorCodes = Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]];
export const ErrorCodeSchema = z.enum(errorCodes);

/** One place in the request that is wrong: JSON pointer and a machine-readable issue. */
export const FieldIssue = z.strictObject({ path: z.string(), issue: z.string() });

/** RFC 9457 problem details as this product serves them. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: ErrorCodeSchema,
    detail: z.string().optional(),
    requestId: z.string(),
    issues: z.array(FieldIssue).optional(),
    /** Facts a client may act on, for example `{ priceFen }` with `price_changed`. */
    facts: z.record(z.string(), z.unknown()).optional(),
    retryAfterSeconds: z.int().optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

/** What a socket acknowledgement carries when it fails. */
export const AckError = z.object({
  code: ErrorCodeSchema,
  issues: z.array(FieldIssue).optional(),
  facts: z.record(z.string(), z.unknown()).optional(),
});
export type AckError = z.infer<typeof AckError>;
export type Ack<T> = { ok: true; data: T } | { ok: false; error: AckError };
