import { Badge, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useServerNow } from '../room/use-room.ts';
import { bestCoupons, sumOf } from './choice.ts';
import { useCouponT } from './messages.ts';
import { useRoomCoupons } from './use-coupons.ts';

/** On a product: what these goods cost with the coupon that this person holds; nothing when none fits. */
export const AfterCoupon = ({ goodsFen }: { goodsFen: number }): ReactNode => {
  const t = useCouponT();
  const format = useFormat();
  const now = useServerNow();
  const { coupons } = useRoomCoupons();
  const { discountFen } = sumOf(goodsFen, bestCoupons(coupons, goodsFen, undefined, now), undefined);
  if (discountFen === 0) return null;
  return (
    <Badge tone="hot">
      <span data-testid="after-coupon">{t('after', { price: format.money(goodsFen - discountFen) })}</span>
    </Badge>
  );
};
