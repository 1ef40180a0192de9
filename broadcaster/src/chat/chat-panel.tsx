import { type ChatLine, type RoomSession, visibleChat } from '@walnut-live/live-client/room';
import {
  Avatar,
  Badge,
  Button,
  cx,
  EmptyState,
  IconButton,
  Sheet,
  useConfirm,
  useErrorText,
  useFormat,
  useToast,
} from '@walnut-live/ui';
import { ArrowDown, Ban, MicOff, SendHorizontal, Trash2, UserX } from 'lucide-react';
import { type FormEvent, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useMe, useSelect } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import { ModerationList } from './moderation-list.tsx';
import './chat.css';

/** This close to the end (pixels) counts as "at the end": new messages then scroll into view. */
const NEAR_END_PX = 48;
const TEN_MINUTES = 10;

export const useChatLines = (session: RoomSession): readonly ChatLine[] => {
  const chat = useSelect(session, (state) => state.chat);
  const outbox = useSelect(session, (state) => state.outbox);
  const role = useSelect(session, (state) => state.role);
  return useMemo(() => visibleChat(chat, outbox, role), [chat, outbox, role]);
};

/** The conversation with everything a host may do to a message or its sender. */
export const ChatPanel = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useT();
  const me = useMe();
  const lines = useChatLines(session);
  const muted = useSelect(session, (state) => state.mutedIds);
  const paused = useSelect(session, (state) => state.paused);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<ChatLine | null>(null);
  const [moderation, setModeration] = useState(false);
  const log = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [unseen, setUnseen] = useState(0);
  const count = useRef(lines.length);

  const toEnd = (): void => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight;
    setUnseen(0);
  };

  useLayoutEffect(() => {
    const added = Math.max(0, lines.length - count.current);
    count.current = lines.length;
    if (atEnd.current && log.current) log.current.scrollTop = log.current.scrollHeight;
    else if (added > 0) setUnseen((before) => before + added);
  }, [lines]);

  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (!paused && session.sendChat(text)) {
      setText('');
      atEnd.current = true;
    }
  };

  return (
    <div className="st-chat">
      <div className="st-chat-tools">
        <Button variant="soft" size="s" icon={<UserX aria-hidden />} onClick={() => setModeration(true)}>
          {t('chat.moderation')}
        </Button>
      </div>
      <div
        ref={log}
        className="st-chat-log"
        role="log"
        aria-label={t('chat.log')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
          if (atEnd.current) setUnseen(0);
        }}
      >
        {lines.length === 0 && (
          <EmptyState compact illustration="chat" title={t('chat.empty')} hint={t('chat.empty.hint')} />
        )}
        {lines.map((line) => (
          <Line
            key={line.messageId}
            line={line}
            muted={line.personId in muted}
            mine={line.personId === me.id}
            session={session}
            onChoose={() => setChosen(line)}
          />
        ))}
      </div>
      {unseen > 0 && (
        <Button className="st-chat-unseen" size="s" icon={<ArrowDown aria-hidden />} onClick={toEnd}>
          {t('chat.newMessages', { count: unseen })}
        </Button>
      )}
      <form className="st-chat-form" onSubmit={send}>
        <input
          className="st-input"
          value={text}
          maxLength={200}
          placeholder={t(paused ? 'paused.composer' : 'chat.placeholder')}
          aria-label={t('chat.placeholder')}
          enterKeyHint="send"
          onChange={(event) => setText(event.target.value)}
        />
        <IconButton
          type="submit"
          variant="grove"
          size="l"
          label={t(paused ? 'paused.send' : 'chat.send')}
          icon={<SendHorizontal aria-hidden />}
          disabled={paused || text.trim() === ''}
        />
      </form>
      <Actions session={session} line={chosen} onClose={() => setChosen(null)} />
      <Sheet open={moderation} onClose={() => setModeration(false)} title={t('chat.moderation')} theme="dark">
        <ModerationList roomId={session.roomId} />
      </Sheet>
    </div>
  );
};

const Line = ({
  line,
  muted,
  mine,
  session,
  onChoose,
}: {
  line: ChatLine;
  muted: boolean;
  mine: boolean;
  session: RoomSession;
  onChoose: () => void;
}): ReactNode => {
  const t = useT();
  const format = useFormat();
  const body = (
    <>
      <Avatar name={line.name} size={32} />
      <span className="st-line-text">
        <span className="st-line-who">
          <b>{line.name}</b>
          {line.role !== 'viewer' && (
            <Badge tone="success">{t(line.role === 'host' ? 'chat.host' : 'chat.operator')}</Badge>
          )}
          {muted && <Badge tone="danger">{t('chat.mutedTag')}</Badge>}
          <time dateTime={line.at}>{format.time(line.at)}</time>
        </span>
        <span className={cx(line.delivery === 'sending' && 'st-line-sending')}>{line.text}</span>
      </span>
    </>
  );
  if (line.delivery === 'failed')
    return (
      <div className="st-line">
        {body}
        <Button
          variant="danger"
          size="s"
          onClick={() => line.clientMessageId && session.retryChat(line.clientMessageId)}
        >
          {t('chat.failed')}
        </Button>
      </div>
    );
  if (line.delivery === 'sending') return <div className="st-line">{body}</div>;
  // On one's own words the only action is to take them back; it is in the same sheet.
  return (
    <button
      type="button"
      className="st-line"
      onClick={onChoose}
      aria-haspopup="dialog"
      data-mine={mine ? '' : undefined}
    >
      {body}
    </button>
  );
};

const Actions = ({
  session,
  line,
  onClose,
}: {
  session: RoomSession;
  line: ChatLine | null;
  onClose: () => void;
}): ReactNode => {
  const t = useT();
  const me = useMe();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const kept = useRef(line);
  useEffect(() => {
    if (line) kept.current = line;
  }, [line]);
  const shown = line ?? kept.current;
  if (!shown) return null;
  const { name, personId, messageId } = shown;

  const run = (act: () => Promise<void>, done: string) => async (): Promise<void> => {
    onClose();
    try {
      await act();
      toast(done, { tone: 'success' });
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    }
  };
  const ban = async (): Promise<void> => {
    const yes = await confirm({
      title: t('chat.ban.title', { name }),
      body: t('chat.ban.body'),
      confirmText: t('chat.ban'),
      tone: 'danger',
      theme: 'dark',
    });
    if (yes) await run(() => session.ban(personId), t('chat.banned', { name }))();
  };

  return (
    <Sheet open={line !== null} onClose={onClose} title={t('chat.actions', { name })} theme="dark">
      <blockquote className="st-quote">{shown.text}</blockquote>
      <div className="st-actions">
        <Button
          variant="soft"
          size="l"
          icon={<Trash2 aria-hidden />}
          onClick={() => void run(() => session.deleteChat(messageId), t('chat.deleted'))()}
        >
          {t('chat.delete')}
        </Button>
        {personId !== me.id && (
          <>
            <Button
              variant="soft"
              size="l"
              icon={<MicOff aria-hidden />}
              onClick={() => void run(() => session.mute(personId, TEN_MINUTES), t('chat.muted', { name }))()}
            >
              {t('chat.mute10')}
            </Button>
            <Button
              variant="soft"
              size="l"
              icon={<MicOff aria-hidden />}
              onClick={() => void run(() => session.mute(personId, null), t('chat.muted', { name }))()}
            >
              {t('chat.muteRoom')}
            </Button>
            <Button variant="danger" size="l" icon={<Ban aria-hidden />} onClick={() => void ban()}>
              {t('chat.ban')}
            </Button>
          </>
        )}
      </div>
    </Sheet>
  );
};
