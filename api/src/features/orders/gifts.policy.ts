/** Goods that come with goods. Pure. */

/** How many pieces of the gift an order of so many brings, as far as the gift lasts. */
export function giftsFor(
  quantity: number,
  gift: { readonly per: number; readonly cap: number; readonly taken: number },
): number {
  return Math.max(0, Math.min(Math.floor(quantity / gift.per), gift.cap - gift.taken));
}

/**
 * How many pieces of the gift go back when only `kept` of the goods it came with are kept: those the kept ones would not have
 * brought. The gift goes back with its goods, so nobody keeps it by returning what it came for.
 */
export function giftsToReturn(given: number, kept: number, per: number): number {
  return Math.max(0, given - Math.floor(kept / per));
}
