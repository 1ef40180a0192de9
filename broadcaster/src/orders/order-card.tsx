import type { OrderState, OrderView } from '@walnut-live/contracts';
import { Avatar, Badge, type BadgeTone, Price, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useT } from '../i18n/index.ts';

const tones: Record<OrderState, BadgeTone> = {
  pending_payment: 'warn',
  deposit_paid: 'warn',
  forfeited: 'neutral',
  paid: 'hot',
  shipped: 'brand',
  received: 'success',
  cancelled: 'neutral',
  expired: 'neutral',
  refunding: 'danger',
  refunded: 'neutral',
};

export const OrderCard = ({ order }: { order: OrderView }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const pieces = order.items.reduce((sum, item) => sum + item.quantity, 0);
  const isPaid = order.paidAt !== null;
  return (
    <li className="st-order">
      <header>
        <Avatar name={order.buyer.name} size={32} />
        <strong>{order.buyer.name}</strong>
        <time dateTime={order.placedAt}>{format.dateTime(order.placedAt)}</time>
        <Badge tone={tones[order.state]}>{t(`orders.state.${order.state}`)}</Badge>
      </header>
      <div className="st-order-items">
        {order.items.map((item) => (
          <p key={item.id}>
            <img src={item.pictureUrl} alt="" width="48" height="48" loading="lazy" />
            <span className="st-order-item">
              <span>{item.title}</span>
              <span className="st-hint">
                {item.skuName} × {item.quantity}
              </span>
            </span>
            <span className="wl-number">{format.money(item.amountFen)}</span>
          </p>
        ))}
      </div>
      <footer>
        <span className="st-hint">
          {t('orders.no', { no: order.orderNo })}
          {order.credit.inviter && <> · {t('orders.inviter', { name: order.credit.inviter.name })}</>}
        </span>
        <span className="st-order-total">
          {t('orders.items', { count: pieces })} · {t(isPaid ? 'orders.paid' : 'orders.toPay')}
          <Price fen={isPaid ? order.paidFen : order.totalFen} size="s" />
        </span>
      </footer>
    </li>
  );
};
