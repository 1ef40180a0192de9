import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, EmptyState, ErrorState, Skeleton } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { type OrdersFilter, ordersQuery } from '../app/queries.ts';
import { useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import { OrderCard } from './order-card.tsx';
import './orders.css';

export const OrderList = ({ filter }: { filter: OrdersFilter }): ReactNode => {
  const { api } = useServices();
  const t = useT();
  const orders = useInfiniteQuery(ordersQuery(api, filter));
  if (orders.isError && !orders.data)
    return (
      <ErrorState compact error={orders.error} onRetry={() => void orders.refetch()} retrying={orders.isFetching} />
    );
  if (!orders.data)
    return (
      <div className="st-orders" aria-busy="true">
        {[0, 1, 2].map((key) => (
          <Skeleton key={key} height={128} radius={18} />
        ))}
      </div>
    );
  const items = orders.data.pages.flatMap((page) => page.items);
  if (items.length === 0)
    return <EmptyState compact illustration="orders" title={t('orders.empty')} hint={t('orders.empty.hint')} />;
  return (
    <>
      <ul className="st-orders">
        {items.map((order) => (
          <OrderCard key={order.id} order={order} />
        ))}
      </ul>
      {orders.hasNextPage && (
        <Button variant="soft" block loading={orders.isFetchingNextPage} onClick={() => void orders.fetchNextPage()}>
          {t('orders.more')}
        </Button>
      )}
    </>
  );
};
