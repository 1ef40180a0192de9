/** One inviter: what they brought, the orders with their why, and the commission entries. */
import { DownOutlined } from '@ant-design/icons';
import { listCommissions, listOrders, type OrderView, reportInviters } from '@walnut-live/contracts';
import { EmptyState, Skeleton, useFormat } from '@walnut-live/ui';
import { Button, Drawer, Tabs } from 'antd';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useCall, usePages } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Figures, MoreButton } from '../../shared/page.tsx';
import { InviterRoleBadge, OrderStateBadge, PersonCell, useConversionText } from '../../shared/people.tsx';
import { WhyPanel } from '../../shared/why-panel.tsx';
import './inviter-drawer.css';

const PAGE_SIZE = 20;
type Asked = { from?: string; to?: string; orgUnitId?: string };

export const InviterDrawer = ({
  inviterId,
  asked,
  onClose,
}: {
  inviterId: string | undefined;
  /** Range and unit of the table, so that the figures are the row's. */
  asked: Asked;
  onClose: () => void;
}): ReactNode => {
  const t = useT();
  return (
    <Drawer
      open={inviterId !== undefined}
      onClose={onClose}
      size={720}
      title={t('inviter.title')}
      destroyOnHidden
      rootClassName="co-drawer"
    >
      {inviterId !== undefined && <Inviter key={inviterId} inviterId={inviterId} asked={asked} />}
    </Drawer>
  );
};

const Inviter = ({ inviterId, asked }: { inviterId: string; asked: Asked }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const { may } = useSession();
  const conversionText = useConversionText();
  const query = useCall(reportInviters, { query: { ...asked, inviterId, limit: 1 } });
  return (
    <div data-testid="inviter-drawer">
      <AsyncView query={query} skeleton={<Skeleton lines={4} height={22} />}>
        {({ items: [row] }) =>
          row ? (
            <>
              <PersonCell
                name={row.inviter.name}
                badge={<InviterRoleBadge role={row.role} />}
                note={row.orgUnit?.name ?? t('inviters.no-unit')}
              />
              {may('customers:read') && (
                <Link to={`/invite-graph?person=${inviterId}`} className="co-inviter-graph" data-testid="inviter-graph">
                  {t('inviter.graph')}
                </Link>
              )}
              <Figures
                items={[
                  { key: 'inviter-visitors', label: t('figure.visitors'), value: format.number(row.visitors) },
                  {
                    key: 'inviter-new-customers',
                    label: t('figure.new-customers'),
                    value: format.number(row.newCustomers),
                  },
                  {
                    key: 'inviter-orders',
                    label: t('figure.orders'),
                    value: format.number(row.orders),
                    note: conversionText(row.conversionBps),
                  },
                  { key: 'inviter-gmv', label: t('figure.gmv'), value: format.money(row.gmvFen), tone: 'money' },
                  { key: 'inviter-refunds', label: t('figure.refunds'), value: format.money(row.refundedFen) },
                  {
                    key: 'inviter-commission',
                    label: t('figure.commission'),
                    value: format.money(row.commissionFen),
                    tone: 'good',
                  },
                ]}
              />
            </>
          ) : (
            <EmptyState compact illustration="people" title={t('inviter.nothing')} hint={t('inviter.nothing-hint')} />
          )
        }
      </AsyncView>
      <Tabs
        items={[
          ...(may('orders:read')
            ? [{ key: 'orders', label: t('inviter.orders'), children: <CreditedOrders inviterId={inviterId} /> }]
            : []),
          ...(may('commission:read')
            ? [{ key: 'commission', label: t('inviter.commission'), children: <Entries inviterId={inviterId} /> }]
            : []),
        ]}
      />
    </div>
  );
};

const CreditedOrders = ({ inviterId }: { inviterId: string }): ReactNode => {
  const t = useT();
  const query = usePages(listOrders, { query: { inviterId, limit: PAGE_SIZE } });
  const orders = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <AsyncView
      query={query}
      skeleton={<TableSkeleton rows={3} />}
      isEmpty={() => orders.length === 0}
      empty={<EmptyState compact illustration="orders" title={t('inviter.no-orders')} />}
    >
      {() => (
        <>
          <ul className="co-credited">
            {orders.map((order) => (
              <CreditedOrder key={order.id} order={order} />
            ))}
          </ul>
          <MoreButton query={query} />
        </>
      )}
    </AsyncView>
  );
};

const CreditedOrder = ({ order }: { order: OrderView }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const [first] = order.items;
  const more = order.items.length - 1;
  return (
    <li className="co-credited-order" data-testid="credited-order" data-id={order.id}>
      <div className="co-credited-head">
        {first && <img src={first.pictureUrl} alt="" width={52} height={52} loading="lazy" />}
        <div>
          <strong>
            {first?.title}
            {more > 0 && ` ${t('order.and-more', { n: more })}`}
          </strong>
          <small>
            <Link to={`/orders/${order.id}`}>{order.orderNo}</Link> · {order.buyer.name} ·{' '}
            {format.dateTime(order.placedAt)}
          </small>
        </div>
        <div className="co-credited-sum">
          <b className="wl-number">{format.money(order.totalFen)}</b>
          <OrderStateBadge state={order.state} />
        </div>
      </div>
      <Button
        size="small"
        type="text"
        className="co-why-toggle"
        aria-expanded={open}
        icon={<DownOutlined rotate={open ? 180 : 0} />}
        onClick={() => setOpen(!open)}
        data-testid="why-toggle"
      >
        {t('why.title')}
      </Button>
      {open && (
        <>
          <WhyPanel orderId={order.id} />
          <Link to={`/orders/${order.id}/credit`} className="co-why-whole" data-testid="credit-open">
            {t('why.whole')}
          </Link>
        </>
      )}
    </li>
  );
};

const Entries = ({ inviterId }: { inviterId: string }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const query = usePages(listCommissions, { query: { beneficiaryId: inviterId, limit: PAGE_SIZE } });
  const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
  const columns: Column<(typeof entries)[number]>[] = [
    {
      key: 'item',
      title: t('commission.item'),
      head: true,
      render: (entry) => (
        <span className="co-stacked co-start">
          {entry.itemTitle}
          <small>
            {t(`commission.event.${entry.event}`)} · {format.dateTime(entry.at)}
          </small>
        </span>
      ),
    },
    {
      key: 'order',
      title: t('order.no'),
      render: (entry) => <Link to={`/orders/${entry.orderId}`}>{entry.orderNo}</Link>,
    },
    {
      key: 'basis',
      title: t('commission.basis'),
      align: 'end',
      render: (entry) => (
        <span className="co-stacked">
          {format.money(entry.basisFen)}
          <small>× {format.percent(entry.bps / 10_000)}</small>
        </span>
      ),
    },
    {
      key: 'amount',
      title: t('commission.amount'),
      align: 'end',
      render: (entry) => (
        <span className="co-stacked">
          <b className={entry.amountFen < 0 ? 'co-minus' : 'co-good'}>
            {format.money(entry.amountFen, { sign: true })}
          </b>
          <small>{t(`commission.state.${entry.state}`)}</small>
        </span>
      ),
    },
  ];
  return (
    <AsyncView
      query={query}
      skeleton={<TableSkeleton rows={3} />}
      isEmpty={() => entries.length === 0}
      empty={<EmptyState compact illustration="bag" title={t('inviter.no-commission')} />}
    >
      {() => (
        <>
          <DataTable
            caption={t('inviter.commission')}
            rows={entries}
            columns={columns}
            rowKey={(entry) => entry.id}
            testId="commission-row"
          />
          <MoreButton query={query} />
        </>
      )}
    </AsyncView>
  );
};
