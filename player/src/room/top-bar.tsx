import { Avatar, Badge, IconButton, LiveBadge, useFormat } from '@walnut-live/ui';
import { ChevronRight, Eye, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { FollowButton } from '../chat/follow-button.tsx';
import { MaterialChip } from '../conference/lazy-material.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { StageChip } from './stage-chip.tsx';
import type { StageView } from './stage-view.ts';
import { useRoom } from './use-room.ts';
import { ModeChip } from './video/mode-chip.tsx';

const badgeStates: Partial<Record<StageView, 'live' | 'scheduled' | 'reconnecting' | 'ended'>> = {
  starting: 'live',
  playing: 'live',
  blocked: 'live',
  stalled: 'live',
  'video-failed': 'live',
  'host-reconnecting': 'reconnecting',
  'programme-waiting': 'live',
  'programme-ended': 'live',
  waiting: 'scheduled',
  ended: 'ended',
};

/** Host and seller (rule Z2: one tap away), honest viewers, what this picture is, and the way out. */
export const TopBar = ({
  view,
  onSeller,
  onClose,
}: {
  view: StageView;
  onSeller: () => void;
  onClose: () => void;
}): ReactNode => {
  const t = playerI18n.useT();
  const format = useFormat();
  const room = useRoom((state) => state.room);
  const viewersNow = useRoom((state) => state.viewersNow);
  const badge = badgeStates[view];

  return (
    <header className="pl-top">
      <div className="pl-top-row">
        {room && (
          <button type="button" className="pl-host" onClick={onSeller} data-testid="seller">
            <Avatar name={room.host.name} size={36} live={view === 'playing'} />
            <span className="pl-host-text">
              <span className="pl-host-name">{room.host.name}</span>
              <span className="pl-host-store">
                {room.orgUnit.name}
                <ChevronRight size={12} aria-hidden="true" />
              </span>
            </span>
            <span className="wl-visually-hidden">{t('seller.open')}</span>
          </button>
        )}
        {room && <FollowButton />}
        <span className="pl-top-space" />
        {room?.state === 'live' && (
          <span className="pl-viewers" data-testid="viewers" title={t('top.viewersTitle')}>
            <Eye size={14} aria-hidden="true" />
            <span className="wl-visually-hidden">{t('top.viewers')}</span>
            <span className="wl-number">{format.count(viewersNow)}</span>
          </span>
        )}
        <IconButton label={t('top.close')} icon={<X size={20} />} variant="glass" onClick={onClose} />
      </div>
      <div className="pl-top-tags">
        {badge && <LiveBadge state={badge} />}
        {room?.isDemo && (
          <Badge tone="warn" className="pl-demo">
            {t('top.demo')}
          </Badge>
        )}
        <StageChip />
        <ModeChip />
        {room?.kind === 'conference' && <MaterialChip roomId={room.id} />}
      </div>
    </header>
  );
};
