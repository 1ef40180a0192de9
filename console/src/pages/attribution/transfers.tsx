import { PlusOutlined } from '@ant-design/icons';
import { type CustomerTransfer, listTransfers, transferredCustomers } from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Modal, Progress } from 'antd';
import { type ReactNode, useState } from 'react';
import { usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { useAttributionT } from './messages.ts';
import { NewTransferDialog } from './new-transfer-dialog.tsx';

const PAGE = 20;
/** A transfer moves some hundred a second. */
const REFRESH_MS = 3_000;
const tones = { running: 'warn', done: 'success', stopped: 'danger' } as const;

export const Transfers = (): ReactNode => {
  const t = useAttributionT();
  const format = useFormat();
  const [creating, setCreating] = useState(false);
  const [looking, setLooking] = useState<CustomerTransfer | null>(null);
  const query = usePages(listTransfers, { query: { limit: PAGE } }, { everyMs: REFRESH_MS });
  const columns: Column<CustomerTransfer>[] = [
    {
      key: 'from',
      title: t('transfer.from'),
      head: true,
      render: ({ from, store }) => (
        <span className="co-stacked co-start">
          <b>{from.name}</b>
          <small>{store.name}</small>
        </span>
      ),
    },
    { key: 'to', title: t('transfer.to'), render: ({ to }) => to.map(({ name }) => name).join('、') },
    {
      key: 'progress',
      title: t('transfer.progress'),
      render: ({ moved, total, state }) => (
        <span className="co-stacked co-start">
          <span>
            <Badge tone={tones[state]}>{t(`transfer.state.${state}`)}</Badge> {t('transfer.moved', { moved, total })}
          </span>
          {state === 'running' && (
            <Progress percent={total === 0 ? 0 : Math.floor((100 * moved) / total)} size="small" showInfo={false} />
          )}
          {state === 'stopped' && <small>{t('transfer.stopped.hint')}</small>}
        </span>
      ),
    },
    {
      key: 'by',
      title: t('reason'),
      render: ({ by, at, reason }) => (
        <span className="co-stacked co-start">
          <b className="co-attribution-text">{reason}</b>
          <small>{t('transfer.by', { who: by.name, at: format.dateTime(at) })}</small>
        </span>
      ),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (transfer) =>
        transfer.moved > 0 && (
          <Button size="small" onClick={() => setLooking(transfer)} data-testid="transfer-customers">
            {t('transfer.customers')}
          </Button>
        ),
    },
  ];
  return (
    <>
      <Panel
        flush
        title={t('tab.transfers')}
        extra={
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)} data-testid="transfer-new">
            {t('transfer.new')}
          </Button>
        }
      >
        <PagedTable
          query={query}
          caption={t('tab.transfers')}
          columns={columns}
          rowKey={({ id }) => id}
          testId="transfer-row"
          empty={<EmptyState illustration="orders" title={t('transfer.empty')} hint={t('transfer.empty.hint')} />}
        />
      </Panel>
      {creating && <NewTransferDialog onClose={() => setCreating(false)} />}
      {looking && <MovedDialog transfer={looking} onClose={() => setLooking(null)} />}
    </>
  );
};

const MovedDialog = ({ transfer, onClose }: { transfer: CustomerTransfer; onClose: () => void }): ReactNode => {
  const t = useAttributionT();
  const format = useFormat();
  const query = usePages(transferredCustomers, { params: { id: transfer.id }, query: { limit: 50 } });
  return (
    <Modal open width={640} title={t('transfer.customers.title')} footer={null} onCancel={onClose}>
      <PagedTable
        query={query}
        caption={t('transfer.customers.title')}
        columns={[
          { key: 'customer', title: t('mine.buyer'), head: true, render: ({ customer }) => customer.name },
          { key: 'to', title: t('transfer.to'), render: ({ to }) => to.name },
          {
            key: 'protected',
            title: t('policy.protect'),
            render: ({ protectedUntil }) =>
              protectedUntil === null ? t('policy.forever') : format.dateTime(protectedUntil),
          },
        ]}
        rowKey={({ customer }) => customer.id}
        empty={<EmptyState illustration="orders" title={t('history.empty')} />}
      />
    </Modal>
  );
};
