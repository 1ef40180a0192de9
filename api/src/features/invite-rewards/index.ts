/** What inviting brings: a ranking, prizes of tasks, and what they cost (rules Z5, K2, K6). */
import { createRewardCosts } from './costs.ts';
import { createRanking } from './ranking.ts';
import { createInviteTasks, type InviteRewardsDeps } from './tasks.ts';

export function createInviteRewards(deps: InviteRewardsDeps): void {
  createInviteTasks(deps);
  createRanking(deps);
  createRewardCosts(deps);
}
