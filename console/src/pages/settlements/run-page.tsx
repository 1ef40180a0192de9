import { ArrowLeftOutlined } from '@ant-design/icons';
import { getSettlement, previewSettlement, type ReplyOf, readSettlementPreview } from '@walnut-live/contracts';
import { Badge, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Progress } from 'antd';
import { type ReactNode, useState } from 'react';
import { Link, useParams } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { TableSkeleton } from '../../shared/data-table.tsx';
import { useFilters } from '../../shared/filters.tsx';
import { CsvButton, Figures, Page, Panel } from '../../shared/page.tsx';
import { Bills } from './bills.tsx';
import { useSettlementT } from './messages.ts';
import { runTones, useConflictText } from './parts.tsx';
import { PreviewLines } from './preview-lines.tsx';
import { type RunAct, RunDialog } from './run-dialogs.tsx';
import { RunLines } from './run-lines.tsx';
import './settlements.css';

const REFRESH_MS = 4_000;
const PERCENT = 100;
type Run = ReplyOf<typeof getSettlement>;
const TOUCHED = [
  'settlements.get',
  'settlements.list',
  'settlements.preview.read',
  'settlements.lines',
  'payouts.list',
];

/** One run: what it would pay, who said yes, how far it has come. */
export default function RunPage(): ReactNode {
  const t = useSettlementT();
  const { runId = '' } = useParams();
  const query = useCall(getSettlement, { params: { id: runId } }, { everyMs: REFRESH_MS });
  return (
    <AsyncView query={query} skeleton={<TableSkeleton />}>
      {(run) => (
        <Page title={run.title} hint={`${run.orgUnit.name}`} actions={<Acts run={run} />}>
          <p>
            <Link to="/settlements">
              <ArrowLeftOutlined /> {t('back')}
            </Link>
          </p>
          <Sums run={run} />
          <Body run={run} />
          <History run={run} />
        </Page>
      )}
    </AsyncView>
  );
}

const Acts = ({ run }: { run: Run }): ReactNode => {
  const t = useSettlementT();
  const toast = useToast();
  const errorText = useErrorText();
  const conflictText = useConflictText();
  const { may, me } = useSession();
  const [act, setAct] = useState<RunAct | null>(null);
  const preview = useAction(previewSettlement, TOUCHED);
  const isOpen = run.state === 'draft' || run.state === 'previewed';
  const hasPrepared = me.id === run.createdBy.id || me.id === run.preview?.by.id;
  const look = (): void =>
    void preview
      .mutateAsync({ params: { id: run.id }, body: {} })
      .then(() => toast(t('preview.done'), { tone: 'success' }))
      .catch((error: unknown) => toast(conflictText(error) ?? errorText(error), { tone: 'error' }));
  return (
    <>
      <Badge tone={runTones[run.state]}>{t(`state.${run.state}`)}</Badge>
      {(isOpen || run.state === 'approved') && may('settlements:prepare') && (
        <Button danger onClick={() => setAct('cancel')} data-testid="run-cancel">
          {t('cancel')}
        </Button>
      )}
      {isOpen && may('settlements:prepare') && (
        <Button
          type={run.state === 'draft' ? 'primary' : 'default'}
          loading={preview.isPending}
          onClick={look}
          data-testid="run-preview"
        >
          {t(run.state === 'draft' ? 'preview' : 'preview.again')}
        </Button>
      )}
      {run.state === 'previewed' && may('settlements:approve') && !hasPrepared && (
        <Button type="primary" onClick={() => setAct('approve')} data-testid="run-approve">
          {t('approve')}
        </Button>
      )}
      {run.state === 'approved' && may('settlements:pay') && (
        <Button type="primary" onClick={() => setAct('pay')} data-testid="run-pay">
          {t('pay')}
        </Button>
      )}
      {act && <RunDialog key={act} act={act} run={run} touched={TOUCHED} onClose={() => setAct(null)} />}
    </>
  );
};

const Sums = ({ run }: { run: Run }): ReactNode => {
  const t = useSettlementT();
  const format = useFormat();
  const { may, me } = useSession();
  const { preview, progress } = run;
  const all = progress.due + progress.claimed + progress.carried + progress.paid + progress.returned;
  const done = progress.carried + progress.paid + progress.returned;
  const isMine = me.id === run.createdBy.id || me.id === preview?.by.id;
  return (
    <>
      {preview && (
        <Figures
          items={[
            { key: 'people', label: t('figure.people'), value: format.count(preview.sums.payPeople) },
            { key: 'gross', label: t('figure.gross'), value: format.money(preview.sums.grossFen) },
            { key: 'withheld', label: t('figure.withheld'), value: format.money(preview.sums.withheldFen) },
            { key: 'net', label: t('figure.net'), value: format.money(preview.sums.netFen), tone: 'money' },
            {
              key: 'carried',
              label: t('figure.carried', { count: format.count(preview.sums.carriedPeople) }),
              value: format.money(preview.sums.carriedFen),
            },
            { key: 'held', label: t('figure.held'), value: format.money(preview.sums.heldFen) },
          ]}
        />
      )}
      {run.state === 'previewed' && isMine && may('settlements:approve') && (
        <p className="co-settle-note" role="status">
          {t('approve.self')}
        </p>
      )}
      {run.state === 'approved' && run.terms && run.terms.inForce !== run.terms.version && (
        <p className="co-settle-note" role="status" data-testid="newer-terms">
          {t('terms.newer', { now: String(run.terms.inForce), version: String(run.terms.version) })}
        </p>
      )}
      {all > 0 && (
        <Panel
          title={t('progress')}
          extra={
            <span>
              {t('figure.paid')} <b className="wl-number">{format.money(progress.paidFen)}</b>
            </span>
          }
        >
          <div className="co-settle-bar" data-testid="run-progress">
            <Progress
              aria-label={t('progress')}
              percent={Math.floor((done * PERCENT) / all)}
              status={progress.returned > 0 ? 'exception' : done === all ? 'success' : 'active'}
              format={() => t('progress.of', { paid: format.count(progress.paid), all: format.count(all) })}
            />
          </div>
        </Panel>
      )}
    </>
  );
};

const Body = ({ run }: { run: Run }): ReactNode => {
  const t = useSettlementT();
  const format = useFormat();
  const filters = useFilters();
  const { may } = useSession();
  const isApproved = run.state !== 'draft' && run.state !== 'previewed' && run.approvedAt !== null;
  return (
    <>
      {isApproved && <RunLines run={run} filters={filters} touched={TOUCHED} />}
      {isApproved && may('payouts:read') && <Bills key={run.state} filters={filters} runId={run.id} />}
      {run.preview && may('settlements:prepare') && !isApproved && (
        <Panel
          flush
          title={t('preview.title')}
          extra={
            <span className="co-settle-export">
              <small>
                {t('preview.no', {
                  ...{ no: run.preview.no, at: format.dateTime(run.preview.at), name: run.preview.by.name },
                })}
              </small>
              <CsvButton
                route={readSettlementPreview}
                args={{ params: { id: run.id }, query: { format: 'csv' } }}
                fileName="settlement-preview"
              />
            </span>
          }
        >
          <PreviewLines run={run} filters={filters} />
        </Panel>
      )}
    </>
  );
};

const events = ['create', 'preview', 'approve', 'pay', 'finish', 'close', 'reopen', 'cancel'] as const;
const History = ({ run }: { run: Run }): ReactNode => {
  const t = useSettlementT();
  const format = useFormat();
  return (
    <Panel title={t('history')} testId="run-history">
      <ul className="co-settle-history">
        {run.events.map((event, n) => {
          const known = events.find((name) => name === event.event);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: history is only added to
            <li key={n}>
              <small className="wl-number">{format.dateTime(event.at)}</small>
              <b>{known ? t(`event.${known}`) : event.event}</b>
              <span>
                {event.by?.name ?? t('system')} {event.reason && <small>{event.reason}</small>}
              </span>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
};
