import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';

export interface StockRow {
  skuId: string;
  skuName: string;
  productId: string;
  productTitle: string;
  orgUnit: { id: string; kind: 'hq' | 'channel' | 'store'; path: string; name: string };
  onHand: number;
  reserved: number;
  updatedAt: Date;
}

/** Rows of `scope`, by org path and SKU, after the keyset position. */
export function listStock(
  sql: Sql,
  wanted: {
    scope: string;
    skuId?: string | undefined;
    search?: string | undefined;
    below?: number | undefined;
    after?: [path: string, skuId: string] | undefined;
    limit: number;
  },
): Promise<StockRow[]> {
  const [path, skuId] = wanted.after ?? [null, null];
  const search = wanted.search ? `%${wanted.search.replaceAll(/[\\%_]/g, '\\$&')}%` : null;
  return sql<StockRow>`
    SELECT s.sku_id AS "skuId", k.name AS "skuName", p.id AS "productId", p.title AS "productTitle", s.on_hand AS "onHand", s.reserved,
      s.updated_at AS "updatedAt", json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit"
    FROM stocks s JOIN skus k ON k.id = s.sku_id JOIN products p ON p.id = k.product_id JOIN org_units u ON u.id = s.org_unit_id
    WHERE (s.org_path = ${wanted.scope} OR s.org_path LIKE ${`${wanted.scope}.%`})
      AND (${wanted.skuId ?? null}::uuid IS NULL OR s.sku_id = ${wanted.skuId ?? null})
      AND (${search}::text IS NULL OR p.title ILIKE ${search} OR k.name ILIKE ${search} OR k.code = ${wanted.search ?? null})
      AND (${wanted.below ?? null}::int IS NULL OR s.on_hand - s.reserved < ${wanted.below ?? null}::int)
      AND (${path}::text IS NULL OR (s.org_path COLLATE "C", s.sku_id) > (${path}::text, ${skuId}::uuid))
    ORDER BY s.org_path COLLATE "C", s.sku_id LIMIT ${wanted.limit}`;
}

export async function findStock(tx: Sql, skuId: string, orgUnitId: string): Promise<StockRow | undefined> {
  const [row] = await tx<StockRow>`
    SELECT s.sku_id AS "skuId", k.name AS "skuName", p.id AS "productId", p.title AS "productTitle", s.on_hand AS "onHand", s.reserved,
      s.updated_at AS "updatedAt", json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit"
    FROM stocks s JOIN skus k ON k.id = s.sku_id JOIN products p ON p.id = k.product_id JOIN org_units u ON u.id = s.org_unit_id
    WHERE s.sku_id = ${skuId} AND s.org_unit_id = ${orgUnitId}`;
  return row;
}

export interface UnitRef {
  readonly id: string;
  readonly path: string;
}
export async function findUnit(tx: Sql, id: string): Promise<UnitRef | undefined> {
  const [row] = await tx<{ id: string; path: string }>`SELECT id, path FROM org_units WHERE id = ${id}`;
  return row;
}
export async function skuExists(tx: Sql, id: string): Promise<boolean> {
  return (await tx`SELECT 1 FROM skus WHERE id = ${id}`).length === 1;
}

/** Rule S1: one conditional statement; false when pieces would be missing for what is reserved. */
export async function addToStock(
  tx: Sql,
  change: { skuId: string; unit: { id: string; path: string }; delta: number; at: Date },
): Promise<boolean> {
  const { skuId, unit, delta, at } = change;
  const rows =
    delta < 0
      ? await tx`UPDATE stocks SET on_hand = on_hand + ${delta}::int, updated_at = ${at}
          WHERE sku_id = ${skuId} AND org_unit_id = ${unit.id} AND on_hand + ${delta}::int >= reserved RETURNING sku_id`
      : await tx`INSERT INTO stocks (sku_id, org_unit_id, org_path, on_hand, updated_at) VALUES (${skuId}, ${unit.id}, ${unit.path}, ${delta}::int, ${at})
          ON CONFLICT (sku_id, org_unit_id) DO UPDATE SET on_hand = stocks.on_hand + ${delta}::int, updated_at = ${at} RETURNING sku_id`;
  return rows.length === 1;
}

/**
 * What is on hand becomes `counted`, by one conditional statement: not while fewer would be there than are reserved (S1), nor when
 * it has changed from `seen`. Answers the difference; undefined when nothing was changed.
 */
export async function countStock(
  tx: Sql,
  count: { skuId: string; unit: { id: string; path: string }; counted: number; seen: number | null; at: Date },
): Promise<number | undefined> {
  const { skuId, unit, counted, seen, at } = count;
  const [row] = await tx<{ delta: number }>`
    INSERT INTO stocks (sku_id, org_unit_id, org_path, on_hand, updated_at)
    SELECT ${skuId}::uuid, ${unit.id}::uuid, ${unit.path}, ${counted}::int, ${at}::timestamptz
    WHERE coalesce(${seen}::int, 0) = 0 OR EXISTS (SELECT FROM stocks WHERE sku_id = ${skuId} AND org_unit_id = ${unit.id})
    ON CONFLICT (sku_id, org_unit_id) DO UPDATE SET on_hand = excluded.on_hand, updated_at = excluded.updated_at
      WHERE stocks.reserved <= excluded.on_hand AND (${seen}::int IS NULL OR stocks.on_hand = ${seen}::int)
    RETURNING new.on_hand - coalesce(old.on_hand, 0) AS delta`;
  return row?.delta;
}

/** Why pieces came or went by somebody's word, not by an order. */
export type MovementReason = 'adjusted' | 'counted' | 'mall';

export async function insertMovement(
  tx: Sql,
  movement: {
    id: string;
    skuId: string;
    orgUnitId: string;
    delta: number;
    reason: MovementReason;
    actorId: string | null;
    at: Date;
  },
): Promise<void> {
  await tx`INSERT INTO stock_movements (id, sku_id, org_unit_id, delta, reason, ref, actor_id, at)
    VALUES (${movement.id}, ${movement.skuId}, ${movement.orgUnitId}, ${movement.delta}, ${movement.reason}, ${movement.id}, ${movement.actorId}, ${movement.at})`;
}

/** Live rooms with the SKU in their bag that sell it from exactly this unit, with what is left for them. */
export function findRoomsSelling(
  tx: Sql,
  skuId: string,
  unit: { id: string; path: string },
): Promise<{ roomId: string; available: number }[]> {
  return tx<{ roomId: string; available: number }>`
    SELECT r.id AS "roomId", nearest.on_hand - nearest.reserved AS available
    FROM rooms r
    JOIN bag_items b ON b.room_id = r.id
    JOIN skus k ON k.product_id = b.product_id AND k.id = ${skuId}
    JOIN LATERAL (SELECT s.org_unit_id, s.on_hand, s.reserved FROM stocks s
      WHERE s.sku_id = ${skuId} AND (s.org_path = r.org_path OR starts_with(r.org_path, s.org_path || '.'))
      ORDER BY length(s.org_path) DESC LIMIT 1) nearest ON nearest.org_unit_id = ${unit.id}
    WHERE r.state = 'live' AND (r.org_path = ${unit.path} OR r.org_path LIKE ${`${unit.path}.%`})`;
}

export interface MovementRow {
  id: string;
  delta: number;
  reason: string;
  ref: string | null;
  note: string | null;
  by: string | null;
  at: Date;
}
/** Newest first. An order is told by its number; what an adjustment or a stock-take was for stands in the audit log, written in the same transaction. */
export function listMovements(
  sql: Sql,
  wanted: { skuId: string; unit: { id: string; path: string }; after: TimeCursor | undefined; limit: number },
): Promise<MovementRow[]> {
  const { at, id } = wanted.after ?? {};
  return sql<MovementRow>`
    SELECT m.id, m.delta, m.reason, CASE WHEN m.reason IN ('adjusted', 'counted', 'mall') THEN NULL ELSE coalesce(o.order_no, m.ref) END AS ref,
      a.reason AS note, p.name AS by, m.at
    FROM stock_movements m
    LEFT JOIN orders o ON m.reason = 'sale' AND o.id::text = m.ref
    LEFT JOIN people p ON p.id = m.actor_id
    LEFT JOIN audit_log a ON m.reason IN ('adjusted', 'counted') AND a.org_path = ${wanted.unit.path} AND a.at >= m.at
      AND a.at < m.at + interval '1 minute' AND a.target = ${`sku:${wanted.skuId}`} AND a.action = 'stock:' || m.reason AND a.detail->>'movementId' = m.id::text
    WHERE m.sku_id = ${wanted.skuId} AND m.org_unit_id = ${wanted.unit.id}
      AND (${at ?? null}::timestamptz IS NULL OR (m.at, m.id) < (${at ?? null}::timestamptz, ${id ?? null}::uuid))
    ORDER BY m.at DESC, m.id DESC LIMIT ${wanted.limit}`;
}
