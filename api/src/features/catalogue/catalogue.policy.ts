/** What a SKU's prices must satisfy among themselves. Pure. */

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
  if (sku.floorPriceFen !== null && sku.floorPriceFen > sku.priceFen) {
    return { field: 'floorPriceFen', fault: 'floor_above_price' };
  }
  return undefined;
}
