import { listOrders, OrderState, type OrderView } from '@walnut-live/contracts';
import { EmptyState, useFormat } from '@walnut-live/ui';
import { Drawer, Select } from 'antd';
import type { ReactNode } from 'react';
import { useNavigate, useParams } from 'react-router';
import { usePages } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { SearchFilter, useFilters } from '../../shared/filters.tsx';
import { CsvButton, MoreButton, Page, Panel } from '../../shared/page.tsx';
import { OrderStateBadge, useReasonText } from '../../shared/people.tsx';
import { OrderDetail } from './order-detail.tsx';

const PAGE_SIZE = 20;
const REFRESH_MS = 15_000;
const states = OrderState.options;

export default function OrdersPage(): ReactNode {
  const t = useT();
  const navigate = useNavigate();
  const { orderId } = useParams();
  const filters = useFilters();
  const state = states.find((known) => known === filters.get('state'));
  const q = filters.get('q');
  const asked = { ...(state ? { state } : {}), ...(q ? { search: q } : {}) };
  const query = usePages(listOrders, { query: { ...asked, limit: PAGE_SIZE } }, { everyMs: REFRESH_MS });
  const orders = query.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = state !== undefined || q !== undefined;
  return (
    <Page
      title={t('orders.title')}
      hint={t('orders.hint')}
      actions={
        <>
          <Freshness query={query} staleAfterMs={REFRESH_MS * 4} />
          <CsvButton route={listOrders} args={{ query: { ...asked, format: 'csv' } }} fileName="orders" />
        </>
      }
    >
      <Panel flush>
        <div className="co-filters">
          <SearchFilter filters={filters} placeholder={t('orders.search')} />
          <Select
            className="co-filter-state"
            value={state ?? ''}
            onChange={(next: string) => filters.set({ state: next })}
            aria-label={t('order.state')}
            options={[
              { value: '', label: t('orders.all-states') },
              ...states.map((known) => ({ value: known, label: t(`order.state.${known}`) })),
            ]}
            popupMatchSelectWidth={false}
          />
        </div>
        <AsyncView
          query={query}
          skeleton={<TableSkeleton />}
          isEmpty={() => orders.length === 0}
          empty={
            <EmptyState
              illustration={filtered ? 'search' : 'orders'}
              title={t(filtered ? 'common.nothing-found' : 'orders.empty')}
              hint={t(filtered ? 'common.nothing-found-hint' : 'orders.empty-hint')}
            />
          }
        >
          {() => <OrderTable orders={orders} search={filters.search} current={orderId} />}
        </AsyncView>
        <MoreButton query={query} />
      </Panel>
      <Drawer
        open={orderId !== undefined}
        onClose={() => void navigate(`/orders${filters.search}`)}
        size={720}
        title={t('order.title')}
        destroyOnHidden
        rootClassName="co-drawer"
      >
        {orderId !== undefined && <OrderDetail key={orderId} orderId={orderId} />}
      </Drawer>
    </Page>
  );
}

const OrderTable = ({
  orders,
  search,
  current,
}: {
  orders: readonly OrderView[];
  search: string;
  current: string | undefined;
}): ReactNode => {
  const t = useT();
  const format = useFormat();
  const reasonText = useReasonText();
  const columns: Column<OrderView>[] = [
    {
      key: 'order',
      title: t('order.no'),
      head: true,
      render: (order) => (
        <span className="co-thing">
          {order.items[0] && <img src={order.items[0].pictureUrl} alt="" width={44} height={44} loading="lazy" />}
          <span className="co-stacked co-start">
            <b>
              {order.items[0]?.title}
              {order.items.length > 1 && ` ${t('order.and-more', { n: order.items.length - 1 })}`}
            </b>
            <small className="wl-number">{order.orderNo}</small>
          </span>
        </span>
      ),
    },
    { key: 'state', title: t('order.state'), render: (order) => <OrderStateBadge state={order.state} /> },
    {
      key: 'buyer',
      title: t('order.buyer'),
      render: (order) => (
        <span className="co-stacked co-start">
          {order.buyer.name}
          <small>{order.store.name}</small>
        </span>
      ),
    },
    {
      key: 'credit',
      title: t('order.inviter'),
      render: (order) => (
        <span className="co-stacked co-start">
          {order.credit.inviter?.name ?? order.credit.orgUnit.name}
          <small>{reasonText(order.credit.reason)}</small>
        </span>
      ),
    },
    {
      key: 'placed',
      title: t('order.placed'),
      render: (order) => <span className="co-quiet">{format.dateTime(order.placedAt)}</span>,
    },
    {
      key: 'total',
      title: t('order.total'),
      align: 'end',
      render: (order) => (
        <span className="co-stacked">
          <b>{format.money(order.totalFen)}</b>
          {order.refundedFen > 0 && (
            <small className="co-minus">{t('order.refunded-sum', { sum: format.money(order.refundedFen) })}</small>
          )}
        </span>
      ),
    },
  ];
  return (
    <DataTable
      caption={t('orders.title')}
      rows={orders}
      columns={columns}
      rowKey={(order) => order.id}
      href={(order) => ({ to: `/orders/${order.id}${search}`, label: t('orders.open', { no: order.orderNo }) })}
      testId="order-row"
      current={current}
    />
  );
};
