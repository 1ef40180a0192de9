import {
  type BindingStep,
  bindingHistory,
  getBinding,
  listStaff,
  orderCredit,
  ruleBinding,
} from '@walnut-live/contracts';
import { EmptyState, Skeleton, useFormat, useToast } from '@walnut-live/ui';
import { Form, Input, Modal, Select } from 'antd';
import type { ReactNode } from 'react';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { type Column, DataTable } from '../../shared/data-table.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { UnitSelect } from '../../shared/unit-select.tsx';
import { useAttributionT } from './messages.ts';

const known = ['sharer_store', 'sharer_owner', 'room_store', 'first_order', 'transferred', 'hq_ruling'] as const;

const STORES = ['store'] as const;

export const BindingHistoryDialog = ({
  customerId,
  onClose,
}: {
  customerId: string;
  onClose: () => void;
}): ReactNode => {
  const t = useAttributionT();
  const format = useFormat();
  const query = useCall(bindingHistory, { params: { id: customerId } });
  const columns: Column<BindingStep>[] = [
    {
      key: 'store',
      title: t('move.store'),
      head: true,
      render: ({ store, guide }) => (
        <span className="co-stacked co-start">
          <b>{store.name}</b>
          <small>{guide?.name}</small>
        </span>
      ),
    },
    {
      key: 'reason',
      title: t('appeal.text'),
      render: ({ reason, why, by }) => (
        <span className="co-stacked co-start">
          <b>{t(`bond.${known.find((one) => one === reason) ?? 'room_store'}`)}</b>
          <small className="co-attribution-text">{[by?.name, why].filter(Boolean).join('：')}</small>
        </span>
      ),
    },
    {
      key: 'when',
      title: t('appeal.at'),
      render: ({ boundAt, endedAt }) => (
        <span className="co-stacked co-start">
          <b>{format.dateTime(boundAt)}</b>
          <small>{endedAt === null ? t('bond.standing') : t('bond.until', { at: format.dateTime(endedAt) })}</small>
        </span>
      ),
    },
  ];
  return (
    <Modal open width={680} title={t('history.title')} footer={null} onCancel={onClose}>
      <AsyncView
        query={query}
        skeleton={<Skeleton lines={4} height={20} />}
        isEmpty={({ items }) => items.length === 0}
        empty={<EmptyState illustration="orders" title={t('history.empty')} />}
      >
        {({ items }) => (
          <DataTable
            caption={t('history.title')}
            rows={items}
            columns={columns}
            rowKey={({ id }) => id}
            testId="binding-step"
          />
        )}
      </AsyncView>
    </Modal>
  );
};

type Values = { orgUnitId: string; guideId?: string; reason: string };

export const MoveOwnerDialog = ({ customerId, onClose }: { customerId: string; onClose: () => void }): ReactNode => {
  const t = useAttributionT();
  const toast = useToast();
  const [form] = Form.useForm<Values>();
  const store = Form.useWatch('orgUnitId', form);
  const params = { id: customerId };
  const bond = useCall(getBinding, { params });
  const staff = useCall(listStaff, undefined);
  const rule = useAction(ruleBinding, [orderCredit.id, bindingHistory.id, getBinding.id]);
  const guides = (staff.data?.items ?? []).filter(({ active, orgUnit }) => active && orgUnit.id === store);
  const submit = async ({ orgUnitId, guideId, reason }: Values): Promise<void> => {
    if (!bond.data) return;
    await rule.mutateAsync({
      params,
      body: { seenBindingId: bond.data.bindingId, orgUnitId, guideId: guideId || null, reason: reason.trim() },
    });
    toast(t('move.done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('move.title')}
      confirmLoading={rule.isPending}
      okButtonProps={{ 'data-testid': 'move-submit', disabled: bond.data === undefined }}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      <p className="co-attribution-hint">{t('move.hint')}</p>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ guideId: '', reason: '' }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="orgUnitId" label={t('move.store')} rules={[{ required: true, message: t('move.store') }]}>
          <UnitSelect kinds={STORES} onChange={() => form.setFieldValue('guideId', '')} data-testid="move-store" />
        </Form.Item>
        <Form.Item name="guideId" label={t('move.guide')}>
          <Select
            showSearch={{ optionFilterProp: 'label' }}
            options={[
              { value: '', label: t('move.guide.none') },
              ...guides.map(({ id, name }) => ({ value: id, label: name })),
            ]}
          />
        </Form.Item>
        <Form.Item
          name="reason"
          label={t('reason')}
          rules={[{ required: true, whitespace: true, message: t('reason.needed') }]}
        >
          <Input maxLength={200} data-testid="move-reason" />
        </Form.Item>
        <Failure error={rule.error ?? bond.error} />
      </Form>
    </Modal>
  );
};
