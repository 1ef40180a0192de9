import type { OrderView } from '@walnut-live/contracts';
import { Badge, Price } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { SnapshotLink } from '../product/snapshot-link.tsx';

/** `pages`: each leads to the product page it was bought by. */
export const OrderItems = ({ order, pages = false }: { order: OrderView; pages?: boolean }): ReactNode => {
  const t = playerI18n.useT();
  return (
    <ul className="pl-items">
      {order.items.map((item) => (
        <li key={item.id} className="pl-item">
          <img src={item.pictureUrl} alt="" width={76} height={76} loading="lazy" />
          <div className="pl-item-text">
            <p className="pl-item-title">{item.title}</p>
            <p className="pl-item-sku">
              {item.skuName} {item.offerId && <Badge tone="hot">{t('pinned.livePrice')}</Badge>}
            </p>
            <p className="pl-item-money">
              <Price fen={item.unitPriceFen} tone="plain" size="s" />
              <span className="wl-number">×{item.quantity}</span>
            </p>
            {pages && <SnapshotLink orderId={order.id} itemId={item.id} />}
          </div>
        </li>
      ))}
    </ul>
  );
};
