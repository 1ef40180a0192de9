/** What a request comes to while its form is filled in: pure. */
import { type AfterSaleKind, type AfterSaleOptions, pieceShareFen } from '@walnut-live/contracts';

export type Chosen = Readonly<Record<string, number>>;

/** Fen of these pieces of an item: their exact share, and never more than is left. */
export function sumOfItem(item: AfterSaleOptions['items'][number], pieces: number): number {
  const before = item.quantity - item.pieces;
  const share = Number(pieceShareFen({ amountFen: BigInt(item.amountFen), quantity: item.quantity }, before, pieces));
  return Math.min(share, item.leftFen);
}

export function sumOf(options: AfterSaleOptions, chosen: Chosen, kind: AfterSaleKind, withShipping: boolean) {
  const pieces = options.items.reduce((sum, { itemId }) => sum + (chosen[itemId] ?? 0), 0);
  if (kind === 'exchange') return { pieces, fen: 0 };
  const items = options.items.reduce((sum, item) => sum + sumOfItem(item, chosen[item.itemId] ?? 0), 0);
  return { pieces, fen: pieces === 0 ? 0 : items + (withShipping ? options.shippingLeftFen : 0) };
}

/** A picture of a phone is far larger than what a desk needs to see. Pixels of the longer side. */
export const LONGEST_SIDE = 1_600;
export function fitWithin(width: number, height: number, longest = LONGEST_SIDE): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
