/** Transfers to people behind a port: the embedded sandbox, and WeChat's where it is configured. */
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
export { createWechatPayouts } from './wechat-payouts.ts';
