import { Hourglass, Pin, UserCheck } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useRoom } from '../room/use-room.ts';
import { LazySticker } from './lazy-sticker.tsx';
import { useChatT } from './messages.ts';

/** The message that the host has pinned: one line, a tap shows all of it. */
export const PinnedMessage = (): ReactNode => {
  const t = useChatT();
  const message = useRoom((state) => state.pinnedMessage);
  const [whole, setWhole] = useState<string | null>(null);
  if (!message) return null;
  const isWhole = whole === message.messageId;
  return (
    <button
      type="button"
      className="pl-notice pl-pinned-message"
      data-whole={isWhole}
      aria-expanded={isWhole}
      onClick={() => setWhole(isWhole ? null : message.messageId)}
      data-testid="pinned-message"
    >
      <Pin size={14} aria-label={t('pinned.label')} />
      <span>
        <b>{message.name}</b>{' '}
        {message.sticker ? <LazySticker id={message.sticker} text={message.text} size={22} /> : message.text}
      </span>
    </button>
  );
};

/** How the room talks, when it is not as ever. */
export const ModeNote = (): ReactNode => {
  const t = useChatT();
  const { slowSeconds, audience } = useRoom((state) => state.chatMode);
  const isOver = useRoom((state) => state.stage === 'ended');
  if (isOver || (slowSeconds === 0 && audience === 'everyone')) return null;
  return (
    <p className="pl-talk-mode" role="status" data-testid="chat-mode">
      {slowSeconds > 0 && (
        <span>
          <Hourglass size={12} aria-hidden="true" />
          {t('mode.slow', { seconds: slowSeconds })}
        </span>
      )}
      {audience !== 'everyone' && (
        <span>
          <UserCheck size={12} aria-hidden="true" />
          {t(`mode.${audience}`)}
        </span>
      )}
    </p>
  );
};
