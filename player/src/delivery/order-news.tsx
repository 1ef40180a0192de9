import type { MessageContent } from '@walnut-live/contracts';
import type { ReactNode } from 'react';
import { useDeliveryT } from './messages.ts';

/** News of one's own order, in the reader's language. */
export const OrderNews = ({ order }: { order: NonNullable<MessageContent['order']> }): ReactNode => {
  const t = useDeliveryT();
  const no = order.orderNo;
  if (order.event !== 'shipped') return t(`news.${order.event}`, { no });
  return t('news.shipped', {
    no,
    carrier: order.carrier ? t(`carrier.${order.carrier}`) : '',
    tracking: order.trackingNo ?? '',
  });
};
