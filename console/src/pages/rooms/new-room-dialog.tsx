import { createRoom, listProducts, listStaff } from '@walnut-live/contracts';
import { requestIdOf, useErrorText, useToast } from '@walnut-live/ui';
import { Checkbox, DatePicker, Form, Input, Modal, Select } from 'antd';
import dayjs, { type Dayjs } from 'dayjs';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { UnitSelect, useUnits } from '../../shared/unit-select.tsx';

import { useWhomT } from '../whom/messages.ts';

type Values = {
  title: string;
  orgUnitId: string;
  hostId?: string;
  scheduledAt?: Dayjs;
  productIds?: string[];
  conference?: boolean;
};
const BAG_MAX = 50;

export const NewRoomDialog = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useT();
  const whomT = useWhomT();
  const toast = useToast();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const { may, staff } = useSession();
  const [form] = Form.useForm<Values>();
  const unitId = Form.useWatch('orgUnitId', form) ?? staff.orgUnit.id;
  const { units } = useUnits();
  const people = useCall(listStaff, undefined, { enabled: may('staff:read') });
  const products = useCall(listProducts, { query: { status: 'on_sale', limit: 100 } });
  const create = useAction(createRoom, ['rooms.list', 'rooms.wall']);
  const hosts = (people.data?.items ?? []).filter((person) => person.active && person.orgUnit.id === unitId);

  const submit = async ({ title, orgUnitId, hostId, scheduledAt, productIds, conference }: Values): Promise<void> => {
    const room = await create.mutateAsync({
      body: {
        title: title.trim(),
        orgUnitId,
        ...(hostId ? { hostId } : {}),
        ...(scheduledAt ? { scheduledAt: scheduledAt.toDate().toISOString() } : {}),
        ...(productIds?.length ? { productIds } : {}),
        ...(conference ? { kind: 'conference' as const } : {}),
      },
    });
    toast(t('new-room.done'), { tone: 'success' });
    await navigate(`/rooms/${room.id}`);
  };
  return (
    <Modal
      open
      title={t('new-room.title')}
      okText={t('new-room.submit')}
      confirmLoading={create.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'room-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ orgUnitId: staff.orgUnit.id }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item
          name="title"
          label={t('new-room.name')}
          rules={[{ required: true, whitespace: true, message: t('new-room.name-needed') }]}
        >
          <Input maxLength={60} showCount autoFocus data-testid="room-title" />
        </Form.Item>
        {units.length > 1 && (
          <Form.Item name="orgUnitId" label={t('new-room.unit')}>
            <UnitSelect onChange={() => form.setFieldValue('hostId', undefined)} />
          </Form.Item>
        )}
        {may('staff:read') && (
          <Form.Item name="hostId" label={t('new-room.host')} extra={t('new-room.host-hint')}>
            <Select
              allowClear
              showSearch
              optionFilterProp="label"
              loading={people.isPending}
              options={hosts.map((person) => ({
                value: person.id,
                label: `${person.name} · ${t(`role.${person.role}`)}`,
              }))}
            />
          </Form.Item>
        )}
        <Form.Item name="scheduledAt" label={t('new-room.when')} extra={t('new-room.when-hint')}>
          <DatePicker
            showTime={{ format: 'HH:mm', minuteStep: 5 }}
            format="YYYY-MM-DD HH:mm"
            inputReadOnly
            disabledDate={(date) => date.isBefore(dayjs(), 'day')}
            style={{ width: '100%' }}
          />
        </Form.Item>
        <Form.Item name="productIds" label={t('new-room.bag')}>
          <Select
            mode="multiple"
            maxCount={BAG_MAX}
            optionFilterProp="label"
            loading={products.isPending}
            options={(products.data?.items ?? []).map((product) => ({ value: product.id, label: product.title }))}
          />
        </Form.Item>
        <Form.Item name="conference" valuePropName="checked">
          <Checkbox data-testid="room-conference">{whomT('conference.new')}</Checkbox>
        </Form.Item>
        {create.error ? (
          <p className="co-form-error" role="alert">
            {errorText(create.error)}
            {requestIdOf(create.error) && <code>{requestIdOf(create.error)}</code>}
          </p>
        ) : null}
      </Form>
    </Modal>
  );
};
