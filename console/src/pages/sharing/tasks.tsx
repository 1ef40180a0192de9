import { MinusCircleOutlined, PlusOutlined } from '@ant-design/icons';
import {
  createInviteTask,
  type InviteTask,
  listCouponKinds,
  listInviteTasks,
  MOST_TIERS,
  stopInviteTask,
} from '@walnut-live/contracts';
import { Badge, EmptyState, useFormat, useToast } from '@walnut-live/ui';
import { Button, Form, Input, InputNumber, Modal, Select, Space } from 'antd';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall, usePages } from '../../data/use-call.ts';
import type { Column } from '../../shared/data-table.tsx';
import { ManagedList } from '../../shared/managed-list.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { UnitSelect } from '../../shared/unit-select.tsx';
import { useSharingT } from './messages.ts';

const PAGE = 30;
const CHOICES = 100;

/** Prizes for bringing new people. */
export const Tasks = (): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const { may } = useSession();
  const query = usePages(listInviteTasks, { query: { limit: PAGE } });
  const stop = useAction(stopInviteTask, ['invite-tasks.list']);
  const columns: Column<InviteTask>[] = [
    {
      key: 'name',
      title: t('name'),
      head: true,
      render: (task) => (
        <span className="co-stacked co-start">
          <b>{task.title}</b>
          <small>{task.orgUnit.name}</small>
          <small>{t('task.people', { invited: task.invited, winners: task.winners })}</small>
        </span>
      ),
    },
    {
      key: 'tiers',
      title: t('task.tiers'),
      render: (task) => (
        <span className="co-stacked co-start">
          {task.tiers.map((tier) => (
            <span key={tier.id}>
              {t('task.tier', { count: tier.threshold, prize: tier.prize.title })}{' '}
              <small className="co-quiet">{t('task.granted', { granted: tier.granted, stock: tier.stock })}</small>
            </span>
          ))}
        </span>
      ),
    },
    {
      key: 'state',
      title: t('state'),
      render: (task) => (
        <span className="co-stacked co-start">
          <Badge tone={task.state === 'running' ? 'success' : 'neutral'}>{t(`is.${task.state}`)}</Badge>
          <small>{t('until', { date: format.dateTime(task.endsAt) })}</small>
        </span>
      ),
    },
  ];
  return (
    <ManagedList
      title={t('tab.tasks')}
      query={query}
      columns={columns}
      empty={<EmptyState illustration="people" title={t('task.empty')} hint={t('task.rule')} />}
      testId="task-row"
      mayChange={may('rewards:write')}
      make={{ label: t('task.new'), testId: 'task-new', dialog: (close) => <NewTask onClose={close} /> }}
      end={{
        label: t('task.stop'),
        action: stop,
        isOpen: (task) => task.state === 'running',
        dialogTitle: ({ title }) => t('task.stop.title', { name: title }),
        hint: t('task.stop.hint'),
        reasonLabel: t('reason'),
        done: t('done'),
      }}
    />
  );
};

type Values = {
  title: string;
  days: number;
  orgUnitId: string;
  tiers: { threshold: number; couponKindId: string; stock: number }[];
};
const NewTask = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useSharingT();
  const toast = useToast();
  const { staff } = useSession();
  const [form] = Form.useForm<Values>();
  const coupons = useCall(listCouponKinds, { query: { limit: CHOICES } });
  const create = useAction(createInviteTask, ['invite-tasks.list']);
  const prizes = (coupons.data?.items ?? [])
    .filter(({ active }) => active)
    .map((kind) => ({ value: kind.id, label: `${kind.title} · ${kind.orgUnit.name}` }));
  const submit = async (values: Values): Promise<void> => {
    await create.mutateAsync({ body: { ...values, title: values.title.trim() } });
    toast(t('done'), { tone: 'success' });
    onClose();
  };
  const needed = [{ required: true, message: t('required') }];
  return (
    <Modal
      open
      title={t('task.new')}
      okText={t('task.new')}
      confirmLoading={create.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'task-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ orgUnitId: staff.orgUnit.id, days: 14, tiers: [{ threshold: 3, stock: 100 }] }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item
          name="title"
          label={t('name')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={30} showCount autoFocus data-testid="task-title" />
        </Form.Item>
        <Form.List name="tiers">
          {(fields, { add, remove }) => (
            <>
              {fields.map((field) => (
                <Space key={field.key} align="end" wrap>
                  <Form.Item name={[field.name, 'threshold']} label={t('task.threshold')} rules={needed}>
                    <InputNumber min={1} max={1000} precision={0} />
                  </Form.Item>
                  <Form.Item name={[field.name, 'couponKindId']} label={t('task.prize')} rules={needed}>
                    <Select
                      className="sh-prize"
                      options={prizes}
                      loading={coupons.isPending}
                      data-testid="task-prize"
                    />
                  </Form.Item>
                  <Form.Item name={[field.name, 'stock']} label={t('task.stock')} rules={needed}>
                    <InputNumber min={1} max={1_000_000} precision={0} />
                  </Form.Item>
                  {fields.length > 1 && (
                    <Form.Item>
                      <Button type="text" icon={<MinusCircleOutlined />} onClick={() => remove(field.name)} />
                    </Form.Item>
                  )}
                </Space>
              ))}
              {fields.length < MOST_TIERS && (
                <Form.Item>
                  <Button icon={<PlusOutlined />} onClick={() => add({ stock: 50 })}>
                    {t('task.add')}
                  </Button>
                </Form.Item>
              )}
            </>
          )}
        </Form.List>
        <Form.Item name="days" label={t('days')} rules={needed}>
          <InputNumber min={1} max={90} precision={0} />
        </Form.Item>
        <Form.Item name="orgUnitId" label={t('unit')}>
          <UnitSelect />
        </Form.Item>
        <p className="co-quiet">{t('task.rule')}</p>
        <Failure error={create.error} />
      </Form>
    </Modal>
  );
};
