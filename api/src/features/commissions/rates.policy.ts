/**
 * Which rate an item earns (rules K1, K2, K5): pure, with a trace that says why.
 *
 * A rule is two rates for everything (level one and two) and lines that say otherwise for some: for a product or a product's
 * role, at a unit and everything under it, for inviters of a role, from a tier or a member level on. Of the lines that fit, the
 * most specific wins; what a line says of the product counts more than where it is sold, that more than who brought it:
 * product, product role, unit (the deeper the nearer), inviter's role, tier, member level. A fixed amount per piece always
 * names its product and beats every percentage (K1).
 *
 * Several versions can be in force at once: the one that is in force in full and those that were published since, whose cuts
 * are announced (K5). The beneficiary has the best of them: a rise counts at once, a cut when its notice is over.
 */
import type { CommissionInviterRole, CommissionRate, productRoles } from '@walnut-live/contracts';
import type { z } from 'zod';
import { dueFor, type Item, type Rate } from './commissions.policy.ts';
import { type Tier, tierOf } from './tiers.policy.ts';

export type RateLine = z.output<typeof CommissionRate>;
export type InviterRole = z.output<typeof CommissionInviterRole>;
export type Level = 1 | 2;

export interface Rule {
  readonly version: number;
  readonly levelOneBps: number;
  readonly levelTwoBps: number;
  readonly levelTwoEnabled: boolean;
  readonly rates: readonly RateLine[];
  readonly tiers: readonly Tier[];
  readonly freezeDays: number;
  readonly lockDays: number;
  readonly noticeDays: number;
  readonly effectiveFrom: Date;
  readonly publishedAt: Date | null;
}
/** What a line can ask about. */
export interface RateContext {
  readonly productId: string;
  readonly productRole: (typeof productRoles)[number];
  /** Path of the unit that sold it. */
  readonly storePath: string;
  readonly inviterRole: InviterRole;
  /** Reached by the sales of the month before, by the tiers of the version; 0 = none. */
  readonly tier: number;
  /** 0 = none. */
  readonly memberLevel: number;
}
/** What is known of a sale; which tier its sales of the month before reach is for each version to say. */
export type RateFacts = Omit<RateContext, 'tier'> & { readonly netBeforeFen: bigint };
export interface RateTrace {
  /** Position of the line in its version; null = the rate for everything. */
  readonly line: number | null;
  /** Lines that fit and lost. */
  readonly lost: readonly number[];
  readonly context: RateContext;
}
export interface FoundRate {
  readonly rate: Rate;
  readonly version: number;
  readonly trace: RateTrace;
}

const isUnder = (path: string, root: string) => path === root || path.startsWith(`${root}.`);

export function fits(line: RateLine, context: RateContext): boolean {
  return (
    (line.productId === undefined || line.productId === context.productId) &&
    (line.productRole === undefined || line.productRole === context.productRole) &&
    (line.storePath === undefined || isUnder(context.storePath, line.storePath)) &&
    (line.inviterRole === undefined || line.inviterRole === context.inviterRole) &&
    context.tier >= (line.minTier ?? 0) &&
    context.memberLevel >= (line.minMemberLevel ?? 0)
  );
}
const depthOf = (path: string | undefined) => (path === undefined ? 0 : path.split('.').length);
/** Bigger is more specific, from the first number that differs on. */
const rankOf = (line: RateLine): number[] => [
  line.fixedFen === undefined ? 0 : 1,
  line.productId === undefined ? 0 : 1,
  line.productRole === undefined ? 0 : 1,
  depthOf(line.storePath),
  line.inviterRole === undefined ? 0 : 1,
  line.minTier ?? 0,
  line.minMemberLevel ?? 0,
];
export function moreSpecificFirst(a: RateLine, b: RateLine): number {
  const [left, right] = [rankOf(a), rankOf(b)];
  const at = left.findIndex((one, n) => one !== right[n]);
  return at === -1 ? 0 : (right[at] ?? 0) - (left[at] ?? 0);
}

export const flatRate = (rule: Pick<Rule, 'levelOneBps' | 'levelTwoBps'>, level: Level): Rate => ({
  bps: level === 1 ? rule.levelOneBps : rule.levelTwoBps,
  fixedFen: null,
});
const NOTHING: Rate = { bps: 0, fixedFen: null };
export const rateOfLine = (line: RateLine): Rate =>
  line.fixedFen === undefined ? { bps: line.bps ?? 0, fixedFen: null } : { bps: 0, fixedFen: BigInt(line.fixedFen) };

/** What one version says. Level two earns nothing unless the version switches it on (rule K2). */
export function rateIn(rule: Rule, level: Level, facts: RateFacts): FoundRate {
  const { netBeforeFen, ...known } = facts;
  const context = { ...known, tier: tierOf(rule.tiers, netBeforeFen) };
  const found = (rate: Rate, line: number | null, lost: number[] = []): FoundRate => ({
    ...{ rate, version: rule.version, trace: { line, lost, context } },
  });
  if (level === 2 && !rule.levelTwoEnabled) return found(NOTHING, null);
  const fitting = rule.rates
    .map((line, position) => ({ line, position }))
    .filter(({ line }) => line.level === level && fits(line, context))
    .sort((a, b) => moreSpecificFirst(a.line, b.line));
  const [won, ...lost] = fitting;
  if (!won) return found(flatRate(rule, level), null);
  return found(
    rateOfLine(won.line),
    won.position,
    lost.map(({ position }) => position),
  );
}

/** The versions that count at a moment, oldest first: the last that is in force in full, and what was published since. */
export function inForce(rules: readonly Rule[], at: Date): Rule[] {
  const inFull = rules.filter(({ effectiveFrom }) => effectiveFrom <= at);
  const base = Math.max(...inFull.map(({ version }) => version));
  return rules
    .filter((rule) => rule.version >= base && (rule.publishedAt ?? rule.effectiveFrom) <= at)
    .toSorted((a, b) => a.version - b.version);
}

/** The best that the versions in force give for this item as it was sold; of equals the newest (rule K5). */
export function rateFor(rules: readonly Rule[], level: Level, facts: RateFacts, item: Item): FoundRate {
  const whole = { ...item, refundedFen: 0n, piecesBack: 0 };
  let best: FoundRate | undefined;
  for (const rule of rules) {
    const found = rateIn(rule, level, facts);
    if (!best || dueFor(whole, found.rate) >= dueFor(whole, best.rate)) best = found;
  }
  if (!best) throw new Error('no commission rule is in force');
  return best;
}

/** Whether any line asks what somebody sold in the month before. */
export const asksTier = (rules: readonly Rule[]): boolean =>
  rules.some(({ rates }) => rates.some(({ minTier }) => minTier !== undefined));
