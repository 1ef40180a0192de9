/**
 * What orders tell commissions: paid, received, refunded, credited to somebody else by a ruling.
 *
 * Model: the entries of one person, item and level are a group; each event posts the difference between what a group says and
 * what it is due now, and the same sum in the ledger, in one transaction. Told again, the difference is nothing. The order's row
 * is locked before its entries, and they before marks of months, and those before the ledger's accounts.
 */
import type { Ledger } from '../../ledger/index.ts';
import { chinaMonthOf } from '../../platform/china-day.policy.ts';
import type { Random } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';
import { type Standing, standingOf } from './commission-states.policy.ts';
import { basisOf, bringTo, dueFor, earns, pays, type Rate } from './commissions.policy.ts';
import * as rows from './entries.repository.ts';
import { endMootHolds } from './held.ts';
import { type InviterFacts, readInviter } from './inviter.repository.ts';
import { asksTier, type FoundRate, inForce, type Level, type Rule, rateFor } from './rates.policy.ts';
import { freezeDaysOf, rulesInForce } from './rules.repository.ts';

export interface PostingDeps {
  readonly random: Random;
  readonly ledger: Ledger;
  readonly policyAt: (tx: Tx, at: Date) => Promise<{ selfPurchaseCommission: boolean }>;
  /** Agents have an agreement of their own; without anybody who knows, nobody is one. */
  readonly isAgent?: ((tx: Tx, personId: string) => Promise<boolean>) | undefined;
}

interface Earner extends InviterFacts {
  readonly level: Level;
  readonly personId: string;
}
type Group = rows.PostedEntry[];
const isVoided = (group: Group): boolean => group.some(({ event }) => event === 'voided');
/** A ruling took all of it, and none gave it back. */
function wasTaken(group: Group): boolean {
  const last = group.findLast(({ event }) => event !== 'refunded');
  return last?.event === 'ruled' && last.basisFen === 0n;
}
function groupsOf(entries: readonly rows.PostedEntry[]): Group[] {
  return [...Map.groupBy(entries, (e) => `${e.itemId} ${e.level} ${e.personId}`).values()];
}

export function createPosting(deps: PostingDeps) {
  const { random, ledger } = deps;

  /** Writes entries and steps, and books what each person gains or loses. */
  async function enter(
    tx: Tx,
    fact: { kind: string; ref: string; at: Date; storeId: string; actorId?: string; reason?: string },
    entries: readonly rows.NewEntry[],
  ): Promise<void> {
    const made = await rows.insertEntries(tx, entries, { actorId: fact.actorId ?? null, reason: fact.reason ?? '' });
    const owed = new Map<string, bigint>();
    for (const { id, beneficiaryId, amountFen } of entries)
      if (made.has(id)) owed.set(beneficiaryId, (owed.get(beneficiaryId) ?? 0n) + amountFen);
    const legs = [...owed].filter(([, fen]) => fen !== 0n);
    const total = legs.reduce((sum, [, fen]) => sum + fen, 0n);
    if (legs.length === 0) return;
    await ledger.postTransfer(tx, {
      kind: fact.kind,
      ref: fact.ref,
      at: fact.at,
      entries: [
        ...(total === 0n
          ? []
          : [{ account: { kind: 'commission_expense' as const, owner: fact.storeId }, amountFen: total }]),
        ...legs.map(([owner, fen]) => ({ account: { kind: 'commission_payable' as const, owner }, amountFen: -fen })),
      ],
    });
  }

  /** Who earns of an order as it is credited now: the credited person and, where any rule pays it, who brought them. */
  async function earnersOf(
    tx: Tx,
    orderId: string,
    order: rows.OrderFacts,
    rules: readonly Rule[],
    paidAt: Date,
  ): Promise<Earner[]> {
    if (order.reason === null) return [];
    const credit = { reason: order.reason, personId: order.personId };
    const { selfPurchaseCommission } = await deps.policyAt(tx, paidAt);
    const buyer = { selves: new Set([order.buyerId]), selfPurchaseCommission };
    if (!earns(credit, buyer)) return [];
    const needs = { tierBefore: asksTier(rules) ? chinaMonthOf(paidAt) : null, isAgent: deps.isAgent };
    const first = { level: 1 as const, personId: credit.personId };
    const earners: Earner[] = [{ ...first, ...(await readInviter(tx, credit.personId, needs)) }];
    if (!rules.some(({ levelTwoEnabled }) => levelTwoEnabled)) return earners;
    const inviterId = await rows.inviterOf(tx, credit.personId, orderId);
    if (inviterId === null || inviterId === credit.personId || inviterId === order.buyerId) return earners;
    return [...earners, { level: 2, personId: inviterId, ...(await readInviter(tx, inviterId, needs)) }];
  }
  const rateOf = (rules: readonly Rule[], order: rows.OrderFacts, earner: Earner, item: rows.SoldItem): FoundRate => {
    const { productId, productRole } = item;
    const { inviterRole, netBeforeFen, memberLevel } = earner;
    const facts = { productId, productRole, storePath: order.orgPath, inviterRole, netBeforeFen, memberLevel };
    return rateFor(rules, earner.level, facts, item);
  };
  const entryOf = (
    order: { orderId: string; storeId: string; orgPath: string },
    item: rows.SoldItem,
    who: { beneficiaryId: string; level: Level },
    rate: Rate & { ruleVersion: number; rateTrace: FoundRate['trace'] | null },
    what: Pick<
      rows.NewEntry,
      'event' | 'eventRef' | 'at' | 'basisFen' | 'amountFen' | 'state' | 'settleableAt' | 'heldReason'
    >,
  ): rows.NewEntry => ({
    ...{ id: random.id(), itemId: item.itemId, orderId: order.orderId, storeId: order.storeId, orgPath: order.orgPath },
    ...{ beneficiaryId: who.beneficiaryId, level: who.level },
    ...{ bps: rate.bps, fixedFen: rate.fixedFen, ruleVersion: rate.ruleVersion, rateTrace: rate.rateTrace },
    ...{ event: what.event, eventRef: what.eventRef, at: what.at, basisFen: what.basisFen, amountFen: what.amountFen },
    ...{ state: what.state, settleableAt: what.settleableAt, heldReason: what.heldReason },
  });

  /** The order was paid: its items earn for whom it is credited to. */
  async function onOrderPaid(tx: Tx, orderId: string, at: Date): Promise<void> {
    const order = await rows.lockOrderFacts(tx, orderId);
    if (!order) return;
    const rules = inForce(await rulesInForce(tx, at), at);
    const earners = await earnersOf(tx, orderId, order, rules, at);
    if (earners.length === 0) return;
    const items = await rows.itemsOf(tx, orderId, null);
    const what = { event: 'paid' as const, eventRef: orderId, at, heldReason: '', ...standingOf(null, 0) };
    const entries = earners.flatMap((earner) =>
      items.flatMap((item) => {
        const { rate, version, trace } = rateOf(rules, order, earner, item);
        if (!pays(rate)) return [];
        const sums = { basisFen: basisOf(item), amountFen: dueFor(item, rate) };
        const who = { beneficiaryId: earner.personId, level: earner.level };
        const given = { ...rate, ruleVersion: version, rateTrace: trace };
        return [entryOf({ ...order, orderId }, item, who, given, { ...what, ...sums })];
      }),
    );
    if (entries.length === 0) return;
    await rows.askCheck(tx, orderId, at);
    await changed(tx, entries, order.paidAt ?? at, at);
    await enter(tx, { kind: 'commission_earned', ref: orderId, at, storeId: order.storeId }, entries);
  }
  /** Level one counts for tiers and bonuses. */
  async function changed(tx: Tx, entries: readonly rows.NewEntry[], paidAt: Date, at: Date): Promise<void> {
    const people = entries.filter(({ level }) => level === 1).map(({ beneficiaryId }) => beneficiaryId);
    await rows.markMonths(tx, people, chinaMonthOf(paidAt), at);
  }

  /** The buyer has the goods: the freeze begins. What is held begins it when it is released. */
  async function onOrderReceived(tx: Tx, orderId: string, at: Date): Promise<void> {
    const entries = (await rows.lockEntries(tx, orderId)).filter(({ state }) => state === 'estimated');
    const byVersion = Map.groupBy(entries, ({ ruleVersion }) => ruleVersion);
    const freezeDays = await freezeDaysOf(tx, [...byVersion.keys()]);
    for (const [version, some] of byVersion) {
      const { settleableAt } = standingOf(at, freezeDays.get(version) ?? 0);
      const ids = some.map(({ id }) => id);
      await rows.step(tx, ids, { event: 'receive', at, settleableAt });
    }
  }

  interface Bringing {
    readonly orderId: string;
    readonly order: rows.OrderFacts;
    readonly event: 'refunded' | 'ruled' | 'voided';
    readonly eventRef: string;
    readonly at: Date;
  }
  /** The entry that brings a group to what it is due; entries of its group are reversed with it when nothing is left. */
  async function bring(
    tx: Tx,
    { orderId, order, event, eventRef, at }: Bringing,
    item: rows.SoldItem,
    group: Group,
    due: { basisFen: bigint; dueFen: bigint },
    standing: Standing,
  ): Promise<rows.NewEntry[]> {
    const [first] = group;
    const change = bringTo(due, group, standing, at);
    if (!change || !first) return [];
    if (change.reverses) {
      const ids = group.map(({ id }) => id);
      await rows.step(tx, ids, { event: 'reverse', reason: `${event} ${eventRef}`, at });
    }
    const given = { bps: first.bps, fixedFen: first.fixedFen, ruleVersion: first.ruleVersion, rateTrace: null };
    return [entryOf({ ...order, orderId }, item, first, given, { event, eventRef, at, ...change })];
  }

  /** Items were refunded; `order_items.refunded_fen` says what is refunded of each by now. Posts the difference per group. */
  async function onOrderRefunded(tx: Tx, refund: { orderId: string; refundId: string; at: Date }): Promise<void> {
    const { orderId, refundId, at } = refund;
    const order = await rows.lockOrderFacts(tx, orderId);
    const groups = groupsOf(await rows.lockEntries(tx, orderId));
    if (!order || groups.length === 0) return;
    const items = new Map((await rows.itemsOf(tx, orderId, refundId)).map((item) => [item.itemId, item]));
    const about: Bringing = { orderId, order, event: 'refunded', eventRef: refundId, at };
    const entries: rows.NewEntry[] = [];
    for (const group of groups) {
      const [first] = group;
      const item = first && items.get(first.itemId);
      if (!item || isVoided(group) || wasTaken(group)) continue;
      const due = { basisFen: basisOf(item), dueFen: dueFor(item, first) };
      entries.push(...(await bring(tx, about, item, group, due, standingOf(null, 0))));
    }
    await endMootHolds(tx, { orderId, ...order }, at);
    await changed(tx, entries, order.paidAt ?? at, at);
    await enter(tx, { kind: 'commission_taken_back', ref: refundId, at, storeId: order.storeId }, entries);
  }

  /**
   * The order is credited to somebody else (rule A3): takes from whom it was credited to and gives the present person what the
   * rules that were in force when it was paid say of what is left of it. What was claimed or paid stays, and a negative entry
   * stands against it (rule K4). A credit given back has the rate it had.
   */
  async function onCreditRuled(tx: Tx, ruling: { orderId: string; rulingId: string; at: Date }): Promise<void> {
    const { orderId, rulingId, at } = ruling;
    const order = await rows.lockOrderFacts(tx, orderId);
    if (!order || order.paidAt === null) return;
    const rules = inForce(await rulesInForce(tx, order.paidAt), order.paidAt);
    const earners = await earnersOf(tx, orderId, order, rules, order.paidAt);
    const groups = groupsOf(await rows.lockEntries(tx, orderId));
    const items = await rows.itemsOf(tx, orderId, null);
    const about: Bringing = { orderId, order, event: 'ruled', eventRef: rulingId, at };
    const entries: rows.NewEntry[] = [];
    const versions = [...groups.flat().map(({ ruleVersion }) => ruleVersion), ...rules.map(({ version }) => version)];
    const freezeDays = await freezeDaysOf(tx, versions);
    const standing = (version: number) => standingOf(order.receivedAt, freezeDays.get(version) ?? 0);
    for (const item of items) {
      const own = groups.filter(([first]) => first?.itemId === item.itemId);
      const isPresent = ([first]: Group) =>
        earners.some(({ level, personId }) => first?.level === level && first.personId === personId);
      for (const group of own.filter((one) => !isPresent(one)))
        entries.push(...(await bring(tx, about, item, group, { basisFen: 0n, dueFen: 0n }, standingOf(null, 0))));
      for (const earner of earners) {
        const group = own.find(([first]) => first?.level === earner.level && first.personId === earner.personId);
        const [first] = group ?? [];
        if (group && first) {
          if (isVoided(group)) continue;
          const due = { basisFen: basisOf(item), dueFen: dueFor(item, first) };
          entries.push(...(await bring(tx, about, item, group, due, standing(first.ruleVersion))));
          continue;
        }
        const { rate, version, trace } = rateOf(rules, order, earner, item);
        const due = { basisFen: basisOf(item), dueFen: dueFor(item, rate) };
        const change = pays(rate) ? bringTo(due, [], standing(version), at) : null;
        if (!change) continue;
        const who = { beneficiaryId: earner.personId, level: earner.level };
        const given = { ...rate, ruleVersion: version, rateTrace: trace };
        entries.push(
          entryOf({ ...order, orderId }, item, who, given, { event: 'ruled', eventRef: rulingId, at, ...change }),
        );
      }
    }
    await endMootHolds(tx, { orderId, ...order }, at);
    if (entries.length > 0) await rows.askCheck(tx, orderId, at);
    await changed(tx, entries, order.paidAt, at);
    const ref = `${rulingId}:${orderId}`;
    await enter(tx, { kind: 'commission_ruled', ref, at, storeId: order.storeId }, entries);
  }

  /** What is held of the order is fraud (rule K7): nothing is deleted, a negative entry stands against every group, and both are reversed. */
  async function voidOrder(tx: Tx, hold: { orderId: string; holdId: string; at: Date }): Promise<void> {
    const { orderId, holdId, at } = hold;
    const order = await rows.lockOrderFacts(tx, orderId);
    if (!order) throw new Error(`order ${orderId} is gone`);
    const items = new Map((await rows.itemsOf(tx, orderId, null)).map((item) => [item.itemId, item]));
    const about: Bringing = { orderId, order, event: 'voided', eventRef: holdId, at };
    const entries: rows.NewEntry[] = [];
    for (const group of groupsOf(await rows.lockEntries(tx, orderId))) {
      const item = items.get(group[0]?.itemId ?? '');
      if (!item || !group.some(({ state }) => state === 'held')) continue;
      entries.push(...(await bring(tx, about, item, group, { basisFen: 0n, dueFen: 0n }, standingOf(null, 0))));
    }
    await changed(tx, entries, order.paidAt ?? at, at);
    await enter(tx, { kind: 'commission_voided', ref: holdId, at, storeId: order.storeId }, entries);
  }

  return { onOrderPaid, onOrderReceived, onOrderRefunded, onCreditRuled, voidOrder };
}
export type Posting = ReturnType<typeof createPosting>;
