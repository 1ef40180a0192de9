/** A person's cart: what they put aside in the rooms of stores, priced anew whenever it is looked at. */
import { z } from 'zod';
import { OfferId, ProductId, RoomId, SkuId } from '../ids.ts';
import { Fen, PriceFen, Quantity } from '../money.ts';
import { CouponId } from '../realtime/coupons.ts';
import { Instant, OrgUnitRef, PictureUrl, text } from './common.ts';
import { CouponIds } from './coupon-stacking.ts';
import { Address, OrderLine, OrderView } from './orders.ts';
import { defineRoute } from './route.ts';

/** Lines of one cart. */
export const MAX_CART_LINES = 100;

/**
 * Why a line cannot be ordered now. room_closed: neither live nor to be looked at again; not_sold: taken off sale or out of the
 * bag; sold_out; too_many: fewer are left, or allowed a person, than are in the cart.
 */
export const CartProblem = z.enum(['room_closed', 'not_sold', 'sold_out', 'too_many']).meta({ id: 'CartProblem' });
export type CartProblem = z.infer<typeof CartProblem>;
export const CartLine = z
  .object({
    skuId: SkuId,
    productId: ProductId,
    title: z.string(),
    skuName: z.string(),
    pictureUrl: PictureUrl,
    quantity: Quantity,
    /** What one piece costs now, in this number. */
    unitPriceFen: PriceFen,
    offer: z.object({ id: OfferId, version: z.int(), endsAt: Instant }).nullable(),
    /** What one piece cost when it was put in. */
    seenPriceFen: PriceFen,
    problem: CartProblem.nullable(),
    /** How many one could order now. */
    most: z.int().min(0),
    addedAt: Instant,
  })
  .meta({ id: 'CartLine' });
export type CartLine = z.infer<typeof CartLine>;
/** Lines of one room are ordered together: its prices are its own, and the order is credited by it. */
export const CartGroup = z
  .object({
    roomId: RoomId,
    roomTitle: z.string(),
    live: z.boolean(),
    store: OrgUnitRef,
    lines: z.array(CartLine),
  })
  .meta({ id: 'CartGroup' });
export type CartGroup = z.infer<typeof CartGroup>;
export const Cart = z.object({ groups: z.array(CartGroup), pieces: z.int().min(0) }).meta({ id: 'Cart' });
export type Cart = z.infer<typeof Cart>;

export const getCart = defineRoute({
  id: 'cart.get',
  method: 'GET',
  path: '/me/cart',
  tag: 'orders',
  access: 'person',
  summary: 'My cart over all rooms, the room used last first, at the prices of now',
  reply: Cart,
});
export const putCartLine = defineRoute({
  id: 'cart.put',
  method: 'PUT',
  path: '/me/cart/lines',
  tag: 'orders',
  access: 'person',
  summary: 'So many of a SKU from this room; 0 takes it out. Again = the same cart',
  body: z.strictObject({
    roomId: RoomId,
    skuId: SkuId,
    quantity: z.int().min(0).max(999),
    seenPriceFen: PriceFen,
  }),
  reply: Cart,
  errors: ['not_found', 'limit_exceeded'],
});
export const checkoutCart = defineRoute({
  id: 'cart.checkout',
  method: 'POST',
  path: '/me/cart/checkout',
  tag: 'orders',
  access: 'consumer',
  idempotent: true,
  summary:
    'Order lines of one room: one order, refused as orders.place refuses, and what was ordered leaves the cart with it',
  body: z
    .strictObject({
      roomId: RoomId,
      lines: z.array(OrderLine).min(1).max(20),
      address: Address.optional(),
      pickup: Address.pick({ recipient: true, phone: true }).optional(),
      seenShippingFen: Fen.optional(),
      remark: text(200, 0).default(''),
      couponId: CouponId.optional(),
      couponIds: CouponIds.optional(),
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
    'rate_limited',
  ],
});
