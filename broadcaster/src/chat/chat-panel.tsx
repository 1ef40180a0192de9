import { type ChatLine, type RoomSession, visibleChat } from '@walnut-live/live-client/room';
import { Button, EmptyState, IconButton, Sheet } from '@walnut-live/ui';
import { ArrowDown, Flag, Reply, SendHorizontal, SlidersHorizontal, UserX, X } from 'lucide-react';
import { type FormEvent, type ReactNode, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useMe, useSelect } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import { Line } from './line.tsx';
import { MessageActions } from './message-actions.tsx';
import { useTalkT } from './messages.ts';
import { ModeForm } from './mode-form.tsx';
import { ModerationList } from './moderation-list.tsx';
import { ReportList, useOpenReports } from './report-list.tsx';
import './chat.css';

/** This close to the end (pixels) counts as "at the end": new messages then scroll into view. */
const NEAR_END_PX = 48;

const quoteOf = ({ messageId, personId, name, text }: ChatLine) => ({ messageId, personId, name, text });

export const useChatLines = (session: RoomSession): readonly ChatLine[] => {
  const chat = useSelect(session, (state) => state.chat);
  const outbox = useSelect(session, (state) => state.outbox);
  const role = useSelect(session, (state) => state.role);
  return useMemo(() => visibleChat(chat, outbox, role), [chat, outbox, role]);
};

/** The conversation with everything a host may do to a message or its sender. */
export const ChatPanel = ({ session }: { session: RoomSession }): ReactNode => {
  const t = useT();
  const talkT = useTalkT();
  const me = useMe();
  const lines = useChatLines(session);
  const muted = useSelect(session, (state) => state.mutedIds);
  const paused = useSelect(session, (state) => state.paused);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<ChatLine | null>(null);
  const [tool, setTool] = useState<'moderation' | 'mode' | 'reports' | null>(null);
  const [replyTo, setReplyTo] = useState<ChatLine | null>(null);
  const pinnedId = useSelect(session, (state) => state.pinnedMessage?.messageId);
  const slow = useSelect(session, (state) => state.chatMode.slowSeconds);
  const openReports = useOpenReports(session.roomId);
  const input = useRef<HTMLInputElement>(null);
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
    if (!paused && session.sendChat(text, replyTo ? { replyTo: quoteOf(replyTo) } : {})) {
      setText('');
      setReplyTo(null);
      atEnd.current = true;
    }
  };

  return (
    <div className="st-chat">
      <fieldset className="st-chat-tools" aria-label={talkT('tools')}>
        <Button variant="soft" size="s" icon={<SlidersHorizontal aria-hidden />} onClick={() => setTool('mode')}>
          {slow > 0 ? talkT('mode.on', { n: slow }) : talkT('mode')}
        </Button>
        <Button
          variant={openReports > 0 ? 'danger' : 'soft'}
          size="s"
          icon={<Flag aria-hidden />}
          onClick={() => setTool('reports')}
        >
          {talkT('reports')}
          {openReports > 0 && ` ${openReports}`}
        </Button>
        <Button variant="soft" size="s" icon={<UserX aria-hidden />} onClick={() => setTool('moderation')}>
          {t('chat.moderation')}
        </Button>
      </fieldset>
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
            pinned={line.messageId === pinnedId}
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
      {replyTo && (
        <p className="st-chat-reply">
          <Reply size={16} aria-hidden="true" />
          <span>
            {talkT('reply.to', { name: replyTo.name })}: {replyTo.text}
          </span>
          <IconButton
            label={talkT('reply.cancel')}
            icon={<X aria-hidden />}
            size="s"
            onClick={() => setReplyTo(null)}
          />
        </p>
      )}
      <form className="st-chat-form" onSubmit={send}>
        <input
          ref={input}
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
      <MessageActions
        session={session}
        line={chosen}
        onClose={() => setChosen(null)}
        onReply={(line) => {
          setReplyTo(line);
          input.current?.focus();
        }}
      />
      <Sheet open={tool === 'moderation'} onClose={() => setTool(null)} title={t('chat.moderation')} theme="dark">
        <ModerationList roomId={session.roomId} />
      </Sheet>
      <Sheet open={tool === 'mode'} onClose={() => setTool(null)} title={talkT('mode')} theme="dark">
        <ModeForm session={session} onDone={() => setTool(null)} />
      </Sheet>
      <Sheet
        open={tool === 'reports'}
        onClose={() => setTool(null)}
        title={talkT('reports')}
        height="tall"
        theme="dark"
      >
        <ReportList roomId={session.roomId} />
      </Sheet>
    </div>
  );
};
