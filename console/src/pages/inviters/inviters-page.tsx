import { type ReplyOf, reportInviters } from '@walnut-live/contracts';
import { EmptyState, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useNavigate, useParams } from 'react-router';
import { usePages } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { chinaRangeOf, OrgFilter, RangeFilter, SearchFilter, useFilters } from '../../shared/filters.tsx';
import { CsvButton, Figures, MoreButton, Page, Panel } from '../../shared/page.tsx';
import { InviterRoleBadge, PersonCell, useConversionText } from '../../shared/people.tsx';
import { InviterDrawer } from './inviter-drawer.tsx';

type Row = ReplyOf<typeof reportInviters>['items'][number];
type Sort = 'gmv' | 'visitors' | 'orders' | 'commission';
const sorts: readonly Sort[] = ['gmv', 'visitors', 'orders', 'commission'];

const PAGE_SIZE = 20;
const REFRESH_MS = 30_000;

export default function InvitersPage(): ReactNode {
  const t = useT();
  const format = useFormat();
  const navigate = useNavigate();
  const { inviterId } = useParams();
  const filters = useFilters();
  const sort = sorts.find((known) => known === filters.get('sort')) ?? 'gmv';
  const org = filters.get('org');
  const q = filters.get('q');
  const asked = { ...chinaRangeOf(filters), ...(org ? { orgUnitId: org } : {}), ...(q ? { search: q } : {}), sort };
  const query = usePages(reportInviters, { query: { ...asked, limit: PAGE_SIZE } }, { everyMs: REFRESH_MS });
  const totals = query.data?.pages[0]?.totals;
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = q !== undefined || org !== undefined || asked.from !== undefined || asked.to !== undefined;

  return (
    <Page
      title={t('inviters.title')}
      hint={t('inviters.hint')}
      actions={
        <>
          <Freshness query={query} staleAfterMs={REFRESH_MS * 3} />
          <CsvButton route={reportInviters} args={{ query: { ...asked, format: 'csv' } }} fileName="inviters" />
        </>
      }
    >
      <Figures
        loading={totals === undefined}
        failed={query.isError}
        items={[
          { key: 'visitors', label: t('figure.visitors'), value: format.number(totals?.visitors ?? 0) },
          { key: 'new-customers', label: t('figure.new-customers'), value: format.number(totals?.newCustomers ?? 0) },
          { key: 'orders', label: t('figure.orders'), value: format.number(totals?.orders ?? 0) },
          { key: 'gmv', label: t('figure.gmv'), value: format.money(totals?.gmvFen ?? 0), tone: 'money' },
          { key: 'refunds', label: t('figure.refunds'), value: format.money(totals?.refundedFen ?? 0) },
          {
            key: 'commission',
            label: t('figure.commission'),
            value: format.money(totals?.commissionFen ?? 0),
            tone: 'good',
          },
        ]}
      />
      <Panel flush>
        <div className="co-filters">
          <SearchFilter filters={filters} placeholder={t('inviters.search')} />
          <RangeFilter filters={filters} />
          <OrgFilter filters={filters} />
        </div>
        <AsyncView
          query={query}
          skeleton={<TableSkeleton />}
          isEmpty={() => rows.length === 0}
          empty={
            <EmptyState
              illustration={filtered ? 'search' : 'people'}
              title={t(filtered ? 'common.nothing-found' : 'inviters.empty')}
              hint={t(filtered ? 'common.nothing-found-hint' : 'inviters.empty-hint')}
            />
          }
        >
          {() => (
            <InviterTable
              rows={rows}
              sort={sort}
              onSort={(next) => filters.set({ sort: next === 'gmv' ? undefined : next })}
              search={filters.search}
              current={inviterId}
            />
          )}
        </AsyncView>
        <MoreButton query={query} />
      </Panel>
      <InviterDrawer
        inviterId={inviterId}
        asked={{ ...chinaRangeOf(filters), ...(org ? { orgUnitId: org } : {}) }}
        onClose={() => void navigate(`/inviters${filters.search}`)}
      />
    </Page>
  );
}

export const InviterTable = ({
  rows,
  sort,
  onSort,
  search = '',
  current,
}: {
  rows: readonly Row[];
  sort?: Sort;
  onSort?: (sort: string) => void;
  search?: string;
  current?: string | undefined;
}): ReactNode => {
  const t = useT();
  const format = useFormat();
  const conversionText = useConversionText();
  const top = Math.max(1, ...rows.map((row) => row.gmvFen));
  const columns: Column<Row>[] = [
    {
      key: 'inviter',
      title: t('inviters.inviter'),
      head: true,
      render: (row, index) => (
        <span className="co-ranked">
          <i className={index < 3 && sort !== undefined ? 'co-rank co-rank-top wl-number' : 'co-rank wl-number'}>
            {index + 1}
          </i>
          <PersonCell
            name={row.inviter.name}
            badge={<InviterRoleBadge role={row.role} />}
            note={row.orgUnit?.name ?? t('inviters.no-unit')}
          />
        </span>
      ),
    },
    {
      key: 'visitors',
      title: t('figure.visitors'),
      align: 'end',
      sort: 'visitors',
      render: (row) => format.number(row.visitors),
    },
    { key: 'new', title: t('figure.new-customers'), align: 'end', render: (row) => format.number(row.newCustomers) },
    {
      key: 'orders',
      title: t('figure.orders'),
      align: 'end',
      sort: 'orders',
      render: (row) => (
        <span className="co-stacked">
          {format.number(row.orders)}
          <small>{conversionText(row.conversionBps)}</small>
        </span>
      ),
    },
    {
      key: 'gmv',
      title: t('figure.gmv'),
      align: 'end',
      sort: 'gmv',
      render: (row) => (
        <span className="co-bar-cell">
          <b>{format.money(row.gmvFen)}</b>
          {row.gmvFen > 0 && <i style={{ inlineSize: `${(row.gmvFen / top) * 100}%` }} />}
        </span>
      ),
    },
    {
      key: 'refunds',
      title: t('figure.refunds'),
      align: 'end',
      render: (row) => (
        <span className={row.refundedFen > 0 ? 'co-minus' : 'co-zero'}>{format.money(row.refundedFen)}</span>
      ),
    },
    {
      key: 'commission',
      title: t('figure.commission'),
      align: 'end',
      sort: 'commission',
      render: (row) => (
        <b className="co-good" data-testid="inviter-commission">
          {format.money(row.commissionFen)}
        </b>
      ),
    },
  ];
  return (
    <DataTable
      caption={t('inviters.title')}
      rows={rows}
      columns={columns}
      rowKey={(row) => row.inviter.id}
      href={(row) => ({
        to: `/inviters/${row.inviter.id}${search}`,
        label: t('inviters.open', { name: row.inviter.name }),
      })}
      testId="inviter-row"
      current={current}
      {...(sort ? { sort } : {})}
      {...(onSort ? { onSort } : {})}
    />
  );
};
