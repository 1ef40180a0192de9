/** What a product's SKUs must satisfy among themselves, and what may become of a product. Pure. */
import type { ProductOption, ProductStatus } from '@walnut-live/contracts';
import { isBelowFloor } from '../../platform/price-floor.policy.ts';

export interface SkuPrices {
  readonly priceFen: number;
  readonly listPriceFen: number | null;
  readonly listPriceBasis: string | null;
  readonly floorPriceFen: number | null;
}
export type PriceFault = 'list_price_without_basis' | 'list_price_not_above_price' | 'floor_above_price';

/** The first fault, by field; undefined when the prices may stand (rules S6, Z4). */
export function priceFaultOf(sku: SkuPrices): { field: keyof SkuPrices; fault: PriceFault } | undefined {
  if (sku.listPriceFen !== null && !sku.listPriceBasis) {
    return { field: 'listPriceBasis', fault: 'list_price_without_basis' };
  }
  if (sku.listPriceFen !== null && sku.listPriceFen <= sku.priceFen) {
    return { field: 'listPriceFen', fault: 'list_price_not_above_price' };
  }
  if (isBelowFloor(BigInt(sku.priceFen), sku.floorPriceFen === null ? null : BigInt(sku.floorPriceFen))) {
    return { field: 'floorPriceFen', fault: 'floor_above_price' };
  }
  return undefined;
}

export type OptionFault = 'option_twice' | 'value_twice' | 'values_missing' | 'value_unknown' | 'combination_twice';

/**
 * The first fault of a product's options: names and values differ, every SKU has one known value for each option, and no two
 * SKUs that are sold have the same. `at` counts SKUs; null: of the options themselves. SKUs no longer sold keep what they had.
 */
export function optionFaultOf(
  options: readonly ProductOption[],
  skus: readonly { readonly optionValues: readonly string[]; readonly active: boolean }[],
): { at: number | null; fault: OptionFault } | undefined {
  if (new Set(options.map(({ name }) => name)).size < options.length) return { at: null, fault: 'option_twice' };
  if (options.some(({ values }) => new Set(values).size < values.length)) return { at: null, fault: 'value_twice' };
  const seen = new Set<string>();
  for (const [at, { optionValues, active }] of skus.entries()) {
    if (!active) continue;
    if (optionValues.length !== options.length) return { at, fault: 'values_missing' };
    if (options.some(({ values }, n) => !values.includes(optionValues[n] ?? ''))) return { at, fault: 'value_unknown' };
    if (options.length === 0) continue;
    const combination = JSON.stringify(optionValues);
    if (seen.has(combination)) return { at, fault: 'combination_twice' };
    seen.add(combination);
  }
  return undefined;
}

const becomes: Readonly<Record<ProductStatus, readonly ProductStatus[]>> = {
  draft: ['draft', 'on_sale', 'off_sale'],
  on_sale: ['on_sale', 'off_sale'],
  off_sale: ['on_sale', 'off_sale'],
};
/** What people may have bought is no draft again. */
export function mayBecome(from: ProductStatus, to: ProductStatus): boolean {
  return becomes[from].includes(to);
}
