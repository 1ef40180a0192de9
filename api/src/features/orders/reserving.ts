/**
 * Stock for many orders in one transaction (rules S1, S2, S5). Per SKU in sorted order: offers, limits, stock; within a SKU the
 * order of arrival decides who gets the last pieces. Whoever does not get everything gives back what they had taken.
 */
import type { Tx } from '../../platform/db.ts';
import {
  giveBackOfOffer,
  type ReserveFailure,
  type StockLevel,
  takeOfLimit,
  takeOfOffer,
  takeOfStock,
} from './reservations.repository.ts';

/** One order's wish for one SKU; nobody is in a list twice. */
export interface HotWish {
  readonly orderId: string;
  readonly personId: string;
  readonly skuId: string;
  readonly quantity: number;
  readonly offerId: string | null;
}
export interface ReservedTogether {
  /** Orders that got their pieces, with the unit they come from. */
  readonly stockUnits: ReadonlyMap<string, string>;
  /** Who is in neither of the two must be tried again. */
  readonly refusals: ReadonlyMap<string, ReserveFailure>;
  /** What is left of each SKU, and what is taken of each offer that was asked for. */
  readonly levels: readonly StockLevel[];
}

const sortedBy = <T>(groups: Map<string, T>) => [...groups].sort(([a], [b]) => (a < b ? -1 : 1));

export async function reserveTogether(
  tx: Tx,
  where: { orgPath: string; at: Date },
  wishes: readonly HotWish[],
): Promise<ReservedTogether> {
  const stockUnits = new Map<string, string>();
  const refusals = new Map<string, ReserveFailure>();
  const levels: StockLevel[] = [];
  const refuse = (wish: HotWish, why: ReserveFailure) => void refusals.set(wish.orderId, why);
  const undecided = new Set<string>();

  for (const [skuId, ofSku] of sortedBy(Map.groupBy(wishes, (wish) => wish.skuId))) {
    const offers = new Map<string, { taken: number }>();
    const offered = ofSku.filter(({ offerId }) => offerId !== null);
    for (const [offerId, takers] of sortedBy(Map.groupBy(offered, ({ offerId }) => offerId ?? ''))) {
      const taken = await takeOffer(tx, offerId, takers, refuse, (wish) => {
        if (refusals.get(wish.orderId) === 'offer_sold_out') undecided.add(wish.orderId);
      });
      if (taken) offers.set(offerId, taken);
    }

    const buyers = ofSku.filter(({ orderId }) => !refusals.has(orderId));
    if (buyers.length === 0) {
      // Nothing was asked of the stock's row; what is left of it is not known here.
      continue;
    }
    const stock = await takeOfStock(
      tx,
      { skuId, ...where },
      buyers.map(({ quantity }) => quantity),
    );
    const empty = buyers.filter((_, n) => stock === 'out_of_stock' || !stock.granted[n]);
    for (const wish of empty) refuse(wish, 'out_of_stock');
    for (const [offerId, losers] of Map.groupBy(empty, (wish) => wish.offerId)) {
      const offer = offerId === null ? undefined : offers.get(offerId);
      if (offerId === null || !offer) continue;
      offer.taken = await giveBackOfOffer(
        tx,
        offerId,
        losers.map((wish) => ({ ...wish, held: true })),
      );
    }
    if (stock === 'out_of_stock') continue;
    for (const { orderId } of buyers) if (!refusals.has(orderId)) stockUnits.set(orderId, stock.stockUnitId);
    const available = stock.left;
    if (offers.size === 0 || buyers.some(({ offerId }) => offerId === null))
      levels.push({ skuId, available, offerId: null, taken: null });
    for (const [offerId, { taken }] of offers) levels.push({ skuId, available, offerId, taken });
  }
  for (const orderId of undecided) refusals.delete(orderId);
  return { stockUnits, refusals, levels };
}

/** The offer's pieces, and each person's share of it. Answers what is taken of it, or nothing when it is closed. */
async function takeOffer(
  tx: Tx,
  offerId: string,
  takers: readonly HotWish[],
  refuse: (wish: HotWish, why: ReserveFailure) => void,
  unrefuse: (wish: HotWish) => void,
): Promise<{ taken: number } | undefined> {
  const offer = await takeOfOffer(
    tx,
    offerId,
    takers.map(({ quantity }) => quantity),
  );
  if (offer === 'offer_not_open') {
    for (const wish of takers) refuse(wish, 'offer_not_open');
    return undefined;
  }
  const granted = takers.filter((wish, n) => offer.granted[n] || refuse(wish, 'offer_sold_out'));
  if (granted.length === 0) return { taken: offer.taken };
  // The limit cannot change under us: this transaction holds the offer's row.
  const within = await takeOfLimit(tx, { id: offerId, perPersonLimit: offer.perPersonLimit }, granted);
  const beyond = granted.filter(({ personId }) => !within.has(personId));
  for (const wish of beyond) refuse(wish, 'limit_exceeded');
  if (beyond.length === 0) return { taken: offer.taken };
  // What they give back may be enough for somebody behind them.
  for (const wish of takers) unrefuse(wish);
  return {
    taken: await giveBackOfOffer(
      tx,
      offerId,
      beyond.map((wish) => ({ ...wish, held: false })),
    ),
  };
}
