import { useQuery } from '@tanstack/react-query';
import { listRooms, type Room, type RoomState } from '@walnut-live/contracts';
import { AiPictureBadge, Avatar, Badge, EmptyState, ErrorState, LiveBadge, Skeleton, useFormat } from '@walnut-live/ui';
import { Eye } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { Page } from './page.tsx';

const REFRESH_MS = 15_000;

const useRooms = (state: RoomState) => {
  const { api } = useServices();
  return useQuery({
    queryKey: ['rooms', state],
    queryFn: ({ signal }) => api.call(listRooms, { query: { state, limit: 30 }, signal }),
    refetchInterval: REFRESH_MS,
  });
};

const Cover = ({ room }: { room: Room }): ReactNode => {
  const t = playerI18n.useT();
  const format = useFormat();
  return (
    <Link to={`/r/${room.id}`} className="pl-room-card" data-testid="room-card" data-state={room.state}>
      <img src={room.coverUrl} alt="" loading="lazy" />
      <span className="pl-room-card-top">
        <LiveBadge state={room.state} />
        {room.aiPicture && <AiPictureBadge />}
        {room.isDemo && <Badge tone="warn">{t('top.demo')}</Badge>}
        {room.state === 'live' && (
          <span className="pl-room-card-viewers">
            <Eye size={13} aria-hidden="true" />
            <span className="wl-visually-hidden">{t('top.viewers')}</span>
            <span className="wl-number">{format.count(room.viewersNow)}</span>
          </span>
        )}
      </span>
      <span className="pl-room-card-foot">
        <span className="pl-room-card-title">{room.title}</span>
        <span className="pl-room-card-host">
          <Avatar name={room.host.name} size={22} />
          <span>
            {room.host.name} · {room.orgUnit.name}
          </span>
        </span>
        {room.state === 'scheduled' && room.scheduledAt && (
          <span className="pl-room-card-when">{format.dateTime(room.scheduledAt)}</span>
        )}
        {room.state === 'ended' && (
          <span className="pl-room-card-when">
            {room.endedAt && `${format.dateTime(room.endedAt)} · `}
            {t('shelf.watched', { count: format.count(room.viewersTotal) })}
          </span>
        )}
      </span>
    </Link>
  );
};

const Section = ({
  title,
  rooms,
  hero = false,
}: {
  title: string;
  rooms: readonly Room[];
  hero?: boolean;
}): ReactNode =>
  rooms.length > 0 && (
    <section className="pl-shelf" data-hero={hero}>
      <h2>{title}</h2>
      <div className="pl-shelf-grid">
        {rooms.map((room) => (
          <Cover key={room.id} room={room} />
        ))}
      </div>
    </section>
  );

const Shelf = (): ReactNode => {
  const t = playerI18n.useT();
  const live = useRooms('live');
  const soon = useRooms('scheduled');
  const past = useRooms('ended');
  const all = [live, soon, past];
  const nothing = all.every((query) => query.data && query.data.items.length === 0);
  const broken = all.every((query) => query.isError && !query.data);

  if (broken)
    return (
      <ErrorState
        error={live.error}
        retrying={live.isFetching}
        onRetry={() => {
          for (const query of all) void query.refetch();
        }}
      />
    );
  if (all.some((query) => query.isPending && !query.isError))
    return (
      <div className="pl-shelf" aria-busy="true">
        <div className="pl-shelf-grid">
          {['a', 'b', 'c', 'd'].map((key) => (
            <Skeleton key={key} height={260} radius={18} />
          ))}
        </div>
      </div>
    );
  return (
    <>
      {nothing && <EmptyState illustration="rooms" title={t('shelf.empty')} hint={t('shelf.emptyHint')} />}
      <Section title={t('shelf.live')} rooms={live.data?.items ?? []} hero />
      <Section title={t('shelf.soon')} rooms={soon.data?.items ?? []} />
      <Section title={t('shelf.past')} rooms={past.data?.items ?? []} />
    </>
  );
};

/** The frame is outermost: the shelf's queries need the host inside it. */
const ShelfPage = (): ReactNode => {
  const t = playerI18n.useT();
  return (
    <Page title={t('shelf.title')} tabs wide>
      <Shelf />
    </Page>
  );
};

export default ShelfPage;
