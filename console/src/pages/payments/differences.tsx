import {
  type Difference,
  type DifferenceKind,
  DifferenceResolution,
  listDifferences,
  PaymentProviderName,
  resolveDifference,
} from '@walnut-live/contracts';
import { Badge, type BadgeTone, EmptyState, useFormat, useToast } from '@walnut-live/ui';
import { Button, DatePicker, Form, Input, Modal, Radio, Segmented } from 'antd';
import dayjs from 'dayjs';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import type { Filters } from '../../shared/filters.tsx';
import { Panel } from '../../shared/page.tsx';
import { PagedTable } from '../../shared/paged-table.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { usePaymentT } from './messages.ts';

const PAGE_SIZE = 30;
const REFRESH_MS = 30_000;
const TOUCHED = ['reconciliation.differences', 'reconciliation.runs'];
const LONGEST_REASON = 200;
const states = ['open', 'resolved', 'all'] as const;
const tones: Record<DifferenceKind, BadgeTone> = {
  missing_here: 'danger',
  missing_there: 'danger',
  amount_differs: 'warn',
  state_differs: 'warn',
};
const resolutions = DifferenceResolution.options;
const isKnown = (text: string): text is (typeof resolutions)[number] | 'gone' =>
  text === 'gone' || resolutions.some((known) => known === text);

export const Differences = ({ filters }: { filters: Filters }): ReactNode => {
  const t = usePaymentT();
  const format = useFormat();
  const mayResolve = useSession().may('payments:reconcile');
  const [ended, setEnded] = useState<Difference | null>(null);
  const state = states.find((known) => known === filters.get('state')) ?? 'open';
  const provider = PaymentProviderName.options.find((known) => known === filters.get('provider'));
  const day = filters.get('day');
  const asked = {
    ...(state === 'all' ? {} : { state }),
    ...(provider ? { provider } : {}),
    ...(day && /^\d{4}-\d\d-\d\d$/.test(day) ? { day } : {}),
  };
  const query = usePages(listDifferences, { query: { ...asked, limit: PAGE_SIZE } }, { everyMs: REFRESH_MS });
  const side = (given: Difference['ours']): ReactNode =>
    given === null ? (
      <span className="co-quiet">{t('nothing')}</span>
    ) : (
      <span className="co-stacked">
        <b>{format.money(given.amountFen)}</b>
        <small>
          <code>{given.state}</code>
        </small>
      </span>
    );
  const columns: Column<Difference>[] = [
    {
      key: 'kind',
      title: t('kind'),
      head: true,
      render: (row) => (
        <span className="co-stacked co-start">
          <Badge tone={tones[row.kind]}>{t(`kind.${row.kind}`)}</Badge>
          <small>
            {t(`subject.${row.subject}`)} · {t(`provider.${row.provider}`)}
          </small>
        </span>
      ),
    },
    {
      key: 'number',
      title: t('number'),
      render: ({ number, paymentId }) =>
        paymentId === null ? (
          <code className="co-payment-id">{number}</code>
        ) : (
          <Button
            type="link"
            className="co-payment-no co-payment-id"
            onClick={() =>
              filters.set({ tab: undefined, state: undefined, provider: undefined, day: undefined, payment: paymentId })
            }
          >
            {number}
          </Button>
        ),
    },
    { key: 'day', title: t('day'), render: (row) => <span className="wl-number">{row.day}</span> },
    { key: 'ours', title: t('ours'), align: 'end', render: (row) => side(row.ours) },
    { key: 'theirs', title: t('theirs'), align: 'end', render: (row) => side(row.theirs) },
    {
      key: 'state',
      title: t('state'),
      align: 'end',
      render: (row) =>
        row.state === 'open' ? (
          mayResolve ? (
            <Button size="small" onClick={() => setEnded(row)} data-testid="difference-resolve">
              {t('resolve')}
            </Button>
          ) : (
            <Badge tone="warn">{t('difference.open')}</Badge>
          )
        ) : (
          <span className="co-stacked">
            <span>
              {row.resolution && isKnown(row.resolution) ? t(`resolution.${row.resolution}`) : t('difference.resolved')}
            </span>
            {row.reason && <small>{row.reason}</small>}
            <small>
              {row.resolvedBy?.name ?? t('system')} · {row.resolvedAt && format.dateTime(row.resolvedAt)}
            </small>
          </span>
        ),
    },
  ];
  return (
    <Panel flush>
      <div className="co-filters">
        <Segmented
          value={state}
          onChange={(next) => filters.set({ state: next === 'open' ? undefined : next })}
          options={states.map((value) => ({ value, label: t(`difference.${value}`) }))}
        />
        <DatePicker
          value={day ? dayjs(day) : null}
          placeholder={t('day')}
          aria-label={t('day')}
          inputReadOnly
          disabledDate={(date) => date.isAfter(dayjs(), 'day')}
          onChange={(date) => filters.set({ day: date?.format('YYYY-MM-DD') })}
        />
      </div>
      <PagedTable
        query={query}
        caption={t('tab.differences')}
        columns={columns}
        rowKey={(row) => row.id}
        testId="difference-row"
        empty={
          <EmptyState
            illustration="search"
            title={t(state === 'open' ? 'differences.empty' : 'none.found')}
            hint={t(state === 'open' ? 'differences.empty.hint' : 'none.found.hint')}
          />
        }
      />
      {ended && <ResolveDialog difference={ended} onClose={() => setEnded(null)} />}
    </Panel>
  );
};

type Values = { resolution: (typeof resolutions)[number]; reason: string };

const ResolveDialog = ({ difference, onClose }: { difference: Difference; onClose: () => void }): ReactNode => {
  const t = usePaymentT();
  const toast = useToast();
  const [form] = Form.useForm<Values>();
  const resolve = useAction(resolveDifference, TOUCHED);
  const submit = async ({ resolution, reason }: Values): Promise<void> => {
    await resolve.mutateAsync({ params: { id: difference.id }, body: { resolution, reason: reason.trim() } });
    toast(t('resolve.done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('resolve.title')}
      okText={t('resolve.submit')}
      confirmLoading={resolve.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'resolve-submit' }}
    >
      <p>
        <Badge tone={tones[difference.kind]}>{t(`kind.${difference.kind}`)}</Badge>{' '}
        <code className="co-payment-id">{difference.number}</code>
      </p>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ resolution: 'put_right' }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="resolution" label={t('resolve.how')}>
          <Radio.Group
            className="co-resolutions"
            options={resolutions.map((value) => ({ value, label: t(`resolution.${value}`) }))}
          />
        </Form.Item>
        <Form.Item
          name="reason"
          label={t('resolve.reason')}
          rules={[{ required: true, whitespace: true, min: 2, message: t('resolve.needed') }]}
        >
          <Input.TextArea rows={3} maxLength={LONGEST_REASON} showCount data-testid="resolve-reason" />
        </Form.Item>
        <Failure error={resolve.error} />
      </Form>
    </Modal>
  );
};
