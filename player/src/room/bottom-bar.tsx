import { IconButton, useFormat } from '@walnut-live/ui';
import { Gift, Heart, Share2, ShoppingBag } from 'lucide-react';
import type { ReactNode } from 'react';
import { Composer } from '../chat/composer.tsx';
import { useGiftT } from '../gifts/messages.ts';
import { playerI18n } from '../i18n/messages.ts';
import { useHearts } from './hearts.tsx';
import { useRoom, useRoomHandle } from './use-room.ts';

export const BottomBar = ({
  onBag,
  onShare,
  onGift,
}: {
  onBag: () => void;
  onShare: () => void;
  /** None where nothing can be given. */
  onGift?: () => void;
}): ReactNode => {
  const t = playerI18n.useT();
  const giftT = useGiftT();
  const format = useFormat();
  const session = useRoomHandle();
  const stage = useRoom((state) => state.stage);
  const bagSize = useRoom((state) => state.bag.items.length);
  const likes = useRoom((state) => state.likes + state.likesUnsent);
  const kind = useRoom((state) => state.room?.kind);
  const hearts = useHearts();

  return (
    <div className="pl-bar">
      <button
        type="button"
        className="pl-bag"
        onClick={onBag}
        data-testid="bag"
        aria-label={t('bag.open', { count: bagSize })}
      >
        <ShoppingBag size={22} aria-hidden="true" />
        {bagSize > 0 && <span className="pl-bag-count wl-number">{bagSize}</span>}
      </button>
      {stage === 'ended' ? <span className="pl-composer" /> : <Composer />}
      {onGift && stage === 'live' && (
        <IconButton
          label={giftT('open')}
          icon={<Gift size={21} className="pl-gift-open" />}
          variant="glass"
          onClick={onGift}
          data-testid="gift"
        />
      )}
      {kind !== 'conference' && (
        <IconButton
          label={t('share.open')}
          icon={<Share2 size={20} />}
          variant="glass"
          onClick={onShare}
          data-testid="share"
        />
      )}
      <span className="pl-like">
        <IconButton
          label={t('like.label')}
          icon={<Heart size={22} className="pl-like-heart" />}
          variant="glass"
          data-testid="like"
          onClick={(event) => {
            session.like();
            const box = event.currentTarget.getBoundingClientRect();
            hearts.burst(box.left + box.width / 2, box.top);
          }}
        />
        <span className="pl-like-count wl-number" data-testid="like-count" data-count={likes}>
          {format.count(likes)}
        </span>
      </span>
    </div>
  );
};
