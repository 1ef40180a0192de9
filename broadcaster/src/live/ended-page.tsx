import { useInfiniteQuery } from '@tanstack/react-query';
import type { Room } from '@walnut-live/contracts';
import { BrandMark, Button, formatDuration, useFormat } from '@walnut-live/ui';
import { type ReactNode, useEffect } from 'react';
import { useNavigate } from 'react-router';
import { ordersQuery } from '../app/queries.ts';
import { useMay, useServices } from '../app/services.tsx';
import { GiftList } from '../gifts/gift-panel.tsx';
import { useGiftT } from '../gifts/messages.ts';
import { useT } from '../i18n/index.ts';
import { PastChains } from '../interaction/activities/chain-export.tsx';
import { OrderList } from '../orders/order-list.tsx';
import { ReplayPanel } from '../replay/replay-panel.tsx';
import './ended.css';

/** Summary of a finished live, with its orders. */
export const EndedPage = ({ room }: { room: Room }): ReactNode => {
  const { api, capture } = useServices();
  const t = useT();
  const giftT = useGiftT();
  const format = useFormat();
  const navigate = useNavigate();
  const mayReadOrders = useMay()('orders:read');
  const orders = useInfiniteQuery({ ...ordersQuery(api, { roomId: room.id }), enabled: mayReadOrders });
  const onAirMs = room.startedAt && room.endedAt ? Date.parse(room.endedAt) - Date.parse(room.startedAt) : null;
  const known = orders.data?.pages.flatMap((page) => page.items) ?? null;
  const paid = known?.filter((order) => order.paidAt !== null) ?? null;
  // Only a complete list may be summed up.
  const complete = paid !== null && orders.hasNextPage === false;

  useEffect(() => capture.close(), [capture]);

  return (
    <main className="st-ended">
      <header className="st-ended-head" data-theme="dark">
        <BrandMark size={56} />
        <h1>{t('live.ended.title')}</h1>
        <p>{room.title}</p>
        {onAirMs !== null && <p className="st-ended-lead">{t('live.ended.lead', { time: formatDuration(onAirMs) })}</p>}
        <dl className="st-figures">
          <div>
            <dt>{t('live.ended.people')}</dt>
            <dd className="wl-number">{format.count(room.viewersTotal)}</dd>
          </div>
          <div>
            <dt>{t('live.ended.likes')}</dt>
            <dd className="wl-number">{format.count(room.likes)}</dd>
          </div>
          {mayReadOrders && (
            <>
              <div>
                <dt>{t('live.ended.orders')}</dt>
                <dd className="wl-number">{complete ? format.number(paid.length) : t('live.practiceMissing')}</dd>
              </div>
              <div>
                <dt>{t('live.ended.gmv')}</dt>
                <dd className="wl-number">
                  {complete
                    ? format.money(
                        paid.reduce((sum, order) => sum + order.paidFen, 0),
                        { fen: 'trim' },
                      )
                    : t('live.practiceMissing')}
                </dd>
              </div>
            </>
          )}
        </dl>
        <Button variant="primary" size="l" onClick={() => void navigate('/')}>
          {t('live.toToday')}
        </Button>
      </header>
      {!room.isDemo && <ReplayPanel roomId={room.id} />}
      <PastChains roomId={room.id} className="st-ended-orders" />
      <section className="st-ended-orders">
        <h2>{giftT('title')}</h2>
        <GiftList roomId={room.id} />
      </section>
      {mayReadOrders && (
        <section className="st-ended-orders">
          <h2>{t('orders.room')}</h2>
          <OrderList filter={{ roomId: room.id }} />
        </section>
      )}
    </main>
  );
};
