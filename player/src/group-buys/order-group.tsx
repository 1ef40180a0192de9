import type { OrderView } from '@walnut-live/contracts';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useGroupT } from './messages.ts';
import './group-buys.css';

/** On an order of a group: how far the group is, and the way to its page. */
export const OrderGroup = ({ order }: { order: OrderView }): ReactNode => {
  const t = useGroupT();
  const { groupBuy: group } = order;
  if (!group) return null;
  return (
    <Link to={`/g/${group.id}`} className="pl-card pl-order-group" data-testid="order-group" data-state={group.state}>
      <span>
        <small>{t('group')}</small>
        <b>{t(`state.${group.state}`, { count: group.size - group.paid })}</b>
      </span>
      <span className="pl-group-go">{t('see')}</span>
    </Link>
  );
};
