import { useQuery } from '@tanstack/react-query';
import { type Coupon, myCoupons } from '@walnut-live/contracts';
import { Badge, Button, cx, ErrorState, Skeleton, useFormat, useNow } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { CouponCode } from '../members/lazy-members.tsx';
import { usePerson } from '../pages/use-person.ts';
import { useCouponT } from './messages.ts';
import './coupons.css';

const MOST = 100;
const DAY_MS = 86_400_000;
/** Rule N2: what ends within three days says so. */
const SOON_DAYS = 3;
const MINUTE_MS = 60_000;

const Ticket = ({
  coupon,
  now,
  onShow,
}: {
  coupon: Coupon;
  now: number;
  onShow: (coupon: Coupon) => void;
}): ReactNode => {
  const t = useCouponT();
  const format = useFormat();
  const leftMs = Date.parse(coupon.expiresAt) - now;
  const state = coupon.state !== 'held' ? 'used' : leftMs <= 0 ? 'expired' : 'held';
  return (
    <li className={cx('pl-ticket', state !== 'held' && 'pl-coupon-off')} data-testid="my-coupon" data-state={state}>
      <b className="pl-coupon-money wl-number">{format.money(coupon.offFen, { fen: 'trim' })}</b>
      <span className="pl-coupon-text">
        <span>{coupon.title}</span>
        <small>
          {t(coupon.usage === 'order' ? 'terms' : `terms.${coupon.usage}`, {
            min: format.money(coupon.minSpendFen, { fen: 'trim' }),
            off: format.money(coupon.offFen, { fen: 'trim' }),
          })}
          {' · '}
          {t('where', { unit: coupon.orgUnit.name })}
        </small>
        <small>{t('until', { date: format.dateTime(coupon.expiresAt) })}</small>
      </span>
      {state === 'held' && coupon.code !== null ? (
        <Button variant="soft" onClick={() => onShow(coupon)} data-testid="coupon-show">
          {t('mine.show')}
        </Button>
      ) : state === 'used' && coupon.orderId !== null ? (
        <Link to={`/orders/${coupon.orderId}`} className="pl-ticket-link">
          {t('mine.order')}
        </Link>
      ) : (
        (state !== 'used' || coupon.state === 'redeemed') && (
          <Badge tone={state !== 'held' ? 'neutral' : leftMs < SOON_DAYS * DAY_MS ? 'hot' : 'success'}>
            {state === 'used'
              ? t('mine.used')
              : state === 'expired'
                ? t('mine.expired')
                : leftMs < DAY_MS
                  ? t('ends.soon')
                  : t('mine.days', { days: Math.floor(leftMs / DAY_MS) })}
          </Badge>
        )
      )}
    </li>
  );
};

/** What I hold and can use, what ends first first; used and ended ones on demand. */
export const MyCoupons = (): ReactNode => {
  const t = useCouponT();
  const { api } = useServices();
  const person = usePerson();
  const now = useNow(MINUTE_MS);
  const [show, setShow] = useState<'usable' | 'over'>('usable');
  const [shown, setShown] = useState<Coupon | null>(null);
  const query = useQuery({
    queryKey: ['my-coupons', person?.id, show],
    queryFn: ({ signal }) => api.call(myCoupons, { query: { limit: MOST, show }, signal }),
    enabled: person?.kind === 'consumer',
  });
  if (person?.kind !== 'consumer') return null;
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  if (!query.data) return <Skeleton height={120} radius={18} />;
  const rank = (coupon: Coupon): number => (coupon.state !== 'held' ? 2 : Date.parse(coupon.expiresAt) <= now ? 1 : 0);
  const items = query.data.items.toSorted(
    (a, b) => rank(a) - rank(b) || Date.parse(a.expiresAt) - Date.parse(b.expiresAt),
  );
  return (
    <section className="pl-card" id="coupons" data-testid="my-coupons">
      <h2 className="pl-card-title">{t('mine.title')}</h2>
      {items.length === 0 ? (
        <p className="pl-fine">{t(show === 'usable' ? 'mine.none' : 'mine.noneOver')}</p>
      ) : (
        <ul className="pl-tickets">
          {items.map((coupon) => (
            <Ticket key={coupon.id} coupon={coupon} now={now} onShow={setShown} />
          ))}
        </ul>
      )}
      <Button
        variant="soft"
        className="pl-tickets-more"
        onClick={() => setShow(show === 'usable' ? 'over' : 'usable')}
        data-testid="coupons-over"
      >
        {t(show === 'usable' ? 'mine.showOver' : 'mine.showUsable')}
      </Button>
      {shown && <CouponCode coupon={shown} onClose={() => setShown(null)} />}
    </section>
  );
};
