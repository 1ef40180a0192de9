import { listMessages, type MessageState, type OutboxMessage, retryMessage } from '@walnut-live/contracts';
import { Badge, type BadgeTone, EmptyState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Segmented } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { useFilters } from '../../shared/filters.tsx';
import { MoreButton, Panel } from '../../shared/page.tsx';
import { PersonCell } from '../../shared/people.tsx';
import { useCampaignT } from './messages.ts';
import { OrderNotes } from './order-notes.tsx';

const REFRESH_MS = 10_000;
const states: readonly MessageState[] = ['waiting', 'sent', 'skipped', 'dead'];
const tones: Record<MessageState, BadgeTone> = { waiting: 'warn', sent: 'success', skipped: 'neutral', dead: 'danger' };

/** Every message of my scope: to whom, why, and what became of it. */
export const Outbox = (): ReactNode => {
  const t = useCampaignT();
  const filters = useFilters();
  const state = states.find((known) => known === filters.get('state'));
  const query = usePages(listMessages, { query: { limit: 30, ...(state ? { state } : {}) } }, { everyMs: REFRESH_MS });
  const messages = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="co-campaigns">
      <OrderNotes />
      <Panel flush>
        <div className="co-filters">
          <Segmented
            value={state ?? ''}
            onChange={(next) => filters.set({ state: next })}
            options={[
              { value: '', label: t('outbox.all') },
              ...states.map((known) => ({ value: known as string, label: t(`outbox.state.${known}`) })),
            ]}
          />
          <Freshness query={query} staleAfterMs={REFRESH_MS * 4} />
        </div>
        <AsyncView
          query={query}
          skeleton={<TableSkeleton />}
          isEmpty={() => messages.length === 0}
          empty={<EmptyState illustration="people" title={t('outbox.empty')} />}
        >
          {() => <Messages messages={messages} />}
        </AsyncView>
        <MoreButton query={query} />
      </Panel>
    </div>
  );
};

const Messages = ({ messages }: { messages: readonly OutboxMessage[] }): ReactNode => {
  const t = useCampaignT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const mayWrite = useSession().may('campaigns:write');
  const retry = useAction(retryMessage, [listMessages.id]);
  const columns: Column<OutboxMessage>[] = [
    {
      key: 'person',
      title: t('outbox.person'),
      head: true,
      render: ({ person, orgUnit }) => <PersonCell name={person.name} note={orgUnit.name} />,
    },
    {
      key: 'kind',
      title: t('outbox.kind'),
      render: ({ kind, content }) => (
        <span className="co-stacked co-start">
          <b>{t(`msg.${kind}`)}</b>
          <small>{content.text || content.roomTitle}</small>
        </span>
      ),
    },
    { key: 'why', title: t('outbox.why'), render: ({ why }) => t(`why.${why}`) },
    {
      key: 'state',
      title: t('outbox.state'),
      render: ({ state, reason, channel, readAt, error }) => (
        <span className="co-stacked co-start">
          <Badge tone={tones[state]}>{t(`outbox.state.${state}`)}</Badge>
          <small>
            {[
              reason && t(`skip.${reason}`),
              state === 'sent' && channel && t(`outbox.channel.${channel}`),
              readAt && t('outbox.read'),
              error,
            ]
              .filter(Boolean)
              .join(' · ')}
          </small>
        </span>
      ),
    },
    {
      key: 'when',
      title: t('outbox.when'),
      render: ({ sentAt, dueAt }) => <span className="wl-number">{format.dateTime(sentAt ?? dueAt)}</span>,
    },
    {
      key: 'retry',
      title: '',
      align: 'end',
      render: ({ id, state }) =>
        state === 'dead' &&
        mayWrite && (
          <Button
            size="small"
            loading={retry.isPending && retry.variables?.params?.id === id}
            onClick={() =>
              retry.mutate(
                { params: { id }, body: {} },
                { onError: (error) => toast(errorText(error), { tone: 'error' }) },
              )
            }
          >
            {t('outbox.retry')}
          </Button>
        ),
    },
  ];
  return (
    <DataTable
      caption={t('tab.outbox')}
      rows={messages}
      columns={columns}
      rowKey={({ id }) => id}
      testId="outbox-message"
    />
  );
};
