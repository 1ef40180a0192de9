/** What somebody earns by, where their month stands, and the cuts that are announced to them (rules K5, K6). */
import type { myCommissionTerms, ReplyOf } from '@walnut-live/contracts';
import { fenToWire } from '@walnut-live/contracts';
import { chinaDayStart, chinaMonthOf } from '../../platform/china-day.policy.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Principal } from '../../platform/principal.ts';
import type { Item, Rate } from './commissions.policy.ts';
import { readInviter } from './inviter.repository.ts';
import type { PostingDeps } from './posting.ts';
import { inForce, type Level, type RateFacts, type RateLine, type Rule, rateFor, rateIn } from './rates.policy.ts';
import { rulesInForce } from './rules.repository.ts';
import { bestTiers, monthAfter, standingIn, tierOf } from './tiers.policy.ts';
import { heldOfMonth, netOfMonth } from './tiers.repository.ts';

type Terms = ReplyOf<typeof myCommissionTerms>;
/** Amounts and shares are held against each other at a hundred yuan. */
const SAMPLE: Item = { itemId: '', amountFen: 10_000n, refundedFen: 0n, pieces: 1, piecesBack: 0 };
const wire = ({ bps, fixedFen }: Rate) => ({ bps, fixedFen: fixedFen === null ? null : fenToWire(fixedFen) });
const isSame = (a: Rate, b: Rate) => a.bps === b.bps && a.fixedFen === b.fixedFen;

/** What a rate is for: of the parts of a line those that say of what and where it is sold. */
type Scope = Pick<RateLine, 'productId' | 'productRole' | 'storePath'>;
const EVERYTHING: Scope = {};
const scopesOf = (lines: readonly Scope[]): Scope[] => [
  ...new Map(
    lines.map((line) => [JSON.stringify([line.productId, line.productRole, line.storePath]), line] as const),
  ).values(),
];
const factsAt = (scope: Scope, me: Omit<RateFacts, 'productId' | 'productRole' | 'storePath'>): RateFacts => ({
  ...me,
  productId: scope.productId ?? '',
  productRole: scope.productRole ?? ('' as RateFacts['productRole']),
  storePath: scope.storePath ?? '',
});

/** Names of what lines are about. */
export async function namesOf(tx: Tx, lines: readonly Scope[]) {
  const ids = [...new Set(lines.flatMap(({ productId }) => productId ?? []))];
  const paths = [...new Set(lines.flatMap(({ storePath }) => storePath ?? []))];
  const products = await tx<{
    id: string;
    title: string;
  }>`SELECT id, title FROM products WHERE id = ANY(${ids}::uuid[])`;
  const units = await tx<{
    id: string;
    kind: 'hq' | 'channel' | 'store';
    path: string;
    name: string;
  }>`SELECT id, kind, path, name FROM org_units WHERE path = ANY(${paths}::text[])`;
  return (scope: Scope) => ({
    product: products.find(({ id }) => id === scope.productId) ?? null,
    productRole: scope.productRole ?? null,
    unit: units.find(({ path }) => path === scope.storePath) ?? null,
  });
}

export async function myTerms(
  deps: Pick<PostingDeps, 'isAgent'> & { db: Db; clock: Clock },
  principal: Principal,
): Promise<Terms> {
  const at = deps.clock.now();
  const month = chinaMonthOf(at);
  const monthEnds = chinaDayStart(`${monthAfter(month)}-01`);
  return deps.db.transaction(async (tx) => {
    const known = await rulesInForce(tx, at);
    const rules = inForce(known, at);
    const newest = rules.at(-1);
    if (!newest) throw new Error('no commission rule is in force');
    const me = await readInviter(tx, principal.personId, { tierBefore: month, isAgent: deps.isAgent });
    const concernsMe = (line: RateLine) =>
      (line.inviterRole === undefined || line.inviterRole === me.inviterRole) &&
      (line.minMemberLevel ?? 0) <= me.memberLevel;
    const isReached = (line: RateLine) =>
      rules.some(({ tiers }) => (line.minTier ?? 0) <= tierOf(tiers, me.netBeforeFen));
    const linesOf = (level: Level, some: readonly Rule[]) =>
      some.flatMap(({ rates }) => rates.filter((line) => line.level === level && concernsMe(line)));
    const levels: readonly Level[] = rules.some(({ levelTwoEnabled }) => levelTwoEnabled) ? [1, 2] : [1];
    const nameOf = await namesOf(
      tx,
      [1, 2].flatMap((level) => linesOf(level as Level, known)),
    );

    // As the month will be counted, and what the next one begins with, by all that is published.
    const sold = await netOfMonth(tx, principal.personId, month);
    const counting = inForce(known, new Date(monthEnds.getTime() - 1));
    const tiers = bestTiers(
      counting.map((rule) => rule.tiers),
      sold,
    );
    const { netFen, bonusFen, next, ...standing } = standingIn(tiers, sold);
    const after = inForce(known, monthEnds);
    const opened = ({ minNetFen }: { minNetFen: number }, tier: number): Terms['tiers'][number]['lines'] =>
      levels.flatMap((level) =>
        scopesOf(linesOf(level, after).filter(({ minTier }) => minTier === tier)).map((scope) => ({
          level,
          ...nameOf(scope),
          ...wire(rateFor(after, level, factsAt(scope, { ...me, netBeforeFen: BigInt(minNetFen) }), SAMPLE).rate),
        })),
      );
    return {
      ...{ role: me.inviterRole, tier: tierOf(newest.tiers, me.netBeforeFen), memberLevel: me.memberLevel },
      freezeDays: newest.freezeDays,
      lines: levels.flatMap((level) =>
        scopesOf([EVERYTHING, ...linesOf(level, rules).filter(isReached)]).map((scope) => {
          const facts = factsAt(scope, me);
          const now = rateFor(rules, level, facts, SAMPLE).rate;
          const then = rateIn(newest, level, facts).rate;
          return {
            ...{ level, ...nameOf(scope), ...wire(now) },
            announced: isSame(now, then) ? null : { from: newest.effectiveFrom.toISOString(), ...wire(then) },
          };
        }),
      ),
      month: {
        ...{ month, ...standing, netFen: fenToWire(netFen), bonusFen: fenToWire(bonusFen) },
        heldFen: fenToWire(await heldOfMonth(tx, principal.personId, month)),
        next: next && { ...next, missingFen: fenToWire(next.missingFen) },
      },
      tiers: tiers.map((tier, index) => ({ ...tier, tier: index + 1, lines: opened(tier, index + 1) })),
    };
  });
}
