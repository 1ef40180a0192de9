import type { CreditReason, OrderState, RoomState } from '@walnut-live/contracts';
import { Avatar, Badge, type BadgeTone, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useT } from '../i18n/index.ts';

export const PersonCell = ({ name, note, badge }: { name: string; note?: ReactNode; badge?: ReactNode }): ReactNode => (
  <span className="co-person">
    <Avatar name={name} size={36} />
    <span className="co-person-text">
      <strong>
        {name}
        {badge}
      </strong>
      {note && <small>{note}</small>}
    </span>
  </span>
);

export type InviterRole = 'guide' | 'consumer' | 'staff' | 'guest';
const roleTones: Record<InviterRole, BadgeTone> = {
  guide: 'success',
  consumer: 'warn',
  staff: 'neutral',
  guest: 'neutral',
};
export const InviterRoleBadge = ({ role }: { role: InviterRole }): ReactNode => {
  const t = useT();
  return <Badge tone={roleTones[role]}>{t(`inviter.role.${role}`)}</Badge>;
};

const orderTones: Record<OrderState, BadgeTone> = {
  pending_payment: 'warn',
  deposit_paid: 'warn',
  forfeited: 'neutral',
  paid: 'success',
  shipped: 'brand',
  received: 'brand',
  cancelled: 'neutral',
  expired: 'neutral',
  refunding: 'warn',
  refunded: 'danger',
};
export const OrderStateBadge = ({ state }: { state: OrderState }): ReactNode => {
  const t = useT();
  return <Badge tone={orderTones[state]}>{t(`order.state.${state}`)}</Badge>;
};

const roomTones: Record<RoomState, BadgeTone> = { live: 'hot', scheduled: 'warn', ended: 'neutral' };
export const RoomStateBadge = ({ state }: { state: RoomState }): ReactNode => {
  const t = useT();
  return <Badge tone={roomTones[state]}>{t(`room.state.${state}`)}</Badge>;
};

export const useReasonText = (): ((reason: CreditReason) => string) => {
  const t = useT();
  return (reason) => t(`reason.${reason}`);
};

/** Orders per hundred visitors; a dash when nobody visited. */
export const useConversionText = (): ((conversionBps: number | null) => string) => {
  const t = useT();
  const format = useFormat();
  return (bps) => (bps === null ? '—' : t('inviters.conversion', { n: format.number(Math.round(bps / 100)) }));
};
