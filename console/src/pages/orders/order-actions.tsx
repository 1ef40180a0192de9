/** What staff do to an order. Each asks first, says what follows, and is sent under one key until the server has decided. */
import { type OrderView, refundOrder, shipOrder } from '@walnut-live/contracts';
import { useFormat, useToast } from '@walnut-live/ui';
import { Form, Input, Modal } from 'antd';
import type { ReactNode } from 'react';
import { useAction } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { Failure, ShipDialog } from '../../shared/ship-dialog.tsx';

const touched = ['orders.get', 'orders.list', 'orders.credit', 'commissions.list', 'reports.inviters'];

export const ShipOrderDialog = ({ order, onClose }: { order: OrderView; onClose: () => void }): ReactNode => {
  const t = useT();
  const toast = useToast();
  const ship = useAction(shipOrder, touched);
  const send = async (trackingNo: string): Promise<void> => {
    await ship.mutateAsync({ kind: order.id, params: { id: order.id }, body: { trackingNo } });
    toast(t('ship.done'), { tone: 'success' });
    onClose();
  };
  return <ShipDialog send={send} pending={ship.isPending} error={ship.error} onClose={onClose} />;
};

export const RefundDialog = ({ order, onClose }: { order: OrderView; onClose: () => void }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const toast = useToast();
  const [form] = Form.useForm<{ reason: string }>();
  const refund = useAction(refundOrder, touched);
  const submit = async ({ reason }: { reason: string }): Promise<void> => {
    await refund.mutateAsync({ kind: order.id, params: { id: order.id }, body: { reason: reason.trim() } });
    toast(t('refund.done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('refund.title')}
      okText={t('refund.submit', { sum: format.money(order.paidFen - order.refundedFen) })}
      confirmLoading={refund.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ danger: true, 'data-testid': 'refund-submit' }}
    >
      <p className="co-warning">
        {t('refund.consequence', { buyer: order.buyer.name, sum: format.money(order.paidFen - order.refundedFen) })}
      </p>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item
          name="reason"
          label={t('refund.reason')}
          rules={[{ required: true, whitespace: true, message: t('refund.reason-needed') }]}
        >
          <Input.TextArea maxLength={100} showCount rows={3} autoFocus data-testid="refund-reason" />
        </Form.Item>
        <Failure error={refund.error} />
      </Form>
    </Modal>
  );
};
