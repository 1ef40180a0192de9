import { askPayment, getPaymentRecord, type ReplyOf } from '@walnut-live/contracts';
import { Badge, type BadgeTone, CopyButton, Skeleton, useErrorText, useFormat, useToast } from '@walnut-live/ui';
import { Button } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useAction, useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { usePaymentT } from './messages.ts';
import { ProviderName, stateTones } from './parts.tsx';
import { RefundAgain } from './refund-again.tsx';

type Record = ReplyOf<typeof getPaymentRecord>;
const refundTones: { readonly [State in Record['refunds'][number]['state']]: BadgeTone } = {
  requested: 'neutral',
  processing: 'warn',
  succeeded: 'success',
  failed: 'danger',
};

export const PaymentDetail = ({ paymentId }: { paymentId: string }): ReactNode => {
  const query = useCall(getPaymentRecord, { params: { paymentId } });
  return (
    <AsyncView query={query} skeleton={<Skeleton lines={8} height={24} />}>
      {(record) => <Shown record={record} />}
    </AsyncView>
  );
};

const Shown = ({ record }: { record: Record }): ReactNode => {
  const t = usePaymentT();
  const format = useFormat();
  const toast = useToast();
  const errorText = useErrorText();
  const { may } = useSession();
  const ask = useAction(askPayment, ['payments.record', 'payments.list']);
  const askNow = async (): Promise<void> => {
    try {
      const { providerState } = await ask.mutateAsync({ params: { paymentId: record.id }, body: {} });
      toast(t('asked', { state: providerState }), { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };
  // Coins are given back out of the wallet they are in.
  const isRefused =
    record.order !== null &&
    record.capturedFen > record.refundedFen &&
    record.refunds.some(({ state }) => state === 'failed');
  const facts: readonly (readonly [string, ReactNode])[] = [
    [t('provider'), <ProviderName key="provider" payment={record} />],
    [
      t('our.no'),
      <span key="no" className="co-payment-id">
        <code>{record.providerNo}</code>
        <CopyButton text={record.providerNo} />
      </span>,
    ],
    ...(record.providerRef ? [[t('their.no'), <code key="ref">{record.providerRef}</code>] as const] : []),
    [
      t('their.state'),
      <span key="state" className="co-stacked co-start">
        <code>{record.providerState ?? t('their.state.none')}</code>
        {record.queries > 0 && <small>{t('queries', { count: record.queries })}</small>}
        {record.nextQueryAt && <small>{t('nextQuery', { time: format.time(record.nextQueryAt) })}</small>}
      </span>,
    ],
    [t('payer'), record.payer.name],
    [t('payee'), record.payee],
    [t('created'), format.dateTime(record.createdAt)],
    ...(record.capturedAt ? [[t('captured'), format.dateTime(record.capturedAt)] as const] : []),
    ...(record.closedAt ? [[t('closed'), format.dateTime(record.closedAt)] as const] : []),
  ];
  return (
    <div className="co-payment" data-testid="payment-detail">
      <header className="co-payment-head">
        <div>
          <Badge tone={stateTones[record.state]}>{t(`state.${record.state}`)}</Badge>
          <p className="co-payment-sum wl-number">{format.money(record.amountFen)}</p>
          {record.refundedFen > 0 && (
            <small className="co-minus">{t('refunded', { amount: format.money(record.refundedFen) })}</small>
          )}
        </div>
        <span className="co-inline">
          {isRefused && may('payments:reconcile') && <RefundAgain paymentId={record.id} />}
          {record.order && may('orders:read') && <Link to={`/orders/${record.order.id}`}>{t('order')}</Link>}
          {record.started && may('payments:reconcile') && (
            <Button loading={ask.isPending} onClick={() => void askNow()} data-testid="payment-ask">
              {t('ask')}
            </Button>
          )}
        </span>
      </header>
      <dl className="co-payment-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <section>
        <h2>{t('refunds')}</h2>
        {record.refunds.length === 0 && <p className="co-quiet">{t('refunds.none')}</p>}
        <ul className="co-payment-list">
          {record.refunds.map((refund) => (
            <li key={refund.id}>
              <span className="co-stacked co-start">
                <b>{format.money(refund.amountFen)}</b>
                <small className="co-payment-id">
                  <code>{refund.no}</code>
                </small>
                <small>{refund.reason}</small>
                {refund.providerState && <small>{t('refund.said', { state: refund.providerState })}</small>}
                {refund.lastError && <small>{t('refund.error', { error: refund.lastError })}</small>}
              </span>
              <span className="co-stacked">
                <Badge tone={refundTones[refund.state]}>{t(`refund.${refund.state}`)}</Badge>
                <small>{t('refund.attempts', { count: refund.attempts })}</small>
                <small>{format.dateTime(refund.finishedAt ?? refund.createdAt)}</small>
              </span>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h2>{t('notices')}</h2>
        {record.notifications.length === 0 && <p className="co-quiet">{t('notices.none')}</p>}
        <ul className="co-payment-list">
          {record.notifications.map((notice) => (
            <li key={notice.id}>
              <details>
                <summary>
                  <code>{notice.kind}</code> <small>{format.dateTime(notice.receivedAt)}</small>
                </summary>
                <pre>{JSON.stringify(notice.body, null, 2)}</pre>
              </details>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
};
