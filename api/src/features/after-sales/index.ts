/** After-sale: see after-sales.service.ts for the model. */
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Files } from '../files/index.ts';
import { bindAfterSales } from './after-sales.routes.ts';
import { type AfterSalesDeps, createAfterSalesService } from './after-sales.service.ts';
import { runOverdue } from './overdue.ts';

export { openStates as openAfterSaleStates } from './after-sales.policy.ts';
export { auditAfterSales } from './after-sales-audit.ts';

export const AFTER_SALES_JOB = 'after-sales-deadlines';
const EVERY_MS = 60_000;

export function createAfterSales(
  deps: Omit<AfterSalesDeps, 'files'> & { bind: Binder; db: Db; jobs: Jobs; log: Logger; files: Files },
) {
  const { db, clock, random, log, files } = deps;
  const cases = createAfterSalesService(deps);
  bindAfterSales(deps.bind, { db, clock, random, cases, files });
  deps.jobs.every(AFTER_SALES_JOB, EVERY_MS, async () => void (await runOverdue({ db, clock, log, cases })));
  return { refundRequested: cases.refundRequested, refundEnded: cases.refundEnded };
}
export type AfterSales = ReturnType<typeof createAfterSales>;
