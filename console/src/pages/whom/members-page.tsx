import {
  type CustomerMark,
  endMark,
  type KocCandidate,
  kocCandidates,
  listMarks,
  type MarkKind,
  markCustomer,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall, usePages } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useWhomT } from './messages.ts';

const PAGE = 50;
type Asked = { title: string; submit: (reason: string) => Promise<unknown>; error: unknown; pending: boolean };

const Candidates = ({ onMark }: { onMark: (person: KocCandidate['person'], kind: MarkKind) => void }): ReactNode => {
  const t = useWhomT();
  const format = useFormat();
  const { may } = useSession();
  const query = useCall(kocCandidates, {});
  const columns: Column<KocCandidate>[] = [
    {
      key: 'name',
      title: t('col.name'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <b>{row.person.name}</b>
          <small>{row.store}</small>
        </span>
      ),
    },
    { key: 'orders', title: t('members.orders'), align: 'end', render: (row) => format.number(row.paidOrders) },
    {
      key: 'brought',
      title: t('members.brought'),
      align: 'end',
      render: (row) => `${format.number(row.broughtPeople)} / ${format.number(row.broughtBuyers)}`,
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) =>
        may('customers:mark') && (
          <span className="co-inline">
            <Button size="small" type="primary" onClick={() => onMark(row.person, 'koc')} data-testid="mark-koc">
              {t('members.mark-koc')}
            </Button>
            <Button size="small" onClick={() => onMark(row.person, 'member')}>
              {t('members.mark-member')}
            </Button>
          </span>
        ),
    },
  ];
  return (
    <Panel title={t('members.candidates')} flush>
      <AsyncView
        query={query}
        skeleton={<TableSkeleton rows={4} />}
        isEmpty={({ items }) => items.length === 0}
        empty={
          <EmptyState
            compact
            illustration="people"
            title={t('members.no-candidates')}
            hint={t('members.no-candidates.hint')}
          />
        }
      >
        {({ items, rule }) => (
          <>
            <p className="co-filters co-quiet">
              {t('members.rule', { orders: rule.paidOrders, buyers: rule.broughtBuyers })}
            </p>
            <DataTable
              caption={t('members.candidates')}
              rows={items}
              columns={columns}
              rowKey={({ person }) => person.id}
              testId="candidate-row"
            />
          </>
        )}
      </AsyncView>
    </Panel>
  );
};

const Marks = ({ onEnd }: { onEnd: (mark: CustomerMark) => void }): ReactNode => {
  const t = useWhomT();
  const format = useFormat();
  const { may } = useSession();
  const query = usePages(listMarks, { query: { limit: PAGE } });
  const columns: Column<CustomerMark>[] = [
    { key: 'name', title: t('col.name'), head: true, render: (row) => <b>{row.person.name}</b> },
    { key: 'kind', title: t('card.kind'), render: (row) => <Badge tone="success">{t(`mark.${row.kind}`)}</Badge> },
    { key: 'reason', title: t('members.reason'), render: (row) => row.reason },
    {
      key: 'by',
      title: t('members.by'),
      render: (row) => (
        <span className="co-stacked co-start">
          {row.by.name}
          <small>
            {row.orgUnit.name} · {format.dateTime(row.at)}
          </small>
        </span>
      ),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) =>
        may('customers:mark') && (
          <Button size="small" danger onClick={() => onEnd(row)}>
            {t('members.end')}
          </Button>
        ),
    },
  ];
  return (
    <Panel title={t('members.marks')} flush>
      <PagedTable
        query={query}
        empty={
          <EmptyState compact illustration="people" title={t('members.no-marks')} hint={t('members.no-marks.hint')} />
        }
        caption={t('members.marks')}
        columns={columns}
        rowKey={({ id }) => id}
        testId="mark-row"
      />
    </Panel>
  );
};

type Asking =
  | { what: 'mark'; person: { id: string; name: string }; kind: MarkKind }
  | { what: 'end'; mark: CustomerMark };

export default function MembersPage(): ReactNode {
  const t = useWhomT();
  const [asking, setAsking] = useState<Asking | null>(null);
  const touches = ['marks.list', 'marks.koc-candidates'];
  const mark = useAction(markCustomer, touches);
  const end = useAction(endMark, touches);
  const asked: Asked | null =
    asking === null
      ? null
      : asking.what === 'mark'
        ? {
            title: `${t(asking.kind === 'koc' ? 'members.mark-koc' : 'members.mark-member')} · ${asking.person.name}`,
            submit: (reason) => mark.mutateAsync({ body: { personId: asking.person.id, kind: asking.kind, reason } }),
            error: mark.error,
            pending: mark.isPending,
          }
        : {
            title: `${t('members.end')} · ${asking.mark.person.name}`,
            submit: (reason) => end.mutateAsync({ params: { id: asking.mark.id }, body: { reason } }),
            error: end.error,
            pending: end.isPending,
          };
  return (
    <Page title={t('members.title')} hint={t('members.hint')}>
      <Candidates onMark={(person, kind) => setAsking({ what: 'mark', person, kind })} />
      <Marks onEnd={(row) => setAsking({ what: 'end', mark: row })} />
      {/* Rule N4: nobody is marked without a reason. */}
      {asked && (
        <ReasonDialog
          title={asked.title}
          label={t('members.reason')}
          okText={t('save')}
          done={asked.title}
          most={200}
          pending={asked.pending}
          error={asked.error}
          onSubmit={asked.submit}
          onClose={() => setAsking(null)}
        />
      )}
    </Page>
  );
}
