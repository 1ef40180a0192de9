import { CirclePause } from 'lucide-react';
import type { ReactNode } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { useRoom } from './use-room.ts';

/** The server takes nothing into the room for the moment. What one has typed stays; watching and buying go on. */
export const PausedNote = (): ReactNode => {
  const t = playerI18n.useT();
  const paused = useRoom((state) => state.paused && state.stage !== 'ended');
  return (
    <div role="status" className="pl-paused-place">
      {paused && (
        <p className="pl-paused" data-testid="room-paused">
          <CirclePause size={15} aria-hidden="true" />
          <span>{t('paused.note')}</span>
        </p>
      )}
    </div>
  );
};
