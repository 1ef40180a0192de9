import {
  type CommissionHold,
  CommissionHoldState,
  commissionSignals,
  confirmCommissionHold,
  listCommissionHolds,
  releaseCommissionHold,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Select, Space } from 'antd';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { useFilters } from '../../shared/filters.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useCommissionT } from './messages.ts';

const PAGE = 50;
const MOST_REASON = 200;
const SHORTEST_REASON = 2;
const tones = { open: 'warn', released: 'success', confirmed: 'danger', moot: 'neutral' } as const;

/** Commission that is held because it looks like fraud: evidence, and a decision with a reason. */
export default function HoldsPage(): ReactNode {
  const t = useCommissionT();
  const format = useFormat();
  const filters = useFilters();
  const [deciding, setDeciding] = useState<{ hold: CommissionHold; how: 'release' | 'confirm' } | null>(null);
  const state = CommissionHoldState.catch('open').parse(filters.get('state'));
  const signal = commissionSignals.find((one) => one === filters.get('signal'));
  const query = usePages(listCommissionHolds, { query: { limit: PAGE, state, ...(signal ? { signal } : {}) } });
  const columns: Column<CommissionHold>[] = [
    {
      key: 'order',
      title: t('holds.order'),
      head: true,
      render: (hold) => (
        <span className="co-stacked co-start">
          <Link to={`/orders/${hold.orderId}`}>{hold.orderNo}</Link>
          <small>
            {hold.store.name} · {format.dateTime(hold.openedAt)}
          </small>
        </span>
      ),
    },
    {
      key: 'who',
      title: t('holds.who'),
      render: (hold) => (
        <span className="co-stacked co-start">
          <b>{hold.beneficiary.name}</b>
          <small>{t('holds.buyer', { name: hold.buyer.name })}</small>
        </span>
      ),
    },
    {
      key: 'signals',
      title: t('holds.signals'),
      render: (hold) => (
        <span className="co-stacked co-start">
          {hold.signals.map((one) => (
            <span key={one.kind}>
              {t(`signal.${one.kind}`)} <small>{t('signal.count', { n: one.count })}</small>
            </span>
          ))}
        </span>
      ),
    },
    {
      key: 'amount',
      title: t('holds.amount'),
      align: 'end',
      render: (hold) => <b className="wl-number">{format.money(hold.amountFen)}</b>,
    },
    {
      key: 'state',
      title: t('holds.state'),
      render: (hold) => (
        <span className="co-stacked co-start">
          <Badge tone={tones[hold.state]}>{t(`state.${hold.state}`)}</Badge>
          {hold.decidedBy && (
            <small>
              {hold.decidedBy.name} · {hold.reason}
            </small>
          )}
        </span>
      ),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (hold) =>
        hold.state === 'open' && (
          <Space>
            <Button size="small" onClick={() => setDeciding({ hold, how: 'release' })} data-testid="hold-release">
              {t('holds.release')}
            </Button>
            <Button
              size="small"
              danger
              onClick={() => setDeciding({ hold, how: 'confirm' })}
              data-testid="hold-confirm"
            >
              {t('holds.confirm')}
            </Button>
          </Space>
        ),
    },
  ];
  return (
    <Page title={t('holds')} hint={t('holds.hint')}>
      <Panel
        flush
        extra={
          <Space wrap>
            <Select
              aria-label={t('holds.state')}
              value={state}
              style={{ minWidth: 140 }}
              options={CommissionHoldState.options.map((value) => ({ value, label: t(`state.${value}`) }))}
              onChange={(value) => filters.set({ state: value })}
            />
            <Select
              aria-label={t('holds.signals')}
              allowClear
              placeholder={t('holds.signals')}
              value={signal ?? null}
              style={{ minWidth: 240 }}
              options={commissionSignals.map((value) => ({ value, label: t(`signal.${value}`) }))}
              onChange={(value) => filters.set({ signal: value ?? undefined })}
            />
          </Space>
        }
      >
        <PagedTable
          query={query}
          empty={<EmptyState illustration="orders" title={t('holds.empty')} hint={t('holds.empty.hint')} />}
          caption={t('holds')}
          columns={columns}
          rowKey={({ id }) => id}
          testId="hold-row"
        />
      </Panel>
      {deciding && <DecideDialog key={deciding.hold.id} {...deciding} onClose={() => setDeciding(null)} />}
    </Page>
  );
}

const DecideDialog = ({
  hold,
  how,
  onClose,
}: {
  hold: CommissionHold;
  how: 'release' | 'confirm';
  onClose: () => void;
}): ReactNode => {
  const t = useCommissionT();
  const release = useAction(releaseCommissionHold, ['commission-holds.list']);
  const confirm = useAction(confirmCommissionHold, ['commission-holds.list']);
  const act = how === 'release' ? release : confirm;
  return (
    <ReasonDialog
      title={t(`holds.${how}.title`)}
      label={t('publish.reason')}
      hint={t(`holds.${how}.hint`)}
      okText={t(`holds.${how}`)}
      done={t(`holds.${how}.done`)}
      danger={how === 'confirm'}
      most={MOST_REASON}
      shortest={SHORTEST_REASON}
      pending={act.isPending}
      error={act.error}
      onSubmit={(reason) => act.mutateAsync({ kind: hold.id, params: { id: hold.id }, body: { reason } })}
      onClose={onClose}
    />
  );
};
