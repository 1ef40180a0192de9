/**
 * Rule S6: what sells below a floor that was set or raised after it was announced: offers (each of their stairs), bundles (their
 * price below the sum of their parts' floors), group campaigns, and gifts of a SKU that has a floor by now. It runs, or begins, as
 * announced; nobody changes a price behind a store's back.
 */
import type { FlaggedOffer } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';

export type BelowFloor = Omit<FlaggedOffer, 'endsAt'> & { readonly endsAt: Date };

/** What ends first comes first; an offer that is below its floor both by its price and its gift is told by its price. */
export function listBelowFloor(
  sql: Sql,
  wanted: {
    readonly at: Date;
    readonly limit: number;
    /** At or under this unit. */
    readonly scope?: string;
    /** Only what sells one of these. */
    readonly skuIds?: readonly string[];
    readonly after?: TimeCursor | undefined;
  },
): Promise<BelowFloor[]> {
  const { at, limit, scope = null, skuIds = null, after } = wanted;
  return sql<BelowFloor>`
    WITH selling AS (
      SELECT 'offer' AS kind, o.id, o.room_id, o.sku_id, ARRAY[o.sku_id] AS sku_ids, NULL::text AS title, NULL::text AS parts,
        least(o.price_fen, (SELECT min(s."priceFen") FROM jsonb_to_recordset(o.stairs) AS s ("priceFen" bigint))) AS price_fen,
        k.floor_price_fen AS floor_fen, o.ends_at, NULL::uuid AS org_unit_id
      FROM offers o JOIN skus k ON k.id = o.sku_id WHERE o.state = 'open' AND k.floor_price_fen IS NOT NULL
      UNION ALL
      SELECT 'gift', o.id, o.room_id, o.gift_sku_id, ARRAY[o.gift_sku_id], NULL, NULL, 0, k.floor_price_fen, o.ends_at, NULL
      FROM offers o JOIN skus k ON k.id = o.gift_sku_id
      WHERE o.state = 'open' AND k.floor_price_fen IS NOT NULL AND o.gift_taken < o.gift_cap
      UNION ALL
      SELECT 'bundle', b.id, b.room_id, p.sku_ids[1], p.sku_ids, b.title, p.parts, b.price_fen, p.floor_fen, b.ends_at, NULL
      FROM bundles b CROSS JOIN LATERAL (
        SELECT array_agg(k.id ORDER BY bp.position) AS sku_ids, string_agg(k.name, ' + ' ORDER BY bp.position) AS parts,
          sum(k.floor_price_fen * bp.quantity)::bigint AS floor_fen
        FROM bundle_parts bp JOIN skus k ON k.id = bp.sku_id WHERE bp.bundle_id = b.id) p
      WHERE b.state = 'open'
      UNION ALL
      SELECT 'group', c.id, NULL, c.sku_id, ARRAY[c.sku_id], NULL, NULL, c.price_fen, k.floor_price_fen, c.ends_at, c.org_unit_id
      FROM group_campaigns c JOIN skus k ON k.id = c.sku_id WHERE c.stopped_at IS NULL AND k.floor_price_fen IS NOT NULL)
    SELECT DISTINCT ON (s.ends_at, s.id) s.kind, s.id AS "offerId", s.room_id AS "roomId", r.title AS "roomTitle",
      json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", s.sku_id AS "skuId",
      coalesce(s.title, p.title) AS "productTitle", coalesce(s.parts, k.name) AS "skuName", s.price_fen::float8 AS "priceFen",
      s.floor_fen::float8 AS "floorPriceFen", s.ends_at AS "endsAt"
    FROM selling s JOIN skus k ON k.id = s.sku_id JOIN products p ON p.id = k.product_id LEFT JOIN rooms r ON r.id = s.room_id
    JOIN org_units u ON u.id = coalesce(r.org_unit_id, s.org_unit_id)
    WHERE s.price_fen < s.floor_fen AND s.ends_at > ${at}
      AND (${scope}::text IS NULL OR u.path = ${scope} OR starts_with(u.path, ${scope} || '.'))
      AND (${skuIds}::uuid[] IS NULL OR s.sku_ids && ${skuIds}::uuid[])
      AND (${after?.at ?? null}::timestamptz IS NULL
        OR (s.ends_at, s.id) > (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY s.ends_at, s.id, s.kind DESC LIMIT ${limit}`;
}
