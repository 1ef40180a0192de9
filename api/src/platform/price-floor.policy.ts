/**
 * Rule S6: the floor of a SKU, set by headquarters, holds for whatever sells it: the shelf price, an offer and each of its
 * stairs, the price of a group, a bundle's pieces, and what a coupon leaves of a price. Pure.
 */

/** Whether nobody may sell for so little. */
export function isBelowFloor(priceFen: bigint, floorPriceFen: bigint | null): boolean {
  return floorPriceFen !== null && priceFen < floorPriceFen;
}

export interface FlooredAmount {
  readonly amountFen: bigint;
  readonly quantity: number;
  readonly floorPriceFen: bigint | null;
}

/** What may be taken off these items without bringing any below its floor. */
export function roomAboveFloor(item: FlooredAmount): bigint {
  if (item.floorPriceFen === null) return item.amountFen;
  const room = item.amountFen - item.floorPriceFen * BigInt(item.quantity);
  return room > 0n ? room : 0n;
}

/**
 * Rules M4 and S6: splits a discount over items in proportion to their amounts, none below its floor; what one cannot take the
 * others take. Shares sum to the discount. Undefined when the items together cannot take it, or it is negative.
 *
 * An item whose share would exceed its room takes its room and steps aside; the rest is split anew over the others. Each round
 * fixes at least one item, so it ends; within a round largest remainder decides, the earlier item first when equal.
 */
export function allocateAboveFloors(discountFen: bigint, items: readonly FlooredAmount[]): bigint[] | undefined {
  const rooms = items.map(roomAboveFloor);
  const room = rooms.reduce((sum, one) => sum + one, 0n);
  if (discountFen < 0n || discountFen > room) return undefined;
  const shares = items.map(() => 0n);
  let open = items.map((_, index) => index).filter((index) => (rooms[index] ?? 0n) > 0n);
  let left = discountFen;
  while (left > 0n) {
    const weights = open.map((index) => items[index]?.amountFen ?? 0n);
    const wanted = split(left, weights);
    const full = open.filter((index, n) => (wanted[n] ?? 0n) > (rooms[index] ?? 0n));
    if (full.length === 0) {
      for (const [n, index] of open.entries()) shares[index] = wanted[n] ?? 0n;
      break;
    }
    for (const index of full) {
      shares[index] = rooms[index] ?? 0n;
      left -= shares[index] ?? 0n;
    }
    open = open.filter((index) => !full.includes(index));
  }
  return shares;
}

/** Largest remainder. */
function split(total: bigint, weights: readonly bigint[]): bigint[] {
  const sum = weights.reduce((all, weight) => all + weight, 0n);
  if (sum === 0n) return weights.map(() => 0n);
  const parts = weights.map((weight, index) => ({
    index,
    share: (total * weight) / sum,
    remainder: (total * weight) % sum,
  }));
  let left = total - parts.reduce((all, { share }) => all + share, 0n);
  const inOrder = [...parts].sort((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
  );
  for (const part of inOrder) {
    if (left === 0n) break;
    part.share += 1n;
    left -= 1n;
  }
  return parts.map(({ share }) => share);
}
