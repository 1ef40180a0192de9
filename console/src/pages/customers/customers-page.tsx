/** Who our customers are: levels, points, tags with their why, proposals, and what was given away. */
import { type Customer, getMemberRules, listCustomers, listTagRules } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useCall, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { SearchFilter, useFilters } from '../../shared/filters.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { CustomerDrawer } from './customer-drawer.tsx';
import { Discounts } from './discounts.tsx';
import { KocProposals } from './koc-proposals.tsx';
import { Levels } from './levels.tsx';
import { useCustomerT } from './messages.ts';
import { TagRules } from './tag-rules.tsx';
import './customers.css';

const PAGE = 50;
const tabs = ['customers', 'levels', 'tags', 'koc', 'discounts'] as const;
type Tab = (typeof tabs)[number];

const Customers = (): ReactNode => {
  const t = useCustomerT();
  const format = useFormat();
  const filters = useFilters();
  const [open, setOpen] = useState<Customer['person'] | null>(null);
  const rules = useCall(getMemberRules, undefined);
  const tagRules = useCall(listTagRules, undefined);
  const levels = rules.data?.rules?.levels ?? [];
  const [search, rank, ruleId] = [filters.get('q'), filters.get('rank'), filters.get('tag')];
  const query = usePages(listCustomers, {
    query: {
      limit: PAGE,
      ...(search ? { search } : {}),
      ...(rank ? { rank: Number(rank) } : {}),
      ...(ruleId ? { ruleId } : {}),
    },
  });
  const nameOf = (of: number): string => levels.find((level) => level.rank === of)?.name ?? t('level.none');
  const columns: Column<Customer>[] = [
    {
      key: 'name',
      title: t('name'),
      head: true,
      render: ({ person, store }) => (
        <span className="co-stacked co-start">
          <b>{person.name}</b>
          <small>{store}</small>
        </span>
      ),
    },
    { key: 'level', title: t('level'), render: (row) => nameOf(row.rank) },
    { key: 'spend', title: t('spend'), align: 'end', render: (row) => format.money(row.spendFen) },
    { key: 'points', title: t('points'), align: 'end', render: (row) => format.number(row.points) },
    {
      key: 'tags',
      title: t('tags'),
      render: (row) => (
        <span className="cu-badges">
          {row.tags.map((tag) => (
            <Badge key={tag.ruleId} tone="success">
              {tag.name}
            </Badge>
          ))}
        </span>
      ),
    },
    {
      key: 'last',
      title: t('last'),
      deskOnly: true,
      render: (row) => (row.lastPaidAt ? format.dateTime(row.lastPaidAt) : '–'),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) => (
        <Button size="small" onClick={() => setOpen(row.person)} data-testid="customer-open">
          {t('open')}
        </Button>
      ),
    },
  ];
  return (
    <Panel flush>
      <div className="co-filters">
        <SearchFilter filters={filters} placeholder={t('search')} />
        <Select
          value={rank ?? ''}
          onChange={(value) => filters.set({ rank: value })}
          aria-label={t('level')}
          options={[
            { value: '', label: t('all.levels') },
            { value: '0', label: t('level.none') },
            ...levels.map((level) => ({ value: String(level.rank), label: level.name })),
          ]}
          className="cu-select"
        />
        <Select
          value={ruleId ?? ''}
          onChange={(value) => filters.set({ tag: value })}
          aria-label={t('tags')}
          options={[
            { value: '', label: t('all.tags') },
            ...(tagRules.data?.items ?? []).map((rule) => ({ value: rule.id, label: `${rule.name} (${rule.people})` })),
          ]}
          className="cu-select"
        />
      </div>
      <PagedTable
        query={query}
        empty={
          filters.get('q') || rank || ruleId ? (
            <EmptyState illustration="search" title={t('none')} />
          ) : (
            <EmptyState illustration="people" title={t('none.yet')} hint={t('none.yet.hint')} />
          )
        }
        caption={t('title')}
        columns={columns}
        rowKey={({ person }) => person.id}
        testId="customer-row"
      />
      {open && <CustomerDrawer key={open.id} id={open.id} name={open.name} onClose={() => setOpen(null)} />}
    </Panel>
  );
};

export default function CustomersPage(): ReactNode {
  const t = useCustomerT();
  const { may } = useSession();
  const filters = useFilters();
  const shown = tabs.filter((tab) => tab !== 'discounts' || may('reports:read'));
  const tab = shown.find((one) => one === filters.get('tab')) ?? 'customers';
  const parts: Record<Tab, ReactNode> = {
    customers: <Customers />,
    levels: <Levels />,
    tags: <TagRules />,
    koc: <KocProposals />,
    discounts: <Discounts />,
  };
  return (
    <Page title={t('title')} hint={t('hint')}>
      <nav className="cu-tabs" aria-label={t('title')}>
        {shown.map((key) => (
          <Link
            key={key}
            to={key === 'customers' ? '?' : `?tab=${key}`}
            replace
            aria-current={key === tab ? 'page' : undefined}
          >
            {t(`tab.${key}`)}
          </Link>
        ))}
      </nav>
      {parts[tab]}
    </Page>
  );
}
