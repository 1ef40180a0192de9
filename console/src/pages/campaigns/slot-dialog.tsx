import {
  createRoomSlot,
  listProducts,
  listRoomSlots,
  listRooms,
  listStaff,
  may,
  patchRoomSlot,
  type RoomSlot,
} from '@walnut-live/contracts';
import { useErrorText, useToast } from '@walnut-live/ui';
import { Checkbox, DatePicker, Form, Input, InputNumber, Modal, Select, TimePicker } from 'antd';
import dayjs, { type Dayjs } from 'dayjs';
import type { ReactNode } from 'react';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { UnitSelect, useUnits } from '../../shared/unit-select.tsx';
import { useCampaignT } from './messages.ts';

const DAY = 'YYYY-MM-DD';
const weekdays = [1, 2, 3, 4, 5, 6, 7] as const;
type Values = {
  title: string;
  orgUnitId: string;
  hostId: string;
  weekdays: number[];
  time: Dayjs;
  durationMinutes: number;
  from: Dayjs;
  until?: Dayjs | null;
  exceptions?: Dayjs[];
  productIds?: string[];
};

export const SlotDialog = ({ slot, onClose }: { slot: RoomSlot | null; onClose: () => void }): ReactNode => {
  const t = useCampaignT();
  const toast = useToast();
  const errorText = useErrorText();
  const { me, staff } = useSession();
  const [form] = Form.useForm<Values>();
  const unitId = Form.useWatch('orgUnitId', form) ?? slot?.orgUnit.id ?? staff.orgUnit.id;
  const { units } = useUnits();
  const people = useCall(listStaff, undefined);
  const products = useCall(listProducts, { query: { status: 'on_sale', limit: 100 } });
  const touches = [listRoomSlots.id, listRooms.id];
  const create = useAction(createRoomSlot, touches);
  const patch = useAction(patchRoomSlot, touches);
  const error = create.error ?? patch.error;
  const hosts = (people.data?.items ?? []).filter(
    (one) => one.active && one.orgUnit.id === unitId && may(one.role, 'rooms:write'),
  );
  const needed = [{ required: true, message: t('form.needed') }];

  const submit = async ({ orgUnitId, time, from, until, exceptions, ...given }: Values): Promise<void> => {
    const body = {
      ...given,
      title: given.title.trim(),
      startsAt: time.format('HH:mm'),
      from: from.format(DAY),
      until: until?.format(DAY) ?? null,
      exceptions: (exceptions ?? []).map((day) => day.format(DAY)),
      productIds: given.productIds ?? [],
    };
    if (slot) await patch.mutateAsync({ params: { id: slot.id }, body });
    else await create.mutateAsync({ body: { ...body, orgUnitId } });
    toast(t('saved'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t(slot ? 'slot.edit' : 'slot.new')}
      okText={t('save')}
      confirmLoading={create.isPending || patch.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'slot-save' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          orgUnitId: slot?.orgUnit.id ?? staff.orgUnit.id,
          hostId: slot?.hostId ?? me.id,
          title: slot?.title,
          weekdays: slot?.weekdays ?? [2, 5],
          time: dayjs(`2026-01-01T${slot?.startsAt ?? '20:00'}`),
          durationMinutes: slot?.durationMinutes ?? 120,
          from: dayjs(slot?.from),
          until: slot?.until ? dayjs(slot.until) : null,
          exceptions: (slot?.exceptions ?? []).map((day) => dayjs(day)),
          productIds: slot?.productIds ?? [],
        }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="title" label={t('form.title')} rules={needed}>
          <Input maxLength={60} autoFocus data-testid="slot-title" />
        </Form.Item>
        {!slot && units.length > 1 && (
          <Form.Item name="orgUnitId" label={t('unit')}>
            <UnitSelect onChange={() => form.setFieldValue('hostId', undefined)} />
          </Form.Item>
        )}
        <Form.Item name="hostId" label={t('form.host')} rules={needed}>
          <Select
            showSearch
            optionFilterProp="label"
            options={hosts.map((one) => ({ value: one.id, label: one.name }))}
          />
        </Form.Item>
        {/* A group of boxes cannot be told as required; who leaves it empty is told so. */}
        <Form.Item name="weekdays" label={t('slot.weekdays')} rules={needed} required={false}>
          <Checkbox.Group options={weekdays.map((day) => ({ value: day, label: t(`day.${day}`) }))} />
        </Form.Item>
        <div className="co-campaign-fields">
          <Form.Item name="time" label={t('slot.time')} rules={needed}>
            <TimePicker format="HH:mm" minuteStep={5} allowClear={false} inputReadOnly needConfirm={false} />
          </Form.Item>
          <Form.Item name="durationMinutes" label={t('slot.minutes')} rules={needed}>
            <InputNumber min={10} max={720} step={10} precision={0} />
          </Form.Item>
          <Form.Item name="from" label={t('slot.from')} rules={needed}>
            <DatePicker allowClear={false} inputReadOnly />
          </Form.Item>
          <Form.Item name="until" label={t('slot.until')}>
            <DatePicker inputReadOnly />
          </Form.Item>
        </div>
        <Form.Item name="exceptions" label={t('slot.exceptions')}>
          <DatePicker multiple inputReadOnly style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="productIds" label={t('form.products')}>
          <Select
            mode="multiple"
            maxCount={50}
            optionFilterProp="label"
            options={(products.data?.items ?? []).map((product) => ({ value: product.id, label: product.title }))}
          />
        </Form.Item>
        {error ? (
          <p className="co-form-error" role="alert">
            {errorText(error)}
          </p>
        ) : null}
      </Form>
    </Modal>
  );
};
