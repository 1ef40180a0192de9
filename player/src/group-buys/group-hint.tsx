import { IconButton } from '@walnut-live/ui';
import { ChevronRight, Users, X } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { usePurchase } from '../purchase/purchase-provider.tsx';
import { useRoom, useServerNow } from '../room/use-room.ts';
import { useGroupT } from './messages.ts';
import { closeHint, missing, nextHint, noHints, ownGroups, shownGroup } from './news.ts';
import './group-hint.css';

/** One line above the pinned card: a group that waits for somebody. From the room's facts only (rule Z8). */
const GroupHint = (): ReactNode => {
  const t = useGroupT();
  const { flow, openProduct } = usePurchase();
  const news = useRoom((state) => state.groupNews);
  const items = useRoom((state) => state.bag.items);
  const isLive = useRoom((state) => state.stage === 'live');
  const now = useServerNow();
  const [memory, setMemory] = useState(noHints);
  // Whoever buys something looks at nothing else.
  const mayShow = isLive && flow === null;

  useEffect(() => {
    if (!mayShow) return;
    setMemory((before) =>
      nextHint(before, news, {
        now,
        isFor: ({ id, product }) => !ownGroups.has(id) && items.some((item) => item.product.id === product.id),
      }),
    );
  }, [mayShow, news, items, now]);

  const group = mayShow ? shownGroup(memory, news, now) : null;
  const opener = group?.members.find((member) => member.opener);
  return (
    <div className="pl-group-hint-place" role="status">
      {group && (
        <div className="pl-group-hint" data-testid="group-hint" data-group-id={group.id}>
          <button
            type="button"
            className="pl-group-hint-main"
            onClick={() => {
              setMemory((before) => closeHint(before, now));
              openProduct(group.product.id);
            }}
          >
            <Users size={16} aria-hidden="true" />
            <span>
              {opener
                ? t('hint.opened', { name: opener.name, count: missing(group) })
                : t('hint.waits', { count: missing(group) })}
            </span>
            <ChevronRight size={16} aria-hidden="true" />
          </button>
          <IconButton
            label={t('hint.hide')}
            icon={<X size={16} />}
            variant="ghost"
            onClick={() => setMemory((before) => closeHint(before, now))}
            data-testid="group-hint-hide"
          />
        </div>
      )}
    </div>
  );
};

export default GroupHint;
