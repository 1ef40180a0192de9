/**
 * Bills on their way (rule K8).
 *
 * Model: a bill is written with its number, its claim and its ledger transfer in one transaction (claiming.ts), `created`. Who
 * takes the turn to speak with its provider first notes that the provider may know of it (`told_at`), then speaks outside of any
 * transaction, then books the answer in one. So whenever a process dies, what is written says what may have happened, and the
 * next turn asks under the same number: until the provider has given the bill a number of its own it is told again, afterwards
 * it is asked.
 * Invariants: a bill ends once, by a conditional statement, whoever tells it: an answer, a callback, a cancellation. It ends
 * without a transfer only by what its provider said of the number, or when the provider was provably never told. Its end moves
 * the ledger, the line and the entries in the same transaction.
 */
import type { PaymentProviderName } from '@walnut-live/contracts';
import type { Ledger } from '../../ledger/index.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { askAgainAt, isOver, isStuck, waitedTooLong } from './bills.policy.ts';
import * as rows from './bills.repository.ts';
import { endGone, noteDifference } from './differences.ts';
import {
  isPayoutOver,
  type PayoutNotification,
  type PayoutProvider,
  type PayoutProviders,
  PayoutRefused,
  type PayoutStatus,
} from './provider.ts';
import type { Source } from './sources.ts';

/** Longer than any call of a provider takes: nobody else speaks about the bill meanwhile. */
const TURN_MS = 60_000;
const BATCH = 50;
const LONGEST_ERROR = 300;
/** Number used by another transfer of the merchant: nothing can be said of ours by it. */
const NUMBER_TAKEN = 'ALREADY_EXISTS';

export interface BillsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly ledger: Ledger;
  readonly providers: PayoutProviders;
  readonly sources: Readonly<Record<'commission' | 'rewards', Source>>;
  /** Id of headquarters, to whom the tax office looks. */
  readonly hqId: (tx: Tx) => Promise<string>;
  readonly remarkOf: (source: 'commission' | 'rewards') => string;
  /** Where a process may die; tests let it. */
  readonly faultAt?: (point: 'turn taken' | 'provider spoke' | 'answer booked') => void;
}

export function createBills(deps: BillsDeps) {
  const { db, clock, log, ledger, sources } = deps;
  const faultAt = deps.faultAt ?? (() => undefined);

  function providerOf(name: PaymentProviderName): PayoutProvider {
    const provider = deps.providers[name];
    if (!provider) throw new Error(`payout provider ${name} is not configured`);
    return provider;
  }

  /** Books an end; false when the bill was over before. */
  async function end(
    tx: Tx,
    id: string,
    what: { state: 'succeeded' | 'failed' | 'cancelled'; providerRef: string | null; failReason: string | null },
    by: { event: string; actorId?: string; reason?: string },
  ): Promise<boolean> {
    const at = clock.now();
    const known = await rows.lockBill(tx, id);
    const bill = known && (await rows.endBill(tx, id, { ...what, at }));
    if (!known || !bill) return false;
    await rows.noteStep(tx, { ...{ id, from: known.state, to: bill.state, at }, ...by });
    await (bill.state === 'succeeded' ? bookPaid(tx, bill, at) : bookReturned(tx, bill, at));
    await endGone(tx, bill.id, ['stuck'], at);
    return true;
  }

  async function bookPaid(tx: Tx, bill: rows.BillRow, at: Date): Promise<void> {
    const tax = {
      account: { kind: 'tax_withheld' as const, owner: await deps.hqId(tx) },
      amountFen: -bill.withheldFen,
    };
    await ledger.postTransfer(tx, {
      ...{ kind: 'payout_paid', ref: bill.id, at },
      entries: [
        { account: { kind: 'payout_transit', owner: bill.personId }, amountFen: bill.grossFen },
        { account: { kind: 'payout_clearing', owner: bill.provider }, amountFen: -bill.netFen },
        ...(bill.withheldFen > 0n ? [tax] : []),
      ],
    });
    await sources[bill.source].end(tx, bill.lineId, at);
    await tx`UPDATE settlement_lines SET state = 'paid', ended_at = ${at} WHERE id = ${bill.lineId} AND state = 'claimed'`;
  }

  /** What was claimed is anybody's to claim again: the person's withdrawal, or a later run. */
  async function bookReturned(tx: Tx, bill: rows.BillRow, at: Date): Promise<void> {
    const line = { id: bill.lineId, personId: bill.personId, grossFen: bill.grossFen };
    const debits = await sources[bill.source].legs(tx, line);
    await ledger.postTransfer(tx, {
      ...{ kind: 'payout_returned', ref: bill.id, at },
      entries: [
        { account: { kind: 'payout_transit', owner: bill.personId }, amountFen: bill.grossFen },
        ...debits.map(({ account, amountFen }) => ({ account, amountFen: -amountFen })),
      ],
    });
    await sources[bill.source].giveBack(tx, bill.lineId, at, bill.failReason ?? bill.state);
    await tx`DELETE FROM settlement_line_stores WHERE line_id = ${bill.lineId}`;
    await tx`UPDATE settlement_lines SET state = 'returned', ended_at = ${at}, reason = ${bill.failReason ?? bill.state}
      WHERE id = ${bill.lineId} AND state = 'claimed'`;
  }

  /** Books what a provider said of a bill; telling it again changes nothing. */
  async function book(tx: Tx, bill: rows.BillRow, status: PayoutStatus, event: string): Promise<void> {
    const { state } = status;
    if (state === 'succeeded' || state === 'failed' || state === 'cancelled') {
      if (await end(tx, bill.id, { ...status, state }, { event })) return;
      const now = await rows.lockBill(tx, bill.id);
      if (now && now.state !== state) await noteStateDiffers(tx, now, status);
      return;
    }
    if (state === 'none') return;
    const at = clock.now();
    await rows.noteAnswer(tx, bill.id, { status, at, nextAskAt: askAgainAt(at, state, bill.attempts) });
  }
  const noteStateDiffers = (tx: Tx, bill: rows.BillRow, status: PayoutStatus) =>
    noteDifference(
      tx,
      deps,
      {
        ...{ provider: bill.provider, billNo: bill.billNo, billId: bill.id, kind: 'state_differs' },
        ours: { state: bill.state, amountFen: bill.netFen },
        theirs: { state: status.state, amountFen: null },
      },
      clock.now(),
    );

  const termsOf = (bill: rows.BillRow) => ({
    ...{ billNo: bill.billNo, amountFen: bill.netFen, openId: bill.openId, createdAt: bill.createdAt },
    ...{ realName: bill.realName ?? undefined, remark: deps.remarkOf(bill.source) },
  });

  /** One turn. @throws what the provider threw, after it was noted */
  async function ask(id: string): Promise<void> {
    const now = clock.now();
    const bill = await rows.takeTurn(db.sql, id, { now, until: new Date(now.getTime() + TURN_MS) });
    if (!bill) return;
    faultAt('turn taken');
    const provider = providerOf(bill.provider);
    try {
      let status =
        bill.providerRef === null
          ? await provider.create(termsOf(bill))
          : await provider.query(bill.billNo, bill.createdAt);
      faultAt('provider spoke');
      if (status.state === 'waiting' && waitedTooLong(bill.createdAt, now))
        status = await provider.cancel(bill.billNo, bill.createdAt);
      await db.transaction((tx) => book(tx, bill, status, 'answer'));
      faultAt('answer booked');
      if (!isPayoutOver(status) && isStuck(bill.createdAt, now)) await noteStuck(bill, status);
    } catch (error) {
      if (error instanceof PayoutRefused && error.code !== NUMBER_TAKEN) {
        const failed = { state: 'failed' as const, providerRef: null, failReason: error.code };
        await db.transaction((tx) => end(tx, bill.id, failed, { event: 'refused' }));
        return;
      }
      if (error instanceof PayoutRefused) await noteTaken(bill);
      const said = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_ERROR);
      await rows.noteTrouble(db.sql, bill.id, said, askAgainAt(clock.now(), 'moving', bill.attempts));
      if (isStuck(bill.createdAt, now)) await noteStuck(bill, null);
      throw error;
    }
  }
  const noteStuck = (bill: rows.BillRow, status: PayoutStatus | null) =>
    noteDifference(
      db.sql,
      deps,
      {
        ...{ provider: bill.provider, billNo: bill.billNo, billId: bill.id, kind: 'stuck' },
        ours: { state: bill.state, amountFen: bill.netFen },
        theirs: status && { state: status.state, amountFen: null },
      },
      clock.now(),
    );
  const noteTaken = (bill: rows.BillRow) =>
    noteDifference(
      db.sql,
      deps,
      {
        ...{ provider: bill.provider, billNo: bill.billNo, billId: bill.id, kind: 'number_taken' },
        ours: { state: bill.state, amountFen: bill.netFen },
        theirs: { state: 'other_terms', amountFen: null },
      },
      clock.now(),
    );

  return {
    /** Asks about every bill whose time has come. */
    async runDue(): Promise<void> {
      for (const id of await rows.dueBills(db.sql, clock.now(), BATCH))
        await ask(id).catch((error: unknown) =>
          log.warn({ err: error, billId: id }, 'a transfer could not be asked about'),
        );
    },

    /** Asks now, of what the provider may know, without taking anybody's turn. Answers whether it said anything. */
    async askNow(id: string): Promise<boolean> {
      const bill = await rows.readBill(db.sql, id);
      if (!bill || isOver(bill.state) || bill.toldAt === null) return false;
      const status = await providerOf(bill.provider).query(bill.billNo, bill.createdAt);
      await db.transaction((tx) => book(tx, bill, status, 'answer'));
      return status.state !== 'none';
    },

    /** @throws AppError state_conflict: it is over, or its receiver was faster; unavailable: nobody can say */
    async cancel(id: string, actorId: string, reason: string): Promise<void> {
      const by = { event: 'cancel', actorId, reason };
      const untold = await db.transaction(async (tx) => {
        const bill = await rows.lockBill(tx, id);
        if (!bill) throw new AppError('not_found');
        if (isOver(bill.state)) throw new AppError('state_conflict', { facts: { state: bill.state } });
        if (bill.toldAt !== null) return bill;
        await end(tx, id, { state: 'cancelled', providerRef: null, failReason: 'cancelled' }, by);
        return undefined;
      });
      if (!untold) return;
      const provider = providerOf(untold.provider);
      let status: PayoutStatus;
      try {
        status = await provider.cancel(untold.billNo, untold.createdAt);
        // A call that made it may still be on its way: only a number that is spent is dead.
        if (status.state === 'none') {
          await provider.create(termsOf(untold));
          status = await provider.cancel(untold.billNo, untold.createdAt);
        }
      } catch (error) {
        throw new AppError('provider_unavailable', { detail: 'payout', retryAfterSeconds: 30 }, error);
      }
      await db.transaction(async (tx) => {
        if (status.state === 'cancelled')
          await end(tx, id, { ...status, state: 'cancelled', failReason: 'cancelled' }, by);
        else await book(tx, untold, status, 'answer');
      });
      if (status.state !== 'cancelled') throw new AppError('state_conflict', { facts: { state: status.state } });
    },

    /** A callback that is proven to come from its provider. */
    async receive(provider: PaymentProviderName, news: PayoutNotification): Promise<void> {
      await db.transaction(async (tx) => {
        const bill = await rows.findBill(tx, provider, news.billNo);
        const found = { provider, billNo: news.billNo, billId: bill?.id ?? null };
        const theirs = { state: news.status.state, amountFen: news.amountFen };
        if (!bill) return noteDifference(tx, deps, { ...found, kind: 'unknown_bill', ours: null, theirs }, clock.now());
        const ours = { state: bill.state, amountFen: bill.netFen };
        if (bill.netFen !== news.amountFen)
          return noteDifference(tx, deps, { ...found, kind: 'amount_differs', ours, theirs }, clock.now());
        await book(tx, bill, news.status, 'callback');
      });
    },

    /** Asks again about a bill that ended: whether its provider still says so. False: it could not be asked. */
    async check(bill: rows.BillRow): Promise<boolean> {
      const status = await providerOf(bill.provider)
        .query(bill.billNo, bill.createdAt)
        .catch((error: unknown) => {
          log.warn({ err: error, billId: bill.id }, 'a transfer that ended could not be asked about');
          return undefined;
        });
      if (!status) return false;
      // Of what was never told, or was refused, nothing is there.
      const isSame = status.state === bill.state || (status.state === 'none' && bill.state !== 'succeeded');
      await db.transaction(async (tx) => {
        if (!isSame) await noteStateDiffers(tx, bill, status);
        await rows.noteChecked(tx, bill.id, clock.now());
      });
      return true;
    },
  };
}
export type Bills = ReturnType<typeof createBills>;
