/** A coupon for a counter, as staff scan it; what happens at the counter is seen here. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type Coupon, myCoupons } from '@walnut-live/contracts';
import { Badge, QrCode, Sheet, useFormat } from '@walnut-live/ui';
import { type ReactNode, useEffect } from 'react';
import { useServices } from '../app/services.tsx';
import { useMemberT } from './messages.ts';
import './members.css';

/** While the code is shown. */
const LOOK_EVERY_MS = 3_000;
const MOST = 100;
const GROUP = 4;

export const CouponCode = ({ coupon, onClose }: { coupon: Coupon; onClose: () => void }): ReactNode => {
  const t = useMemberT();
  const format = useFormat();
  const { api } = useServices();
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ['my-coupons', 'shown', coupon.id],
    queryFn: ({ signal }) => api.call(myCoupons, { query: { limit: MOST, show: 'over' }, signal }),
    refetchInterval: (state) => (state.state.data?.items.some(({ id }) => id === coupon.id) ? false : LOOK_EVERY_MS),
  });
  const isTaken = query.data?.items.some(({ id, state }) => id === coupon.id && state === 'redeemed') ?? false;
  useEffect(() => {
    if (isTaken) void client.invalidateQueries({ queryKey: ['my-coupons'], refetchType: 'active', exact: false });
  }, [isTaken, client]);
  const code = coupon.code ?? '';
  const digits = code.replaceAll(new RegExp(`(\\d{${GROUP}})(?=\\d)`, 'g'), '$1 ');
  return (
    <Sheet open onClose={onClose} title={t('code.title')} wide="center">
      <div className="pl-code" data-testid="coupon-code">
        <b>{coupon.title}</b>
        {isTaken ? (
          <Badge tone="success">{t('code.redeemed')}</Badge>
        ) : (
          <>
            <QrCode text={code} size={220} label={coupon.title} />
            <p className="pl-code-digits wl-number">{digits}</p>
            <p className="pl-fine">{t('code.hint')}</p>
          </>
        )}
        <p className="pl-fine">
          {t(coupon.orgUnit.kind === 'store' ? 'code.store' : 'code.where', { unit: coupon.orgUnit.name })} ·{' '}
          {t('code.until', { date: format.dateTime(coupon.expiresAt) })}
        </p>
      </div>
    </Sheet>
  );
};
