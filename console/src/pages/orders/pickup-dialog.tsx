import { findPickup, redeemPickup } from '@walnut-live/contracts';
import { Skeleton, useToast } from '@walnut-live/ui';
import { Button, Input, Modal } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { OrderStateBadge } from '../../shared/people.tsx';
import { Failure } from '../../shared/ship-dialog.tsx';
import { useDeliveryT } from './delivery-messages.ts';

const CODE = /^\d{10}$/;

/** The code that a customer shows: what it fetches, and handing it over. */
export const PickupDialog = ({ onClose }: { onClose: () => void }): ReactNode => {
  const t = useDeliveryT();
  const toast = useToast();
  const [typed, setTyped] = useState('');
  const [code, setCode] = useState<string | null>(null);
  const found = useCall(findPickup, { params: { code: code ?? '' } }, { enabled: code !== null });
  const redeem = useAction(redeemPickup, ['orders.list', 'orders.get']);
  const send = async (): Promise<void> => {
    if (code === null) return;
    await redeem.mutateAsync({ kind: code, params: { code }, body: {} });
    toast(t('pickup.done'), { tone: 'success' });
    onClose();
  };
  const waits = found.data?.state === 'paid';
  return (
    <Modal open title={t('pickup.open')} onCancel={onClose} footer={null}>
      <Input.Search
        value={typed}
        maxLength={10}
        inputMode="numeric"
        autoFocus
        placeholder={t('pickup.code')}
        aria-label={t('pickup.code')}
        enterButton={t('pickup.find')}
        onChange={(event) => {
          setTyped(event.target.value.replace(/\D/g, ''));
          setCode(null);
        }}
        onSearch={() => setCode(CODE.test(typed) ? typed : null)}
        data-testid="pickup-code"
      />
      {code !== null && (
        <AsyncView query={found} skeleton={<Skeleton lines={3} height={20} />}>
          {(order) => (
            <div className="co-pickup" data-testid="pickup-order">
              <p>
                <OrderStateBadge state={order.state} /> <b>{order.address.recipient}</b> {order.address.phone}
              </p>
              <ul>
                {order.items.flatMap((item) => {
                  // What was refunded meanwhile stays on the shelf.
                  const left = order.delivery?.toShip.find(({ orderItemId }) => orderItemId === item.id)?.quantity ?? 0;
                  return left === 0
                    ? []
                    : [
                        <li key={item.id}>
                          {item.title} {item.skuName} × {left}
                        </li>,
                      ];
                })}
              </ul>
              {!waits && <p className="co-warning">{t('pickup.used')}</p>}
              <Button
                type="primary"
                block
                disabled={!waits}
                loading={redeem.isPending}
                onClick={() => void send().catch(() => undefined)}
                data-testid="pickup-redeem"
              >
                {t('pickup.redeem')}
              </Button>
              <Failure error={redeem.error} />
            </div>
          )}
        </AsyncView>
      )}
    </Modal>
  );
};
