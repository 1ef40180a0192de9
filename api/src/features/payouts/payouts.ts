/** Transfers to people put together: claiming, bills on their way, withdrawals, and holding bills against their providers. */
import type { Ledger } from '../../ledger/index.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql } from '../../platform/db.ts';
import { eachOf } from '../../platform/each-of.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import { createAccounts, type OpenIdOf } from './accounts.ts';
import { openBills, readBill, uncheckedBills } from './bills.repository.ts';
import { type BillsDeps, createBills } from './bills.ts';
import { createClaiming } from './claiming.ts';
import { countOpen } from './differences.ts';
import { bindPayouts } from './payouts.routes.ts';
import type { PayoutProviders } from './provider.ts';
import type { SandboxPayouts } from './sandbox-payouts.ts';
import { type CommissionClaims, createSources } from './sources.ts';
import { bindTerms } from './terms.ts';
import { createWithdrawals } from './withdrawals.ts';

export const PAYOUTS_JOB = 'payouts';
export const PAYOUT_CHECKS_JOB = 'payout-checks';
const LOOK_EVERY_MS = 5_000;
const CHECK_EVERY_MS = 10 * 60_000;
/** A bill that ended is asked about once more after a while, and as long as providers remember it. */
const CHECK_AFTER_MS = 3_600_000;
const REMEMBERED_MS = 25 * 86_400_000;
const CHECKS_AT_ONCE = 100;
const ASKS_AT_ONCE = 4;

export interface PayoutsDeps extends Pick<BillsDeps, 'faultAt'> {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly ledger: Ledger;
  readonly providers: PayoutProviders;
  readonly claims: CommissionClaims;
  /** Who somebody is to WeChat; undefined where it is not configured. */
  readonly openIdOf: OpenIdOf | undefined;
  readonly sandbox: boolean;
}

/** What receivers read beside the amount. */
const remarks = { commission: '推广佣金', rewards: '活动奖励' } as const;

/** Without routes and jobs: what tests and other features drive. */
export function createPayoutEngine(deps: PayoutsDeps) {
  const { db, clock } = deps;
  const accountOf = createAccounts({ openIdOf: deps.openIdOf, sandbox: deps.sandbox });
  const sources = createSources(deps.claims);
  const claimLine = createClaiming({ ...deps, accountOf, sources });
  const bills = createBills({ ...deps, sources, hqId, remarkOf: (source) => remarks[source] });
  const withdrawals = createWithdrawals({ ...deps, accountOf, claimLine });

  async function checkEnded(runId: string | null, all: boolean): Promise<{ asked: number; unanswered: number }> {
    const now = clock.now().getTime();
    const range = { from: new Date(now - REMEMBERED_MS), to: new Date(all ? now : now - CHECK_AFTER_MS), runId };
    let unanswered = 0;
    const due = await uncheckedBills(db.sql, range, CHECKS_AT_ONCE);
    await eachOf(due, ASKS_AT_ONCE, async (bill) => {
      if (!(await bills.check(bill))) unanswered++;
    });
    return { asked: due.length, unanswered };
  }

  /** Everything that is under way, and what ended and was not asked about since. */
  async function reconcile(runId: string | undefined) {
    const open = await openBills(db.sql, runId ?? null);
    let unanswered = 0;
    await eachOf(open, ASKS_AT_ONCE, async (id) => {
      const said = await bills.askNow(id).catch((error: unknown) => {
        deps.log.warn({ err: error, billId: id }, 'a transfer could not be asked about');
        return false;
      });
      if (!said) unanswered++;
    });
    let ended = 0;
    for (const id of open) if ((await readBill(db.sql, id))?.endedAt) ended++;
    const checked = await checkEnded(runId ?? null, true);
    return {
      ...{ asked: open.length + checked.asked, ended, unanswered: unanswered + checked.unanswered },
      openDifferences: await countOpen(db.sql),
    };
  }
  return { accountOf, claimLine, bills, withdrawals, reconcile, checkEnded: () => checkEnded(null, false) };
}
export type PayoutEngine = ReturnType<typeof createPayoutEngine>;

export function createPayouts(
  deps: PayoutsDeps & {
    bind: Binder;
    jobs: Jobs;
    sandboxPayouts: SandboxPayouts | undefined;
    wechat: { readonly mchId: string; readonly appId: string } | undefined;
  },
) {
  const engine = createPayoutEngine(deps);
  /** Bills that were just written need not wait for the next turn. */
  const kick = () =>
    void deps.jobs.runNow(PAYOUTS_JOB).catch((error: unknown) => deps.log.warn({ err: error }, 'payouts'));
  bindTerms(deps);
  bindPayouts({ ...deps, ...engine, sandbox: deps.sandboxPayouts, kick });
  deps.jobs.every(PAYOUTS_JOB, LOOK_EVERY_MS, engine.bills.runDue);
  deps.jobs.every(PAYOUT_CHECKS_JOB, CHECK_EVERY_MS, async () => void (await engine.checkEnded()));
  return { ...engine, kick };
}
export type Payouts = ReturnType<typeof createPayouts>;

export async function hqId(sql: Sql): Promise<string> {
  const [row] = await sql<{ id: string }>`SELECT id FROM org_units WHERE kind = 'hq' ORDER BY path LIMIT 1`;
  if (!row) throw new Error('there is no headquarters');
  return row.id;
}
