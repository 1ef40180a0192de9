/** What sending an order costs: pure. The same for the quote before an order and for the order itself. */
import type { ShippingFee, ShippingTerms } from '@walnut-live/contracts';

/** Holds where nobody has set anything: a flat fee everywhere, goods of 59 yuan travel free. */
export const DEFAULT_SHIPPING: ShippingTerms = {
  zones: [],
  excluded: [],
  other: { by: 'flat', feeFen: 800, freeFromFen: 5_900 },
  pickup: false,
};
/** A piece that nobody has weighed. */
export const UNKNOWN_GRAMS = 500;

/** Whether some province is in two places of the terms. */
export function namesTwice({ zones, excluded }: ShippingTerms): boolean {
  const all = [...excluded, ...zones.flatMap(({ provinces }) => provinces)];
  return new Set(all).size < all.length;
}

export interface Shipment {
  /** Code of the province; null: it has a name that nobody knows. */
  readonly province: string | null;
  readonly goodsFen: bigint;
  readonly lines: readonly { readonly quantity: number; readonly weightGrams: number | null }[];
}

/** The fee that holds for a province; null: nothing is sent there. */
export function feeFor(terms: ShippingTerms, province: string | null): ShippingFee | null {
  // Where it goes makes a difference, so it must be known.
  if (province === null) return terms.zones.length + terms.excluded.length === 0 ? terms.other : null;
  if (terms.excluded.includes(province)) return null;
  return terms.zones.find(({ provinces }) => provinces.includes(province))?.fee ?? terms.other;
}

const steps = (amount: number, size: number): bigint => BigInt(Math.ceil(amount / size));
const stepped = (fee: Exclude<ShippingFee, { by: 'flat' }>, amount: number): bigint =>
  BigInt(fee.firstFen) + (amount > fee.first ? steps(amount - fee.first, fee.next) * BigInt(fee.nextFen) : 0n);

/** Rule M1. */
export function feeFen(fee: ShippingFee, { goodsFen, lines }: Omit<Shipment, 'province'>): bigint {
  if (fee.freeFromFen !== null && goodsFen >= BigInt(fee.freeFromFen)) return 0n;
  if (fee.by === 'flat') return BigInt(fee.feeFen);
  const amount = lines.reduce(
    (sum, { quantity, weightGrams }) => sum + quantity * (fee.by === 'piece' ? 1 : (weightGrams ?? UNKNOWN_GRAMS)),
    0,
  );
  return stepped(fee, amount);
}

/** Null: nothing is sent there. */
export function shippingFen(terms: ShippingTerms, shipment: Shipment): bigint | null {
  const fee = feeFor(terms, shipment.province);
  return fee && feeFen(fee, shipment);
}

/**
 * What a room says before it knows the address and the goods: the fee of everywhere else, the least it can be, and from where it is
 * free. Undefined when nothing travels free, or nothing is sent outside the zones: then only a quote says something true.
 */
export function announcedShipping({ other }: ShippingTerms): { feeFen: number; freeFromFen: number } | undefined {
  if (other === null || other.freeFromFen === null) return undefined;
  return { feeFen: other.by === 'flat' ? other.feeFen : other.firstFen, freeFromFen: other.freeFromFen };
}
