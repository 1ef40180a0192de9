/** Paying people and settling with stores, put together. */
import type { createProviders } from './compose-payments.ts';
import type { Config } from './config.ts';
import { claim, markPaid, unclaim } from './features/commissions/index.ts';
import { createPayouts } from './features/payouts/index.ts';
import { createSettlements } from './features/settlements/index.ts';
import type { Ledger } from './ledger/index.ts';
import type { Clock, Random } from './platform/clock.ts';
import type { Db } from './platform/db.ts';
import type { Binder } from './platform/http.ts';
import type { Jobs } from './platform/jobs.ts';
import type { Logger } from './platform/logger.ts';

export function createSettling(deps: {
  bind: Binder;
  config: Config;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  ledger: Ledger;
  providers: Pick<ReturnType<typeof createProviders>, 'payouts' | 'sandboxPayouts' | 'wechatAccounts' | 'wechatBridge'>;
}): void {
  const { config, providers } = deps;
  const payouts = createPayouts({
    ...deps,
    claims: { claim, unclaim, markPaid },
    providers: providers.payouts,
    sandboxPayouts: providers.sandboxPayouts,
    openIdOf: providers.wechatAccounts?.openIdOf,
    wechat: providers.wechatBridge,
    sandbox: config.SANDBOX,
  });
  createSettlements({ ...deps, payouts });
}
