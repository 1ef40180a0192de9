import { z } from 'zod';
import { BundleId, OfferId, ProductId, RoomId, SkuId } from '../ids.ts';
import { Fen, PriceFen, Quantity } from '../money.ts';
import { ProductView } from './catalogue.ts';
import { Empty, Instant, OrgUnitRef, PageQuery, PictureUrl, page, text } from './common.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ id: RoomId });

export const MAX_STAIRS = 5;
export const MAX_BUNDLE_PARTS = 8;

export const OfferStair = z.strictObject({ fromQuantity: z.int().min(2).max(999), priceFen: PriceFen });
export type OfferStair = z.infer<typeof OfferStair>;
/** Every `per` pieces bought bring one of the SKU; `taken` of `cap` are gone. */
export const OfferGift = z.object({
  skuId: SkuId,
  title: z.string(),
  skuName: z.string(),
  pictureUrl: PictureUrl,
  per: z.int().min(1),
  cap: z.int().min(1),
  taken: z.int(),
});
export type OfferGift = z.infer<typeof OfferGift>;

/** Rule S6: what sells below a floor that was raised after it had been announced. */
export const FlaggedOffer = z
  .object({
    /** `gift`: the offer gives away a SKU that has a floor by now. */
    kind: z.enum(['offer', 'bundle', 'group', 'gift']),
    /** Of the offer, bundle or group campaign. */
    offerId: z.uuid(),
    /** A group campaign is of a unit, not of a room. */
    roomId: RoomId.nullable(),
    roomTitle: z.string().nullable(),
    orgUnit: OrgUnitRef,
    skuId: SkuId,
    productTitle: z.string(),
    skuName: z.string(),
    /** Of a bundle: of all of it, and the sum of its floors. */
    priceFen: Fen,
    floorPriceFen: PriceFen,
    endsAt: Instant,
  })
  .meta({ id: 'FlaggedOffer' });
export type FlaggedOffer = z.infer<typeof FlaggedOffer>;

export const OfferView = z
  .object({
    id: OfferId,
    roomId: RoomId,
    skuId: SkuId,
    priceFen: PriceFen,
    /** Grows by one with every change of terms; an order names the version its buyer saw (rule S4). */
    version: z.int().min(1),
    startsAt: Instant,
    endsAt: Instant,
    cap: z.int().nullable(),
    /** Pieces reserved or sold under this offer. */
    taken: z.int(),
    perPersonLimit: z.int().nullable(),
    state: z.enum(['open', 'closed']),
    /** So many pieces in one order cost less each; ascending quantities, falling prices. `priceFen` is for fewer. */
    stairs: z.array(OfferStair).optional(),
    /** Comes with the goods for nothing while it lasts. */
    gift: OfferGift.optional(),
    /** Rule Z4: the lowest deal of the seven days before the offer was announced; what may be struck where no basis is stated. */
    baselineFen: PriceFen.nullable().optional(),
  })
  .meta({ id: 'Offer' });
export type OfferView = z.infer<typeof OfferView>;

/** Several SKUs for one price. Its terms do not change; other terms are another bundle. */
export const BundleView = z
  .object({
    id: BundleId,
    roomId: RoomId,
    title: z.string(),
    priceFen: PriceFen,
    /** What the pieces cost on the shelf; what is saved is the difference. */
    shelfFen: Fen,
    parts: z.array(
      z.object({
        skuId: SkuId,
        productId: ProductId,
        title: z.string(),
        skuName: z.string(),
        pictureUrl: PictureUrl,
        priceFen: PriceFen,
        quantity: z.int().min(1),
        /** Pieces left for this room. */
        available: z.int(),
      }),
    ),
    startsAt: Instant,
    endsAt: Instant,
    cap: z.int().nullable(),
    taken: z.int(),
    perPersonLimit: z.int().nullable(),
    state: z.enum(['open', 'closed']),
  })
  .meta({ id: 'Bundle' });
export type BundleView = z.infer<typeof BundleView>;

export const BagItem = z
  .object({
    position: z.int(),
    product: ProductView,
    offers: z.array(OfferView),
    /** Pieces left for this room per SKU (stock − reserved). */
    available: z.record(z.string(), z.int()),
  })
  .meta({ id: 'BagItem' });
export type BagItem = z.infer<typeof BagItem>;
export const Bag = z
  .object({
    roomId: RoomId,
    pinnedProductId: ProductId.nullable(),
    items: z.array(BagItem),
    bundles: z.array(BundleView).optional(),
    /**
     * What sending one order costs at least where no zone of its own holds, by the rule of the room's store; free from `freeFromFen`
     * of goods. Absent: nothing travels free, or it is only sent to some provinces; a quote says what it costs.
     */
    shipping: z.object({ feeFen: Fen, freeFromFen: Fen }).optional(),
  })
  .meta({ id: 'Bag' });
export type Bag = z.infer<typeof Bag>;

export const getBag = defineRoute({
  id: 'bag.get',
  method: 'GET',
  path: '/rooms/:id/bag',
  tag: 'bag',
  access: 'public',
  summary: 'The bag with open offers and stock',
  params,
  reply: Bag,
});
export const putBag = defineRoute({
  id: 'bag.put',
  method: 'PUT',
  path: '/rooms/:id/bag',
  tag: 'bag',
  access: { staff: 'rooms:operate' },
  summary: 'Set the products of the bag, in order',
  params,
  body: z.strictObject({ productIds: z.array(ProductId).max(50) }),
  reply: Bag,
  errors: ['forbidden', 'not_found', 'state_conflict'],
});
export const pinProduct = defineRoute({
  id: 'bag.pin',
  method: 'POST',
  path: '/rooms/:id/pin',
  tag: 'bag',
  access: { staff: 'rooms:operate' },
  summary: 'Pin a product of the bag (讲解中), or unpin with null',
  params,
  body: z.strictObject({ productId: ProductId.nullable() }),
  reply: Bag,
  errors: ['forbidden', 'not_found', 'state_conflict'],
});
export const openOffer = defineRoute({
  id: 'offers.open',
  method: 'POST',
  path: '/rooms/:id/offers',
  tag: 'bag',
  access: { staff: 'offers:write' },
  summary:
    'Open an offer for a SKU of the bag: window, cap, per-person limit, stairs, a gift; rule S6 refuses a price below the floor. What starts later is shown with a countdown until it does',
  params,
  body: z.strictObject({
    skuId: SkuId,
    priceFen: PriceFen,
    startsAt: Instant.optional(),
    durationSeconds: z.int().min(10).max(86_400),
    cap: z.int().min(1).max(1_000_000).nullable().default(null),
    perPersonLimit: Quantity.nullable().default(null),
    stairs: z.array(OfferStair).max(MAX_STAIRS).optional(),
    /** A SKU with a floor can be given away only by who may set floors. */
    gift: z.strictObject({ skuId: SkuId, per: Quantity.default(1), cap: z.int().min(1).max(1_000_000) }).optional(),
  }),
  reply: OfferView,
  status: 201,
  errors: ['forbidden', 'not_found', 'below_price_floor', 'out_of_stock', 'state_conflict'],
});
export const openBundle = defineRoute({
  id: 'bundles.open',
  method: 'POST',
  path: '/rooms/:id/bundles',
  tag: 'bag',
  access: { staff: 'offers:write' },
  summary: 'Open a bundle: SKUs of the bag for one price below that of its pieces, no piece below its floor (S6)',
  params,
  body: z.strictObject({
    title: text(40),
    priceFen: PriceFen,
    parts: z
      .array(z.strictObject({ skuId: SkuId, quantity: z.int().min(1).max(99).default(1) }))
      .min(2)
      .max(MAX_BUNDLE_PARTS),
    startsAt: Instant.optional(),
    durationSeconds: z.int().min(10).max(86_400),
    cap: z.int().min(1).max(1_000_000).nullable().default(null),
    perPersonLimit: z.int().min(1).max(99).nullable().default(null),
  }),
  reply: BundleView,
  status: 201,
  errors: ['forbidden', 'not_found', 'below_price_floor', 'state_conflict', 'words_refused'],
});
export const closeBundle = defineRoute({
  id: 'bundles.close',
  method: 'POST',
  path: '/bundles/:id/close',
  tag: 'bag',
  access: { staff: 'offers:write' },
  summary: 'End a bundle at once',
  params: z.strictObject({ id: BundleId }),
  body: Empty,
  reply: BundleView,
  errors: ['forbidden', 'not_found'],
});
export const listFlaggedOffers = defineRoute({
  id: 'offers.flagged',
  method: 'GET',
  path: '/offers/below-floor',
  tag: 'bag',
  access: { staff: 'catalogue:read' },
  summary:
    'Offers, bundles, group campaigns and gifts of my scope below a floor raised since; they run on as announced until somebody changes them',
  query: PageQuery,
  reply: page(FlaggedOffer),
});
export const patchOffer = defineRoute({
  id: 'offers.patch',
  method: 'PATCH',
  path: '/offers/:id',
  tag: 'bag',
  access: { staff: 'offers:write' },
  summary: 'Change price, end or limits (a new version), or close it',
  params: z.strictObject({ id: OfferId }),
  body: z.strictObject({
    priceFen: PriceFen.optional(),
    endsAt: Instant.optional(),
    cap: z.int().min(1).max(1_000_000).nullable().optional(),
    perPersonLimit: Quantity.nullable().optional(),
    stairs: z.array(OfferStair).max(MAX_STAIRS).optional(),
    state: z.literal('closed').optional(),
  }),
  reply: OfferView,
  errors: ['forbidden', 'below_price_floor', 'state_conflict'],
});
