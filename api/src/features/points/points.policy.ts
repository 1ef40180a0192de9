/** Points in and out of lots (rule N1): pure. */

const BPS = 10_000n;

/** What a basis earns at a rate, floored (rule M4). */
export const pointsFor = (basisFen: bigint, bps: number): bigint =>
  basisFen <= 0n ? 0n : (basisFen * BigInt(bps)) / BPS;

export interface LotParts {
  readonly remaining: bigint;
  readonly used: bigint;
  readonly expired: bigint;
}
/**
 * Where points that a refund takes back come from: first what of this lot is still there, then what of it ended unused (nobody
 * has that any more), then what was spent of it. The last is owed: it is taken from other lots, or from what comes next.
 */
export function takeBack(points: bigint, lot: LotParts): LotParts {
  const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
  const remaining = least(points, lot.remaining);
  const expired = least(points - remaining, lot.expired);
  const used = least(points - remaining - expired, lot.used);
  if (remaining + expired + used !== points) throw new RangeError('more points taken back than were given');
  return { remaining, expired, used };
}
