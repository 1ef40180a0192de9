/**
 * Payments: our side of what a provider does. A payment belongs to one order or one top-up of a wallet; whoever changes both
 * locks that first.
 * Callbacks may come late, twice and in any order: each is believed once, after signature, payment and amount were checked.
 */
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { createGate } from '../../platform/gate.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Stored, Tracing } from '../../platform/tracing.ts';
import { nextQueryAt } from './asking.policy.ts';
import { createJudge, type Judged } from './disputes.ts';
import {
  adoptWay,
  captureAtAnyTime,
  giveBackHold,
  holdForRefund,
  insertNotification,
  insertPayments,
  lockSubject,
  movePayment,
  noteLateCapture,
  noteProviderState,
  type PaymentPart,
  type PaymentRow,
  readCaptured,
  readCurrentPayment,
  readPayment,
  readTopUpPayment,
  readTraceparent,
} from './payments.repository.ts';
import {
  type ChargeAnswer,
  ChargeRefused,
  ForeignCharge,
  type PaymentProvider,
  type ProviderName,
  type ProviderNotification,
  type Providers,
  type RefundAnswer,
} from './provider.ts';

/** Transactions that may wait for a provider at once: the others of the pool go on selling. */
const CLOSES_AT_ONCE = 3;
/** Of these the system takes at most so many: one is left for people who cancel. */
const CLOSES_OF_SYSTEM = CLOSES_AT_ONCE - 1;
/** Longest time a transaction waits for a provider; the database ends idle ones after 15 s. */
const CLOSE_WITHIN_MS = 10_000;

/** What others do when a provider reports; each runs in the transaction of the callback. */
export interface PaymentListeners {
  captured(tx: Tx, payment: PaymentRow, at: Date): Promise<void>;
  refundFinished(tx: Tx, refundNo: string, outcome: 'succeeded' | 'failed', at: Date): Promise<void>;
}

export type Payments = ReturnType<typeof createPaymentsService>;

export function createPaymentsService(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  providers: Providers;
  tracing: Tracing;
}) {
  const { db, clock, random, providers, tracing } = deps;

  const { judge, foreign } = createJudge(deps);

  /** A provider that does not answer is not our failure. @throws AppError provider_unavailable; ChargeRefused */
  async function ask<T>(
    payment: PaymentRow,
    what: string,
    call: (provider: PaymentProvider) => Promise<T>,
  ): Promise<T> {
    const provider = providerOf(payment);
    try {
      return await tracing.span('payments.provider', () => call(provider), {
        kind: 'client',
        facts: { 'walnut.provider': payment.provider, 'walnut.kind': what },
      });
    } catch (cause) {
      if (cause instanceof ChargeRefused) throw cause;
      if (cause instanceof ForeignCharge) {
        await foreign(payment, provider.numberOf(payment.id), cause);
        await noteProviderState(db.sql, payment.id, `other_${cause.what}`, clock.now());
      }
      throw new AppError('provider_unavailable', { detail: what, retryAfterSeconds: 5 }, cause);
    }
  }

  function providerOf({ provider }: Pick<PaymentRow, 'provider'>): PaymentProvider {
    const found = providers[provider];
    if (!found) throw new AppError('provider_unavailable', { detail: `${provider} is not configured` });
    return found;
  }

  const judged = (payment: PaymentRow, answer: ChargeAnswer): Promise<Judged> =>
    judge(payment, providerOf(payment).numberOf(payment.id), answer);

  /**
   * Rule S3: asks first, closes then. Nobody can have told the provider of one that was not prepared. What was paid, and not
   * as it was asked for, or given back since then, will never pay the order: as far as that goes it is closed.
   */
  async function closeAtProvider(payment: PaymentRow): Promise<'closed' | 'captured'> {
    if (payment.preparedAt === null) return 'closed';
    const before = await judged(payment, await ask(payment, 'query', (provider) => provider.query(payment.id)));
    if (before === 'captured') return 'captured';
    if (before === 'disputed' || before === 'refunded') return 'closed';
    const state = await judged(payment, await ask(payment, 'close', (provider) => provider.close(payment.id)));
    if (state === 'open') throw new AppError('provider_unavailable', { detail: 'close', retryAfterSeconds: 5 });
    return state === 'captured' ? 'captured' : 'closed';
  }

  const closes = createGate(CLOSES_AT_ONCE, 0);
  const closesOfSystem = createGate(CLOSES_OF_SYSTEM, 0);
  /** The same while a transaction waits. */
  function closeSoon(payment: PaymentRow, by: 'person' | 'system'): Promise<'closed' | 'captured'> {
    if (payment.provider === 'sandbox' || payment.preparedAt === null) return closeAtProvider(payment);
    const close = () =>
      closes(() =>
        within(CLOSE_WITHIN_MS, closeAtProvider(payment), () => {
          throw new AppError('provider_unavailable', { detail: 'close', retryAfterSeconds: 5 });
        }),
      );
    return by === 'person' ? close() : closesOfSystem(close);
  }

  /** What it was told of ends a payment that may not be paid any more, with what it pays locked before it. */
  async function end(payment: PaymentRow, to: 'closed' | 'failed'): Promise<void> {
    await db.transaction(async (tx) => {
      await lockSubject(tx, payment);
      await movePayment(tx, payment.id, to, clock.now());
    });
  }

  return {
    ask,
    closeAtProvider,
    judged,
    end,
    /** Held against the payment. */
    query: async (payment: PaymentRow): Promise<Judged> =>
      judged(payment, await ask(payment, 'query', (provider) => provider.query(payment.id))),
    read: readPayment,
    current: readCurrentPayment,
    captured: readCaptured,
    ofTopUp: readTopUpPayment,
    captureAtAnyTime,
    noteLateCapture,
    holdForRefund,
    giveBackHold,

    /** Runs what a capture sets going in the trace of what was bought (docs/32), whoever told of it. */
    async traced<T>(sql: Sql, { id, provider }: PaymentRow, work: () => Promise<T>): Promise<T> {
      if (!tracing.on) return work();
      const parent = await readTraceparent(sql, id);
      return tracing.span('payments.captured', work, {
        kind: 'consumer',
        parent,
        facts: { 'walnut.provider': provider },
      });
    },

    /** A pending payment over the whole order or top-up: one statement. The provider hears of it when the buyer goes to pay. */
    async open(
      tx: Tx,
      {
        at,
        amountFen,
        provider,
        part = 'whole',
        ...subject
      }: { amountFen: bigint; provider: ProviderName; part?: PaymentPart; at: Date } & (
        | { orderId: string }
        | { topUpId: string }
      ),
    ): Promise<PaymentRow> {
      const row = { id: random.id(), orderId: null, topUpId: null, ...subject, provider, amountFen, part };
      await insertPayments(tx, [{ ...row, traceparent: tx.traceparent() }], at);
      return {
        ...row,
        capturedFen: 0n,
        refundedFen: 0n,
        state: 'pending',
        way: null,
        preparedAt: null,
      };
    },

    /** The same for many orders at once. Answers the payments' ids in their order. */
    async openAll(
      tx: Tx,
      {
        orders,
        provider,
        at,
      }: {
        orders: readonly { orderId: string; amountFen: bigint; traceparent: Stored }[];
        provider: ProviderName;
        at: Date;
      },
    ): Promise<string[]> {
      const rows = orders.map((order) => ({
        id: random.id(),
        topUpId: null,
        provider,
        part: 'whole' as const,
        ...order,
      }));
      await insertPayments(tx, rows, at);
      return rows.map(({ id }) => id);
    },

    /** Opens the sandbox's charge at once: its books are next door. Others are told of a payment when its payer chose a way. */
    async prepare(tx: Tx, payment: PaymentRow, order: { orderNo: string; expiresAt: Date }): Promise<void> {
      const at = clock.now();
      await adoptWay(tx, payment.id, { provider: 'sandbox', way: null, at, nextQueryAt: nextQueryAt(at, 0) });
      const charge = { paymentId: payment.id, amountFen: payment.amountFen, ...order };
      const sandboxed = { ...payment, provider: 'sandbox' as const };
      const { state } = await ask(sandboxed, 'prepare', (provider) => provider.prepare(charge));
      if (state !== 'open') throw new AppError('state_conflict', { detail: `the charge is ${state}` });
    },

    markCaptured: (tx: Tx, paymentId: string, at: Date) => movePayment(tx, paymentId, 'captured', at),

    /**
     * Rule S3: asks the provider first, closes the charge there, then here. `captured`: the payer was faster, nothing was
     * closed. Call it with the order's row locked. People who wait for it come before the system's own closings.
     */
    async close(
      tx: Tx,
      payment: PaymentRow,
      at: Date,
      by: 'person' | 'system' = 'system',
    ): Promise<'closed' | 'captured'> {
      if ((await closeSoon(payment, by)) === 'captured') return 'captured';
      await movePayment(tx, payment.id, 'closed', at);
      return 'closed';
    },

    /** Asks the provider for the money back; an error means: unknown, ask again under the same number. */
    refund(
      payment: PaymentRow,
      refund: { refundNo: string; amountFen: bigint; isRepeated: boolean },
    ): Promise<RefundAnswer> {
      return providerOf(payment).refund({ paymentId: payment.id, totalFen: payment.amountFen, ...refund });
    },

    /** One callback. Throws `unauthenticated` (forged or stale), `not_found` (no such payment), `conflict` (wrong amount). */
    async receive(
      name: ProviderName,
      header: (name: string) => string | undefined,
      rawBody: Buffer,
      listeners: PaymentListeners,
    ): Promise<void> {
      const notification = await providerOf({ provider: name }).verifyNotification(header, rawBody);
      if (!notification) return;
      const named = await readPayment(db.sql, notification.paymentId);
      if (!named || named.provider !== name) throw new AppError('not_found');
      if (notification.type === 'payment.captured') {
        const told = { state: 'captured', amountFen: notification.amountFen } as const;
        if ((await judged(named, told)) === 'disputed') throw new AppError('conflict', { detail: 'amount' });
      }
      if (notification.type === 'payment.failed' && notification.amountFen !== named.amountFen)
        throw new AppError('conflict', { detail: 'amount' });
      await db.transaction(async (tx) => {
        const payment = await readPayment(tx, notification.paymentId);
        if (!payment) throw new AppError('not_found');
        if (!(await insertNotification(tx, name, notification, clock.now()))) return;
        await apply(tx, payment, notification, listeners);
      });
    },
  };

  async function apply(
    tx: Tx,
    payment: PaymentRow,
    notification: ProviderNotification,
    listeners: PaymentListeners,
  ): Promise<void> {
    const at = clock.now();
    switch (notification.type) {
      case 'payment.captured':
        return listeners.captured(tx, payment, at);
      case 'payment.failed':
        // A payment that is captured or closed by now stays so; after a failed one the buyer may try again.
        await lockSubject(tx, payment);
        await movePayment(tx, payment.id, 'failed', at);
        return;
      case 'refund.succeeded':
      case 'refund.failed': {
        const outcome = notification.type === 'refund.succeeded' ? 'succeeded' : 'failed';
        if (notification.refundNo === null) throw new AppError('conflict', { detail: 'refundNo' });
        const [refund] = await tx<{ amount_fen: bigint }>`
          SELECT amount_fen FROM refunds WHERE refund_no = ${notification.refundNo} AND payment_id = ${payment.id}`;
        if (!refund) throw new AppError('not_found');
        if (refund.amount_fen !== notification.amountFen) throw new AppError('conflict', { detail: 'amount' });
        return listeners.refundFinished(tx, notification.refundNo, outcome, at);
      }
    }
  }
}

/** What `work` answers, or what `late` does when it takes too long; its end is not waited for then. */
async function within<T>(ms: number, work: Promise<T>, late: () => never): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms);
  });
  try {
    const first = await Promise.race([work.then((value) => ({ value })), over]);
    return first === 'late' ? late() : first.value;
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined); // nobody waits for it any more
  }
}
