/** Rule N4: proposed by figures, decided by a person. */
import { decideKocProposal, type KocProposal, listKocProposals } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useCustomerT } from './messages.ts';

const PAGE = 50;
const tones = { proposed: 'hot', accepted: 'success', declined: 'neutral', lapsed: 'neutral' } as const;

export const KocProposals = (): ReactNode => {
  const t = useCustomerT();
  const format = useFormat();
  const { may } = useSession();
  const [asking, setAsking] = useState<{ row: KocProposal; accept: boolean } | null>(null);
  const query = usePages(listKocProposals, { query: { limit: PAGE } });
  const decide = useAction(decideKocProposal, ['koc-proposals.list', 'marks.list', 'marks.koc-candidates']);
  const columns: Column<KocProposal>[] = [
    {
      key: 'name',
      title: t('name'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <b>{row.person.name}</b>
          <small>{row.store}</small>
        </span>
      ),
    },
    {
      key: 'why',
      title: t('profile.why'),
      render: ({ why, proposedAt }) => (
        <span className="co-stacked co-start">
          <span>{t('koc.why', { orders: why.paidOrders, people: why.broughtPeople, buyers: why.broughtBuyers })}</span>
          <small>{format.dateTime(proposedAt)}</small>
        </span>
      ),
    },
    {
      key: 'state',
      title: t('tab.koc'),
      render: (row) => (
        <span className="co-stacked co-start">
          <Badge tone={tones[row.state]}>{t(`koc.${row.state}`)}</Badge>
          {row.by && (
            <small>
              {row.by} · {row.reason}
            </small>
          )}
        </span>
      ),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) =>
        row.state === 'proposed' &&
        may('customers:mark') && (
          <span className="co-inline">
            <Button
              size="small"
              type="primary"
              onClick={() => setAsking({ row, accept: true })}
              data-testid="koc-accept"
            >
              {t('koc.accept')}
            </Button>
            <Button size="small" onClick={() => setAsking({ row, accept: false })}>
              {t('koc.decline')}
            </Button>
          </span>
        ),
    },
  ];
  return (
    <Panel flush>
      <p className="co-filters co-quiet">{t('koc.hint')}</p>
      <PagedTable
        query={query}
        empty={<EmptyState compact illustration="people" title={t('koc.none')} />}
        caption={t('tab.koc')}
        columns={columns}
        rowKey={({ id }) => id}
        testId="koc-row"
      />
      {asking && (
        <ReasonDialog
          title={`${t(asking.accept ? 'koc.accept' : 'koc.decline')} · ${asking.row.person.name}`}
          label={t('koc.reason')}
          okText={t('save')}
          done={t('koc.done')}
          pending={decide.isPending}
          error={decide.error}
          onSubmit={(reason) =>
            decide.mutateAsync({ params: { id: asking.row.id }, body: { accept: asking.accept, reason } })
          }
          onClose={() => setAsking(null)}
        />
      )}
    </Panel>
  );
};
