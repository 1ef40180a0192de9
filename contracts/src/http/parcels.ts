/** Parcels of orders, pick-up in the store, and what happens until the goods are received. */
import { z } from 'zod';
import { OrderId } from '../ids.ts';
import { Empty, text } from './common.ts';
import { Carrier, Parcel, ParcelId, PiecesOf, TrackingNo } from './delivery.ts';
import { Address, OrderView } from './orders.ts';
import { defineRoute } from './route.ts';

const orderParams = z.strictObject({ id: OrderId });
const parcelParams = z.strictObject({ id: ParcelId });

export const shipParcel = defineRoute({
  id: 'parcels.ship',
  method: 'POST',
  path: '/orders/:id/parcels',
  tag: 'orders',
  access: { staff: 'orders:ship' },
  idempotent: true,
  summary:
    'Send a parcel of these pieces, or of everything left. The order is shipped once everything that was not taken out has left',
  params: orderParams,
  body: z.strictObject({
    carrier: Carrier,
    trackingNo: TrackingNo,
    items: z.array(PiecesOf).min(1).max(20).optional(),
  }),
  reply: OrderView,
  status: 201,
  errors: ['not_found', 'state_conflict'],
});
export const correctParcel = defineRoute({
  id: 'parcels.correct',
  method: 'PATCH',
  path: '/parcels/:id',
  tag: 'orders',
  access: { staff: 'orders:ship' },
  summary: 'Correct carrier and number of a parcel that is under way; kept in its history',
  params: parcelParams,
  body: z.strictObject({ carrier: Carrier, trackingNo: TrackingNo }),
  reply: Parcel,
  errors: ['not_found', 'state_conflict'],
});
export const noteParcel = defineRoute({
  id: 'parcels.note',
  method: 'POST',
  path: '/parcels/:id/events',
  tag: 'orders',
  access: { staff: 'orders:ship' },
  summary: 'Say by hand where a parcel is: near the buyer, delivered, or back. Again = the same answer',
  params: parcelParams,
  body: z.strictObject({ event: z.enum(['near', 'deliver', 'return']), note: text(100, 0).default('') }),
  reply: Parcel,
  errors: ['not_found', 'state_conflict'],
});

/** Lines of one bulk ship. */
export const MAX_BULK_LINES = 500;
const BULK_CHARS = 60_000;
/** Lines and cells of a spreadsheet: line ends and tabs are the only control characters. */
const BulkText = z
  .string()
  .min(1)
  .max(BULK_CHARS)
  .refine((s) => ![...s].some((c) => c.charCodeAt(0) < 32 && !'\t\r\n'.includes(c)), 'control_character')
  .refine((s) => ![...s].some((c) => c.length === 1 && c >= '\uD800' && c <= '\uDFFF'), 'malformed_text');
export const BulkShipLine = z
  .object({
    /** Of the text, from 1. */
    line: z.int().min(1),
    orderNo: z.string(),
    carrier: z.string(),
    trackingNo: z.string(),
    /**
     * ready: would be sent, sent: was sent now, already: the order has this parcel. The rest is why not: it cannot be read,
     * the carrier is unknown, the number is missing or too long, the same order is in a line above, there is no such order in
     * my scope, or it does not wait for shipping now.
     */
    result: z.enum([
      'ready',
      'sent',
      'already',
      'unreadable',
      'unknown_carrier',
      'bad_tracking_no',
      'repeated',
      'no_such_order',
      'not_to_ship',
    ]),
  })
  .meta({ id: 'BulkShipLine' });
export type BulkShipLine = z.infer<typeof BulkShipLine>;
export const bulkShip = defineRoute({
  id: 'parcels.bulk',
  method: 'POST',
  path: '/parcels/bulk',
  tag: 'orders',
  access: { staff: 'orders:ship' },
  summary:
    'Ship many orders from lines of order number, carrier and tracking number (CSV or pasted from a spreadsheet): first to see what would happen, then for good. Lines stand for themselves; sent again, nothing is sent twice',
  body: z.strictObject({ text: BulkText, apply: z.boolean() }),
  reply: z.object({ lines: z.array(BulkShipLine), ready: z.int(), sent: z.int(), refused: z.int() }),
  errors: ['invalid_request'],
});

/** Ten digits. */
export const PickupCode = z.string().regex(/^\d{10}$/);
const pickupParams = z.strictObject({ code: PickupCode });
export const findPickup = defineRoute({
  id: 'pickups.get',
  method: 'GET',
  path: '/pickups/:code',
  tag: 'orders',
  access: { staff: 'orders:ship' },
  summary: 'The order of my scope that this code fetches',
  params: pickupParams,
  reply: OrderView,
  errors: ['not_found'],
});
export const redeemPickup = defineRoute({
  id: 'pickups.redeem',
  method: 'POST',
  path: '/pickups/:code/redeem',
  tag: 'orders',
  access: { staff: 'orders:ship' },
  idempotent: true,
  summary: 'Hand the goods over: the code is used up, the order is received',
  params: pickupParams,
  body: Empty,
  reply: OrderView,
  errors: ['not_found', 'state_conflict'],
});

export const extendReceipt = defineRoute({
  id: 'orders.extend-receipt',
  method: 'POST',
  path: '/orders/:id/receipt-extension',
  tag: 'orders',
  access: 'consumer',
  idempotent: true,
  summary: 'I need more time until a shipped order counts as received; once',
  params: orderParams,
  body: Empty,
  reply: OrderView,
  errors: ['not_found', 'state_conflict'],
});
export const changeOrderAddress = defineRoute({
  id: 'orders.change-address',
  method: 'PUT',
  path: '/orders/:id/address',
  tag: 'orders',
  access: 'consumer',
  summary:
    'Change the address of a paid order: once, before anything left, and not to where shipping costs more (price_changed) or nothing is sent',
  params: orderParams,
  body: z.strictObject({ address: Address }),
  reply: OrderView,
  errors: ['not_found', 'state_conflict', 'price_changed', 'not_delivered_there'],
});
export const setMerchantRemark = defineRoute({
  id: 'orders.remark',
  method: 'PUT',
  path: '/orders/:id/merchant-remark',
  tag: 'orders',
  access: { staff: 'orders:ship' },
  summary: 'A note among staff; the buyer never sees it. Audited',
  params: orderParams,
  body: z.strictObject({ remark: text(200, 0) }),
  reply: OrderView,
  errors: ['not_found'],
});
