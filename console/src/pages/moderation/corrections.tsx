import { type GuardCorrection, guardOutcomes, guardPlaces, listCorrections } from '@walnut-live/contracts';
import { Badge, type BadgeTone, EmptyState, useFormat } from '@walnut-live/ui';
import { Select } from 'antd';
import type { ReactNode } from 'react';
import { usePages } from '../../data/use-call.ts';
import { Freshness } from '../../shared/async-view.tsx';
import type { Column } from '../../shared/data-table.tsx';
import { type Filters, SearchFilter } from '../../shared/filters.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { useModerationT } from './messages.ts';
import { KindName } from './words.tsx';

const PAGE_SIZE = 30;
const REFRESH_MS = 15_000;
const tones: Record<GuardCorrection['outcome'], BadgeTone> = { blocked: 'danger', masked: 'warn', shown: 'brand' };

/** Who wrote what, which term it was, what was done: nobody can change these rows. */
export const Corrections = ({ filters }: { filters: Filters }): ReactNode => {
  const t = useModerationT();
  const format = useFormat();
  const place = guardPlaces.find((known) => known === filters.get('place'));
  const outcome = guardOutcomes.find((known) => known === filters.get('outcome'));
  const q = filters.get('q');
  const query = usePages(
    listCorrections,
    {
      query: {
        limit: PAGE_SIZE,
        ...(place ? { place } : {}),
        ...(outcome ? { outcome } : {}),
        ...(q ? { search: q } : {}),
      },
    },
    { everyMs: REFRESH_MS },
  );
  const columns: Column<GuardCorrection>[] = [
    {
      key: 'text',
      title: t('corrections.text'),
      head: true,
      render: (row) => <span className="co-said">{row.text}</span>,
    },
    {
      key: 'term',
      title: t('corrections.term'),
      render: (row) => (
        <span className="co-stacked co-start">
          {row.term}
          <small>
            <KindName kind={row.kind} />
          </small>
        </span>
      ),
    },
    {
      key: 'outcome',
      title: t('corrections.outcome'),
      render: (row) => <Badge tone={tones[row.outcome]}>{t(`outcome.${row.outcome}`)}</Badge>,
    },
    {
      key: 'where',
      title: t('corrections.where'),
      render: (row) => (
        <span className="co-stacked co-start">
          {t(`place.${row.place}`)}
          {row.room && <small>{row.room.title}</small>}
        </span>
      ),
    },
    { key: 'who', title: t('corrections.who'), render: (row) => row.person.name },
    {
      key: 'when',
      title: t('corrections.when'),
      render: (row) => <span className="co-quiet">{format.dateTime(row.at)}</span>,
    },
  ];
  return (
    <Panel flush>
      <div className="co-filters">
        <SearchFilter filters={filters} placeholder={t('corrections.search')} />
        <Select
          className="co-filter-state"
          value={place ?? ''}
          onChange={(next: string) => filters.set({ place: next })}
          aria-label={t('corrections.where')}
          options={[
            { value: '', label: t('place.all') },
            ...guardPlaces.map((value) => ({ value: value as string, label: t(`place.${value}`) })),
          ]}
          popupMatchSelectWidth={false}
        />
        <Select
          className="co-filter-state"
          value={outcome ?? ''}
          onChange={(next: string) => filters.set({ outcome: next })}
          aria-label={t('corrections.outcome')}
          options={[
            { value: '', label: t('outcome.all') },
            ...guardOutcomes.map((value) => ({ value: value as string, label: t(`outcome.${value}`) })),
          ]}
          popupMatchSelectWidth={false}
        />
        <Freshness query={query} staleAfterMs={REFRESH_MS * 4} />
      </div>
      <PagedTable
        query={query}
        empty={<EmptyState illustration="search" title={t('corrections.empty')} />}
        caption={t('tab.corrections')}
        columns={columns}
        rowKey={(row) => row.id}
        testId="correction-row"
      />
    </Panel>
  );
};
