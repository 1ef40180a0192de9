import type { OfferGift, OfferView } from '@walnut-live/contracts';
import type { Sql, Tx } from '../../platform/db.ts';

/** Rule Z4: seven days. */
const BASELINE_MS = 7 * 86_400_000;

export interface OfferRow {
  id: string;
  roomId: string;
  skuId: string;
  priceFen: bigint;
  version: number;
  startsAt: Date;
  endsAt: Date;
  cap: number | null;
  taken: number;
  perPersonLimit: number | null;
  state: 'open' | 'closed';
  /** Ascending; null: none. */
  stairs: readonly { fromQuantity: number; priceFen: number }[] | null;
  gift: OfferGift | null;
  baselineFen: bigint | null;
}
export type OfferTerms = Pick<OfferRow, 'priceFen' | 'endsAt' | 'cap' | 'perPersonLimit' | 'stairs'>;
export interface ClosedOffer {
  id: string;
  roomId: string;
  skuId: string;
}

export function toOfferView({ stairs, gift, baselineFen, ...row }: OfferRow): OfferView {
  return {
    ...row,
    priceFen: Number(row.priceFen),
    startsAt: row.startsAt.toISOString(),
    endsAt: row.endsAt.toISOString(),
    baselineFen: baselineFen === null ? null : Number(baselineFen),
    ...(stairs ? { stairs: [...stairs] } : {}),
    ...(gift ? { gift } : {}),
  };
}

/** Where the offer is, without a lock: the room is locked first, as by everybody who changes offers. */
export async function findOfferRoom(tx: Sql, offerId: string): Promise<string | undefined> {
  const [row] = await tx<{ roomId: string }>`SELECT room_id AS "roomId" FROM offers WHERE id = ${offerId}`;
  return row?.roomId;
}

export async function lockOffer(tx: Tx, offerId: string): Promise<OfferRow | undefined> {
  const [row] = await tx<OfferRow>`
    SELECT o.id, o.room_id AS "roomId", o.sku_id AS "skuId", o.price_fen AS "priceFen", o.version, o.starts_at AS "startsAt",
      o.ends_at AS "endsAt", o.cap, o.taken, o.per_person_limit AS "perPersonLimit", o.state, o.stairs, o.baseline_fen AS "baselineFen",
      (SELECT json_build_object('skuId', g.id, 'title', p.title, 'skuName', g.name, 'pictureUrl', p.picture_url, 'per', o.gift_per,
        'cap', o.gift_cap, 'taken', o.gift_taken) FROM skus g JOIN products p ON p.id = g.product_id WHERE g.id = o.gift_sku_id) AS gift
    FROM offers o WHERE o.id = ${offerId} FOR UPDATE OF o`;
  return row;
}

/** Prices of an active SKU whose product is in the bag; they cannot change until the transaction ends. */
export async function findSkuOfBag(
  tx: Tx,
  roomId: string,
  skuId: string,
): Promise<{ priceFen: bigint; floorPriceFen: bigint | null } | undefined> {
  const [row] = await tx<{ priceFen: bigint; floorPriceFen: bigint | null }>`
    SELECT k.price_fen AS "priceFen", k.floor_price_fen AS "floorPriceFen"
    FROM skus k JOIN bag_items b ON b.product_id = k.product_id AND b.room_id = ${roomId}
    WHERE k.id = ${skuId} AND k.active FOR SHARE OF k`;
  return row;
}

/** The offer with its first version; undefined when the room has an open one for the SKU. */
export async function insertOffer(
  tx: Tx,
  offer: Omit<OfferRow, 'version' | 'taken' | 'state'> & { createdBy: string; at: Date },
): Promise<OfferRow | undefined> {
  const { createdBy, at, ...terms } = offer;
  const rows = await tx`
    INSERT INTO offers (id, room_id, sku_id, price_fen, version, starts_at, ends_at, cap, per_person_limit, state, created_by, created_at,
      stairs, gift_sku_id, gift_per, gift_cap, baseline_fen)
    VALUES (${offer.id}, ${offer.roomId}, ${offer.skuId}, ${offer.priceFen}, 1, ${offer.startsAt}, ${offer.endsAt}, ${offer.cap},
      ${offer.perPersonLimit}, 'open', ${createdBy}, ${at}, ${stairsJson(offer.stairs)}::jsonb, ${offer.gift?.skuId ?? null},
      ${offer.gift?.per ?? null}, ${offer.gift?.cap ?? null}, ${offer.baselineFen})
    ON CONFLICT (room_id, sku_id) WHERE state = 'open' DO NOTHING RETURNING id`;
  if (rows.length === 0) return undefined;
  const row: OfferRow = { ...terms, version: 1, taken: 0, state: 'open' };
  await insertVersion(tx, row, offer.startsAt);
  return row;
}

async function insertVersion(tx: Tx, offer: OfferRow, effectiveFrom: Date): Promise<void> {
  await tx`INSERT INTO offer_versions (offer_id, version, price_fen, effective_from, ends_at, cap, per_person_limit, stairs)
    VALUES (${offer.id}, ${offer.version}, ${offer.priceFen}, ${effectiveFrom}, ${offer.endsAt}, ${offer.cap}, ${offer.perPersonLimit},
      ${stairsJson(offer.stairs)}::jsonb)`;
}
const stairsJson = (stairs: OfferRow['stairs']) => (stairs ? JSON.stringify(stairs) : null);

type GiftSku = Pick<OfferGift, 'skuId' | 'title' | 'skuName' | 'pictureUrl'> & { floored: boolean; available: number };
/** A SKU that may be given away with an offer: sold by the brand now. `available`: what a room of `orgPath` has of it. */
export async function findGiftSku(tx: Tx, skuId: string, orgPath: string): Promise<GiftSku | undefined> {
  const [row] = await tx<GiftSku>`
    SELECT k.id AS "skuId", p.title, k.name AS "skuName", p.picture_url AS "pictureUrl", k.floor_price_fen IS NOT NULL AS floored,
      coalesce((SELECT s.on_hand - s.reserved FROM stocks s
        WHERE s.sku_id = k.id AND (s.org_path = ${orgPath} OR starts_with(${orgPath}::text, s.org_path || '.'))
        ORDER BY length(s.org_path) DESC LIMIT 1), 0) AS available
    FROM skus k JOIN products p ON p.id = k.product_id WHERE k.id = ${skuId} AND k.active AND p.status <> 'draft' FOR SHARE OF k`;
  return row;
}

/**
 * Rule Z4: the lowest price at which a piece of the SKU was really sold in the seven days before `before`, in any room, after
 * every discount; null when none was. Gifts are no deals, unpaid orders are none (rule A7).
 */
export async function lowestDeal(tx: Tx, skuId: string, before: Date): Promise<bigint | null> {
  const since = new Date(before.getTime() - BASELINE_MS);
  const [row] = await tx<{ fen: bigint | null }>`
    SELECT min(i.amount_fen / i.quantity) AS fen FROM order_items i JOIN orders o ON o.id = i.order_id
    WHERE i.sku_id = ${skuId} AND i.gift_of IS NULL AND i.amount_fen > 0 AND o.paid_at >= ${since} AND o.paid_at < ${before}`;
  return row?.fen || null;
}

/** New terms are a new version; the one before is superseded `at` (rule S4). */
export async function changeOffer(tx: Tx, offer: OfferRow, terms: OfferTerms, at: Date): Promise<OfferRow> {
  await tx`UPDATE offer_versions SET superseded_at = ${at} WHERE offer_id = ${offer.id} AND version = ${offer.version}`;
  const changed: OfferRow = { ...offer, ...terms, version: offer.version + 1 };
  await tx`UPDATE offers SET price_fen = ${changed.priceFen}, ends_at = ${changed.endsAt}, cap = ${changed.cap},
    per_person_limit = ${changed.perPersonLimit}, stairs = ${stairsJson(changed.stairs)}::jsonb, version = ${changed.version} WHERE id = ${offer.id}`;
  // An offer that has not begun is not visible earlier because its terms changed.
  await insertVersion(tx, changed, at > offer.startsAt ? at : offer.startsAt);
  return changed;
}

export async function closeOffer(tx: Tx, offerId: string, at: Date): Promise<void> {
  await tx`UPDATE offer_versions SET superseded_at = ${at} WHERE offer_id = ${offerId} AND superseded_at IS NULL`;
  await tx`UPDATE offers SET state = 'closed', closed_at = ${at} WHERE id = ${offerId} AND state = 'open'`;
}

/** Closes the open offers of products that are not in the bag any more. */
export function closeOffersOutsideBag(tx: Tx, roomId: string, at: Date): Promise<ClosedOffer[]> {
  return tx<ClosedOffer>`
    WITH gone AS (
      UPDATE offers SET state = 'closed', closed_at = ${at}
      WHERE room_id = ${roomId} AND state = 'open' AND sku_id NOT IN (
        SELECT k.id FROM skus k JOIN bag_items b ON b.product_id = k.product_id AND b.room_id = ${roomId})
      RETURNING id, room_id, sku_id
    ), versions AS (
      UPDATE offer_versions SET superseded_at = ${at} FROM gone WHERE offer_id = gone.id AND superseded_at IS NULL
    )
    SELECT id, room_id AS "roomId", sku_id AS "skuId" FROM gone`;
}

/**
 * Closes offers whose window is over, at most `limit`, of one room and SKU or of all. Each is returned by exactly one of
 * several processes that sweep at the same time.
 */
export function closeEndedOffers(
  tx: Tx,
  wanted: { at: Date; limit: number; roomId?: string; skuId?: string },
): Promise<ClosedOffer[]> {
  const { at, limit, roomId = null, skuId = null } = wanted;
  return tx<ClosedOffer>`
    WITH ended AS (
      SELECT id FROM offers WHERE state = 'open' AND ends_at <= ${at}
        AND (${roomId}::uuid IS NULL OR room_id = ${roomId}) AND (${skuId}::uuid IS NULL OR sku_id = ${skuId})
      ORDER BY ends_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ), closed AS (
      UPDATE offers o SET state = 'closed', closed_at = ${at} FROM ended WHERE o.id = ended.id
      RETURNING o.id, o.room_id, o.sku_id, o.ends_at
    ), versions AS (
      UPDATE offer_versions v SET superseded_at = closed.ends_at FROM closed WHERE v.offer_id = closed.id AND v.superseded_at IS NULL
    )
    SELECT id, room_id AS "roomId", sku_id AS "skuId" FROM closed`;
}
