/** The catalogue as a CSV that the import takes again: a line for each SKU. */
import { type ImportColumn, importColumns, type listStock, type ReplyOf } from '@walnut-live/contracts';
import type { CsvColumn } from '../../platform/csv.ts';
import type { Db } from '../../platform/db.ts';
import * as products from './catalogue.repository.ts';

const PAGE = 200;

interface ExportLine {
  readonly product: products.ProductRow;
  readonly sku: products.SkuRow;
}
const read: Readonly<Record<ImportColumn, (line: ExportLine) => string | number | boolean | null | undefined>> = {
  // What has no code yet is exported under its id, so that the file names everything; an import makes it its code.
  productCode: ({ product }) => product.code ?? product.id,
  title: ({ product }) => product.title,
  subtitle: ({ product }) => product.subtitle,
  description: ({ product }) => product.description,
  role: ({ product }) => product.role,
  status: ({ product }) => product.status,
  pictures: ({ product }) => product.pictures.join(' '),
  option1: ({ product }) => product.options[0]?.name,
  option2: ({ product }) => product.options[1]?.name,
  option3: ({ product }) => product.options[2]?.name,
  skuCode: ({ sku }) => sku.code ?? sku.id,
  skuName: ({ sku }) => sku.name,
  value1: ({ sku }) => sku.optionValues[0],
  value2: ({ sku }) => sku.optionValues[1],
  value3: ({ sku }) => sku.optionValues[2],
  priceFen: ({ sku }) => sku.priceFen,
  listPriceFen: ({ sku }) => sku.listPriceFen,
  listPriceBasis: ({ sku }) => sku.listPriceBasis,
  floorPriceFen: ({ sku }) => sku.floorPriceFen,
  active: ({ sku }) => sku.active,
};
export const exportColumns: readonly CsvColumn<ExportLine>[] = importColumns.map((title) => ({
  title,
  value: read[title],
}));

export async function* exportLines(db: Pick<Db, 'sql'>): AsyncGenerator<ExportLine> {
  let after: { at: Date; id: string } | undefined;
  for (;;) {
    const page = await products.listProducts(db.sql, { after, limit: PAGE });
    const ids = page.map(({ id }) => id);
    for (const product of await products.readProducts(db.sql, ids))
      for (const sku of product.skus) yield { product, sku };
    const last = page.at(-1);
    if (page.length < PAGE || !last) return;
    after = { at: last.createdAt, id: last.id };
  }
}

export const stockColumns: readonly CsvColumn<ReplyOf<typeof listStock>['items'][number]>[] = [
  { title: 'unitPath', value: (row) => row.orgUnit.path },
  { title: 'unit', value: (row) => row.orgUnit.name },
  { title: 'product', value: (row) => row.productTitle },
  { title: 'sku', value: (row) => row.skuName },
  { title: 'skuId', value: (row) => row.skuId },
  { title: 'onHand', value: (row) => row.onHand },
  { title: 'reserved', value: (row) => row.reserved },
  { title: 'free', value: (row) => row.onHand - row.reserved },
  { title: 'updatedAt', value: (row) => row.updatedAt },
];
