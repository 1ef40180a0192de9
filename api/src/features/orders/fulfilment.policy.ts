/** Which pieces go into a parcel: pure. */
export interface PiecesWanted {
  readonly orderItemId: string;
  readonly quantity: number;
}
export type Chosen =
  | {
      readonly ok: true;
      readonly pieces: readonly PiecesWanted[];
      /** Nothing of the order is left to send after it. */
      readonly last: boolean;
    }
  | {
      readonly ok: false;
      readonly reason: 'unknown_item' | 'nothing_left' | 'too_many';
      readonly facts: Record<string, unknown>;
    };

/**
 * `left`: what has neither left nor been taken out, item by item, none with zero. Lines of the same item are summed (rule S2).
 * `known`: all items of the order; asking for one of which nothing is left is asking for too many.
 */
export function piecesOf(
  left: readonly PiecesWanted[],
  wanted: readonly PiecesWanted[] | undefined,
  known: ReadonlySet<string>,
): Chosen {
  if (left.length === 0) return { ok: false, reason: 'nothing_left', facts: { left: 0 } };
  const whole = left.map(({ orderItemId, quantity }) => ({ orderItemId, quantity }));
  if (wanted === undefined) return { ok: true, pieces: whole, last: true };
  const sums = new Map<string, number>();
  for (const { orderItemId, quantity } of wanted) sums.set(orderItemId, (sums.get(orderItemId) ?? 0) + quantity);
  const leftOf = new Map(whole.map(({ orderItemId, quantity }) => [orderItemId, quantity]));
  for (const [orderItemId, quantity] of sums) {
    if (!known.has(orderItemId)) return { ok: false, reason: 'unknown_item', facts: { orderItemId } };
    const most = leftOf.get(orderItemId) ?? 0;
    if (quantity > most) return { ok: false, reason: 'too_many', facts: { orderItemId, left: most } };
  }
  const pieces = whole
    .map(({ orderItemId }) => ({ orderItemId, quantity: sums.get(orderItemId) ?? 0 }))
    .filter(({ quantity }) => quantity > 0);
  return { ok: true, pieces, last: whole.every(({ orderItemId, quantity }) => sums.get(orderItemId) === quantity) };
}
