/** Rows of orders: what placing needs to know, writing an order, moving its state. Reading for people is in order-view.ts. */
import type { Address, OrderState, ShippingTerms } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import { type OrderEvent, orderNo } from './orders.policy.ts';
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

export interface NewOrder {
  readonly id: string;
  readonly orderNo: string;
  readonly personId: string;
  readonly room: SellingRoom;
  readonly itemsFen: bigint;
  readonly discountFen: bigint;
  readonly shippingFen: bigint;
  readonly totalFen: bigint;
  readonly address: Address;
  /** Of an order that is fetched from the store. */
  readonly pickupCode: string | null;
  readonly remark: string;
  readonly couponId: string | null;
  readonly placedAt: Date;
  readonly expiresAt: Date;
}

/** Numbers for so many new orders, as they were drawn. */
export async function drawOrderNos(tx: Tx, count: number, at: Date): Promise<string[]> {
  const drawn = await tx<{ no: bigint }>`SELECT nextval('order_no_seq') AS no FROM generate_series(1, ${count}::int)`;
  return drawn.map(({ no }) => orderNo(no, at));
}

/** Writes orders and the first rows of their histories in one statement. */
export async function insertOrders(tx: Tx, orders: readonly NewOrder[]): Promise<void> {
  const listed = orders.map(({ room, ...order }) => ({
    ...order,
    roomId: room.id,
    orgUnitId: room.orgUnitId,
    orgPath: room.orgPath,
    itemsFen: order.itemsFen.toString(),
    discountFen: order.discountFen.toString(),
    shippingFen: order.shippingFen.toString(),
    totalFen: order.totalFen.toString(),
  }));
  await tx`
    WITH made AS (
      INSERT INTO orders (id, order_no, person_id, room_id, org_unit_id, org_path, state, items_fen, discount_fen, shipping_fen,
        total_fen, address, remark, placed_at, expires_at, coupon_id, delivery, pickup_code)
      SELECT o.id, o."orderNo", o."personId", o."roomId", o."orgUnitId", o."orgPath", 'pending_payment', o."itemsFen",
        o."discountFen", o."shippingFen", o."totalFen", o.address, o.remark, o."placedAt", o."expiresAt", o."couponId",
        CASE WHEN o."pickupCode" IS NULL THEN 'parcel' ELSE 'pickup' END, o."pickupCode"
      FROM jsonb_to_recordset(${JSON.stringify(listed)}::jsonb) AS o (id uuid, "orderNo" text, "personId" uuid, "roomId" uuid,
        "orgUnitId" uuid, "orgPath" text, "itemsFen" bigint, "discountFen" bigint, "shippingFen" bigint, "totalFen" bigint,
        address jsonb, remark text, "placedAt" timestamptz, "expiresAt" timestamptz, "couponId" uuid, "pickupCode" text)
      RETURNING id, person_id, placed_at)
    INSERT INTO order_transitions (order_id, to_state, event, actor_id, at)
    SELECT id, 'pending_payment', 'place', person_id, placed_at FROM made`;
}

export interface NewItem {
  readonly id: string;
  readonly orderId: string;
  readonly position: number;
  readonly productId: string;
  readonly skuId: string;
  readonly stockUnitId: string;
  readonly title: string;
  readonly skuName: string;
  readonly pictureUrl: string;
  readonly quantity: number;
  readonly unitPriceFen: bigint;
  readonly discountFen: bigint;
  readonly offerId: string | null;
  readonly offerVersion: number | null;
  /** Rule S4: the terms as they were. */
  readonly offerTerms: Record<string, unknown> | null;
  readonly snapshotHash: string | null;
  /** The item it came with, for nothing. */
  readonly giftOf: string | null;
  readonly bundleId: string | null;
}

/** Writes all items, of one order or of many, in one statement. */
export async function insertItems(tx: Tx, items: readonly NewItem[]): Promise<void> {
  const listed = items.map((item) => ({
    ...item,
    unitPriceFen: item.unitPriceFen.toString(),
    discountFen: item.discountFen.toString(),
    amountFen: (item.unitPriceFen * BigInt(item.quantity) - item.discountFen).toString(),
  }));
  await tx`
    INSERT INTO order_items (id, order_id, position, product_id, sku_id, stock_unit_id, title, sku_name, picture_url, quantity,
      unit_price_fen, discount_fen, amount_fen, offer_id, offer_version, offer_terms, snapshot_hash, gift_of, bundle_id)
    SELECT i.id, i."orderId", i.position, i."productId", i."skuId", i."stockUnitId", i.title, i."skuName", i."pictureUrl",
      i.quantity, i."unitPriceFen", i."discountFen", i."amountFen", i."offerId", i."offerVersion", i."offerTerms",
      i."snapshotHash", i."giftOf", i."bundleId"
    FROM jsonb_to_recordset(${JSON.stringify(listed)}::jsonb) AS i (id uuid, "orderId" uuid, position int, "productId" uuid,
      "skuId" uuid, "stockUnitId" uuid, title text, "skuName" text, "pictureUrl" text, quantity int, "unitPriceFen" bigint,
      "discountFen" bigint, "amountFen" bigint, "offerId" uuid, "offerVersion" int, "offerTerms" jsonb, "snapshotHash" text,
      "giftOf" uuid, "bundleId" uuid)`;
}

export interface OrderRow {
  readonly id: string;
  readonly orderNo: string;
  readonly personId: string;
  readonly roomId: string | null;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly state: OrderState;
  readonly totalFen: bigint;
  readonly paidFen: bigint;
  readonly expiresAt: Date;
  readonly shippedAt: Date | null;
  readonly receivedAt: Date | null;
  readonly couponId: string | null;
  readonly groupBuyId: string | null;
}

/** The order with its row locked until the transaction ends: the first lock of whatever happens to an order. */
export async function lockOrder(tx: Tx, orderId: string): Promise<OrderRow | undefined> {
  const [order] = await tx<OrderRow>`
    SELECT id, order_no AS "orderNo", person_id AS "personId", room_id AS "roomId", org_unit_id AS "orgUnitId",
      org_path AS "orgPath", state, total_fen AS "totalFen", paid_fen AS "paidFen", expires_at AS "expiresAt",
      shipped_at AS "shippedAt", received_at AS "receivedAt", coupon_id AS "couponId", group_buy_id AS "groupBuyId"
    FROM orders WHERE id = ${orderId} FOR UPDATE`;
  return order;
}

/** Locks the next unpaid order that is over its time and that nobody else is at; `except` were tried in this turn. */
export async function lockNextDue(tx: Tx, at: Date, except: readonly string[]): Promise<string | undefined> {
  const [row] = await tx<{ id: string }>`
    SELECT id FROM orders WHERE state = 'pending_payment' AND expires_at <= ${at} AND id <> ALL(${except}::uuid[])
    ORDER BY expires_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
  return row?.id;
}

/** What a transition writes beside the state; absent fields keep their value. */
export interface TransitionFacts {
  readonly paidFen?: bigint;
  readonly refundedNowFen?: bigint;
  readonly paidAt?: Date;
  readonly shippedAt?: Date;
  readonly receivedAt?: Date;
  readonly closedAt?: Date;
  readonly trackingNo?: string;
}

/** Rule S7: moves the state only from where the caller saw it, with its history row, in one statement. False: a rival was faster. */
export async function moveOrder(
  tx: Tx,
  move: {
    orderId: string;
    from: OrderState;
    to: OrderState;
    event: OrderEvent;
    actorId: string | null;
    reason: string;
    at: Date;
  },
  facts: TransitionFacts = {},
): Promise<boolean> {
  const rows = await tx`
    WITH moved AS (
      UPDATE orders SET state = ${move.to},
        paid_fen = coalesce(${facts.paidFen ?? null}::bigint, paid_fen),
        refunded_fen = refunded_fen + ${facts.refundedNowFen ?? 0n}::bigint,
        paid_at = coalesce(${facts.paidAt ?? null}::timestamptz, paid_at),
        shipped_at = coalesce(${facts.shippedAt ?? null}::timestamptz, shipped_at),
        received_at = coalesce(${facts.receivedAt ?? null}::timestamptz, received_at),
        closed_at = coalesce(${facts.closedAt ?? null}::timestamptz, closed_at),
        tracking_no = coalesce(${facts.trackingNo ?? null}::text, tracking_no)
      WHERE id = ${move.orderId} AND state = ${move.from} RETURNING id)
    INSERT INTO order_transitions (order_id, from_state, to_state, event, actor_id, reason, at)
    SELECT id, ${move.from}::text, ${move.to}::text, ${move.event}::text, ${move.actorId}::uuid, ${move.reason}::text, ${move.at}::timestamptz
    FROM moved RETURNING id`;
  return rows.length === 1;
}

export interface ItemRow {
  readonly id: string;
  readonly productId: string;
  readonly title: string;
  readonly skuId: string;
  readonly stockUnitId: string;
  readonly quantity: number;
  readonly amountFen: bigint;
  readonly refundedFen: bigint;
  readonly offerId: string | null;
  /** The item it came with, for nothing. */
  readonly giftOf: string | null;
  readonly bundleId: string | null;
}
export async function readItems(tx: Tx, orderId: string): Promise<ItemRow[]> {
  return tx<ItemRow>`
    SELECT id, product_id AS "productId", title, sku_id AS "skuId", stock_unit_id AS "stockUnitId", quantity,
      amount_fen AS "amountFen", refunded_fen AS "refundedFen", offer_id AS "offerId", gift_of AS "giftOf", bundle_id AS "bundleId"
    FROM order_items WHERE order_id = ${orderId} ORDER BY position`;
}

/** Marks every item as refunded in full; answers what each got back now. */
export async function refundItems(
  tx: Tx,
  orderId: string,
): Promise<{ itemId: string; amountFen: bigint; refundedNowFen: bigint }[]> {
  const items = await readItems(tx, orderId);
  await tx`UPDATE order_items SET refunded_fen = amount_fen WHERE order_id = ${orderId}`;
  return items.map((item) => ({
    itemId: item.id,
    amountFen: item.amountFen,
    refundedNowFen: item.amountFen - item.refundedFen,
  }));
}

export async function readPersonName(tx: Tx, personId: string): Promise<string> {
  const [person] = await tx<{ name: string }>`SELECT name FROM people WHERE id = ${personId}`;
  return person?.name ?? '';
}
