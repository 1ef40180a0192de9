import type { Room } from '@walnut-live/contracts';
import { Badge, LiveBadge, useFormat } from '@walnut-live/ui';
import { Eye, Heart } from 'lucide-react';
import type { ReactNode } from 'react';
import { BookingCount } from '../booking/bookings.tsx';
import { useT } from '../i18n/index.ts';

export const RoomCard = ({
  room,
  overdue = false,
  actions,
}: {
  room: Room;
  overdue?: boolean;
  actions?: ReactNode;
}): ReactNode => {
  const t = useT();
  const format = useFormat();
  return (
    <article className="st-room">
      <div className="st-room-cover">
        <img src={room.coverUrl} alt="" loading="lazy" width="96" height="132" />
        <LiveBadge state={room.state} />
      </div>
      <div className="st-room-text">
        <h3>{room.title}</h3>
        <p className="st-room-meta">
          {room.isDemo && <Badge tone="warn">{t('today.demo')}</Badge>}
          {room.relay && <Badge>{t('relay.badge')}</Badge>}
          {overdue && <Badge tone="hot">{t('today.overdue')}</Badge>}
          {room.state === 'scheduled' && room.scheduledAt && (
            <span>{t('today.startsAt', { time: format.dateTime(room.scheduledAt) })}</span>
          )}
          {room.state === 'scheduled' && <BookingCount roomId={room.id} />}
          {room.state !== 'scheduled' && <span>{t('today.hostedBy', { name: room.host.name })}</span>}
        </p>
        {room.state === 'live' && (
          <p className="st-room-figures wl-number">
            <span>
              <Eye aria-hidden />
              {t('live.viewers', { count: format.count(room.viewersNow) })}
            </span>
            <span>
              <Heart aria-hidden />
              {format.count(room.likes)}
            </span>
          </p>
        )}
        <p className="st-hint">{room.orgUnit.name}</p>
        {actions && <div className="st-room-actions">{actions}</div>}
      </div>
    </article>
  );
};
