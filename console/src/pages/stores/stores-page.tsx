import { type ReplyOf, reportStores } from '@walnut-live/contracts';
import { Badge, EmptyState, LiveBadge, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { chinaRangeOf, RangeFilter, useFilters } from '../../shared/filters.tsx';
import { CsvButton, Figures, Page, Panel } from '../../shared/page.tsx';
import { useSalesColumns } from '../../shared/sales-columns.tsx';

type Row = ReplyOf<typeof reportStores>['items'][number];
const REFRESH_MS = 30_000;

export default function StoresPage(): ReactNode {
  const t = useT();
  const format = useFormat();
  const filters = useFilters();
  const range = chinaRangeOf(filters);
  const query = useCall(reportStores, { query: range }, { everyMs: REFRESH_MS });
  const rows = query.data?.items ?? [];
  const sum = (pick: (row: Row) => number): number => rows.reduce((total, row) => total + pick(row), 0);
  return (
    <Page
      title={t('stores.title')}
      hint={t('stores.hint')}
      actions={
        <>
          <Freshness query={query} staleAfterMs={REFRESH_MS * 3} />
          <CsvButton route={reportStores} args={{ query: { ...range, format: 'csv' } }} fileName="stores" />
        </>
      }
    >
      <Figures
        loading={query.data === undefined}
        failed={query.isError}
        items={[
          { key: 'stores-live', label: t('stores.live-now'), value: format.number(sum((row) => row.liveNow)) },
          { key: 'stores-new', label: t('figure.new-customers'), value: format.number(sum((row) => row.newCustomers)) },
          { key: 'stores-orders', label: t('figure.orders'), value: format.number(sum((row) => row.orders)) },
          { key: 'stores-gmv', label: t('figure.gmv'), value: format.money(sum((row) => row.gmvFen)), tone: 'money' },
          { key: 'stores-refunds', label: t('figure.refunds'), value: format.money(sum((row) => row.refundedFen)) },
        ]}
      />
      <Panel flush>
        <div className="co-filters">
          <RangeFilter filters={filters} />
        </div>
        <AsyncView
          query={query}
          skeleton={<TableSkeleton rows={5} />}
          isEmpty={(data) => data.items.length === 0}
          empty={<EmptyState illustration="rooms" title={t('stores.empty')} />}
        >
          {(data) => <StoreTable rows={data.items} />}
        </AsyncView>
      </Panel>
    </Page>
  );
}

const StoreTable = ({ rows }: { rows: readonly Row[] }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const sales = useSalesColumns(rows, { gmv: t('figure.gmv'), refunded: t('figure.refunds') });
  const columns: Column<Row>[] = [
    {
      key: 'store',
      title: t('stores.store'),
      head: true,
      render: (row) => (
        <span className="co-inline">
          <b>{row.orgUnit.name}</b>
          {row.orgUnit.kind !== 'store' && <Badge>{t(`unit.${row.orgUnit.kind}`)}</Badge>}
          {row.liveNow > 0 && <LiveBadge />}
        </span>
      ),
    },
    { key: 'rooms', title: t('stores.rooms'), align: 'end', render: (row) => format.number(row.rooms) },
    { key: 'visitors', title: t('stores.visitors'), align: 'end', render: (row) => format.number(row.visitors) },
    { key: 'new', title: t('figure.new-customers'), align: 'end', render: (row) => format.number(row.newCustomers) },
    { key: 'orders', title: t('figure.orders'), align: 'end', render: (row) => format.number(row.orders) },
    ...sales,
  ];
  return (
    <DataTable
      caption={t('stores.title')}
      rows={rows}
      columns={columns}
      rowKey={(row) => row.orgUnit.id}
      testId="store-row"
    />
  );
};
