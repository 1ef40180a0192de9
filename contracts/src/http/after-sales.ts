/** What a buyer asks for after paying: money, money for goods sent back, or other pieces. */
import { z } from 'zod';
import { OrderId, OrderItemId, ProductId, RefundId } from '../ids.ts';
import { Fen, Quantity } from '../money.ts';
import { Instant, OrgUnitRef, PageQuery, PersonRef, PictureUrl, page, text } from './common.ts';
import { pictureTypes } from './files.ts';
import { defineRoute } from './route.ts';

export const AfterSaleId = z.uuid().meta({ description: 'id of an after-sale case (UUIDv7)' });

/** refund_only: money back, nothing travels. return_and_refund: goods first. exchange: goods first, then other pieces. */
export const AfterSaleKind = z.enum(['refund_only', 'return_and_refund', 'exchange']).meta({ id: 'AfterSaleKind' });
export type AfterSaleKind = z.infer<typeof AfterSaleKind>;
/** Rule S7: the states of a case; the transition table lives in the api's `after-sales.policy.ts`. */
export const AfterSaleState = z
  .enum([
    'requested',
    'escalated',
    'rejected',
    'refused',
    'awaiting_goods',
    'goods_on_way',
    'to_replace',
    'refunding',
    'refunded',
    'exchanged',
    'withdrawn',
  ])
  .meta({ id: 'AfterSaleState' });
export type AfterSaleState = z.infer<typeof AfterSaleState>;
export const AfterSaleReason = z
  .enum([
    'no_reason',
    'not_received',
    'damaged',
    'quality',
    'wrong_goods',
    'not_as_described',
    'missing_pieces',
    'other',
  ])
  .meta({ id: 'AfterSaleReason' });
export type AfterSaleReason = z.infer<typeof AfterSaleReason>;
/** What somebody may do to a case now. */
export const AfterSaleDeed = z.enum(['decide', 'escalate', 'withdraw', 'send_back', 'inspect', 'replace']);
export type AfterSaleDeed = z.infer<typeof AfterSaleDeed>;

export const MOST_EVIDENCE_PICTURES = 6;
/** Within which, after receipt, goods may go back without a reason. */
export const NO_REASON_DAYS = 7;
/** Within which, after receipt, anything can be asked for at all. */
export const AFTER_SALE_DAYS = 15;
/** Within which a store answers. */
export const ANSWER_HOURS = 48;
/** Within which the buyer sends the goods. */
export const SEND_BACK_DAYS = 7;
/** Within which a store looks at goods that were sent to it. */
export const INSPECT_DAYS = 10;
/** Within which a store sends other pieces; later headquarters look. */
export const REPLACE_DAYS = 7;
/** Within which a buyer asks headquarters about a store's no; later it stands. */
export const APPEAL_DAYS = 7;

/**
 * What `pieces` more pieces of an item are worth after `before` were given back: running totals floor, so that all pieces
 * together are exactly the item's amount, whatever the steps. Fen.
 */
export function pieceShareFen(item: { amountFen: bigint; quantity: number }, before: number, pieces: number): bigint {
  const upTo = (count: number) => (item.amountFen * BigInt(count)) / BigInt(item.quantity);
  return upTo(before + pieces) - upTo(before);
}

export const AfterSaleView = z
  .object({
    id: AfterSaleId,
    caseNo: z.string(),
    orderId: OrderId,
    orderNo: z.string(),
    store: OrgUnitRef,
    /** Masked for staff as the order's buyer is (rule Z6). */
    buyer: PersonRef,
    kind: AfterSaleKind,
    state: AfterSaleState,
    reason: AfterSaleReason,
    note: z.string(),
    items: z.array(
      z.object({
        itemId: OrderItemId,
        productId: ProductId,
        title: z.string(),
        skuName: z.string(),
        pictureUrl: PictureUrl,
        quantity: Quantity,
        amountFen: Fen,
        /** Pieces back on the shelf after inspection. */
        restocked: z.int(),
      }),
    ),
    /** Of the amount. */
    shippingFen: Fen,
    amountFen: Fen,
    /** Rule of seven days: the store may not say no by itself. */
    protected: z.boolean(),
    pictures: z.array(z.object({ fileId: z.uuid(), name: z.string() })),
    returnTo: z.string().nullable(),
    returnCarrier: z.string().nullable(),
    returnTrackingNo: z.string().nullable(),
    replacementTrackingNo: z.string().nullable(),
    refundId: RefundId.nullable(),
    /** When something happens by itself; null: nothing does. */
    deadlineAt: Instant.nullable(),
    waitingSince: Instant,
    createdAt: Instant,
    closedAt: Instant.nullable(),
    history: z.array(
      z.object({
        from: AfterSaleState.nullable(),
        to: AfterSaleState,
        event: z.string(),
        side: z.enum(['buyer', 'store', 'hq', 'system']),
        note: z.string(),
        at: Instant,
      }),
    ),
    /** What whoever asks may do now. */
    may: z.array(AfterSaleDeed),
  })
  .meta({ id: 'AfterSale' });
export type AfterSaleView = z.infer<typeof AfterSaleView>;

/** What of an order can still be asked for. */
export const AfterSaleOptions = z
  .object({
    kinds: z.array(AfterSaleKind),
    items: z.array(
      z.object({
        itemId: OrderItemId,
        title: z.string(),
        skuName: z.string(),
        pictureUrl: PictureUrl,
        quantity: Quantity,
        amountFen: Fen,
        /** Pieces that refunds, done or under way, are of. */
        refundedPieces: z.int(),
        /** Pieces that nothing is asked for yet. */
        pieces: z.int(),
        /** Fen that nothing is asked for yet. */
        leftFen: Fen,
      }),
    ),
    shippingLeftFen: Fen,
    /** What a refund of all that is left would send now: open cases are no reason to keep anything, and end with it. */
    wholeFen: Fen,
    /** Open cases that a refund of all that is left would end. */
    asking: z.int(),
    /** Until then goods may go back without a reason; null: not received yet, or not sent. */
    noReasonUntil: Instant.nullable(),
    /** Until then anything can be asked for; null: no end yet. */
    until: Instant.nullable(),
  })
  .meta({ id: 'AfterSaleOptions' });
export type AfterSaleOptions = z.infer<typeof AfterSaleOptions>;

const params = z.strictObject({ id: AfterSaleId });
const ofOrder = z.strictObject({ id: OrderId });
const byBoth = { consumerOrStaff: 'orders:refund' } as const;

export const orderAfterSales = defineRoute({
  id: 'after-sales.of-order',
  method: 'GET',
  path: '/orders/:id/after-sales',
  tag: 'after-sales',
  access: { consumerOrStaff: 'orders:read' },
  summary: 'The cases of an order, and what of it can still be asked for',
  params: ofOrder,
  reply: z.object({ items: z.array(AfterSaleView), options: AfterSaleOptions }),
});
export const requestAfterSale = defineRoute({
  id: 'after-sales.request',
  method: 'POST',
  path: '/orders/:id/after-sales',
  tag: 'after-sales',
  access: 'consumer',
  idempotent: true,
  summary:
    'Ask for money back, a return or an exchange of pieces of my order; an item is asked for in one open case at a time',
  params: ofOrder,
  body: z.strictObject({
    kind: AfterSaleKind,
    reason: AfterSaleReason,
    note: text(500, 0).default(''),
    /** `amountFen` at most the share of these pieces, which it is when left out. */
    items: z
      .array(z.strictObject({ itemId: OrderItemId, quantity: Quantity, amountFen: Fen.optional() }))
      .min(1)
      .max(20),
    shippingFen: Fen.default(0),
    pictureIds: z.array(z.uuid()).max(MOST_EVIDENCE_PICTURES).default([]),
  }),
  reply: AfterSaleView,
  status: 201,
  errors: ['not_found', 'state_conflict', 'limit_exceeded', 'too_late'],
});
export const uploadEvidence = defineRoute({
  id: 'after-sales.evidence.upload',
  method: 'POST',
  path: '/orders/:id/evidence',
  tag: 'after-sales',
  access: 'consumer',
  summary: 'A picture for a case of my order, as the body of the request; up to 1 MB',
  params: ofOrder,
  query: z.strictObject({ name: text(80) }),
  consumes: pictureTypes,
  reply: z.object({ id: z.uuid(), mediaType: z.enum(pictureTypes), bytes: z.int() }),
  status: 201,
  errors: ['not_found', 'body_too_large', 'unsupported_media_type', 'rate_limited'],
});
export const getEvidence = defineRoute({
  id: 'after-sales.evidence.get',
  method: 'GET',
  path: '/after-sales/:id/evidence/:fileId',
  tag: 'after-sales',
  access: { consumerOrStaff: 'orders:read' },
  summary: 'A picture of a case, for its buyer and for staff who may read the order',
  params: params.extend({ fileId: z.uuid() }),
  produces: pictureTypes,
  errors: ['not_found'],
});
export const listAfterSales = defineRoute({
  id: 'after-sales.list',
  method: 'GET',
  path: '/after-sales',
  tag: 'after-sales',
  access: { consumerOrStaff: 'orders:read' },
  summary: 'My cases, newest first; or (staff) the cases of my scope, whoever waits longest first',
  produces: ['text/csv'],
  query: PageQuery.extend({
    state: AfterSaleState.optional(),
    /** store, hq: whom they wait for. buyer: who sends goods. over: nothing follows. */
    waitsFor: z.enum(['store', 'hq', 'buyer', 'over']).optional(),
    kind: AfterSaleKind.optional(),
    search: text(40).optional(),
    format: z.enum(['json', 'csv']).optional(),
  }),
  reply: page(AfterSaleView),
});
export const getAfterSale = defineRoute({
  id: 'after-sales.get',
  method: 'GET',
  path: '/after-sales/:id',
  tag: 'after-sales',
  access: { consumerOrStaff: 'orders:read' },
  summary: 'One case with its history',
  params,
  reply: AfterSaleView,
});
export const withdrawAfterSale = defineRoute({
  id: 'after-sales.withdraw',
  method: 'POST',
  path: '/after-sales/:id/withdraw',
  tag: 'after-sales',
  access: 'consumer',
  idempotent: true,
  summary: 'Take my case back, as long as no goods and no money are on their way',
  params,
  body: z.strictObject({ note: text(200, 0).default('') }),
  reply: AfterSaleView,
  errors: ['state_conflict'],
});
export const escalateAfterSale = defineRoute({
  id: 'after-sales.escalate',
  method: 'POST',
  path: '/after-sales/:id/escalate',
  tag: 'after-sales',
  access: byBoth,
  idempotent: true,
  summary: "Lay a case before headquarters: its buyer after the store's no, the store when it would not decide alone",
  params,
  body: z.strictObject({ note: text(500) }),
  reply: AfterSaleView,
  errors: ['state_conflict', 'limit_exceeded'],
});
export const decideAfterSale = defineRoute({
  id: 'after-sales.decide',
  method: 'POST',
  path: '/after-sales/:id/decide',
  tag: 'after-sales',
  access: { staff: 'orders:refund' },
  idempotent: true,
  summary:
    'Say yes or no with a reason. No to a return within seven days, and any word on a case before headquarters, is theirs; audited',
  params,
  body: z.strictObject({
    approve: z.boolean(),
    note: text(500),
    /** Where goods go; needed with a yes to a return or an exchange. */
    returnTo: text(200).optional(),
    /** Headquarters may grant less than was asked for. */
    amountFen: Fen.optional(),
    /** Headquarters may give the money back for an exchange whose goods came and that cannot be sent. */
    asRefund: z.boolean().optional(),
  }),
  reply: AfterSaleView,
  errors: ['state_conflict', 'forbidden'],
});
export const sendBackAfterSale = defineRoute({
  id: 'after-sales.send-back',
  method: 'POST',
  path: '/after-sales/:id/send-back',
  tag: 'after-sales',
  access: 'consumer',
  idempotent: true,
  summary: 'The goods are on their way: carrier and number of the parcel',
  params,
  body: z.strictObject({ carrier: text(30), trackingNo: text(40) }),
  reply: AfterSaleView,
  errors: ['state_conflict'],
});
export const inspectAfterSale = defineRoute({
  id: 'after-sales.inspect',
  method: 'POST',
  path: '/after-sales/:id/inspect',
  tag: 'after-sales',
  access: { staff: 'orders:refund' },
  idempotent: true,
  summary:
    'The goods are here and were looked at: accepted (money or other pieces follow, and what is sound goes on the shelf) or not',
  params,
  body: z.strictObject({
    accepted: z.boolean(),
    note: text(500),
    /** Pieces that go back on the shelf; none that are not named. */
    restock: z
      .array(z.strictObject({ itemId: OrderItemId, quantity: Quantity }))
      .max(20)
      .default([]),
  }),
  reply: AfterSaleView,
  errors: ['state_conflict', 'limit_exceeded'],
});
export const replaceAfterSale = defineRoute({
  id: 'after-sales.replace',
  method: 'POST',
  path: '/after-sales/:id/replace',
  tag: 'after-sales',
  access: { staff: 'orders:refund' },
  idempotent: true,
  summary: 'The other pieces are on their way; they leave the stock now',
  params,
  body: z.strictObject({ trackingNo: text(40) }),
  reply: AfterSaleView,
  errors: ['state_conflict', 'out_of_stock'],
});
