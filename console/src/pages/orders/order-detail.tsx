import { CarOutlined, RollbackOutlined } from '@ant-design/icons';
import { getOrder, type OrderView } from '@walnut-live/contracts';
import { CopyButton, Skeleton, useFormat } from '@walnut-live/ui';
import { Button, Timeline } from 'antd';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useCall } from '../../data/use-call.ts';
import { useT } from '../../i18n/index.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { OrderStateBadge } from '../../shared/people.tsx';
import { WhyPanel } from '../../shared/why-panel.tsx';
import { RefundDialog } from '../after-sales/refund-dialog.tsx';
import { OrderPreSale, ReturnDeposit } from '../pre-sales/order-pre-sale.tsx';
import { ParcelsSection } from './parcels-section.tsx';
import { ShipOrderDialog } from './ship-order-dialog.tsx';
import './delivery.css';
import './order-detail.css';

const REFRESH_MS = 5_000;

export const OrderDetail = ({ orderId }: { orderId: string }): ReactNode => {
  const query = useCall(getOrder, { params: { id: orderId } }, { everyMs: REFRESH_MS });
  return (
    <AsyncView query={query} skeleton={<Skeleton lines={8} height={22} />}>
      {(order) => <Order order={order} />}
    </AsyncView>
  );
};

const Order = ({ order }: { order: OrderView }): ReactNode => {
  const t = useT();
  const format = useFormat();
  const { may } = useSession();
  const [action, setAction] = useState<'ship' | 'refund' | null>(null);
  const mayShip = may('orders:ship') && order.delivery?.way === 'parcel' && order.delivery.toShip.length > 0;
  const mayRefund = may('orders:refund') && ['paid', 'shipped', 'received'].includes(order.state);
  const { address } = order;
  return (
    <article className="co-order" data-testid="order-detail" data-state={order.state}>
      <header className="co-order-head">
        <div>
          <OrderStateBadge state={order.state} />
          <p className="co-order-no wl-number">
            {order.orderNo} <CopyButton text={order.orderNo} />
          </p>
        </div>
        <div className="co-order-actions">
          {mayShip && (
            <Button type="primary" icon={<CarOutlined />} onClick={() => setAction('ship')} data-testid="ship-open">
              {t('order.ship')}
            </Button>
          )}
          {may('orders:refund') && <ReturnDeposit order={order} />}
          {mayRefund && (
            <Button danger icon={<RollbackOutlined />} onClick={() => setAction('refund')} data-testid="refund-open">
              {t('order.refund')}
            </Button>
          )}
        </div>
      </header>

      <ul className="co-order-items">
        {order.items.map((item) => (
          <li key={item.id}>
            <img src={item.pictureUrl} alt="" width={56} height={56} loading="lazy" />
            <span className="co-stacked co-start">
              <b>{item.title}</b>
              <small>
                {item.skuName} · {format.money(item.unitPriceFen)} × {item.quantity}
                {item.offerId && ` · ${t('order.live-price')}`}
                {item.withdrawn ? ` · ${t('order.withdrawn', { count: item.withdrawn })}` : ''}
              </small>
            </span>
            <b className="wl-number">{format.money(item.amountFen)}</b>
          </li>
        ))}
      </ul>
      <dl className="co-order-sums">
        <Sum label={t('order.items')} fen={order.itemsFen} />
        {order.discountFen > 0 && <Sum label={t('order.discount')} fen={-order.discountFen} />}
        <Sum label={t('order.shipping')} fen={order.shippingFen} />
        <Sum label={t('order.paid-sum')} fen={order.paidFen} strong testId="order-paid" />
        {order.refundedFen > 0 && <Sum label={t('order.refunded')} fen={-order.refundedFen} testId="order-refunded" />}
      </dl>

      <OrderPreSale order={order} />
      <ParcelsSection order={order} />

      <section>
        <h2>
          {t('why.title')} <Link to={`/orders/${order.id}/credit`}>{t('why.whole')}</Link>
        </h2>
        <WhyPanel orderId={order.id} />
      </section>

      <div className="co-order-columns">
        <section>
          <h2>{t('order.delivery')}</h2>
          <p>
            {address.recipient} {address.phone}
          </p>
          <p>
            {address.province} {address.city} {address.district}
          </p>
          <p>{address.street}</p>
          {order.remark && <p className="co-quiet">{t('order.remark', { text: order.remark })}</p>}
          <h2>{t('order.where')}</h2>
          <p>
            {order.store.name} · {order.buyer.name}
          </p>
          {order.roomId && (
            <p>
              <Link to={`/rooms/${order.roomId}`}>{order.roomTitle}</Link>
            </p>
          )}
        </section>
        <section>
          <h2>{t('order.history')}</h2>
          <Timeline
            items={order.history.map((step) => ({
              color: step.to === 'refunded' || step.to === 'refunding' ? 'red' : 'green',
              content: (
                <>
                  <b>{step.event === 'refund_part' ? t('order.step.part') : t(`order.state.${step.to}`)}</b>
                  <small className="co-quiet co-block">{format.dateTime(step.at)}</small>
                </>
              ),
            }))}
          />
          {order.refunds.map((refund) => (
            <div key={refund.id} className="co-order-refund">
              <b>
                {t('refund.line', { sum: format.money(refund.amountFen) })} · {t(`refund.state.${refund.state}`)}
              </b>
              <p>{t('refund.reason-line', { reason: refund.reason })}</p>
              <small className="co-quiet wl-number">{refund.refundNo}</small>
            </div>
          ))}
        </section>
      </div>
      {action === 'ship' && <ShipOrderDialog order={order} onClose={() => setAction(null)} />}
      {action === 'refund' && <RefundDialog order={order} onClose={() => setAction(null)} />}
    </article>
  );
};

const Sum = ({
  label,
  fen,
  strong = false,
  testId,
}: {
  label: string;
  fen: number;
  strong?: boolean;
  testId?: string;
}): ReactNode => {
  const format = useFormat();
  return (
    <div className={strong ? 'co-sum-strong' : undefined}>
      <dt>{label}</dt>
      <dd className={fen < 0 ? 'wl-number co-minus' : 'wl-number'} {...(testId ? { 'data-testid': testId } : {})}>
        {format.money(fen)}
      </dd>
    </div>
  );
};
