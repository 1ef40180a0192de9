import { useQuery } from '@tanstack/react-query';
import type { Room } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { formatDuration, IconButton, LiveBadge, useFormat, useNow } from '@walnut-live/ui';
import { ChevronLeft, Eye, Heart, Power, ReceiptText } from 'lucide-react';
import type { ReactNode } from 'react';
import { wallQuery } from '../app/queries.ts';
import { useSelect, useServices } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import type { BroadcastState } from './broadcast.ts';

/** Orders of this room as headquarters counts them; null while nobody has said. */
const useOrderCount = (roomId: string): number | null => {
  const { api } = useServices();
  const wall = useQuery(wallQuery(api));
  return wall.data?.items.find((item) => item.room.id === roomId)?.orders ?? null;
};

export const Hud = ({
  room,
  session,
  air,
  ending = false,
  onEnd,
  onLeave,
  leaveLabel,
  badge,
  waiting = null,
}: {
  /** How the picture goes up; nothing while the room relays: this device's uplink is then nobody's question. */
  badge: ReactNode;
  /** What is waited for, in the place of "reconnecting". */
  waiting?: string | null;
  room: Room;
  session: RoomSession;
  air: BroadcastState;
  ending?: boolean;
  /** None where the live is somebody else's to end. */
  onEnd?: () => void;
  onLeave: () => void;
  leaveLabel?: string;
}): ReactNode => {
  const t = useT();
  const format = useFormat();
  const viewers = useSelect(session, (state) => state.viewersNow);
  const likes = useSelect(session, (state) => state.likes);
  const orders = useOrderCount(room.id);
  const startedAt = useSelect(session, (state) => state.room?.startedAt) ?? room.startedAt;
  const now = useNow(1000, session.serverNowMs() - Date.now());
  const live = air.publish.status === 'live';
  return (
    <header className="st-hud">
      <div className="st-hud-row">
        <IconButton
          variant="glass"
          label={leaveLabel ?? t('app.back')}
          icon={<ChevronLeft aria-hidden />}
          onClick={onLeave}
        />
        <div className="st-hud-title">
          <h1>{room.title}</h1>
          <p className="st-hud-state">
            <LiveBadge state={live ? 'live' : 'reconnecting'} {...(!live && waiting !== null && { label: waiting })} />
            <span className="wl-number" role="timer">
              {startedAt ? formatDuration(now - Date.parse(startedAt)) : '—'}
            </span>
          </p>
        </div>
        {badge}
        {onEnd && (
          <IconButton
            variant="danger"
            label={t('live.end')}
            icon={<Power aria-hidden />}
            loading={ending}
            onClick={onEnd}
          />
        )}
      </div>
      <ul className="st-hud-figures wl-number">
        <li title={t('live.viewers', { count: format.number(viewers) })}>
          <Eye aria-hidden />
          <span className="wl-visually-hidden">{t('live.viewers', { count: format.count(viewers) })}</span>
          <span aria-hidden="true">{format.count(viewers)}</span>
        </li>
        <li title={t('live.likes', { count: format.number(likes) })}>
          <Heart aria-hidden />
          <span className="wl-visually-hidden">{t('live.likes', { count: format.count(likes) })}</span>
          <span aria-hidden="true">{format.count(likes)}</span>
        </li>
        <li title={orders === null ? t('live.orders.unknown') : t('live.orders', { count: format.number(orders) })}>
          <ReceiptText aria-hidden />
          <span className="wl-visually-hidden">
            {orders === null ? t('live.orders.unknown') : t('live.orders', { count: format.count(orders) })}
          </span>
          <span aria-hidden="true">{orders === null ? '—' : format.count(orders)}</span>
        </li>
      </ul>
    </header>
  );
};
