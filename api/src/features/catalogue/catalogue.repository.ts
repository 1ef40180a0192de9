import type { ProductView } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';

export interface ProductRow extends Omit<ProductView, 'skus'> {
  createdAt: Date;
  skus: SkuRow[];
}
export interface SkuRow {
  id: string;
  name: string;
  priceFen: number;
  listPriceFen: number | null;
  listPriceBasis: string | null;
  floorPriceFen: number | null;
  active: boolean;
}
export interface ProductFields {
  title: string;
  subtitle: string;
  description: string;
  pictureUrl: string;
  role: ProductView['role'];
  status: ProductView['status'];
}

export async function findProduct(sql: Sql, id: string): Promise<ProductRow | undefined> {
  const [row] = await sql<ProductRow>`
    SELECT p.id, p.title, p.subtitle, p.description, p.picture_url AS "pictureUrl", p.role, p.status, p.created_at AS "createdAt",
      (SELECT coalesce(json_agg(json_build_object('id', k.id, 'name', k.name, 'priceFen', k.price_fen, 'listPriceFen', k.list_price_fen,
        'listPriceBasis', k.list_price_basis, 'floorPriceFen', k.floor_price_fen, 'active', k.active) ORDER BY k.position, k.id), '[]')
       FROM skus k WHERE k.product_id = p.id) AS skus
    FROM products p WHERE p.id = ${id}`;
  return row;
}

/** Newest first. */
export function listProducts(
  sql: Sql,
  wanted: { search?: string | undefined; status?: string | undefined; after?: TimeCursor | undefined; limit: number },
): Promise<ProductRow[]> {
  const search = wanted.search ? `%${wanted.search.replaceAll(/[\\%_]/g, '\\$&')}%` : null;
  const { at, id } = wanted.after ?? {};
  return sql<ProductRow>`
    SELECT p.id, p.title, p.subtitle, p.description, p.picture_url AS "pictureUrl", p.role, p.status, p.created_at AS "createdAt",
      (SELECT coalesce(json_agg(json_build_object('id', k.id, 'name', k.name, 'priceFen', k.price_fen, 'listPriceFen', k.list_price_fen,
        'listPriceBasis', k.list_price_basis, 'floorPriceFen', k.floor_price_fen, 'active', k.active) ORDER BY k.position, k.id), '[]')
       FROM skus k WHERE k.product_id = p.id) AS skus
    FROM products p
    WHERE (${search}::text IS NULL OR p.title ILIKE ${search} OR p.subtitle ILIKE ${search})
      AND (${wanted.status ?? null}::text IS NULL OR p.status = ${wanted.status ?? null})
      AND (${at ?? null}::timestamptz IS NULL OR (p.created_at, p.id) < (${at ?? null}::timestamptz, ${id ?? null}::uuid))
    ORDER BY p.created_at DESC, p.id DESC LIMIT ${wanted.limit}`;
}

export async function insertProduct(tx: Sql, id: string, product: ProductFields, at: Date): Promise<void> {
  await tx`INSERT INTO products (id, title, subtitle, description, picture_url, role, status, created_at, updated_at)
    VALUES (${id}, ${product.title}, ${product.subtitle}, ${product.description}, ${product.pictureUrl}, ${product.role}, ${product.status}, ${at}, ${at})`;
}

/** Locks the product for the rest of the transaction; false when there is none. */
export async function lockProduct(tx: Sql, id: string): Promise<boolean> {
  return (await tx`SELECT id FROM products WHERE id = ${id} FOR UPDATE`).length === 1;
}

export async function updateProduct(tx: Sql, id: string, product: ProductFields, at: Date): Promise<void> {
  await tx`UPDATE products SET title = ${product.title}, subtitle = ${product.subtitle}, description = ${product.description},
    picture_url = ${product.pictureUrl}, role = ${product.role}, status = ${product.status}, updated_at = ${at} WHERE id = ${id}`;
}

export async function insertSku(tx: Sql, productId: string, sku: SkuRow): Promise<void> {
  await tx`INSERT INTO skus (id, product_id, position, name, price_fen, list_price_fen, list_price_basis, floor_price_fen, active)
    VALUES (${sku.id}, ${productId}, (SELECT coalesce(max(position) + 1, 0) FROM skus WHERE product_id = ${productId}), ${sku.name},
      ${sku.priceFen}, ${sku.listPriceFen}, ${sku.listPriceBasis}, ${sku.floorPriceFen}, ${sku.active})`;
}

export async function updateSku(tx: Sql, productId: string, sku: SkuRow): Promise<void> {
  await tx`UPDATE skus SET name = ${sku.name}, price_fen = ${sku.priceFen}, list_price_fen = ${sku.listPriceFen},
    list_price_basis = ${sku.listPriceBasis}, floor_price_fen = ${sku.floorPriceFen}, active = ${sku.active}
    WHERE id = ${sku.id} AND product_id = ${productId}`;
}
