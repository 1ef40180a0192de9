import { listRetention, listRetentionRuns, type ReplyOf, type RetentionPolicy } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useCall, usePages } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { useRetentionT } from './messages.ts';
import { PolicyDialog } from './policy-dialog.tsx';

const PAGE = 30;
type Run = ReplyOf<typeof listRetentionRuns>['items'][number];

/** Terms by kind, and what the runs of late deleted. */
export default function RetentionPage(): ReactNode {
  const t = useRetentionT();
  return (
    <Page title={t('title')} hint={t('hint')}>
      <Policies />
      <Runs />
    </Page>
  );
}

const Policies = (): ReactNode => {
  const t = useRetentionT();
  const format = useFormat();
  const { may } = useSession();
  const [changing, setChanging] = useState<RetentionPolicy | null>(null);
  const query = useCall(listRetention, undefined);
  const columns: Column<RetentionPolicy>[] = [
    {
      key: 'kind',
      title: t('kind'),
      head: true,
      render: (policy) => (
        <span className="co-inline">
          <b>{t(`kind.${policy.kind}`)}</b>
          {policy.byLaw && <Badge tone="brand">{t('law')}</Badge>}
        </span>
      ),
    },
    {
      key: 'keep',
      title: t('keep'),
      align: 'end',
      render: (policy) => (
        <span className="co-stacked">
          <b>{t('days', { n: format.number(policy.keepDays) })}</b>
          <small>{t('least', { n: format.number(policy.leastDays) })}</small>
        </span>
      ),
    },
    {
      key: 'set',
      title: t('set.at'),
      render: ({ setBy, setAt, reason }) =>
        setAt === null ? (
          <span className="co-quiet">{t('set.default')}</span>
        ) : (
          <span className="co-stacked co-start">
            <span>{reason}</span>
            <small>{t('set.by', { name: setBy?.name ?? '—', time: format.dateTime(setAt) })}</small>
          </span>
        ),
    },
    ...(may('retention:write')
      ? [
          {
            key: 'do',
            title: '',
            align: 'end' as const,
            render: (policy: RetentionPolicy) => (
              <Button size="small" onClick={() => setChanging(policy)} data-testid="retention-change">
                {t('change')}
              </Button>
            ),
          },
        ]
      : []),
  ];
  return (
    <Panel flush title={t('policies')}>
      <AsyncView query={query} skeleton={<TableSkeleton />}>
        {({ items }) => (
          <DataTable
            caption={t('policies')}
            rows={items}
            columns={columns}
            rowKey={({ kind }) => kind}
            testId="retention-row"
          />
        )}
      </AsyncView>
      {changing && <PolicyDialog key={changing.kind} policy={changing} onClose={() => setChanging(null)} />}
    </Panel>
  );
};

const Runs = (): ReactNode => {
  const t = useRetentionT();
  const format = useFormat();
  const query = usePages(listRetentionRuns, { query: { limit: PAGE } });
  const columns: Column<Run>[] = [
    { key: 'kind', title: t('kind'), head: true, render: ({ kind }) => <b>{t(`kind.${kind}`)}</b> },
    { key: 'at', title: t('run.at'), render: ({ at }) => format.dateTime(at) },
    {
      key: 'kept',
      title: t('run.kept'),
      align: 'end',
      render: ({ keepDays }) => t('days', { n: format.number(keepDays) }),
    },
    { key: 'before', title: t('run.before'), render: ({ before }) => format.dateTime(before) },
    { key: 'rows', title: t('run.rows'), align: 'end', render: ({ rows }) => format.number(rows) },
  ];
  return (
    <Panel flush title={t('runs')}>
      <PagedTable
        query={query}
        empty={<EmptyState illustration="orders" title={t('runs.empty')} hint={t('runs.emptyHint')} compact />}
        caption={t('runs')}
        columns={columns}
        rowKey={({ id }) => id}
        testId="retention-run-row"
      />
    </Panel>
  );
};
