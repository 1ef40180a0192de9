import type { ChatLine } from '@walnut-live/live-client/room';
import { cx, useErrorText } from '@walnut-live/ui';
import { CheckCheck, LoaderCircle, RotateCw } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { playerI18n } from '../i18n/messages.ts';
import { LazySticker } from './lazy-sticker.tsx';
import { useChatT } from './messages.ts';

/** Refusals that sending again will not change: the person is told why, and may take the message away. */
const FINAL = new Set(['words_refused', 'followers_only', 'customers_only', 'muted', 'banned', 'invalid_request']);

const LevelBadge = ({ level }: { level: number }): ReactNode => {
  const t = useChatT();
  return (
    <span className={`pl-level pl-level-${level}`}>{level === 0 ? t('level.0') : t('level.n', { n: level })}</span>
  );
};

const Undelivered = ({
  line,
  onRetry,
  onDrop,
}: {
  line: ChatLine;
  onRetry: (id: string) => void;
  onDrop: (id: string) => void;
}): ReactNode => {
  const t = playerI18n.useT();
  const chatT = useChatT();
  const errorText = useErrorText();
  const id = line.clientMessageId ?? '';
  const isFinal = line.code ? FINAL.has(line.code) : false;
  return (
    <>
      {line.code && (
        <span className="pl-line-why" data-testid="chat-refused">
          {errorText(line.code)}
        </span>
      )}
      {!isFinal && (
        <button
          type="button"
          className="pl-line-retry"
          title={line.code ? errorText(line.code) : undefined}
          onClick={() => onRetry(id)}
        >
          <RotateCw size={12} aria-hidden="true" />
          {t('chat.retry')}
        </button>
      )}
      {line.code && (
        <button type="button" className="pl-line-retry" onClick={() => onDrop(id)}>
          {chatT('line.drop')}
        </button>
      )}
    </>
  );
};

/** One message. A tap opens what can be done with it. */
export const Line = memo(
  ({
    line,
    own,
    named,
    onOpen,
    onRetry,
    onDrop,
  }: {
    line: ChatLine;
    own: boolean;
    /** The message names the reader, or replies to them. */
    named: boolean;
    onOpen: (line: ChatLine) => void;
    onRetry: (id: string) => void;
    onDrop: (id: string) => void;
  }): ReactNode => {
    const t = playerI18n.useT();
    const chatT = useChatT();
    return (
      <div
        className={cx(
          'pl-line',
          own && 'pl-line-own',
          line.role !== 'viewer' && 'pl-line-host',
          named && 'pl-line-named',
          line.sticker && 'pl-line-sticker',
        )}
        data-testid="chat-line"
      >
        {line.replyTo && (
          <span className="pl-line-quote">
            {line.replyTo.name}: {line.replyTo.text || chatT('line.quoteGone')}
          </span>
        )}
        {line.role !== 'viewer' && <span className="pl-line-role">{t(`chat.role.${line.role}`)}</span>}
        {line.level !== undefined && <LevelBadge level={line.level} />}
        <span className="pl-line-name">{line.name}</span>
        {named && <span className="wl-visually-hidden">{chatT('line.you')}</span>}
        {line.sticker ? (
          <LazySticker id={line.sticker} text={line.text} size={64} />
        ) : (
          <span className="pl-line-text">
            <Named text={line.text} names={line.mentions?.map(({ name }) => name) ?? []} />
          </span>
        )}
        {line.answered && (
          <span className="pl-line-answered">
            <CheckCheck size={12} aria-hidden="true" />
            {chatT('line.answered')}
          </span>
        )}
        {line.delivery === 'sending' && (
          <LoaderCircle size={12} className="pl-line-wait" aria-label={t('chat.sending')} />
        )}
        {line.delivery === 'failed' && line.clientMessageId && (
          <Undelivered line={line} onRetry={onRetry} onDrop={onDrop} />
        )}
        {line.delivery === 'sent' && (
          <button
            type="button"
            className="pl-line-open"
            aria-haspopup="dialog"
            aria-label={chatT('line.open', { name: line.name, text: line.text })}
            onClick={() => onOpen(line)}
          />
        )}
      </div>
    );
  },
);

/** The text with the people in it marked. */
const Named = ({ text, names }: { text: string; names: readonly string[] }): ReactNode => {
  if (names.length === 0) return text;
  const escaped = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const parts = text.split(new RegExp(`(@(?:${escaped.join('|')}))`));
  return parts.map((part, i) =>
    i % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text do not move
      <b key={i} className="pl-line-at">
        {part}
      </b>
    ) : (
      part
    ),
  );
};
