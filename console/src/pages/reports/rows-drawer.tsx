/** The rows that a figure is made of, in a drawer over the report; what is open stands in the URL. */
import { type ReportRow, type RowFilter, reportRows, reportSegments } from '@walnut-live/contracts';
import { EmptyState, useFormat } from '@walnut-live/ui';
import { Drawer } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useCall, usePages } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { chinaRangeOf, type Filters } from '../../shared/filters.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { useReportT } from './messages.ts';

const PAGE_SIZE = 30;
const NAMES = ['inviterId', 'roomId', 'channel', 'productId', 'contentId'] as const;
type Kind = RowFilter['kind'];
const kinds: readonly Kind[] = ['visits', 'newcomers', 'sales'];
export type Opened = Partial<Record<(typeof NAMES)[number] | 'unit' | 'of' | 'segments', string>>;

/** A figure that opens its rows. */
export const OpensRows = ({
  filters,
  kind,
  opened,
  children,
}: {
  filters: Filters;
  kind: Kind;
  opened: Opened;
  children: ReactNode;
}): ReactNode => (
  <button type="button" className="co-figure-link wl-number" onClick={() => filters.set({ rows: kind, ...opened })}>
    {children}
  </button>
);

export const RowsDrawer = ({ filters }: { filters: Filters }): ReactNode => {
  const t = useReportT();
  const kind = kinds.find((known) => known === filters.get('rows'));
  const room = filters.get('segments');
  const close = (): void =>
    filters.set({
      rows: undefined,
      unit: undefined,
      of: undefined,
      segments: undefined,
      ...Object.fromEntries(NAMES.map((name) => [name, undefined])),
    });
  const what = kind ? t(`rows.${kind}`) : t('segments');
  const of = filters.get('of');
  const title = of ? t('rows.of', { name: of, what }) : what;
  return (
    <Drawer open={kind !== undefined || room !== undefined} onClose={close} size={900} title={title} destroyOnHidden>
      {kind && <Rows filters={filters} kind={kind} />}
      {!kind && room && <Segments roomId={room} />}
    </Drawer>
  );
};

const Rows = ({ filters, kind }: { filters: Filters; kind: Kind }): ReactNode => {
  const t = useReportT();
  const format = useFormat();
  const unit = filters.get('unit') ?? filters.get('org');
  const narrowed = Object.fromEntries(NAMES.flatMap((name) => (filters.get(name) ? [[name, filters.get(name)]] : [])));
  const query = usePages(reportRows, {
    query: { ...chinaRangeOf(filters), ...narrowed, ...(unit ? { orgUnitId: unit } : {}), kind, limit: PAGE_SIZE },
  });
  const columns: Column<ReportRow>[] = [
    { key: 'at', title: t('rows.at'), head: true, render: (row) => format.dateTime(row.at) },
    { key: 'person', title: t('rows.person'), render: (row) => row.person.name },
    {
      key: 'inviter',
      title: t('rows.inviter'),
      render: (row) => (row.inviter ? <Link to={`/inviters/${row.inviter.id}`}>{row.inviter.name}</Link> : '—'),
    },
    {
      key: 'place',
      title: t('rows.place'),
      render: (row) => (
        <span className="co-stacked">
          {row.orgUnit.name}
          <small>{row.room?.title}</small>
        </span>
      ),
    },
    { key: 'channel', title: t('rows.channel'), render: (row) => (row.channel ? t(`share.${row.channel}`) : '—') },
    ...(kind === 'sales'
      ? [
          {
            key: 'order',
            title: t('rows.order'),
            align: 'end' as const,
            render: (row: ReportRow) =>
              row.order && (
                <span className="co-stacked">
                  <Link to={`/orders/${row.order.id}`}>{format.money(row.order.paidFen)}</Link>
                  {row.order.refundedFen > 0 && (
                    <small className="co-minus">−{format.money(row.order.refundedFen)}</small>
                  )}
                </span>
              ),
          },
        ]
      : []),
  ];
  return (
    <PagedTable
      query={query}
      caption={t(`rows.${kind}`)}
      columns={columns}
      rowKey={(row) => `${row.at}${row.person.id}${row.order?.id ?? ''}`}
      testId="report-row"
      empty={<EmptyState illustration="search" title={t('rows.none')} />}
    />
  );
};

const Segments = ({ roomId }: { roomId: string }): ReactNode => {
  const t = useReportT();
  const format = useFormat();
  const query = useCall(reportSegments, { params: { id: roomId }, query: {} });
  return (
    <AsyncView
      query={query}
      skeleton={<TableSkeleton />}
      isEmpty={(data) => data.items.length === 0}
      empty={<EmptyState illustration="search" title={t('segments.none')} />}
    >
      {(data) => (
        <DataTable
          caption={t('segments')}
          rows={data.items}
          rowKey={(row) => row.from}
          columns={[
            { key: 'name', title: t('name'), head: true, render: (row) => row.product.title },
            {
              key: 'span',
              title: t('segments.span'),
              render: (row) => `${format.time(row.from)} – ${format.time(row.to)}`,
            },
            {
              key: 'chats',
              title: t('segments.chats'),
              align: 'end',
              render: (row) => `${format.number(row.chats)} / ${format.number(row.chatters)}`,
            },
            {
              key: 'orders',
              title: t('segments.orders'),
              align: 'end',
              render: (row) => (
                <span className="co-stacked">
                  {`${format.number(row.orders)} / ${format.number(row.productOrders)}`}
                  {row.ordersPerMinute !== null && <small>{t('segments.rate', { n: row.ordersPerMinute })}</small>}
                </span>
              ),
            },
            { key: 'gmv', title: t('gmv'), align: 'end', render: (row) => <b>{format.money(row.gmvFen)}</b> },
          ]}
        />
      )}
    </AsyncView>
  );
};
