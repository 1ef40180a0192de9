/** Rows of orders: writing an order, moving its state. Reading for people is in order-view.ts. */
import type { Address, OrderState } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import { type OrderEvent, orderNo } from './orders.policy.ts';
import type { SellingRoom } from './selling.repository.ts';

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
  /** Rule Z1: the page that the buyer's screen showed, by its client's word. Kept when it is, or was, one of that product. */
  readonly seenHash?: string | undefined;
  /** The item it came with, for nothing. */
  readonly giftOf: string | null;
  /** Of a gift: so many pieces of that item brought one of it. */
  readonly giftPer?: number | null;
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
      unit_price_fen, discount_fen, amount_fen, offer_id, offer_version, offer_terms, snapshot_hash, gift_of, gift_per, bundle_id)
    SELECT i.id, i."orderId", i.position, i."productId", i."skuId", i."stockUnitId", i.title, i."skuName", i."pictureUrl",
      i.quantity, i."unitPriceFen", i."discountFen", i."amountFen", i."offerId", i."offerVersion", i."offerTerms",
      CASE WHEN i."seenHash" IS NULL THEN i."snapshotHash" ELSE coalesce((SELECT s.hash FROM product_snapshots s
        WHERE s.hash = i."seenHash" AND s.product_id = i."productId"), i."snapshotHash") END, i."giftOf", i."giftPer", i."bundleId"
    FROM jsonb_to_recordset(${JSON.stringify(listed)}::jsonb) AS i (id uuid, "orderId" uuid, position int, "productId" uuid,
      "skuId" uuid, "stockUnitId" uuid, title text, "skuName" text, "pictureUrl" text, quantity int, "unitPriceFen" bigint,
      "discountFen" bigint, "amountFen" bigint, "offerId" uuid, "offerVersion" int, "offerTerms" jsonb, "snapshotHash" text, "seenHash" text,
      "giftOf" uuid, "giftPer" int, "bundleId" uuid)`;
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
  readonly preSaleId: string | null;
}

/** The order with its row locked until the transaction ends: the first lock of whatever happens to an order. */
export async function lockOrder(tx: Tx, orderId: string): Promise<OrderRow | undefined> {
  const [order] = await tx<OrderRow>`
    SELECT id, order_no AS "orderNo", person_id AS "personId", room_id AS "roomId", org_unit_id AS "orgUnitId",
      org_path AS "orgPath", state, total_fen AS "totalFen", paid_fen AS "paidFen", expires_at AS "expiresAt",
      shipped_at AS "shippedAt", received_at AS "receivedAt", coupon_id AS "couponId", group_buy_id AS "groupBuyId",
      pre_sale_id AS "preSaleId"
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
