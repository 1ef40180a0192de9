/**
 * The funnel against its peers (H2): first-order money is the product of visitors, bind rate, first-order rate and order value. Which
 * factor explains the gap to the peers is answered by the Shapley value: the mean of what a factor adds over all orders in which the
 * peers' factors can be replaced by one's own. It needs no order of factors, bears zeros, and sums to the gap exactly.
 */
import { type FunnelFactor, type FunnelSteps, funnelFactors } from '@walnut-live/contracts';

const BPS = 10_000;
export type Counts = Pick<FunnelSteps, 'visitors' | 'newCustomers' | 'firstOrders' | 'firstGmvFen'>;

const rate = (part: number, whole: number): number | null => (whole === 0 ? null : Math.floor((part * BPS) / whole));
export const stepsOf = (counts: Counts): FunnelSteps => ({
  ...counts,
  bindBps: rate(counts.newCustomers, counts.visitors),
  firstOrderBps: rate(counts.firstOrders, counts.newCustomers),
  perOrderFen: counts.firstOrders === 0 ? null : Math.floor(counts.firstGmvFen / counts.firstOrders),
});

const KEYS = ['visitors', 'newCustomers', 'firstOrders', 'firstGmvFen'] as const;
export function meanOf(all: readonly Counts[]): Counts {
  const mean = { visitors: 0, newCustomers: 0, firstOrders: 0, firstGmvFen: 0 };
  for (const key of KEYS) mean[key] = all.reduce((sum, one) => sum + one[key], 0) / Math.max(1, all.length);
  return mean;
}
export function sumOf(all: readonly Counts[]): Counts {
  const mean = meanOf(all);
  for (const key of KEYS) mean[key] = Math.round(mean[key] * all.length);
  return mean;
}

/** A rate of nothing is unknown, not zero: it explains nothing, and the other's stands in for it. */
const factorsOf = ({ visitors, newCustomers, firstOrders, firstGmvFen }: Counts): readonly (number | null)[] => [
  visitors,
  visitors === 0 ? null : newCustomers / visitors,
  newCustomers === 0 ? null : firstOrders / newCustomers,
  firstOrders === 0 ? null : firstGmvFen / firstOrders,
];
const insteadOf = (own: readonly (number | null)[], other: readonly (number | null)[]): number[] =>
  own.map((factor, i) => factor ?? other[i] ?? 0);
const product = (factors: readonly number[]): number => factors.reduce((all, one) => all * one, 1);
const bits = (n: number): number => n.toString(2).replaceAll('0', '').length;
const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));

/** The gap in whole fen, and what each factor explains of it. */
export function explainGap(own: Counts, peers: Counts): { gapFen: number; factors: FunnelFactor[] } {
  const [known, other] = [factorsOf(own), factorsOf(peers)];
  const [mine, theirs] = [insteadOf(known, other), insteadOf(other, known)];
  const n = mine.length;
  /** The product with one's own factors where the set has them. */
  const mixed = (set: number): number => product(mine.map((factor, i) => ((set >> i) & 1 ? factor : (theirs[i] ?? 0))));
  const shares = mine.map((_, i) => {
    let share = 0;
    for (let set = 0; set < 1 << n; set++) {
      if ((set >> i) & 1) continue;
      const size = bits(set);
      share += ((factorial(size) * factorial(n - size - 1)) / factorial(n)) * (mixed(set | (1 << i)) - mixed(set));
    }
    return share;
  });
  const gapFen = Math.round(product(mine) - product(theirs));
  const whole = shares.map(Math.round);
  // Fen that rounding left over go to the factor that explains most.
  const most = shares.reduce((best, share, i) => (Math.abs(share) > Math.abs(shares[best] ?? 0) ? i : best), 0);
  whole[most] = (whole[most] ?? 0) + gapFen - whole.reduce((sum, one) => sum + one, 0);
  return {
    gapFen,
    factors: funnelFactors.map((factor, i) => ({
      ...{ factor, value: mine[i] ?? 0, peers: theirs[i] ?? 0, gapFen: whole[i] ?? 0 },
    })),
  };
}
