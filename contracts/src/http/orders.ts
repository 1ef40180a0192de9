import { z } from 'zod';
import {
  BundleId,
  OfferId,
  OrderId,
  OrderItemId,
  OrgUnitId,
  PaymentId,
  ProductId,
  RefundId,
  RoomId,
  SkuId,
} from '../ids.ts';
import { Fen, PriceFen, Quantity } from '../money.ts';
import { CouponId, CouponTerms } from '../realtime/coupons.ts';
import { GroupBuyId, GroupBuyState } from '../realtime/group-buys.ts';
import { PageHash } from './catalogue.ts';
import { Empty, Instant, MAX_INT4, OrgUnitRef, PageQuery, PersonRef, PictureUrl, page, text } from './common.ts';
import { CouponIds } from './coupon-stacking.ts';
import { Carrier, OrderDelivery, TrackingNo } from './delivery.ts';
import { PlaceGroupBuy } from './group-buys.ts';
import { PaymentChoice, PaymentStart } from './payment-ways.ts';
import { PlacePreSale, PreSaleOfOrder } from './pre-sales.ts';
import { defineRoute } from './route.ts';

/** Rule S7: the states an order can be in; the transition table lives in the api's `orders.policy.ts`. */
export const OrderState = z
  .enum([
    'pending_payment',
    'deposit_paid',
    'paid',
    'shipped',
    'received',
    'cancelled',
    'expired',
    'forfeited',
    'refunding',
    'refunded',
  ])
  .meta({ id: 'OrderState' });
export type OrderState = z.infer<typeof OrderState>;
export const PaymentState = z.enum(['pending', 'captured', 'closed', 'failed']).meta({ id: 'PaymentState' });
export const RefundState = z.enum(['requested', 'processing', 'succeeded', 'failed']).meta({ id: 'RefundState' });

export const Address = z
  .strictObject({
    recipient: text(24),
    phone: z.string().regex(/^1[3-9]\d{9}$/),
    province: text(20),
    city: text(20),
    district: text(20),
    street: text(100),
    /** Of the district; the names must be its own. */
    regionCode: z
      .string()
      .regex(/^\d{6}$/)
      .optional(),
  })
  .meta({ id: 'Address' });
export type Address = z.infer<typeof Address>;
/** As shown: for staff whose role does not ship, recipient, phone and street are masked (`139****1234`, rule Z6). */
export const AddressView = Address.extend({
  ...{ recipient: z.string(), phone: z.string(), street: z.string() },
  // Empty where the buyer fetches it.
  ...{ province: z.string(), city: z.string(), district: z.string() },
}).meta({
  id: 'AddressView',
});

/** Rule A3: why an order is credited to whom. */
export const CreditReason = z
  .enum(['hq_ruling', 'share_link', 'owner_guide', 'room_guide', 'store', 'hq'])
  .meta({ id: 'CreditReason' });
export type CreditReason = z.infer<typeof CreditReason>;
export const CreditView = z
  .object({ reason: CreditReason, inviter: PersonRef.nullable(), orgUnit: OrgUnitRef })
  .meta({ id: 'Credit' });

export const OrderItemView = z
  .object({
    id: OrderItemId,
    productId: ProductId,
    skuId: SkuId,
    title: z.string(),
    skuName: z.string(),
    pictureUrl: PictureUrl,
    quantity: Quantity,
    /** Nothing for a gift. */
    unitPriceFen: Fen,
    discountFen: Fen,
    amountFen: Fen,
    refundedFen: Fen,
    /** Pieces that were taken out before they left the house: not to be sent. */
    withdrawn: z.int().min(0).optional(),
    offerId: OfferId.nullable(),
    offerVersion: z.int().nullable(),
    /** The item it came with as a gift; it goes back with it. */
    giftOf: OrderItemId.nullable().optional(),
    bundleId: BundleId.nullable().optional(),
  })
  .meta({ id: 'OrderItem' });
export const OrderView = z
  .object({
    id: OrderId,
    orderNo: z.string(),
    state: OrderState,
    roomId: RoomId.nullable(),
    roomTitle: z.string().nullable(),
    store: OrgUnitRef,
    /** Masked for staff whose role does not ship (rule Z6). */
    buyer: PersonRef,
    items: z.array(OrderItemView),
    itemsFen: Fen,
    discountFen: Fen,
    shippingFen: Fen,
    totalFen: Fen,
    paidFen: Fen,
    refundedFen: Fen,
    address: AddressView,
    remark: z.string(),
    placedAt: Instant,
    /** When an unpaid order gives its stock back. */
    expiresAt: Instant,
    paidAt: Instant.nullable(),
    shippedAt: Instant.nullable(),
    receivedAt: Instant.nullable(),
    closedAt: Instant.nullable(),
    trackingNo: z.string().nullable(),
    payment: z.object({ id: PaymentId, provider: z.string(), state: PaymentState, amountFen: Fen }).nullable(),
    refunds: z.array(
      z.object({
        id: RefundId,
        refundNo: z.string(),
        amountFen: Fen,
        state: RefundState,
        reason: z.string(),
        createdAt: Instant,
      }),
    ),
    /** Of which the discount is: the only one, or the first of several. */
    coupon: CouponTerms.extend({ id: CouponId }).nullable().optional(),
    /** All of them, in the order in which they were applied; absent without any. */
    coupons: z.array(CouponTerms.extend({ id: CouponId, tookFen: Fen })).optional(),
    /** The group it was bought in; sent once every seat is paid. */
    groupBuy: z
      .object({ id: GroupBuyId, state: GroupBuyState, paid: z.int(), size: z.int(), deadlineAt: Instant })
      .nullable()
      .optional(),
    /** Bought by a deposit and a balance. */
    preSale: PreSaleOfOrder.nullable().optional(),
    credit: CreditView,
    /** Of an order that was paid for. */
    delivery: OrderDelivery.optional(),
    /** A note among staff; absent for the buyer. */
    merchantRemark: z.string().optional(),
    history: z.array(z.object({ from: OrderState.nullable(), to: OrderState, event: z.string(), at: Instant })),
  })
  .meta({ id: 'Order' });
export type OrderView = z.infer<typeof OrderView>;

const params = z.strictObject({ id: OrderId });

export const OrderLine = z.strictObject({
  skuId: SkuId,
  quantity: Quantity,
  /** The price the buyer's screen showed: an offer version (rule S4) or the shelf price. */
  offerId: OfferId.optional(),
  offerVersion: z.int().min(1).max(MAX_INT4).optional(),
  seenPriceFen: PriceFen,
  /** The page of the product on the buyer's screen (rule Z1), which the order keeps; one that never was is not kept. */
  seenSnapshotHash: PageHash.optional(),
});
export const placeOrder = defineRoute({
  id: 'orders.place',
  method: 'POST',
  path: '/orders',
  tag: 'orders',
  access: 'consumer',
  idempotent: true,
  summary: 'Place an order in a room: credit is decided, stock reserved, a payment prepared — once per Idempotency-Key',
  body: z
    .strictObject({
      roomId: RoomId,
      lines: z.array(OrderLine).max(20).default([]),
      bundles: z
        .array(z.strictObject({ bundleId: BundleId, quantity: z.int().min(1).max(99), seenPriceFen: PriceFen }))
        .max(5)
        .optional(),
      /** Where it is sent; not needed when somebody fetches it from the store. */
      address: Address.optional(),
      pickup: Address.pick({ recipient: true, phone: true }).optional(),
      /** What the buyer's screen showed for shipping; another fee is refused as price_changed. */
      seenShippingFen: Fen.optional(),
      remark: text(200, 0).default(''),
      /** A coupon of the buyer; refused as coupon_not_usable with a reason in the facts. */
      couponId: CouponId.optional(),
      /** Further ones that go together, in any order: one of each group. */
      couponIds: CouponIds.optional(),
      /** Opens a group or joins one: one line, of the campaign's SKU at its price, without a coupon. */
      groupBuy: PlaceGroupBuy.optional(),
      /** Takes part in a pre-sale: one line, of the campaign's SKU at its price, without a coupon; the deposit is paid first. */
      preSale: PlacePreSale.optional(),
    })
    .refine(({ address, pickup }) => address !== undefined || pickup !== undefined, {
      path: ['address'],
      message: 'address_or_pickup',
    }),
  reply: OrderView,
  status: 201,
  errors: [
    'price_changed',
    'not_delivered_there',
    'out_of_stock',
    'offer_not_open',
    'offer_sold_out',
    'limit_exceeded',
    'coupon_not_usable',
    'not_found',
    'banned',
    'room_not_live',
    'group_buy_not_open',
    'group_full',
    'group_over',
    'already_in_group',
    'pre_sale_not_open',
    'rate_limited',
  ],
});
export const listOrders = defineRoute({
  id: 'orders.list',
  method: 'GET',
  path: '/orders',
  tag: 'orders',
  access: { consumerOrStaff: 'orders:read' },
  summary: 'My orders, or (staff) the orders of my scope',
  produces: ['text/csv'],
  query: PageQuery.extend({
    state: OrderState.optional(),
    roomId: RoomId.optional(),
    inviterId: z.uuid().optional(),
    /** At or under this unit. */
    orgUnitId: OrgUnitId.optional(),
    /** Placed from then on, and before then. */
    from: Instant.optional(),
    to: Instant.optional(),
    /** Paid orders of which something left and something waits. */
    partly: z.literal('shipped').optional(),
    search: text(40).optional(),
    format: z.enum(['json', 'csv']).optional(),
  }),
  reply: page(OrderView),
});
export const getOrder = defineRoute({
  id: 'orders.get',
  method: 'GET',
  path: '/orders/:id',
  tag: 'orders',
  access: { consumerOrStaff: 'orders:read' },
  summary: 'One order',
  params,
  reply: OrderView,
});
export const cancelOrder = defineRoute({
  id: 'orders.cancel',
  method: 'POST',
  path: '/orders/:id/cancel',
  tag: 'orders',
  access: 'consumer',
  idempotent: true,
  summary:
    'Cancel an unpaid order: the payment is closed, stock comes back. A deposit goes back as long as the terms of the pre-sale say so',
  params,
  body: z.strictObject({ reason: text(100, 0).default('') }),
  reply: OrderView,
  errors: ['state_conflict', 'already_paid'],
});
export const payOrder = defineRoute({
  id: 'orders.pay',
  method: 'POST',
  path: '/orders/:id/pay',
  tag: 'orders',
  access: 'consumer',
  idempotent: true,
  summary: 'Start (or resume) paying: what the client needs to open the cashier',
  params,
  body: z.strictObject(PaymentChoice),
  reply: z.object({ paymentId: PaymentId, amountFen: Fen, expiresAt: Instant, ...PaymentStart }),
  errors: ['state_conflict', 'already_paid', 'provider_unavailable'],
});
export const shipOrder = defineRoute({
  id: 'orders.ship',
  method: 'POST',
  path: '/orders/:id/ship',
  tag: 'orders',
  access: { staff: 'orders:ship' },
  idempotent: true,
  summary: 'Send everything that is left in one parcel',
  params,
  body: z.strictObject({ trackingNo: TrackingNo, carrier: Carrier.default('other') }),
  reply: OrderView,
  errors: ['state_conflict'],
});
export const receiveOrder = defineRoute({
  id: 'orders.receive',
  method: 'POST',
  path: '/orders/:id/receive',
  tag: 'orders',
  access: 'consumer',
  idempotent: true,
  summary: 'Confirm receipt',
  params,
  body: Empty,
  reply: OrderView,
  errors: ['state_conflict'],
});
export const refundOrder = defineRoute({
  id: 'orders.refund',
  method: 'POST',
  path: '/orders/:id/refunds',
  tag: 'orders',
  access: { consumerOrStaff: 'orders:refund' },
  idempotent: true,
  summary:
    'Refund everything that is left of an order: by its buyer before shipping, by staff later; or, by staff, exactly these items and this much of the shipping fee. Commission follows to the fen',
  params,
  body: z.strictObject({
    reason: text(100),
    /** Pieces (the amount is their share when left out), or an amount without any piece. */
    items: z
      .array(
        z.strictObject({
          itemId: OrderItemId,
          quantity: z.int().min(0).max(999).default(0),
          amountFen: Fen.optional(),
        }),
      )
      .max(20)
      .optional(),
    shippingFen: Fen.optional(),
    /** What the person who asks was shown; another sum is refused instead of sent. */
    expectedFen: Fen.optional(),
  }),
  reply: OrderView,
  status: 202,
  errors: ['state_conflict', 'limit_exceeded', 'refund_changed', 'forbidden'],
});
