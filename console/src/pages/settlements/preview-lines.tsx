import { readSettlementPreview, type SettlementPreviewLine, type SettlementRun } from '@walnut-live/contracts';
import { Badge, type BadgeTone, EmptyState, useFormat } from '@walnut-live/ui';
import { Segmented } from 'antd';
import type { ReactNode } from 'react';
import { usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import type { Filters } from '../../shared/filters.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { PersonCell } from '../../shared/people.tsx';
import { useSettlementT } from './messages.ts';
import { StoreParts, useHindranceText } from './parts.tsx';

const PAGE_SIZE = 50;
const changes = ['all', 'new', 'changed', 'gone', 'same'] as const;
const tones: Record<SettlementPreviewLine['change'], BadgeTone> = {
  ...{ new: 'brand', changed: 'warn', gone: 'danger', same: 'neutral' },
};

/** Per person, the largest first, with what changed since the preview before. */
export const PreviewLines = ({ run, filters }: { run: SettlementRun; filters: Filters }): ReactNode => {
  const t = useSettlementT();
  const format = useFormat();
  const hindranceText = useHindranceText();
  const change = changes.find((known) => known === filters.get('change')) ?? 'all';
  const asked = { limit: PAGE_SIZE, ...(change === 'all' ? {} : { change }) };
  const query = usePages(readSettlementPreview, { params: { id: run.id }, query: asked });
  const columns: Column<SettlementPreviewLine>[] = [
    {
      key: 'person',
      title: t('person'),
      head: true,
      render: (line) => (
        <PersonCell name={line.person.name} note={t('entries', { count: format.count(line.entries) })} />
      ),
    },
    { key: 'stores', title: t('stores'), render: (line) => <StoreParts stores={line.stores} /> },
    {
      key: 'gross',
      title: t('gross'),
      align: 'end',
      render: (line) => (
        <span className="co-stacked">
          <b className="wl-number">{format.money(line.grossFen)}</b>
          {line.negativeFen < 0 && (
            <small className="co-minus">{t('offset', { amount: format.money(-line.negativeFen) })}</small>
          )}
          {line.heldFen !== 0 && <small>{t('held', { amount: format.money(line.heldFen) })}</small>}
        </span>
      ),
    },
    {
      key: 'withheld',
      title: t('withheld'),
      align: 'end',
      render: (line) => (line.withheldFen === 0 ? '–' : format.money(line.withheldFen)),
    },
    {
      key: 'net',
      title: t('net'),
      align: 'end',
      render: (line) => (
        <span className="co-stacked">
          <b className="wl-number">{line.outcome === 'pay' ? format.money(line.netFen) : '–'}</b>
          {line.before && line.change === 'changed' && (
            <small>{t('before', { amount: format.money(line.before.netFen) })}</small>
          )}
        </span>
      ),
    },
    {
      key: 'outcome',
      title: t('outcome'),
      render: (line) =>
        line.change === 'gone' ? (
          '–'
        ) : (
          <span className="co-stacked co-start">
            <Badge tone={line.outcome === 'pay' ? 'success' : 'neutral'}>{t(`outcome.${line.outcome}`)}</Badge>
            {line.reason && <small>{hindranceText(line.reason)}</small>}
          </span>
        ),
    },
    {
      key: 'change',
      title: t('change'),
      render: (line) => <Badge tone={tones[line.change]}>{t(`change.${line.change}`)}</Badge>,
    },
  ];
  return (
    <>
      <div className="co-settle-filters">
        <Segmented
          value={change}
          options={changes.map((value) => ({ value, label: t(`change.${value}`) }))}
          onChange={(value) => filters.set({ change: value === 'all' ? undefined : value })}
        />
      </div>
      <PagedTable
        query={query}
        empty={<EmptyState illustration="orders" title={t('preview.empty')} compact />}
        caption={t('preview.title')}
        columns={columns}
        rowKey={({ person }) => person.id}
        testId="preview-row"
      />
    </>
  );
};
