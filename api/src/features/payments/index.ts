/** Payments behind a port: the embedded sandbox, and WeChat Pay where it is configured. */

import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import { createAsking } from './asking.ts';
import { bindPayments } from './payments.routes.ts';
import type { PaymentListeners, Payments } from './payments.service.ts';
import type { Providers } from './provider.ts';
import { bindRecords } from './records.routes.ts';
import type { SandboxProvider } from './sandbox-provider.ts';
import { createStarting, type LockPayable } from './starting.ts';
import type { WechatAccounts } from './wechat/wechat-accounts.ts';

export { askPauseSeconds } from './asking.policy.ts';
export type { Asking } from './asking.ts';
export {
  closeAgainLater,
  type PaymentPart,
  type PaymentRow,
  queryAllAt,
  readTracesOfOrders,
} from './payments.repository.ts';
export { createPaymentsService, type PaymentListeners, type Payments } from './payments.service.ts';
export type { Bill, BillLine, PaymentProvider, ProviderName, Providers } from './provider.ts';
export {
  createSandboxProvider,
  type DeliveryFate,
  type DeliveryPlan,
  type SandboxProvider,
} from './sandbox-provider.ts';
export type { LockPayable } from './starting.ts';
export { openSealed, sealForWechat, signatureFault } from './wechat/signatures.policy.ts';
export { createWechatAccounts, type WechatAccounts } from './wechat/wechat-accounts.ts';
export { createWechatClient, type WechatClient, WechatError, wechatMerchant } from './wechat/wechat-client.ts';
export { createWechatProvider } from './wechat/wechat-provider.ts';

/** Asks providers about payments whose callback did not come. */
export const ASKING_JOB = 'payments-asking';
const ASKING_EVERY_MS = 5_000;

/** What is there once those who are paid for are: their locks and listeners come in. */
export function servePayments(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  log: Logger;
  jobs: Jobs;
  payments: Payments;
  providers: Providers;
  sandbox: SandboxProvider | undefined;
  wechat: WechatAccounts | undefined;
  lockPayable: LockPayable;
  listeners: PaymentListeners;
}) {
  const starting = createStarting(deps);
  const asking = createAsking(deps);
  bindPayments(deps.bind, { ...deps, starting });
  bindRecords(deps.bind, { ...deps, asking });
  deps.jobs.every(ASKING_JOB, ASKING_EVERY_MS, async () => void (await asking.askDue()));
  return asking;
}
