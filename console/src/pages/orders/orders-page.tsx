import { listOrders, OrderState, type OrderView } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Drawer, Select, Tag } from 'antd';
import { type ReactNode, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { usePages } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { type Filters, OrgFilter, RangeFilter, rangeOf, SearchFilter, useFilters } from '../../shared/filters.tsx';
import { CsvButton, MoreButton, Page, Panel } from '../../shared/page.tsx';
import { OrderStateBadge, useReasonText } from '../../shared/people.tsx';
import { BulkShipDialog } from './bulk-ship-dialog.tsx';
import { useDeliveryT } from './delivery-messages.ts';
import { InvoicesDialog } from './invoices-dialog.tsx';
import { OrderDetail } from './order-detail.tsx';
import { PickupDialog } from './pickup-dialog.tsx';

const PAGE_SIZE = 20;
const SHORT_ID = 8;
const REFRESH_MS = 15_000;
const states = OrderState.options;
/** Not a state of its own: paid, and some of it left. */
const PARTLY = 'partly';

export default function OrdersPage(): ReactNode {
  const t = useT();
  const navigate = useNavigate();
  const { orderId } = useParams();
  const filters = useFilters();
  const dt = useDeliveryT();
  const { may } = useSession();
  const [dialog, setDialog] = useState<'bulk' | 'pickup' | 'invoices' | null>(null);
  const wanted = filters.get('state');
  const state = states.find((known) => known === wanted);
  const [q, org, roomId, inviterId] = ['q', 'org', 'room', 'inviter'].map(filters.get);
  const asked = {
    ...(state ? { state } : {}),
    ...(wanted === PARTLY ? { partly: 'shipped' as const } : {}),
    ...(q ? { search: q } : {}),
    ...(org ? { orgUnitId: org } : {}),
    ...(roomId ? { roomId } : {}),
    ...(inviterId ? { inviterId } : {}),
    ...rangeOf(filters),
  };
  const query = usePages(listOrders, { query: { ...asked, limit: PAGE_SIZE } }, { everyMs: REFRESH_MS });
  const orders = query.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = Object.keys(asked).length > 0;
  const first = orders[0];
  return (
    <Page
      title={t('orders.title')}
      hint={t('orders.hint')}
      actions={
        <>
          <Freshness query={query} staleAfterMs={REFRESH_MS * 4} />
          <Button onClick={() => setDialog('invoices')} data-testid="invoices-open">
            {dt('invoice.open')}
          </Button>
          {may('orders:ship') && (
            <>
              <Button onClick={() => setDialog('pickup')} data-testid="pickup-open">
                {dt('pickup.open')}
              </Button>
              <Button type="primary" onClick={() => setDialog('bulk')} data-testid="bulk-open">
                {dt('bulk.open')}
              </Button>
            </>
          )}
          <CsvButton route={listOrders} args={{ query: { ...asked, format: 'csv' } }} fileName="orders" />
        </>
      }
    >
      <Panel flush>
        <div className="co-filters">
          <SearchFilter filters={filters} placeholder={t('orders.search')} />
          <Select
            className="co-filter-state"
            value={state ?? (wanted === PARTLY ? PARTLY : '')}
            onChange={(next: string) => filters.set({ state: next })}
            aria-label={t('order.state')}
            options={[
              { value: '', label: t('orders.all-states') },
              ...states.map((known) => ({ value: known, label: t(`order.state.${known}`) })),
              { value: PARTLY, label: dt('filter.partly') },
            ]}
            popupMatchSelectWidth={false}
          />
          <OrgFilter filters={filters} />
          <RangeFilter filters={filters} />
          {roomId && (
            <Tag closable onClose={() => filters.set({ room: undefined })}>
              {first?.roomTitle ?? dt('filter.room', { id: roomId.slice(0, SHORT_ID) })}
            </Tag>
          )}
          {inviterId && (
            <Tag closable onClose={() => filters.set({ inviter: undefined })}>
              {first?.credit.inviter?.name ?? dt('filter.inviter', { id: inviterId.slice(0, SHORT_ID) })}
            </Tag>
          )}
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
          {() => <OrderTable orders={orders} filters={filters} current={orderId} />}
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
      {dialog === 'bulk' && <BulkShipDialog onClose={() => setDialog(null)} />}
      {dialog === 'pickup' && <PickupDialog onClose={() => setDialog(null)} />}
      {dialog === 'invoices' && <InvoicesDialog onClose={() => setDialog(null)} />}
    </Page>
  );
}

const OrderTable = ({
  orders,
  filters,
  current,
}: {
  orders: readonly OrderView[];
  filters: Filters;
  current: string | undefined;
}): ReactNode => {
  const t = useT();
  const format = useFormat();
  const dt = useDeliveryT();
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
    {
      key: 'state',
      title: t('order.state'),
      render: (order) => (
        <span className="co-stacked co-start">
          <OrderStateBadge state={order.state} />
          {order.state === 'paid' && (order.delivery?.parcels.length ?? 0) > 0 && (
            <Badge tone="warn">{dt('partly')}</Badge>
          )}
          {order.state === 'paid' && order.delivery?.way === 'pickup' && (
            <Badge tone="brand">{dt('pickup.title')}</Badge>
          )}
        </span>
      ),
    },
    {
      key: 'buyer',
      title: t('order.buyer'),
      render: (order) => (
        <span className="co-stacked co-start">
          {order.buyer.name}
          <small>
            {order.store.name}
            {order.roomId && order.roomTitle && (
              <>
                {' · '}
                <FilterLink filters={filters} name="room" value={order.roomId} text={order.roomTitle} />
              </>
            )}
          </small>
        </span>
      ),
    },
    {
      key: 'credit',
      title: t('order.inviter'),
      render: (order) => (
        <span className="co-stacked co-start">
          {order.credit.inviter ? (
            <FilterLink
              filters={filters}
              name="inviter"
              value={order.credit.inviter.id}
              text={order.credit.inviter.name}
            />
          ) : (
            order.credit.orgUnit.name
          )}
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
      href={(order) => ({ to: `/orders/${order.id}${filters.search}`, label: t('orders.open', { no: order.orderNo }) })}
      testId="order-row"
      current={current}
    />
  );
};

/** Narrows the board to what is named in a row. */
const FilterLink = ({
  filters,
  name,
  value,
  text,
}: {
  filters: Filters;
  name: 'room' | 'inviter';
  value: string;
  text: string;
}): ReactNode => (
  <button
    type="button"
    className="co-filter-link"
    onClick={(event) => {
      event.preventDefault();
      event.stopPropagation();
      filters.set({ [name]: value });
    }}
  >
    {text}
  </button>
);
