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
  /** As many as there are, and not less than one: a gift. */
  readonly upTo?: boolean | undefined;
}
export interface StockLevel {
  readonly skuId: string;
  /** Pieces nobody holds. */
  readonly available: number;
  readonly offerId: string | null;
  /** Pieces taken under the offer. */
  readonly taken: number | null;
}
export type Reserved = StockLevel & {
  readonly stockUnitId: string;
  /** Less than wanted only of what may be. */
  readonly quantity: number;
};
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
  const [stock] = await tx<{ org_unit_id: string; available: number; quantity: number }>`
    UPDATE stocks SET reserved = reserved + least(${line.quantity}::int, on_hand - reserved), updated_at = ${who.at}
    WHERE sku_id = ${line.skuId} AND reserved + CASE WHEN ${line.upTo === true} THEN 1 ELSE ${line.quantity}::int END <= on_hand
      AND org_unit_id = (
      SELECT org_unit_id FROM stocks
      WHERE sku_id = ${line.skuId} AND (org_path = ${who.orgPath} OR ${who.orgPath} LIKE org_path || '.%')
      ORDER BY length(org_path) DESC LIMIT 1)
    RETURNING org_unit_id, new.on_hand - new.reserved AS available, new.reserved - old.reserved AS quantity`;
  if (!stock) return 'out_of_stock';
  return {
    skuId: line.skuId,
    stockUnitId: stock.org_unit_id,
    available: stock.available,
    quantity: stock.quantity,
    offerId: line.offerId,
    taken,
  };
}

// ── many orders of one SKU at once ──────────────────────────────────────────────────────────────────────────────────────
// In the order of arrival: `quantities` are what each wants. One statement takes the longest beginning of the line that fits
// and says what is left, with the row held; whoever comes after that and still fits is asked for again.

/** Pieces of an offer for a line of people; answers who got theirs. */
export async function takeOfOffer(
  tx: Tx,
  offerId: string,
  quantities: readonly number[],
): Promise<
  { granted: boolean[]; taken: number; perPersonLimit: number | null; left: number | null } | 'offer_not_open'
> {
  let facts = { taken: 0, perPersonLimit: null as number | null };
  let closed = false;
  const { granted, left } = await takeInOrder(quantities, async (sums) => {
    const [offer] = await tx<{
      taken: number;
      granted: number;
      left_over: number | null;
      per_person_limit: number | null;
    }>`
      UPDATE offers SET taken = taken + (
        SELECT coalesce(max(wanted), 0) FROM unnest(${sums}::int[]) AS sums (wanted) WHERE cap IS NULL OR taken + wanted <= cap)
      WHERE id = ${offerId} AND state = 'open'
      RETURNING new.taken, new.taken - old.taken AS granted, new.cap - new.taken AS left_over, new.per_person_limit`;
    if (!offer) {
      closed = true;
      return { granted: 0, left: 0 };
    }
    facts = { taken: offer.taken, perPersonLimit: offer.per_person_limit };
    return { granted: offer.granted, left: offer.left_over };
  });
  return closed ? 'offer_not_open' : { granted, left, ...facts };
}

/** Pieces of a SKU for a line of people, from the nearest unit that has a row. */
export async function takeOfStock(
  tx: Tx,
  who: { skuId: string; orgPath: string; at: Date },
  quantities: readonly number[],
): Promise<{ granted: boolean[]; stockUnitId: string; left: number } | 'out_of_stock'> {
  let stockUnitId: string | undefined;
  const { granted, left } = await takeInOrder(quantities, async (sums) => {
    const [stock] = await tx<{ org_unit_id: string; granted: number; left_over: number }>`
      UPDATE stocks SET updated_at = ${who.at}, reserved = reserved + (
        SELECT coalesce(max(wanted), 0) FROM unnest(${sums}::int[]) AS sums (wanted) WHERE reserved + wanted <= on_hand)
      WHERE sku_id = ${who.skuId} AND org_unit_id = (
        SELECT org_unit_id FROM stocks
        WHERE sku_id = ${who.skuId} AND (org_path = ${who.orgPath} OR ${who.orgPath} LIKE org_path || '.%')
        ORDER BY length(org_path) DESC LIMIT 1)
      RETURNING org_unit_id, new.reserved - old.reserved AS granted, new.on_hand - new.reserved AS left_over`;
    stockUnitId = stock?.org_unit_id;
    return stock ? { granted: stock.granted, left: stock.left_over } : { granted: 0, left: 0 };
  });
  return stockUnitId === undefined ? 'out_of_stock' : { granted, stockUnitId, left: left ?? 0 };
}

/** `take` gets the sums of the line so far, takes the largest that fits and says what is left (null: without end). */
export async function takeInOrder(
  quantities: readonly number[],
  take: (sums: readonly number[]) => Promise<{ granted: number; left: number | null }>,
): Promise<{ granted: boolean[]; left: number | null }> {
  const granted = quantities.map(() => false);
  let line = quantities.map((quantity, at) => ({ quantity, at }));
  let left: number | null = 0;
  while (line.length > 0) {
    let sum = 0;
    const sums = line.map(({ quantity }) => (sum += quantity));
    const answer = await take(sums);
    left = answer.left;
    const served = sums.filter((wanted) => wanted <= answer.granted).length;
    for (const { at } of line.slice(0, served)) granted[at] = true;
    const most: number = left ?? Number.POSITIVE_INFINITY;
    line = line.slice(served).filter(({ quantity }) => quantity <= most);
  }
  return { granted, left };
}

/** Adds to what each person holds under an offer; answers who stays within the limit. Nobody may be named twice. */
export async function takeOfLimit(
  tx: Tx,
  offer: { id: string; perPersonLimit: number | null },
  takers: readonly { personId: string; quantity: number }[],
): Promise<Set<string>> {
  const rows = await tx<{ person_id: string }>`
    INSERT INTO offer_purchases AS held (offer_id, person_id, quantity)
    SELECT ${offer.id}::uuid, person_id, quantity
    FROM unnest(${takers.map(({ personId }) => personId)}::uuid[], ${takers.map(({ quantity }) => quantity)}::int[]) AS t (person_id, quantity)
    WHERE ${offer.perPersonLimit}::int IS NULL OR quantity <= ${offer.perPersonLimit}::int
    ON CONFLICT (offer_id, person_id) DO UPDATE SET quantity = held.quantity + excluded.quantity
    WHERE ${offer.perPersonLimit}::int IS NULL OR held.quantity + excluded.quantity <= ${offer.perPersonLimit}::int
    RETURNING person_id`;
  return new Set(rows.map(({ person_id }) => person_id));
}

/** Gives pieces of an offer back in the transaction that took them; answers what is taken now. */
export async function giveBackOfOffer(
  tx: Tx,
  offerId: string,
  takers: readonly { personId: string; quantity: number; held: boolean }[],
): Promise<number> {
  const pieces = takers.reduce((sum, { quantity }) => sum + quantity, 0);
  const [offer] = await tx<{ taken: number }>`
    UPDATE offers SET taken = taken - ${pieces} WHERE id = ${offerId} RETURNING taken`;
  const held = takers.filter((taker) => taker.held);
  if (held.length > 0)
    await tx`
      UPDATE offer_purchases p SET quantity = p.quantity - t.quantity
      FROM unnest(${held.map(({ personId }) => personId)}::uuid[], ${held.map(({ quantity }) => quantity)}::int[]) AS t (person_id, quantity)
      WHERE p.offer_id = ${offerId} AND p.person_id = t.person_id`;
  if (!offer) throw new Error(`offer ${offerId} is gone`);
  return offer.taken;
}

/** What each person holds under each offer they want to buy from. */
export async function readHeld(
  tx: Tx,
  wanted: readonly { offerId: string; personId: string }[],
): Promise<Map<string, number>> {
  if (wanted.length === 0) return new Map();
  const rows = await tx<{ offer_id: string; person_id: string; quantity: number }>`
    SELECT h.offer_id, h.person_id, h.quantity
    FROM unnest(${wanted.map(({ offerId }) => offerId)}::uuid[], ${wanted.map(({ personId }) => personId)}::uuid[]) AS w (offer_id, person_id)
    JOIN offer_purchases h ON h.offer_id = w.offer_id AND h.person_id = w.person_id`;
  return new Map(rows.map((row) => [`${row.offer_id} ${row.person_id}`, row.quantity]));
}

async function isOpen(tx: Tx, offerId: string): Promise<boolean> {
  const [row] = await tx`SELECT 1 FROM offers WHERE id = ${offerId} AND state = 'open'`;
  return row !== undefined;
}

export type HeldLine = ReservationLine & { readonly stockUnitId: string };
/** An order may hold a SKU by several items (a bundle's and its own): its movement is one (unique by SKU, unit and order). */
export function bySku(lines: readonly HeldLine[]): HeldLine[] {
  const groups = Map.groupBy(lines, ({ skuId, stockUnitId }) => `${skuId} ${stockUnitId}`);
  return [...groups.values()].flatMap(([first, ...more]) =>
    first ? [{ ...first, quantity: more.reduce((sum, { quantity }) => sum + quantity, first.quantity) }] : [],
  );
}
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
  for (const line of inLockOrder(bySku(lines))) {
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
  for (const line of inLockOrder(bySku(lines))) {
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
