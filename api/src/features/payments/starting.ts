/**
 * Starting to pay: which payment, with which provider, in which way.
 *
 * Model: short transactions around calls of the provider, so that a slow provider holds neither a row nor a connection. A
 * payment is marked as prepared, and that committed, before its provider hears of it: one that is not marked is known to
 * nobody and may take another way; one that is marked is closed with its provider before another takes its place. So never two
 * payments of one subject can be captured by a payer who keeps to what they were shown; what is captured all the same is
 * found by asking, or by the bill, and goes back (rule S3).
 */
import type { PaymentProviderName, PaymentWay } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { nextQueryAt } from './asking.policy.ts';
import type { PaymentPart, PaymentRow } from './payments.repository.ts';
import { adoptWay, movePayment, queryAt, readPayment } from './payments.repository.ts';
import type { Payments } from './payments.service.ts';
import { type Cashier, ChargeRefused, type Payer, type Providers } from './provider.ts';

/** Turns of closing one and opening the next; a rival on another device may come between. */
const TURNS = 3;

/** What is paid for. */
export type Subject = { readonly orderId: string } | { readonly topUpId: string };
export interface Payable {
  /** Number of the order or top-up. */
  readonly no: string;
  readonly amountFen: bigint;
  /** Of an order that is paid in parts. */
  readonly part?: PaymentPart;
  readonly expiresAt: Date;
}
/** Locks what is paid for until the transaction ends. @throws AppError not_found, already_paid, state_conflict */
export type LockPayable = (tx: Tx, personId: string, subject: Subject) => Promise<Payable>;

export interface Choice {
  readonly provider: PaymentProviderName;
  readonly way: PaymentWay | null;
}
export interface Started {
  readonly payment: PaymentRow;
  readonly expiresAt: Date;
  readonly cashier: Cashier;
}

export function createStarting(deps: {
  db: Db;
  clock: Clock;
  log: Logger;
  payments: Payments;
  providers: Providers;
  lockPayable: LockPayable;
}) {
  const { db, clock, log, payments, providers } = deps;

  const currentOf = (tx: Tx, subject: Subject) =>
    'orderId' in subject ? payments.current(tx, subject.orderId) : payments.ofTopUp(tx, subject.topUpId);

  /** The payment to prepare, or the one that has to be closed before. */
  async function choose(tx: Tx, personId: string, subject: Subject, { provider, way }: Choice) {
    const payable = await deps.lockPayable(tx, personId, subject);
    const at = clock.now();
    const current =
      (await currentOf(tx, subject)) ??
      (await payments.open(tx, {
        ...subject,
        amountFen: payable.amountFen,
        part: payable.part ?? 'whole',
        provider,
        at,
      }));
    if (current.state === 'captured') throw new AppError('already_paid');
    const isOther = current.preparedAt !== null && (current.provider !== provider || current.way !== way);
    if (isOther) return { payable, payment: current, mustClose: true };
    await adoptWay(tx, current.id, { provider, way, at, nextQueryAt: nextQueryAt(at, 0) });
    return { payable, payment: { ...current, provider, way, preparedAt: at }, mustClose: false };
  }

  /** Closed with its provider, then here. @throws AppError already_paid when the payer was faster */
  async function close(personId: string, subject: Subject, payment: PaymentRow): Promise<void> {
    const outcome = await payments.closeAtProvider(payment);
    if (outcome === 'captured') {
      await queryAt(db.sql, payment.id, clock.now()); // booked by the next turn, if its callback does not come first
      throw new AppError('already_paid');
    }
    await db.transaction(async (tx) => {
      await deps.lockPayable(tx, personId, subject);
      await movePayment(tx, payment.id, 'closed', clock.now());
    });
  }

  /** @throws AppError provider_unavailable; state_conflict when this way is refused for good */
  async function prepare(
    payment: PaymentRow,
    { no, expiresAt }: Payable,
    payer: Payer | undefined,
  ): Promise<Cashier | 'number_spent'> {
    const { id: paymentId, amountFen } = payment;
    try {
      return await payments.ask(payment, 'prepare', (provider) =>
        provider.prepare({ paymentId, amountFen, orderNo: no, expiresAt, payer }),
      );
    } catch (error) {
      if (!(error instanceof ChargeRefused)) throw error;
      if (error.why === 'number_spent') return 'number_spent';
      log.error(
        { err: error, paymentId },
        'a way to pay is refused by its provider: is it configured as it was granted?',
      );
      throw new AppError('state_conflict', { facts: { reason: 'way_refused' } }, error);
    }
  }

  async function start(personId: string, subject: Subject, choice: Choice, payer: Payer | undefined): Promise<Started> {
    if (!providers[choice.provider]) throw new AppError('not_found');
    for (let turn = 0; turn < TURNS; turn++) {
      const { payable, payment, mustClose } = await db.transaction((tx) => choose(tx, personId, subject, choice));
      if (mustClose) {
        await close(personId, subject, payment);
        continue;
      }
      const cashier = await prepare(payment, payable, payer);
      const state = cashier === 'number_spent' ? 'closed' : await payments.judged(payment, cashier);
      if (state === 'captured') {
        await queryAt(db.sql, payment.id, clock.now());
        throw new AppError('already_paid');
      }
      // Over there while it was pending here, as far as a refusal can be believed: asked about, closed, and another one opened.
      if (cashier === 'number_spent' || state === 'closed' || state === 'failed') {
        await close(personId, subject, payment);
        continue;
      }
      if (state !== 'open') throw new AppError('state_conflict', { facts: { state } });
      const now = await readPayment(db.sql, payment.id);
      if (now?.state === 'pending') return { payment: now, expiresAt: payable.expiresAt, cashier };
      // Its order was closed while the provider was told of it: nobody was shown how to pay it, and nobody can.
      await payments.closeAtProvider(payment);
      throw new AppError('state_conflict', { facts: { state: now?.state } });
    }
    throw new AppError('conflict', { retryAfterSeconds: 1 });
  }

  return { start };
}
export type Starting = ReturnType<typeof createStarting>;
