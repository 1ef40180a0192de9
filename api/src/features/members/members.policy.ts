/** Which level a spend has (rule N1): pure. */
import { MAX_MEMBER_LEVELS } from '@walnut-live/contracts';

export interface LevelTerms {
  readonly rank: number;
  readonly minSpendFen: bigint;
  readonly pointsBps: number;
}

/** The rank that the spend has; 0 below the first level. */
export function rankOf(spendFen: bigint, levels: readonly LevelTerms[]): number {
  return levels.reduce((rank, level) => (spendFen >= level.minSpendFen && level.rank > rank ? level.rank : rank), 0);
}

/** The level after a rank; undefined at the top. */
export function levelAfter<L extends LevelTerms>(rank: number, levels: readonly L[]): L | undefined {
  return levels.filter((level) => level.rank > rank).sort((a, b) => a.rank - b.rank)[0];
}

/** Points for one fen, in basis points, of somebody of a rank. */
export const rateOf = (rank: number, rules: { basePointsBps: number; levels: readonly LevelTerms[] }): number =>
  levelOf(rank, rules.levels)?.pointsBps ?? rules.basePointsBps;

export const levelOf = <L extends LevelTerms>(rank: number, levels: readonly L[]): L | undefined =>
  levels.find((level) => level.rank === rank);

/** What was paid for goods and stayed paid: rule K1's basis, without shipping. */
export const spendOf = (order: {
  paidFen: bigint;
  shippingFen: bigint;
  refundedFen: bigint;
  shippingRefundedFen: bigint;
}): bigint => order.paidFen - order.shippingFen - (order.refundedFen - order.shippingRefundedFen);

export const isRank = (rank: number): boolean => Number.isInteger(rank) && rank >= 0 && rank <= MAX_MEMBER_LEVELS;
