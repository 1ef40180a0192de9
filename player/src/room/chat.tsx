import { type ChatLine, visibleChat } from '@walnut-live/live-client/room';
import { cx, useErrorText } from '@walnut-live/ui';
import { ChevronDown, LoaderCircle, RotateCw } from 'lucide-react';
import { memo, type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { useRoom, useRoomHandle } from './use-room.ts';

/** Lines that are drawn; the room keeps more than anybody scrolls back on a phone. */
const DRAWN = 120;
/** Closer to the end than this (CSS pixels) counts as reading along. */
const AT_END_PX = 48;

const Line = memo(
  ({ line, own, onRetry }: { line: ChatLine; own: boolean; onRetry: (id: string) => void }): ReactNode => {
    const t = playerI18n.useT();
    const errorText = useErrorText();
    return (
      <p
        className={cx('pl-line', own && 'pl-line-own', line.role !== 'viewer' && 'pl-line-host')}
        data-testid="chat-line"
      >
        {line.role !== 'viewer' && <span className="pl-line-role">{t(`chat.role.${line.role}`)}</span>}
        <span className="pl-line-name">{line.name}</span>
        <span className="pl-line-text">{line.text}</span>
        {line.delivery === 'sending' && (
          <LoaderCircle size={12} className="pl-line-wait" aria-label={t('chat.sending')} />
        )}
        {line.delivery === 'failed' && line.clientMessageId && (
          <button
            type="button"
            className="pl-line-retry"
            title={line.code ? errorText(line.code) : undefined}
            onClick={() => onRetry(line.clientMessageId ?? '')}
          >
            <RotateCw size={12} aria-hidden="true" />
            {t('chat.retry')}
          </button>
        )}
      </p>
    );
  },
);

/** The room's talk: newest below, fading out above; a pill counts what came while one reads further up. */
export const Chat = (): ReactNode => {
  const t = playerI18n.useT();
  const session = useRoomHandle();
  const chat = useRoom((state) => state.chat);
  const outbox = useRoom((state) => state.outbox);
  const role = useRoom((state) => state.role);
  const selfId = useRoom((state) => state.selfId);
  const arrival = useRoom((state) => state.arrivals.at(-1));
  const lines = useMemo(() => visibleChat(chat, outbox, role).slice(-DRAWN), [chat, outbox, role]);
  const log = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [seenId, setSeenId] = useState<string | null>(null);
  const lastId = lines.at(-1)?.messageId ?? null;
  const lastIsMine = lines.at(-1)?.delivery === 'sending';

  const toEnd = useCallback((): void => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight;
    setAtEnd(true);
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs for each new line
  useLayoutEffect(() => {
    if (atEnd || lastIsMine) toEnd();
  }, [lastId, atEnd, lastIsMine, toEnd]);
  useEffect(() => {
    if (atEnd) setSeenId(lastId);
  }, [atEnd, lastId]);

  const seenAt = lines.findIndex((line) => line.messageId === seenId);
  const unread = atEnd ? 0 : lines.length - 1 - seenAt;

  return (
    <div className="pl-chat">
      <div
        ref={log}
        className="pl-chat-log"
        data-testid="chat-log"
        role="log"
        aria-live="polite"
        aria-label={t('chat.label')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboards scroll it
        tabIndex={0}
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          setAtEnd(scrollHeight - scrollTop - clientHeight < AT_END_PX);
        }}
      >
        <p className="pl-line pl-line-house">{t('chat.welcome')}</p>
        {lines.map((line) => (
          <Line key={line.messageId} line={line} own={line.personId === selfId} onRetry={session.retryChat} />
        ))}
      </div>
      {unread > 0 && (
        <button type="button" className="pl-unread" onClick={toEnd}>
          {t('chat.unread', { count: unread })}
          <ChevronDown size={14} aria-hidden="true" />
        </button>
      )}
      {arrival && (
        <p key={arrival.seq} className="pl-arrival" aria-hidden="true">
          {t('chat.arrived', { name: arrival.name })}
        </p>
      )}
    </div>
  );
};
