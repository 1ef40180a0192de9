/**
 * Why this inviter, to everybody concerned and to each what they may know: staff of the order's scope read all of it, names by role
 * and commission by permission; the buyer reads who brought them, no commission and nothing of appeals; a party of the credit (a
 * sharer, a guide, another store's manager) reads what became of their own part, and no name.
 */
import {
  type CreditAppeal,
  type CreditExplanation,
  fenToWire,
  may,
  orderCredit,
  type SharerCredit,
  sharerCredit,
} from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import { maskName } from '../../platform/masks.policy.ts';
import { mayIn, type Principal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import { answerOf, appealUntil, mayAppeal, roleOf } from './appeals.policy.ts';
import * as rows from './explain.repository.ts';
import { interestIn } from './interest.ts';

/** Everything about one order's credit, read together. */
export async function readCase(sql: Sql, orderId: string, now: Date) {
  const order = await rows.orderFacts(sql, orderId, now);
  const versions = order ? await rows.versionsOf(sql, orderId) : [];
  const current = versions.at(-1);
  if (!order || !current) return undefined;
  const { considered } = current.trace;
  const people = await rows.tracePeople(sql, [
    ...new Set([...considered, ...versions].map(({ personId }) => personId).filter((id) => id !== null)),
  ]);
  const nowIs = (id: string | null) => (id === null ? null : (people.get(id)?.id ?? id));
  const parties = {
    buyerIds: new Set(order.buyerIds),
    considered: considered.map((one) => ({ ...one, personId: nowIs(one.personId) })),
    creditedId: current.personId,
    ownerGuideId: order.owner?.guide?.id ?? null,
    unitPaths: new Set([order.store.path, current.unit.path, ...(order.owner ? [order.owner.store.path] : [])]),
  };
  return { order, versions, current, answer: answerOf(versions), parties, people };
}
export type CreditCase = NonNullable<Awaited<ReturnType<typeof readCase>>>;

/** What somebody is to the credit, and whether they may ask for another look. */
export function standingOf(principal: Principal, credit: CreditCase, appeals: readonly rows.AppealRow[], now: Date) {
  const role = roleOf(principal, credit.parties);
  const own = appeals.filter(({ personId }) => personId === principal.personId);
  const asked = own.map(({ version }) => version);
  const answer = mayAppeal({ role, paid: credit.order.paidAt !== null, answer: credit.answer, asked, now });
  return { role, own, answer };
}
export const appealView = ({ personId: _, version: __, ...appeal }: rows.AppealRow): Omit<CreditAppeal, 'by'> => ({
  ...appeal,
  at: appeal.at.toISOString(),
  closedAt: appeal.closedAt?.toISOString() ?? null,
});
const entryView = ({ beneficiaryId: _, ...entry }: rows.CommissionFact) => ({
  ...entry,
  basisFen: fenToWire(entry.basisFen),
  amountFen: fenToWire(entry.amountFen),
  at: entry.at.toISOString(),
});

export function createExplanations(deps: { bind: Binder; db: Db; clock: Clock }) {
  const { bind, db, clock } = deps;

  /** `sql`: a transaction, to explain what it has just done. */
  async function explain(principal: Principal, orderId: string, sql: Sql = db.sql): Promise<CreditExplanation> {
    const now = clock.now();
    const credit = await readCase(sql, orderId, now);
    const isBuyer = credit?.parties.buyerIds.has(principal.personId) ?? false;
    if (!credit || !(isBuyer || mayIn(principal, 'orders:read', credit.order.store.path)))
      throw new AppError('not_found');
    const { order, current, versions } = credit;
    const { staff } = principal;
    const entries = staff ? await rows.commissionOf(sql, orderId) : [];
    const mayReadCommission = staff !== undefined && may(staff.role, 'commission:read');
    const commission = entries.filter((entry) => mayReadCommission || entry.beneficiaryId === principal.personId);
    const appeals = await rows.appealsOf(sql, orderId);
    const standing = standingOf(principal, credit, appeals, now);
    const mayRule =
      mayIn(principal, 'attribution:rule', order.store.path) &&
      (await interestIn(sql, orderId, principal.personId)) === null;

    const people = new Map(credit.people);
    const others = [
      ...commission.map((entry) => entry.beneficiaryId),
      ...appeals.map((appeal) => appeal.personId),
      ...versions.flatMap(({ ruling }) => (ruling ? [ruling.byId] : [])),
    ].filter((id) => !people.has(id));
    for (const [id, person] of await rows.tracePeople(sql, [...new Set(others)])) people.set(id, person);
    const named = (id: string | null) => {
      const person = id === null ? undefined : people.get(id);
      if (!person) return null;
      return staff ? nameFor(staff, person) : { id: person.id, name: person.name };
    };
    const nobody = (id: string) => named(id) ?? { id, name: '' };
    const ownerPath = order.owner?.store.path ?? null;
    return {
      orderId,
      credit: { reason: current.reason, inviter: named(current.personId), orgUnit: current.unit },
      decidedAt: current.at.toISOString(),
      ruleVersion: current.ruleVersion,
      considered: current.trace.considered.map(({ personId, ...one }) => ({ ...one, person: named(personId) })),
      commission: commission.map((entry) => ({ ...entryView(entry), beneficiary: nobody(entry.beneficiaryId) })),
      order: {
        orderNo: order.orderNo,
        placedAt: order.placedAt.toISOString(),
        paidAt: order.paidAt?.toISOString() ?? null,
        paidFen: fenToWire(order.paidFen),
        buyer: staff
          ? nameFor(staff, { ...order.buyer, ownerPath }, [order.store.path], principal.personId)
          : { id: order.buyer.id, name: order.buyer.name },
        store: order.store,
        room: order.room && { id: order.room.id, title: order.room.title },
      },
      policy: await rows.policyOf(sql, current.ruleVersion),
      owner: order.owner && {
        store: order.owner.store,
        guide: order.owner.guide,
        boundAt: new Date(order.owner.boundAt).toISOString(),
        protectedUntil: order.owner.protectedUntil && new Date(order.owner.protectedUntil).toISOString(),
        sinceBefore: new Date(order.owner.boundAt) <= order.placedAt,
      },
      versions: versions.map(({ version, reason, personId, unit, at, ruling }) => ({
        ...{ version, reason, inviter: named(personId), orgUnit: unit, at: at.toISOString() },
        ruling: ruling && staff ? { by: nobody(ruling.byId), outcome: ruling.outcome, reason: ruling.reason } : null,
      })),
      appeals: staff ? appeals.map((appeal) => ({ ...appealView(appeal), by: nobody(appeal.personId) })) : [],
      mayAppeal: standing.answer === 'yes',
      mayRule,
      appealUntil: appealUntil(credit.answer.at).toISOString(),
    };
  }

  async function explainToParty(principal: Principal, orderId: string): Promise<SharerCredit> {
    const now = clock.now();
    const credit = await readCase(db.sql, orderId, now);
    if (!credit) throw new AppError('not_found');
    const { order, current, parties } = credit;
    const standing = standingOf(principal, credit, await rows.appealsOf(db.sql, orderId), now);
    // An order that nobody paid is no sale, and no news for anybody but its buyer (rule A7).
    if (standing.role === null || order.paidAt === null) throw new AppError('not_found');
    const me = principal.personId;
    const entries = await rows.commissionOf(db.sql, orderId);
    return {
      orderId,
      placedAt: order.placedAt.toISOString(),
      buyerName: maskName(order.buyer.name),
      roomTitle: order.room?.title ?? '',
      reason: current.reason,
      mine: current.personId === me,
      decidedAt: current.at.toISOString(),
      ruleVersion: current.ruleVersion,
      windowSeconds: current.trace.windowSeconds,
      considered: parties.considered.map(({ reason, won, why, at, channel, personId }) => {
        const mine = personId === me;
        return { reason, won, why, mine, at: mine ? at : null, channel: mine ? channel : null };
      }),
      commission: entries.filter(({ beneficiaryId }) => beneficiaryId === me).map(entryView),
      versions: credit.versions.map(({ version, reason, personId, at }) => ({
        ...{ version, reason, mine: personId === me, at: at.toISOString() },
      })),
      appeals: standing.own.map(appealView),
      mayAppeal: standing.answer === 'yes',
      appealUntil: appealUntil(credit.answer.at).toISOString(),
    };
  }

  bind(orderCredit, async ({ principal, params }) => explain(principal, params.id));
  bind(sharerCredit, async ({ principal, params }) => explainToParty(principal, params.id));
  return { explain };
}
export type Explanations = ReturnType<typeof createExplanations>;
