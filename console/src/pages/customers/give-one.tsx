/** One coupon for one customer, with a reason for the audit log. */
import { giveCoupon, listCouponKinds } from '@walnut-live/contracts';
import { useToast } from '@walnut-live/ui';
import { Form, Input, Modal, Select } from 'antd';
import type { ReactNode } from 'react';
import { useAction, useCall } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useCustomerT } from './messages.ts';

const MOST_KINDS = 100;

export const GiveOne = ({
  person,
  onClose,
}: {
  person: { id: string; name: string };
  onClose: () => void;
}): ReactNode => {
  const t = useCustomerT();
  const toast = useToast();
  const [form] = Form.useForm<{ kindId: string; reason: string }>();
  const kinds = useCall(listCouponKinds, { query: { limit: MOST_KINDS } });
  const give = useAction(giveCoupon, ['coupon-kinds.list']);
  const submit = async ({ kindId, reason }: { kindId: string; reason: string }): Promise<void> => {
    await give.mutateAsync({
      kind: kindId,
      params: { id: kindId },
      body: { personId: person.id, reason: reason.trim() },
    });
    toast(t('give.done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={`${t('give')} · ${person.name}`}
      okText={t('give')}
      cancelText={t('cancel')}
      confirmLoading={give.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'give-submit' }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="kindId" label={t('exchanges.kind')} rules={[{ required: true, message: t('required') }]}>
          <Select
            showSearch
            optionFilterProp="label"
            options={(kinds.data?.items ?? [])
              .filter(({ active, left }) => active && left > 0)
              .map((kind) => ({ value: kind.id, label: `${kind.title} · ${kind.orgUnit.name}` }))}
          />
        </Form.Item>
        <Form.Item
          name="reason"
          label={t('koc.reason')}
          rules={[{ required: true, whitespace: true, message: t('required') }]}
        >
          <Input maxLength={100} data-testid="give-reason" />
        </Form.Item>
        <Failure error={give.error} />
      </Form>
    </Modal>
  );
};
