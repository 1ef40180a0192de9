import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  type AfterSaleView,
  escalateAfterSale,
  getAfterSale,
  sendBackAfterSale,
  withdrawAfterSale,
} from '@walnut-live/contracts';
import {
  Button,
  CopyButton,
  ErrorState,
  Skeleton,
  useConfirm,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { Evidence } from './evidence.tsx';
import { useAfterSaleT } from './messages.ts';

const POLL_MS = 5_000;
const moving: readonly AfterSaleView['state'][] = ['requested', 'escalated', 'goods_on_way', 'to_replace', 'refunding'];
/** Texts of events have no parameters. */
const eventKey = (event: string) => `event.${event}` as 'event.request';

export const Case = ({ caseId }: { caseId: string }): ReactNode => {
  const { api } = useServices();
  const query = useQuery({
    queryKey: ['after-sale', caseId],
    queryFn: ({ signal }) => api.call(getAfterSale, { params: { id: caseId }, signal }),
    refetchInterval: ({ state }) => (state.data && moving.includes(state.data.state) ? POLL_MS : false),
  });
  if (query.data) return <Shown one={query.data} onStale={() => void query.refetch()} />;
  if (query.isError)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} retrying={query.isFetching} />;
  return (
    <div className="pl-order" aria-busy="true">
      <Skeleton height={96} radius={18} />
      <Skeleton height={160} radius={18} />
    </div>
  );
};

const Shown = ({ one, onStale }: { one: AfterSaleView; onStale: () => void }): ReactNode => {
  const t = useAfterSaleT();
  const format = useFormat();
  // What nobody is asked to do does not stand before what happens.
  const onlyWithdraw = one.may.length === 1 && one.may[0] === 'withdraw';
  const next = t(`next.${one.state}`, {
    date: one.deadlineAt ? format.dateTime(one.deadlineAt) : '',
    sum: format.money(one.amountFen),
    no: one.replacementTrackingNo ?? '',
  });
  return (
    <article className="pl-order" data-testid="after-sale" data-state={one.state}>
      <header className="pl-order-state" data-state={one.state}>
        <div>
          <p className="pl-order-state-name" role="status">
            {t(`state.${one.state}`)}
          </p>
          <p className="pl-order-state-hint">{next}</p>
        </div>
      </header>
      {!onlyWithdraw && <Deeds one={one} onStale={onStale} />}
      <section className="pl-card">
        <ul className="pl-items">
          {one.items.map((item) => (
            <li key={item.itemId} className="pl-item">
              <img src={item.pictureUrl} alt="" width={76} height={76} loading="lazy" />
              <div className="pl-item-text">
                <p className="pl-item-title">{item.title}</p>
                <p className="pl-item-sku">{item.skuName}</p>
                <p className="pl-item-money">
                  <span>{t('case.pieces', { count: item.quantity })}</span>
                  {one.kind !== 'exchange' && <span className="wl-number">{format.money(item.amountFen)}</span>}
                </p>
              </div>
            </li>
          ))}
        </ul>
        <dl className="as-facts">
          <dt>{t('ask.kind')}</dt>
          <dd>{t(`kind.${one.kind}`)}</dd>
          <dt>{t('ask.reason')}</dt>
          <dd>
            {t(`reason.${one.reason}`)}
            {one.note && <p>{one.note}</p>}
          </dd>
          {one.kind !== 'exchange' && (
            <>
              <dt>{t('ask.sum')}</dt>
              <dd>
                <b className="wl-number" data-testid="as-amount">
                  {format.money(one.amountFen)}
                </b>
                {one.shippingFen > 0 && <p>{t('case.shipping', { sum: format.money(one.shippingFen) })}</p>}
              </dd>
            </>
          )}
          {one.returnTrackingNo && (
            <>
              <dt>{t('goods.sent')}</dt>
              <dd>
                {one.returnCarrier} <span className="pl-mono">{one.returnTrackingNo}</span>
              </dd>
            </>
          )}
          <dt>{t('case.no')}</dt>
          <dd>
            <span className="pl-mono">{one.caseNo}</span> <CopyButton text={one.caseNo} />
          </dd>
          {one.pictures.length > 0 && (
            <>
              <dt>{t('case.evidence')}</dt>
              <dd>
                <ul className="as-pictures">
                  {one.pictures.map(({ fileId }, index) => (
                    <li key={fileId}>
                      <Evidence caseId={one.id} fileId={fileId} n={index + 1} />
                    </li>
                  ))}
                </ul>
              </dd>
            </>
          )}
        </dl>
      </section>
      <section className="pl-card">
        <h2 className="as-head">{t('case.history')}</h2>
        <ol className="as-history">
          {[...one.history].reverse().map((step) => (
            <li key={`${step.at}${step.event}`}>
              <b>
                {step.side !== 'system' && `${t(`side.${step.side}`)} · `}
                {t(eventKey(step.event))}
              </b>
              <small>{format.dateTime(step.at)}</small>
              {step.note && <p>{step.note}</p>}
            </li>
          ))}
        </ol>
      </section>
      <Link to={`/orders/${one.orderId}`} className="wl-btn wl-btn-soft wl-btn-m">
        {t('case.order')}
      </Link>
      {onlyWithdraw && <Deeds one={one} onStale={onStale} />}
    </article>
  );
};

const Deeds = ({ one, onStale }: { one: AfterSaleView; onStale: () => void }): ReactNode => {
  const t = useAfterSaleT();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const { api, pending } = useServices();
  const [busy, setBusy] = useState<string>();
  const [carrier, setCarrier] = useState('');
  const [no, setNo] = useState('');
  const [note, setNote] = useState('');
  if (one.may.length === 0) return null;

  const act = async (name: string, work: () => Promise<AfterSaleView>): Promise<void> => {
    setBusy(name);
    try {
      cache.setQueryData(['after-sale', one.id], await work());
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
      onStale();
    }
    void cache.invalidateQueries({ queryKey: ['after-sales', one.orderId] });
    setBusy(undefined);
  };
  const params = { id: one.id };
  const sendBack = () => {
    const body = { carrier: carrier.trim(), trackingNo: no.trim() };
    return act('send', () =>
      pending.run(`after-sale.send:${one.id}`, body, (idempotencyKey) =>
        api.call(sendBackAfterSale, { params, body, idempotencyKey }),
      ),
    );
  };
  const escalate = () => {
    const body = { note: note.trim() };
    return act('escalate', () =>
      pending.run(`after-sale.escalate:${one.id}`, body, (idempotencyKey) =>
        api.call(escalateAfterSale, { params, body, idempotencyKey }),
      ),
    );
  };
  const withdraw = async (): Promise<void> => {
    const sure = await confirm({
      title: t('do.withdrawAsk'),
      body: t('do.withdrawBody'),
      confirmText: t('do.withdraw'),
    });
    if (!sure) return;
    await act('withdraw', () =>
      pending.run(`after-sale.withdraw:${one.id}`, {}, (idempotencyKey) =>
        api.call(withdrawAfterSale, { params, body: {}, idempotencyKey }),
      ),
    );
  };

  return (
    <section className={one.may.length === 1 && one.may[0] === 'withdraw' ? 'pl-form' : 'pl-card pl-form'}>
      {one.may.includes('send_back') && (
        <>
          <p className="as-address">
            <small>{t('goods.to')}</small>
            <span>{one.returnTo}</span>
            <CopyButton text={one.returnTo ?? ''} />
          </p>
          <div className="pl-field-pair">
            <div className="pl-field">
              <label htmlFor="as-carrier">{t('goods.carrier')}</label>
              <input
                id="as-carrier"
                value={carrier}
                maxLength={30}
                onChange={(event) => setCarrier(event.target.value)}
              />
            </div>
            <div className="pl-field">
              <label htmlFor="as-no">{t('goods.no')}</label>
              <input id="as-no" value={no} maxLength={40} onChange={(event) => setNo(event.target.value)} />
            </div>
          </div>
          <Button
            variant="grove"
            loading={busy === 'send'}
            disabled={carrier.trim() === '' || no.trim() === ''}
            onClick={() => void sendBack()}
            data-testid="as-send"
          >
            {t('goods.send')}
          </Button>
        </>
      )}
      {one.may.includes('escalate') && (
        <>
          <textarea
            className="as-note"
            rows={3}
            maxLength={500}
            aria-label={t('do.escalateHint')}
            placeholder={t('do.escalateHint')}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
          <Button
            variant="grove"
            loading={busy === 'escalate'}
            disabled={note.trim() === ''}
            onClick={() => void escalate()}
            data-testid="as-escalate"
          >
            {t('do.escalateSend')}
          </Button>
        </>
      )}
      {one.may.includes('withdraw') && (
        <Button variant="ghost" loading={busy === 'withdraw'} onClick={() => void withdraw()} data-testid="as-withdraw">
          {t('do.withdraw')}
        </Button>
      )}
    </section>
  );
};
