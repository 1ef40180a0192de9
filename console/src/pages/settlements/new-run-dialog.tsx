import { createSettlement } from '@walnut-live/contracts';
import { useToast } from '@walnut-live/ui';
import { DatePicker, Form, Input, Modal } from 'antd';
import dayjs, { type Dayjs } from 'dayjs';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useAction } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { UnitSelect } from '../../shared/unit-select.tsx';
import { useSettlementT } from './messages.ts';

type Values = { title: string; orgUnitId: string; upTo?: Dayjs | null };

/** What a run is of; figures come with its preview. */
export const NewRunDialog = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useSettlementT();
  const toast = useToast();
  const navigate = useNavigate();
  const { staff } = useSession();
  const [form] = Form.useForm<Values>();
  const create = useAction(createSettlement, ['settlements.list']);
  const submit = async ({ title, orgUnitId, upTo }: Values): Promise<void> => {
    const run = await create.mutateAsync({
      kind: title,
      body: { title: title.trim(), orgUnitId, ...(upTo ? { upTo: upTo.toDate().toISOString() } : {}) },
    });
    toast(t('create.done'), { tone: 'success' });
    onClose();
    await navigate(`/settlements/${run.id}`);
  };
  return (
    <Modal
      open
      title={t('create.title')}
      okText={t('create')}
      confirmLoading={create.isPending}
      okButtonProps={{ 'data-testid': 'settlement-create' }}
      onOk={() => form.submit()}
      onCancel={onClose}
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
          label={t('create.name')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={60} autoFocus placeholder={t('create.namePlaceholder')} data-testid="settlement-title" />
        </Form.Item>
        <Form.Item name="orgUnitId" label={t('create.unit')} rules={[{ required: true, message: t('required') }]}>
          <UnitSelect />
        </Form.Item>
        <Form.Item name="upTo" label={t('create.upTo')} extra={t('create.upToHint')}>
          <DatePicker
            showTime={{ format: 'HH:mm' }}
            disabledDate={(day) => day.isAfter(dayjs())}
            style={{ width: '100%' }}
          />
        </Form.Item>
      </Form>
      <Failure error={create.error} />
    </Modal>
  );
};
