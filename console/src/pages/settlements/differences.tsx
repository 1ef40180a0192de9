import { listPayoutDifferences, type PayoutDifference, resolvePayoutDifference } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useSettlementT } from './messages.ts';

const PAGE_SIZE = 30;
const REFRESH_MS = 30_000;

/** What providers say of transfers that our books do not, the newest first; ended by hand, with a reason. */
export const Differences = (): ReactNode => {
  const t = useSettlementT();
  const format = useFormat();
  const { may } = useSession();
  const [ended, setEnded] = useState<PayoutDifference | null>(null);
  const query = usePages(listPayoutDifferences, { query: { limit: PAGE_SIZE } }, { everyMs: REFRESH_MS });
  const side = (given: { state: string; amountFen: number | null } | null): ReactNode =>
    given === null ? (
      '–'
    ) : (
      <span className="co-stacked">
        {given.amountFen !== null && <b className="wl-number">{format.money(given.amountFen)}</b>}
        <small>
          <code>{given.state}</code>
        </small>
      </span>
    );
  const columns: Column<PayoutDifference>[] = [
    {
      key: 'kind',
      title: t('tab.differences'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <Badge tone={row.state === 'open' ? 'danger' : 'neutral'}>{t(`difference.${row.kind}`)}</Badge>
          <small>
            <code>{row.billNo}</code> · {t(`provider.${row.provider}`)}
          </small>
        </span>
      ),
    },
    { key: 'ours', title: t('ours'), align: 'end', render: (row) => side(row.ours) },
    { key: 'theirs', title: t('theirs'), align: 'end', render: (row) => side(row.theirs) },
    { key: 'found', title: t('found'), render: (row) => format.dateTime(row.foundAt) },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) =>
        row.state === 'resolved' ? (
          <small>{row.reason ?? t('system')}</small>
        ) : (
          may('payments:reconcile') && (
            <Button size="small" onClick={() => setEnded(row)} data-testid="payout-difference-resolve">
              {t('resolve')}
            </Button>
          )
        ),
    },
  ];
  return (
    <Panel flush>
      <PagedTable
        query={query}
        empty={<EmptyState illustration="search" title={t('difference.empty')} hint={t('difference.empty.hint')} />}
        caption={t('tab.differences')}
        columns={columns}
        rowKey={({ id }) => id}
        testId="payout-difference-row"
      />
      {ended && <ResolveDialog key={ended.id} difference={ended} onClose={() => setEnded(null)} />}
    </Panel>
  );
};

const ResolveDialog = ({ difference, onClose }: { difference: PayoutDifference; onClose: () => void }): ReactNode => {
  const t = useSettlementT();
  const resolve = useAction(resolvePayoutDifference, ['payout-differences.list']);
  return (
    <ReasonDialog
      title={t('resolve.title')}
      label={t('reason')}
      okText={t('resolve')}
      done={t('resolve.done')}
      shortest={2}
      most={200}
      pending={resolve.isPending}
      error={resolve.error}
      onSubmit={(reason) => resolve.mutateAsync({ params: { id: difference.id }, body: { reason } })}
      onClose={onClose}
    />
  );
};
