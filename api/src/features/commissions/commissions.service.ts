/**
 * Commission entries and the money they stand for.
 *
 * Model: an entry is one signed amount for one order item, level and event; what it says never changes, only where it
 * stands. Every change of what a person is owed is in the same transaction a ledger transfer from the store's commission
 * expense to the person's commission payable, or back. Invariant (K1): the entries of an item sum to
 * floor(basis now × rate), and so do the transfers.
 */
import {
  type CommissionEntryView,
  fenToWire,
  type getCommissionRules,
  type myEarnings,
  type ReplyOf,
} from '@walnut-live/contracts';
import type { z } from 'zod';
import type { Ledger } from '../../ledger/index.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Principal, StaffPrincipal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';
import { adjust, basisOf, commissionFor, earns } from './commissions.policy.ts';
import * as rows from './commissions.repository.ts';

export type EntryView = z.output<typeof CommissionEntryView>;
interface EntryQuery {
  beneficiaryId?: string | undefined;
  orderId?: string | undefined;
  state?: rows.EntryFilter['state'] | undefined;
  cursor?: string | undefined;
  limit: number;
}
const CSV_PAGE = 500;

export interface CommissionsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly policyAt: (tx: Tx, at: Date) => Promise<{ selfPurchaseCommission: boolean }>;
}
export type CommissionsService = ReturnType<typeof createCommissionsService>;

export function createCommissionsService(deps: CommissionsDeps) {
  const { db, clock, random, ledger } = deps;

  async function post(
    tx: Tx,
    fact: { kind: string; ref: string; at: Date; storeId: string; personId: string; amountFen: bigint },
  ): Promise<void> {
    if (fact.amountFen === 0n) return;
    await ledger.postTransfer(tx, {
      kind: fact.kind,
      ref: fact.ref,
      at: fact.at,
      entries: [
        { account: { kind: 'commission_expense', owner: fact.storeId }, amountFen: fact.amountFen },
        { account: { kind: 'commission_payable', owner: fact.personId }, amountFen: -fact.amountFen },
      ],
    });
  }

  /** The order was paid: its items earn for the credited person. Telling it again changes nothing. */
  async function onOrderPaid(tx: Tx, orderId: string, at: Date): Promise<void> {
    const order = await rows.orderFacts(tx, orderId);
    if (!order?.reason) return;
    const credit = { reason: order.reason, personId: order.personId };
    const { selfPurchaseCommission } = await deps.policyAt(tx, at);
    if (!earns(credit, { selves: new Set([order.buyerId]), selfPurchaseCommission })) return;
    const rule = await rows.ruleAt(tx, at);
    if (rule.levelOneBps === 0) return;
    let total = 0n;
    for (const item of await rows.itemsOf(tx, orderId)) {
      const basisFen = basisOf(item);
      const amountFen = commissionFor(basisFen, rule.levelOneBps);
      const isNew = await rows.insertEntry(tx, {
        id: random.id(),
        orderId,
        itemId: item.itemId,
        beneficiaryId: credit.personId,
        storeId: order.storeId,
        orgPath: order.orgPath,
        event: 'paid',
        eventRef: orderId,
        basisFen,
        bps: rule.levelOneBps,
        amountFen,
        ruleVersion: rule.version,
        state: 'estimated',
        at,
      });
      if (isNew) total += amountFen;
    }
    await post(tx, {
      kind: 'commission_earned',
      ref: orderId,
      at,
      storeId: order.storeId,
      personId: credit.personId,
      amountFen: total,
    });
  }

  /**
   * Items were refunded; `order_items.refunded_fen` says what is refunded of each by now. Posts the difference per item and
   * the same sum in the ledger; an item that is fully refunded is reversed.
   */
  async function onOrderRefunded(tx: Tx, refund: { orderId: string; refundId: string; at: Date }): Promise<void> {
    const { orderId, refundId, at } = refund;
    const posted = await rows.lockEntries(tx, orderId);
    const first = posted[0];
    if (!first) return;
    let total = 0n;
    for (const item of await rows.itemsOf(tx, orderId)) {
      const ofItem = posted.filter((entry) => entry.itemId === item.itemId);
      const change = adjust(item, ofItem);
      if (!change || (change.amountFen === 0n && !change.reversesItem)) continue;
      const isNew = await rows.insertEntry(tx, {
        id: random.id(),
        orderId,
        itemId: item.itemId,
        beneficiaryId: first.beneficiaryId,
        storeId: first.storeId,
        orgPath: first.orgPath,
        event: 'refunded',
        eventRef: refundId,
        basisFen: change.basisFen,
        bps: change.bps,
        amountFen: change.amountFen,
        ruleVersion: first.ruleVersion,
        state: change.state,
        at,
      });
      if (!isNew) continue;
      total += change.amountFen;
      if (change.reversesItem) await rows.reverseItem(tx, item.itemId);
    }
    await post(tx, {
      kind: 'commission_taken_back',
      ref: refundId,
      at,
      storeId: first.storeId,
      personId: first.beneficiaryId,
      amountFen: total,
    });
  }

  const view = (row: rows.EntryRow, name: string): EntryView => ({
    id: row.id,
    orderId: row.orderId,
    orderNo: row.orderNo,
    orderItemId: row.orderItemId,
    itemTitle: row.itemTitle,
    beneficiary: { id: row.beneficiaryId, name },
    store: row.unit,
    level: row.level,
    event: row.event,
    basisFen: fenToWire(row.basisFen),
    bps: row.bps,
    amountFen: fenToWire(row.amountFen),
    ruleVersion: row.ruleVersion,
    state: row.state,
    at: row.at.toISOString(),
  });
  const staffView = (principal: StaffPrincipal) => (row: rows.EntryRow) =>
    view(
      row,
      nameFor(principal.staff, {
        id: row.beneficiaryId,
        name: row.beneficiaryName,
        kind: row.beneficiaryKind,
        ownerPath: row.beneficiaryPath,
      }).name,
    );
  const filterOf = (scope: string | null, query: Omit<EntryQuery, 'limit'>): rows.EntryFilter => ({
    scope,
    beneficiaryId: query.beneficiaryId ?? null,
    orderId: query.orderId ?? null,
    state: query.state ?? null,
  });
  async function pageOf(filter: rows.EntryFilter, cursor: string | undefined, limit: number) {
    const found = await rows.listEntries(db.sql, filter, decodeTimeCursor(cursor), limit + 1);
    const items = found.slice(0, limit);
    const last = found.length > limit ? items.at(-1) : undefined;
    return { items, nextCursor: last ? encodeTimeCursor(last) : null };
  }

  return {
    onOrderPaid,
    onOrderRefunded,

    async list(principal: StaffPrincipal, query: EntryQuery) {
      const { items, nextCursor } = await pageOf(filterOf(principal.staff.orgPath, query), query.cursor, query.limit);
      return { items: items.map(staffView(principal)), nextCursor };
    },

    /** Every entry of the filter, page by page. */
    async *all(principal: StaffPrincipal, query: Omit<EntryQuery, 'cursor' | 'limit'>): AsyncGenerator<EntryView> {
      let cursor: string | undefined;
      do {
        const { items, nextCursor } = await pageOf(filterOf(principal.staff.orgPath, query), cursor, CSV_PAGE);
        yield* items.map(staffView(principal));
        cursor = nextCursor ?? undefined;
      } while (cursor);
    },

    /** What I earned, with what I earned while I was a guest. */
    async earnings(
      principal: Principal,
      query: { cursor?: string | undefined; limit: number },
    ): Promise<ReplyOf<typeof myEarnings>> {
      const filter = filterOf(null, { beneficiaryId: principal.personId });
      const { items, nextCursor } = await pageOf(filter, query.cursor, query.limit);
      const sums = await rows.sumsByState(db.sql, principal.personId);
      return {
        byState: sums.map(({ state, amountFen }) => ({ state, amountFen: fenToWire(amountFen) })),
        items: items.map((row) => view(row, row.beneficiaryName)),
        nextCursor,
      };
    },

    async rule(): Promise<ReplyOf<typeof getCommissionRules>> {
      const rule = await rows.ruleAt(db.sql, clock.now());
      return { ...rule, effectiveFrom: rule.effectiveFrom.toISOString() };
    },
  };
}
