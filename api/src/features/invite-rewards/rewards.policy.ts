/** Rules of rewards for inviting, without a database: where they are given (Z5), and what a tier is for somebody. */

/**
 * Rule Z5: inside WeChat nothing is given for the act of sharing. It is not a setting: WeChat's rules are not the brand's to
 * change. The same campaign runs elsewhere; whom WeChat brought does not count for it either.
 */
export const channelOf = (request: { inWechat: boolean }): 'open' | 'closed_in_wechat' =>
  request.inWechat ? 'closed_in_wechat' : 'open';

export type TierState = 'locked' | 'ready' | 'granted' | 'out';
export function tierState(tier: {
  readonly threshold: number;
  readonly invited: number;
  readonly left: number;
  readonly granted: boolean;
}): TierState {
  if (tier.granted) return 'granted';
  if (tier.invited < tier.threshold) return 'locked';
  return tier.left > 0 ? 'ready' : 'out';
}

export function taskState(
  task: { readonly startsAt: Date; readonly endsAt: Date; readonly stoppedAt: Date | null },
  now: Date,
): 'coming' | 'running' | 'over' | 'stopped' {
  if (task.stoppedAt !== null) return 'stopped';
  if (now < task.startsAt) return 'coming';
  return now < task.endsAt ? 'running' : 'over';
}

/** Beginning of the week (Monday) or month in the brand's calendar that a moment lies in. */
export function periodStart(period: 'week' | 'month', now: Date): Date {
  const china = new Date(now.getTime() + CHINA_OFFSET_MS);
  const day = period === 'month' ? 1 : china.getUTCDate() - ((china.getUTCDay() + 6) % 7);
  return new Date(Date.UTC(china.getUTCFullYear(), china.getUTCMonth(), day) - CHINA_OFFSET_MS);
}
const CHINA_OFFSET_MS = 8 * 3_600_000;
