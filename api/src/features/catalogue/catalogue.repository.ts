import type { ProductOption, ProductView } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';

export interface SkuRow {
  id: string;
  name: string;
  priceFen: number;
  listPriceFen: number | null;
  listPriceBasis: string | null;
  floorPriceFen: number | null;
  /** Read with a product; written by itself. */
  weightGrams?: number | null;
  optionValues: string[];
  code: string | null;
  active: boolean;
}
export interface ProductFields {
  title: string;
  subtitle: string;
  description: string;
  /** At least one. */
  pictures: string[];
  role: ProductView['role'];
  status: ProductView['status'];
  options: ProductOption[];
  code: string | null;
}
export interface ProductRow extends ProductFields {
  id: string;
  createdAt: Date;
  snapshotHash: string | null;
  skus: SkuRow[];
}

/** Products by their ids, in that order; those that do not exist are left out. */
export function readProducts(sql: Sql, ids: readonly string[]): Promise<ProductRow[]> {
  return sql<ProductRow>`
    SELECT p.id, p.title, p.subtitle, p.description, CASE WHEN p.pictures = '{}' THEN ARRAY[p.picture_url] ELSE p.pictures END AS pictures,
      p.role, p.status, p.options, p.code, p.snapshot_hash AS "snapshotHash", p.created_at AS "createdAt",
      (SELECT coalesce(json_agg(json_build_object('id', k.id, 'name', k.name, 'priceFen', k.price_fen, 'listPriceFen', k.list_price_fen,
        'listPriceBasis', k.list_price_basis, 'floorPriceFen', k.floor_price_fen, 'optionValues', k.option_values, 'code', k.code,
        'weightGrams', k.weight_grams, 'active', k.active) ORDER BY k.position, k.id), '[]')
       FROM skus k WHERE k.product_id = p.id) AS skus
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted (id, n) JOIN products p ON p.id = wanted.id ORDER BY wanted.n`;
}
export async function findProduct(sql: Sql, id: string): Promise<ProductRow | undefined> {
  return (await readProducts(sql, [id]))[0];
}

export interface ProductFilter {
  readonly search?: string | undefined;
  readonly status?: string | undefined;
  readonly role?: string | undefined;
}
/** Newest first; found by words of its title, or by the code of it or of one of its SKUs. */
export function listProducts(
  sql: Sql,
  wanted: ProductFilter & { after?: TimeCursor | undefined; limit: number },
): Promise<{ id: string; createdAt: Date }[]> {
  const search = wanted.search ? `%${wanted.search.replaceAll(/[\\%_]/g, '\\$&')}%` : null;
  const { at, id } = wanted.after ?? {};
  return sql<{ id: string; createdAt: Date }>`
    SELECT p.id, p.created_at AS "createdAt" FROM products p
    WHERE (${search}::text IS NULL OR p.title ILIKE ${search} OR p.subtitle ILIKE ${search} OR p.code = ${wanted.search ?? null}
        OR EXISTS (SELECT FROM skus k WHERE k.product_id = p.id AND k.code = ${wanted.search ?? null}))
      AND (${wanted.status ?? null}::text IS NULL OR p.status = ${wanted.status ?? null})
      AND (${wanted.role ?? null}::text IS NULL OR p.role = ${wanted.role ?? null})
      AND (${at ?? null}::timestamptz IS NULL OR (p.created_at, p.id) < (${at ?? null}::timestamptz, ${id ?? null}::uuid))
    ORDER BY p.created_at DESC, p.id DESC LIMIT ${wanted.limit}`;
}

export async function insertProduct(tx: Sql, id: string, product: ProductFields, at: Date): Promise<void> {
  await tx`INSERT INTO products (id, title, subtitle, description, picture_url, pictures, role, status, options, code, created_at, updated_at)
    VALUES (${id}, ${product.title}, ${product.subtitle}, ${product.description}, ${product.pictures[0]}, ${product.pictures},
      ${product.role}, ${product.status}, ${JSON.stringify(product.options)}::jsonb, ${product.code}, ${at}, ${at})`;
}

/** Locks the product for the rest of the transaction; false when there is none. */
export async function lockProduct(tx: Sql, id: string): Promise<boolean> {
  return (await tx`SELECT id FROM products WHERE id = ${id} FOR UPDATE`).length === 1;
}

export async function updateProduct(tx: Sql, id: string, product: ProductFields, at: Date): Promise<void> {
  await tx`UPDATE products SET title = ${product.title}, subtitle = ${product.subtitle}, description = ${product.description},
    picture_url = ${product.pictures[0]}, pictures = ${product.pictures}, role = ${product.role}, status = ${product.status},
    options = ${JSON.stringify(product.options)}::jsonb, code = ${product.code}, updated_at = ${at} WHERE id = ${id}`;
}

export async function insertSku(tx: Sql, productId: string, sku: SkuRow): Promise<void> {
  await tx`INSERT INTO skus (id, product_id, position, name, price_fen, list_price_fen, list_price_basis, floor_price_fen, option_values,
      code, active)
    VALUES (${sku.id}, ${productId}, (SELECT coalesce(max(position) + 1, 0) FROM skus WHERE product_id = ${productId}), ${sku.name},
      ${sku.priceFen}, ${sku.listPriceFen}, ${sku.listPriceBasis}, ${sku.floorPriceFen}, ${sku.optionValues}, ${sku.code}, ${sku.active})`;
}

export async function updateSku(tx: Sql, productId: string, sku: SkuRow): Promise<void> {
  await tx`UPDATE skus SET name = ${sku.name}, price_fen = ${sku.priceFen}, list_price_fen = ${sku.listPriceFen},
    list_price_basis = ${sku.listPriceBasis}, floor_price_fen = ${sku.floorPriceFen}, option_values = ${sku.optionValues},
    code = ${sku.code}, active = ${sku.active}
    WHERE id = ${sku.id} AND product_id = ${productId}`;
}

/** Rule Z1: the page as it is now becomes the version that orders refer to. */
export async function refreshSnapshot(tx: Sql, productId: string, at: Date): Promise<void> {
  await tx`SELECT refresh_product_snapshots(ARRAY[${productId}::uuid], ${at})`;
}
