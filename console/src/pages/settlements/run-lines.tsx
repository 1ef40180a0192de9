import {
  listSettlementLines,
  retrySettlementLine,
  type SettlementLine,
  SettlementLineState,
  type SettlementRun,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat } from '@walnut-live/ui';
import { Button, Segmented } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import type { Filters } from '../../shared/filters.tsx';
import { CsvButton, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { PersonCell } from '../../shared/people.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useSettlementT } from './messages.ts';
import { lineTones, StoreParts, useConflictText, useHindranceText } from './parts.tsx';

const PAGE_SIZE = 50;
const REFRESH_MS = 5_000;

/** Lines of an approved run; a manager sees the parts of their own stores. */
export const RunLines = ({
  run,
  filters,
  touched,
}: {
  run: SettlementRun;
  filters: Filters;
  touched: readonly string[];
}): ReactNode => {
  const t = useSettlementT();
  const format = useFormat();
  const hindranceText = useHindranceText();
  const { may } = useSession();
  const [retried, setRetried] = useState<SettlementLine | null>(null);
  const state = SettlementLineState.options.find((known) => known === filters.get('line'));
  const asked = { limit: PAGE_SIZE, ...(state ? { state } : {}) };
  const query = usePages(listSettlementLines, { params: { id: run.id }, query: asked }, { everyMs: REFRESH_MS });
  const own = (line: SettlementLine): number => line.stores.reduce((sum, { amountFen }) => sum + amountFen, 0);
  const columns: Column<SettlementLine>[] = [
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
      render: (line) => <b className="wl-number">{format.money(line.grossFen || line.approvedFen || own(line))}</b>,
    },
    {
      key: 'net',
      title: t('net'),
      align: 'end',
      render: (line) =>
        line.netFen ? (
          <span className="co-stacked">
            <b className="wl-number">{format.money(line.netFen)}</b>
            {line.withheldFen ? (
              <small>
                {t('withheld')} {format.money(line.withheldFen)}
              </small>
            ) : null}
          </span>
        ) : (
          '–'
        ),
    },
    {
      key: 'state',
      title: t('state'),
      render: (line) => (
        <span className="co-stacked co-start">
          <Badge tone={lineTones[line.state]}>{t(`line.${line.state}`)}</Badge>
          {line.reason && line.state !== 'paid' && <small>{hindranceText(line.reason)}</small>}
        </span>
      ),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (line) =>
        line.state === 'returned' &&
        may('settlements:pay') && (
          <Button size="small" onClick={() => setRetried(line)} data-testid="line-retry">
            {t('retry')}
          </Button>
        ),
    },
  ];
  return (
    <Panel
      flush
      title={t('lines.title')}
      extra={
        <CsvButton
          route={listSettlementLines}
          args={{ params: { id: run.id }, query: { ...(state ? { state } : {}), format: 'csv' } }}
          fileName="settlement-lines"
        />
      }
    >
      <div className="co-settle-filters">
        <Segmented
          value={state ?? 'all'}
          options={[
            { value: 'all', label: t('change.all') },
            ...SettlementLineState.options.map((value) => ({ value, label: t(`line.${value}`) })),
          ]}
          onChange={(value) => filters.set({ line: value === 'all' ? undefined : value })}
        />
      </div>
      <PagedTable
        query={query}
        empty={<EmptyState illustration="orders" title={t('lines.empty')} compact />}
        caption={t('lines.title')}
        columns={columns}
        rowKey={({ id }) => id}
        testId="line-row"
      />
      {retried && (
        <RetryDialog
          key={retried.id}
          runId={run.id}
          line={retried}
          touched={touched}
          onClose={() => setRetried(null)}
        />
      )}
    </Panel>
  );
};

const RetryDialog = ({
  runId,
  line,
  touched,
  onClose,
}: {
  runId: string;
  line: SettlementLine;
  touched: readonly string[];
  onClose: () => void;
}): ReactNode => {
  const t = useSettlementT();
  const conflictText = useConflictText();
  const retry = useAction(retrySettlementLine, touched);
  return (
    <ReasonDialog
      title={t('retry.title', { name: line.person.name })}
      label={t('reason')}
      hint={conflictText(retry.error) ?? t('retry.body')}
      okText={t('retry')}
      done={t('retry.done')}
      shortest={2}
      most={200}
      pending={retry.isPending}
      error={retry.error}
      onSubmit={(reason) =>
        retry.mutateAsync({ kind: line.id, params: { id: runId, lineId: line.id }, body: { reason } })
      }
      onClose={onClose}
    />
  );
};
