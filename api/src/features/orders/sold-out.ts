/**
 * An early "no" from memory (rule S1 allows no more than that): what was found to be sold out a moment ago is not asked of the
 * database again for each of the thousands who still tap.
 *
 * Model: (room, SKU, offer) → until when the answer stands. Invariants: only "no" is remembered, and only for `STANDS_MS`, so
 * that pieces that come back are sold again at once; a buyer who is let through may still lose.
 */
const STANDS_MS = 200;
/** More than anybody sells in one moment; beyond it the oldest is forgotten, which costs a question. */
const REMEMBERED = 10_000;

export type SoldOutReason = 'out_of_stock' | 'offer_sold_out';
export type SoldOut = ReturnType<typeof createSoldOut>;

interface Wanted {
  readonly roomId: string;
  readonly skuId: string;
  readonly offerId: string | null;
}
const nameOf = ({ roomId, skuId, offerId }: Wanted): string => `${roomId} ${skuId} ${offerId ?? ''}`;

/** `elapsedMs` never jumps, unlike the clock on the wall. */
export function createSoldOut({ elapsedMs }: { elapsedMs: () => number }) {
  const known = new Map<string, { reason: SoldOutReason; until: number }>();
  return {
    /** Whoever wants even one piece gets none. */
    remember(wanted: Wanted, reason: SoldOutReason): void {
      const name = nameOf(wanted);
      known.delete(name);
      known.set(name, { reason, until: elapsedMs() + STANDS_MS });
      if (known.size <= REMEMBERED) return;
      const [oldest] = known.keys();
      if (oldest !== undefined) known.delete(oldest);
    },
    ask(wanted: Wanted): SoldOutReason | undefined {
      const name = nameOf(wanted);
      const found = known.get(name);
      if (!found) return undefined;
      if (found.until > elapsedMs()) return found.reason;
      known.delete(name);
      return undefined;
    },
  };
}
