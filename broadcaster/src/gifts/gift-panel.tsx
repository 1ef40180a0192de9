import { infiniteQueryOptions, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { roomGifts } from '@walnut-live/contracts';
import type { Api } from '@walnut-live/live-client/http';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Badge, Button, EmptyState, ErrorState, Skeleton, useFormat, useLocale } from '@walnut-live/ui';
import { type ReactNode, useEffect, useState } from 'react';
import { useSelect, useServices } from '../app/services.tsx';
import { useGiftT } from './messages.ts';
import './gifts.css';

/** Gifts come in bursts: the list is read again at most this often. */
const REFRESH_MS = 1_500;
/** How long a gift stays over the picture. */
const TICKER_MS = 5_000;

export const giftsQuery = (api: Api, roomId: string) =>
  infiniteQueryOptions({
    queryKey: ['gifts', roomId],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      api.call(roomGifts, {
        params: { id: roomId },
        query: { limit: 30, ...(pageParam === undefined ? {} : { cursor: pageParam }) },
        signal,
      }),
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });

/** Reads the list again when the room tells of a gift. */
const useFreshGifts = (session: RoomSession): void => {
  const queries = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = session.onEvent(({ kind }) => {
      if (kind !== 'gift:sent' && kind !== 'gift:taken-back') return;
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: ['gifts', session.roomId] });
      }, REFRESH_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [session, queries]);
};

/** Totals of this live and its gifts in the order they came (rule K6: no ranking). */
export const GiftPanel = ({ session }: { session: RoomSession }): ReactNode => {
  useFreshGifts(session);
  return <GiftList roomId={session.roomId} />;
};

const tones = { given: 'neutral', taken_back: 'neutral', shared: 'success' } as const;

export const GiftList = ({ roomId }: { roomId: string }): ReactNode => {
  const t = useGiftT();
  const format = useFormat();
  const { locale } = useLocale();
  const { api } = useServices();
  const query = useInfiniteQuery(giftsQuery(api, roomId));
  if (query.isError && !query.data)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} retrying={query.isFetching} compact />;
  const totals = query.data?.pages[0]?.totals;
  const items = query.data?.pages.flatMap((page) => page.items);
  if (!totals || !items) return <Skeleton lines={5} height={40} />;
  const figures = [
    { label: t('coins'), value: format.number(totals.coins) },
    { label: t('pieces'), value: format.number(totals.pieces) },
    { label: t('givers'), value: format.number(totals.givers) },
  ];
  return (
    <div className="st-gifts" data-testid="gift-panel">
      <dl className="st-gift-totals">
        {figures.map(({ label, value }) => (
          <div key={label}>
            <dd className="wl-number">{value}</dd>
            <dt>{label}</dt>
          </div>
        ))}
      </dl>
      {items.length === 0 ? (
        <EmptyState compact illustration="chat" title={t('empty')} hint={t('empty.hint')} />
      ) : (
        <ul className="st-gift-list">
          {items.map((given) => (
            <li key={given.id} data-state={given.state} data-testid="gift-row">
              <img src={given.gift.pictureUrl} alt="" width="40" height="40" />
              <span className="st-gift-text">
                <b>{given.giver.name}</b>
                <span>
                  {t('line', { gift: locale === 'en' ? given.gift.nameEn : given.gift.name, count: given.quantity })}
                </span>
              </span>
              <span className="st-gift-side">
                <span className="wl-number">{t('line.coins', { count: format.number(given.coins) })}</span>
                <Badge tone={tones[given.state]}>{t(`state.${given.state}`)}</Badge>
              </span>
            </li>
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button variant="soft" size="s" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
      <p className="st-gift-note">{t('note')}</p>
    </div>
  );
};

/** The newest burst over the picture. */
export const GiftTicker = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useGiftT();
  const { locale } = useLocale();
  const last = useSelect(session, (state) => state.gifts.at(-1));
  const [shown, setShown] = useState<typeof last>(undefined);
  useEffect(() => {
    setShown(last);
    if (!last) return;
    const timer = setTimeout(() => setShown(undefined), TICKER_MS);
    return () => clearTimeout(timer);
  }, [last]);
  if (!shown) return null;
  return (
    <span key={shown.comboId} className="st-bubble st-bubble-gift" data-testid="gift-ticker">
      <img src={shown.pictureUrl} alt="" width="22" height="22" />
      <b>{shown.name}</b>
      {t('line', { gift: locale === 'en' ? shown.giftNameEn : shown.giftName, count: shown.count })}
    </span>
  );
};
