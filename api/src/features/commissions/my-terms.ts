/** What somebody earns by, and the cuts that are announced to them (rule K5). */
import type { myCommissionTerms, ReplyOf } from '@walnut-live/contracts';
import { fenToWire } from '@walnut-live/contracts';
import { chinaDayOf } from '../../platform/china-day.policy.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Principal } from '../../platform/principal.ts';
import type { Item, Rate } from './commissions.policy.ts';
import { readInviter } from './inviter.repository.ts';
import type { PostingDeps } from './posting.ts';
import { inForce, type RateFacts, type RateLine, rateFor, rateIn } from './rates.policy.ts';
import { rulesInForce } from './rules.repository.ts';
import { tierOf } from './tiers.policy.ts';

/** Amounts and shares are held against each other at a hundred yuan. */
const SAMPLE: Item = { itemId: '', amountFen: 10_000n, refundedFen: 0n, pieces: 1, piecesBack: 0 };
const wire = ({ bps, fixedFen }: Rate) => ({ bps, fixedFen: fixedFen === null ? null : fenToWire(fixedFen) });
const isSame = (a: Rate, b: Rate) => a.bps === b.bps && a.fixedFen === b.fixedFen;

export async function myTerms(
  deps: Pick<PostingDeps, 'isAgent'> & { db: Db; clock: Clock },
  principal: Principal,
): Promise<ReplyOf<typeof myCommissionTerms>> {
  const at = deps.clock.now();
  return deps.db.transaction(async (tx) => {
    const rules = inForce(await rulesInForce(tx, at), at);
    const newest = rules.at(-1);
    if (!newest) throw new Error('no commission rule is in force');
    const me = await readInviter(tx, principal.personId, {
      tierBefore: chinaDayOf(at).slice(0, 7),
      isAgent: deps.isAgent,
    });
    const units = await tx<{
      id: string;
      kind: 'hq' | 'channel' | 'store';
      path: string;
      name: string;
    }>`SELECT id, kind, path, name FROM org_units`;
    const concernsMe = (line: RateLine) =>
      line.level === 1 &&
      (line.inviterRole === undefined || line.inviterRole === me.inviterRole) &&
      (line.minMemberLevel ?? 0) <= me.memberLevel &&
      rules.some(({ tiers }) => (line.minTier ?? 0) <= tierOf(tiers, me.netBeforeFen));
    const lines = rules.flatMap(({ rates }) => rates.filter(concernsMe));
    const scopes = new Map(
      [undefined, ...lines].map((line) => [
        JSON.stringify([line?.productId, line?.productRole, line?.storePath]),
        line,
      ]),
    );
    const ids = lines.flatMap(({ productId }) => (productId === undefined ? [] : [productId]));
    const products = await tx<{
      id: string;
      title: string;
    }>`SELECT id, title FROM products WHERE id = ANY(${ids}::uuid[])`;
    return {
      role: me.inviterRole,
      tier: tierOf(newest.tiers, me.netBeforeFen),
      memberLevel: me.memberLevel,
      lines: [...scopes.values()].map((line) => {
        const facts: RateFacts = {
          ...me,
          productId: line?.productId ?? '',
          productRole: line?.productRole ?? ('' as RateFacts['productRole']),
          storePath: line?.storePath ?? '',
        };
        const now = rateFor(rules, 1, facts, SAMPLE).rate;
        const then = rateIn(newest, 1, facts).rate;
        return {
          product: products.find(({ id }) => id === line?.productId) ?? null,
          productRole: line?.productRole ?? null,
          unit: units.find(({ path }) => path === line?.storePath) ?? null,
          ...wire(now),
          announced: isSame(now, then) ? null : { from: newest.effectiveFrom.toISOString(), ...wire(then) },
        };
      }),
    };
  });
}
