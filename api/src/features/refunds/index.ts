/**
 * Refunds: the row first, then the provider, always under the same number (rule S8).
 *
 * Model: `requested` → `processing` (the provider was asked at least once) → `succeeded` | `failed`. A refund ends once, whoever
 * tells it first: the provider's answer, its callback, or a repeated question. The amount is set aside on the payment in the
 * same transaction as the row, so refunds never exceed what was captured, also when two are asked for at once.
 * Several refunds of one payment may be under way at the same time; each has its own number and its own end.
 * There are three kinds: of an order or a part of it (asked for by a person, or by a case of after-sale), of money that came for an order that was closed by then (asked
 * for by the system, once, rule S3), and of unused coins (asked for by staff); the payment tells them apart.
 */
import { refundOrder } from '@walnut-live/contracts';
import type { Ledger } from '../../ledger/index.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import {
  eyesOf,
  type OrdersService,
  type RefundPlan,
  readOrders,
  splitRefund,
  type WantedRefund,
} from '../orders/index.ts';
import type { PaymentRow, Payments } from '../payments/index.ts';
import { bindRefundAgain } from './again.ts';
import {
  countRefunds,
  endRefund,
  insertRefund,
  noteRefund,
  type RefundRow,
  readRefund,
  readRefundLines,
} from './refunds.repository.ts';
import { createRunner } from './runner.ts';
import { countFor, togetherOutcome } from './together.ts';

export { refundPauseSeconds } from './runner.ts';
export { givenBack, keepGivenBack } from './together.ts';

export const REFUND_JOB = 'refunds';
const REFUND_EVERY_MS = 5_000;
/** WeChat Pay takes at most 50 refunds of one payment; the last of them is kept for all that is left. */
const MOST_PARTS = 49;

export function createRefunds(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  ledger: Pick<Ledger, 'postTransfer'>;
  orders: Pick<
    OrdersService,
    | 'lock'
    | 'beginRefund'
    | 'holdRefund'
    | 'completeRefund'
    | 'resumeAfterRefund'
    | 'returnDeposit'
    | 'completeDepositRefund'
  >;
  /** In the transaction in which a refund of an order was asked for. */
  refundRequested: (tx: Tx, refund: { orderId: string; isRest: boolean; caseId: string | undefined }) => Promise<void>;
  /** In the transaction in which a refund of an order ended, once; one of several payments when all of it has. */
  refundEnded: (tx: Tx, refund: { refundId: string; outcome: 'succeeded' | 'failed'; at: Date }) => Promise<void>;
  /** In the transaction in which a refund of coins ended, once. */
  coinRefundFinished: (
    tx: Tx,
    refund: { refundId: string; amountFen: bigint; payment: PaymentRow; outcome: 'succeeded' | 'failed'; at: Date },
  ) => Promise<void>;
  payments: Pick<Payments, 'captured' | 'read' | 'noteLateCapture' | 'holdForRefund' | 'giveBackHold' | 'refund'>;
}) {
  const { db, clock, random, log, ledger, orders, payments } = deps;
  const runner = createRunner({ db, clock, log, ask });

  deps.bind(refundOrder, async ({ tx, principal, params, body }) => {
    const wanted: WantedRefund | 'rest' =
      body.items === undefined && body.shippingFen === undefined
        ? 'rest'
        : {
            items: (body.items ?? []).map(({ itemId, quantity, amountFen }) => ({
              itemId,
              pieces: quantity,
              amountFen: amountFen === undefined ? undefined : BigInt(amountFen),
            })),
            shippingFen: BigInt(body.shippingFen ?? 0),
          };
    const { reason, expectedFen } = body;
    const isDeposit = wanted === 'rest' && (await orders.returnDeposit(tx, principal, params.id, reason));
    let goesBackFen: number | undefined;
    if (!isDeposit) {
      const plan = await orders.beginRefund(tx, principal, params.id, { reason, wanted });
      await requestPlanned(tx, params.id, plan, { reason, by: principal.personId });
      goesBackFen = Number(plan.amountFen);
    }
    const [seen] = await readOrders(tx, [params.id]);
    const eyes = seen && eyesOf(principal, seen);
    if (!eyes) throw new AppError('not_found');
    const view = seen.view(eyes);
    goesBackFen ??= view.paidFen - view.refundedFen;
    if (expectedFen !== undefined && expectedFen !== goesBackFen)
      throw new AppError('refund_changed', { facts: { amountFen: goesBackFen } });
    return view;
  });

  /** Asks for what the order has set aside, of each payment its part; answers the id of the first refund. */
  async function requestPlanned(
    tx: Tx,
    orderId: string,
    plan: RefundPlan,
    { reason, by, caseId, retryOf }: { reason: string; by: string | null; caseId?: string; retryOf?: string },
  ): Promise<string> {
    const paid = await payments.captured(tx, orderId);
    const shares = splitRefund(
      plan,
      paid.map(({ id, capturedFen, refundedFen }) => ({ id, leftFen: capturedFen - refundedFen })),
    );
    if (!shares) throw new AppError('state_conflict');
    let first: string | undefined;
    for (const { paymentId, ...share } of shares) {
      const payment = paid.find(({ id }) => id === paymentId);
      if (!payment) throw new Error(`payment ${paymentId} is gone`);
      if (!plan.isRest && (await countRefunds(tx, paymentId)) >= MOST_PARTS)
        throw new AppError('limit_exceeded', { facts: { reason: 'too_many_refunds' } });
      const refundId = await request(tx, payment, {
        ...share,
        reason,
        by,
        askedWith: first,
        retryOf: first ? undefined : retryOf,
      });
      first ??= refundId;
    }
    if (first === undefined) throw new AppError('state_conflict');
    await deps.refundRequested(tx, { orderId, isRest: plan.isRest, caseId });
    return first;
  }

  /** The deposit of a pre-sale whose order is closed; its row is locked. @throws AppError state_conflict: asked for before */
  async function refundDeposit(tx: Tx, orderId: string, asked: { reason: string; by: string | null }): Promise<void> {
    const deposit = (await payments.captured(tx, orderId)).find(({ part }) => part === 'deposit');
    if (!deposit || deposit.refundedFen > 0n) throw new AppError('state_conflict');
    await request(tx, deposit, { amountFen: deposit.capturedFen, ...asked });
  }

  /**
   * A refund of an order whose row is locked, by whoever may ask for it by rules of their own. `counts`: refunds that went back
   * for the same cause before; how it ended is from now on said of them all.
   */
  async function refundParts(
    tx: Tx,
    order: Parameters<OrdersService['holdRefund']>[1],
    wanted: WantedRefund | 'rest',
    asked: { reason: string; by: string | null; caseId?: string; retryOf?: string; counts?: readonly string[] },
  ): Promise<string> {
    const { reason, by, counts = [] } = asked;
    const plan = await orders.holdRefund(tx, order, wanted, { actorId: by, reason });
    const refundId = await requestPlanned(tx, order.id, plan, asked);
    if (counts.length > 0) await countFor(tx, refundId, counts);
    return refundId;
  }

  async function request(
    tx: Tx,
    payment: PaymentRow,
    refund: {
      amountFen: bigint;
      reason: string;
      by: string | null;
      retryOf?: string | undefined;
      askedWith?: string | undefined;
    } & Partial<Pick<RefundPlan, 'lines' | 'shippingFen'>>,
  ): Promise<string> {
    if (!(await payments.holdForRefund(tx, payment.id, refund.amountFen))) throw new AppError('state_conflict');
    const id = random.id();
    await insertRefund(tx, {
      id,
      refundNo: `RF${id.replaceAll('-', '')}`,
      orderId: payment.orderId,
      paymentId: payment.id,
      amountFen: refund.amountFen,
      shippingFen: refund.shippingFen ?? 0n,
      lines: refund.lines ?? [],
      reason: refund.reason,
      requestedBy: refund.by,
      retryOf: refund.retryOf ?? null,
      askedWith: refund.askedWith ?? null,
      at: clock.now(),
    });
    tx.afterCommit(() => runner.runDue().then(() => {}));
    return id;
  }

  /** Rule S3: money for an order that can no longer take it goes back, once, by the system. */
  async function refundLatePayment(tx: Tx, paymentId: string, at: Date): Promise<void> {
    if (!(await payments.noteLateCapture(tx, paymentId, at))) return;
    const payment = await payments.read(tx, paymentId);
    if (!payment) throw new Error(`payment ${paymentId} is gone`);
    await ledger.postTransfer(tx, {
      kind: 'late_payment',
      ref: payment.id,
      at,
      entries: lateEntries(payment, payment.capturedFen),
    });
    await request(tx, payment, { amountFen: payment.capturedFen, reason: 'late_payment', by: null });
  }

  async function ask(refund: RefundRow): Promise<void> {
    const payment = await payments.read(db.sql, refund.paymentId);
    if (!payment) throw new Error(`payment ${refund.paymentId} is gone`);
    const { refundNo, amountFen } = refund;
    const { outcome, said } = await payments.refund(payment, { refundNo, amountFen, isRepeated: refund.attempts > 0 });
    await noteRefund(db.sql, refund.id, { said, error: null });
    if (outcome === 'processing') return; // its callback, or the next question, will tell
    await db.transaction((tx) => finish(tx, refund.refundNo, outcome, clock.now()));
  }

  /** Books the end of a refund; telling it again changes nothing. */
  async function finish(tx: Tx, refundNo: string, outcome: 'succeeded' | 'failed', at: Date): Promise<void> {
    const refund = await readRefund(tx, refundNo);
    const payment = refund && (await payments.read(tx, refund.paymentId));
    if (!refund || !payment) throw new AppError('not_found');
    if (refund.orderId === null) return finishCoins(tx, refund, payment, outcome, at);
    // The first lock of whatever happens to an order.
    const [order] = await tx<{ isPaid: boolean }>`
      SELECT paid_at IS NOT NULL AS "isPaid" FROM orders WHERE id = ${refund.orderId} FOR UPDATE`;
    if (!(await endRefund(tx, refund.id, outcome, at))) return;
    const late = payment.state !== 'captured';
    const { id: refundId, orderId, amountFen, shippingFen } = refund;
    // The deposit of an order that came to nothing: no goods, no commission, only the money.
    const isDeposit = payment.part === 'deposit' && order?.isPaid === false;
    const lines = await readRefundLines(tx, refundId);
    if (outcome === 'failed') {
      log.error({ refundNo, orderId: refund.orderId }, 'the provider refused a refund for good: somebody must look');
      await payments.giveBackHold(tx, payment.id, refund.amountFen);
      if (late || isDeposit) return;
      await orders.resumeAfterRefund(tx, { orderId, shippingFen, lines, at }, 'refund_failed');
      await tellEnded(tx, refund, at);
      return;
    }
    const { provider } = payment;
    if (!late && isDeposit) return orders.completeDepositRefund(tx, { orderId, refundId, amountFen, provider, at });
    if (!late) {
      await orders.completeRefund(tx, { orderId, refundId, refundNo, amountFen, shippingFen, lines, provider, at });
      await tellEnded(tx, refund, at);
      return;
    }
    await ledger.postTransfer(tx, {
      kind: 'late_payment_refunded',
      ref: refund.id,
      at,
      entries: lateEntries(payment, -refund.amountFen),
    });
  }

  async function tellEnded(tx: Tx, { id, askedWith }: RefundRow, at: Date): Promise<void> {
    const refundId = askedWith ?? id;
    const outcome = await togetherOutcome(tx, refundId);
    if (outcome !== 'open') await deps.refundEnded(tx, { refundId, outcome, at });
  }

  /** The same for coins; what becomes of them is the wallet's. */
  async function finishCoins(
    tx: Tx,
    refund: RefundRow,
    payment: PaymentRow,
    outcome: 'succeeded' | 'failed',
    at: Date,
  ): Promise<void> {
    if (!(await endRefund(tx, refund.id, outcome, at))) return;
    if (outcome === 'failed') {
      log.error({ refundNo: refund.refundNo }, 'the provider refused to give coins back for good: somebody must look');
      await payments.giveBackHold(tx, payment.id, refund.amountFen);
    }
    await deps.coinRefundFinished(tx, { refundId: refund.id, amountFen: refund.amountFen, payment, outcome, at });
  }

  const lateEntries = (payment: PaymentRow, amountFen: bigint) => [
    { account: { kind: 'provider_clearing', owner: payment.provider } as const, amountFen },
    { account: { kind: 'unmatched_payments', owner: payment.provider } as const, amountFen: -amountFen },
  ];

  deps.jobs.every(REFUND_JOB, REFUND_EVERY_MS, async () => void (await runner.runDue()));
  bindRefundAgain(deps.bind, { clock, random, orders, payments, request, refundParts });
  return {
    /** Writes the row, holds the amount and asks the provider after commit; answers the refund's id (rule S8). */
    request,
    refundParts,
    refundDeposit,
    refundLatePayment,
    finish,
    runDue: runner.runDue,
    /** Asks for none any more; waits for those under way. */
    close: runner.close,
  };
}
export type Refunds = ReturnType<typeof createRefunds>;
