import type { BundleView } from '@walnut-live/contracts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { BundlePart } from './bundles.policy.ts';

/** Bundles as a room shows them: open ones whose end is to come, or the named one whatever has become of it. */
export async function readBundles(
  sql: Sql,
  wanted: { roomId: string; at: Date } | { bundleId: string },
): Promise<BundleView[]> {
  const { roomId = null, at = null } = 'roomId' in wanted ? wanted : {};
  const bundleId = 'bundleId' in wanted ? wanted.bundleId : null;
  const rows = await sql<Omit<BundleView, 'startsAt' | 'endsAt'> & { startsAt: Date; endsAt: Date }>`
    SELECT b.id, b.room_id AS "roomId", b.title, b.price_fen::float8 AS "priceFen", parts.shelf::float8 AS "shelfFen", parts.list AS parts,
      b.starts_at AS "startsAt", b.ends_at AS "endsAt", b.cap, b.taken, b.per_person_limit AS "perPersonLimit", b.state
    FROM bundles b JOIN rooms r ON r.id = b.room_id CROSS JOIN LATERAL (
      SELECT sum(k.price_fen * bp.quantity) AS shelf, json_agg(json_build_object('skuId', k.id, 'productId', p.id, 'title', p.title,
        'skuName', k.name, 'pictureUrl', p.picture_url, 'priceFen', k.price_fen, 'quantity', bp.quantity,
        'available', coalesce((SELECT s.on_hand - s.reserved FROM stocks s
          WHERE s.sku_id = k.id AND (s.org_path = r.org_path OR starts_with(r.org_path, s.org_path || '.'))
          ORDER BY length(s.org_path) DESC LIMIT 1), 0)) ORDER BY bp.position) AS list
      FROM bundle_parts bp JOIN skus k ON k.id = bp.sku_id JOIN products p ON p.id = k.product_id WHERE bp.bundle_id = b.id) parts
    WHERE b.id = ${bundleId}::uuid OR (b.room_id = ${roomId}::uuid AND b.state = 'open' AND b.ends_at > ${at}::timestamptz)
    ORDER BY b.starts_at, b.id`;
  return rows.map((row) => ({ ...row, startsAt: row.startsAt.toISOString(), endsAt: row.endsAt.toISOString() }));
}

/** SKUs of a bundle as they are now, in the order of `wanted`; locked, so that no floor rises meanwhile. Those not sold are missing. */
export function findParts(
  tx: Tx,
  roomId: string,
  wanted: readonly { skuId: string; quantity: number }[],
): Promise<BundlePart[]> {
  return tx<BundlePart>`
    SELECT k.id AS "skuId", w.quantity, k.price_fen AS "shelfPriceFen", k.floor_price_fen AS "floorPriceFen"
    FROM unnest(${wanted.map(({ skuId }) => skuId)}::uuid[], ${wanted.map(({ quantity }) => quantity)}::int[])
      WITH ORDINALITY AS w (sku_id, quantity, n)
    JOIN skus k ON k.id = w.sku_id JOIN bag_items b ON b.product_id = k.product_id AND b.room_id = ${roomId}
    WHERE k.active ORDER BY w.n FOR SHARE OF k`;
}

export interface NewBundle {
  readonly id: string;
  readonly roomId: string;
  readonly title: string;
  readonly priceFen: number;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly cap: number | null;
  readonly perPersonLimit: number | null;
  readonly createdBy: string;
  readonly at: Date;
  readonly parts: readonly { skuId: string; quantity: number }[];
}
export async function insertBundle(tx: Tx, bundle: NewBundle): Promise<void> {
  await tx`INSERT INTO bundles (id, room_id, title, price_fen, starts_at, ends_at, cap, per_person_limit, state, created_by, created_at)
    VALUES (${bundle.id}, ${bundle.roomId}, ${bundle.title}, ${bundle.priceFen}, ${bundle.startsAt}, ${bundle.endsAt}, ${bundle.cap},
      ${bundle.perPersonLimit}, 'open', ${bundle.createdBy}, ${bundle.at})`;
  await tx`INSERT INTO bundle_parts (bundle_id, sku_id, position, quantity)
    SELECT ${bundle.id}::uuid, sku_id, n - 1, quantity
    FROM unnest(${bundle.parts.map(({ skuId }) => skuId)}::uuid[], ${bundle.parts.map(({ quantity }) => quantity)}::int[])
      WITH ORDINALITY AS w (sku_id, quantity, n)`;
}

export async function findBundleRoom(tx: Sql, bundleId: string): Promise<string | undefined> {
  const [row] = await tx<{ roomId: string }>`SELECT room_id AS "roomId" FROM bundles WHERE id = ${bundleId}`;
  return row?.roomId;
}

/** False when it was closed before. */
export async function closeBundle(tx: Tx, bundleId: string, at: Date): Promise<boolean> {
  const rows =
    await tx`UPDATE bundles SET state = 'closed', closed_at = ${at} WHERE id = ${bundleId} AND state = 'open' RETURNING id`;
  return rows.length === 1;
}

/** Closes bundles whose window is over, and those with a part that left the bag; each is returned by one process only. */
export function closeEndedBundles(
  tx: Tx,
  wanted: { at: Date; limit: number } | { outsideBagOf: string; at: Date },
): Promise<{ id: string; roomId: string }[]> {
  if ('outsideBagOf' in wanted) {
    const { outsideBagOf, at } = wanted;
    return tx<{ id: string; roomId: string }>`
      UPDATE bundles SET state = 'closed', closed_at = ${at}
      WHERE room_id = ${outsideBagOf} AND state = 'open' AND EXISTS (
        SELECT FROM bundle_parts p JOIN skus k ON k.id = p.sku_id
        WHERE p.bundle_id = bundles.id AND NOT EXISTS (
          SELECT FROM bag_items b WHERE b.room_id = ${outsideBagOf} AND b.product_id = k.product_id))
      RETURNING id, room_id AS "roomId"`;
  }
  return tx<{ id: string; roomId: string }>`
    UPDATE bundles SET state = 'closed', closed_at = ${wanted.at} WHERE id IN (
      SELECT id FROM bundles WHERE state = 'open' AND ends_at <= ${wanted.at}
      ORDER BY ends_at LIMIT ${wanted.limit} FOR UPDATE SKIP LOCKED)
    RETURNING id, room_id AS "roomId"`;
}
