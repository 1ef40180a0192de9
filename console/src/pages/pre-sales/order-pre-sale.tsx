import { RollbackOutlined } from '@ant-design/icons';
import { type OrderView, refundOrder } from '@walnut-live/contracts';
import { useFormat } from '@walnut-live/ui';
import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { useAction } from '../../data/use-call.ts';
import { ReasonDialog } from '../../shared/reason-dialog.tsx';
import { usePreSaleT } from './messages.ts';

/** On an order of a pre-sale: its two payments and when the second is due. */
export const OrderPreSale = ({ order }: { order: OrderView }): ReactNode => {
  const t = usePreSaleT();
  const format = useFormat();
  const { preSale } = order;
  if (!preSale) return null;
  return (
    <section data-testid="order-pre-sale">
      <h2>{t('title')}</h2>
      <p>
        {t('order.parts', { deposit: format.money(preSale.depositFen), balance: format.money(preSale.balanceFen) })}
      </p>
      <p className="co-quiet">
        {t('order.window', {
          from: format.dateTime(preSale.balanceFrom),
          until: format.dateTime(preSale.balanceUntil),
        })}
        {' · '}
        {t(`keeps.${preSale.keepsDeposit}`)} · {t('shipsBy.short', { time: format.dateTime(preSale.shipsBy) })}
      </p>
    </section>
  );
};

/** Gives a deposit back before the balance is paid; the order ends with it. */
export const ReturnDeposit = ({ order }: { order: OrderView }): ReactNode => {
  const t = usePreSaleT();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const refund = useAction(refundOrder, ['orders.get', 'orders.list', 'pre-sales.list']);
  if (order.state !== 'deposit_paid' || !order.preSale) return null;
  const { depositFen } = order.preSale;
  return (
    <>
      <Button danger icon={<RollbackOutlined />} onClick={() => setOpen(true)} data-testid="deposit-return">
        {t('order.return')}
      </Button>
      {open && (
        <ReasonDialog
          title={t('order.return.title', { amount: format.money(depositFen) })}
          hint={t('order.return.body')}
          label={t('order.return.reason')}
          okText={t('order.return')}
          done={t('order.return.done')}
          danger
          pending={refund.isPending}
          error={refund.error}
          // The buyer may have paid the balance meanwhile: then all of it would go back, and nobody was shown that.
          onSubmit={(reason) =>
            refund.mutateAsync({ params: { id: order.id }, body: { reason, expectedFen: depositFen } })
          }
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
};
