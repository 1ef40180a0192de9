/**
 * Asking providers for the refunds that are due.
 *
 * Model: one run at a time in this process, however many ask for one, and a few refunds of it at once: a hundred refunds that
 * are wanted in the same moment are no hundred calls. A refund is claimed for one attempt by its row, so other processes are at
 * others. What fails only postpones itself; what does not end for long is told as an error and stands in finance's list.
 */
import type { Clock } from '../../platform/clock.ts';
import { coalesce } from '../../platform/coalesce.ts';
import type { Db } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { claimDueRefund, noteRefund, type RefundRow } from './refunds.repository.ts';

const BATCH = 100;
/** Refunds asked for at once. */
const WIDTH = 4;
const FIRST_PAUSE_SECONDS = 10;
const LONGEST_PAUSE_SECONDS = 3_600;
/** After so many attempts (a day and a half) somebody has to look; told again with every further such number. */
const STUCK_ATTEMPTS = 40;
const LONGEST_ERROR = 300;

/** Doubling pauses between attempts, at most an hour. */
export function refundPauseSeconds(attempts: number): number {
  return Math.min(FIRST_PAUSE_SECONDS * 2 ** Math.min(attempts, 20), LONGEST_PAUSE_SECONDS);
}

export function createRunner(deps: {
  db: Db;
  clock: Clock;
  log: Logger;
  /** One attempt. */
  ask: (refund: RefundRow) => Promise<void>;
}) {
  const { db, clock, log } = deps;
  let stopped = false;
  let asked = 0;

  async function attempt(due: RefundRow): Promise<void> {
    try {
      await deps.ask(due);
    } catch (error) {
      const said = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_ERROR);
      log.warn({ err: error, refundNo: due.refundNo }, 'refund not finished, will be asked for again');
      await noteRefund(db.sql, due.id, { error: said }).catch(() => undefined);
    }
    const attempts = due.attempts + 1;
    if (attempts % STUCK_ATTEMPTS === 0)
      log.error({ refundNo: due.refundNo, attempts }, 'a refund does not end: somebody must look');
  }

  const run = coalesce(async () => {
    const tried: string[] = [];
    const lane = async (): Promise<void> => {
      while (!stopped && tried.length < BATCH) {
        const now = clock.now();
        const due = await db.transaction((tx) =>
          claimDueRefund(tx, now, (n) => new Date(now.getTime() + refundPauseSeconds(n) * 1000), tried),
        );
        if (!due) return;
        tried.push(due.id);
        await attempt(due);
      }
    };
    await Promise.all(Array.from({ length: WIDTH }, lane));
    asked = tried.length;
  });

  return {
    /** Asks for every refund that is due; answers how many were asked for by the last run. */
    async runDue(): Promise<number> {
      await run();
      return asked;
    },
    /** Begins nothing new; waits for what is under way. Idempotent. */
    async close(): Promise<void> {
      stopped = true;
      await run.close();
    },
  };
}
