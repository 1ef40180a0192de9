/**
 * Rule Z1: the page of a product as a buyer was shown it. Whoever writes a product writes the version of its page once
 * (`refresh_product_snapshots`); an order item refers to it by the hash of its content. Versions are never changed or deleted
 * here, nor are the pictures they show.
 */
import { getItemSnapshot, type ProductPage } from '@walnut-live/contracts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { eyesOf, readOrders } from '../orders/index.ts';

interface SnapshotRow {
  readonly hash: string;
  readonly content: Omit<ProductPage, 'hash' | 'firstAt'>;
  readonly firstAt: Date;
  readonly skuId: string;
  readonly skuName: string;
  readonly quantity: number;
  readonly unitPriceFen: bigint;
  readonly terms: { priceFen: number; startsAt: string; endsAt: string; baselineFen?: number } | null;
}

export function createProductPages({ bind, db }: { bind: Binder; db: Db }): void {
  bind(getItemSnapshot, async ({ principal, params }) => {
    const [order] = await readOrders(db.sql, [params.id]);
    if (!order || !eyesOf(principal, order)) throw new AppError('not_found');
    const [row] = await db.sql<SnapshotRow>`
      SELECT s.hash, s.content, s.first_at AS "firstAt", i.sku_id AS "skuId", i.sku_name AS "skuName", i.quantity,
        i.unit_price_fen AS "unitPriceFen", i.offer_terms AS terms
      FROM order_items i JOIN product_snapshots s ON s.hash = i.snapshot_hash
      WHERE i.id = ${params.itemId} AND i.order_id = ${params.id}`;
    // Orders from before pages were kept have none.
    if (!row) throw new AppError('not_found');
    const { terms } = row;
    const { productId, title, subtitle, description, pictures, role, options, skus } = row.content;
    return {
      page: {
        ...{ hash: row.hash, firstAt: row.firstAt.toISOString(), productId },
        ...{ title, subtitle, description, pictures, role, options, skus },
      },
      bought: {
        ...{ skuId: row.skuId, skuName: row.skuName, quantity: row.quantity, unitPriceFen: Number(row.unitPriceFen) },
        placedAt: order.placedAt.toISOString(),
        offer: terms && {
          ...{ priceFen: terms.priceFen, startsAt: terms.startsAt, endsAt: terms.endsAt },
          baselineFen: terms.baselineFen ?? null,
        },
      },
    };
  });
}
