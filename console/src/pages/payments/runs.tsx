import { listReconciliationRuns, type ReconciliationRun, runReconciliation } from '@walnut-live/contracts';
import { Badge, type BadgeTone, EmptyState, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button, Form, Input, Modal, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import type { Filters } from '../../shared/filters.tsx';
import { Panel } from '../../shared/page.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { usePaymentT } from './messages.ts';

const REFRESH_MS = 30_000;
const TOUCHED = ['reconciliation.runs', 'reconciliation.differences', 'payments.list'];
const tones: Record<ReconciliationRun['state'], BadgeTone> = { done: 'success', running: 'warn', failed: 'danger' };
type Asked = Pick<ReconciliationRun, 'provider' | 'day'>;

export const Runs = ({ filters }: { filters: Filters }): ReactNode => {
  const t = usePaymentT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const mayRun = useSession().may('payments:reconcile');
  const query = useCall(listReconciliationRuns, { query: { limit: 60 } }, { everyMs: REFRESH_MS });
  const run = useAction(runReconciliation, TOUCHED);
  const [isAsking, setAsking] = useState(false);
  const start = async (body: Asked): Promise<void> => {
    await run.mutateAsync({ body });
    toast(t('run.finished', { day: body.day }), { tone: 'success' });
  };
  const again = (body: Asked): void =>
    void start(body).catch((error: unknown) => toast(errorText(error), { tone: 'error' }));
  const sum = (count: number, fen: number): ReactNode => (
    <span className="co-stacked">
      <b>{format.money(fen)}</b>
      <small>{t('run.count', { count })}</small>
    </span>
  );
  const columns: Column<ReconciliationRun>[] = [
    { key: 'day', title: t('day'), head: true, render: (row) => <b className="wl-number">{row.day}</b> },
    { key: 'provider', title: t('provider'), render: (row) => t(`provider.${row.provider}`) },
    {
      key: 'state',
      title: t('state'),
      render: (row) => (
        <span className="co-stacked co-start">
          <Badge tone={tones[row.state]}>{t(`run.${row.state}`)}</Badge>
          {row.attempts > 1 && <small>{t('run.attempts', { count: row.attempts })}</small>}
          {row.error && <small className="co-minus">{row.error}</small>}
        </span>
      ),
    },
    { key: 'paid', title: t('run.paid'), align: 'end', render: (row) => sum(row.payments, row.paymentsFen) },
    { key: 'back', title: t('run.back'), align: 'end', render: (row) => sum(row.refunds, row.refundsFen) },
    {
      key: 'differences',
      title: t('tab.differences'),
      render: ({ differences, state, day, provider }) => (
        <span className="co-stacked co-start">
          {differences.open > 0 ? (
            <Button
              size="small"
              danger
              onClick={() => filters.set({ tab: 'differences', day, provider, state: undefined })}
              data-testid="run-differences"
            >
              {t('run.open', { count: differences.open })}
            </Button>
          ) : (
            state === 'done' && <Badge tone="success">{t('run.ok')}</Badge>
          )}
          {differences.resolved > 0 && <small>{t('run.resolved', { count: differences.resolved })}</small>}
        </span>
      ),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: ({ provider, day }) =>
        mayRun && (
          <Button size="small" loading={run.isPending} onClick={() => again({ provider, day })}>
            {t('run.again')}
          </Button>
        ),
    },
  ];
  return (
    <Panel
      flush
      title={t('tab.runs')}
      extra={
        mayRun && (
          <Button onClick={() => setAsking(true)} data-testid="run-start">
            {t('run.start')}
          </Button>
        )
      }
    >
      <AsyncView
        query={query}
        skeleton={<TableSkeleton rows={4} />}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState illustration="search" title={t('runs.empty')} hint={t('runs.empty.hint')} />}
      >
        {({ items }) => (
          <DataTable caption={t('tab.runs')} rows={items} columns={columns} rowKey={(row) => row.id} testId="run-row" />
        )}
      </AsyncView>
      {isAsking && (
        <RunDialog
          providers={query.data?.providers ?? []}
          pending={run.isPending}
          error={run.error}
          run={async (body) => {
            await start(body);
            setAsking(false);
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </Panel>
  );
};

const RunDialog = ({
  providers,
  pending,
  error,
  run,
  onClose,
}: {
  providers: readonly ReconciliationRun['provider'][];
  pending: boolean;
  error: unknown;
  run: (body: Asked) => Promise<void>;
  onClose: () => void;
}): ReactNode => {
  const t = usePaymentT();
  const [form] = Form.useForm<Asked>();
  return (
    <Modal
      open
      title={t('run.start')}
      okText={t('run.submit')}
      confirmLoading={pending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ provider: providers.at(-1) }}
        onFinish={(body) => void run(body).catch(() => undefined)}
      >
        <Form.Item name="provider" label={t('provider')} rules={[{ required: true }]}>
          <Select options={providers.map((value) => ({ value, label: t(`provider.${value}`) }))} />
        </Form.Item>
        <Form.Item name="day" label={t('day')} rules={[{ required: true, message: t('day') }]}>
          <Input type="date" data-testid="run-day" />
        </Form.Item>
        <Failure error={error} />
      </Form>
    </Modal>
  );
};
