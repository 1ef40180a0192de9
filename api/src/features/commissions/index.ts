import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { settleMonths } from './bonuses.ts';
import { checkDue } from './checks.ts';
import { bindCommissions } from './commissions.routes.ts';
import { createCommissionsService } from './commissions.service.ts';
import { bindHolds } from './holds.ts';
import { createPosting, type PostingDeps } from './posting.ts';
import { bindRules } from './rules.routes.ts';
import { thawDue } from './thaw.ts';

export { handOverMonths } from './bonuses.ts';
export { type Claim, type Claimed, type ClaimFilter, claim, markPaid, unclaim } from './claims.ts';
export { auditCommissions } from './commissions-audit.ts';

export const COMMISSION_CHECK_JOB = 'commission-checks';
export const COMMISSION_THAW_JOB = 'commission-thaw';
export const COMMISSION_BONUS_JOB = 'commission-bonuses';
const EVERY_MS = 60_000;
const BONUS_EVERY_MS = 600_000;

/** What credited people earn (rules K1–K7): see posting.ts for the model, docs/26-commission.md for the rules. */
export function createCommissions(deps: PostingDeps & { bind: Binder; db: Db; clock: Clock; jobs: Jobs }) {
  const { db, clock, jobs } = deps;
  bindCommissions(deps.bind, deps, createCommissionsService(deps));
  const posting = createPosting(deps);
  const { onOrderPaid, onOrderReceived, onOrderRefunded, onCreditRuled } = posting;
  bindRules(deps.bind, deps);
  bindHolds(deps.bind, { ...deps, posting });
  jobs.every(COMMISSION_CHECK_JOB, EVERY_MS, async () => void (await checkDue(deps)));
  jobs.every(COMMISSION_THAW_JOB, EVERY_MS, async () => void (await thawDue({ db, clock })));
  jobs.every(COMMISSION_BONUS_JOB, BONUS_EVERY_MS, async () => void (await settleMonths(deps)));
  return {
    onCreditRuled,
    /** What orders tell. */
    told: { orderPaid: onOrderPaid, orderReceived: onOrderReceived, orderRefunded: onOrderRefunded },
  };
}
export type Commissions = ReturnType<typeof createCommissions>;
