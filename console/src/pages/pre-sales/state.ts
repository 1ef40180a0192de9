/** Where a pre-sale is in its two windows. Pure. */
import type { PreSaleCampaign } from '@walnut-live/contracts';

export type PreSaleState = 'soon' | 'deposits' | 'between' | 'balances' | 'over' | 'stopped';

export const stateOf = (
  campaign: Pick<PreSaleCampaign, 'startsAt' | 'depositUntil' | 'balanceFrom' | 'balanceUntil' | 'stoppedAt'>,
  now: number,
): PreSaleState => {
  if (campaign.stoppedAt !== null) return 'stopped';
  if (now < Date.parse(campaign.startsAt)) return 'soon';
  if (now < Date.parse(campaign.depositUntil)) return 'deposits';
  if (now < Date.parse(campaign.balanceFrom)) return 'between';
  return now < Date.parse(campaign.balanceUntil) ? 'balances' : 'over';
};
