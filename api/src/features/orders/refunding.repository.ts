/**
 * What of an order was refunded, is on its way back, and came back as goods. Every change is one statement on rows of an order
 * that is locked; checks of the database hold the sums (rule S8).
 */
import type { Sql, Tx } from '../../platform/db.ts';
import type { RefundableItem, RefundableOrder, RefundLine } from './refund-plan.policy.ts';
import { bySku } from './reservations.repository.ts';

export type RefundableItemRow = RefundableItem & {
  readonly productId: string;
  readonly skuId: string;
  readonly stockUnitId: string;
  readonly title: string;
  readonly skuName: string;
  readonly pictureUrl: string;
  readonly replaced: number;
};
export type RefundableOrderRow = Omit<RefundableOrder, 'items'> & { readonly items: readonly RefundableItemRow[] };

/** Undefined when the order does not exist. `sent`: what left in parcels. */
export async function readRefundable(sql: Sql, orderId: string): Promise<RefundableOrderRow | undefined> {
  const [order] = await sql<Omit<RefundableOrder, 'items'>>`
    SELECT paid_fen AS "paidFen", shipping_fen AS "shippingFen", shipping_refunded_fen AS "shippingRefundedFen",
      shipping_refunding_fen AS "shippingRefundingFen" FROM orders WHERE id = ${orderId}`;
  if (!order) return undefined;
  const items = await sql<RefundableItemRow>`
    SELECT i.id, i.product_id AS "productId", i.sku_id AS "skuId", i.stock_unit_id AS "stockUnitId", i.title, i.sku_name AS "skuName",
      i.picture_url AS "pictureUrl", i.quantity, i.amount_fen AS "amountFen", i.refunded_fen AS "refundedFen",
      i.refunding_fen AS "refundingFen", i.refunded_pieces AS "refundedPieces", i.withdrawn, i.replaced,
      i.shipped_quantity AS sent, i.gift_of AS "giftOf", i.gift_per AS "giftPer"
    FROM order_items i WHERE i.order_id = ${orderId} ORDER BY i.position`;
  return { ...order, items };
}

type Parts = { readonly orderId: string; readonly shippingFen: bigint; readonly lines: readonly RefundLine[] };
const columns = (lines: readonly RefundLine[]) => ({
  ids: lines.map(({ itemId }) => itemId),
  amounts: lines.map(({ amountFen }) => amountFen.toString()),
  pieces: lines.map(({ pieces }) => pieces),
  withdrawn: lines.map(({ withdrawn }) => withdrawn),
});

/** A refund was asked for: its parts are set aside. */
export async function holdParts(tx: Tx, { orderId, shippingFen, lines }: Parts): Promise<void> {
  const { ids, amounts, pieces, withdrawn } = columns(lines);
  await tx`
    UPDATE order_items i SET refunding_fen = i.refunding_fen + l.amount, refunded_pieces = i.refunded_pieces + l.pieces,
      withdrawn = i.withdrawn + l.withdrawn
    FROM unnest(${ids}::uuid[], ${amounts}::bigint[], ${pieces}::int[], ${withdrawn}::int[]) AS l (id, amount, pieces, withdrawn)
    WHERE i.id = l.id AND i.order_id = ${orderId}`;
  if (shippingFen > 0n)
    await tx`UPDATE orders SET shipping_refunding_fen = shipping_refunding_fen + ${shippingFen} WHERE id = ${orderId}`;
}

/** The money is back: what was set aside is refunded, and what never left the house is back on the shelf. */
export async function settleParts(tx: Tx, { orderId, shippingFen, lines }: Parts): Promise<void> {
  const { ids, amounts, withdrawn } = columns(lines);
  await tx`
    UPDATE order_items i SET refunding_fen = i.refunding_fen - l.amount, refunded_fen = i.refunded_fen + l.amount,
      restocked = i.restocked + l.withdrawn
    FROM unnest(${ids}::uuid[], ${amounts}::bigint[], ${withdrawn}::int[]) AS l (id, amount, withdrawn)
    WHERE i.id = l.id AND i.order_id = ${orderId}`;
  if (shippingFen > 0n)
    await tx`UPDATE orders SET shipping_refunding_fen = shipping_refunding_fen - ${shippingFen},
      shipping_refunded_fen = shipping_refunded_fen + ${shippingFen} WHERE id = ${orderId}`;
}

/** The provider refused for good: all of it may be asked for again. */
export async function releaseParts(tx: Tx, { orderId, shippingFen, lines }: Parts): Promise<void> {
  const { ids, amounts, pieces, withdrawn } = columns(lines);
  await tx`
    UPDATE order_items i SET refunding_fen = i.refunding_fen - l.amount, refunded_pieces = i.refunded_pieces - l.pieces,
      withdrawn = i.withdrawn - l.withdrawn
    FROM unnest(${ids}::uuid[], ${amounts}::bigint[], ${pieces}::int[], ${withdrawn}::int[]) AS l (id, amount, pieces, withdrawn)
    WHERE i.id = l.id AND i.order_id = ${orderId}`;
  if (shippingFen > 0n)
    await tx`UPDATE orders SET shipping_refunding_fen = shipping_refunding_fen - ${shippingFen} WHERE id = ${orderId}`;
}

/** Goods that came back and are sound are on the shelf again. */
export async function noteRestocked(tx: Tx, items: readonly { itemId: string; quantity: number }[]): Promise<void> {
  await tx`
    UPDATE order_items i SET restocked = i.restocked + l.quantity
    FROM unnest(${items.map(({ itemId }) => itemId)}::uuid[], ${items.map(({ quantity }) => quantity)}::int[]) AS l (id, quantity)
    WHERE i.id = l.id`;
}

export interface ShelfLine {
  readonly itemId: string;
  readonly skuId: string;
  readonly stockUnitId: string;
  readonly quantity: number;
}

/**
 * Rule S1: other pieces leave the shelf, by one conditional statement for each SKU (several items may be of one; its movement is
 * unique). False: there are not enough.
 */
export async function takeReplacements(
  tx: Tx,
  exchange: { caseNo: string; at: Date; newId: () => string },
  lines: readonly ShelfLine[],
): Promise<{ skuId: string; available: number; offerId: null; taken: null }[] | false> {
  const levels: { skuId: string; available: number; offerId: null; taken: null }[] = [];
  for (const { itemId, quantity } of lines)
    await tx`UPDATE order_items SET replaced = replaced + ${quantity} WHERE id = ${itemId}`;
  const merged = bySku(lines.map((line) => ({ ...line, offerId: null })));
  for (const line of merged.sort((a, b) => (a.skuId < b.skuId ? -1 : 1))) {
    const [stock] = await tx<{ available: number }>`
      UPDATE stocks SET on_hand = on_hand - ${line.quantity}, updated_at = ${exchange.at}
      WHERE sku_id = ${line.skuId} AND org_unit_id = ${line.stockUnitId} AND on_hand - reserved >= ${line.quantity}
      RETURNING on_hand - reserved AS available`;
    if (!stock) return false;
    await tx`INSERT INTO stock_movements (id, sku_id, org_unit_id, delta, reason, ref, at)
      VALUES (${exchange.newId()}, ${line.skuId}, ${line.stockUnitId}, ${-line.quantity}, 'exchange', ${exchange.caseNo}, ${exchange.at})`;
    levels.push({ skuId: line.skuId, available: stock.available, offerId: null, taken: null });
  }
  return levels;
}
