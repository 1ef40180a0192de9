import type { SkuPrice } from '@walnut-live/live-client/room';

/** One value of an option, as it can be chosen beside the other options' present values. */
export type OptionValue = { value: string; chosen: boolean; soldOut: boolean; skuId: string | null };
export type OptionRow = { name: string; values: OptionValue[] };

/**
 * The picker's rows. A value leads to the SKU that has it and the other chosen values; where there is none, to the best that has
 * the value at all, so that no tap is dead while anything of it is there. A value of which everything is gone says so. Pure.
 */
export const optionRows = (
  options: readonly { name: string; values: readonly string[] }[],
  prices: readonly SkuPrice[],
  chosenId: string,
): OptionRow[] => {
  const valuesOf = ({ sku }: SkuPrice): readonly string[] => sku.optionValues ?? [];
  const chosen = prices.find(({ sku }) => sku.id === chosenId);
  const now = chosen ? valuesOf(chosen) : [];
  return options.map(({ name, values }, row) => ({
    name,
    values: values.map((value) => {
      const having = prices.filter((price) => valuesOf(price)[row] === value);
      const exact = having.find((price) => valuesOf(price).every((other, n) => n === row || other === now[n]));
      const same = (price: SkuPrice): number => valuesOf(price).filter((other, n) => other === now[n]).length;
      const [best] = having.filter(({ soldOut }) => !soldOut).sort((a, b) => same(b) - same(a));
      const target = exact && !exact.soldOut ? exact : best;
      return {
        value,
        chosen: now[row] === value,
        // The combination on the screen counts; elsewhere the value may still be there.
        soldOut: exact ? exact.soldOut : best === undefined,
        skuId: target?.sku.id ?? exact?.sku.id ?? null,
      };
    }),
  }));
};

/** Whether the SKUs are chosen by options; products without them are chosen by name. */
export const hasOptions = (
  options: readonly { values: readonly string[] }[] | undefined,
  prices: readonly SkuPrice[],
): boolean =>
  options !== undefined && options.length > 0 && prices.every(({ sku }) => sku.optionValues?.length === options.length);
