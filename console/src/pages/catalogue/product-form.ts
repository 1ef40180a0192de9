/** A product as it is typed. Yuan are decimal text all the way to whole fen; no float in between (rule M1). */
import type { BodyInputOf, createProduct, ProductView } from '@walnut-live/contracts';

export type SkuValues = {
  id?: string;
  name: string;
  /** Yuan, `12.5`. */
  price: string | null;
  listPrice?: string | null;
  /** One line; the tag input holds it in a list. */
  listPriceBasis?: string | string[] | null;
  floorPrice?: string | null;
};
export type ProductValues = {
  title: string;
  subtitle?: string;
  description?: string;
  pictureUrl: string;
  role: ProductView['role'];
  onSale?: boolean;
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
  pictureUrl: product?.pictureUrl ?? '',
  role: product?.role ?? 'main',
  onSale: product?.status !== 'off_sale',
  skus: product?.skus.map((sku) => ({
    id: sku.id,
    name: sku.name,
    price: yuanOf(sku.priceFen),
    listPrice: yuanOf(sku.listPriceFen),
    listPriceBasis: sku.listPriceBasis === null ? [] : [sku.listPriceBasis],
    floorPrice: yuanOf(sku.floorPriceFen),
  })) ?? [{ name: '', price: null }],
});

export const toBody = (values: ProductValues): BodyInputOf<typeof createProduct> => ({
  title: values.title.trim(),
  subtitle: values.subtitle?.trim() ?? '',
  description: values.description?.trim() ?? '',
  pictureUrl: values.pictureUrl.trim(),
  role: values.role,
  skus: values.skus.map((sku) => {
    const listPriceFen = fenOf(sku.listPrice);
    const basis = Array.isArray(sku.listPriceBasis) ? sku.listPriceBasis[0] : sku.listPriceBasis;
    return {
      ...(sku.id ? { id: sku.id } : {}),
      name: sku.name.trim(),
      priceFen: fenOf(sku.price) ?? 0,
      listPriceFen,
      listPriceBasis: listPriceFen === null ? null : (basis?.trim() ?? null),
      floorPriceFen: fenOf(sku.floorPrice),
    };
  }),
});
