/** Rules of tags (rule N3): everybody who sees a tag reads its rule here; headquarters make and change them. */
import { PlusOutlined } from '@ant-design/icons';
import {
  changeTagRule,
  createTagRule,
  listTagRules,
  MAX_TAG_CONDITIONS,
  MAX_TAG_DAYS,
  type TagCondition,
  type TagRule,
  tagMetrics,
} from '@walnut-live/contracts';
import { Badge, useFormat, useToast } from '@walnut-live/ui';
import { Button, Form, Input, InputNumber, Modal, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable, TableSkeleton } from '../../shared/data-table.tsx';
import { Panel } from '../../shared/page.tsx';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useCustomerT } from './messages.ts';

const MOST = 1_000_000;
const touches = ['tag-rules.list', 'customers.list', 'customer-tags.get'];
const fresh: TagCondition = { metric: 'visits', op: 'at_least', value: 3, days: 30 };

export const TagRules = (): ReactNode => {
  const t = useCustomerT();
  const format = useFormat();
  const { may } = useSession();
  const [editing, setEditing] = useState<TagRule | 'new' | null>(null);
  const [stopping, setStopping] = useState<TagRule | null>(null);
  const query = useCall(listTagRules, undefined);
  const change = useAction(changeTagRule, touches);
  const columns: Column<TagRule>[] = [
    {
      key: 'name',
      title: t('tags.name'),
      head: true,
      render: (rule) => (
        <span className="co-stacked co-start">
          <Badge tone={rule.active ? 'success' : 'neutral'}>{rule.name}</Badge>
          <small>{t('tags.version', { version: rule.version, reason: rule.reason })}</small>
        </span>
      ),
    },
    {
      key: 'conditions',
      title: t('tags.conditions'),
      render: (rule) => (
        <span className="co-stacked co-start">
          {rule.conditions.map((one) => (
            <span key={`${one.metric}:${one.days}:${one.op}`}>
              {t('condition', {
                metric: t(`metric.${one.metric}`),
                days: one.days,
                op: t(`op.${one.op}`),
                value: format.number(one.value),
              })}
            </span>
          ))}
        </span>
      ),
    },
    {
      key: 'people',
      title: t('title'),
      align: 'end',
      render: (rule) => t('tags.people', { count: format.count(rule.people) }),
    },
    {
      key: 'do',
      title: '',
      align: 'end',
      render: (rule) =>
        may('members:write') && (
          <span className="co-inline">
            <Button size="small" onClick={() => setEditing(rule)}>
              {t('tags.change')}
            </Button>
            {rule.active && (
              <Button size="small" danger onClick={() => setStopping(rule)}>
                {t('tags.stop')}
              </Button>
            )}
          </span>
        ),
    },
  ];
  return (
    <Panel
      flush
      title={t('tags.title')}
      extra={
        may('members:write') && (
          <Button size="small" icon={<PlusOutlined />} onClick={() => setEditing('new')} data-testid="tag-rule-new">
            {t('tags.add')}
          </Button>
        )
      }
    >
      <AsyncView query={query} skeleton={<TableSkeleton rows={4} />}>
        {({ items }) => (
          <DataTable
            caption={t('tags.title')}
            rows={items}
            columns={columns}
            rowKey={({ id }) => id}
            testId="tag-rule"
          />
        )}
      </AsyncView>
      {editing && <RuleDialog rule={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {stopping && (
        <ReasonDialog
          danger
          title={`${t('tags.stop')} · ${stopping.name}`}
          label={t('koc.reason')}
          okText={t('save')}
          done={t('tags.stopped')}
          pending={change.isPending}
          error={change.error}
          onSubmit={(reason) => {
            const { id, version, name, conditions } = stopping;
            return change.mutateAsync({ params: { id }, body: { version, name, conditions, active: false, reason } });
          }}
          onClose={() => setStopping(null)}
        />
      )}
    </Panel>
  );
};

type Values = { name: string; conditions: TagCondition[]; reason: string };

const RuleDialog = ({ rule, onClose }: { rule: TagRule | null; onClose: () => void }): ReactNode => {
  const t = useCustomerT();
  const toast = useToast();
  const [form] = Form.useForm<Values>();
  const create = useAction(createTagRule, touches);
  const change = useAction(changeTagRule, touches);
  const needed = [{ required: true, message: t('required') }];
  const submit = async (values: Values): Promise<void> => {
    const body = { ...values, name: values.name.trim() };
    if (rule)
      await change.mutateAsync({ params: { id: rule.id }, body: { ...body, version: rule.version, active: true } });
    else await create.mutateAsync({ body });
    toast(t('tags.saved'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      width={640}
      title={rule ? `${t('tags.change')} · ${rule.name}` : t('tags.add')}
      okText={t('save')}
      cancelText={t('cancel')}
      confirmLoading={create.isPending || change.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'tag-rule-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ name: rule?.name, conditions: rule?.conditions ?? [fresh] }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="name" label={t('tags.name')} rules={needed}>
          <Input maxLength={20} data-testid="tag-rule-name" />
        </Form.Item>
        <Form.List name="conditions">
          {(fields, { add, remove }) => (
            <>
              <p>{t('tags.conditions')}</p>
              {fields.map(({ key, name }) => (
                <div key={key} className="cu-condition">
                  <Form.Item name={[name, 'days']} rules={needed}>
                    <InputNumber min={1} max={MAX_TAG_DAYS} precision={0} suffix={t('tags.days')} />
                  </Form.Item>
                  <Form.Item name={[name, 'metric']} rules={needed}>
                    <Select options={tagMetrics.map((value) => ({ value, label: t(`metric.${value}`) }))} />
                  </Form.Item>
                  <Form.Item name={[name, 'op']} rules={needed}>
                    <Select
                      options={(['at_least', 'at_most'] as const).map((value) => ({ value, label: t(`op.${value}`) }))}
                    />
                  </Form.Item>
                  <Form.Item name={[name, 'value']} rules={needed}>
                    <InputNumber min={0} max={MOST} precision={0} />
                  </Form.Item>
                  {fields.length > 1 && (
                    <Button size="small" onClick={() => remove(name)} aria-label={t('close')}>
                      ×
                    </Button>
                  )}
                </div>
              ))}
              {fields.length < MAX_TAG_CONDITIONS && (
                <Button size="small" onClick={() => add(fresh)}>
                  {t('tags.moreCondition')}
                </Button>
              )}
            </>
          )}
        </Form.List>
        <Form.Item
          name="reason"
          label={t('koc.reason')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={100} data-testid="tag-rule-reason" />
        </Form.Item>
        <Failure error={create.error ?? change.error} />
      </Form>
    </Modal>
  );
};
