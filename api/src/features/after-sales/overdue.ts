/** The job for cases whose time is over. One that fails waits for the next turn and holds up no other. */
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { nextOverdue } from './after-sales.repository.ts';
import type { AfterSalesService } from './after-sales.service.ts';

const BATCH = 200;

/** Answers how many were over their time. */
export async function runOverdue(deps: {
  db: Db;
  clock: Clock;
  log: Logger;
  cases: Pick<AfterSalesService, 'overdue'>;
}): Promise<number> {
  const { db, clock, log, cases } = deps;
  const tried: string[] = [];
  while (tried.length < BATCH) {
    const due = await nextOverdue(db.sql, clock.now(), tried);
    if (!due) break;
    tried.push(due.id);
    try {
      await db
        .transaction((tx) => cases.overdue(tx, due.id, { mayPay: true }))
        .catch((error: unknown) => {
          // What was asked for is not there any more: a person must look.
          if (!(error instanceof AppError)) throw error;
          return db.transaction((tx) => cases.overdue(tx, due.id, { mayPay: false }));
        });
    } catch (error) {
      log.error({ err: error, afterSaleId: due.id }, 'a case that is over its time could not be moved');
    }
  }
  return tried.length;
}
