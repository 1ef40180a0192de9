/** Guides, breakdowns and the cost of new people. */
import {
  type BreakdownRow,
  breakdowns,
  type GuideRow,
  reportAcquisition,
  reportBreakdown,
  reportGuides,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Select } from 'antd';
import type { ReactNode } from 'react';
import { useCall } from '../../data/use-call.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import type { Filters } from '../../shared/filters.tsx';
import { CsvButton } from '../../shared/page.tsx';
import { useSalesColumns } from '../../shared/sales-columns.tsx';
import { useReportT } from './messages.ts';
import { type Opened, OpensRows } from './rows-drawer.tsx';

export const REFRESH_MS = 30_000;
export type Asked = { from?: string; to?: string; orgUnitId?: string };
const SECONDS_PER_HOUR = 3_600;
const BPS = 10_000;

export const Nothing = (): ReactNode => <EmptyState illustration="search" title={useReportT()('empty')} />;

export const Guides = ({ asked, filters }: { asked: Asked; filters: Filters }): ReactNode => {
  const t = useReportT();
  const format = useFormat();
  const query = useCall(reportGuides, { query: asked }, { everyMs: REFRESH_MS });
  const sales = useSalesColumns(query.data?.items ?? [], { gmv: t('gmv'), refunded: t('refunded') });
  const of = (row: GuideRow): Opened => ({ inviterId: row.guide.id, of: row.guide.name });
  const columns: Column<GuideRow>[] = [
    {
      key: 'guide',
      title: t('guide'),
      head: true,
      render: (row) => (
        <span className="co-stacked">
          <b>{row.guide.name}</b>
          <small>{row.orgUnit.name}</small>
        </span>
      ),
    },
    {
      key: 'lives',
      title: t('lives'),
      align: 'end',
      render: (row) => (
        <span className="co-stacked">
          {format.number(row.lives)}
          <small>
            {t('hours', { hours: format.number(Math.round((row.liveSeconds / SECONDS_PER_HOUR) * 10) / 10) })}
          </small>
        </span>
      ),
    },
    { key: 'customers', title: t('customers'), align: 'end', render: (row) => format.number(row.customers) },
    {
      key: 'visitors',
      title: t('visitors'),
      align: 'end',
      render: (row) => (
        <OpensRows filters={filters} kind="visits" opened={of(row)}>
          {format.number(row.visitors)}
        </OpensRows>
      ),
    },
    {
      key: 'fresh',
      title: t('fresh'),
      align: 'end',
      render: (row) => (
        <OpensRows filters={filters} kind="newcomers" opened={of(row)}>
          {format.number(row.newCustomers)}
        </OpensRows>
      ),
    },
    {
      key: 'orders',
      title: t('orders'),
      align: 'end',
      render: (row) => (
        <span className="co-stacked">
          <OpensRows filters={filters} kind="sales" opened={of(row)}>
            {format.number(row.orders)}
          </OpensRows>
          {row.conversionBps !== null && (
            <small>{t('conversion', { rate: format.percent(row.conversionBps / BPS) })}</small>
          )}
        </span>
      ),
    },
    ...sales,
    {
      key: 'commission',
      title: t('commission'),
      align: 'end',
      render: (row) => <b className="co-good">{format.money(row.commissionFen)}</b>,
    },
    { key: 'room', title: t('roomGmv'), align: 'end', render: (row) => format.money(row.roomGmvFen) },
  ];
  return (
    <>
      <Tools
        query={query}
        csv={<CsvButton route={reportGuides} args={{ query: { ...asked, format: 'csv' } }} fileName="guides" />}
      />
      <AsyncView
        query={query}
        skeleton={<TableSkeleton />}
        isEmpty={(data) => data.items.length === 0}
        empty={<Nothing />}
      >
        {(data) => (
          <DataTable
            caption={t('tab.guides')}
            rows={data.items}
            columns={columns}
            rowKey={(row) => row.guide.id}
            testId="guide-row"
          />
        )}
      </AsyncView>
    </>
  );
};

export const Tools = ({
  query,
  csv,
  children,
}: {
  query: Parameters<typeof Freshness>[0]['query'];
  csv: ReactNode;
  children?: ReactNode;
}): ReactNode => (
  <div className="co-report-tools">
    {children}
    <span className="co-report-end">
      <Freshness query={query} staleAfterMs={REFRESH_MS * 3} />
      {csv}
    </span>
  </div>
);

const opens = (by: (typeof breakdowns)[number], row: BreakdownRow): Opened => ({
  ...(by === 'channel' || by === 'store' ? { unit: row.key } : {}),
  ...(by === 'room' ? { roomId: row.key } : {}),
  ...(by === 'share_channel' ? { channel: row.key } : {}),
  ...(by === 'product' ? { productId: row.key } : {}),
  ...(by === 'content' ? { contentId: row.key } : {}),
});
const shares = ['copy', 'poster', 'wechat', 'moments', 'other'] as const;

export const BreakdownTable = ({ asked, filters }: { asked: Asked; filters: Filters }): ReactNode => {
  const t = useReportT();
  const format = useFormat();
  const by = breakdowns.find((known) => known === filters.get('by')) ?? 'store';
  const query = useCall(reportBreakdown, { query: { ...asked, by } }, { everyMs: REFRESH_MS });
  const rows = query.data?.items ?? [];
  const sales = useSalesColumns(rows, { gmv: t('gmv'), refunded: t('refunded') });
  const label = (row: BreakdownRow): string => {
    const share = by === 'share_channel' ? shares.find((known) => known === row.key) : undefined;
    return share ? t(`share.${share}`) : row.label;
  };
  const figure = (kind: 'visits' | 'newcomers' | 'sales', row: BreakdownRow, value: number): ReactNode => (
    <OpensRows filters={filters} kind={kind} opened={{ ...opens(by, row), of: label(row) }}>
      {format.number(value)}
    </OpensRows>
  );
  const columns: Column<BreakdownRow>[] = [
    {
      key: 'name',
      title: t('name'),
      head: true,
      render: (row) => (
        <span className="co-inline">
          <b>{label(row)}</b>
          {row.orgUnit && by !== 'store' && by !== 'channel' && <Badge>{row.orgUnit.name}</Badge>}
          {by === 'room' && (
            <Button size="small" type="link" onClick={() => filters.set({ segments: row.key, of: row.label })}>
              {t('segments')}
            </Button>
          )}
        </span>
      ),
    },
    { key: 'visitors', title: t('visitors'), align: 'end', render: (row) => figure('visits', row, row.visitors) },
    { key: 'fresh', title: t('fresh'), align: 'end', render: (row) => figure('newcomers', row, row.newCustomers) },
    { key: 'orders', title: t('orders'), align: 'end', render: (row) => figure('sales', row, row.orders) },
    ...(rows.some((row) => row.buyers !== null)
      ? [
          {
            key: 'buyers',
            title: t('buyers'),
            align: 'end' as const,
            render: (row: BreakdownRow) => (row.buyers === null ? '—' : format.number(row.buyers)),
          },
        ]
      : []),
    ...(by === 'product'
      ? [
          {
            key: 'pieces',
            title: t('pieces'),
            align: 'end' as const,
            render: (row: BreakdownRow) => format.number(row.pieces ?? 0),
          },
        ]
      : []),
    ...sales,
  ];
  return (
    <>
      <Tools
        query={query}
        csv={<CsvButton route={reportBreakdown} args={{ query: { ...asked, by, format: 'csv' } }} fileName={by} />}
      >
        <Select
          value={by}
          onChange={(next) => filters.set({ by: next === 'store' ? undefined : next })}
          options={breakdowns.map((value) => ({ value, label: t(`by.${value}`) }))}
          style={{ inlineSize: 180 }}
          aria-label={t('tab.breakdown')}
        />
      </Tools>
      <AsyncView
        query={query}
        skeleton={<TableSkeleton />}
        isEmpty={(data) => data.items.length === 0}
        empty={<Nothing />}
      >
        {(data) => (
          <DataTable
            caption={t('tab.breakdown')}
            rows={data.items}
            columns={columns}
            rowKey={(row) => row.key}
            testId="breakdown-row"
          />
        )}
      </AsyncView>
    </>
  );
};

export const Acquisition = ({ asked }: { asked: Asked }): ReactNode => {
  const t = useReportT();
  const format = useFormat();
  const query = useCall(reportAcquisition, { query: asked }, { everyMs: REFRESH_MS });
  return (
    <>
      <Tools
        query={query}
        csv={
          <CsvButton route={reportAcquisition} args={{ query: { ...asked, format: 'csv' } }} fileName="acquisition" />
        }
      />
      <AsyncView
        query={query}
        skeleton={<TableSkeleton />}
        isEmpty={(data) => data.items.length === 0}
        empty={<Nothing />}
      >
        {(data) => (
          <DataTable
            caption={t('tab.acquisition')}
            rows={data.items}
            rowKey={(row) => row.orgUnit.id}
            columns={[
              { key: 'store', title: t('store'), head: true, render: (row) => <b>{row.orgUnit.name}</b> },
              { key: 'fresh', title: t('fresh'), align: 'end', render: (row) => format.number(row.newCustomers) },
              {
                key: 'packets',
                title: t('cost.packets'),
                align: 'end',
                render: (row) => format.money(row.redPacketFen),
              },
              { key: 'coupons', title: t('cost.coupons'), align: 'end', render: (row) => format.money(row.couponFen) },
              {
                key: 'commission',
                title: t('cost.commission'),
                align: 'end',
                render: (row) => format.money(row.commissionFen),
              },
              {
                key: 'total',
                title: t('cost.total'),
                align: 'end',
                render: (row) => <b>{format.money(row.totalFen)}</b>,
              },
              {
                key: 'per',
                title: t('cost.per'),
                align: 'end',
                render: (row) => (row.perNewFen === null ? '—' : <b>{format.money(row.perNewFen)}</b>),
              },
            ]}
          />
        )}
      </AsyncView>
    </>
  );
};
