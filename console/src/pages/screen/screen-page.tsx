/** Today for a wall: read from afar, refreshed by itself, and honest about its age (rule Z8). */

import { FullscreenOutlined } from '@ant-design/icons';
import { type ReplyOf, reportScreen } from '@walnut-live/contracts';
import { chartColors, colors, ErrorState, lazyWithRetry, useFormat, useNow } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, Suspense, useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useCall } from '../../data/use-call.ts';
import { useFilters } from '../../shared/filters.tsx';
import { useReportT } from '../reports/messages.ts';
import './screen.css';

const Chart = lazyWithRetry(() => import('../../shared/chart.tsx'));
const EVERY_MS = 5_000;
const STALE_MS = 20_000;
const FEN = 100;
const ROWS = 5;
type Screen = ReplyOf<typeof reportScreen>;

export default function ScreenPage(): ReactNode {
  const t = useReportT();
  const format = useFormat();
  const { staff } = useSession();
  const org = useFilters().get('org');
  const wall = useRef<HTMLDivElement>(null);
  const query = useCall(reportScreen, { query: org ? { orgUnitId: org } : {} }, { everyMs: EVERY_MS });
  const now = useNow(1_000);
  useEffect(() => {
    document.title = t('screen.title');
  }, [t]);
  const { data } = query;
  const age = data ? now - Date.parse(data.at) : 0;
  return (
    <div className="co-screen" ref={wall} data-testid="data-screen">
      <header>
        <h1>
          {staff.orgUnit.name} · {t('screen.title')}
          {data?.demo && <em>{t('screen.demo')}</em>}
        </h1>
        <span className={age > STALE_MS ? 'co-screen-stale' : undefined}>
          {data &&
            (age > STALE_MS
              ? t('screen.stale', { seconds: Math.round(age / 1_000) })
              : t('screen.at', { at: format.time(data.at) }))}
        </span>
        <Button ghost icon={<FullscreenOutlined />} onClick={() => void wall.current?.requestFullscreen()}>
          {t('screen.full')}
        </Button>
        <Link to="/live" className="co-screen-leave" data-testid="screen-leave">
          {t('screen.leave')}
        </Link>
      </header>
      {data ? (
        <Today data={data} />
      ) : query.error ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <div className="co-screen-wait" aria-busy="true" />
      )}
    </div>
  );
}

const Today = ({ data }: { data: Screen }): ReactNode => {
  const t = useReportT();
  const format = useFormat();
  const figures = [
    {
      key: 'orders',
      label: t('screen.orders'),
      value: format.number(data.orders),
      note: t('screen.yesterday', { value: format.number(data.yesterdayOrders) }),
    },
    { key: 'buyers', label: t('screen.buyers'), value: format.number(data.buyers) },
    { key: 'viewers', label: t('screen.viewers'), value: format.number(data.viewersNow) },
    { key: 'visitors', label: t('screen.visitors'), value: format.number(data.visitors) },
    { key: 'fresh', label: t('screen.fresh'), value: format.number(data.newCustomers) },
  ];
  return (
    <div className="co-screen-grid">
      <section className="co-screen-money">
        <h2>{t('screen.gmv')}</h2>
        <p className="wl-number">{format.money(data.gmvFen)}</p>
        <small>
          {t('screen.yesterday', { value: format.money(data.yesterdayGmvFen) })}
          {data.refundedFen > 0 && ` · ${t('screen.refunded', { value: format.money(data.refundedFen) })}`}
        </small>
      </section>
      <dl className="co-screen-figures">
        {figures.map(({ key, label, value, note }) => (
          <div key={key} data-testid={`screen-${key}`}>
            <dt>{label}</dt>
            <dd className="wl-number">{value}</dd>
            {note && <dd className="co-screen-note">{note}</dd>}
          </div>
        ))}
      </dl>
      <section className="co-screen-trend">
        <h2>{t('screen.hours')}</h2>
        <Trend hours={data.hours} />
      </section>
      <section className="co-screen-live">
        <h2>{t('screen.live')}</h2>
        {data.live.length === 0 && <p className="co-screen-none">{t('screen.noLive')}</p>}
        <ol>
          {data.live.slice(0, ROWS).map((one) => (
            <li key={one.room.id}>
              <span>
                <b>{one.room.title}</b>
                <small>
                  {one.orgUnit.name}
                  {one.demo && ` · ${t('screen.demo')}`}
                </small>
              </span>
              <span className="wl-number">
                {format.money(one.gmvFen)}
                <small>
                  {t('screen.people', { n: format.number(one.viewers) })} ·{' '}
                  {t('screen.orderCount', { n: format.number(one.orders) })}
                </small>
              </span>
            </li>
          ))}
        </ol>
      </section>
      <Ranks
        title={t('screen.stores')}
        rows={data.stores.map((one) => ({
          id: one.orgUnit.id,
          name: one.orgUnit.name,
          fen: one.gmvFen,
          note: t('screen.orderCount', { n: format.number(one.orders) }),
        }))}
      />
      <Ranks
        title={t('screen.inviters')}
        rows={data.inviters.map((one) => ({
          id: one.id,
          name: one.name,
          fen: one.gmvFen,
          note: t('screen.orderCount', { n: format.number(one.orders) }),
        }))}
      />
      <Ranks
        title={t('screen.products')}
        rows={data.products.map((one) => ({
          id: one.id,
          name: one.title,
          fen: one.gmvFen,
          note: t('screen.pieceCount', { n: format.number(one.pieces) }),
        }))}
      />
    </div>
  );
};

const Ranks = ({
  title,
  rows,
}: {
  title: string;
  rows: readonly { id: string; name: string; fen: number; note: string }[];
}): ReactNode => {
  const t = useReportT();
  const format = useFormat();
  const top = Math.max(1, ...rows.map(({ fen }) => fen));
  return (
    <section className="co-screen-ranks">
      <h2>{title}</h2>
      {rows.length === 0 && <p className="co-screen-none">{t('screen.none')}</p>}
      <ol>
        {rows.slice(0, ROWS).map((row, index) => (
          <li key={row.id}>
            <i className="wl-number">{index + 1}</i>
            <span>
              <b>{row.name}</b>
              <u style={{ inlineSize: `${(row.fen / top) * 100}%` }} />
            </span>
            <span className="wl-number">
              {format.money(row.fen)}
              <small>{row.note}</small>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
};

/** The wall's unit of size in px, as `--u` of its styles: what is drawn on a canvas follows the screen too. */
const unitOf = (): number => Math.min(innerWidth / 100, (innerHeight * 1.78) / 100);
const onResize = (told: () => void): (() => void) => {
  addEventListener('resize', told);
  return () => removeEventListener('resize', told);
};

const Trend = ({ hours }: { hours: Screen['hours'] }): ReactNode => {
  const t = useReportT();
  const unit = useSyncExternalStore(onResize, unitOf);
  const option = useMemo(() => {
    const fontSize = Math.max(11, Math.round(unit * 0.8));
    const last = hours.findLastIndex(({ gmvFen, orders }) => gmvFen > 0 || orders > 0);
    const line = { type: 'line', smooth: 0.25, smoothMonotone: 'x', showSymbol: false };
    return {
      grid: { left: unit / 2, right: unit, top: fontSize * 2.4, bottom: 4, containLabel: true },
      legend: {
        ...{
          top: 0,
          right: 0,
          icon: 'roundRect',
          itemWidth: fontSize * 2,
          itemHeight: fontSize / 3,
          itemGap: fontSize,
        },
        textStyle: { color: colors.walnut200, fontSize },
      },
      tooltip: {
        trigger: 'axis',
        valueFormatter: (value: unknown) => (value === undefined ? '—' : `¥${Number(value).toFixed(2)}`),
      },
      xAxis: {
        type: 'category',
        data: hours.map(({ hour }) => `${hour}:00`),
        axisLabel: { color: colors.walnut300, fontSize },
        axisLine: { lineStyle: { color: colors.walnut700 } },
        axisTick: { show: false },
      },
      yAxis: {
        type: 'value',
        axisLabel: { color: colors.walnut300, fontSize, formatter: '¥{value}' },
        splitLine: { lineStyle: { color: colors.walnut800 } },
      },
      series: [
        // Hours that have not come have no line.
        {
          ...line,
          name: t('screen.today'),
          data: hours.slice(0, last + 1).map(({ gmvFen }) => gmvFen / FEN),
          lineStyle: { width: unit / 5 },
          itemStyle: { color: colors.honey400 },
          areaStyle: { color: colors.honey400, opacity: 0.18 },
        },
        {
          ...line,
          name: t('screen.before'),
          data: hours.map(({ yesterdayGmvFen }) => yesterdayGmvFen / FEN),
          lineStyle: { width: unit / 10, type: 'dashed' },
          itemStyle: { color: chartColors[4] },
        },
      ],
    };
  }, [hours, t, unit]);
  return (
    <Suspense fallback={<div className="co-screen-wait" aria-busy="true" />}>
      <Chart option={option} label={t('screen.hours')} height="100%" />
    </Suspense>
  );
};
