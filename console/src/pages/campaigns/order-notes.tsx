import { listOrderNotes, type OrderNote, retryOrderNote } from '@walnut-live/contracts';
import { useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import { type Column, DataTable } from '../../shared/data-table.tsx';
import { MoreButton, Panel } from '../../shared/page.tsx';
import { useCampaignT } from './messages.ts';

const REFRESH_MS = 30_000;

/** What buyers should have been told and were not; nothing at all while there is none. */
export const OrderNotes = (): ReactNode => {
  const t = useCampaignT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const mayWrite = useSession().may('campaigns:write');
  const query = usePages(listOrderNotes, { query: { limit: 20 } }, { everyMs: REFRESH_MS });
  const retry = useAction(retryOrderNote, [listOrderNotes.id]);
  const notes = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (notes.length === 0) return null;
  const columns: Column<OrderNote>[] = [
    {
      key: 'order',
      title: t('notes.order'),
      head: true,
      render: ({ order, store }) => (
        <span className="co-stacked co-start">
          <b className="wl-number">{order.orderNo}</b>
          <small>{store.name}</small>
        </span>
      ),
    },
    { key: 'kind', title: t('outbox.kind'), render: ({ kind }) => t(`notes.kind.${kind}`) },
    {
      key: 'state',
      title: t('outbox.state'),
      render: ({ attempts, error }) => (
        <span className="co-stacked co-start">
          {t('notes.tried', { count: attempts })}
          <small>{error}</small>
        </span>
      ),
    },
    {
      key: 'when',
      title: t('outbox.when'),
      render: ({ setAsideAt }) => <span className="wl-number">{format.dateTime(setAsideAt)}</span>,
    },
    {
      key: 'retry',
      title: '',
      align: 'end',
      render: ({ id }) =>
        mayWrite && (
          <Button
            size="small"
            loading={retry.isPending && retry.variables?.params?.id === id}
            onClick={() =>
              retry.mutate(
                { params: { id }, body: {} },
                {
                  onSuccess: () => toast(t('notes.retried'), { tone: 'success' }),
                  onError: (error) => toast(errorText(error), { tone: 'error' }),
                },
              )
            }
          >
            {t('notes.retry')}
          </Button>
        ),
    },
  ];
  return (
    <Panel title={t('notes.title')} flush>
      <p className="co-warning co-campaign-warning">{t('notes.hint')}</p>
      <DataTable
        caption={t('notes.title')}
        rows={notes}
        columns={columns}
        rowKey={({ id }) => id}
        testId="order-note"
      />
      <MoreButton query={query} />
    </Panel>
  );
};
