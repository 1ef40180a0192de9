import type { ChatLine, RoomSession } from '@walnut-live/live-client/room';
import { Avatar, Badge, Button, cx, Sticker, useErrorText, useFormat } from '@walnut-live/ui';
import type { ReactNode } from 'react';
import { useT } from '../i18n/index.ts';
import { useTalkT } from './messages.ts';

/** One message; a tap opens what can be done with it. */
export const Line = ({
  line,
  muted,
  pinned,
  mine,
  session,
  onChoose,
}: {
  line: ChatLine;
  muted: boolean;
  pinned: boolean;
  mine: boolean;
  session: RoomSession;
  onChoose: () => void;
}): ReactNode => {
  const t = useT();
  const talkT = useTalkT();
  const errorText = useErrorText();
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
          {line.level !== undefined && (
            <Badge tone={line.level === 0 ? 'success' : 'brand'}>
              {line.level === 0 ? talkT('line.new') : talkT('line.level', { n: line.level })}
            </Badge>
          )}
          {line.answered && <Badge tone="success">{talkT('line.answered')}</Badge>}
          {pinned && <Badge tone="warn">{talkT('line.pinned')}</Badge>}
          {muted && <Badge tone="danger">{t('chat.mutedTag')}</Badge>}
          <time dateTime={line.at}>{format.time(line.at)}</time>
        </span>
        {line.replyTo && (
          <span className="st-line-quote">
            {line.replyTo.name}: {line.replyTo.text || talkT('line.quoteGone')}
          </span>
        )}
        {line.sticker ? (
          <Sticker id={line.sticker} size={56} />
        ) : (
          <span className={cx(line.delivery === 'sending' && 'st-line-sending')}>{line.text}</span>
        )}
        {line.delivery === 'failed' && line.code && <span className="st-line-why">{errorText(line.code)}</span>}
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
