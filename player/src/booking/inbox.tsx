import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { type MyMessage, myMessages, readMessages } from '@walnut-live/contracts';
import { Badge, Button, ErrorState, Sheet, Skeleton, useFormat } from '@walnut-live/ui';
import { Settings2 } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { OrderNews } from '../delivery/order-news.tsx';
import { usePerson } from '../pages/use-person.ts';
import { MessageSettingsForm } from './message-settings.tsx';
import { useBookingT } from './messages.ts';
import './inbox.css';

const PAGE_SIZE = 10;
const REFRESH_MS = 30_000;

const Line = ({ message }: { message: MyMessage }): ReactNode => {
  const t = useBookingT();
  const format = useFormat();
  const { kind, why, content, roomId } = message;
  const time = content.scheduledAt ? format.dateTime(content.scheduledAt) : t('time.open');
  const isOwnWords = kind === 'campaign' || kind === 'order_news' || kind === 'credit_news';
  const inner = (
    <>
      <span className="pl-inbox-head">
        <b>{t(`kind.${kind}`, { unit: content.unitName })}</b>
        {message.readAt === null && <Badge tone="hot">{t('inbox.new')}</Badge>}
        <time dateTime={message.at}>{format.dateTime(message.at)}</time>
      </span>
      <span>
        {content.order ? (
          <OrderNews order={content.order} />
        ) : content.credit ? (
          t(`credit.${content.credit.event}`)
        ) : isOwnWords ? (
          content.text
        ) : (
          t(`text.${kind}`, { room: kind === 'coupon_ends' ? content.text : content.roomTitle, time })
        )}
      </span>
      <span className="pl-fine">{t(`why.${why}`, { unit: content.unitName })}</span>
    </>
  );
  return (
    <li data-testid="message" data-kind={kind}>
      {content.order ? (
        <Link to={`/orders/${content.order.id}`}>{inner}</Link>
      ) : content.credit ? (
        <Link to={`/credits/${content.credit.orderId}`}>{inner}</Link>
      ) : roomId === null ? (
        <div>{inner}</div>
      ) : (
        <Link to={`/r/${roomId}`}>{inner}</Link>
      )}
    </li>
  );
};

/** What this person was told, with why; nothing on the page for whoever is not signed in. */
export const Inbox = (): ReactNode => {
  const t = useBookingT();
  const { api } = useServices();
  const person = usePerson();
  const queries = useQueryClient();
  const [settings, setSettings] = useState(false);
  const isConsumer = person?.kind === 'consumer';
  const query = useInfiniteQuery({
    queryKey: ['my-messages', person?.id],
    initialPageParam: '',
    queryFn: ({ signal, pageParam }) =>
      api.call(myMessages, { query: { limit: PAGE_SIZE, ...(pageParam ? { cursor: pageParam } : {}) }, signal }),
    getNextPageParam: (last) => last.nextCursor,
    enabled: isConsumer,
    refetchInterval: REFRESH_MS,
  });
  const unread = query.data?.pages[0]?.unread ?? 0;
  // Seen is read, on the server; here they stay marked as new until the page is left.
  useEffect(() => {
    if (unread > 0) void api.call(readMessages, { body: {} }).catch(() => {});
  }, [api, unread]);
  if (!isConsumer) return null;
  if (query.isError && !query.data)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} compact />;
  if (!query.data) return <Skeleton height={96} radius={18} />;
  const items = query.data.pages.flatMap((page) => page.items);
  return (
    <section className="pl-card" id="messages" data-testid="inbox">
      <header className="pl-inbox-top">
        <h2 className="pl-card-title">{t('inbox.title')}</h2>
        <button
          type="button"
          onClick={() => setSettings(true)}
          aria-label={t('settings')}
          data-testid="message-settings"
        >
          <Settings2 size={20} aria-hidden="true" />
        </button>
      </header>
      {items.length === 0 ? (
        <p className="pl-fine">{t('inbox.none')}</p>
      ) : (
        <ul className="pl-inbox">
          {items.map((message) => (
            <Line key={message.id} message={message} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button variant="soft" block loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('inbox.more')}
        </Button>
      )}
      <Sheet
        open={settings}
        onClose={() => {
          setSettings(false);
          void queries.invalidateQueries({ queryKey: ['my-messages'] });
        }}
        title={t('settings')}
      >
        <MessageSettingsForm />
      </Sheet>
    </section>
  );
};
