/**
 * What an order may have beside its lines: bundles (several SKUs for one price) and gifts that come with goods. An order without
 * them costs no statement here.
 *
 * A bundle's pieces are items like others, at prices that sum exactly to the bundle's (rule M4). Bundles are taken before any SKU,
 * by their ids; then all pieces by SKU, gifts among them, so that orders never wait for one another in a circle (rule S2).
 */

import type { Random } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { splitBundle } from '../bag/index.ts';
import * as extras from './extras.repository.ts';
import { giftsFor } from './gifts.policy.ts';
import type { ExtraCount } from './order-news.ts';
import { newItem, type Priced, type WantedBundle } from './order-parts.ts';
import type { NewItem } from './orders.repository.ts';
import type { WantedLine } from './pricing.policy.ts';
import type { Reserved } from './reservations.repository.ts';
import { readSkus, type SellingRoom, type SkuRow } from './selling.repository.ts';

interface Where {
  readonly room: SellingRoom;
  readonly personId: string;
}

const plainLine = (skuId: string, quantity: number): WantedLine => ({
  ...{ skuId, quantity, offerId: null, offerVersion: null, seenPriceFen: 0n },
});
async function skusById(tx: Tx, where: Where, ids: readonly string[]): Promise<Map<string, SkuRow>> {
  const lines = [...new Set(ids)].map((skuId) => plainLine(skuId, 1));
  return new Map((await readSkus(tx, where, lines)).map((sku) => [sku.skuId, sku]));
}
/** Rule S2. */
export const inLockOrder = (parts: readonly Priced[]): Priced[] =>
  [...parts].sort((a, b) => (a.line.skuId < b.line.skuId ? -1 : a.line.skuId > b.line.skuId ? 1 : 0));

/**
 * The pieces of the wanted bundles, priced. @throws AppError not_found, invalid_request (a bundle named twice), offer_not_open,
 * price_changed, offer_sold_out, out_of_stock
 */
export async function priceBundles(tx: Tx, where: Where, wanted: readonly WantedBundle[], at: Date): Promise<Priced[]> {
  if (wanted.length === 0) return [];
  if (new Set(wanted.map(({ bundleId }) => bundleId)).size < wanted.length)
    throw new AppError('invalid_request', { issues: [{ path: '/bundles', issue: 'duplicate_id' }] });
  const rows = await extras.readBundles(
    tx,
    where.room.id,
    wanted.map(({ bundleId }) => bundleId),
  );
  const skus = await skusById(
    tx,
    where,
    rows.flatMap(({ parts }) => parts.map(({ skuId }) => skuId)),
  );
  return wanted.flatMap((wish) => {
    const bundle = rows.find(({ id }) => id === wish.bundleId);
    const facts = { bundleId: wish.bundleId };
    if (!bundle) throw new AppError('not_found', { facts });
    if (bundle.state !== 'open' || at < bundle.startsAt || at >= bundle.endsAt)
      throw new AppError('offer_not_open', { facts });
    if (BigInt(wish.seenPriceFen) !== bundle.priceFen)
      throw new AppError('price_changed', { facts: { ...facts, priceFen: Number(bundle.priceFen) } });
    if (bundle.left !== null && wish.quantity > bundle.left) throw new AppError('offer_sold_out', { facts });
    const parts = bundle.parts.map(({ skuId, quantity }) => {
      const sku = skus.get(skuId);
      if (!sku?.buyable) throw new AppError('not_found', { facts: { ...facts, skuId } });
      if (quantity * wish.quantity > sku.left.pieces)
        throw new AppError('out_of_stock', { facts: { ...facts, skuId } });
      return { skuId, quantity, shelfPriceFen: sku.shelfPriceFen, floorPriceFen: sku.floorPriceFen, sku };
    });
    const split = splitBundle(bundle.priceFen, parts);
    // Its pieces cost less by themselves now: nobody is sold something dearer as a bargain.
    if (!split) throw new AppError('price_changed', { facts });
    return split.map(({ skuId, quantity, unitPriceFen }): Priced => {
      const sku = parts.find((part) => part.skuId === skuId)?.sku;
      if (!sku) throw new Error('a part that was not asked for');
      const line = plainLine(skuId, quantity * wish.quantity);
      return {
        ...{ line, sku, bundleId: bundle.id, discountFen: 0n },
        price: { unitPriceFen, offer: null },
        amountFen: unitPriceFen * BigInt(line.quantity),
      };
    });
  });
}

/** @throws AppError offer_not_open, offer_sold_out, limit_exceeded */
export async function takeBundles(
  tx: Tx,
  who: { orderId: string; personId: string },
  wanted: readonly WantedBundle[],
): Promise<ExtraCount[]> {
  const counts: ExtraCount[] = [];
  for (const wish of [...wanted].sort((a, b) => (a.bundleId < b.bundleId ? -1 : 1))) {
    const taken = await extras.takeBundle(tx, who, { ...wish, seenPriceFen: BigInt(wish.seenPriceFen) });
    if (typeof taken === 'string') throw new AppError(taken, { facts: { bundleId: wish.bundleId } });
    counts.push(taken);
  }
  return counts;
}

/** What the goods bring with them, as it looked a moment ago. */
export async function findGifts(tx: Tx, where: Where, paid: readonly Priced[]): Promise<Priced[]> {
  const due = paid.flatMap((goods) => {
    const gift = goods.price.offer && goods.sku.gift;
    const pieces = gift ? giftsFor(goods.line.quantity, gift) : 0;
    return gift && pieces > 0 ? [{ goods, skuId: gift.skuId, pieces }] : [];
  });
  if (due.length === 0) return [];
  const skus = await skusById(
    tx,
    where,
    due.map(({ skuId }) => skuId),
  );
  // What is paid for, and a gift named before, is not there to be given.
  const left = new Map([...skus].map(([skuId, sku]) => [skuId, sku.left.pieces]));
  for (const { line } of paid) left.set(line.skuId, (left.get(line.skuId) ?? 0) - line.quantity);
  return due.flatMap(({ goods, skuId, pieces }): Priced[] => {
    const sku = skus.get(skuId);
    const quantity = Math.min(pieces, left.get(skuId) ?? 0);
    if (!sku || quantity <= 0) return [];
    left.set(skuId, (left.get(skuId) ?? 0) - quantity);
    return [
      {
        ...{ line: { ...plainLine(skuId, quantity), upTo: true }, sku, giftOf: goods, amountFen: 0n, discountFen: 0n },
        price: { unitPriceFen: 0n, offer: null },
      },
    ];
  });
}

/** Counts the gifts whose stock is held; what is over their cap meanwhile is put back and is no part of the order. */
export async function takeGifts(tx: Tx, reserved: Map<Priced, Reserved>): Promise<ExtraCount[]> {
  const counts: ExtraCount[] = [];
  for (const [part, held] of [...reserved]) {
    const offerId = part.giftOf?.price.offer?.id;
    if (offerId === undefined) continue;
    reserved.delete(part);
    const { skuId } = part.line;
    const given = await extras.takeGift(tx, offerId, held.quantity);
    const pieces = given?.pieces ?? 0;
    const over = held.quantity - pieces;
    if (over > 0) await extras.putBack(tx, skuId, held.stockUnitId, over);
    if (!given) continue;
    counts.push(given.count);
    const available = held.available + over;
    reserved.set({ ...part, line: { ...part.line, quantity: pieces } }, { ...held, quantity: pieces, available });
  }
  return counts;
}

/** Rows of everything that is paid for, then of what came with it. */
export function newItems(
  orderId: string,
  paid: readonly Priced[],
  reserved: ReadonlyMap<Priced, Reserved>,
  random: Random,
): NewItem[] {
  const gifts = [...reserved.keys()].filter(({ giftOf }) => giftOf !== undefined);
  const ids = new Map([...paid, ...gifts].map((part) => [part, random.id()]));
  return [...ids].map(([part, id], position) => {
    const stockUnitId = reserved.get(part)?.stockUnitId;
    const giftOf = part.giftOf ? (ids.get(part.giftOf) ?? null) : null;
    const giftPer = part.giftOf?.sku.gift?.per ?? null;
    return { ...newItem(part, { id, orderId, position, stockUnitId, giftOf }), giftPer };
  });
}
