import {
  listWebhookDeliveries,
  replayWebhookDelivery,
  type Webhook,
  type WebhookDelivery,
} from '@walnut-live/contracts';
import { Badge, type BadgeTone, EmptyState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Drawer, Segmented } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction, usePages } from '../../data/use-call.ts';
import { Freshness } from '../../shared/async-view.tsx';
import type { Column } from '../../shared/data-table.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { useWebhookT } from './messages.ts';

const PAGE_SIZE = 30;
const REFRESH_MS = 5_000;
const states = ['pending', 'delivered', 'failed'] as const;
const tones: Record<WebhookDelivery['state'], BadgeTone> = {
  pending: 'warn',
  delivered: 'success',
  failed: 'danger',
};

export const DeliveryLog = ({ webhook, onClose }: { webhook: Webhook | null; onClose: () => void }): ReactNode => {
  const t = useWebhookT();
  return (
    <Drawer
      open={webhook !== null}
      onClose={onClose}
      size={720}
      destroyOnHidden
      rootClassName="co-drawer"
      title={t('log')}
    >
      {webhook && <Log key={webhook.id} webhook={webhook} />}
    </Drawer>
  );
};

const Log = ({ webhook }: { webhook: Webhook }): ReactNode => {
  const t = useWebhookT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const [state, setState] = useState<(typeof states)[number] | ''>('');
  const replay = useAction(replayWebhookDelivery, ['webhooks.deliveries']);
  const query = usePages(
    listWebhookDeliveries,
    { params: { id: webhook.id }, query: { limit: PAGE_SIZE, ...(state ? { state } : {}) } },
    { everyMs: REFRESH_MS },
  );
  const again = async ({ id }: WebhookDelivery): Promise<void> => {
    try {
      await replay.mutateAsync({ params: { id }, body: {} });
      toast(t('replay.done'), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };
  const columns: Column<WebhookDelivery>[] = [
    {
      key: 'event',
      title: t('event'),
      head: true,
      render: (row) => (
        <details className="co-delivery">
          <summary>
            <b>{row.type}</b>
          </summary>
          <code>{row.body}</code>
        </details>
      ),
    },
    {
      key: 'result',
      title: t('result'),
      render: (row) => (
        <span className="co-stacked co-start">
          <span className="co-inline">
            <Badge tone={tones[row.state]}>{t(`delivery.${row.state}`)}</Badge>
            {row.attempts > 0 && <small>{t('attempts', { count: row.attempts })}</small>}
          </span>
          {row.lastStatus !== null && <small>{t('status', { status: row.lastStatus, ms: row.lastMs ?? 0 })}</small>}
          {row.lastStatus === null && row.lastError && <small className="co-minus">{row.lastError}</small>}
          {row.nextTryAt && row.attempts > 0 && <small>{t('next', { time: format.time(row.nextTryAt) })}</small>}
        </span>
      ),
    },
    {
      key: 'when',
      title: t('when'),
      render: (row) => <span className="co-quiet">{format.dateTime(row.createdAt)}</span>,
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) =>
        row.state !== 'pending' && webhook.state === 'active' ? (
          <Button size="small" onClick={() => void again(row)}>
            {t('replay')}
          </Button>
        ) : null,
    },
  ];
  return (
    <>
      <div className="co-filters co-filters-bare">
        <Segmented
          value={state}
          onChange={setState}
          options={[
            { value: '' as const, label: t('delivery.all') },
            ...states.map((known) => ({ value: known, label: t(`delivery.${known}`) })),
          ]}
        />
        <Freshness query={query} staleAfterMs={REFRESH_MS * 4} />
      </div>
      <PagedTable
        query={query}
        empty={<EmptyState compact title={t('log.empty')} />}
        caption={t('log')}
        columns={columns}
        rowKey={(row) => row.id}
        testId="delivery-row"
      />
    </>
  );
};
