/** How an order gets to its buyer: shapes that orders, parcels and pick-up share. */
import { z } from 'zod';
import { OrderItemId, RoomId } from '../ids.ts';
import { Quantity } from '../money.ts';
import { Instant, text } from './common.ts';

export const ParcelId = z.uuid().meta({ description: 'id of a parcel (UUIDv7)' });

/** `own`: the store's own people bring it; `other`: a carrier that is none of these. */
export const carriers = [
  'sf',
  'jd',
  'ems',
  'yto',
  'zto',
  'sto',
  'yunda',
  'jtexpress',
  'deppon',
  'own',
  'other',
] as const;
export const Carrier = z.enum(carriers).meta({ id: 'Carrier' });
export type Carrier = z.infer<typeof Carrier>;

/** Rule S7: the states of a parcel; the transition table lives in the api's `parcels.policy.ts`. */
export const ParcelState = z.enum(['in_transit', 'near', 'delivered', 'returned']).meta({ id: 'ParcelState' });
export type ParcelState = z.infer<typeof ParcelState>;

export const TrackingNo = text(40);
export const PiecesOf = z.strictObject({ orderItemId: OrderItemId, quantity: Quantity });

export const Parcel = z
  .object({
    id: ParcelId,
    carrier: Carrier,
    trackingNo: z.string(),
    state: ParcelState,
    items: z.array(z.object({ orderItemId: OrderItemId, quantity: Quantity })),
    shippedAt: Instant,
    deliveredAt: Instant.nullable(),
    events: z.array(
      z.object({
        event: z.enum(['ship', 'correct', 'near', 'deliver', 'return']),
        to: ParcelState,
        note: z.string(),
        at: Instant,
      }),
    ),
  })
  .meta({ id: 'Parcel' });
export type Parcel = z.infer<typeof Parcel>;

export const DeliveryWay = z.enum(['parcel', 'pickup']).meta({ id: 'DeliveryWay' });
export type DeliveryWay = z.infer<typeof DeliveryWay>;

/** Of an order that was paid for. */
export const OrderDelivery = z
  .object({
    way: DeliveryWay,
    /** The code that staff redeem once; told to the buyer alone, while it can be used. */
    pickup: z.object({ code: z.string().nullable(), place: z.string(), phone: z.string() }).nullable(),
    parcels: z.array(Parcel),
    /** What has neither left nor been taken out of the order. With parcels: the order is partly shipped. */
    toShip: z.array(z.object({ orderItemId: OrderItemId, quantity: Quantity })),
    /** When a shipped order counts as received. */
    autoReceiveAt: Instant.nullable(),
    canExtend: z.boolean(),
    /** Whether its buyer may still change the address: once, before anything left. */
    addressChangeable: z.boolean(),
    addressChangedAt: Instant.nullable(),
    /** The second of the room's recording at which it was ordered, where the recording can be looked at. */
    replay: z.object({ roomId: RoomId, atSeconds: z.int().min(0) }).nullable(),
  })
  .meta({ id: 'OrderDelivery' });
export type OrderDelivery = z.infer<typeof OrderDelivery>;
