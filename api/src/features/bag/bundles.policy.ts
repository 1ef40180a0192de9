/** What a bundle costs by its pieces (rule M4), and what its terms must satisfy (rule S6). Pure. */
import type { ErrorCode } from '@walnut-live/contracts';
import { allocateAboveFloors } from '../../platform/price-floor.policy.ts';

export interface BundlePart {
  readonly skuId: string;
  /** Of one bundle. */
  readonly quantity: number;
  readonly shelfPriceFen: bigint;
  readonly floorPriceFen: bigint | null;
}
export interface SplitPart {
  readonly skuId: string;
  readonly quantity: number;
  readonly unitPriceFen: bigint;
}
export type BundleFault = {
  readonly code: ErrorCode;
  readonly issue?: string;
  readonly facts?: Record<string, number>;
};

const shelfOf = (parts: readonly BundlePart[]) =>
  parts.reduce((sum, part) => sum + part.shelfPriceFen * BigInt(part.quantity), 0n);
const amountsOf = (parts: readonly BundlePart[], floored: boolean) =>
  parts.map(({ shelfPriceFen, quantity, floorPriceFen }) => ({
    amountFen: shelfPriceFen * BigInt(quantity),
    quantity,
    floorPriceFen: floored ? floorPriceFen : null,
  }));

/** Why a bundle may not be offered for so much. */
export function refuseBundle(priceFen: bigint, parts: readonly BundlePart[]): BundleFault | undefined {
  const shelfFen = shelfOf(parts);
  if (priceFen >= shelfFen) return { code: 'invalid_request', issue: 'not_below_shelf_price' };
  if (!allocateAboveFloors(shelfFen - priceFen, amountsOf(parts, true))) {
    const lowest = parts.reduce((sum, part) => sum + (part.floorPriceFen ?? 0n) * BigInt(part.quantity), 0n);
    return { code: 'below_price_floor', facts: { floorPriceFen: Number(lowest) } };
  }
  return splitBundle(priceFen, parts) ? undefined : { code: 'invalid_request', issue: 'less_than_a_fen_a_piece' };
}

/**
 * One bundle as pieces with whole prices that sum exactly to its own: what it takes off is split over the parts in proportion
 * (M4), and within a part some pieces cost one fen more where it does not divide, as a row of their own. Each of several bundles is
 * split the same. Undefined when shelf prices have fallen since, so that the bundle is dearer than its pieces, or a piece would
 * cost nothing.
 */
export function splitBundle(priceFen: bigint, parts: readonly BundlePart[]): SplitPart[] | undefined {
  const offFen = shelfOf(parts) - priceFen;
  if (offFen < 0n) return undefined;
  // What was announced is kept (S4): a floor raised since does not change what a buyer pays.
  const shares =
    allocateAboveFloors(offFen, amountsOf(parts, true)) ?? allocateAboveFloors(offFen, amountsOf(parts, false));
  if (!shares) return undefined;
  const pieces = parts.flatMap(({ skuId, quantity, shelfPriceFen }, n) => {
    const amountFen = shelfPriceFen * BigInt(quantity) - (shares[n] ?? 0n);
    const unitPriceFen = amountFen / BigInt(quantity);
    const dearer = Number(amountFen % BigInt(quantity));
    return [
      { skuId, quantity: quantity - dearer, unitPriceFen },
      { skuId, quantity: dearer, unitPriceFen: unitPriceFen + 1n },
    ].filter((piece) => piece.quantity > 0);
  });
  return pieces.every((piece) => piece.unitPriceFen > 0n) ? pieces : undefined;
}
