import { playerI18n } from '../i18n/messages.ts';
import { useRoom } from './use-room.ts';

/** Orders are placed while the room is live; before and after, the buttons say when. Null = selling. */
export const useNotSelling = (): string | null => {
  const t = playerI18n.useT();
  const stage = useRoom((state) => state.stage);
  if (stage === 'live') return null;
  return t(stage === 'scheduled' ? 'product.notYet' : 'product.over');
};
