/**
 * The hot statements of selling. Each takes or gives back by one conditional UPDATE (rules S1, S5); none reads first and writes
 * later. Everybody goes through the SKUs of an order in sorted order and, per SKU, offer → person → stock (rule S2), so two
 * orders wait for each other but never in a circle.
 */
import type { Tx } from '../../platform/db.ts';

export interface ReservationLine {
  readonly skuId: string;
  readonly quantity: number;
  readonly offerId: string | null;
}
export interface StockLevel {
  readonly skuId: string;
  /** Pieces nobody holds. */
  readonly available: number;
  readonly offerId: string | null;
  /** Pieces taken under the offer. */
  readonly taken: number | null;
}
export type Reserved = StockLevel & { readonly stockUnitId: string };
export type ReserveFailure = 'offer_not_open' | 'offer_sold_out' | 'limit_exceeded' | 'out_of_stock';

/** Takes one line: three statements with an offer, one without. A failure leaves what was taken to the caller's rollback. */
export async function reserveLine(
  tx: Tx,
  who: { personId: string; orgPath: string; at: Date },
  line: ReservationLine,
): Promise<Reserved | ReserveFailure> {
  let taken: number | null = null;
  if (line.offerId !== null) {
    const [offer] = await tx<{ taken: number; per_person_limit: number | null }>`
      UPDATE offers SET taken = taken + ${line.quantity}
      WHERE id = ${line.offerId} AND state = 'open' AND (cap IS NULL OR taken + ${line.quantity} <= cap)
      RETURNING taken, per_person_limit`;
    if (!offer) return (await isOpen(tx, line.offerId)) ? 'offer_sold_out' : 'offer_not_open';
    taken = offer.taken;
    // The limit cannot change under us: this transaction holds the offer's row.
    const [held] = await tx`
      INSERT INTO offer_purchases AS held (offer_id, person_id, quantity)
      SELECT ${line.offerId}::uuid, ${who.personId}::uuid, ${line.quantity}::int
      WHERE ${offer.per_person_limit}::int IS NULL OR ${line.quantity}::int <= ${offer.per_person_limit}::int
      ON CONFLICT (offer_id, person_id) DO UPDATE SET quantity = held.quantity + excluded.quantity
      WHERE ${offer.per_person_limit}::int IS NULL OR held.quantity + excluded.quantity <= ${offer.per_person_limit}::int
      RETURNING quantity`;
    if (!held) return 'limit_exceeded';
  }
  // A unit sells from its own row; one without a row sells from the nearest one above it.
  const [stock] = await tx<{ org_unit_id: string; available: number }>`
    UPDATE stocks SET reserved = reserved + ${line.quantity}, updated_at = ${who.at}
    WHERE sku_id = ${line.skuId} AND reserved + ${line.quantity} <= on_hand AND org_unit_id = (
      SELECT org_unit_id FROM stocks
      WHERE sku_id = ${line.skuId} AND (org_path = ${who.orgPath} OR ${who.orgPath} LIKE org_path || '.%')
      ORDER BY length(org_path) DESC LIMIT 1)
    RETURNING org_unit_id, on_hand - reserved AS available`;
  if (!stock) return 'out_of_stock';
  return {
    skuId: line.skuId,
    stockUnitId: stock.org_unit_id,
    available: stock.available,
    offerId: line.offerId,
    taken,
  };
}

async function isOpen(tx: Tx, offerId: string): Promise<boolean> {
  const [row] = await tx`SELECT 1 FROM offers WHERE id = ${offerId} AND state = 'open'`;
  return row !== undefined;
}

export type HeldLine = ReservationLine & { readonly stockUnitId: string };
const inLockOrder = (lines: readonly HeldLine[]) => [...lines].sort((a, b) => (a.skuId < b.skuId ? -1 : 1));

/** Gives everything of an unpaid order back: the offer's cap, the person's share of it, the stock. */
export async function releaseLines(
  tx: Tx,
  who: { personId: string; at: Date },
  lines: readonly HeldLine[],
): Promise<StockLevel[]> {
  const levels: StockLevel[] = [];
  for (const line of inLockOrder(lines)) {
    let taken: number | null = null;
    if (line.offerId !== null) {
      const [offer] = await tx<{ taken: number }>`
        UPDATE offers SET taken = taken - ${line.quantity} WHERE id = ${line.offerId} RETURNING taken`;
      taken = offer?.taken ?? null;
      await tx`UPDATE offer_purchases SET quantity = quantity - ${line.quantity}
        WHERE offer_id = ${line.offerId} AND person_id = ${who.personId}`;
    }
    const [stock] = await tx<{ available: number }>`
      UPDATE stocks SET reserved = reserved - ${line.quantity}, updated_at = ${who.at}
      WHERE sku_id = ${line.skuId} AND org_unit_id = ${line.stockUnitId} RETURNING on_hand - reserved AS available`;
    if (!stock) throw new Error(`stock row ${line.skuId} ${line.stockUnitId} is gone`);
    levels.push({ skuId: line.skuId, available: stock.available, offerId: line.offerId, taken });
  }
  return levels;
}

/** Reserved pieces leave the shelf: sold. What others can buy does not change by it. */
export async function sellLines(
  tx: Tx,
  sale: { orderId: string; at: Date; newId: () => string },
  lines: readonly HeldLine[],
): Promise<void> {
  for (const line of inLockOrder(lines)) {
    const sold = await tx`
      WITH sold AS (
        UPDATE stocks SET on_hand = on_hand - ${line.quantity}, reserved = reserved - ${line.quantity}, updated_at = ${sale.at}
        WHERE sku_id = ${line.skuId} AND org_unit_id = ${line.stockUnitId} RETURNING sku_id, org_unit_id)
      INSERT INTO stock_movements (id, sku_id, org_unit_id, delta, reason, ref, at)
      SELECT ${sale.newId()}::uuid, sku_id, org_unit_id, ${-line.quantity}::int, 'sale', ${sale.orderId}, ${sale.at}::timestamptz FROM sold
      RETURNING id`;
    if (sold.length === 0) throw new Error(`stock row ${line.skuId} ${line.stockUnitId} is gone`);
  }
}

/** Sold pieces that never left the house come back on the shelf. The offer's cap and the person's limit stay used. */
export async function restockLines(
  tx: Tx,
  refund: { refundNo: string; at: Date; newId: () => string },
  lines: readonly HeldLine[],
): Promise<StockLevel[]> {
  const levels: StockLevel[] = [];
  for (const line of inLockOrder(lines)) {
    const [stock] = await tx<{ available: number }>`
      UPDATE stocks SET on_hand = on_hand + ${line.quantity}, updated_at = ${refund.at}
      WHERE sku_id = ${line.skuId} AND org_unit_id = ${line.stockUnitId} RETURNING on_hand - reserved AS available`;
    if (!stock) throw new Error(`stock row ${line.skuId} ${line.stockUnitId} is gone`);
    await tx`INSERT INTO stock_movements (id, sku_id, org_unit_id, delta, reason, ref, at)
      VALUES (${refund.newId()}, ${line.skuId}, ${line.stockUnitId}, ${line.quantity}, 'refund', ${refund.refundNo}, ${refund.at})`;
    levels.push({ skuId: line.skuId, available: stock.available, offerId: null, taken: null });
  }
  return levels;
}
