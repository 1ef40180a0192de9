import {
  type AttributionPolicyView,
  getAttributionPolicy,
  putAttributionPolicy,
  type ReplyOf,
  ShareRewardChannel,
} from '@walnut-live/contracts';
import { Badge, Skeleton, useFormat, useToast } from '@walnut-live/ui';
import { Button, Checkbox, DatePicker, Form, Input, InputNumber, Switch } from 'antd';
import type { Dayjs } from 'dayjs';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useAttributionT } from './messages.ts';

type Policies = ReplyOf<typeof getAttributionPolicy>;
type Values = {
  hours: number;
  protectDays: number;
  validDays: number;
  selfPurchaseCommission: boolean;
  shareRewardChannels: ShareRewardChannel[];
  from: Dayjs | null;
  reason: string;
};
const HOUR_SECONDS = 3_600;
const MINUTE_SECONDS = 60;

export const Policy = (): ReactNode => {
  const query = useCall(getAttributionPolicy, undefined);
  return (
    <AsyncView query={query} skeleton={<Skeleton lines={6} height={28} />}>
      {(policies) => <Policies key={policies.versions[0]?.version} policies={policies} />}
    </AsyncView>
  );
};

export const useWindowText = (): ((seconds: number) => string) => {
  const t = useAttributionT();
  return (seconds) =>
    seconds < HOUR_SECONDS
      ? t('policy.minutes', { n: Math.round(seconds / MINUTE_SECONDS) })
      : t('policy.hours', { n: Math.round((seconds / HOUR_SECONDS) * 10) / 10 });
};
export const useDaysText = (): ((days: number) => string) => {
  const t = useAttributionT();
  return (days) => {
    if (days < 0) return t('policy.forever');
    return days === 0 ? t('policy.none') : t('policy.days', { n: days });
  };
};

const Policies = ({ policies }: { policies: Policies }): ReactNode => {
  const t = useAttributionT();
  const common = useT();
  const format = useFormat();
  const { may } = useSession();
  const windowText = useWindowText();
  const daysText = useDaysText();
  const standing = (version: number): 'inForce' | 'coming' | 'past' => {
    if (version === policies.inForce) return 'inForce';
    return version > policies.inForce ? 'coming' : 'past';
  };
  const tones = { inForce: 'success', coming: 'warn', past: 'neutral' } as const;
  const columns: Column<AttributionPolicyView>[] = [
    {
      key: 'version',
      title: t('policy.history'),
      head: true,
      render: ({ version, effectiveFrom }) => (
        <span className="co-stacked co-start">
          <b>
            {t('version', { n: version })}{' '}
            <Badge tone={tones[standing(version)]}>{t(`policy.${standing(version)}`)}</Badge>
          </b>
          <small>{format.dateTime(effectiveFrom)}</small>
        </span>
      ),
    },
    { key: 'window', title: t('policy.window'), render: (one) => windowText(one.creditWindowSeconds) },
    { key: 'protect', title: t('policy.protect'), render: (one) => daysText(one.protectDays) },
    { key: 'valid', title: t('policy.valid'), render: (one) => daysText(one.validDays) },
    { key: 'self', title: t('policy.self'), render: (one) => (one.selfPurchaseCommission ? '✓' : '–') },
    {
      key: 'rewards',
      title: t('policy.rewards'),
      render: (one) =>
        one.shareRewardChannels.map((channel) => common(`channel.${channel}`)).join('、') || t('policy.rewards.none'),
    },
    {
      key: 'by',
      title: t('policy.by'),
      render: ({ by, reason }) => (
        <span className="co-stacked co-start">
          <b>{by?.name ?? t('policy.product')}</b>
          <small className="co-attribution-text">{reason}</small>
        </span>
      ),
    },
  ];
  return (
    <div className="co-attribution">
      {may('attribution:write') ? (
        <PolicyForm policies={policies} />
      ) : (
        <p className="co-page-hint">{t('policy.readOnly')}</p>
      )}
      <Panel flush title={t('policy.history')}>
        <DataTable
          caption={t('policy.history')}
          rows={policies.versions}
          columns={columns}
          rowKey={({ version }) => `${version}`}
          testId="policy-row"
        />
      </Panel>
    </div>
  );
};

const PolicyForm = ({ policies }: { policies: Policies }): ReactNode => {
  const t = useAttributionT();
  const common = useT();
  const toast = useToast();
  const [form] = Form.useForm<Values>();
  const put = useAction(putAttributionPolicy, [getAttributionPolicy.id]);
  const [newest] = policies.versions;
  if (!newest) return null;
  const submit = async ({ hours, from, reason, ...terms }: Values): Promise<void> => {
    const reply = await put.mutateAsync({
      body: {
        ...terms,
        seenVersion: newest.version,
        creditWindowSeconds: Math.round(hours * HOUR_SECONDS),
        reason: reason.trim(),
        ...(from ? { effectiveFrom: from.toDate().toISOString() } : {}),
      },
    });
    toast(t('policy.saved', { n: reply.versions[0]?.version ?? 0 }), { tone: 'success' });
  };
  const days = (name: 'protectDays' | 'validDays', label: string, hint: string) => (
    <Form.Item name={name} label={label} extra={hint} rules={[{ required: true }]}>
      <InputNumber min={-1} max={3_650} precision={0} />
    </Form.Item>
  );
  return (
    <Panel title={t('tab.policy')} testId="policy-form">
      <p className="co-attribution-hint">{t('policy.hint')}</p>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        className="co-attribution-form"
        initialValues={{
          ...newest,
          hours: newest.creditWindowSeconds / HOUR_SECONDS,
          from: null,
          reason: '',
        }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <div className="co-attribution-fields">
          <Form.Item name="hours" label={t('policy.window')} rules={[{ required: true }]}>
            <InputNumber min={0.1} max={2_160} step={1} />
          </Form.Item>
          {days('protectDays', t('policy.protect'), t('policy.protect.hint'))}
          {days('validDays', t('policy.valid'), t('policy.days.hint'))}
          <Form.Item name="from" label={t('policy.from')}>
            <DatePicker showTime inputReadOnly placeholder={t('policy.from.now')} />
          </Form.Item>
        </div>
        <Form.Item
          name="selfPurchaseCommission"
          label={t('policy.self')}
          extra={t('policy.self.on')}
          valuePropName="checked"
        >
          <Switch />
        </Form.Item>
        <Form.Item
          name="shareRewardChannels"
          label={t('policy.rewards')}
          extra={`${t('policy.rewards.hint')} ${t('policy.rewards.wechat')}`}
        >
          <Checkbox.Group
            options={ShareRewardChannel.options.map((value) => ({ value, label: common(`channel.${value}`) }))}
          />
        </Form.Item>
        <Form.Item
          name="reason"
          label={t('reason')}
          rules={[{ required: true, whitespace: true, message: t('reason.needed') }]}
        >
          <Input maxLength={200} data-testid="policy-reason" />
        </Form.Item>
        <Failure error={put.error} />
        <Button type="primary" htmlType="submit" loading={put.isPending} data-testid="policy-save">
          {t('save')}
        </Button>
      </Form>
    </Panel>
  );
};
