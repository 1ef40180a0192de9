/**
 * Asking providers: a payment whose callback never comes is found here (rule S3). The question is asked outside of any
 * transaction; what it brings is booked exactly as a callback would be, by the same listener, once.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { nextQueryAt } from './asking.policy.ts';
import type { Judged } from './disputes.ts';
import { claimToQuery, noteProviderState, readPayment } from './payments.repository.ts';
import type { PaymentListeners, Payments } from './payments.service.ts';

const BATCH = 100;
/** Questions at once: a provider that is slow must not make the turn last for minutes. */
const WIDTH = 4;

export function createAsking(deps: {
  db: Db;
  clock: Clock;
  log: Logger;
  payments: Payments;
  listeners: Pick<PaymentListeners, 'captured'>;
}) {
  const { db, clock, log, payments, listeners } = deps;

  /** Asks now, also about a payment that is closed here: money that came all the same is booked as late, and goes back. */
  async function askNow(paymentId: string): Promise<Judged> {
    const payment = await readPayment(db.sql, paymentId);
    if (!payment) throw new AppError('not_found');
    if (payment.preparedAt === null) return 'none';
    const state = await payments.query(payment);
    const at = clock.now();
    await noteProviderState(db.sql, paymentId, state, at);
    if (state === 'captured' && payment.capturedFen === 0n)
      await db.transaction((tx) => listeners.captured(tx, payment, at));
    // Over at the provider: another one may be opened in its place.
    if (state === 'failed') await payments.end(payment, 'failed');
    if (state === 'closed' || state === 'refunded') await payments.end(payment, 'closed');
    return state;
  }

  async function tryOne(paymentId: string): Promise<void> {
    try {
      await askNow(paymentId);
    } catch (error) {
      log.warn({ err: error, paymentId }, 'a payment could not be asked about, will be asked again');
    }
  }

  return {
    askNow,
    /** Answers how many were asked about. */
    async askDue(): Promise<number> {
      const now = clock.now();
      const due = await claimToQuery(db.sql, now, BATCH, (queries) => nextQueryAt(now, queries + 1));
      const left = [...due];
      const lane = async (): Promise<void> => {
        for (let id = left.shift(); id !== undefined; id = left.shift()) await tryOne(id);
      };
      await Promise.all(Array.from({ length: WIDTH }, lane));
      return due.length;
    },
  };
}
export type Asking = ReturnType<typeof createAsking>;
