import {
  cancelPayout,
  listPayouts,
  type PayoutBill,
  PayoutBillState,
  reconcilePayouts,
  settleSandboxPayout,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Select, Space } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { type Filters, SearchFilter } from '../../shared/filters.tsx';
import { CsvButton, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { PersonCell } from '../../shared/people.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useSettlementT } from './messages.ts';
import { billTones, useConflictText } from './parts.tsx';

const PAGE_SIZE = 30;
const REFRESH_MS = 10_000;
const TOUCHED = ['payouts.list', 'settlements.get', 'settlements.lines', 'payout-differences.list'];

/** Transfers to people, of one run or of all; asked about and taken back here. */
export const Bills = ({ filters, runId }: { filters: Filters; runId?: string }): ReactNode => {
  const t = useSettlementT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { may } = useSession();
  const [cancelling, setCancelling] = useState<PayoutBill | null>(null);
  const state = PayoutBillState.options.find((known) => known === filters.get('state'));
  const search = filters.get('q');
  const asked = { ...(runId ? { runId } : {}), ...(state ? { state } : {}), ...(search ? { search } : {}) };
  const query = usePages(listPayouts, { query: { ...asked, limit: PAGE_SIZE } }, { everyMs: REFRESH_MS });
  const reconcile = useAction(reconcilePayouts, TOUCHED);
  const accept = useAction(settleSandboxPayout, TOUCHED);
  const fail = (error: unknown): void => toast(errorText(error), { tone: 'error' });
  const ask = (): void =>
    void reconcile
      .mutateAsync({ body: runId ? { runId } : {} })
      .then(({ openDifferences, ...said }) =>
        toast(t('reconcile.done', { ...said, open: openDifferences }), { tone: 'success' }),
      )
      .catch(fail);
  const take = (id: string): void =>
    void accept
      .mutateAsync({ params: { id }, body: { outcome: 'succeeded' } })
      .then(() => toast(t('bill.accepted'), { tone: 'success' }))
      .catch(fail);
  const columns: Column<PayoutBill>[] = [
    {
      key: 'person',
      title: t('person'),
      head: true,
      render: (bill) => <PersonCell name={bill.person.name} note={<code>{bill.billNo}</code>} />,
    },
    {
      key: 'kind',
      title: t('bill.kind'),
      render: (bill) => (
        <span className="co-stacked co-start">
          {t(`bill.${bill.kind}`)}
          <small>
            {t(`source.${bill.source}`)} · {t(`provider.${bill.provider}`)}
          </small>
        </span>
      ),
    },
    {
      key: 'net',
      title: t('net'),
      align: 'end',
      render: (bill) => (
        <span className="co-stacked">
          <b className="wl-number">{format.money(bill.netFen)}</b>
          {bill.withheldFen > 0 && (
            <small>
              {t('withheld')} {format.money(bill.withheldFen)}
            </small>
          )}
        </span>
      ),
    },
    {
      key: 'state',
      title: t('state'),
      render: (bill) => (
        <span className="co-stacked co-start">
          <Badge tone={billTones[bill.state]}>{t(`bill.${bill.state}`)}</Badge>
          {(bill.failReason ?? bill.lastError) && (
            <small className="co-minus">{bill.failReason ?? bill.lastError}</small>
          )}
        </span>
      ),
    },
    { key: 'at', title: t('day'), render: (bill) => format.dateTime(bill.endedAt ?? bill.createdAt) },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (bill) =>
        may('settlements:pay') &&
        bill.endedAt === null && (
          <Space>
            {bill.provider === 'sandbox' && bill.state === 'waiting' && (
              <Button size="small" loading={accept.isPending} onClick={() => take(bill.id)} data-testid="bill-accept">
                {t('bill.accept')}
              </Button>
            )}
            <Button size="small" danger onClick={() => setCancelling(bill)} data-testid="bill-cancel">
              {t('bill.cancel')}
            </Button>
          </Space>
        ),
    },
  ];
  return (
    <Panel
      flush
      title={t('tab.bills')}
      extra={
        <Space wrap>
          <SearchFilter filters={filters} placeholder={t('bill.search')} />
          <Select
            value={state ?? 'all'}
            onChange={(value) => filters.set({ state: value === 'all' ? undefined : value })}
            options={[
              { value: 'all', label: t('bill.anyState') },
              ...PayoutBillState.options.map((value) => ({ value, label: t(`bill.${value}`) })),
            ]}
            aria-label={t('state')}
            popupMatchSelectWidth={false}
          />
          <CsvButton route={listPayouts} args={{ query: { ...asked, format: 'csv' } }} fileName="payouts" />
          {may('payments:reconcile') && (
            <Button loading={reconcile.isPending} onClick={ask} data-testid="reconcile">
              {t('reconcile')}
            </Button>
          )}
        </Space>
      }
    >
      <PagedTable
        query={query}
        empty={<EmptyState illustration="orders" title={t('bill.empty')} compact />}
        caption={t('tab.bills')}
        columns={columns}
        rowKey={({ id }) => id}
        testId="bill-row"
      />
      {cancelling && <CancelDialog key={cancelling.id} bill={cancelling} onClose={() => setCancelling(null)} />}
    </Panel>
  );
};

const CancelDialog = ({ bill, onClose }: { bill: PayoutBill; onClose: () => void }): ReactNode => {
  const t = useSettlementT();
  const conflictText = useConflictText();
  const cancel = useAction(cancelPayout, TOUCHED);
  return (
    <ReasonDialog
      danger
      title={t('bill.cancel.title', { no: bill.billNo })}
      label={t('reason')}
      hint={conflictText(cancel.error) ?? t('bill.cancel.body')}
      okText={t('bill.cancel')}
      done={t('bill.cancel.done')}
      shortest={2}
      pending={cancel.isPending}
      error={cancel.error}
      onSubmit={(reason) => cancel.mutateAsync({ params: { id: bill.id }, body: { reason } })}
      onClose={onClose}
    />
  );
};
