import { useFormat } from '@walnut-live/ui';
import { Check, Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useRoom } from '../room/use-room.ts';
import { useChatT } from './messages.ts';
import { useTalk } from './talk-provider.tsx';

/** Follows the host by one tap; nothing while it is not known whether one does. */
export const FollowButton = (): ReactNode => {
  const t = useChatT();
  const format = useFormat();
  const { follow, setFollowing } = useTalk();
  const host = useRoom((state) => state.room?.host.name ?? '');
  const [busy, setBusy] = useState(false);
  if (!follow) return null;
  const { following, followers } = follow;
  return (
    <button
      type="button"
      className="pl-follow"
      aria-pressed={following}
      aria-label={t('follow.label', { name: host })}
      title={t('follow.followers', { count: format.count(followers) })}
      disabled={busy}
      onClick={() => {
        setBusy(true);
        void setFollowing(!following).finally(() => setBusy(false));
      }}
      data-testid="follow"
    >
      {following ? <Check size={16} aria-hidden="true" /> : <Plus size={14} aria-hidden="true" />}
      {!following && <span>{t('follow.do')}</span>}
    </button>
  );
};
