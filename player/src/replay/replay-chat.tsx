import { type ReplayChatLine, replayChat } from '@walnut-live/contracts';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';

/** Read before the playhead, so that a jump does not land in an empty room. */
const LOOK_BACK_SECONDS = 60;
const LOOK_AHEAD_SECONDS = 15;
const PAGE = 100;
/** Kept in memory; older ones fall out. */
const KEPT = 400;
const DRAWN = 120;
const RETRY_MS = 3_000;

type Loaded = { fromSeconds: number; lines: readonly ReplayChatLine[]; cursor: string | null; complete: boolean };
const nothing: Loaded = { fromSeconds: Number.POSITIVE_INFINITY, lines: [], cursor: null, complete: false };

/** What was said, as far as the picture has come. Pages follow the playhead; a jump begins anew. */
const useChatUntil = (roomId: string, atSeconds: number): readonly ReplayChatLine[] => {
  const { api } = useServices();
  const [loaded, setLoaded] = useState<Loaded>(nothing);
  const busy = useRef(false);
  const [again, setAgain] = useState(0);
  const lastSeconds = loaded.lines.at(-1)?.atSeconds ?? loaded.fromSeconds;
  const isBefore = atSeconds < loaded.fromSeconds;
  const needsMore = !loaded.complete && atSeconds + LOOK_AHEAD_SECONDS > lastSeconds;

  // biome-ignore lint/correctness/useExhaustiveDependencies: asks when it has come to the end of what it knows
  useEffect(() => {
    if (busy.current || !(isBefore || needsMore)) return;
    busy.current = true;
    const isFar = !isBefore && atSeconds - lastSeconds > LOOK_BACK_SECONDS;
    const starts = isBefore || isFar || loaded.cursor === null;
    const fromSeconds = starts ? Math.max(0, Math.floor(atSeconds - LOOK_BACK_SECONDS)) : loaded.fromSeconds;
    const query = {
      limit: PAGE,
      fromSeconds: String(fromSeconds),
      ...(starts || loaded.cursor === null ? {} : { cursor: loaded.cursor }),
    };
    api
      .call(replayChat, { params: { id: roomId }, query })
      .then(({ items, nextCursor }) => {
        const lines = [...(starts ? [] : loaded.lines), ...items];
        const kept = lines.slice(-KEPT);
        const from = kept.length < lines.length ? (kept[0]?.atSeconds ?? fromSeconds) : fromSeconds;
        setLoaded({ fromSeconds: from, lines: kept, cursor: nextCursor, complete: nextCursor === null });
        busy.current = false;
      })
      .catch(() => {
        setTimeout(() => {
          busy.current = false;
          setAgain((now) => now + 1);
        }, RETRY_MS);
      });
  }, [api, roomId, isBefore, needsMore, loaded, again]);

  return loaded.lines.filter((line) => line.atSeconds <= atSeconds).slice(-DRAWN);
};

export const ReplayChat = ({ roomId, atSeconds }: { roomId: string; atSeconds: number }): ReactNode => {
  const t = playerI18n.useT();
  const lines = useChatUntil(roomId, atSeconds);
  const log = useRef<HTMLDivElement>(null);
  const lastId = lines.at(-1)?.message.messageId;
  // biome-ignore lint/correctness/useExhaustiveDependencies: follows the newest line
  useEffect(() => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight;
  }, [lastId]);
  return (
    <section className="pl-replay-chat">
      <h2>{t('replay.chat')}</h2>
      <div
        ref={log}
        className="pl-replay-log"
        role="log"
        aria-live="off"
        aria-label={t('replay.chat')}
        data-testid="replay-chat"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboards scroll it
        tabIndex={0}
      >
        {lines.length === 0 && <p className="pl-replay-quiet">{t('replay.chatEmpty')}</p>}
        {lines.map(({ message }) => (
          <p key={message.messageId} data-testid="replay-chat-line">
            {message.role !== 'viewer' && <span className="pl-replay-role">{t(`chat.role.${message.role}`)}</span>}
            <span className="pl-replay-name">{message.name}</span> {message.text}
          </p>
        ))}
      </div>
    </section>
  );
};
