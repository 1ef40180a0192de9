import { cancelOrder, type OrderView, type PreSaleOfOrder } from '@walnut-live/contracts';
import { Button, Countdown, useConfirm, useFormat } from '@walnut-live/ui';
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { useServices } from '../app/services.tsx';
import { usePreSaleT } from './messages.ts';
import { mayTakeBack, type PreSaleStanding, standingOf } from './standing.ts';
import './pre-sales.css';

/** As the server sees it now. The countdowns ask for the order again when it changes. */
export const usePreSaleStanding = (order: OrderView | undefined): PreSaleStanding | null => {
  const { api } = useServices();
  return order?.preSale ? standingOf(order, order.preSale, api.serverNowMs()) : null;
};

/** In place of the order's usual hint; null: that one says it. */
export const usePreSaleHint = (order: OrderView | undefined): string | null => {
  const t = usePreSaleT();
  const format = useFormat();
  const standing = usePreSaleStanding(order);
  const preSale = order?.preSale;
  if (!preSale || standing === null) return null;
  if (standing === 'waiting') return t('hint.waiting', { from: format.dateTime(preSale.balanceFrom) });
  if (standing === 'open') return t('hint.open', { until: format.dateTime(preSale.balanceUntil) });
  if (standing === 'over') return t('order.over');
  if (standing === 'returned' && preSale.depositPaidAt !== null)
    return t(order.state === 'expired' ? 'hint.lapsed' : 'hint.cancelled');
  return null;
};

/** On an order of a pre-sale: its two payments, when the balance can be paid, and what becomes of the deposit otherwise. */
export const OrderPreSale = ({ order, onChange }: { order: OrderView; onChange: () => void }): ReactNode => {
  const t = usePreSaleT();
  const format = useFormat();
  const { api } = useServices();
  const standing = usePreSaleStanding(order);
  const { preSale } = order;
  if (!preSale || standing === null) return null;
  const { depositPaidAt, depositFen } = preSale;
  const said = outcome({ t, format, order, preSale, standing });
  const count = (until: string): ReactNode => (
    <Countdown look="text" until={until} serverOffsetMs={api.serverNowMs() - Date.now()} onEnd={onChange} />
  );
  return (
    <section className="pl-card" data-testid="order-pre-sale" data-standing={standing}>
      <h3 className="pl-card-title">{t('title')}</h3>
      <ol className="pl-presale-parts">
        <li data-done={depositPaidAt !== null || undefined} data-now={standing === 'deposit' || undefined}>
          <span>
            <b>
              {depositPaidAt !== null && <Check size={16} aria-hidden="true" />}
              {t('order.deposit')}
            </b>
            <small>
              {depositPaidAt !== null
                ? t('order.paidAt', { time: format.dateTime(depositPaidAt) })
                : t(standing === 'deposit' ? 'order.toPay' : 'order.closed')}
            </small>
          </span>
          <b className="wl-number">{format.money(depositFen)}</b>
        </li>
        <li data-done={standing === 'paid' || undefined} data-now={standing === 'open' || undefined}>
          <span>
            <b>
              {standing === 'paid' && <Check size={16} aria-hidden="true" />}
              {order.shippingFen > 0
                ? t('order.balanceWithShipping', { amount: format.money(order.shippingFen, { fen: 'trim' }) })
                : t('order.balance')}
            </b>
            <small>{balanceNote({ t, format, order, preSale, standing })}</small>
            {standing === 'waiting' && (
              <small>
                {t('order.opensIn')} {count(preSale.balanceFrom)}
              </small>
            )}
            {standing === 'open' && (
              <small className="pl-presale-left">
                {t('order.endsIn')} {count(preSale.balanceUntil)}
              </small>
            )}
          </span>
          <b className="wl-number" data-testid="order-balance">
            {format.money(preSale.balanceFen)}
          </b>
        </li>
      </ol>
      {said.map((line) => (
        <p key={line} className="pl-fine pl-presale-said">
          {line}
        </p>
      ))}
    </section>
  );
};

type Words = { t: ReturnType<typeof usePreSaleT>; format: ReturnType<typeof useFormat> };

const balanceNote = ({
  t,
  format,
  order,
  preSale,
  standing,
}: Words & { order: OrderView; preSale: PreSaleOfOrder; standing: PreSaleStanding }): string => {
  if (standing === 'paid') return order.paidAt ? t('order.paidAt', { time: format.dateTime(order.paidAt) }) : '';
  if (standing === 'over') return t('order.over');
  if (standing === 'returned' || standing === 'kept') return t('order.none');
  return t('window', { from: format.dateTime(preSale.balanceFrom), until: format.dateTime(preSale.balanceUntil) });
};

/** What comes of it: when it is sent, or what becomes of the deposit. */
const outcome = ({
  t,
  format,
  order,
  preSale,
  standing,
}: Words & { order: OrderView; preSale: PreSaleOfOrder; standing: PreSaleStanding }): readonly string[] => {
  if (order.state === 'refunding' || order.state === 'refunded') return [];
  const amount = format.money(preSale.depositFen);
  if (standing === 'kept') return [t('order.kept', { amount })];
  if (standing === 'returned') return preSale.depositPaidAt === null ? [] : [t('order.returned', { amount })];
  const ships = `${t('ships')} · ${t('shipsBy', { time: format.dateTime(preSale.shipsBy) })}`;
  const unpaid = `${t('unpaid')} · ${t(preSale.keepsDeposit ? 'unpaid.kept' : 'unpaid.returned')}`;
  return standing === 'paid' ? [ships] : [ships, unpaid];
};

/** What its buyer can do while the deposit alone is paid. */
export const PreSaleActions = ({
  order,
  busy,
  act,
  onPay,
}: {
  order: OrderView;
  busy: string | null;
  act: (name: string, work: () => Promise<OrderView>) => Promise<void>;
  onPay: () => void;
}): ReactNode => {
  const t = usePreSaleT();
  const format = useFormat();
  const confirm = useConfirm();
  const { api, pending } = useServices();
  const standing = usePreSaleStanding(order);
  const { preSale } = order;
  if (!preSale || order.state !== 'deposit_paid' || standing === null) return null;
  const cancel = async (): Promise<void> => {
    const body = t('order.cancelBody', { amount: format.money(preSale.depositFen) });
    if (!(await confirm({ title: t('order.cancelAsk'), body, confirmText: t('order.cancel'), tone: 'danger' }))) return;
    await act('cancel', () =>
      pending.run(`cancel:${order.id}`, {}, (idempotencyKey) =>
        api.call(cancelOrder, { params: { id: order.id }, body: {}, idempotencyKey }),
      ),
    );
  };
  return (
    <>
      {mayTakeBack(standing, preSale.keepsDeposit) && (
        <Button variant="ghost" loading={busy === 'cancel'} onClick={() => void cancel()} data-testid="pre-sale-cancel">
          {t('order.cancel')}
        </Button>
      )}
      {(standing === 'waiting' || standing === 'open') && (
        <Button variant="hot" disabled={standing === 'waiting'} onClick={onPay} data-testid="pay-balance">
          {standing === 'open'
            ? t('order.pay', { amount: format.money(preSale.balanceFen, { fen: 'trim' }) })
            : t('order.whenOpen', { time: format.dateTime(preSale.balanceFrom) })}
        </Button>
      )}
    </>
  );
};
