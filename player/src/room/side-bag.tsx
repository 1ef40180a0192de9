import { type ReactNode, useSyncExternalStore } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { BagList } from './bag-list.tsx';
import { useRoom } from './use-room.ts';

const wide = '(min-width: 1000px)';
const subscribe = (listener: () => void): (() => void) => {
  const query = matchMedia(wide);
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
};

/** Beside the picture where a screen has the room for it: what the sheet shows on a phone. */
/** Wide enough for the bag, and later the checkout, beside the picture. */
export const useIsWide = (): boolean => useSyncExternalStore(subscribe, () => matchMedia(wide).matches);

export const SideBag = (): ReactNode => {
  const t = playerI18n.useT();
  const isWide = useIsWide();
  const room = useRoom((state) => state.room);
  const count = useRoom((state) => state.bag.items.length);
  if (!isWide || !room) return null;
  return (
    <aside className="pl-side" data-theme="light" aria-label={t('bag.title', { count })}>
      <header className="pl-side-head">
        <p className="pl-side-store">{room.orgUnit.name}</p>
        <p className="pl-side-title">{room.title}</p>
      </header>
      <BagList />
    </aside>
  );
};
