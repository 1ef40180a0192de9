import { Megaphone } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { useRoom } from './use-room.ts';

/** The host's announcement: one line, a tap shows all of it. */
export const Notice = (): ReactNode => {
  const t = playerI18n.useT();
  const text = useRoom((state) => state.notice);
  const [whole, setWhole] = useState(false);
  if (!text) return null;
  return (
    <button
      type="button"
      className="pl-notice"
      data-whole={whole}
      aria-expanded={whole}
      onClick={() => setWhole(!whole)}
      data-testid="notice"
    >
      <Megaphone size={14} aria-label={t('room.notice')} />
      <span>{text}</span>
    </button>
  );
};
