import type { AfterSaleView } from '@walnut-live/contracts';
import type { BadgeTone } from '@walnut-live/ui';

/** What waits for staff stands out; what is before headquarters or was refused more so. */
export const toneOf = (state: AfterSaleView['state']): BadgeTone => {
  if (state === 'requested' || state === 'goods_on_way' || state === 'to_replace') return 'warn';
  if (state === 'escalated' || state === 'rejected') return 'hot';
  return state === 'refunded' || state === 'exchanged' ? 'success' : 'neutral';
};
