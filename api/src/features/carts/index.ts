/**
 * Carts: lines by person, room and SKU.
 *
 * A line belongs to a room because prices and credit do; all lines of a room become one order, whose lines leave the cart in its
 * transaction. Prices are read when somebody looks; the one kept with a line only tells that it changed since.
 */
import {
  type Cart,
  type CartLine,
  type CartProblem,
  checkoutCart,
  getCart,
  MAX_CART_LINES,
  priceForQuantity,
  putCartLine,
} from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { type AddressLimits, createLimit } from '../../platform/limits.ts';
import type { Orders } from '../orders/index.ts';

const CHECKOUTS_PER_MINUTE = 60;
const MAX_QUANTITY = 999;

export function createCarts(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  orders: Pick<Orders, 'place'>;
  addressLimits: AddressLimits;
}): void {
  const { bind, db, clock, orders } = deps;
  const checkouts = createLimit({ points: CHECKOUTS_PER_MINUTE, seconds: 60 });

  bind(getCart, ({ principal }) => readCart(db.sql, principal.personId, clock.now()));

  bind(putCartLine, ({ principal, body }) =>
    db.transaction(async (tx) => {
      const { personId } = principal;
      const { roomId, skuId, quantity, seenPriceFen } = body;
      if (quantity === 0)
        await tx`DELETE FROM cart_lines WHERE person_id = ${personId} AND room_id = ${roomId} AND sku_id = ${skuId}`;
      else {
        await tx`SELECT 1 FROM people WHERE id = ${personId} FOR NO KEY UPDATE`;
        const known = await tx`SELECT 1 FROM rooms r, skus s JOIN products p ON p.id = s.product_id
          WHERE r.id = ${roomId} AND s.id = ${skuId} AND p.status <> 'draft'`;
        if (known.length === 0) throw new AppError('not_found');
        await tx`INSERT INTO cart_lines (person_id, room_id, sku_id, quantity, seen_price_fen, added_at)
          VALUES (${personId}, ${roomId}, ${skuId}, ${quantity}, ${seenPriceFen}, ${clock.now()})
          ON CONFLICT (person_id, room_id, sku_id) DO UPDATE SET quantity = excluded.quantity, seen_price_fen = excluded.seen_price_fen`;
        const [sum] = await tx<{
          lines: number;
        }>`SELECT count(*)::int AS lines FROM cart_lines WHERE person_id = ${personId}`;
        if ((sum?.lines ?? 0) > MAX_CART_LINES)
          throw new AppError('limit_exceeded', { facts: { limit: MAX_CART_LINES } });
      }
      return readCart(tx, personId, clock.now());
    }),
  );

  bind(
    checkoutCart,
    async ({ tx, principal, body }) => {
      const order = await orders.place(tx, principal, body);
      await takeOut(tx, principal.personId, body.roomId, body.lines);
      return order;
    },
    async ({ principal, ip }) => {
      if (principal) await checkouts.take(principal.personId);
      await deps.addressLimits.orders.take(ip);
    },
  );
}

/** What was put in since stays. */
async function takeOut(
  tx: Tx,
  personId: string,
  roomId: string,
  lines: readonly { skuId: string; quantity: number }[],
): Promise<void> {
  const [skus, quantities] = [lines.map(({ skuId }) => skuId), lines.map(({ quantity }) => quantity)];
  await tx`
    WITH ordered AS (
      SELECT sku_id, sum(quantity)::int AS quantity FROM unnest(${skus}::uuid[], ${quantities}::int[]) AS l (sku_id, quantity) GROUP BY sku_id),
    fewer AS (
      UPDATE cart_lines c SET quantity = c.quantity - o.quantity FROM ordered o
      WHERE c.person_id = ${personId} AND c.room_id = ${roomId} AND c.sku_id = o.sku_id AND c.quantity > o.quantity)
    DELETE FROM cart_lines c USING ordered o
    WHERE c.person_id = ${personId} AND c.room_id = ${roomId} AND c.sku_id = o.sku_id AND c.quantity <= o.quantity`;
}

/** The guest's lines become the person's; of what both have, the sum. The newest lines stay when there are too many. */
export async function mergeCarts(tx: Tx, guestId: string, personId: string): Promise<void> {
  await tx`
    INSERT INTO cart_lines (person_id, room_id, sku_id, quantity, seen_price_fen, added_at)
    SELECT ${personId}::uuid, room_id, sku_id, quantity, seen_price_fen, added_at FROM cart_lines WHERE person_id = ${guestId}
    ON CONFLICT (person_id, room_id, sku_id) DO UPDATE SET
      quantity = least(cart_lines.quantity + excluded.quantity, ${MAX_QUANTITY}), added_at = greatest(cart_lines.added_at, excluded.added_at)`;
  await tx`DELETE FROM cart_lines WHERE person_id = ${guestId}`;
  await tx`DELETE FROM cart_lines WHERE person_id = ${personId} AND (room_id, sku_id) IN (
    SELECT room_id, sku_id FROM cart_lines WHERE person_id = ${personId} ORDER BY added_at DESC, room_id, sku_id OFFSET ${MAX_CART_LINES})`;
}

interface LineRow {
  readonly roomId: string;
  readonly roomTitle: string;
  readonly live: boolean;
  readonly sells: boolean;
  readonly store: Cart['groups'][number]['store'];
  readonly skuId: string;
  readonly productId: string;
  readonly title: string;
  readonly skuName: string;
  readonly pictureUrl: string;
  readonly quantity: number;
  readonly seenPriceFen: bigint;
  readonly addedAt: Date;
  readonly shelfPriceFen: bigint;
  readonly buyable: boolean;
  readonly pieces: number | null;
  readonly offerId: string | null;
  readonly offerVersion: number;
  readonly offerPriceFen: bigint;
  readonly offerEndsAt: Date;
  readonly stairs: { fromQuantity: number; priceFen: number }[] | null;
  readonly offerLeft: number | null;
  readonly limitLeft: number | null;
}

async function readCart(sql: Sql, personId: string, now: Date): Promise<Cart> {
  const rows = await sql<LineRow>`
    SELECT c.room_id AS "roomId", r.title AS "roomTitle", r.state = 'live' AS live,
      r.state = 'live' OR r.state = 'ended' AND EXISTS (
        SELECT 1 FROM recordings v WHERE v.room_id = r.id AND v.state = 'ready' AND v.visible) AS sells,
      json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store,
      c.sku_id AS "skuId", p.id AS "productId", p.title, s.name AS "skuName", p.picture_url AS "pictureUrl", c.quantity,
      c.seen_price_fen AS "seenPriceFen", c.added_at AS "addedAt", s.price_fen AS "shelfPriceFen",
      s.active AND p.status = 'on_sale' AND EXISTS (
        SELECT 1 FROM bag_items b WHERE b.room_id = r.id AND b.product_id = p.id) AS buyable,
      (SELECT st.on_hand - st.reserved FROM stocks st WHERE st.sku_id = s.id AND (st.org_path = r.org_path OR r.org_path LIKE st.org_path || '.%')
        ORDER BY length(st.org_path) DESC LIMIT 1) AS pieces,
      o.id AS "offerId", o.version AS "offerVersion", o.price_fen AS "offerPriceFen", o.ends_at AS "offerEndsAt", o.stairs,
      o.cap - o.taken AS "offerLeft", o.per_person_limit - coalesce(h.quantity, 0) AS "limitLeft"
    FROM cart_lines c JOIN rooms r ON r.id = c.room_id JOIN org_units u ON u.id = r.org_unit_id
    JOIN skus s ON s.id = c.sku_id JOIN products p ON p.id = s.product_id
    LEFT JOIN offers o ON o.room_id = r.id AND o.sku_id = s.id AND o.state = 'open' AND r.state = 'live'
      AND o.starts_at <= ${now} AND o.ends_at > ${now}
    LEFT JOIN offer_purchases h ON h.offer_id = o.id AND h.person_id = c.person_id
    WHERE c.person_id = ${personId} ORDER BY c.added_at DESC, c.sku_id`;
  const groups = new Map<string, { -readonly [K in keyof Cart['groups'][number]]: Cart['groups'][number][K] }>();
  for (const row of rows) {
    const { roomId, roomTitle, live, store } = row;
    const group = groups.get(roomId) ?? { roomId, roomTitle, live, store, lines: [] };
    groups.set(roomId, group);
    group.lines.push(toLine(row));
  }
  return { groups: [...groups.values()], pieces: rows.reduce((sum, { quantity }) => sum + quantity, 0) };
}

function toLine(row: LineRow): CartLine {
  // A live price that is used up, by all or by this person, is none; what is left is sold at the shelf price.
  const ofOffer = Math.min(row.offerLeft ?? MAX_QUANTITY, row.limitLeft ?? MAX_QUANTITY);
  const offer = row.offerId !== null && ofOffer > 0 ? row.offerId : null;
  const most = Math.max(0, Math.min(row.pieces ?? 0, offer === null ? MAX_QUANTITY : ofOffer, MAX_QUANTITY));
  const stairs = (row.stairs ?? []).map((stair) => ({ ...stair, priceFen: BigInt(stair.priceFen) }));
  const { skuId, productId, title, skuName, pictureUrl, quantity } = row;
  return {
    ...{ skuId, productId, title, skuName, pictureUrl, quantity, most: row.sells && row.buyable ? most : 0 },
    unitPriceFen: Number(offer === null ? row.shelfPriceFen : priceForQuantity(row.offerPriceFen, stairs, quantity)),
    offer: offer === null ? null : { id: offer, version: row.offerVersion, endsAt: row.offerEndsAt.toISOString() },
    seenPriceFen: Number(row.seenPriceFen),
    problem: problemOf(row, most),
    addedAt: row.addedAt.toISOString(),
  };
}

function problemOf({ sells, buyable, quantity }: LineRow, most: number): CartProblem | null {
  if (!sells) return 'room_closed';
  if (!buyable) return 'not_sold';
  if (most === 0) return 'sold_out';
  return quantity > most ? 'too_many' : null;
}
