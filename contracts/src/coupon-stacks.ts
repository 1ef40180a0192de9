/**
 * Which coupons one order takes together, and in which order they are applied: pure, decided alike by the checkout that shows it
 * and the server that does it.
 *
 * A coupon stands alone (互斥), or goes with others (可叠加) that are each of another group. The minimum of each is asked of what
 * the goods cost after those applied before it, so the order matters; what is taken off in all does not depend on it.
 */
export const couponStackings = ['alone', 'with_others'] as const;
/** One of each in an order: 店铺券, 品牌券, 会员券. */
export const couponGroups = ['store', 'brand', 'member'] as const;
/** Coupons that one order takes: one of each group. */
export const MAX_COUPONS_PER_ORDER = couponGroups.length;
/** Coupons of one group that are tried in combinations; those that take off most. More are no better in practice. */
const TRIED_PER_GROUP = 8;

export interface StackableCoupon {
  readonly id: string;
  readonly offFen: number | bigint;
  readonly minSpendFen: number | bigint;
  readonly stacking: (typeof couponStackings)[number];
  readonly stackGroup: (typeof couponGroups)[number];
}

/** The first coupon that cannot be in an order with those before it, and why; undefined when they go together. */
export function stackRefusal<C extends StackableCoupon>(
  coupons: readonly C[],
): { coupon: C; reason: 'not_with_others' | 'same_group' } | undefined {
  for (const [n, coupon] of coupons.entries()) {
    if (n > 0 && (coupon.stacking === 'alone' || coupons[0]?.stacking === 'alone'))
      return { coupon, reason: 'not_with_others' };
    if (coupons.slice(0, n).some(({ stackGroup }) => stackGroup === coupon.stackGroup))
      return { coupon, reason: 'same_group' };
  }
  return undefined;
}

/**
 * The order in which the minimums are met whenever they can be: of two neighbours, the one first that leaves the other more room,
 * which is the one with the larger rest below its own minimum (exchange argument). Among equals by id, so that it is always the same.
 */
export function inStackOrder<C extends StackableCoupon>(coupons: readonly C[]): C[] {
  const rest = ({ minSpendFen, offFen }: StackableCoupon): bigint => BigInt(minSpendFen) - BigInt(offFen);
  return [...coupons].sort((a, b) => {
    const [x, y] = [rest(a), rest(b)];
    return x === y ? (a.id < b.id ? -1 : 1) : x > y ? -1 : 1;
  });
}

/** The first coupon, in stack order, whose minimum is above what is left of the goods; undefined when all are met. */
export function shortCoupon<C extends StackableCoupon>(
  coupons: readonly C[],
  goodsFen: number,
): { coupon: C; leftFen: number } | undefined {
  let leftFen = goodsFen;
  for (const coupon of inStackOrder(coupons)) {
    if (leftFen < Number(coupon.minSpendFen)) return { coupon, leftFen };
    leftFen -= Number(coupon.offFen);
  }
  return undefined;
}

/** Whether an order of these goods takes exactly these coupons. */
export const fitsTogether = (coupons: readonly StackableCoupon[], goodsFen: number): boolean =>
  stackRefusal(coupons) === undefined && shortCoupon(coupons, goodsFen) === undefined;

/**
 * The combination with the lowest total; none when nothing makes it cheaper. Among equals the one with fewer coupons, then the one
 * named first. `totalOf` says what the order costs with a combination, shipping included, or null when it does not take it.
 */
export function bestStack<C extends StackableCoupon>(
  coupons: readonly C[],
  goodsFen: number,
  totalOf: (coupons: readonly C[]) => number | null,
): C[] {
  const byOff = [...coupons].sort((a, b) => Number(b.offFen) - Number(a.offFen));
  const alone = byOff.filter(({ stacking }) => stacking === 'alone').map((coupon) => [coupon]);
  let together: C[][] = [[]];
  for (const group of couponGroups) {
    const ofGroup = byOff.filter(({ stacking, stackGroup }) => stacking === 'with_others' && stackGroup === group);
    together = together.flatMap((taken) => [
      taken,
      ...ofGroup.slice(0, TRIED_PER_GROUP).map((coupon) => [...taken, coupon]),
    ]);
  }
  let best: { coupons: C[]; total: number } = { coupons: [], total: totalOf([]) ?? Number.POSITIVE_INFINITY };
  const rank = new Map(coupons.map((coupon, n) => [coupon.id, n]));
  const ranks = (some: readonly C[]): number => Math.min(...some.map(({ id }) => rank.get(id) ?? 0));
  for (const some of [...alone, ...together]) {
    if (some.length === 0 || !fitsTogether(some, goodsFen)) continue;
    const total = totalOf(some);
    if (total === null || total > best.total) continue;
    const sooner =
      some.length < best.coupons.length || (some.length === best.coupons.length && ranks(some) < ranks(best.coupons));
    if (total < best.total || (best.coupons.length > 0 && sooner)) best = { coupons: some, total };
  }
  return inStackOrder(best.coupons);
}
