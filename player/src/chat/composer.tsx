import { QUOTE_LENGTH } from '@walnut-live/contracts';
import type { ChatLine, ChatParts } from '@walnut-live/live-client/room';
import { useToast } from '@walnut-live/ui';
import { Reply, SendHorizontal, Smile, X } from 'lucide-react';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { useServices } from '../app/services.tsx';
import { playerI18n } from '../i18n/messages.ts';
import { useRoom, useRoomHandle, useServerNow } from '../room/use-room.ts';
import { ExpressionsSheet } from './lazy-sheets.tsx';
import { useChatT } from './messages.ts';
import { type Named, useTalk } from './talk-provider.tsx';

/** The contract's longest message. */
const MAX_LENGTH = 200;

const quoteOf = ({ messageId, personId, name, text }: ChatLine): NonNullable<ChatParts['replyTo']> => ({
  messageId,
  personId,
  name,
  text: [...text].slice(0, QUOTE_LENGTH).join(''),
});

/** Whole seconds until my next turn in a room that talks slowly; 0 when it is mine. */
const useTurn = (): number => {
  const nextTurnMs = useRoom((state) => state.nextTurnMs);
  const { slowSeconds } = useRoom((state) => state.chatMode);
  const now = useServerNow(1_000);
  if (nextTurnMs === null) return 0;
  // The beat is up to a second old.
  return Math.min(slowSeconds, Math.max(0, Math.ceil((nextTurnMs - now) / 1_000)));
};

/** The field one writes in, and in its place whatever keeps one from writing. */
export const Composer = (): ReactNode => {
  const t = playerI18n.useT();
  const chatT = useChatT();
  const toast = useToast();
  const session = useRoomHandle();
  const { api, requireConsumer } = useServices();
  const { replyTo, reply, mention, follow, setFollowing } = useTalk();
  const muted = useRoom((state) => state.selfMuted);
  const paused = useRoom((state) => state.paused);
  const role = useRoom((state) => state.role);
  const { audience } = useRoom((state) => state.chatMode);
  const [text, setText] = useState('');
  const [named, setNamed] = useState<readonly Named[]>([]);
  const [expressions, setExpressions] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const wait = useTurn();
  const mustFollow = audience === 'followers' && role === 'viewer' && follow?.following === false;

  useEffect(() => {
    if (!mention) return;
    setText((before) => `${before}@${mention.person.name} `.slice(0, MAX_LENGTH));
    setNamed((before) => [...before, mention.person]);
    input.current?.focus();
  }, [mention]);
  useEffect(() => {
    if (replyTo) input.current?.focus();
  }, [replyTo]);

  /** Guests are asked to sign in before the keyboard is up, and come back to the same field. */
  const onFocus = async (): Promise<void> => {
    if (api.me()?.kind === 'consumer') return;
    input.current?.blur();
    if (await requireConsumer('chat')) setTimeout(() => input.current?.focus(), 60);
  };

  const send = async (words: string, parts: ChatParts): Promise<boolean> => {
    if (paused || wait > 0 || !(await requireConsumer('chat'))) return false;
    const whole = { ...parts, ...(replyTo && { replyTo: quoteOf(replyTo) }) };
    if (session.sendChat(words, whole) === null) {
      toast(t('chat.slow'), { tone: 'error' });
      return false;
    }
    reply(null);
    return true;
  };
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!text.trim()) return;
    const mentions = named.filter(({ name }) => text.includes(`@${name}`));
    if (!(await send(text, mentions.length > 0 ? { mentions } : {}))) return;
    setText('');
    setNamed([]);
  };

  if (mustFollow)
    return (
      <button
        type="button"
        className="pl-composer pl-composer-follow"
        onClick={() => void setFollowing(true)}
        data-testid="follow-to-chat"
      >
        {chatT('composer.follow')}
      </button>
    );

  const placeholder = muted
    ? t('chat.muted')
    : paused
      ? t('paused.composer')
      : wait > 0
        ? chatT('composer.wait', { seconds: wait })
        : audience === 'customers' && role === 'viewer'
          ? chatT('composer.customers')
          : t('chat.placeholder');

  return (
    <form className="pl-composer" onSubmit={submit}>
      {replyTo && (
        <p className="pl-composer-reply">
          <Reply size={14} aria-hidden="true" />
          <span>
            {chatT('reply.to', { name: replyTo.name })}: {replyTo.text}
          </span>
          <button type="button" aria-label={chatT('reply.cancel')} onClick={() => reply(null)}>
            <X size={14} aria-hidden="true" />
          </button>
        </p>
      )}
      <input
        ref={input}
        data-testid="chat-input"
        value={text}
        maxLength={MAX_LENGTH}
        enterKeyHint="send"
        autoComplete="off"
        disabled={muted !== null}
        aria-label={t('chat.placeholder')}
        placeholder={placeholder}
        onFocus={onFocus}
        onChange={(event) => setText(event.target.value)}
      />
      {text.trim() === '' ? (
        <button
          type="button"
          className="pl-expressions"
          aria-label={chatT('expressions.open')}
          disabled={muted !== null}
          onClick={() => setExpressions(true)}
          data-testid="chat-expressions"
        >
          <Smile size={20} aria-hidden="true" />
        </button>
      ) : (
        <button
          type="submit"
          className="pl-send"
          aria-label={wait > 0 ? chatT('composer.wait', { seconds: wait }) : t(paused ? 'paused.send' : 'chat.send')}
          disabled={paused || wait > 0}
          data-testid="chat-send"
        >
          {wait > 0 ? <span className="wl-number">{wait}</span> : <SendHorizontal size={18} aria-hidden="true" />}
        </button>
      )}
      <ExpressionsSheet
        open={expressions}
        onClose={() => setExpressions(false)}
        onEmoji={(emoji) => setText((before) => `${before}${emoji}`.slice(0, MAX_LENGTH))}
        onSticker={(sticker) => {
          setExpressions(false);
          void send('', { sticker });
        }}
      />
    </form>
  );
};
