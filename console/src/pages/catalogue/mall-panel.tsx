import { SyncOutlined } from '@ant-design/icons';
import {
  getMall,
  listMallIssues,
  type MallIssue,
  type MallLane,
  skipMallOrder,
  syncMall,
} from '@walnut-live/contracts';
import { Badge, EmptyState, ErrorState, Skeleton, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Alert, Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction, useCall, usePages } from '../../data/use-call.ts';
import { Freshness } from '../../shared/async-view.tsx';
import type { Column } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useMallT } from './mall-messages.ts';

const REFRESH_MS = 5_000;
const ISSUES = 50;

/** The brand's own mall: what was exchanged last, what waits, what went wrong and what to do about it. */
export const MallPanel = (): ReactNode => {
  const t = useMallT();
  const query = useCall(getMall, undefined, { everyMs: REFRESH_MS });
  const [isLeaving, setLeaving] = useState(false);
  const { data } = query;
  if (query.isError && !data) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (!data) return <Skeleton height={220} radius={14} />;
  if (data.kind === 'embedded') return <EmptyState illustration="bag" title={t('none')} hint={t('none.hint')} />;
  return (
    <div className="co-mall">
      <Panel title={data.host ?? ''} extra={<Freshness query={query} staleAfterMs={REFRESH_MS * 4} />}>
        <p className="co-quiet">{t(`mode.${data.stock}`)}</p>
        {data.stuck && (
          <Alert
            type="error"
            showIcon
            data-testid="mall-stuck"
            title={t('stuck', { order: data.stuck.orderNo ?? data.stuck.eventId })}
            description={t('stuck.hint')}
            action={<Button onClick={() => setLeaving(true)}>{t('leave')}</Button>}
          />
        )}
        <div className="co-mall-lanes">
          {data.lanes.map((lane) => (
            <Lane key={lane.kind} lane={lane} />
          ))}
        </div>
      </Panel>
      <Issues />
      {isLeaving && data.stuck && <LeaveOut eventId={data.stuck.eventId} onClose={() => setLeaving(false)} />}
    </div>
  );
};

const Lane = ({ lane }: { lane: MallLane }): ReactNode => {
  const t = useMallT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const sync = useAction(syncMall, ['mall.get', 'mall.issues', 'products.list', 'stock.list']);
  const state = lane.error ? 'failed' : lane.succeededAt ? 'well' : 'never';
  const run = (): void => {
    sync
      .mutateAsync({ kind: lane.kind, body: { lane: lane.kind } })
      .then(() => toast(t('sync.started'), { tone: 'success' }))
      .catch((error: unknown) => toast(errorText(error), { tone: 'error' }));
  };
  return (
    <section className="co-mall-lane" data-testid="mall-lane" data-state={state}>
      <header>
        <h3>{t(`lane.${lane.kind}`)}</h3>
        <Badge tone={state === 'failed' ? 'danger' : state === 'well' ? 'success' : 'neutral'}>
          {t(`state.${state}`)}
        </Badge>
      </header>
      <dl>
        <dt>{t('last')}</dt>
        <dd>{lane.succeededAt ? format.dateTime(lane.succeededAt) : t('last.never')}</dd>
        <dt>{t('counts')}</dt>
        <dd className="wl-number">
          {t('counts.text', {
            seen: format.number(lane.seen),
            changed: format.number(lane.changed),
            refused: format.number(lane.refused),
          })}
        </dd>
        <dt>{t('waiting')}</dt>
        <dd className="wl-number">{format.number(lane.waiting)}</dd>
      </dl>
      {lane.error && (
        <p className="co-form-error">
          {errorOf(lane.error, t)}
          {lane.failingSince && ` · ${t('since', { at: format.dateTime(lane.failingSince) })}`}
          <code>{lane.error}</code>
        </p>
      )}
      <Button size="small" icon={<SyncOutlined />} loading={sync.isPending} onClick={run} data-testid="mall-sync">
        {t('sync')}
      </Button>
    </section>
  );
};

const faults = [
  'unreachable',
  'timed_out',
  'server_error',
  'busy',
  'refused',
  'bad_reply',
  'too_large',
  'not_public',
  'cursor_repeated',
] as const;
/** A fault in words; the code stands beside it for whoever runs the mall. */
const errorOf = (error: string, t: ReturnType<typeof useMallT>): string => {
  const known = faults.find((fault) => error === fault || error.startsWith(`${fault} `));
  return t(known ? `fault.${known}` : 'fault.other');
};
const issueKinds = [
  ['floor_above_price', 'issue.floor'],
  ['words_refused', 'issue.words'],
  ['picture', 'issue.picture'],
  ['unsupported_media_type', 'issue.picture'],
  ['code_taken', 'issue.code'],
  ['list_price', 'issue.listPrice'],
  ['option', 'issue.options'],
  ['values_missing', 'issue.options'],
  ['not_understood', 'issue.notUnderstood'],
] as const;

const Issues = (): ReactNode => {
  const t = useMallT();
  const format = useFormat();
  const query = usePages(listMallIssues, { query: { limit: ISSUES } }, { everyMs: REFRESH_MS * 4 });
  const columns: Column<MallIssue>[] = [
    {
      key: 'product',
      title: t('issue.product'),
      head: true,
      render: ({ code, title }) => (
        <span className="co-stacked co-start">
          <b>{title}</b>
          <small>{code}</small>
        </span>
      ),
    },
    {
      key: 'why',
      title: t('issue.why'),
      render: ({ issue }) => {
        const [, key] = issueKinds.find(([part]) => issue.includes(part)) ?? [];
        return (
          <span className="co-stacked co-start">
            <span>{t(key ?? 'issue.other')}</span>
            <small>{issue}</small>
          </span>
        );
      },
    },
    { key: 'at', title: t('issue.since'), deskOnly: true, render: ({ at }) => format.dateTime(at) },
  ];
  return (
    <Panel title={t('issues')} flush>
      <PagedTable
        query={query}
        empty={<EmptyState compact illustration="bag" title={t('issues.none')} />}
        caption={t('issues')}
        columns={columns}
        rowKey={({ code }) => code}
        testId="mall-issue"
      />
    </Panel>
  );
};

const LeaveOut = ({ eventId, onClose }: { eventId: string; onClose: () => void }): ReactNode => {
  const t = useMallT();
  const skip = useAction(skipMallOrder, ['mall.get']);
  return (
    <ReasonDialog
      danger
      title={t('leave.title')}
      label={t('leave.reason')}
      hint={t('leave.hint')}
      okText={t('leave')}
      done={t('leave.done')}
      pending={skip.isPending}
      error={skip.error}
      onSubmit={(reason) => skip.mutateAsync({ kind: eventId, body: { eventId, reason } })}
      onClose={onClose}
    />
  );
};
