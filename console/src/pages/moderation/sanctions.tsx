import { liftModeration, listSanctions, type ReplyOf } from '@walnut-live/contracts';
import { Badge, EmptyState, useConfirm, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Segmented } from 'antd';
import type { ReactNode } from 'react';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { type Filters, SearchFilter } from '../../shared/filters.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { PersonCell } from '../../shared/people.tsx';
import { useModerationT } from './messages.ts';

type Sanction = ReplyOf<typeof listSanctions>['items'][number];
const PAGE_SIZE = 30;
const kinds = ['ban', 'mute'] as const;

/** Who is muted or banned at the moment, why and by whom, with the way back. */
export const Sanctions = ({ filters }: { filters: Filters }): ReactNode => {
  const t = useModerationT();
  const format = useFormat();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const lift = useAction(liftModeration, ['moderation.standing', 'rooms.moderation']);
  const kind = kinds.find((known) => known === filters.get('kind'));
  const q = filters.get('q');
  const query = usePages(listSanctions, {
    query: { limit: PAGE_SIZE, ...(kind ? { kind } : {}), ...(q ? { search: q } : {}) },
  });

  const undo = async ({ room, person }: Sanction): Promise<void> => {
    const yes = await confirm({
      title: t('sanctions.lift.title', { name: person.name }),
      body: t('sanctions.lift.body'),
      confirmText: t('sanctions.lift'),
    });
    if (!yes) return;
    try {
      await lift.mutateAsync({ params: { id: room.id, personId: person.id } });
      toast(t('sanctions.lifted'), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };

  const columns: Column<Sanction>[] = [
    {
      key: 'person',
      title: t('sanctions.person'),
      head: true,
      render: ({ person, at }) => <PersonCell name={person.name} note={format.dateTime(at)} />,
    },
    {
      key: 'kind',
      title: t('sanctions.kind'),
      render: (row) => <Badge tone={row.kind === 'ban' ? 'danger' : 'warn'}>{t(`sanctions.${row.kind}`)}</Badge>,
    },
    {
      key: 'reason',
      title: t('sanctions.reason'),
      render: ({ reason }) => reason || <span className="co-quiet">{t('sanctions.none')}</span>,
    },
    { key: 'room', title: t('sanctions.room'), render: ({ room }) => room.title },
    { key: 'by', title: t('sanctions.by'), render: ({ by }) => by.name },
    {
      key: 'until',
      title: t('sanctions.until'),
      render: ({ until }) => (until ? format.dateTime(until) : t('sanctions.forever')),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) => (
        <Button size="small" onClick={() => void undo(row)} data-testid="sanction-lift">
          {t('sanctions.lift')}
        </Button>
      ),
    },
  ];
  return (
    <Panel flush>
      <div className="co-filters">
        <SearchFilter filters={filters} placeholder={t('sanctions.search')} />
        <Segmented
          value={kind ?? ''}
          onChange={(next) => filters.set({ kind: next })}
          options={[
            { value: '', label: t('sanctions.all') },
            ...kinds.map((known) => ({ value: known as string, label: t(`sanctions.${known}`) })),
          ]}
        />
      </div>
      <PagedTable
        query={query}
        empty={<EmptyState illustration="people" title={t('sanctions.empty')} />}
        caption={t('tab.sanctions')}
        columns={columns}
        rowKey={(row) => row.id}
        testId="sanction-row"
      />
    </Panel>
  );
};
