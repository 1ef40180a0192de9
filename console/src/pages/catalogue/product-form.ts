/** A product as it is typed. Yuan are decimal text all the way to whole fen; no float in between (rule M1). */
import type { BodyInputOf, createProduct, ProductStatus, ProductView } from '@walnut-live/contracts';

export type SkuValues = {
  id?: string;
  name: string;
  /** Yuan, `12.5`. */
  price: string | null;
  listPrice?: string | null;
  /** One line; the tag input holds it in a list. */
  listPriceBasis?: string | string[] | null;
  floorPrice?: string | null;
  /** One for each option. */
  optionValues?: string[];
  code?: string | null;
  /** One piece, packed, in grams. */
  weight?: number | null;
  active?: boolean;
};
export type OptionValues = { name: string; values: string[] };
export type ProductValues = {
  title: string;
  subtitle?: string;
  description?: string;
  pictures: string[];
  role: ProductView['role'];
  status: ProductStatus;
  code?: string | null;
  options: OptionValues[];
  skus: SkuValues[];
};

/** `12.5` → 1250; null when there is nothing or it is not an amount. */
export const fenOf = (yuan: string | number | null | undefined): number | null => {
  const match = /^(\d{1,8})(?:\.(\d{1,2}))?$/.exec(String(yuan ?? '').trim());
  if (!match) return null;
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
};
/** 1250 → `12.50` */
export const yuanOf = (fen: number | null | undefined): string | null =>
  fen === null || fen === undefined ? null : `${Math.trunc(fen / 100)}.${String(fen % 100).padStart(2, '0')}`;

export const toValues = (product: ProductView | null): ProductValues => ({
  title: product?.title ?? '',
  subtitle: product?.subtitle ?? '',
  description: product?.description ?? '',
  pictures: product?.pictures ?? (product ? [product.pictureUrl] : []),
  role: product?.role ?? 'main',
  status: product?.status ?? 'draft',
  code: product?.code ?? '',
  options: product?.options?.map(({ name, values }) => ({ name, values: [...values] })) ?? [],
  skus: product?.skus.map((sku) => ({
    id: sku.id,
    name: sku.name,
    price: yuanOf(sku.priceFen),
    listPrice: yuanOf(sku.listPriceFen),
    listPriceBasis: sku.listPriceBasis === null ? [] : [sku.listPriceBasis],
    floorPrice: yuanOf(sku.floorPriceFen),
    optionValues: sku.optionValues ?? [],
    code: sku.code ?? '',
    weight: sku.weightGrams ?? null,
    active: sku.active,
  })) ?? [{ name: '', price: null, active: true }],
});

/**
 * A line for each combination of the options, in their order. What there is of it keeps its price and id; SKUs of other
 * combinations are no longer sold (those that were never saved go). Without options nothing changes.
 */
export const matrixOf = (options: readonly OptionValues[], skus: readonly SkuValues[]): SkuValues[] => {
  const usable = options.filter(({ name, values }) => name?.trim() && values?.length > 0);
  if (usable.length === 0) return [...skus];
  let combinations: string[][] = [[]];
  for (const { values } of usable)
    combinations = combinations.flatMap((before) => values.map((value) => [...before, value.trim()]));
  const same = (a: readonly string[] = [], b: readonly string[]): boolean =>
    a.length === b.length && a.every((value, n) => value === b[n]);
  const price = skus.find((sku) => sku.price)?.price ?? null;
  const made = combinations.map((optionValues): SkuValues => {
    const known = skus.find((sku) => same(sku.optionValues, optionValues));
    return known
      ? { ...known, active: true }
      : { name: optionValues.join(' · ').slice(0, 40), price, optionValues, active: true };
  });
  const left = skus.filter((sku) => sku.id && !combinations.some((one) => same(sku.optionValues, one)));
  return [...made, ...left.map((sku) => ({ ...sku, active: false }))];
};

/** SKUs that were never saved have no state to tell: they are sold. */
export const toBody = (values: ProductValues, mayFloors: boolean): BodyInputOf<typeof createProduct> => ({
  title: values.title.trim(),
  subtitle: values.subtitle?.trim() ?? '',
  description: values.description?.trim() ?? '',
  pictures: values.pictures,
  role: values.role,
  status: values.status,
  code: values.code?.trim() || null,
  options: values.options.map(({ name, values: list }) => ({
    name: name.trim(),
    values: list.map((value) => value.trim()),
  })),
  skus: values.skus.map((sku) => {
    const listPriceFen = fenOf(sku.listPrice);
    const basis = Array.isArray(sku.listPriceBasis) ? sku.listPriceBasis[0] : sku.listPriceBasis;
    return {
      ...(sku.id ? { id: sku.id } : {}),
      name: sku.name.trim(),
      priceFen: fenOf(sku.price) ?? 0,
      listPriceFen,
      listPriceBasis: listPriceFen === null ? null : (basis?.trim() ?? null),
      // Who may not set floors does not name them: what is set stays.
      ...(mayFloors ? { floorPriceFen: fenOf(sku.floorPrice) } : {}),
      optionValues: sku.optionValues ?? [],
      code: sku.code?.trim() || null,
    };
  }),
});

/**
 * Weights that were typed anew, by the ids of the saved product. SKUs that had no id yet come back in the order they were sent in,
 * after or among those that had one.
 */
export const weightsOf = (
  typed: readonly SkuValues[],
  before: ProductView | null,
  saved: ProductView,
): { id: string; grams: number | null }[] => {
  const known = new Map(before?.skus.map((sku) => [sku.id, sku.weightGrams ?? null]));
  const made = saved.skus.filter(({ id }) => !known.has(id));
  return typed.flatMap((sku) => {
    const id = sku.id ?? made.shift()?.id;
    const grams = sku.weight ?? null;
    return id === undefined || (known.get(id) ?? null) === grams ? [] : [{ id, grams }];
  });
};
