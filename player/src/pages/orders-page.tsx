import { useInfiniteQuery } from '@tanstack/react-query';
import { listOrders } from '@walnut-live/contracts';
import { Button, EmptyState, ErrorState, Skeleton, useFormat } from '@walnut-live/ui';
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { OrderItems } from '../orders/order-items.tsx';
import '../orders/orders.css';
import '../purchase/panel.css';
import { Page } from './page.tsx';
import { SignInFirst } from './sign-in-first.tsx';
import { usePerson } from './use-person.ts';

const Orders = (): ReactNode => {
  const t = playerI18n.useT();
  const format = useFormat();
  const { api } = useServices();
  const person = usePerson();
  const query = useInfiniteQuery({
    queryKey: ['orders', person?.id],
    queryFn: ({ pageParam, signal }) =>
      api.call(listOrders, { query: { limit: 20, ...(pageParam ? { cursor: pageParam } : {}) }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    enabled: person?.kind === 'consumer',
  });

  if (person === null) return <ErrorState error="network" onRetry={() => location.reload()} />;
  if (person && person.kind !== 'consumer') return <SignInFirst reason="orders" />;
  if (query.isError && !query.data)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} retrying={query.isFetching} />;
  if (!query.data)
    return (
      <div className="pl-order" aria-busy="true">
        <Skeleton height={150} radius={18} />
        <Skeleton height={150} radius={18} />
      </div>
    );
  const orders = query.data.pages.flatMap((page) => page.items);
  if (orders.length === 0)
    return (
      <EmptyState
        illustration="orders"
        title={t('orders.empty')}
        hint={t('orders.emptyHint')}
        action={
          <Link to="/" className="wl-btn wl-btn-primary wl-btn-m">
            {t('orders.toShelf')}
          </Link>
        }
      />
    );
  return (
    <>
      <ol className="pl-orders">
        {orders.map((order) => (
          <li key={order.id}>
            <Link to={`/orders/${order.id}`} className="pl-card pl-order-row" data-testid="order-row">
              <span className="pl-order-row-head">
                <span className="pl-card-store">
                  {order.store.name}
                  <ChevronRight size={14} aria-hidden="true" />
                </span>
                <span className="pl-order-row-state" data-state={order.state}>
                  {t(`order.state.${order.state}`)}
                </span>
              </span>
              <OrderItems order={order} />
              <span className="pl-order-row-foot">
                <span>{format.dateTime(order.placedAt)}</span>
                <span className="pl-order-row-total wl-number">{format.money(order.paidFen || order.totalFen)}</span>
              </span>
            </Link>
          </li>
        ))}
      </ol>
      {query.hasNextPage && (
        <div className="pl-more">
          <Button variant="soft" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('orders.more')}
          </Button>
        </div>
      )}
    </>
  );
};

const OrdersPage = (): ReactNode => {
  const t = playerI18n.useT();
  return (
    <Page title={t('orders.title')} tabs>
      <Orders />
    </Page>
  );
};

export default OrdersPage;
