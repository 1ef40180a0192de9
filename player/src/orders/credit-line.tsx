import { useQuery } from '@tanstack/react-query';
import { type OrderView, orderCredit } from '@walnut-live/contracts';
import { Button, ErrorState, Spinner, useFormat } from '@walnut-live/ui';
import { Gift } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';

/** Who this order is credited to (邀请人), and on request why: the rule that won and what was considered (rule A3). */
export const CreditLine = ({ order }: { order: OrderView }): ReactNode => {
  const t = playerI18n.useT();
  const [open, setOpen] = useState(false);
  const { credit } = order;
  return (
    <section className="pl-card pl-credit" data-testid="credit-line" data-reason={credit.reason}>
      <div className="pl-credit-head">
        <span className="pl-credit-icon" aria-hidden="true">
          <Gift size={18} />
        </span>
        <div className="pl-credit-text">
          <p className="pl-credit-label">{t('credit.inviter')}</p>
          <p className="pl-credit-name">{credit.inviter?.name ?? credit.orgUnit.name}</p>
        </div>
        <Button variant="ghost" size="s" aria-expanded={open} onClick={() => setOpen(!open)} data-testid="credit-why">
          {t('credit.why')}
        </Button>
      </div>
      <p className="pl-fine">{t(`credit.reason.${credit.reason}`)}</p>
      {open && <Why orderId={order.id} />}
    </section>
  );
};

const Why = ({ orderId }: { orderId: string }): ReactNode => {
  const t = playerI18n.useT();
  const format = useFormat();
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['order-credit', orderId],
    queryFn: ({ signal }) => api.call(orderCredit, { params: { id: orderId }, signal }),
  });
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  if (!query.data) return <Spinner />;
  return (
    <ol className="pl-considered">
      {query.data.considered.map((entry) => (
        <li key={`${entry.reason}:${entry.touchId ?? ''}:${entry.at ?? ''}:${entry.why}`} data-won={entry.won}>
          <span className="pl-considered-rule">{t(`credit.rule.${entry.reason}`)}</span>
          <span>
            {entry.person?.name ?? ''} {entry.at ? format.dateTime(entry.at) : ''}
          </span>
          <span className="pl-considered-why">{t(`credit.outcome.${entry.why}`)}</span>
        </li>
      ))}
    </ol>
  );
};
