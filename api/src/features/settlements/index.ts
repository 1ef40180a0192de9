/** Settlement of commission: checked runs of payments to people, and what stores and headquarters owe each other. */
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Payouts } from '../payouts/index.ts';
import { createPayer } from './payer.ts';
import { bindSettlements } from './settlements.routes.ts';
import { createSettlementsService, type SettlementsDeps } from './settlements.service.ts';
import { bindStatements } from './statements.ts';

export { auditSettlements } from './settlements-audit.ts';

export const SETTLEMENTS_JOB = 'settlements';
const LOOK_EVERY_MS = 5_000;

export function createSettlements(deps: SettlementsDeps & { bind: Binder; jobs: Jobs; payouts: Payouts }): void {
  const { jobs, log, payouts } = deps;
  const payer = createPayer({ ...deps, claimLine: payouts.claimLine });
  const service = createSettlementsService({ ...deps, payer });
  const kick = () =>
    void jobs
      .runNow(SETTLEMENTS_JOB)
      .catch((error: unknown) => log.warn({ err: error }, 'settlements'))
      .then(payouts.kick);
  bindSettlements({ ...deps, service, kick });
  bindStatements(deps);
  jobs.every(SETTLEMENTS_JOB, LOOK_EVERY_MS, payer.runDue);
}
