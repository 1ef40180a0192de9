import { type Carrier, carriers, type OrderView, shipParcel } from '@walnut-live/contracts';
import { useToast } from '@walnut-live/ui';
import { Form, Input, InputNumber, Modal, Segmented, Select } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction } from '../../data/use-call.ts';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useDeliveryT } from './delivery-messages.ts';

const touched = ['orders.get', 'orders.list', 'orders.credit', 'commissions.list', 'reports.inviters'];
const FIRST_CARRIER: Carrier = 'sf';

/** A parcel of everything that is left, or of some of it. */
export const ShipOrderDialog = ({ order, onClose }: { order: OrderView; onClose: () => void }): ReactNode => {
  const t = useDeliveryT();
  const toast = useToast();
  const [form] = Form.useForm<{ carrier: Carrier; trackingNo: string }>();
  const left = order.delivery?.toShip ?? [];
  const [split, setSplit] = useState(false);
  const [pieces, setPieces] = useState<Readonly<Record<string, number>>>({});
  const ship = useAction(shipParcel, touched);
  const chosen = left.flatMap(({ orderItemId }) => {
    const quantity = pieces[orderItemId] ?? 0;
    return quantity > 0 ? [{ orderItemId, quantity }] : [];
  });
  const canSplit = left.reduce((sum, { quantity }) => sum + quantity, 0) > 1;
  const submit = async ({ carrier, trackingNo }: { carrier: Carrier; trackingNo: string }): Promise<void> => {
    if (split && chosen.length === 0) return;
    await ship.mutateAsync({
      kind: order.id,
      params: { id: order.id },
      body: { carrier, trackingNo: trackingNo.trim(), ...(split ? { items: chosen } : {}) },
    });
    toast(t('ship.done'), { tone: 'success' });
    onClose();
  };
  return (
    <Modal
      open
      title={t('ship.title')}
      okText={t('ship.submit')}
      confirmLoading={ship.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
      okButtonProps={{ 'data-testid': 'ship-submit', disabled: split && chosen.length === 0 }}
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ carrier: FIRST_CARRIER }}
        onFinish={(values) => void submit(values).catch(() => undefined)}
      >
        <Form.Item name="carrier" label={t('ship.carrier')}>
          <Select options={carriers.map((carrier) => ({ value: carrier, label: t(`carrier.${carrier}`) }))} />
        </Form.Item>
        <Form.Item
          name="trackingNo"
          label={t('ship.tracking')}
          rules={[{ required: true, whitespace: true, message: t('ship.tracking.rule') }]}
        >
          <Input maxLength={40} autoFocus data-testid="ship-tracking" />
        </Form.Item>
        {canSplit && (
          <Form.Item label={t('ship.pieces')}>
            <Segmented
              value={split ? 'some' : 'all'}
              onChange={(value) => setSplit(value === 'some')}
              options={[
                { value: 'all', label: t('ship.all') },
                { value: 'some', label: t('ship.some') },
              ]}
            />
            {split && (
              <ul className="co-pieces" data-testid="ship-pieces">
                {left.map(({ orderItemId, quantity }) => {
                  const item = order.items.find(({ id }) => id === orderItemId);
                  return (
                    <li key={orderItemId}>
                      <span>
                        {item?.title} <small className="co-quiet">{item?.skuName}</small>
                      </span>
                      <InputNumber
                        min={0}
                        max={quantity}
                        precision={0}
                        value={pieces[orderItemId] ?? 0}
                        suffix={`/ ${quantity}`}
                        aria-label={item?.title ?? orderItemId}
                        onChange={(value) => setPieces({ ...pieces, [orderItemId]: value ?? 0 })}
                      />
                    </li>
                  );
                })}
                {chosen.length === 0 && <li className="co-quiet">{t('ship.none')}</li>}
              </ul>
            )}
          </Form.Item>
        )}
        <Failure error={ship.error} />
      </Form>
    </Modal>
  );
};
