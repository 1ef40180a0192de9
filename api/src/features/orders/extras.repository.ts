/** Bundles and gifts of orders: taken by conditional statements (S5), given back with an order that is closed unpaid. */
import type { Tx } from '../../platform/db.ts';
import type { ExtraCount } from './order-news.ts';

export interface BundleRow {
  readonly id: string;
  readonly priceFen: bigint;
  readonly state: 'open' | 'closed';
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly left: number | null;
  readonly parts: readonly { skuId: string; quantity: number }[];
}
/** Bundles of the room by their ids; those of another room are missing. */
export function readBundles(tx: Tx, roomId: string, ids: readonly string[]): Promise<BundleRow[]> {
  return tx<BundleRow>`
    SELECT b.id, b.price_fen AS "priceFen", b.state, b.starts_at AS "startsAt", b.ends_at AS "endsAt", b.cap - b.taken AS left,
      (SELECT json_agg(json_build_object('skuId', p.sku_id, 'quantity', p.quantity) ORDER BY p.position)
       FROM bundle_parts p WHERE p.bundle_id = b.id) AS parts
    FROM bundles b WHERE b.room_id = ${roomId} AND b.id = ANY(${ids}::uuid[])`;
}

/** Rule S5: so many of a bundle for a person; two statements and the order's note of it. */
export async function takeBundle(
  tx: Tx,
  who: { orderId: string; personId: string },
  wish: { bundleId: string; quantity: number; seenPriceFen: bigint },
): Promise<'offer_not_open' | 'offer_sold_out' | 'limit_exceeded' | ExtraCount> {
  const [bundle] = await tx<{ limit: number | null; taken: number }>`
    UPDATE bundles SET taken = taken + ${wish.quantity}
    WHERE id = ${wish.bundleId} AND state = 'open' AND (cap IS NULL OR taken + ${wish.quantity} <= cap)
    RETURNING per_person_limit AS limit, taken`;
  if (!bundle) {
    const open = await tx`SELECT 1 FROM bundles WHERE id = ${wish.bundleId} AND state = 'open'`;
    return open.length > 0 ? 'offer_sold_out' : 'offer_not_open';
  }
  const [held] = await tx`
    INSERT INTO bundle_purchases AS held (bundle_id, person_id, quantity)
    SELECT ${wish.bundleId}::uuid, ${who.personId}::uuid, ${wish.quantity}::int
    WHERE ${bundle.limit}::int IS NULL OR ${wish.quantity}::int <= ${bundle.limit}::int
    ON CONFLICT (bundle_id, person_id) DO UPDATE SET quantity = held.quantity + excluded.quantity
    WHERE ${bundle.limit}::int IS NULL OR held.quantity + excluded.quantity <= ${bundle.limit}::int
    RETURNING quantity`;
  if (!held) return 'limit_exceeded';
  await tx`INSERT INTO order_bundles (order_id, bundle_id, quantity, price_fen)
    VALUES (${who.orderId}, ${wish.bundleId}, ${wish.quantity}, ${wish.seenPriceFen})`;
  return { kind: 'bundle:counted', bundleId: wish.bundleId, taken: bundle.taken };
}

/** At most so many pieces of a gift under an offer whose row this transaction holds; undefined when its cap is reached. */
export async function takeGift(
  tx: Tx,
  offerId: string,
  most: number,
): Promise<{ pieces: number; count: ExtraCount } | undefined> {
  const [row] = await tx<{ taken: number; pieces: number }>`
    UPDATE offers SET gift_taken = least(gift_taken + ${most}::int, gift_cap) WHERE id = ${offerId} AND gift_taken < gift_cap
    RETURNING new.gift_taken AS taken, new.gift_taken - old.gift_taken AS pieces`;
  return row && { pieces: row.pieces, count: { kind: 'offer:gift-counted', offerId, taken: row.taken } };
}
/** Stock of a gift that could not be given, in the transaction that took it. */
export async function putBack(tx: Tx, skuId: string, stockUnitId: string, pieces: number): Promise<void> {
  await tx`UPDATE stocks SET reserved = reserved - ${pieces} WHERE sku_id = ${skuId} AND org_unit_id = ${stockUnitId}`;
}

interface TakenItem {
  readonly giftOf: string | null;
  readonly bundleId: string | null;
}
/** Bundles of an order that was closed unpaid are there for others again; before its pieces, as they were taken. */
export async function giveBackBundles(
  tx: Tx,
  order: { id: string; personId: string },
  items: readonly TakenItem[],
): Promise<ExtraCount[]> {
  if (items.every(({ bundleId }) => bundleId === null)) return [];
  // In the order in which they are taken (rule S2): an UPDATE with FROM locks as its plan goes.
  await tx`SELECT 1 FROM bundles WHERE id IN (SELECT bundle_id FROM order_bundles WHERE order_id = ${order.id})
    ORDER BY id FOR NO KEY UPDATE`;
  const rows = await tx<{ bundleId: string; taken: number }>`
    WITH taken AS (
      UPDATE bundles b SET taken = b.taken - o.quantity FROM order_bundles o
      WHERE o.order_id = ${order.id} AND b.id = o.bundle_id RETURNING b.id, b.taken, o.quantity), people AS (
    UPDATE bundle_purchases p SET quantity = p.quantity - taken.quantity FROM taken
    WHERE p.bundle_id = taken.id AND p.person_id = ${order.personId})
    SELECT id AS "bundleId", taken FROM taken`;
  return rows.map((row) => ({ kind: 'bundle:counted', ...row }));
}
/** And its gifts; after its pieces, when the rows of the offers are held. */
export async function giveBackGifts(tx: Tx, orderId: string, items: readonly TakenItem[]): Promise<ExtraCount[]> {
  if (items.every(({ giftOf }) => giftOf === null)) return [];
  const rows = await tx<{
    offerId: string;
    taken: number;
  }>`UPDATE offers o SET gift_taken = o.gift_taken - given.pieces FROM (
      SELECT goods.offer_id, sum(gift.quantity)::int AS pieces FROM order_items gift JOIN order_items goods ON goods.id = gift.gift_of
      WHERE gift.order_id = ${orderId} GROUP BY goods.offer_id) given
    WHERE o.id = given.offer_id RETURNING o.id AS "offerId", o.gift_taken AS taken`;
  return rows.map((row) => ({ kind: 'offer:gift-counted', ...row }));
}
