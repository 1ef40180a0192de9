import { type DrainCard, listDrainCards, removeDrainCard } from '@walnut-live/contracts';
import { Badge, EmptyState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { CardDialog } from './card-dialog.tsx';
import { useWhomT } from './messages.ts';

const tones = { good: 'success', ends_soon: 'warn', expired: 'danger' } as const;

/** Cards that lead viewers to the account, the group or the guide of their own store, and what they brought. */
export default function CardsPage(): ReactNode {
  const t = useWhomT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { may } = useSession();
  const [editing, setEditing] = useState<DrainCard | 'new' | null>(null);
  const query = useCall(listDrainCards, {});
  const remove = useAction(removeDrainCard, ['drain-cards.list']);
  const columns: Column<DrainCard>[] = [
    {
      key: 'card',
      title: t('card.name'),
      head: true,
      render: (card) => (
        <span className="co-inline">
          {card.pictureUrl && <img src={card.pictureUrl} alt="" width={44} height={44} />}
          <span className="co-stacked co-start">
            <b>{card.title}</b>
            <small>{t(`card.${card.kind}`)}</small>
          </span>
        </span>
      ),
    },
    {
      key: 'unit',
      title: t('card.unit'),
      render: (card) => (
        <span className="co-stacked co-start">
          {card.orgUnit.name}
          <small>{card.guide?.name}</small>
        </span>
      ),
    },
    {
      key: 'figures',
      title: t('card.figures'),
      align: 'end',
      render: (card) => (
        <span className="co-stacked">
          {format.number(card.people)} / {format.number(card.tappers)}
          <small>{t('card.times', { impressions: card.impressions, taps: card.taps })}</small>
        </span>
      ),
    },
    {
      key: 'state',
      title: t('card.expires'),
      render: (card) => (
        <span className="co-stacked co-start">
          <Badge tone={tones[card.state]}>{t(`card.state.${card.state}`)}</Badge>
          {card.expiresAt && <small>{format.dateTime(card.expiresAt)}</small>}
        </span>
      ),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (card) =>
        may('rooms:write') && (
          <span className="co-inline">
            <Button size="small" onClick={() => setEditing(card)}>
              {t('cards.new')}
            </Button>
            <Button
              size="small"
              danger
              onClick={() =>
                remove.mutate(
                  { params: { id: card.id } },
                  { onError: (error) => toast(errorText(error), { tone: 'error' }) },
                )
              }
            >
              {t('card.remove')}
            </Button>
          </span>
        ),
    },
  ];
  return (
    <Page
      title={t('cards.title')}
      hint={t('cards.hint')}
      actions={
        may('rooms:write') && (
          <Button type="primary" onClick={() => setEditing('new')} data-testid="new-card">
            {t('cards.new')}
          </Button>
        )
      }
    >
      <Panel flush>
        <AsyncView
          query={query}
          skeleton={<TableSkeleton />}
          isEmpty={({ items }) => items.length === 0}
          empty={<EmptyState illustration="people" title={t('cards.none')} />}
        >
          {({ items }) => (
            <DataTable
              caption={t('cards.title')}
              rows={items}
              columns={columns}
              rowKey={({ id }) => id}
              testId="card-row"
            />
          )}
        </AsyncView>
      </Panel>
      {editing && <CardDialog card={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
    </Page>
  );
}
