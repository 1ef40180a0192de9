import { type ReplyOf, reportGifts } from '@walnut-live/contracts';
import { EmptyState, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { RangeFilter, rangeOf, useFilters } from '../../shared/filters.tsx';
import { CsvButton, Figures, Panel } from '../../shared/page.tsx';
import { useGiftT } from './messages.ts';

type Row = ReplyOf<typeof reportGifts>['items'][number];
const REFRESH_MS = 30_000;

/** Per live of my scope: what came, and whose it is. */
export const GiftReport = (): ReactNode => {
  const t = useGiftT();
  const format = useFormat();
  const filters = useFilters();
  const range = rangeOf(filters);
  const query = useCall(reportGifts, { query: range }, { everyMs: REFRESH_MS });
  const totals = query.data?.totals;
  const columns: Column<Row>[] = [
    { key: 'room', title: t('room'), head: true, render: (row) => <b>{row.room.title}</b> },
    { key: 'unit', title: t('unit'), render: (row) => row.orgUnit.name },
    { key: 'host', title: t('host'), render: (row) => row.host.name },
    { key: 'givers', title: t('givers'), align: 'end', render: (row) => format.number(row.totals.givers) },
    { key: 'pieces', title: t('pieces'), align: 'end', render: (row) => format.number(row.totals.pieces) },
    { key: 'coins', title: t('coins'), align: 'end', render: (row) => <b>{format.number(row.totals.coins)}</b> },
    { key: 'brand', title: t('brand'), align: 'end', render: (row) => format.money(row.brandFen) },
    { key: 'store', title: t('store'), align: 'end', render: (row) => format.money(row.storeFen) },
    { key: 'guide', title: t('guide'), align: 'end', render: (row) => format.money(row.guideFen) },
  ];
  return (
    <div className="co-gift-tab">
      <Figures
        loading={totals === undefined}
        failed={query.isError}
        items={[
          { key: 'gift-coins', label: t('coins'), value: format.number(totals?.totals.coins ?? 0), tone: 'money' },
          { key: 'gift-brand', label: t('brand'), value: format.money(totals?.brandFen ?? 0) },
          { key: 'gift-store', label: t('store'), value: format.money(totals?.storeFen ?? 0) },
          { key: 'gift-guide', label: t('guide'), value: format.money(totals?.guideFen ?? 0) },
          { key: 'gift-cooling', label: t('cooling'), value: format.money(totals?.coolingFen ?? 0) },
          { key: 'gift-back', label: t('takenBack'), value: format.number(totals?.totals.takenBackCoins ?? 0) },
        ]}
      />
      <Panel flush>
        <div className="co-filters">
          <RangeFilter filters={filters} />
          <CsvButton route={reportGifts} args={{ query: { ...range, format: 'csv' } }} fileName="gifts" />
        </div>
        <AsyncView
          query={query}
          skeleton={<TableSkeleton rows={5} />}
          isEmpty={(data) => data.items.length === 0}
          empty={<EmptyState illustration="rooms" title={t('empty')} />}
        >
          {(data) => (
            <DataTable
              caption={t('tab.report')}
              rows={data.items}
              columns={columns}
              rowKey={(row) => row.room.id}
              testId="gift-report-row"
            />
          )}
        </AsyncView>
      </Panel>
    </div>
  );
};
