/** Coins and money: pure. A coin is ten fen, so the ledger can keep coins as money without a remainder (M1). */
import { COIN_PACKAGES, FEN_PER_COIN } from '@walnut-live/contracts';

const FEN = BigInt(FEN_PER_COIN);
export const fenOfCoins = (coins: bigint): bigint => coins * FEN;
/** Exact: the database refuses a balance of a wallet that is no whole number of coins. */
export function coinsOfFen(fen: bigint): bigint {
  if (fen % FEN !== 0n) throw new RangeError(`${fen} fen is no whole number of coins`);
  return fen / FEN;
}

export function packageOf(id: string): { readonly priceFen: number; readonly coins: number } {
  const found = COIN_PACKAGES.find((known) => known.id === id);
  if (!found) throw new RangeError(`no package ${id}`);
  return found;
}

/** `CZ` (充值), the day, and enough of the id to be unique. */
export function topUpNo(id: string, at: Date): string {
  return `CZ${at.toISOString().slice(0, 10).replaceAll('-', '')}${id.replaceAll('-', '').slice(-10).toUpperCase()}`;
}

export function lesser(one: bigint, other: bigint): bigint {
  if (one < other) return one;
  return other;
}

export interface Refundable {
  readonly paymentId: string;
  /** What was paid and has not gone back. */
  readonly leftFen: bigint;
}
/**
 * How much goes back to which payment: from the first one on as much as it has left. Undefined when all together have less.
 */
export function spreadRefund(
  payments: readonly Refundable[],
  amountFen: bigint,
): readonly { paymentId: string; amountFen: bigint }[] | undefined {
  let open = amountFen;
  const parts = payments.flatMap(({ paymentId, leftFen }) => {
    const part = lesser(leftFen, open);
    open -= part;
    return part > 0n ? [{ paymentId, amountFen: part }] : [];
  });
  return open === 0n ? parts : undefined;
}
