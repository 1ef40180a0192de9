import { AfterSaleKind, type AfterSaleView, listAfterSales } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useNow } from '@walnut-live/ui';
import { Drawer, Segmented, Select } from 'antd';
import type { ReactNode } from 'react';
import { useNavigate, useParams } from 'react-router';
import { usePages } from '../../data/use-call.ts';
import { Freshness } from '../../shared/async-view.tsx';
import type { Column } from '../../shared/data-table.tsx';
import { SearchFilter, useFilters } from '../../shared/filters.tsx';
import { CsvButton, Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { CaseView } from './case-view.tsx';
import { useAfterSaleT } from './messages.ts';
import { toneOf } from './state-tone.ts';
import './after-sales.css';

const PAGE = 30;
const REFRESH_MS = 15_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const waits = ['store', 'hq', 'buyer', 'over'] as const;

/** Cases of my scope, whoever waits longest first. */
export default function AfterSalesPage(): ReactNode {
  const t = useAfterSaleT();
  const format = useFormat();
  const navigate = useNavigate();
  const { caseId } = useParams();
  const filters = useFilters();
  const now = useNow(MINUTE_MS);
  const waitsFor = waits.find((known) => known === filters.get('waits'));
  const kind = AfterSaleKind.options.find((known) => known === filters.get('kind'));
  const q = filters.get('q');
  const asked = { ...(waitsFor ? { waitsFor } : {}), ...(kind ? { kind } : {}), ...(q ? { search: q } : {}) };
  const query = usePages(listAfterSales, { query: { ...asked, limit: PAGE } }, { everyMs: REFRESH_MS });
  const waited = (since: string): string => {
    const hours = Math.max(0, Math.floor((now - Date.parse(since)) / HOUR_MS));
    return hours < 48 ? t('waited.hours', { count: hours }) : t('waited.days', { count: Math.floor(hours / 24) });
  };
  const columns: Column<AfterSaleView>[] = [
    {
      key: 'case',
      title: t('column.case'),
      head: true,
      render: (one) => (
        <span className="co-thing">
          {one.items[0] && <img src={one.items[0].pictureUrl} alt="" width={44} height={44} loading="lazy" />}
          <span className="co-stacked co-start">
            <b>{one.items.map((item) => `${item.title} × ${item.quantity}`).join('、')}</b>
            <small className="wl-number">{one.caseNo}</small>
          </span>
        </span>
      ),
    },
    {
      key: 'state',
      title: t('column.state'),
      render: (one) => <Badge tone={toneOf(one.state)}>{t(`state.${one.state}`)}</Badge>,
    },
    {
      key: 'kind',
      title: t('column.kind'),
      render: (one) => (
        <span className="co-stacked co-start">
          {t(`kind.${one.kind}`)}
          <small>{t(`reason.${one.reason}`)}</small>
        </span>
      ),
    },
    {
      key: 'store',
      title: t('column.store'),
      render: (one) => (
        <span className="co-stacked co-start">
          {one.store.name}
          <small>{one.buyer.name}</small>
        </span>
      ),
    },
    { key: 'waits', title: t('column.waits'), render: (one) => (one.closedAt ? '–' : waited(one.waitingSince)) },
    {
      key: 'deadline',
      title: t('column.deadline'),
      render: (one) =>
        one.deadlineAt === null ? (
          '–'
        ) : Date.parse(one.deadlineAt) < now ? (
          <Badge tone="hot">{t('overdue')}</Badge>
        ) : (
          format.dateTime(one.deadlineAt)
        ),
    },
    {
      key: 'amount',
      title: t('column.amount'),
      align: 'end',
      render: (one) => <b>{one.kind === 'exchange' ? '–' : format.money(one.amountFen)}</b>,
    },
  ];
  return (
    <Page
      title={t('title')}
      hint={t('hint')}
      actions={
        <>
          <Freshness query={query} staleAfterMs={REFRESH_MS * 4} />
          <CsvButton route={listAfterSales} args={{ query: { ...asked, format: 'csv' } }} fileName="after-sales" />
        </>
      }
    >
      <Panel flush>
        <div className="co-filters">
          <Segmented
            className="as-waits"
            value={waitsFor ?? ''}
            onChange={(next: string) => filters.set({ waits: next })}
            options={[
              { value: '', label: t('waits.all') },
              ...waits.map((value) => ({ value, label: t(`waits.${value}`) })),
            ]}
          />
          <SearchFilter filters={filters} placeholder={t('search')} />
          <Select
            className="co-filter-state"
            value={kind ?? ''}
            onChange={(next: string) => filters.set({ kind: next })}
            aria-label={t('column.kind')}
            options={[
              { value: '', label: t('kind.all') },
              ...AfterSaleKind.options.map((value) => ({ value, label: t(`kind.${value}`) })),
            ]}
            popupMatchSelectWidth={false}
          />
        </div>
        <PagedTable
          query={query}
          empty={<EmptyState illustration="orders" title={t('empty')} hint={t('empty.hint')} />}
          caption={t('title')}
          columns={columns}
          rowKey={({ id }) => id}
          href={(one) => ({ to: `/after-sales/${one.id}${filters.search}`, label: t('open', { no: one.caseNo }) })}
          testId="after-sale-row"
          current={caseId}
        />
      </Panel>
      <Drawer
        open={caseId !== undefined}
        onClose={() => void navigate(`/after-sales${filters.search}`)}
        size={720}
        title={t('case.title')}
        destroyOnHidden
        rootClassName="co-drawer"
      >
        {caseId !== undefined && <CaseView key={caseId} caseId={caseId} />}
      </Drawer>
    </Page>
  );
}
