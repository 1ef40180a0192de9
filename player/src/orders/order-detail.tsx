import { useQuery, useQueryClient } from '@tanstack/react-query';
import { cancelOrder, getOrder, type OrderView, receiveOrder, refundOrder } from '@walnut-live/contracts';
import { isApiError } from '@walnut-live/live-client/http';
import {
  Button,
  CopyButton,
  Countdown,
  ErrorState,
  Skeleton,
  useConfirm,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { Check, Store } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { OrderDelivery, Pickup } from '../delivery/order-delivery.tsx';
import { OrderGroup } from '../group-buys/order-group.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { OrderPreSale, PreSaleActions, usePreSaleHint, usePreSaleStanding } from '../pre-sales/order-pre-sale.tsx';
import { addressLine } from '../purchase/address-store.ts';
import { CreditLine } from './credit-line.tsx';
import { OrderItems } from './order-items.tsx';
import '../purchase/panel.css';
import './orders.css';

/** What changes without this person's doing is asked for again; a group that waits for others now and then. */
const POLL_MS = 2_000;
const GROUP_POLL_MS = 5_000;
const moving: readonly OrderView['state'][] = ['pending_payment', 'refunding'];
const pollMs = ({ state, preSale, groupBuy }: OrderView, now: number): number | false => {
  if (moving.includes(state)) return POLL_MS;
  if (state === 'deposit_paid' && preSale != null && Date.parse(preSale.balanceUntil) <= now) return POLL_MS;
  return state === 'paid' && groupBuy != null && groupBuy.state !== 'complete' ? GROUP_POLL_MS : false;
};

export const OrderDetail = ({
  orderId,
  celebrate = false,
  onPay,
}: {
  orderId: string;
  /** Just paid: begin with the good news. */
  celebrate?: boolean;
  onPay: (cashier: { orderId: string; paymentId: string }) => void;
}): ReactNode => {
  const t = playerI18n.useT();
  const format = useFormat();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const services = useServices();
  const { api, pending } = services;
  const cache = useQueryClient();
  const [busy, setBusy] = useState<string | null>(null);

  const query = useQuery({
    queryKey: ['order', orderId],
    queryFn: ({ signal }) => api.call(getOrder, { params: { id: orderId }, signal }),
    refetchInterval: ({ state: { data } }) => data !== undefined && pollMs(data, api.serverNowMs()),
  });
  const order = query.data;
  const preSale = usePreSaleStanding(order);
  const preSaleHint = usePreSaleHint(order);

  if (query.isError && !order)
    return (
      <ErrorState
        error={query.error}
        retrying={query.isFetching}
        onRetry={() => {
          if (isApiError(query.error) && (query.error.status === 401 || query.error.status === 403))
            void services.requireConsumer('orders').then((may) => (may ? query.refetch() : undefined));
          else void query.refetch();
        }}
      />
    );
  if (!order)
    return (
      <div className="pl-order" aria-busy="true">
        <Skeleton height={72} radius={18} />
        <Skeleton height={120} radius={18} />
        <Skeleton height={88} radius={18} />
      </div>
    );

  // Of a pre-sale the deposit alone is not what it costs.
  const isPaid = preSale === null ? order.paidFen > 0 : preSale === 'paid';

  const act = async (name: string, work: () => Promise<OrderView | null>): Promise<void> => {
    setBusy(name);
    try {
      const changed = await work();
      if (changed) cache.setQueryData(['order', orderId], changed);
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
    await query.refetch();
    void cache.invalidateQueries({ queryKey: ['orders'] });
    setBusy(null);
  };

  const pay = (): void => {
    if (order.payment) onPay({ orderId, paymentId: order.payment.id });
  };

  const cancel = async (): Promise<void> => {
    if (!(await confirm({ title: t('order.cancelAsk'), body: t('order.cancelBody'), confirmText: t('order.cancel') })))
      return;
    await act('cancel', () =>
      pending.run(`cancel:${orderId}`, {}, (idempotencyKey) =>
        api.call(cancelOrder, { params: { id: orderId }, body: {}, idempotencyKey }),
      ),
    );
  };

  const refund = async (): Promise<void> => {
    const body = t('order.refundBody', { amount: format.money(order.paidFen - order.refundedFen) });
    if (!(await confirm({ title: t('order.refundAsk'), body, confirmText: t('order.refund'), tone: 'danger' }))) return;
    const reason = t('order.refundReason');
    await act('refund', () =>
      pending.run(`refund:${orderId}`, { reason }, (idempotencyKey) =>
        api.call(refundOrder, { params: { id: orderId }, body: { reason }, idempotencyKey }),
      ),
    );
  };

  const receive = (): Promise<void> =>
    act('receive', () =>
      pending.run(`receive:${orderId}`, {}, (idempotencyKey) =>
        api.call(receiveOrder, { params: { id: orderId }, body: {}, idempotencyKey }),
      ),
    );

  return (
    <article className="pl-order" data-order-id={order.id}>
      <header className="pl-order-state" data-state={order.state}>
        {celebrate && (order.state === 'paid' || order.state === 'deposit_paid') && (
          <span className="pl-order-check" aria-hidden="true">
            <Check size={26} strokeWidth={3} />
          </span>
        )}
        <div>
          <p className="pl-order-state-name" data-testid="order-state" data-state={order.state} role="status">
            {celebrate && order.state === 'paid' ? t('result.paid') : t(`order.state.${order.state}`)}
          </p>
          <p className="pl-order-state-hint">
            {order.state === 'pending_payment' ? (
              <>
                {t('order.payWithin')}{' '}
                <Countdown
                  look="text"
                  until={order.expiresAt}
                  serverOffsetMs={api.serverNowMs() - Date.now()}
                  onEnd={() => void query.refetch()}
                />
              </>
            ) : (
              (preSaleHint ?? t(`order.hint.${order.state}`))
            )}
          </p>
        </div>
      </header>

      <OrderGroup order={order} />
      <OrderPreSale order={order} onChange={() => void query.refetch()} />
      {order.delivery?.way === 'pickup' && <Pickup delivery={order.delivery} />}

      <CreditLine order={order} />

      <section className="pl-card">
        <p className="pl-card-store" data-testid="order-seller">
          <Store size={16} aria-hidden="true" />
          {order.store.name}
        </p>
        <OrderItems order={order} pages />
        <div className="pl-sum">
          <p>
            <span>{t('checkout.items')}</span>
            <span className="wl-number">{format.money(order.itemsFen)}</span>
          </p>
          {order.discountFen > 0 && (
            <p>
              <span>{t('order.discount')}</span>
              <span className="wl-number">{format.money(-order.discountFen)}</span>
            </p>
          )}
          <p>
            <span>{t('checkout.shipping')}</span>
            <span className="wl-number">
              {order.shippingFen === 0 ? t('checkout.free') : format.money(order.shippingFen)}
            </span>
          </p>
          <p className="pl-sum-total">
            <span>{isPaid ? t('order.paid') : t('checkout.total')}</span>
            <span className="wl-number">{format.money(isPaid ? order.paidFen : order.totalFen)}</span>
          </p>
          {order.refundedFen > 0 && (
            <p>
              <span>{t('order.refunded')}</span>
              <span className="wl-number" data-testid="refunded">
                {format.money(order.refundedFen)}
              </span>
            </p>
          )}
        </div>
      </section>

      {/* Next to what it acts on, and reachable without scrolling on a phone. */}
      <div className="pl-order-actions">
        {order.state === 'pending_payment' && (
          <>
            <Button variant="ghost" loading={busy === 'cancel'} onClick={() => void cancel()} data-testid="cancel">
              {t('order.cancel')}
            </Button>
            <Button variant="hot" loading={busy === 'pay'} onClick={() => pay()} data-testid="order-pay">
              {t('order.pay')}
            </Button>
          </>
        )}
        <PreSaleActions order={order} busy={busy} act={act} onPay={pay} />
        {order.state === 'paid' && (
          <Button variant="outline" loading={busy === 'refund'} onClick={() => void refund()} data-testid="refund">
            {t('order.refund')}
          </Button>
        )}
        {order.state === 'shipped' && (
          <Button variant="grove" loading={busy === 'receive'} onClick={() => void receive()} data-testid="receive">
            {t('order.receive')}
          </Button>
        )}
        {order.roomId && !celebrate && (
          <Link to={`/r/${order.roomId}`} className="wl-btn wl-btn-soft wl-btn-m">
            {t('order.toRoom')}
          </Link>
        )}
        {celebrate && (
          <Link to={`/orders/${order.id}`} className="wl-btn wl-btn-soft wl-btn-m">
            {t('result.toOrder')}
          </Link>
        )}
      </div>

      <OrderDelivery order={order} />

      <section className="pl-card">
        <dl className="pl-facts">
          <dt>{t('order.no')}</dt>
          <dd>
            <span className="pl-mono">{order.orderNo}</span>
            <CopyButton text={order.orderNo} />
          </dd>
          <dt>{t('order.placedAt')}</dt>
          <dd>{format.dateTime(order.placedAt)}</dd>
          {order.paidAt && (
            <>
              <dt>{t('order.paidAt')}</dt>
              <dd>{format.dateTime(order.paidAt)}</dd>
            </>
          )}
          <dt>{t('order.address')}</dt>
          <dd>
            {order.address.recipient} {order.address.phone}
            <br />
            {addressLine(order.address)}
          </dd>
          {order.trackingNo && !order.delivery && (
            <>
              <dt>{t('order.tracking')}</dt>
              <dd className="pl-mono">{order.trackingNo}</dd>
            </>
          )}
          {order.refunds.map((row) => (
            <RefundRow key={row.id} refund={row} />
          ))}
        </dl>
      </section>
    </article>
  );
};

const RefundRow = ({ refund }: { refund: OrderView['refunds'][number] }): ReactNode => {
  const t = playerI18n.useT();
  const format = useFormat();
  return (
    <>
      <dt>{t('order.refundNo')}</dt>
      <dd>
        <span className="pl-mono">{refund.refundNo}</span>
        <br />
        {t(`refund.state.${refund.state}`)} · {format.money(refund.amountFen)}
      </dd>
    </>
  );
};
