import { type ReplyOf, type RewardCost, reportInviteRanking, reportRewardCosts } from '@walnut-live/contracts';
import { EmptyState, useFormat } from '@walnut-live/ui';
import { Segmented } from 'antd';
import type { ReactNode } from 'react';
import { useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { useFilters } from '../../shared/filters.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { Library } from './library.tsx';
import { useSharingT } from './messages.ts';
import { Newcomers } from './newcomers.tsx';
import { Tasks } from './tasks.tsx';
import './sharing.css';

const tabs = ['library', 'tasks', 'newcomers', 'ranking', 'costs'] as const;
const views = {
  library: Library,
  tasks: Tasks,
  newcomers: Newcomers,
  ranking: () => <Ranking />,
  costs: () => <Costs />,
};

/** What people share and what it is rewarded with. */
export default function SharingPage(): ReactNode {
  const t = useSharingT();
  const filters = useFilters();
  const tab = tabs.find((known) => known === filters.get('tab')) ?? 'library';
  const View = views[tab];
  return (
    <Page title={t('title')} hint={t('hint')}>
      <Segmented
        className="sh-tabs"
        value={tab}
        onChange={(next: string) => filters.set({ tab: next === 'library' ? undefined : next, by: undefined })}
        options={tabs.map((value) => ({ value, label: t(`tab.${value}`) }))}
      />
      <View />
    </Page>
  );
}

type Ranked = ReplyOf<typeof reportInviteRanking>['items'][number];
const Ranking = (): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const filters = useFilters();
  const by = filters.get('by') === 'sales' ? 'sales' : 'customers';
  const query = useCall(reportInviteRanking, { query: { by } });
  const count = (key: 'invited' | 'customers' | 'orders'): Column<Ranked> => ({
    ...{ key, title: t(`rank.${key}`), align: 'end' },
    render: (row) => format.count(row[key]),
  });
  const columns: Column<Ranked>[] = [
    { key: 'place', title: t('rank.place'), render: ({ place }) => <span className="wl-number">{place}</span> },
    { key: 'who', title: t('rank.who'), head: true, render: ({ inviter }) => inviter.name },
    ...(['invited', 'customers', 'orders'] as const).map(count),
    { key: 'net', title: t('rank.net'), align: 'end', render: ({ netFen }) => format.money(netFen) },
  ];
  return (
    <Panel flush>
      <div className="co-filters">
        <Segmented
          value={by}
          onChange={(next: string) => filters.set({ by: next === 'sales' ? next : undefined })}
          options={(['customers', 'sales'] as const).map((value) => ({ value, label: t(`rank.by.${value}`) }))}
        />
        <span className="co-quiet">{t('rank.note')}</span>
      </div>
      <AsyncView
        query={query}
        skeleton={<TableSkeleton />}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState illustration="people" title={t('rank.empty')} />}
      >
        {({ items }) => (
          <DataTable
            caption={t('tab.ranking')}
            columns={columns}
            rows={items}
            rowKey={({ inviter }) => inviter.id}
            testId="rank-row"
          />
        )}
      </AsyncView>
    </Panel>
  );
};

const Costs = (): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const query = useCall(reportRewardCosts, undefined);
  const money = (fen: number | null) => (fen === null ? '–' : format.money(fen));
  const columns: Column<RewardCost>[] = [
    {
      key: 'campaign',
      title: t('cost.campaign'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <b>{row.title}</b>
          <small>
            {t(`cost.${row.kind}`)} · {row.orgUnit.name} · {format.dateTime(row.startsAt)}
          </small>
        </span>
      ),
    },
    { key: 'people', title: t('cost.people'), align: 'end', render: (row) => format.count(row.newPeople) },
    { key: 'customers', title: t('cost.customers'), align: 'end', render: (row) => format.count(row.newCustomers) },
    { key: 'spent', title: t('cost.spent'), align: 'end', render: (row) => format.money(row.costFen) },
    { key: 'perPerson', title: t('cost.perPerson'), align: 'end', render: (row) => money(row.perNewPersonFen) },
    { key: 'perCustomer', title: t('cost.perCustomer'), align: 'end', render: (row) => money(row.perNewCustomerFen) },
  ];
  return (
    <Panel flush>
      <AsyncView
        query={query}
        skeleton={<TableSkeleton />}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState illustration="orders" title={t('cost.empty')} />}
      >
        {({ items }) => (
          <DataTable
            caption={t('tab.costs')}
            columns={columns}
            rows={items}
            rowKey={({ id }) => id}
            testId="cost-row"
          />
        )}
      </AsyncView>
    </Panel>
  );
};
