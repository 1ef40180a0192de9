import {
  type Alert,
  type AlertRule,
  acknowledgeAlert,
  alertKinds,
  closeAlert,
  listAlertRules,
  listAlerts,
  setAlertRule,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, InputNumber, Segmented, Select, Switch } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall, usePages } from '../../data/use-call.ts';
import { AsyncView, Freshness } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { useFilters } from '../../shared/filters.tsx';
import { Page, Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { useReportT } from '../reports/messages.ts';

const REFRESH_MS = 10_000;
const PAGE_SIZE = 30;
const states = ['open', 'acknowledged', 'closed'] as const;
const tones = { open: 'danger', acknowledged: 'warn', closed: 'neutral' } as const;

export default function AlertsPage(): ReactNode {
  const t = useReportT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { may } = useSession();
  const filters = useFilters();
  const [closing, setClosing] = useState<Alert | null>(null);
  const state = states.find((known) => known === filters.get('state'));
  const kind = alertKinds.find((known) => known === filters.get('kind'));
  const query = usePages(
    listAlerts,
    { query: { ...(state ? { state } : {}), ...(kind ? { kind } : {}), limit: PAGE_SIZE } },
    { everyMs: REFRESH_MS },
  );
  const take = useAction(acknowledgeAlert, [listAlerts.id]);
  const close = useAction(closeAlert, [listAlerts.id]);
  const acknowledge = async (alert: Alert): Promise<void> => {
    try {
      await take.mutateAsync({ params: { id: alert.id }, body: {} });
      toast(t('alert.taken'), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };
  const columns: Column<Alert>[] = [
    {
      key: 'what',
      title: t('alert.what'),
      head: true,
      render: (row) => (
        <span className="co-stacked">
          <b>{`${t(`alert.kind.${row.kind}`)} · ${row.subject.label}`}</b>
          <small>{t(`alert.value.${row.kind}`, { value: row.value, threshold: row.threshold })}</small>
        </span>
      ),
    },
    { key: 'unit', title: t('alert.unit'), render: (row) => row.orgUnit.name },
    {
      key: 'since',
      title: t('alert.since'),
      render: (row) => (
        <span className="co-stacked">
          {format.dateTime(row.openedAt)}
          <small>{format.dateTime(row.lastSeenAt)}</small>
        </span>
      ),
    },
    {
      key: 'state',
      title: t('alert.state'),
      render: (row) => (
        <span className="co-stacked">
          <span>
            <Badge tone={tones[row.state]}>{t(`alert.state.${row.state}`)}</Badge>
          </span>
          {row.state === 'acknowledged' && row.acknowledgedBy && (
            <small>{t('alert.by', { name: row.acknowledgedBy.name })}</small>
          )}
          {row.state === 'closed' && (
            <small>{row.closedBy ? `${row.closedBy.name}：${row.closeReason}` : t('alert.byItself')}</small>
          )}
        </span>
      ),
    },
    ...(may('alerts:write')
      ? [
          {
            key: 'do',
            title: '',
            align: 'end' as const,
            render: (row: Alert) =>
              row.state !== 'closed' && (
                <span className="co-inline">
                  {row.state === 'open' && (
                    <Button
                      size="small"
                      loading={take.isPending}
                      onClick={() => void acknowledge(row)}
                      data-testid="alert-take"
                    >
                      {t('alert.take')}
                    </Button>
                  )}
                  <Button size="small" onClick={() => setClosing(row)} data-testid="alert-close">
                    {t('alert.close')}
                  </Button>
                </span>
              ),
          },
        ]
      : []),
  ];
  return (
    <Page
      title={t('alert.title')}
      hint={t('alert.hint')}
      actions={<Freshness query={query} staleAfterMs={REFRESH_MS * 3} />}
    >
      <Panel flush>
        <div className="co-filters">
          <Segmented
            value={state ?? 'all'}
            onChange={(next) => filters.set({ state: next === 'all' ? undefined : next })}
            options={[
              { value: 'all', label: `${t('alert.state.open')} + ${t('alert.state.acknowledged')}` },
              ...states.map((value) => ({ value, label: t(`alert.state.${value}`) })),
            ]}
          />
          <Select
            allowClear
            placeholder={t('alert.what')}
            aria-label={t('alert.what')}
            value={kind}
            onChange={(next) => filters.set({ kind: next })}
            options={alertKinds.map((value) => ({ value, label: t(`alert.kind.${value}`) }))}
            style={{ inlineSize: 200 }}
          />
        </div>
        <PagedTable
          query={query}
          caption={t('alert.title')}
          columns={columns}
          rowKey={(row) => row.id}
          testId="alert-row"
          empty={<EmptyState illustration="rooms" title={t('alert.none')} hint={t('alert.none.hint')} />}
        />
      </Panel>
      <Rules canChange={may('alerts:write')} />
      {closing && (
        <ReasonDialog
          title={t('alert.closeTitle')}
          label={t('alert.closeLabel')}
          done={t('alert.closed')}
          pending={close.isPending}
          error={close.error}
          onSubmit={(reason) => close.mutateAsync({ params: { id: closing.id }, body: { reason } })}
          onClose={() => setClosing(null)}
        />
      )}
    </Page>
  );
}

const Rules = ({ canChange }: { canChange: boolean }): ReactNode => {
  const t = useReportT();
  const { staff } = useSession();
  const query = useCall(listAlertRules, { query: {} });
  const set = useAction(setAlertRule, [listAlertRules.id]);
  const [edited, setEdited] = useState<AlertRule | null>(null);
  const [asking, setAsking] = useState(false);
  const shown = (row: AlertRule): AlertRule => (edited?.kind === row.kind ? edited : row);
  return (
    <Panel title={t('alert.rules')} flush>
      <AsyncView query={query} skeleton={<TableSkeleton rows={4} />}>
        {(data) => (
          <DataTable
            caption={t('alert.rules')}
            rows={data.items.map(shown)}
            rowKey={(row) => row.kind}
            testId="alert-rule"
            columns={[
              {
                key: 'kind',
                title: t('alert.what'),
                head: true,
                render: (row) => (
                  <span className="co-stacked">
                    <b>{t(`alert.kind.${row.kind}`)}</b>
                    <small>{row.setAt ? t('rule.setAt', { name: row.setAt.name }) : t('rule.start')}</small>
                  </span>
                ),
              },
              {
                key: 'on',
                title: t('rule.enabled'),
                render: (row) => (
                  <Switch
                    aria-label={`${t(`alert.kind.${row.kind}`)} · ${t('rule.enabled')}`}
                    checked={row.enabled}
                    disabled={!canChange}
                    onChange={(enabled) => setEdited({ ...row, enabled })}
                  />
                ),
              },
              {
                key: 'threshold',
                title: t('rule.threshold'),
                render: (row) => (
                  <InputNumber
                    aria-label={`${t(`alert.kind.${row.kind}`)} · ${t('rule.threshold')}`}
                    min={1}
                    max={1_000_000}
                    value={row.threshold}
                    suffix={t(`rule.unit.${row.kind}`)}
                    disabled={!canChange}
                    onChange={(threshold) => threshold && setEdited({ ...row, threshold })}
                  />
                ),
              },
              {
                key: 'cool',
                title: t('rule.coolDown'),
                render: (row) => (
                  <InputNumber
                    aria-label={`${t(`alert.kind.${row.kind}`)} · ${t('rule.coolDown')}`}
                    min={1}
                    max={10_080}
                    value={row.coolDownMinutes}
                    disabled={!canChange}
                    onChange={(coolDownMinutes) => coolDownMinutes && setEdited({ ...row, coolDownMinutes })}
                  />
                ),
              },
              {
                key: 'save',
                title: '',
                align: 'end',
                render: (row) =>
                  edited?.kind === row.kind && (
                    <span className="co-inline">
                      <Button size="small" onClick={() => setEdited(null)}>
                        {t('rule.discard')}
                      </Button>
                      <Button type="primary" size="small" onClick={() => setAsking(true)} data-testid="rule-save">
                        {t('rule.save')}
                      </Button>
                    </span>
                  ),
              },
            ]}
          />
        )}
      </AsyncView>
      {asking && edited && (
        <ReasonDialog
          title={t('alert.rules')}
          label={t('rule.reason')}
          done={t('rule.saved')}
          pending={set.isPending}
          error={set.error}
          onSubmit={async (reason) => {
            const { setAt: _, ...rule } = edited;
            await set.mutateAsync({ body: { ...rule, orgUnitId: staff.orgUnit.id, reason } });
            setEdited(null);
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </Panel>
  );
};
