/** What a bundle costs by its pieces (rule M4), and what its terms must satisfy (rule S6). Pure. */
import type { ErrorCode } from '@walnut-live/contracts';
import { allocateAboveFloors } from '../catalogue/index.ts';

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
  /** Of all its pieces: what the bundle takes off the shelf price. */
  readonly discountFen: bigint;
}
export type BundleFault = {
  readonly code: ErrorCode;
  readonly issue?: string;
  readonly facts?: Record<string, number>;
};

const shelfOf = (parts: readonly BundlePart[]) =>
  parts.reduce((sum, part) => sum + part.shelfPriceFen * BigInt(part.quantity), 0n);
const amountsOf = (parts: readonly BundlePart[], times: number) =>
  parts.map(({ shelfPriceFen, quantity, floorPriceFen }) => ({
    amountFen: shelfPriceFen * BigInt(quantity * times),
    quantity: quantity * times,
    floorPriceFen,
  }));

/** Why a bundle may not be offered for so much. */
export function refuseBundle(priceFen: bigint, parts: readonly BundlePart[]): BundleFault | undefined {
  const shelfFen = shelfOf(parts);
  if (priceFen >= shelfFen) return { code: 'invalid_request', issue: 'not_below_shelf_price' };
  if (allocateAboveFloors(shelfFen - priceFen, amountsOf(parts, 1))) return undefined;
  const lowest = parts.reduce((sum, part) => sum + (part.floorPriceFen ?? 0n) * BigInt(part.quantity), 0n);
  return { code: 'below_price_floor', facts: { floorPriceFen: Number(lowest) } };
}

/**
 * The pieces of so many bundles, each with its shelf price and its share of what the bundle takes off: shares sum exactly to
 * the difference. Undefined when shelf prices have fallen since, so that the bundle is dearer than its pieces.
 */
export function splitBundles(priceFen: bigint, parts: readonly BundlePart[], times: number): SplitPart[] | undefined {
  const offFen = (shelfOf(parts) - priceFen) * BigInt(times);
  if (offFen < 0n) return undefined;
  // What was announced is kept (rule S4): a floor raised since does not change what a buyer pays.
  const shares =
    allocateAboveFloors(offFen, amountsOf(parts, times)) ??
    allocateAboveFloors(
      offFen,
      amountsOf(parts, times).map((amount) => ({ ...amount, floorPriceFen: null })),
    );
  return (
    shares &&
    parts.map((part, n) => ({
      skuId: part.skuId,
      quantity: part.quantity * times,
      unitPriceFen: part.shelfPriceFen,
      discountFen: shares[n] ?? 0n,
    }))
  );
}
