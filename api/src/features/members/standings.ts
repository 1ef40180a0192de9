/**
 * Where a person stands (rule N1).
 *
 * Model: a standing is derived from what was paid in the window less what was refunded, in the transaction of the fact itself;
 * purchases that leave the window, and new rules, are followed by a job. Nobody sets a level by hand.
 * Invariants: standings of one person are settled one after the other (a lock by person), each after reading what the others
 * committed, so the last one has seen everything; every change is a row of history with its reason and the rules it was made by;
 * a level's coupon is given once for a person and kind, by the job: a coupon that is gone never stops a payment.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import type { GrantCoupon } from '../coupons/index.ts';
import { rankOf } from './members.policy.ts';
import * as rows from './members.repository.ts';

export const MEMBERS_JOB = 'members-due';
const DUE_EVERY_MS = 5_000;
const BATCH = 200;
/** A level's coupon that could not be given (all claimed, stopped) is tried for so long. */
const OWED_MS = 86_400_000;

export function createStandings(deps: { db: Db; clock: Clock; log: Logger; jobs: Jobs; grant: GrantCoupon }) {
  const { db, clock, log } = deps;

  /** @returns the rank now */
  async function settle(
    tx: Tx,
    personId: string,
    fact: { reason: rows.MoveReason; ref: string; at: Date },
  ): Promise<number> {
    const rules = await rows.readRules(tx);
    if (!rules) return 0;
    await tx`SELECT pg_advisory_xact_lock(hashtextextended(${`member ${personId}`}, 0))`;
    const known = await rows.readStanding(tx, personId);
    // Facts of one person may be settled in another order than their times; what was counted once is never uncounted.
    const at = known && known.checkedAt > fact.at ? known.checkedAt : fact.at;
    const { spendFen, leavesAt } = await rows.readSpend(tx, personId, rules.windowDays, at);
    const from = known?.rank ?? 0;
    const rank = rankOf(spendFen, rules.levels);
    const moved = from !== rank;
    const reason = known && known.rulesVersion < rules.version && fact.reason === 'window' ? 'rules' : fact.reason;
    await rows.writeStanding(tx, {
      ...{ personId, rank, rulesVersion: rules.version, spendFen, now: at, nextCheckAt: leavesAt },
      since: moved || !known ? fact.at : known.since,
    });
    if (moved)
      await rows.insertMove(tx, {
        ...{ personId, from, to: rank, reason, ref: fact.ref, spendFen, rulesVersion: rules.version, at: fact.at },
      });
    return rank;
  }

  async function settleOrder(tx: Tx, orderId: string, fact: { reason: rows.MoveReason; ref: string; at: Date }) {
    const [order] = await tx<{ personId: string }>`SELECT person_id AS "personId" FROM orders WHERE id = ${orderId}`;
    if (order) await settle(tx, order.personId, fact);
  }

  async function settleDue(): Promise<void> {
    const version = (await rows.readRules(db.sql))?.version;
    if (version === undefined) return;
    const seen: string[] = [];
    for (;;) {
      const now = clock.now();
      const due = await rows.dueStandings(db.sql, version, now, seen, BATCH);
      for (const personId of due) {
        seen.push(personId);
        await db
          .transaction((tx) => settle(tx, personId, { reason: 'window', ref: '', at: now }))
          .catch((error: unknown) => log.warn({ err: error, personId }, 'members: standing not settled'));
      }
      if (due.length < BATCH) return;
    }
  }

  async function giveBenefits(): Promise<void> {
    const tried: string[] = [];
    for (;;) {
      const owed = await rows.owedBenefits(db.sql, new Date(clock.now().getTime() - OWED_MS), tried, BATCH);
      for (const { personId, rank, kindId } of owed) {
        tried.push(`${personId}:${kindId}`);
        try {
          await db.transaction(async (tx) => {
            await tx`SELECT pg_advisory_xact_lock(hashtextextended(${`member ${personId}`}, 0))`;
            const [given] =
              await tx`SELECT 1 FROM member_benefits WHERE person_id = ${personId} AND coupon_kind_id = ${kindId}`;
            if (given) return;
            const { id } = await deps.grant(tx, { kindId, personId, source: 'level' });
            await tx`INSERT INTO member_benefits (person_id, coupon_kind_id, rank, coupon_id, at)
              VALUES (${personId}, ${kindId}, ${rank}, ${id}, ${clock.now()})`;
          });
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
        }
      }
      if (owed.length < BATCH) return;
    }
  }

  deps.jobs.every(MEMBERS_JOB, DUE_EVERY_MS, async () => {
    await settleDue();
    await giveBenefits();
  });
  return {
    settle,
    onOrderPaid: (tx: Tx, orderId: string, at: Date) => settleOrder(tx, orderId, { reason: 'paid', ref: orderId, at }),
    onOrderRefunded: (tx: Tx, refund: { orderId: string; refundId: string; at: Date }) =>
      settleOrder(tx, refund.orderId, { reason: 'refunded', ref: refund.refundId, at: refund.at }),
  };
}
export type Standings = ReturnType<typeof createStandings>;
