import { visibleChat } from '@walnut-live/live-client/room';
import { ChevronDown } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { MessageMenu } from '../chat/lazy-sheets.tsx';
import { Line } from '../chat/line.tsx';
import { useTalk } from '../chat/talk-provider.tsx';
import { GiftMessage, isGift, withGifts } from '../gifts/gift-message.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { useRoom, useRoomHandle } from './use-room.ts';

/** Lines that are drawn; the room keeps more than anybody scrolls back on a phone. */
const DRAWN = 120;
/** Closer to the end than this (CSS pixels) counts as reading along. */
const AT_END_PX = 48;

/** The room's talk: newest below, fading out above; a pill counts what came while one reads further up. */
export const Chat = (): ReactNode => {
  const t = playerI18n.useT();
  const session = useRoomHandle();
  const { menu, openMenu } = useTalk();
  const chat = useRoom((state) => state.chat);
  const outbox = useRoom((state) => state.outbox);
  const role = useRoom((state) => state.role);
  const selfId = useRoom((state) => state.selfId);
  const arrival = useRoom((state) => state.arrivals.at(-1));
  const gifts = useRoom((state) => state.gifts);
  const lines = useMemo(() => visibleChat(chat, outbox, role).slice(-DRAWN), [chat, outbox, role]);
  const entries = useMemo(() => withGifts(lines, gifts), [lines, gifts]);
  const lastSeen = entries.at(-1);
  const lastGiftId = lastSeen && isGift(lastSeen) ? `${lastSeen.comboId} ${lastSeen.count}` : null;
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
  }, [lastId, lastGiftId, atEnd, lastIsMine, toEnd]);
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
        {entries.map((entry) =>
          isGift(entry) ? (
            <GiftMessage key={entry.comboId} gift={entry} own={entry.personId === selfId} />
          ) : (
            <Line
              key={entry.messageId}
              line={entry}
              own={entry.personId === selfId}
              named={
                entry.personId !== selfId &&
                (entry.replyTo?.personId === selfId ||
                  (entry.mentions?.some((one) => one.personId === selfId) ?? false))
              }
              onOpen={openMenu}
              onRetry={session.retryChat}
              onDrop={session.dismissChat}
            />
          ),
        )}
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
      <MessageMenu line={menu} onClose={() => openMenu(null)} />
    </div>
  );
};
