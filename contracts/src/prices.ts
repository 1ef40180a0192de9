/** Prices that the api charges and the player shows by the same rule. Pure. */

/** 阶梯价: what one piece costs when so many are in one order; the highest step that is reached counts. */
export function priceForQuantity<Fen extends number | bigint>(
  priceFen: Fen,
  stairs: readonly { readonly fromQuantity: number; readonly priceFen: Fen }[] | undefined,
  quantity: number,
): Fen {
  let price = priceFen;
  let from = 0;
  for (const stair of stairs ?? []) {
    if (stair.fromQuantity > quantity || stair.fromQuantity < from) continue;
    price = stair.priceFen;
    from = stair.fromQuantity;
  }
  return price;
}

/** What is struck through, and why it may be: a basis in words, or the lowest deal of the seven days before. */
export interface StruckPrice {
  readonly fen: number;
  readonly basis: { readonly kind: 'stated'; readonly text: string } | { readonly kind: 'lowest_deal' };
}

/**
 * Rule Z4: a price is struck only with a stated basis; without one it is the lowest deal of the seven days before the offer was
 * announced. Null: there is nothing that may be struck, or it is no more than what is asked for now.
 */
export function struckPriceOf(price: {
  readonly priceFen: number;
  readonly listPriceFen: number | null;
  readonly listPriceBasis: string | null;
  readonly baselineFen: number | null;
}): StruckPrice | null {
  const { priceFen, listPriceFen, listPriceBasis, baselineFen } = price;
  if (listPriceFen !== null && listPriceBasis)
    return listPriceFen > priceFen ? { fen: listPriceFen, basis: { kind: 'stated', text: listPriceBasis } } : null;
  return baselineFen !== null && baselineFen > priceFen ? { fen: baselineFen, basis: { kind: 'lowest_deal' } } : null;
}
