/**
 * What a provider says of a charge, held against our payment, in this one place, before anything is booked or closed by it:
 * whoever asks (a callback, the asking job, a closing, a bill) comes through here.
 *
 * An answer that does not fit (another amount, app, merchant, currency; money given back that was never booked) is never booked.
 * It stands as a difference for finance, once, and is logged as an error.
 */

import { chinaDayOf } from '../../platform/china-day.policy.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import type { PaymentRow } from './payments.repository.ts';
import type { ChargeAnswer, ChargeState, ForeignCharge } from './provider.ts';

/** `disputed`: money moved, and not what this payment asks for. It can never pay for its order. */
export type Judged = ChargeState | 'disputed';

export function createJudge(deps: { db: Db; clock: Clock; random: Random; log: Logger }) {
  const { db, clock, random, log } = deps;

  async function note(
    payment: PaymentRow,
    number: string,
    kind: 'amount_differs' | 'state_differs',
    theirs: { amountFen: bigint | null; state: string },
  ): Promise<void> {
    const at = clock.now();
    log.error(
      {
        paymentId: payment.id,
        ours: payment.amountFen.toString(),
        theirs: theirs.amountFen?.toString(),
        said: theirs.state,
      },
      'a provider tells of a charge that is not the payment it stands for: not booked, somebody must look',
    );
    await db.sql`INSERT INTO reconciliation_differences (id, provider, day, subject, number, kind, payment_id, our_fen, their_fen,
        our_state, their_state, state, found_by, found_at)
      VALUES (${random.id()}, ${payment.provider}, ${chinaDayOf(at)}::date, 'payment', ${number}, ${kind}, ${payment.id},
        ${payment.amountFen}, ${theirs.amountFen ?? 0n}, ${payment.state}, ${theirs.state}, 'open', 'answer', ${at})
      ON CONFLICT (provider, subject, number, kind) DO UPDATE SET their_fen = excluded.their_fen,
        their_state = excluded.their_state, our_state = excluded.our_state, state = 'open', resolution = NULL,
        resolved_at = NULL, found_by = 'answer', day = excluded.day
      WHERE reconciliation_differences.resolution IS NULL OR reconciliation_differences.resolution = 'gone'`;
  }

  return {
    /** `number`: by which the provider knows the payment. */
    async judge(payment: PaymentRow, number: string, answer: ChargeAnswer): Promise<Judged> {
      const { state, amountFen } = answer;
      if (state !== 'captured' && state !== 'refunded') return state;
      if (amountFen !== payment.amountFen) {
        await note(payment, number, 'amount_differs', answer);
        return 'disputed';
      }
      // Given back by somebody else than us, as we never had it.
      if (state === 'refunded' && payment.capturedFen === 0n) await note(payment, number, 'state_differs', answer);
      return state;
    },
    foreign: (payment: PaymentRow, number: string, { what, answer }: ForeignCharge): Promise<void> =>
      note(payment, number, 'state_differs', { amountFen: answer.amountFen, state: `other_${what}` }),
  };
}
export type Judge = ReturnType<typeof createJudge>;
