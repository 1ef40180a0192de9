import type { PayoutBill, SettlementLine, SettlementRun } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import { type BadgeTone, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useSettlementT } from './messages.ts';

export const runTones: Record<SettlementRun['state'], BadgeTone> = {
  ...{ draft: 'neutral', previewed: 'warn', approved: 'brand', paying: 'brand', paid: 'success' },
  ...{ closed: 'danger', cancelled: 'neutral' },
};
export const lineTones: Record<SettlementLine['state'], BadgeTone> = {
  ...{ due: 'neutral', claimed: 'brand', carried: 'warn', paid: 'success', returned: 'danger' },
};
export const billTones: Record<PayoutBill['state'], BadgeTone> = {
  ...{
    created: 'neutral',
    moving: 'brand',
    waiting: 'warn',
    succeeded: 'success',
    failed: 'danger',
    cancelled: 'neutral',
  },
};

const conflicts = ['preview_stale', 'another_preview', 'two_people', 'own_line', 'state'] as const;
const hindrances = [
  'not_positive',
  'below_minimum',
  'no_account',
  'real_name_needed',
  'day_cap',
  'day_transfers',
  'more_than_approved',
] as const;
/** What refused an act of settlement, in words; undefined when the general text says it all. */
export const useConflictText = (): ((error: unknown) => string | undefined) => {
  const t = useSettlementT();
  return (error) => {
    const reason = isApiError(error) ? error.facts?.reason : undefined;
    const conflict = conflicts.find((known) => known === reason);
    if (conflict) return t(`conflict.${conflict}`);
    const hindrance = hindrances.find((known) => known === reason);
    return hindrance && t(`reason.${hindrance}`);
  };
};
export const useHindranceText = (): ((reason: string | null) => string) => {
  const t = useSettlementT();
  return (reason) => {
    const known = hindrances.find((one) => one === reason);
    return known ? t(`reason.${known}`) : (reason ?? '');
  };
};

export const StoreParts = ({ stores }: { stores: SettlementLine['stores'] }): ReactNode => {
  const format = useFormat();
  return (
    <span className="co-stacked co-start">
      {stores.map(({ store, amountFen }) => (
        <small key={store.id}>
          {store.name} <span className="wl-number">{format.money(amountFen, { sign: true })}</span>
        </small>
      ))}
    </span>
  );
};
