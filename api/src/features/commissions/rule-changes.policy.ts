/**
 * From a draft to a version (rules K1, K2, K5): what stands in its way, whether it takes something from somebody, and from when on.
 * Pure.
 */
import type { CommissionProblem, CommissionTerms } from '@walnut-live/contracts';
import type { Rate } from './commissions.policy.ts';
import {
  fits,
  flatRate,
  type Level,
  moreSpecificFirst,
  type RateContext,
  type RateLine,
  type Rule,
  rateOfLine,
} from './rates.policy.ts';
import { type Tier, tierOf } from './tiers.policy.ts';

const ALL_BPS = 10_000;
const DAY_MS = 86_400_000;
/** Products and units that lines name and that exist. */
export interface KnownNames {
  readonly products: ReadonlySet<string>;
  readonly paths: ReadonlySet<string>;
}

const keyOf = (line: RateLine): string =>
  JSON.stringify([
    line.level,
    line.productId,
    line.productRole,
    line.storePath,
    line.inviterRole,
    line.minTier,
    line.minMemberLevel,
    line.fixedFen === undefined,
  ]);

type TermsLike = Omit<CommissionTerms, 'rates' | 'tiers'> & {
  readonly rates: readonly RateLine[];
  readonly tiers: readonly Tier[];
};

/** What stands in the way of publishing these terms; `latest` is the newest version there is. */
export function problemsOf(terms: CommissionTerms, known: KnownNames, latest: CommissionTerms): CommissionProblem[] {
  const problems: CommissionProblem[] = [];
  const seen = new Set<string>();
  const tell = (problem: CommissionProblem['problem'], line: number | null = null) => problems.push({ problem, line });
  for (const [n, line] of terms.rates.entries()) {
    if ((line.bps === undefined) === (line.fixedFen === undefined)) tell('one_of_rate_and_amount', n);
    if (line.fixedFen !== undefined && line.productId === undefined) tell('amount_needs_product', n);
    if (line.productId !== undefined && line.productRole !== undefined) tell('product_says_role', n);
    if (seen.has(keyOf(line))) tell('same_line_twice', n);
    seen.add(keyOf(line));
    if (line.level === 2 && !terms.levelTwoEnabled) tell('level_two_is_off', n);
    if (line.minTier !== undefined && line.minTier > terms.tiers.length) tell('no_such_tier', n);
    if (line.productId !== undefined && !known.products.has(line.productId)) tell('unknown_product', n);
    if (line.storePath !== undefined && !known.paths.has(line.storePath)) tell('unknown_unit', n);
  }
  const most = (level: Level) =>
    Math.max(
      level === 1 ? terms.levelOneBps : terms.levelTwoBps,
      ...terms.rates.filter((line) => line.level === level).map(({ bps = 0 }) => bps),
    );
  if (terms.levelTwoEnabled && most(1) + most(2) > ALL_BPS) tell('more_than_all');
  if (!terms.levelTwoEnabled && terms.levelTwoBps > 0) tell('level_two_is_off');
  if (terms.tiers.some((tier, n) => n > 0 && tier.minNetFen <= (terms.tiers[n - 1]?.minNetFen ?? 0)))
    tell('tiers_not_rising');
  if (JSON.stringify(termsOf(terms)) === JSON.stringify(termsOf(latest))) tell('nothing_changes');
  return problems;
}
/** The terms alone, in one order of their names. */
export const termsOf = (rule: TermsLike): CommissionTerms => ({
  levelOneBps: rule.levelOneBps,
  levelTwoBps: rule.levelTwoBps,
  levelTwoEnabled: rule.levelTwoEnabled,
  rates: rule.rates.map(
    (line) => Object.fromEntries(Object.entries(line).toSorted(([a], [b]) => (a < b ? -1 : 1))) as RateLine,
  ),
  tiers: rule.tiers.map(({ minNetFen, bonusBps }) => ({ minNetFen, bonusBps })),
  freezeDays: rule.freezeDays,
  lockDays: rule.lockDays,
  noticeDays: rule.noticeDays,
});

type Rates = Pick<Rule, 'levelOneBps' | 'levelTwoBps' | 'levelTwoEnabled' | 'rates' | 'tiers'>;
type Guards = Pick<Rule, 'lockDays' | 'noticeDays'>;
/** A context as two lines together ask for it. What neither asks is nothing that any line names. */
function contextOf(a: RateLine | undefined, b: RateLine | undefined): RateContext | undefined {
  const one = <T>(left: T | undefined, right: T | undefined): T | undefined | null =>
    left !== undefined && right !== undefined && left !== right ? null : (left ?? right);
  const [productId, productRole, inviterRole] = [
    one(a?.productId, b?.productId),
    one(a?.productRole, b?.productRole),
    one(a?.inviterRole, b?.inviterRole),
  ];
  const [left, right] = [a?.storePath ?? '', b?.storePath ?? ''];
  const [deeper, upper] = left.length >= right.length ? [left, right] : [right, left];
  const isNested = upper === '' || deeper === upper || deeper.startsWith(`${upper}.`);
  if (productId === null || productRole === null || inviterRole === null || !isNested) return undefined;
  return {
    productId: productId ?? '',
    // No line can name these.
    productRole: productRole ?? ('' as RateContext['productRole']),
    inviterRole: inviterRole ?? ('' as RateContext['inviterRole']),
    storePath: deeper,
    tier: Math.max(a?.minTier ?? 0, b?.minTier ?? 0),
    memberLevel: Math.max(a?.minMemberLevel ?? 0, b?.minMemberLevel ?? 0),
  };
}
/** Without knowing a price an amount and a share cannot be told apart: then it counts as less. */
function isLess(next: Rate, now: Rate): boolean {
  if (now.fixedFen === null && next.fixedFen === null) return next.bps < now.bps;
  if (now.fixedFen !== null && next.fixedFen !== null) return next.fixedFen < now.fixedFen;
  return now.fixedFen !== null || now.bps > 0;
}
/** A shorter notice or lock takes the warning of every cut that follows: that is a cut itself. */
const unguards = (now: Guards, next: Guards): boolean =>
  next.noticeDays < now.noticeDays || next.lockDays < now.lockDays;
/**
 * Whether there is anybody whom `next` gives less than `now`, money or warning. Exact but for amounts against shares: if it were so anywhere, then also
 * where nothing else is asked than what the two lines ask that win there.
 */
export function cuts(now: Rates & Guards, next: Rates & Guards): boolean {
  if (unguards(now, next)) return true;
  for (const level of [1, 2] as const) {
    const linesOf = (rule: Rates) =>
      level === 2 && !rule.levelTwoEnabled
        ? []
        : rule.rates.filter((line) => line.level === level).toSorted(moreSpecificFirst);
    const none: Rate = { bps: 0, fixedFen: null };
    const restOf = (rule: Rates) => (level === 2 && !rule.levelTwoEnabled ? none : flatRate(rule, level));
    const [before, after] = [linesOf(now), linesOf(next)];
    const rateAt = (lines: readonly RateLine[], rest: Rate, context: RateContext) => {
      const won = lines.find((line) => fits(line, context));
      return won ? rateOfLine(won) : rest;
    };
    for (const a of [undefined, ...before])
      for (const b of [undefined, ...after]) {
        const context = contextOf(a, b);
        if (context && isLess(rateAt(after, restOf(next), context), rateAt(before, restOf(now), context))) return true;
      }
  }
  return now.tiers.concat(next.tiers).some(({ minNetFen }) => {
    const at = BigInt(minNetFen);
    const bonus = (tiers: readonly Tier[]) => tiers[tierOf(tiers, at) - 1]?.bonusBps ?? 0;
    return tierOf(next.tiers, at) < tierOf(now.tiers, at) || bonus(next.tiers) < bonus(now.tiers);
  });
}

/**
 * A rise is in force at once; a cut after its notice, and not before the change before it has stood for the days of the lock.
 * `counting`: every version that counts now, the newest last. Of their notices and locks the longest hold, so a version that
 * shortens them does not guard less before it is in force in full itself.
 */
export function effectiveFromOf(
  now: Date,
  isCut: boolean,
  counting: readonly (Guards & { readonly effectiveFrom: Date })[],
): Date {
  const latest = counting.at(-1);
  if (!isCut || !latest) return now;
  const longest = (of: (rule: Guards) => number) => Math.max(...counting.map(of)) * DAY_MS;
  const notice = now.getTime() + longest(({ noticeDays }) => noticeDays);
  const lock = latest.effectiveFrom.getTime() + longest(({ lockDays }) => lockDays);
  return new Date(Math.max(notice, lock));
}
