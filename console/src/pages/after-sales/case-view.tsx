import { useQuery } from '@tanstack/react-query';
import { type AfterSaleView, getAfterSale, getEvidence } from '@walnut-live/contracts';
import { Badge, CopyButton, Skeleton, useFormat } from '@walnut-live/ui';
import { Button, Timeline } from 'antd';
import { type ReactNode, useEffect, useState } from 'react';
import { Link } from 'react-router';
import { useSession } from '../../app/session.tsx';
import { useCall } from '../../data/use-call.ts';
import { AsyncView } from '../../shared/async-view.tsx';
import { CaseDialog, type CaseDialogKind } from './case-dialogs.tsx';
import { useAfterSaleT } from './messages.ts';
import { toneOf } from './state-tone.ts';
import '../orders/order-detail.css';

const REFRESH_MS = 5_000;

export const CaseView = ({ caseId }: { caseId: string }): ReactNode => {
  const query = useCall(getAfterSale, { params: { id: caseId } }, { everyMs: REFRESH_MS });
  return (
    <AsyncView query={query} skeleton={<Skeleton lines={8} height={22} />}>
      {(one) => <Shown one={one} />}
    </AsyncView>
  );
};

/** Texts of events have no parameters. */
const eventKey = (event: string) => `event.${event}` as 'event.request';

/** The goods of an exchange came back and headquarters has the word: what cannot be sent may be paid instead. */
const mayBecomeRefund = ({ kind, state, returnTrackingNo }: AfterSaleView): boolean =>
  kind === 'exchange' && state === 'escalated' && returnTrackingNo !== null;

const Shown = ({ one }: { one: AfterSaleView }): ReactNode => {
  const t = useAfterSaleT();
  const format = useFormat();
  const { staff } = useSession();
  const [dialog, setDialog] = useState<CaseDialogKind>();
  const isHq = staff.orgUnit.kind === 'hq';
  const does = (deed: AfterSaleView['may'][number]) => one.may.includes(deed);
  return (
    <article className="co-order" data-testid="case-detail" data-state={one.state}>
      <header className="co-order-head">
        <div>
          <Badge tone={toneOf(one.state)}>{t(`state.${one.state}`)}</Badge>
          <p className="co-order-no wl-number">
            {one.caseNo} <CopyButton text={one.caseNo} />
          </p>
          {one.deadlineAt && (
            <p className="co-quiet">{t('case.deadline', { date: format.dateTime(one.deadlineAt) })}</p>
          )}
        </div>
        <div className="co-order-actions as-actions">
          {does('decide') && (
            <>
              <Button type="primary" onClick={() => setDialog('approve')} data-testid="case-approve">
                {t('do.approve')}
              </Button>
              {isHq && mayBecomeRefund(one) && (
                <Button onClick={() => setDialog('as_refund')} data-testid="case-as-refund">
                  {t('do.as_refund')}
                </Button>
              )}
              {(isHq || !one.protected) && (
                <Button danger onClick={() => setDialog('reject')} data-testid="case-reject">
                  {t('do.reject')}
                </Button>
              )}
            </>
          )}
          {does('inspect') && (
            <Button type="primary" onClick={() => setDialog('inspect')} data-testid="case-inspect">
              {t('do.inspect')}
            </Button>
          )}
          {does('replace') && (
            <Button type="primary" onClick={() => setDialog('replace')} data-testid="case-replace">
              {t('do.replace')}
            </Button>
          )}
          {does('escalate') && <Button onClick={() => setDialog('escalate')}>{t('do.escalate')}</Button>}
        </div>
      </header>
      {one.protected && one.closedAt === null && <p className="co-warning">{t('case.protected')}</p>}
      <section>
        <h2>{t('case.asked')}</h2>
        <p>
          {t(`kind.${one.kind}`)} · {t(`reason.${one.reason}`)}
        </p>
        {one.note && <p className="co-quiet">{one.note}</p>}
      </section>
      <ul className="co-order-items">
        {one.items.map((item) => (
          <li key={item.itemId}>
            <img src={item.pictureUrl} alt="" width={56} height={56} loading="lazy" />
            <span className="co-stacked co-start">
              <b>{item.title}</b>
              <small>
                {item.skuName} · {t('case.pieces', { count: item.quantity })}
                {item.restocked > 0 && ` · ${t('case.restocked', { count: item.restocked })}`}
              </small>
            </span>
            <b className="wl-number">{one.kind === 'exchange' ? '' : format.money(item.amountFen)}</b>
          </li>
        ))}
      </ul>
      {one.kind !== 'exchange' && (
        <dl className="co-order-sums">
          <div className="co-sum-strong">
            <dt>{t('column.amount')}</dt>
            <dd className="wl-number" data-testid="case-amount">
              {format.money(one.amountFen)}
            </dd>
          </div>
          {one.shippingFen > 0 && (
            <div>
              <dt>{t('case.shipping', { sum: format.money(one.shippingFen) })}</dt>
            </div>
          )}
        </dl>
      )}
      {one.pictures.length > 0 && (
        <section>
          <h2>{t('case.evidence')}</h2>
          <ul className="as-pictures">
            {one.pictures.map(({ fileId }, index) => (
              <li key={fileId}>
                <Evidence caseId={one.id} fileId={fileId} n={index + 1} />
              </li>
            ))}
          </ul>
        </section>
      )}
      <div className="co-order-columns">
        <section>
          <p>
            {one.store.name} · {one.buyer.name}
          </p>
          <p>
            <Link to={`/orders/${one.orderId}`}>{t('case.order', { no: one.orderNo })}</Link>
          </p>
          {one.returnTo && <p className="co-quiet">{one.returnTo}</p>}
          {one.returnTrackingNo && (
            <p>{t('case.returned', { carrier: one.returnCarrier ?? '', no: one.returnTrackingNo })}</p>
          )}
          {one.replacementTrackingNo && <p>{t('case.replaced', { no: one.replacementTrackingNo })}</p>}
        </section>
        <section>
          <h2>{t('case.history')}</h2>
          <Timeline
            items={one.history.map((step) => ({
              color: step.to === 'rejected' || step.to === 'refused' ? 'red' : 'green',
              content: (
                <>
                  <b>
                    {t(`side.${step.side}`)} · {t(eventKey(step.event))}
                  </b>
                  {step.note && <p>{step.note}</p>}
                  <small className="co-quiet co-block">{format.dateTime(step.at)}</small>
                </>
              ),
            }))}
          />
        </section>
      </div>
      {dialog && <CaseDialog kind={dialog} one={one} isHq={isHq} onClose={() => setDialog(undefined)} />}
    </article>
  );
};

/** Fetched with the session: nobody else may see it. */
const Evidence = ({ caseId, fileId, n }: { caseId: string; fileId: string; n: number }): ReactNode => {
  const t = useAfterSaleT();
  const { api } = useSession();
  const [url, setUrl] = useState<string>();
  const query = useQuery({
    queryKey: ['evidence', fileId],
    queryFn: () => api.download(getEvidence, { params: { id: caseId, fileId } }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => {
    if (!query.data) return;
    const made = URL.createObjectURL(query.data);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [query.data]);
  if (query.isError) return <small>{t('case.pictureFailed')}</small>;
  if (!url) return <Skeleton width={112} height={112} radius={12} />;
  return (
    <a href={url} target="_blank" rel="noreferrer">
      <img src={url} alt={t('case.picture', { n })} />
    </a>
  );
};
