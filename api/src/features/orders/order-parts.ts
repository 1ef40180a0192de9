/** What an order is made of before it is one: the request, its lines with their prices, and the rows it becomes. */
import type { Address, PlaceGroupBuy, PlacePreSale } from '@walnut-live/contracts';
import type { Random } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { NewItem, NewOrder } from './orders.repository.ts';
import type { OrdersDeps } from './orders.service.ts';
import {
  type Decision,
  type PricedLine,
  priceLine,
  type Refusal,
  refuseEarly,
  sumLines,
  type WantedLine,
} from './pricing.policy.ts';
import type { SellingRoom, SkuRow } from './selling.repository.ts';
import { addressOf, shippingOf } from './shipping-of.ts';

export interface WantedBundle {
  readonly bundleId: string;
  readonly quantity: number;
  readonly seenPriceFen: number;
}
export interface PlaceRequest {
  roomId: string;
  lines: readonly {
    skuId: string;
    quantity: number;
    offerId?: string | undefined;
    offerVersion?: number | undefined;
    seenPriceFen: number;
    seenSnapshotHash?: string | undefined;
  }[];
  address?: Address | undefined;
  pickup?: { recipient: string; phone: string } | undefined;
  seenShippingFen?: number | undefined;
  remark: string;
  couponId?: string | undefined;
  couponIds?: readonly string[] | undefined;
  groupBuy?: PlaceGroupBuy | undefined;
  preSale?: PlacePreSale | undefined;
  bundles?: readonly WantedBundle[] | undefined;
}

/** The coupons an order names, in either way, each once. */
export const couponsOf = ({ couponId, couponIds }: PlaceRequest): readonly string[] => [
  ...new Set([...(couponId === undefined ? [] : [couponId]), ...(couponIds ?? [])]),
];

/** A line that may be bought, with its price; `discountFen` is its share of the coupons. */
export interface Priced {
  readonly line: WantedLine;
  readonly sku: SkuRow;
  readonly price: PricedLine;
  readonly amountFen: bigint;
  readonly discountFen: bigint;
  /** Part of a bundle. */
  readonly bundleId?: string;
  /** What it comes with, for nothing, as long as it lasts. */
  readonly giftOf?: Priced;
}

/**
 * Whether the room sells to this buyer, and in this way; `ofItsGroup`: to somebody who joins a group that was opened here, which
 * goes on when the live is over. @throws AppError banned, room_not_live, offer_not_open
 */
export function refuseRoom(room: SellingRoom, banned: boolean, request: PlaceRequest, ofItsGroup = false): void {
  if (banned) throw new AppError('banned');
  if (room.state !== 'live' && !room.sellsByReplay && !ofItsGroup)
    throw new AppError('room_not_live', { facts: { state: room.state } });
  // Live prices are for the live.
  if (room.sellsByReplay && (request.bundles?.length || request.lines.some((line) => line.offerId)))
    throw new AppError('offer_not_open');
}

/** Rule S2. @throws AppError invalid_request */
export function wantedLines(request: PlaceRequest): WantedLine[] {
  if (request.lines.length === 0 && !request.bundles?.length)
    throw new AppError('invalid_request', { issues: [{ path: '/lines', issue: 'too_small' }] });
  return orRefuse(
    sumLines(
      request.lines.map((line) => ({
        skuId: line.skuId,
        quantity: line.quantity,
        offerId: line.offerId ?? null,
        offerVersion: line.offerVersion ?? null,
        seenPriceFen: BigInt(line.seenPriceFen),
        ...(line.seenSnapshotHash === undefined ? {} : { seenHash: line.seenSnapshotHash }),
      })),
    ),
  );
}

/** Rule S4. @throws AppError price_changed, offer_not_open, not_found */
export function pricedLine(
  line: WantedLine,
  sku: SkuRow,
  at: Date,
  graceSeconds: number,
  groupPriceFen?: bigint,
): Priced {
  const price = orRefuse(priceLine(line, sku, at, graceSeconds, groupPriceFen));
  return { line, sku, price, amountFen: price.unitPriceFen * BigInt(line.quantity), discountFen: 0n };
}

/** All lines, none of them known to be sold out. @throws AppError as pricedLine, offer_sold_out, limit_exceeded, out_of_stock */
export function pricedLines(
  lines: readonly WantedLine[],
  skus: readonly SkuRow[],
  at: Date,
  graceSeconds: number,
  groupPriceFen?: bigint,
): Priced[] {
  const bySku = new Map(skus.map((sku) => [sku.skuId, sku]));
  const priced = lines.map((line) => {
    const sku = bySku.get(line.skuId);
    if (!sku) throw new AppError('not_found', { facts: { skuId: line.skuId } });
    return pricedLine(line, sku, at, graceSeconds, groupPriceFen);
  });
  for (const { line, sku } of priced) {
    const refusal = refuseEarly(line, sku.left);
    if (refusal) throw refused(refusal);
  }
  return priced;
}

/** What coupons may take from. */
export const flooredItems = (priced: readonly Priced[]) =>
  priced.map(({ amountFen, line, sku }) => ({ amountFen, quantity: line.quantity, floorPriceFen: sku.floorPriceFen }));

/** Ten digits. */
export const newPickupCode = (random: Pick<Random, 'bytes'>): string =>
  (random.bytes(8).readBigUInt64BE() % 10_000_000_000n).toString().padStart(10, '0');

/** The order's row, with its sums. */
export function newOrder(
  order: {
    id: string;
    orderNo: string;
    personId: string;
    room: SellingRoom;
    request: PlaceRequest;
    priced: readonly Priced[];
    /** The first that it takes. */
    couponId?: string | undefined;
    at: Date;
  },
  { reservationSeconds }: Pick<OrdersDeps, 'reservationSeconds'>,
  pickupCode: string | null = null,
): NewOrder {
  const { request, priced, at, couponId, ...rest } = order;
  const itemsFen = priced.reduce((sum, part) => sum + part.amountFen, 0n);
  const discountFen = priced.reduce((sum, part) => sum + part.discountFen, 0n);
  const shipping = shippingOf(order.room, request, priced);
  return {
    ...rest,
    itemsFen,
    discountFen,
    shippingFen: shipping,
    totalFen: itemsFen - discountFen + shipping,
    address: addressOf(order.room, request),
    pickupCode,
    remark: request.remark,
    couponId: couponId ?? null,
    placedAt: at,
    expiresAt: new Date(at.getTime() + reservationSeconds * 1000),
  };
}

/** An item's row. Throws when nothing is reserved for it. */
export function newItem(
  { line, sku, price, discountFen, bundleId }: Priced,
  {
    stockUnitId,
    giftOf = null,
    ...ids
  }: { id: string; orderId: string; position: number; stockUnitId: string | undefined; giftOf?: string | null },
): NewItem {
  if (stockUnitId === undefined) throw new Error(`SKU ${sku.skuId} is not reserved`);
  return {
    ...ids,
    stockUnitId,
    productId: sku.productId,
    skuId: sku.skuId,
    title: sku.title,
    skuName: sku.skuName,
    pictureUrl: sku.pictureUrl,
    quantity: line.quantity,
    unitPriceFen: price.unitPriceFen,
    discountFen,
    snapshotHash: sku.snapshotHash,
    seenHash: line.seenHash,
    giftOf,
    bundleId: bundleId ?? null,
    offerId: price.offer?.id ?? null,
    offerVersion: price.offer?.version ?? null,
    offerTerms: price.offer && {
      priceFen: Number(price.offer.priceFen),
      startsAt: price.offer.startsAt.toISOString(),
      endsAt: price.offer.endsAt.toISOString(),
      cap: price.offer.cap,
      perPersonLimit: price.offer.perPersonLimit,
      ...(price.offer.stairs
        ? { stairs: price.offer.stairs.map((stair) => ({ ...stair, priceFen: Number(stair.priceFen) })) }
        : {}),
      ...(sku.baselineFen === null ? {} : { baselineFen: Number(sku.baselineFen) }),
      honoured: price.offer.honoured,
    },
  };
}

export function orRefuse<T>(decision: Decision<T>): T {
  if (decision.ok) return decision.value;
  throw refused(decision.refusal);
}
export const refused = ({ code, facts }: Refusal) => new AppError(code, { facts: { ...facts } });
