/** What my shares brought, and how far each was handed on. Others' names are masked by the server. */
import { useQuery } from '@tanstack/react-query';
import { getShareChain, myShares, type ReplyOf } from '@walnut-live/contracts';
import { EmptyState, ErrorState, Sheet, Skeleton, useFormat } from '@walnut-live/ui';
import { ChevronRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { useLedHere } from '../pages/use-led-here.ts';
import { usePerson } from '../pages/use-person.ts';
import { useSharingT } from './messages.ts';
import './sharing.css';

type Shared = ReplyOf<typeof myShares>['links'][number];
const kindOf = ({ link }: Shared) =>
  link.groupBuyId ? 'group_buy' : link.contentId ? 'content' : link.productId ? 'product' : 'room';

const Chain = ({ shared, onClose }: { shared: Shared; onClose: () => void }): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const { api } = useServices();
  const { id } = shared.link;
  const query = useQuery({
    queryKey: ['share-chain', id],
    queryFn: ({ signal }) => api.call(getShareChain, { params: { id }, signal }),
  });
  const chain = query.data;
  return (
    <Sheet open onClose={onClose} title={t('shares.chain')} wide="center">
      {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />}
      {!chain && !query.isError && <Skeleton height={180} radius={14} />}
      {chain && (
        <div className="pl-share" data-testid="chain">
          <h3 className="pl-card-title">{t('shares.above')}</h3>
          {chain.above.length === 0 ? (
            <p className="pl-fine">{t('shares.first')}</p>
          ) : (
            <ul className="pl-chain-hands">
              {chain.above.map((hand) => (
                <li key={hand.linkId}>
                  <span>{hand.name}</span>
                  <span className="pl-fine">{t('shares.depth', { depth: hand.depth + 1 })}</span>
                </li>
              ))}
            </ul>
          )}
          <h3 className="pl-card-title">{t('shares.below')}</h3>
          {chain.below.length === 0 && <p className="pl-fine">{t('shares.belowNone')}</p>}
          {chain.below.map(({ step, sharers, visitors, orders }) => (
            <p key={step} className="pl-sum-line">
              <span>{t('shares.step', { step, sharers })}</span>
              <span className="pl-fine">
                {t('shares.figures', { visitors: format.count(visitors), orders: format.count(orders) })}
              </span>
            </p>
          ))}
          {chain.hands.length > 0 && (
            <>
              <h3 className="pl-card-title">{t('shares.hands')}</h3>
              <ul className="pl-chain-hands">
                {chain.hands.map((hand) => (
                  <li key={hand.linkId}>
                    <span>{hand.name}</span>
                    <span className="pl-fine">
                      {t('shares.figures', {
                        visitors: format.count(hand.visitors),
                        orders: format.count(hand.orders),
                      })}
                    </span>
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
    </Sheet>
  );
};

export const Shares = (): ReactNode => {
  const t = useSharingT();
  const format = useFormat();
  const { api } = useServices();
  const person = usePerson();
  const [shown, setShown] = useState<Shared | null>(null);
  const query = useQuery({
    queryKey: ['my-shares', person?.id],
    queryFn: ({ signal }) => api.call(myShares, { signal }),
    enabled: Boolean(person),
  });
  const section = useLedHere('shares', query.data !== undefined);
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  const { data } = query;
  if (!data) return <Skeleton height={140} radius={18} />;
  const figures = [
    { label: t('shares.visitors'), value: format.count(data.visitors) },
    { label: t('shares.customers'), value: format.count(data.newCustomers) },
    { label: t('shares.orders'), value: format.count(data.orders) },
  ];
  return (
    <section ref={section} className="pl-card pl-shares" data-testid="shares">
      <h2 className="pl-card-title">{t('shares.title')}</h2>
      <dl className="pl-figures">
        {figures.map(({ label, value }) => (
          <div key={label}>
            <dd className="wl-number">{value}</dd>
            <dt>{label}</dt>
          </div>
        ))}
      </dl>
      <p className="pl-sum-line">
        <span>{t('shares.gmv')}</span>
        <span className="wl-number">{format.money(data.gmvFen)}</span>
      </p>
      <p className="pl-sum-line">
        <Link to="/credits" data-testid="my-credits">
          {t('shares.credits')}
        </Link>
        <ChevronRight size={16} aria-hidden="true" />
      </p>
      {data.links.length === 0 ? (
        <EmptyState illustration="people" title={t('shares.none')} hint={t('shares.noneHint')} compact />
      ) : (
        <ul className="pl-links">
          {data.links.map((shared) => (
            <li key={shared.link.id}>
              <button type="button" className="pl-share-row" onClick={() => setShown(shared)} data-testid="share-row">
                <span className="pl-links-title">{shared.title}</span>
                <span className="pl-fine">
                  {t(`kind.${kindOf(shared)}`)} ·{' '}
                  {t('shares.figures', {
                    visitors: format.count(shared.visitors),
                    orders: format.count(shared.orders),
                  })}
                  {shared.handedOn > 0 && ` · ${t('shares.handedOn', { count: format.count(shared.handedOn) })}`}
                </span>
                <ChevronRight size={16} aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {shown && <Chain shared={shown} onClose={() => setShown(null)} />}
    </section>
  );
};
