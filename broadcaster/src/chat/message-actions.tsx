import type { ChatLine, RoomSession } from '@walnut-live/live-client/room';
import { Button, cx, Sheet, useConfirm, useErrorText, useToast } from '@walnut-live/ui';
import { Ban, CheckCheck, MicOff, Pin, PinOff, Reply, Trash2, Undo2 } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useMe, useSelect } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';
import { useTalkT } from './messages.ts';

const TEN_MINUTES = 10;
const reasons = ['abuse', 'advert', 'spam', 'claim'] as const;

/** Everything a host may do to a message or its sender, each by one tap; a reason, where one was chosen, goes along. */
export const MessageActions = ({
  session,
  line,
  onClose,
  onReply,
}: {
  session: RoomSession;
  line: ChatLine | null;
  onClose: () => void;
  onReply: (line: ChatLine) => void;
}): ReactNode => {
  const t = useT();
  const talkT = useTalkT();
  const me = useMe();
  const toast = useToast();
  const confirm = useConfirm();
  const errorText = useErrorText();
  const pinnedId = useSelect(session, (state) => state.pinnedMessage?.messageId);
  const [reason, setReason] = useState<(typeof reasons)[number] | null>(null);
  const kept = useRef(line);
  useEffect(() => {
    if (line) kept.current = line;
    else setReason(null);
  }, [line]);
  const shown = line ?? kept.current;
  if (!shown) return null;
  const { name, personId, messageId } = shown;
  const isPinned = messageId === pinnedId;
  const said = reason ? talkT(`reason.${reason}`) : '';

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
    if (yes) await run(() => session.ban(personId, said), t('chat.banned', { name }))();
  };
  const mute = (minutes: number | null) =>
    void run(() => session.mute(personId, minutes, said), t('chat.muted', { name }))();

  return (
    <Sheet open={line !== null} onClose={onClose} title={t('chat.actions', { name })} theme="dark">
      <blockquote className="st-quote">{shown.text}</blockquote>
      <div className="st-actions">
        <div className="st-actions-row">
          <Button
            size="l"
            icon={<Reply aria-hidden />}
            onClick={() => {
              onClose();
              onReply(shown);
            }}
          >
            {talkT('act.reply')}
          </Button>
          <Button
            variant="soft"
            size="l"
            icon={isPinned ? <PinOff aria-hidden /> : <Pin aria-hidden />}
            onClick={() =>
              void run(
                () => session.pinMessage(isPinned ? null : messageId),
                talkT(isPinned ? 'done.unpinned' : 'done.pinned'),
              )()
            }
          >
            {talkT(isPinned ? 'act.unpin' : 'act.pin')}
          </Button>
        </div>
        {personId !== me.id && (
          <Button
            variant="soft"
            size="l"
            icon={shown.answered ? <Undo2 aria-hidden /> : <CheckCheck aria-hidden />}
            onClick={() => void run(() => session.answer(messageId, !shown.answered), talkT('done.answered'))()}
          >
            {talkT(shown.answered ? 'act.unanswered' : 'act.answered')}
          </Button>
        )}
        {personId !== me.id && (
          <fieldset className="st-reasons">
            <legend>{talkT('reason')}</legend>
            {reasons.map((known) => (
              <button
                key={known}
                type="button"
                className={cx('st-choice', reason === known && 'st-choice-on')}
                aria-pressed={reason === known}
                onClick={() => setReason(reason === known ? null : known)}
              >
                {talkT(`reason.${known}`)}
              </button>
            ))}
          </fieldset>
        )}
        <Button
          variant="soft"
          size="l"
          icon={<Trash2 aria-hidden />}
          onClick={() => void run(() => session.deleteChat(messageId, said), t('chat.deleted'))()}
        >
          {t('chat.delete')}
        </Button>
        {personId !== me.id && (
          <>
            <div className="st-actions-row">
              <Button variant="soft" size="l" icon={<MicOff aria-hidden />} onClick={() => mute(TEN_MINUTES)}>
                {t('chat.mute10')}
              </Button>
              <Button variant="soft" size="l" icon={<MicOff aria-hidden />} onClick={() => mute(null)}>
                {t('chat.muteRoom')}
              </Button>
            </div>
            <Button variant="danger" size="l" icon={<Ban aria-hidden />} onClick={() => void ban()}>
              {t('chat.ban')}
            </Button>
          </>
        )}
      </div>
    </Sheet>
  );
};
