import type { BagItem, OfferView, ShippingTerms } from '@walnut-live/contracts';
import type { Sql, Tx } from '../../platform/db.ts';

export interface RoomRow {
  id: string;
  orgPath: string;
  state: 'scheduled' | 'live' | 'ended';
  pinnedProductId: string | null;
}

interface BagRow {
  pinnedProductId: string | null;
  items: BagItem[];
  terms: ShippingTerms | null;
}

/**
 * The whole bag in one statement: every viewer who joins needs it. Sold is what the SKU's nearest stock row has left, and `terms`
 * what the nearest unit with a shipping rule says; null: none has.
 */
export async function readBag(sql: Sql, roomId: string, at: Date): Promise<BagRow | undefined> {
  const [row] = await sql<BagRow>`
    SELECT r.pinned_product_id AS "pinnedProductId", (
      SELECT s.terms FROM shipping_rules s
      WHERE (s.org_path = r.org_path OR starts_with(r.org_path, s.org_path || '.')) AND s.terms IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM shipping_rules n WHERE n.org_unit_id = s.org_unit_id AND n.version > s.version)
      ORDER BY length(s.org_path) DESC LIMIT 1) AS terms, (
      SELECT coalesce(json_agg(json_build_object('position', b.position,
        'product', json_build_object('id', p.id, 'title', p.title, 'subtitle', p.subtitle, 'description', p.description,
          'pictureUrl', p.picture_url, 'pageHash', p.snapshot_hash, 'pictures', CASE WHEN p.pictures = '{}' THEN ARRAY[p.picture_url] ELSE p.pictures END,
          'role', p.role, 'status', p.status, 'options', p.options, 'skus', skus.views),
        'offers', (
          SELECT coalesce(json_agg(json_build_object('id', o.id, 'roomId', o.room_id, 'skuId', o.sku_id, 'priceFen', o.price_fen,
            'version', o.version, 'startsAt', o.starts_at, 'endsAt', o.ends_at, 'cap', o.cap, 'taken', o.taken,
            'perPersonLimit', o.per_person_limit, 'state', o.state, 'stairs', coalesce(o.stairs, '[]'), 'baselineFen', o.baseline_fen,
            'gift', (SELECT json_build_object('skuId', g.id, 'title', gp.title, 'skuName', g.name, 'pictureUrl', gp.picture_url,
              'per', o.gift_per, 'cap', o.gift_cap, 'taken', o.gift_taken)
              FROM skus g JOIN products gp ON gp.id = g.product_id WHERE g.id = o.gift_sku_id)) ORDER BY o.starts_at, o.id), '[]')
          FROM offers o JOIN skus k ON k.id = o.sku_id
          WHERE o.room_id = r.id AND k.product_id = p.id AND o.state = 'open' AND o.ends_at > ${at}),
        'available', skus.available) ORDER BY b.position, p.id), '[]')
      FROM bag_items b JOIN products p ON p.id = b.product_id CROSS JOIN LATERAL (
        SELECT coalesce(json_agg(json_build_object('id', k.id, 'name', k.name, 'priceFen', k.price_fen, 'listPriceFen', k.list_price_fen,
            'listPriceBasis', k.list_price_basis, 'optionValues', k.option_values, 'active', k.active) ORDER BY k.position, k.id), '[]') AS views,
          coalesce(json_object_agg(k.id, coalesce(nearest.left_over, 0)), '{}') AS available
        FROM skus k LEFT JOIN LATERAL (
          SELECT s.on_hand - s.reserved AS left_over FROM stocks s
          WHERE s.sku_id = k.id AND (s.org_path = r.org_path OR starts_with(r.org_path, s.org_path || '.'))
          ORDER BY length(s.org_path) DESC LIMIT 1) nearest ON true
        WHERE k.product_id = p.id AND k.active) skus
      WHERE b.room_id = r.id) AS items
    FROM rooms r WHERE r.id = ${roomId}`;
  if (!row) return undefined;
  const utc = (time: string) => new Date(time).toISOString();
  // An offer without a gift has none, as in the events.
  const inUtc = ({ gift, ...offer }: OfferView): OfferView => ({
    ...offer,
    ...(gift ? { gift } : {}),
    startsAt: utc(offer.startsAt),
    endsAt: utc(offer.endsAt),
  });
  return { ...row, items: row.items.map((item) => ({ ...item, offers: item.offers.map(inUtc) })) };
}

/** Changes of one room's bag, pin and offers stand in line. */
export async function lockRoom(tx: Tx, roomId: string): Promise<RoomRow | undefined> {
  const [row] = await tx<RoomRow>`SELECT id, org_path AS "orgPath", state, pinned_product_id AS "pinnedProductId"
    FROM rooms WHERE id = ${roomId} FOR NO KEY UPDATE`;
  return row;
}

export async function listBagProducts(tx: Sql, roomId: string): Promise<string[]> {
  const rows = await tx<{ id: string }>`
    SELECT product_id AS id FROM bag_items WHERE room_id = ${roomId} ORDER BY position, product_id`;
  return rows.map((row) => row.id);
}

/** Those that may lie in a bag: a draft is shown to nobody. */
export async function countProducts(tx: Sql, ids: readonly string[]): Promise<number> {
  const [row] = await tx<{
    count: number;
  }>`SELECT count(*)::int AS count FROM products WHERE id = ANY(${ids}::uuid[]) AND status <> 'draft'`;
  return row?.count ?? 0;
}

/** The bag holds exactly `productIds`, in this order. */
export async function writeBag(tx: Sql, roomId: string, productIds: readonly string[]): Promise<void> {
  await tx`DELETE FROM bag_items WHERE room_id = ${roomId} AND product_id <> ALL(${productIds}::uuid[])`;
  await tx`INSERT INTO bag_items (room_id, product_id, position)
    SELECT ${roomId}::uuid, product_id, place - 1 FROM unnest(${productIds}::uuid[]) WITH ORDINALITY AS wanted (product_id, place)
    ON CONFLICT (room_id, product_id) DO UPDATE SET position = excluded.position`;
}

export async function writePin(tx: Sql, roomId: string, productId: string | null, at: Date): Promise<void> {
  await tx`UPDATE rooms SET pinned_product_id = ${productId}, pinned_at = ${productId ? at : null} WHERE id = ${roomId}`;
}
