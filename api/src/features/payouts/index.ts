/** Transfers to people: bills behind a port (the embedded sandbox, and WeChat's where it is configured), and withdrawals. */
export { realNamesOf } from './accounts.ts';
export { type Claimed, type ClaimLine, monthsSoFar, NOTHING_YET } from './claiming.ts';
export {
  createPayoutEngine,
  createPayouts,
  hqId,
  PAYOUT_CHECKS_JOB,
  PAYOUTS_JOB,
  type PayoutEngine,
  type Payouts,
  type PayoutsDeps,
} from './payouts.ts';
export {
  isPayoutOver,
  type Payout,
  type PayoutNotification,
  type PayoutProvider,
  type PayoutProviders,
  PayoutRefused,
  type PayoutState,
  type PayoutStatus,
} from './provider.ts';
export { createSandboxPayouts, type SandboxPayouts } from './sandbox-payouts.ts';
export { isKnownScene } from './scenes.policy.ts';
export type { CommissionClaims } from './sources.ts';
export { holdTerms, type Terms, termsAt } from './terms.ts';
export { createWechatPayouts } from './wechat-payouts.ts';
export { withholdingFor } from './withholding.policy.ts';
