import type { Bag, BagItem, OfferView, ProductView } from '@walnut-live/contracts';

export type Sku = ProductView['skus'][number];

/** What a buyer sees for one SKU at one moment of server time. */
export type SkuPrice = {
  sku: Sku;
  /** The offer that counts now, sold out or not; null = shelf price. */
  offer: OfferView | null;
  priceFen: number;
  /** Rule Z4: the list price with a stated basis, else the offer's baseline (the lowest deal of seven days). Null = nothing. */
  struckFen: number | null;
  /** Pieces one can still get at `priceFen`; null = the server did not say. */
  left: number | null;
  soldOut: boolean;
  /** Most pieces one order may ask for. */
  maxQuantity: number;
};

const MAX_QUANTITY = 999;

/** Open within its window. The later-opened one wins when the server allows several for a SKU. */
export const offerAt = (item: BagItem, skuId: string, serverNowMs: number): OfferView | null =>
  item.offers.findLast(
    (offer) =>
      offer.skuId === skuId &&
      offer.state === 'open' &&
      Date.parse(offer.startsAt) <= serverNowMs &&
      serverNowMs < Date.parse(offer.endsAt),
  ) ?? null;

/** The price of one piece when `quantity` are bought: what `struckPriceOf` and `priceForQuantity` of the contracts say. */
export const skuPriceAt = (item: BagItem, sku: Sku, serverNowMs: number, quantity = 1): SkuPrice => {
  const offer = offerAt(item, sku.id, serverNowMs);
  const stock = item.available[sku.id];
  const offerLeft = offer && offer.cap !== null ? Math.max(0, offer.cap - offer.taken) : null;
  const known = [stock, offerLeft].filter((left): left is number => typeof left === 'number');
  const left = known.length > 0 ? Math.max(0, Math.min(...known)) : null;
  const limits = [left, offer?.perPersonLimit ?? null].filter((limit): limit is number => limit !== null);
  const listFen = sku.listPriceFen !== null && sku.listPriceBasis ? sku.listPriceFen : null;
  const maxQuantity = Math.max(1, Math.min(MAX_QUANTITY, ...limits));
  const stair = offer?.stairs?.findLast(({ fromQuantity }) => fromQuantity <= Math.min(quantity, maxQuantity));
  const priceFen = (stair ?? offer ?? sku).priceFen;
  const struckFen = listFen ?? offer?.baselineFen ?? null;
  return {
    sku,
    offer,
    priceFen,
    struckFen: struckFen !== null && struckFen > priceFen ? struckFen : null,
    left,
    soldOut: left === 0 || !sku.active || item.product.status !== 'on_sale',
    maxQuantity,
  };
};

/** The next offer for the SKU that is announced and has not begun. */
export const upcomingOffer = (item: BagItem, skuId: string, serverNowMs: number): OfferView | null =>
  item.offers
    .filter((offer) => offer.skuId === skuId && offer.state === 'open' && Date.parse(offer.startsAt) > serverNowMs)
    .sort((a, b) => a.startsAt.localeCompare(b.startsAt))[0] ?? null;

/** All active SKUs of a product with their prices, in catalogue order. */
export const skuPricesAt = (item: BagItem, serverNowMs: number): SkuPrice[] =>
  item.product.skus.filter((sku) => sku.active).map((sku) => skuPriceAt(item, sku, serverNowMs));

/** The SKU a card shows: the one with a running offer, else the first one left, else the first. */
export const headlinePriceAt = (item: BagItem, serverNowMs: number): SkuPrice | null => {
  const prices = skuPricesAt(item, serverNowMs);
  return (
    prices.find((price) => price.offer && !price.soldOut) ??
    prices.find((price) => !price.soldOut) ??
    prices.find((price) => price.offer) ??
    prices[0] ??
    null
  );
};

export const pinnedItem = (bag: Bag): BagItem | null =>
  bag.items.find((item) => item.product.id === bag.pinnedProductId) ?? null;
