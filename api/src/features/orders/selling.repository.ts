/** What placing an order needs to know: the room, its buyers, and everything about the SKUs they want. */
import type { ShippingTerms } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import type { LeftNow, SkuFacts, WantedLine } from './pricing.policy.ts';

export interface SellingRoom {
  readonly id: string;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly hostId: string;
  readonly state: 'scheduled' | 'live' | 'ended';
  /** It ended and can be looked at again: it sells at the normal price. */
  readonly sellsByReplay: boolean;
  /** The terms of the nearest unit that has some. */
  readonly shipping: ShippingTerms | null;
  /** Where a store's orders are fetched, if they may be. */
  readonly pickupPlace: string | null;
}

export async function readSellingRoom(tx: Tx, roomId: string): Promise<SellingRoom | undefined> {
  const [room] = await tx<SellingRoom>`
    SELECT r.id, r.org_unit_id AS "orgUnitId", r.org_path AS "orgPath", r.host_id AS "hostId", r.state,
      r.state = 'ended' AND EXISTS (SELECT 1 FROM recordings c WHERE c.room_id = r.id AND c.state = 'ready' AND c.visible)
        AS "sellsByReplay",
      CASE u.kind WHEN 'store' THEN u.address END AS "pickupPlace",
      (SELECT s.terms FROM shipping_rules s WHERE (r.org_path = s.org_path OR r.org_path LIKE s.org_path || '.%') AND s.terms IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM shipping_rules n WHERE n.org_unit_id = s.org_unit_id AND n.version > s.version)
        ORDER BY length(s.org_path) DESC LIMIT 1) AS shipping
    FROM rooms r JOIN org_units u ON u.id = r.org_unit_id WHERE r.id = ${roomId}`;
  return room;
}

export interface Buyer {
  /** They, or a guest they used to be, are banned in the room. */
  readonly banned: boolean;
  /** They are somebody else by now. */
  readonly merged: boolean;
}
/** Buyers as a room sees them, by person; who does not exist is missing. */
export async function readBuyers(
  tx: Tx,
  roomId: string,
  personIds: readonly string[],
  at: Date,
): Promise<Map<string, Buyer>> {
  const rows = await tx<Buyer & { id: string }>`
    SELECT p.id, p.merged_into IS NOT NULL AS merged,
      EXISTS (SELECT 1 FROM room_moderation m WHERE m.room_id = ${roomId} AND m.kind = 'ban'
        AND (m.person_id = p.id OR m.person_id IN (SELECT id FROM people WHERE merged_into = p.id))
        AND m.lifted_at IS NULL AND (m.until IS NULL OR m.until > ${at})) AS banned
    FROM people p WHERE p.id = ANY(${personIds}::uuid[])`;
  return new Map(rows.map(({ id, ...buyer }) => [id, buyer]));
}

export type SkuRow = SkuFacts & {
  productId: string;
  title: string;
  skuName: string;
  pictureUrl: string;
  left: LeftNow;
  weightGrams: number | null;
  /** Rule S6. */
  floorPriceFen: bigint | null;
  /** Rule Z1: the version of the product's page. */
  snapshotHash: string | null;
  /** Rule Z4: what could be struck beside the named offer's price. */
  baselineFen: bigint | null;
  /** What comes with goods under the named offer. */
  gift: { skuId: string; per: number; cap: number; taken: number } | null;
  /** The line this is about: `SKU offer version`, as it was asked for. */
  wanted: string;
};

/**
 * Everything about the wanted SKUs in one statement; a SKU that does not exist has no row. Without a person, what is left of
 * the limit is the whole limit.
 */
export async function readSkus(
  tx: Tx,
  where: { room: SellingRoom; personId: string | null },
  lines: readonly WantedLine[],
): Promise<SkuRow[]> {
  const { id: roomId, orgPath } = where.room;
  const rows = await tx<{
    wanted: string;
    sku_id: string;
    sku_name: string;
    shelf_price_fen: bigint;
    weight_grams: number | null;
    product_id: string;
    title: string;
    picture_url: string;
    buyable: boolean;
    offer_id: string | null;
    offer_state: 'open' | 'closed';
    offer_version: number;
    offer_starts_at: Date;
    version: number | null;
    price_fen: bigint;
    superseded_at: Date | null;
    ends_at: Date;
    cap: number | null;
    per_person_limit: number | null;
    stairs: { fromQuantity: number; priceFen: number }[] | null;
    open_stairs: { fromQuantity: number; priceFen: number }[] | null;
    floor_price_fen: bigint | null;
    snapshot_hash: string | null;
    baseline_fen: bigint | null;
    gift: SkuRow['gift'];
    open_id: string | null;
    open_version: number;
    open_price_fen: bigint;
    open_starts_at: Date;
    open_ends_at: Date;
    pieces_left: number | null;
    offer_left: number | null;
    limit_now: number | null;
    mine: number | null;
  }>`
    SELECT concat_ws(' ', wanted.sku_id, coalesce(wanted.offer_id::text, 'null'), coalesce(wanted.version::text, 'null')) AS wanted,
      s.id AS sku_id, s.name AS sku_name, s.price_fen AS shelf_price_fen, s.weight_grams, p.id AS product_id, p.title, p.picture_url,
      s.active AND p.status = 'on_sale' AND EXISTS (
        SELECT 1 FROM bag_items b WHERE b.room_id = ${roomId} AND b.product_id = p.id) AS buyable,
      o.id AS offer_id, o.state AS offer_state, o.version AS offer_version, o.starts_at AS offer_starts_at,
      v.version, v.price_fen, v.superseded_at, v.ends_at, v.cap, v.per_person_limit, v.stairs, cur.stairs AS open_stairs,
      s.floor_price_fen, p.snapshot_hash, o.baseline_fen,
      CASE WHEN o.gift_sku_id IS NOT NULL THEN json_build_object('skuId', o.gift_sku_id, 'per', o.gift_per, 'cap', o.gift_cap,
        'taken', o.gift_taken) END AS gift,
      cur.id AS open_id, cur.version AS open_version, cur.price_fen AS open_price_fen, cur.starts_at AS open_starts_at,
      cur.ends_at AS open_ends_at,
      (SELECT st.on_hand - st.reserved FROM stocks st
        WHERE st.sku_id = s.id AND (st.org_path = ${orgPath} OR ${orgPath} LIKE st.org_path || '.%')
        ORDER BY length(st.org_path) DESC LIMIT 1) AS pieces_left,
      o.cap - o.taken AS offer_left, o.per_person_limit AS limit_now,
      (SELECT h.quantity FROM offer_purchases h WHERE h.offer_id = o.id AND h.person_id = ${where.personId}) AS mine
    FROM unnest(${lines.map((l) => l.skuId)}::uuid[], ${lines.map((l) => l.offerId)}::uuid[], ${lines.map((l) => l.offerVersion)}::int[])
      AS wanted (sku_id, offer_id, version)
    JOIN skus s ON s.id = wanted.sku_id
    JOIN products p ON p.id = s.product_id
    LEFT JOIN offers o ON o.id = wanted.offer_id AND o.room_id = ${roomId} AND o.sku_id = s.id
    LEFT JOIN offer_versions v ON v.offer_id = o.id AND v.version = coalesce(wanted.version, o.version)
    LEFT JOIN offers cur ON cur.room_id = ${roomId} AND cur.sku_id = s.id AND cur.state = 'open'`;
  return rows.map((row) => ({
    wanted: row.wanted,
    skuId: row.sku_id,
    skuName: row.sku_name,
    productId: row.product_id,
    title: row.title,
    pictureUrl: row.picture_url,
    buyable: row.buyable,
    shelfPriceFen: row.shelf_price_fen,
    offer: row.offer_id === null ? null : { id: row.offer_id, state: row.offer_state, version: row.offer_version },
    named:
      row.version === null
        ? null
        : {
            version: row.version,
            priceFen: row.price_fen,
            supersededAt: row.superseded_at,
            startsAt: row.offer_starts_at,
            endsAt: row.ends_at,
            cap: row.cap,
            perPersonLimit: row.per_person_limit,
            stairs: inBigint(row.stairs),
          },
    open:
      row.open_id === null
        ? null
        : {
            id: row.open_id,
            version: row.open_version,
            priceFen: row.open_price_fen,
            startsAt: row.open_starts_at,
            endsAt: row.open_ends_at,
            stairs: inBigint(row.open_stairs),
          },
    floorPriceFen: row.floor_price_fen,
    weightGrams: row.weight_grams,
    snapshotHash: row.snapshot_hash,
    baselineFen: row.baseline_fen,
    gift: row.gift,
    left: {
      pieces: row.pieces_left ?? 0,
      ofOffer: row.offer_left,
      ofLimit: row.limit_now === null ? null : row.limit_now - (row.mine ?? 0),
    },
  }));
}

const inBigint = (stairs: { fromQuantity: number; priceFen: number }[] | null) =>
  stairs?.map(({ fromQuantity, priceFen }) => ({ fromQuantity, priceFen: BigInt(priceFen) }));
