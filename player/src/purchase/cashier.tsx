import { useQuery } from '@tanstack/react-query';
import { getOrder, getPayment, type ReplyOf, settleSandbox } from '@walnut-live/contracts';
import { Button, Countdown, ErrorState, Price, Skeleton, useErrorText } from '@walnut-live/ui';
import { ShieldAlert } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';

type Payment = ReplyOf<typeof getPayment>;

/** While the provider's callback is on its way: how often the order is asked. */
const POLL_MS = 700;
/** After the time to pay is over: how often the payment is asked whether the server sees it so too. */
const OVER_POLL_MS = 3_000;

/** The embedded sandbox's cashier. It says what it is: no money moves. */
export const Cashier = ({
  paymentId,
  onPaid,
  onLater,
}: {
  paymentId: string;
  /** Null when coins were bought. */
  onPaid: (orderId: string | null) => void;
  onLater: () => void;
}): ReactNode => {
  const t = playerI18n.useT();
  const errorText = useErrorText();
  const { api } = useServices();
  const [sending, setSending] = useState<'captured' | 'failed' | null>(null);
  const [approved, setApproved] = useState(false);
  const [timeOver, setTimeOver] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const told = useRef(false);

  const payment = useQuery({
    queryKey: ['payment', paymentId],
    queryFn: ({ signal }) => api.call(getPayment, { params: { paymentId }, signal }),
    refetchInterval: ({ state }) => {
      if (state.data?.state !== 'pending') return false;
      if (approved) return POLL_MS;
      return timeOver ? OVER_POLL_MS : false;
    },
  });
  const data: Payment | undefined = payment.data;
  const captured = data?.state === 'captured';

  // Captured is the provider's word; paid is the order's, and what the result page shows.
  const order = useQuery({
    queryKey: ['order', data?.orderId],
    queryFn: ({ signal }) => api.call(getOrder, { params: { id: data?.orderId ?? '' }, signal }),
    enabled: captured && data.orderId !== null,
    refetchInterval: (query) => (query.state.data?.state === 'pending_payment' ? POLL_MS : false),
  });
  const paidOrderId = order.data && order.data.state !== 'pending_payment' ? order.data.id : null;
  // Coins are there in the same moment as the money.
  const boughtCoins = captured && data.topUp !== null;
  useEffect(() => {
    if (!(paidOrderId || boughtCoins) || told.current) return;
    told.current = true;
    onPaid(paidOrderId);
  }, [paidOrderId, boughtCoins, onPaid]);

  const settle = async (outcome: 'captured' | 'failed'): Promise<void> => {
    setSending(outcome);
    setProblem(null);
    try {
      await api.call(settleSandbox, { params: { paymentId }, body: { outcome } });
      if (outcome === 'captured') setApproved(true);
      else setProblem(t('cashier.declined'));
      await payment.refetch();
    } catch (error) {
      setProblem(errorText(error));
      await payment.refetch();
    }
    setSending(null);
  };

  if (payment.isError && !data)
    return <ErrorState error={payment.error} onRetry={() => void payment.refetch()} retrying={payment.isFetching} />;

  const over = data !== undefined && data.state !== 'pending' && !captured;
  const waiting = approved || captured;
  return (
    <>
      <div className="pl-panel-scroll pl-cashier" data-testid="cashier">
        <p className="pl-sandbox-banner">
          <ShieldAlert size={18} aria-hidden="true" />
          {t('cashier.sandbox')}
        </p>
        {data ? (
          <>
            <p className="pl-cashier-payee">{data.payee}</p>
            <Price fen={data.amountFen} size="xl" tone="plain" className="pl-cashier-amount" />
            <dl className="pl-facts">
              <dt>{t('order.no')}</dt>
              <dd className="pl-mono">{data.orderNo}</dd>
              {!over && !waiting && (
                <>
                  <dt>{t('cashier.expires')}</dt>
                  <dd>
                    <Countdown
                      look="text"
                      until={data.expiresAt}
                      serverOffsetMs={api.serverNowMs() - Date.now()}
                      onEnd={() => {
                        setTimeOver(true);
                        void payment.refetch();
                      }}
                    />
                  </dd>
                </>
              )}
            </dl>
          </>
        ) : (
          <div aria-busy="true">
            <Skeleton lines={4} height={28} />
          </div>
        )}
        {over && (
          <p className="pl-refusal" role="alert">
            {t(data.state === 'closed' ? 'cashier.closed' : 'cashier.declined')}
          </p>
        )}
        {problem && !over && (
          <p className="pl-refusal" role="alert">
            {problem}
          </p>
        )}
      </div>
      <footer className="pl-panel-foot">
        <Button
          variant="grove"
          size="l"
          block
          loading={sending === 'captured' || waiting}
          disabled={!data || over}
          data-testid="pay"
          onClick={() => void settle('captured')}
        >
          {waiting ? t('cashier.confirming') : t('cashier.pay')}
        </Button>
        <div className="pl-cashier-more">
          <Button
            variant="ghost"
            loading={sending === 'failed'}
            disabled={!data || over || waiting}
            data-testid="pay-decline"
            onClick={() => void settle('failed')}
          >
            {t('cashier.decline')}
          </Button>
          <Button variant="ghost" onClick={onLater}>
            {t('cashier.later')}
          </Button>
        </div>
      </footer>
    </>
  );
};
