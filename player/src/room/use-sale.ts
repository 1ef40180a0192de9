import { createContext, useContext } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { useRoom } from './use-room.ts';

/** True on a replay: it sells at the normal price although its live has ended. */
export const SellsByReplay = createContext(false);

/** Orders are placed while the room is live; before and after, the buttons say when. Null = selling. */
export const useNotSelling = (): string | null => {
  const t = playerI18n.useT();
  const stage = useRoom((state) => state.stage);
  const byReplay = useContext(SellsByReplay);
  if (stage === 'live' || byReplay) return null;
  return t(stage === 'scheduled' ? 'product.notYet' : 'product.over');
};
