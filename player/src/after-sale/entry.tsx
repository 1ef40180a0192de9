/** Below an order: its cases, and the way to a new one. */
import { useQuery } from '@tanstack/react-query';
import { AFTER_SALE_DAYS, orderAfterSales } from '@walnut-live/contracts';
import { useFormat } from '@walnut-live/ui';
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { useAfterSaleT } from './messages.ts';
import './after-sale.css';

const POLL_MS = 10_000;

const Entry = ({ orderId }: { orderId: string }): ReactNode => {
  const t = useAfterSaleT();
  const format = useFormat();
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['after-sales', orderId],
    queryFn: ({ signal }) => api.call(orderAfterSales, { params: { id: orderId }, signal }),
    refetchInterval: POLL_MS,
  });
  if (!query.data) return null; // the order above says what is wrong
  const { items, options } = query.data;
  const mayAsk = options.kinds.length > 0 && options.items.some((item) => item.pieces > 0);
  if (items.length === 0 && !mayAsk) return null;
  return (
    <section className="pl-card as-entry" data-testid="after-sale-entry">
      <h2 className="as-head">{t('entry.title')}</h2>
      {items.map((one) => (
        <Link key={one.id} to={`/orders/${orderId}/after-sale/${one.id}`} className="as-row">
          <span>
            <b>{t(`state.${one.state}`)}</b>
            <small>
              {t(`kind.${one.kind}`)}
              {one.amountFen > 0 && ` · ${format.money(one.amountFen)}`} · {format.dateTime(one.createdAt)}
            </small>
          </span>
          <ChevronRight size={18} aria-hidden="true" />
        </Link>
      ))}
      {mayAsk && (
        <>
          <Link
            to={`/orders/${orderId}/after-sale`}
            className="wl-btn wl-btn-outline wl-btn-m"
            data-testid="after-sale-ask"
          >
            {t('entry.ask')}
          </Link>
          <p className="pl-fine">
            {options.until
              ? t('entry.until', { date: format.dateTime(options.until) })
              : t('entry.hint', { days: AFTER_SALE_DAYS })}
          </p>
        </>
      )}
    </section>
  );
};
export default Entry;
