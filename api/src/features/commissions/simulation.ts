/**
 * What terms would have paid for the orders of a month (rules K1, K2, K6), beside what was posted. Reads one snapshot, batch by batch,
 * and writes nothing: PostgreSQL refuses it. Ends in time and says so when it did not see everything.
 */
import {
  type BodyOf,
  type CommissionSimulation,
  type CommissionTerms,
  fenToWire,
  type simulateCommission,
} from '@walnut-live/contracts';
import { chinaDayStart } from '../../platform/china-day.policy.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { basisOf, dueFor, earns } from './commissions.policy.ts';
import { type InviterFacts, readInviter } from './inviter.repository.ts';
import type { PostingDeps } from './posting.ts';
import { asksTier, type InviterRole, type Level, type Rule, rateIn } from './rates.policy.ts';
import { requireHeadquarters } from './rules.service.ts';
import { inviteEdgesOf, ordersOfMonth, postedBonusOf, type SimulatedOrder } from './simulation.repository.ts';
import { bonusOf, monthAfter, type StoreNet } from './tiers.policy.ts';

const BATCH_ORDERS = 500;
/** Below the time that the database gives a statement and a browser a request. */
const TIME_MS = 8_000;

interface Sums {
  orders: number;
  basisFen: bigint;
  actualFen: bigint;
  wouldBeFen: bigint;
}
const nothing = (): Sums => ({ orders: 0, basisFen: 0n, actualFen: 0n, wouldBeFen: 0n });
function add(to: Sums, part: Omit<Sums, 'orders'>): void {
  to.orders += 1;
  to.basisFen += part.basisFen;
  to.actualFen += part.actualFen;
  to.wouldBeFen += part.wouldBeFen;
}
const wire = (sums: Sums) => ({
  orders: sums.orders,
  basisFen: fenToWire(sums.basisFen),
  actualFen: fenToWire(sums.actualFen),
  wouldBeFen: fenToWire(sums.wouldBeFen),
});
function at<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}

/** Terms as if they had always been the one version in force. */
export const ruleOf = (terms: CommissionTerms): Rule => ({
  ...terms,
  version: 0,
  effectiveFrom: new Date(0),
  publishedAt: null,
});

export function createSimulation(deps: Pick<PostingDeps, 'policyAt' | 'isAgent'> & { db: Db; clock: Clock }) {
  /** Order after order; answers false when the time is over. */
  async function walk(
    tx: Tx,
    { month, terms, scope }: { month: string; terms: CommissionTerms; scope: string | null },
  ) {
    const rule = ruleOf(terms);
    const started = performance.now();
    const people = new Map<string, InviterFacts>();
    const factsOf = async (personId: string): Promise<InviterFacts> => {
      const known =
        people.get(personId) ??
        (await readInviter(tx, personId, { tierBefore: asksTier([rule]) ? month : null, isAgent: deps.isAgent }));
      people.set(personId, known);
      return known;
    };
    const sums = {
      total: nothing(),
      byRole: new Map<string, Sums & { role: InviterRole; level: Level }>(),
      byStore: new Map<string, Sums>(),
    };
    const nets = new Map<string, Map<string, StoreNet>>();
    const { selfPurchaseCommission } = await deps.policyAt(tx, deps.clock.now());
    const [from, to] = [chinaDayStart(`${month}-01`), chinaDayStart(`${monthAfter(month)}-01`)];
    let after: { at: Date; id: string } | undefined;
    for (;;) {
      const orders = await ordersOfMonth(tx, { from, to, after, limit: BATCH_ORDERS });
      const credited = orders.flatMap(({ personId }) => (personId === null ? [] : [personId]));
      const inviters = terms.levelTwoEnabled ? await inviteEdgesOf(tx, credited) : new Map<string, string>();
      for (const order of orders) {
        const earners = earnersOf(order, inviters, selfPurchaseCommission);
        const isInScope = scope === null || order.orgPath === scope || order.orgPath.startsWith(`${scope}.`);
        const parts: Sums = nothing();
        for (const level of [1, 2] as const) {
          const personId = earners[level - 1];
          const actualFen = level === 1 ? order.levelOneFen : order.levelTwoFen;
          const part = { basisFen: 0n, actualFen, wouldBeFen: 0n };
          if (personId !== undefined) {
            const facts = await factsOf(personId);
            for (const item of order.items) {
              const { productId, productRole } = item;
              const { rate } = rateIn(rule, level, { productId, productRole, storePath: order.orgPath, ...facts });
              part.wouldBeFen += dueFor(item, rate);
              part.basisFen += basisOf(item);
            }
            if (level === 1) noteNet(nets, personId, order, part.basisFen);
            if (isInScope) {
              const role = facts.inviterRole;
              add(
                at(sums.byRole, `${level} ${role}`, () => ({ ...nothing(), role, level })),
                part,
              );
            }
          }
          if (level === 1) parts.basisFen = part.basisFen;
          parts.actualFen += part.actualFen;
          parts.wouldBeFen += part.wouldBeFen;
        }
        if (!isInScope) continue;
        add(sums.total, parts);
        add(at(sums.byStore, order.storeId, nothing), parts);
      }
      const last = orders.at(-1);
      if (!last || orders.length < BATCH_ORDERS) return { ...sums, nets, complete: true };
      if (performance.now() - started > TIME_MS) return { ...sums, nets, complete: false };
      after = { at: last.paidAt, id: last.id };
    }
  }

  return {
    async simulate(
      principal: StaffPrincipal,
      { month, orgUnitId, terms }: BodyOf<typeof simulateCommission>,
    ): Promise<CommissionSimulation> {
      requireHeadquarters(principal);
      return deps.db.transaction(
        async (tx) => {
          await tx`SET TRANSACTION READ ONLY`;
          const units = await tx<{
            id: string;
            kind: 'hq' | 'channel' | 'store';
            path: string;
            name: string;
          }>`SELECT id, kind, path, name FROM org_units`;
          const unit = units.find(({ id }) => id === orgUnitId);
          if (orgUnitId !== undefined && !unit) throw new AppError('not_found');
          const scope = unit?.path ?? null;
          const seen = await walk(tx, { month, terms, scope });
          const bonuses = [...seen.nets.values()].flatMap((stores) => bonusOf(terms.tiers, [...stores.values()]));
          const inScope = bonuses.filter(
            ({ orgPath }) => scope === null || orgPath === scope || orgPath.startsWith(`${scope}.`),
          );
          return {
            ...{ month, complete: seen.complete, total: wire(seen.total) },
            byRole: [...seen.byRole.values()].map((row) => ({ ...wire(row), role: row.role, level: row.level })),
            byStore: [...seen.byStore].flatMap(([id, row]) => {
              const store = units.find((one) => one.id === id);
              return store ? [{ ...wire(row), store }] : [];
            }),
            bonusFen: fenToWire(await postedBonusOf(tx, month, scope)),
            bonusWouldBeFen: fenToWire(inScope.reduce((sum, { dueFen }) => sum + dueFen, 0n)),
          };
        },
        { isolation: 'repeatable read' },
      );
    },
  };
}

/** Level one, and who brought them. */
function earnersOf(
  order: SimulatedOrder,
  inviters: ReadonlyMap<string, string>,
  selfPurchaseCommission: boolean,
): string[] {
  const buyer = { selves: new Set([order.buyerId]), selfPurchaseCommission };
  const credit = { reason: order.reason, personId: order.personId };
  if (!earns(credit, buyer)) return [];
  const inviter = inviters.get(credit.personId);
  return inviter === undefined || inviter === order.buyerId || inviter === credit.personId
    ? [credit.personId]
    : [credit.personId, inviter];
}
function noteNet(
  nets: Map<string, Map<string, StoreNet>>,
  personId: string,
  order: SimulatedOrder,
  basisFen: bigint,
): void {
  const own = at(nets, personId, () => new Map<string, StoreNet>());
  const { storeId, orgPath } = order;
  own.set(storeId, { storeId, orgPath, netFen: (own.get(storeId)?.netFen ?? 0n) + basisFen });
}
