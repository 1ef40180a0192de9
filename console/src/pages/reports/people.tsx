/** The funnel against the peers, and cohorts. */
import { type FunnelRow, type FunnelSteps, funnelFactors, reportCohorts, reportFunnel } from '@walnut-live/contracts';
import { chartColors, colors, lazyWithRetry, Skeleton, useFormat } from '@walnut-live/ui';
import { Segmented } from 'antd';
import { type ReactNode, Suspense, useMemo } from 'react';
import { useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import type { Filters } from '../../shared/filters.tsx';
import { CsvButton } from '../../shared/page.tsx';
import { useReportT } from './messages.ts';
import { type Asked, Nothing, REFRESH_MS, Tools } from './tables.tsx';

const Chart = lazyWithRetry(() => import('../../shared/chart.tsx'));
const BPS = 10_000;
const FEN = 100;
const CHARTED = 12;

const GapChart = ({ rows }: { rows: readonly FunnelRow[] }): ReactNode => {
  const t = useReportT();
  const option = useMemo(() => {
    const shown = [...rows]
      .filter((row) => row.factors)
      .sort((a, b) => (a.gapFen ?? 0) - (b.gapFen ?? 0))
      .slice(0, CHARTED);
    return {
      grid: { left: 8, right: 20, top: 36, bottom: 8, containLabel: true },
      legend: { top: 0, textStyle: { color: colors.text2 } },
      tooltip: {
        trigger: 'axis',
        axisPointer: { type: 'shadow' },
        valueFormatter: (value: unknown) => `¥${Number(value).toFixed(2)}`,
      },
      xAxis: { type: 'value', axisLabel: { color: colors.text3 }, splitLine: { lineStyle: { color: colors.border } } },
      yAxis: {
        type: 'category',
        data: shown.map((row) => row.orgUnit.name),
        axisLabel: { color: colors.text2 },
        axisTick: { show: false },
      },
      color: [...chartColors],
      series: funnelFactors.map((factor) => ({
        type: 'bar',
        stack: 'gap',
        name: t(`factor.${factor}`),
        barMaxWidth: 18,
        data: shown.map((row) => (row.factors?.find((one) => one.factor === factor)?.gapFen ?? 0) / FEN),
      })),
    };
  }, [rows, t]);
  return (
    <Suspense fallback={<Skeleton height={280} />}>
      <Chart
        option={option}
        label={t('funnel.chart')}
        height={Math.max(200, 60 + Math.min(CHARTED, rows.length) * 30)}
      />
    </Suspense>
  );
};

export const Funnel = ({ asked }: { asked: Asked }): ReactNode => {
  const t = useReportT();
  const format = useFormat();
  const query = useCall(reportFunnel, { query: asked }, { everyMs: REFRESH_MS });
  const rate = (bps: number | null): string => (bps === null ? '—' : format.percent(bps / BPS));
  const peers = query.data?.peers;
  /** Beside one's own figure, the peers'. */
  const against = (value: ReactNode, of: (steps: FunnelSteps) => string): ReactNode => (
    <span className="co-stacked">
      {value}
      {peers && <small>{of(peers.mean)}</small>}
    </span>
  );
  const columns: Column<FunnelRow>[] = [
    { key: 'store', title: t('store'), head: true, render: (row) => <b>{row.orgUnit.name}</b> },
    {
      key: 'visitors',
      title: t('visitors'),
      align: 'end',
      render: (row) => against(format.number(row.steps.visitors), (mean) => format.number(Math.round(mean.visitors))),
    },
    {
      key: 'bind',
      title: t('funnel.bind'),
      align: 'end',
      render: (row) => against(rate(row.steps.bindBps), (mean) => rate(mean.bindBps)),
    },
    {
      key: 'fresh',
      title: t('fresh'),
      align: 'end',
      render: (row) =>
        against(format.number(row.steps.newCustomers), (mean) => format.number(Math.round(mean.newCustomers))),
    },
    {
      key: 'first',
      title: t('funnel.first'),
      align: 'end',
      render: (row) => against(rate(row.steps.firstOrderBps), (mean) => rate(mean.firstOrderBps)),
    },
    {
      key: 'value',
      title: t('funnel.value'),
      align: 'end',
      render: (row) =>
        against(row.steps.perOrderFen === null ? '—' : format.money(row.steps.perOrderFen), (mean) =>
          mean.perOrderFen === null ? '—' : format.money(mean.perOrderFen),
        ),
    },
    {
      key: 'gmv',
      title: t('funnel.firstGmv'),
      align: 'end',
      render: (row) =>
        against(<b>{format.money(row.steps.firstGmvFen)}</b>, (mean) => format.money(Math.round(mean.firstGmvFen))),
    },
    {
      key: 'gap',
      title: t('funnel.gap'),
      align: 'end',
      render: (row) =>
        row.gapFen === null ? (
          '—'
        ) : (
          <span
            className={row.gapFen < 0 ? 'co-minus' : 'co-good'}
          >{`${row.gapFen > 0 ? '+' : ''}${format.money(row.gapFen)}`}</span>
        ),
    },
    {
      key: 'why',
      title: t('funnel.why'),
      render: (row) => {
        const most = row.factors?.reduce((best, one) => (Math.abs(one.gapFen) > Math.abs(best.gapFen) ? one : best));
        return most && most.gapFen !== 0 ? t(`factor.${most.factor}`) : '—';
      },
    },
  ];
  return (
    <>
      <Tools
        query={query}
        csv={<CsvButton route={reportFunnel} args={{ query: { ...asked, format: 'csv' } }} fileName="funnel" />}
      >
        <span className="co-page-hint">
          {query.data && (peers ? t('funnel.peers', { stores: peers.stores }) : t('funnel.noPeers'))}
        </span>
      </Tools>
      <AsyncView
        query={query}
        skeleton={<TableSkeleton />}
        isEmpty={(data) => data.items.length === 0}
        empty={<Nothing />}
      >
        {(data) => (
          <>
            {data.peers && (
              <figure className="co-report-chart">
                <figcaption>{t('funnel.chart')}</figcaption>
                <GapChart rows={data.items} />
              </figure>
            )}
            <DataTable
              caption={t('tab.funnel')}
              rows={data.items}
              columns={columns}
              rowKey={(row) => row.orgUnit.id}
              testId="funnel-row"
            />
          </>
        )}
      </AsyncView>
    </>
  );
};

export const Cohorts = ({ asked, filters }: { asked: Asked; filters: Filters }): ReactNode => {
  const t = useReportT();
  const format = useFormat();
  const of = filters.get('of-people') === 'retention' ? 'retention' : 'repurchase';
  const args = { ...(asked.orgUnitId ? { orgUnitId: asked.orgUnitId } : {}), of } as const;
  const query = useCall(reportCohorts, { query: args });
  return (
    <>
      <Tools
        query={query}
        csv={<CsvButton route={reportCohorts} args={{ query: { ...args, format: 'csv' } }} fileName={of} />}
      >
        <Segmented
          value={of}
          onChange={(next) => filters.set({ 'of-people': next === 'repurchase' ? undefined : next })}
          options={(['repurchase', 'retention'] as const).map((value) => ({ value, label: t(`cohort.${value}`) }))}
        />
      </Tools>
      <AsyncView
        query={query}
        skeleton={<TableSkeleton />}
        isEmpty={(data) => data.items.length === 0}
        empty={<Nothing />}
      >
        {(data) => {
          const months = Math.max(...data.items.map(({ counts }) => counts.length));
          return (
            <DataTable
              caption={t('tab.cohorts')}
              rows={data.items}
              rowKey={(row) => row.month}
              columns={[
                { key: 'month', title: t('cohort.month'), head: true, render: (row) => <b>{row.month}</b> },
                { key: 'people', title: t('cohort.people'), align: 'end', render: (row) => format.number(row.people) },
                {
                  key: 'again',
                  title: t('cohort.again'),
                  align: 'end',
                  render: (row) => format.percent(row.people === 0 ? null : row.again / row.people),
                },
                ...Array.from({ length: months }, (_, n) => ({
                  key: `m${n}`,
                  title: t('cohort.since', { n }),
                  align: 'end' as const,
                  render: (row: (typeof data.items)[number]) => {
                    const count = row.counts[n];
                    if (count === undefined) return '';
                    const share = row.people === 0 ? 0 : count / row.people;
                    return (
                      <span
                        className="co-cohort"
                        style={{
                          background: `color-mix(in srgb, ${colors.grove400} ${Math.round(share * 70)}%, transparent)`,
                        }}
                      >
                        {format.percent(share)}
                        <small>{format.number(count)}</small>
                      </span>
                    );
                  },
                })),
              ]}
            />
          );
        }}
      </AsyncView>
    </>
  );
};
