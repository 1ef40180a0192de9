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
import { eyesOf, type OrdersService, type RefundPlan, readOrders, type WantedRefund } from '../orders/index.ts';
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

export { refundPauseSeconds } from './runner.ts';

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
  orders: Pick<OrdersService, 'lock' | 'beginRefund' | 'holdRefund' | 'completeRefund' | 'resumeAfterRefund'>;
  /** In the transaction in which a refund of an order was asked for. */
  refundRequested: (tx: Tx, refund: { orderId: string; isRest: boolean; caseId: string | undefined }) => Promise<void>;
  /** In the transaction in which a refund of an order ended, once. */
  refundEnded: (tx: Tx, refund: { refundId: string; outcome: 'succeeded' | 'failed'; at: Date }) => Promise<void>;
  /** In the transaction in which a refund of coins ended, once. */
  coinRefundFinished: (
    tx: Tx,
    refund: { refundId: string; amountFen: bigint; payment: PaymentRow; outcome: 'succeeded' | 'failed'; at: Date },
  ) => Promise<void>;
  payments: Pick<Payments, 'current' | 'read' | 'noteLateCapture' | 'holdForRefund' | 'giveBackHold' | 'refund'>;
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
    const plan = await orders.beginRefund(tx, principal, params.id, { reason: body.reason, wanted });
    await requestPlanned(tx, params.id, plan, { reason: body.reason, by: principal.personId });
    const [seen] = await readOrders(tx, [params.id]);
    const eyes = seen && eyesOf(principal, seen);
    if (!eyes) throw new AppError('not_found');
    return seen.view(eyes);
  });

  /** Asks for what the order has set aside; answers the refund's id. */
  async function requestPlanned(
    tx: Tx,
    orderId: string,
    plan: RefundPlan,
    { reason, by, caseId, retryOf }: { reason: string; by: string | null; caseId?: string; retryOf?: string },
  ): Promise<string> {
    const payment = await payments.current(tx, orderId);
    if (payment?.state !== 'captured') throw new AppError('state_conflict');
    if (!plan.isRest && (await countRefunds(tx, payment.id)) >= MOST_PARTS)
      throw new AppError('limit_exceeded', { facts: { reason: 'too_many_refunds' } });
    const refundId = await request(tx, payment, { ...plan, reason, by, retryOf });
    await deps.refundRequested(tx, { orderId, isRest: plan.isRest, caseId });
    return refundId;
  }

  /** A refund of an order whose row is locked, by whoever may ask for it by rules of their own. */
  async function refundParts(
    tx: Tx,
    order: Parameters<OrdersService['holdRefund']>[1],
    wanted: WantedRefund | 'rest',
    asked: { reason: string; by: string | null; caseId?: string; retryOf?: string },
  ): Promise<string> {
    const plan = await orders.holdRefund(tx, order, wanted, { actorId: asked.by, reason: asked.reason });
    return requestPlanned(tx, order.id, plan, asked);
  }

  async function request(
    tx: Tx,
    payment: PaymentRow,
    refund: { amountFen: bigint; reason: string; by: string | null; retryOf?: string | undefined } & Partial<
      Pick<RefundPlan, 'lines' | 'shippingFen'>
    >,
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
    await tx`SELECT 1 FROM orders WHERE id = ${refund.orderId} FOR UPDATE`; // the first lock of whatever happens to an order
    if (!(await endRefund(tx, refund.id, outcome, at))) return;
    const late = payment.state !== 'captured';
    const { id: refundId, orderId, amountFen, shippingFen } = refund;
    const lines = await readRefundLines(tx, refundId);
    if (outcome === 'failed') {
      log.error({ refundNo, orderId: refund.orderId }, 'the provider refused a refund for good: somebody must look');
      await payments.giveBackHold(tx, payment.id, refund.amountFen);
      if (late) return;
      await orders.resumeAfterRefund(tx, { orderId, shippingFen, lines, at }, 'refund_failed');
      await deps.refundEnded(tx, { refundId, outcome, at });
      return;
    }
    if (!late) {
      const { provider } = payment;
      await orders.completeRefund(tx, { orderId, refundId, refundNo, amountFen, shippingFen, lines, provider, at });
      await deps.refundEnded(tx, { refundId, outcome, at });
      return;
    }
    await ledger.postTransfer(tx, {
      kind: 'late_payment_refunded',
      ref: refund.id,
      at,
      entries: lateEntries(payment, -refund.amountFen),
    });
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
    refundLatePayment,
    finish,
    runDue: runner.runDue,
    /** Asks for none any more; waits for those under way. */
    close: runner.close,
  };
}
export type Refunds = ReturnType<typeof createRefunds>;
