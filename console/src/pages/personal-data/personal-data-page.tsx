import {
  cancelDataRequest,
  type DataRequest,
  DataRequestKind,
  DataRequestState,
  dataRequestFile,
  listDataRequests,
} from '@walnut-live/contracts';
import { Badge, type BadgeTone, EmptyState, saveFile, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { type Filters, useFilters } from '../../shared/filters.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { PersonCell } from '../../shared/people.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { FindPerson, useBlocksText } from './find-person.tsx';
import { usePersonalDataT } from './messages.ts';
import './personal-data.css';

const PAGE = 30;
const REFRESH_MS = 5_000;
const BYTES_PER_KB = 1_024;
const tones: Record<DataRequestState, BadgeTone> = {
  ...{ waiting: 'warn', ready: 'success', expired: 'neutral', closed: 'warn', done: 'neutral', cancelled: 'neutral' },
};

/** Requests about one person's data: asked for, how far they are, fetched, called off. */
export default function PersonalDataPage(): ReactNode {
  const t = usePersonalDataT();
  return (
    <Page title={t('title')} hint={t('hint')}>
      <FindPerson />
      <Requests />
    </Page>
  );
}

const Requests = (): ReactNode => {
  const t = usePersonalDataT();
  const format = useFormat();
  const filters = useFilters();
  const blocksText = useBlocksText();
  const { me } = useSession();
  const [cancelling, setCancelling] = useState<DataRequest | null>(null);
  const kind = DataRequestKind.options.find((known) => known === filters.get('kind'));
  const state = DataRequestState.options.find((known) => known === filters.get('state'));
  const query = usePages(
    listDataRequests,
    { query: { limit: PAGE, ...(kind ? { kind } : {}), ...(state ? { state } : {}) } },
    { everyMs: REFRESH_MS },
  );
  const stateText = (row: DataRequest): string => {
    const params = { done: row.stepsDone, steps: row.steps };
    if (row.state === 'waiting')
      return row.kind === 'export' ? t('state.waiting.export', params) : t('state.waiting.deletion');
    return row.state === 'closed' ? t('state.closed', params) : t(`state.${row.state}`);
  };
  const when = (row: DataRequest): string => {
    if (row.state === 'ready' && row.expiresAt) return t('expires.at', { time: format.dateTime(row.expiresAt) });
    if (row.endedAt) return t('ended.at', { time: format.dateTime(row.endedAt) });
    if (row.kind === 'export') return '';
    return Date.parse(row.dueAt) > Date.now() ? t('due.at', { time: format.dateTime(row.dueAt) }) : t('due.soon');
  };
  const columns: Column<DataRequest>[] = [
    {
      key: 'person',
      title: t('person'),
      head: true,
      render: (row) => <PersonCell name={row.person.name} badge={<Badge>{t(row.kind)}</Badge>} />,
    },
    {
      key: 'state',
      title: t('state'),
      render: (row) => (
        <span className="co-stacked co-start">
          <Badge tone={tones[row.state]}>{stateText(row)}</Badge>
          {row.blocks.length > 0 && <small className="co-minus">{blocksText(row.blocks)}</small>}
          {row.state === 'ready' && (
            <small>
              {t('size', {
                rows: format.number(row.rows),
                size: `${format.number(Math.ceil(row.bytes / BYTES_PER_KB))} KB`,
              })}
            </small>
          )}
        </span>
      ),
    },
    { key: 'when', title: t('until'), render: when },
    {
      key: 'asked',
      title: t('asked'),
      render: (row) => (
        <span className="co-stacked co-start">
          <span>{row.askedBy ? t('asked.by', { name: row.askedBy.name }) : t('asked.self')}</span>
          <small>
            {format.dateTime(row.askedAt)}
            {row.reason && ` · ${row.reason}`}
          </small>
        </span>
      ),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (row) => (
        <>
          {row.state === 'ready' && row.askedBy?.id === me.id && <Download row={row} />}
          {row.kind === 'deletion' && row.state === 'waiting' && (
            <Button size="small" onClick={() => setCancelling(row)} data-testid="request-cancel">
              {t('cancel')}
            </Button>
          )}
        </>
      ),
    },
  ];
  return (
    <Panel flush title={t('requests')}>
      <div className="co-filters">
        <StateFilters filters={filters} kind={kind} state={state} />
      </div>
      <PagedTable
        query={query}
        empty={<EmptyState illustration="people" title={t('empty')} hint={t('empty.hint')} />}
        caption={t('requests')}
        columns={columns}
        rowKey={({ id }) => id}
        testId="request-row"
      />
      {cancelling && <CancelDialog key={cancelling.id} row={cancelling} onClose={() => setCancelling(null)} />}
    </Panel>
  );
};

const ALL = 'all';
const StateFilters = ({
  filters,
  kind,
  state,
}: {
  filters: Filters;
  kind: DataRequestKind | undefined;
  state: DataRequestState | undefined;
}): ReactNode => {
  const t = usePersonalDataT();
  const stateName = (one: DataRequestState): string =>
    one === 'waiting' || one === 'closed' ? t(one) : t(`state.${one}`);
  return (
    <>
      <Select
        className="co-filter-state"
        value={kind ?? ALL}
        aria-label={t('kind')}
        onChange={(value) => filters.set({ kind: value === ALL ? undefined : value })}
        options={[
          { value: ALL, label: t('filter.kind') },
          ...DataRequestKind.options.map((value) => ({ value, label: t(value) })),
        ]}
      />
      <Select
        className="co-filter-state"
        value={state ?? ALL}
        aria-label={t('state')}
        onChange={(value) => filters.set({ state: value === ALL ? undefined : value })}
        options={[
          { value: ALL, label: t('filter.state') },
          ...DataRequestState.options.map((value) => ({ value, label: stateName(value) })),
        ]}
      />
    </>
  );
};

const Download = ({ row }: { row: DataRequest }): ReactNode => {
  const t = usePersonalDataT();
  const toast = useToast();
  const errorText = useErrorText();
  const { api } = useSession();
  const [busy, setBusy] = useState(false);
  const fetchFile = async (): Promise<void> => {
    setBusy(true);
    try {
      saveFile(
        await api.download(dataRequestFile, { params: { id: row.id } }),
        `personal-data-${row.id.slice(-8)}.json`,
      );
      toast(t('download.done'), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button size="small" type="primary" loading={busy} onClick={() => void fetchFile()} data-testid="request-download">
      {t('download')}
    </Button>
  );
};

const CancelDialog = ({ row, onClose }: { row: DataRequest; onClose: () => void }): ReactNode => {
  const t = usePersonalDataT();
  const cancel = useAction(cancelDataRequest, ['data-requests.list']);
  return (
    <ReasonDialog
      title={t('cancel.title', { name: row.person.name })}
      hint={t('cancel.hint')}
      label={t('reason')}
      okText={t('cancel')}
      done={t('cancel.done')}
      shortest={2}
      most={200}
      pending={cancel.isPending}
      error={cancel.error}
      onSubmit={(reason) => cancel.mutateAsync({ params: { id: row.id }, body: { reason } })}
      onClose={onClose}
    />
  );
};
