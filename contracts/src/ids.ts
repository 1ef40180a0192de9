import { z } from 'zod';

/** Every entity id is a UUIDv7 (RFC 9562): sortable by creation, unguessable enough, never reused. */
const id = (what: string) => z.uuid().meta({ description: `id of ${what} (UUIDv7)` });

export const PersonId = id('a person: guest, consumer or member of staff');
export const OrgUnitId = id('an org unit: HQ, channel or store');
export const RoomId = id('a room');
export const StreamId = id('a stream');
export const ProductId = id('a product');
export const SkuId = id('a SKU');
export const BundleId = id('a bundle');
export const OfferId = id('an offer');
export const OrderId = id('an order');
export const OrderItemId = id('an order item');
export const PaymentId = id('a payment');
export const RefundId = id('a refund');
export const CoinTopUpId = id('a top-up of a coin wallet');
export const GiftId = id('a gift of the catalogue');
export const GivenGiftId = id('a gift that was given');
export const ShareLinkId = id('a share link');
export const TouchId = id('a touch');
export const CommissionEntryId = id('a commission entry');

/** Path of an org unit from HQ down, labels joined by dots: `hq.east.hangzhou`. A prefix (on label borders) means "at or under". */
export const OrgPath = z
  .string()
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+){0,7}$/)
  .meta({ description: 'org path, for example hq.east.hangzhou' });

/** True if `path` is `scope` itself or lies under it. */
export function isWithin(path: string, scope: string): boolean {
  return path === scope || path.startsWith(`${scope}.`);
}
