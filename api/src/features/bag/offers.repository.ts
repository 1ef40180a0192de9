import type { FlaggedOffer, OfferView } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql, Tx } from '../../platform/db.ts';

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
}
export type OfferTerms = Pick<OfferRow, 'priceFen' | 'endsAt' | 'cap' | 'perPersonLimit'>;
export interface ClosedOffer {
  id: string;
  roomId: string;
  skuId: string;
}

export function toOfferView(row: OfferRow): OfferView {
  return {
    ...row,
    priceFen: Number(row.priceFen),
    startsAt: row.startsAt.toISOString(),
    endsAt: row.endsAt.toISOString(),
  };
}

/** Where the offer is, without a lock: the room is locked first, as by everybody who changes offers. */
export async function findOfferRoom(tx: Sql, offerId: string): Promise<string | undefined> {
  const [row] = await tx<{ roomId: string }>`SELECT room_id AS "roomId" FROM offers WHERE id = ${offerId}`;
  return row?.roomId;
}

export async function lockOffer(tx: Tx, offerId: string): Promise<OfferRow | undefined> {
  const [row] =
    await tx<OfferRow>`SELECT id, room_id AS "roomId", sku_id AS "skuId", price_fen AS "priceFen", version, starts_at AS "startsAt",
    ends_at AS "endsAt", cap, taken, per_person_limit AS "perPersonLimit", state FROM offers WHERE id = ${offerId} FOR UPDATE`;
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
  const [row] = await tx<OfferRow>`
    INSERT INTO offers (id, room_id, sku_id, price_fen, version, starts_at, ends_at, cap, per_person_limit, state, created_by, created_at)
    VALUES (${offer.id}, ${offer.roomId}, ${offer.skuId}, ${offer.priceFen}, 1, ${offer.startsAt}, ${offer.endsAt}, ${offer.cap},
      ${offer.perPersonLimit}, 'open', ${offer.createdBy}, ${offer.at})
    ON CONFLICT (room_id, sku_id) WHERE state = 'open' DO NOTHING
    RETURNING id, room_id AS "roomId", sku_id AS "skuId", price_fen AS "priceFen", version, starts_at AS "startsAt", ends_at AS "endsAt",
      cap, taken, per_person_limit AS "perPersonLimit", state`;
  if (row) await insertVersion(tx, row, offer.startsAt);
  return row;
}

async function insertVersion(tx: Tx, offer: OfferRow, effectiveFrom: Date): Promise<void> {
  await tx`INSERT INTO offer_versions (offer_id, version, price_fen, effective_from, ends_at, cap, per_person_limit)
    VALUES (${offer.id}, ${offer.version}, ${offer.priceFen}, ${effectiveFrom}, ${offer.endsAt}, ${offer.cap}, ${offer.perPersonLimit})`;
}

/** New terms are a new version; the one before is superseded `at` (rule S4). */
export async function changeOffer(tx: Tx, offer: OfferRow, terms: OfferTerms, at: Date): Promise<OfferRow> {
  await tx`UPDATE offer_versions SET superseded_at = ${at} WHERE offer_id = ${offer.id} AND version = ${offer.version}`;
  const changed: OfferRow = { ...offer, ...terms, version: offer.version + 1 };
  await tx`UPDATE offers SET price_fen = ${changed.priceFen}, ends_at = ${changed.endsAt}, cap = ${changed.cap},
    per_person_limit = ${changed.perPersonLimit}, version = ${changed.version} WHERE id = ${offer.id}`;
  // An offer that has not begun is not visible earlier because its terms changed.
  await insertVersion(tx, changed, at > offer.startsAt ? at : offer.startsAt);
  return changed;
}

export async function closeOffer(tx: Tx, offerId: string, at: Date): Promise<void> {
  await tx`UPDATE offer_versions SET superseded_at = ${at} WHERE offer_id = ${offerId} AND superseded_at IS NULL`;
  await tx`UPDATE offers SET state = 'closed', closed_at = ${at} WHERE id = ${offerId} AND state = 'open'`;
}

/** Rule S6: open offers of the scope below a floor that was raised after they opened; what ends first comes first. */
export function listFlaggedOffers(
  sql: Sql,
  wanted: { scope: string; after: TimeCursor | undefined; limit: number; at: Date },
): Promise<(Omit<FlaggedOffer, 'endsAt'> & { endsAt: Date })[]> {
  return sql<Omit<FlaggedOffer, 'endsAt'> & { endsAt: Date }>`
    SELECT o.id AS "offerId", o.room_id AS "roomId", r.title AS "roomTitle",
      json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", o.sku_id AS "skuId",
      p.title AS "productTitle", k.name AS "skuName", lowest.price_fen::float8 AS "priceFen",
      k.floor_price_fen::float8 AS "floorPriceFen", o.ends_at AS "endsAt"
    FROM offers o JOIN rooms r ON r.id = o.room_id JOIN org_units u ON u.id = r.org_unit_id JOIN skus k ON k.id = o.sku_id
    JOIN products p ON p.id = k.product_id
    CROSS JOIN LATERAL (SELECT least(o.price_fen, (SELECT min(s."priceFen") FROM jsonb_to_recordset(o.stairs) AS s ("priceFen" bigint)))
      AS price_fen) lowest
    WHERE o.state = 'open' AND o.ends_at > ${wanted.at} AND lowest.price_fen < k.floor_price_fen
      AND (r.org_path = ${wanted.scope} OR r.org_path LIKE ${`${wanted.scope}.%`})
      AND (${wanted.after?.at ?? null}::timestamptz IS NULL
        OR (o.ends_at, o.id) > (${wanted.after?.at ?? null}::timestamptz, ${wanted.after?.id ?? null}::uuid))
    ORDER BY o.ends_at, o.id LIMIT ${wanted.limit}`;
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
