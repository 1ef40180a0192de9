import { CHAT_LEVEL_ORDERS, type ReportReason, reportReasons } from '@walnut-live/contracts';
import type { ChatLine } from '@walnut-live/live-client/room';
import { Button, Sheet, useErrorText, useToast } from '@walnut-live/ui';
import { AtSign, Copy, Flag, Medal, Reply } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useRoom, useRoomHandle } from '../room/use-room.ts';
import { useSheetT } from './sheet-messages.ts';
import { useTalk } from './talk-provider.tsx';
import './sheets.css';

/** What one may do with a message of somebody else: answer, name, report. */
export default function MessageMenu({ line, onClose }: { line: ChatLine | null; onClose: () => void }): ReactNode {
  const t = useSheetT();
  const toast = useToast();
  const { reply, name } = useTalk();
  const selfId = useRoom((state) => state.selfId);
  const [step, setStep] = useState<'menu' | 'report' | 'levels'>('menu');
  if (!line) return null;
  const own = line.personId === selfId;
  const then = (act: () => void) => () => {
    onClose();
    act();
  };
  const copy = async (): Promise<void> => {
    onClose();
    await navigator.clipboard.writeText(line.text).then(
      () => toast(t('menu.copied'), { tone: 'success' }),
      () => undefined,
    );
  };
  const titles = { menu: 'menu.title', report: 'report.title', levels: 'level.title' } as const;
  return (
    <Sheet open onClose={onClose} title={t(titles[step])} wide="center">
      {step !== 'levels' && (
        <blockquote className="pl-quote">
          <b>{line.name}</b>
          {line.text}
        </blockquote>
      )}
      {step === 'menu' && (
        <div className="pl-menu" data-testid="message-menu">
          <Button
            size="l"
            variant="soft"
            icon={<Reply size={18} />}
            onClick={then(() => reply(line))}
            data-testid="reply"
          >
            {t('menu.reply')}
          </Button>
          {!own && (
            <Button
              size="l"
              variant="soft"
              icon={<AtSign size={18} />}
              onClick={then(() => name({ personId: line.personId, name: line.name }))}
              data-testid="mention"
            >
              {t('menu.mention')}
            </Button>
          )}
          <Button size="l" variant="soft" icon={<Copy size={18} />} onClick={() => void copy()}>
            {t('menu.copy')}
          </Button>
          {line.level !== undefined && (
            <Button size="l" variant="soft" icon={<Medal size={18} />} onClick={() => setStep('levels')}>
              {line.level === 0
                ? t('level.0.long')
                : t('level.n.long', { n: line.level, orders: CHAT_LEVEL_ORDERS[line.level - 1] ?? 1 })}
            </Button>
          )}
          {!own && (
            <Button
              size="l"
              variant="danger"
              icon={<Flag size={18} />}
              onClick={() => setStep('report')}
              data-testid="report"
            >
              {t('menu.report')}
            </Button>
          )}
        </div>
      )}
      {step === 'report' && <Report messageId={line.messageId} onDone={onClose} />}
      {step === 'levels' && <Levels />}
    </Sheet>
  );
}

const Report = ({ messageId, onDone }: { messageId: string; onDone: () => void }): ReactNode => {
  const t = useSheetT();
  const toast = useToast();
  const errorText = useErrorText();
  const session = useRoomHandle();
  const [reason, setReason] = useState<ReportReason | null>(null);
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (): Promise<void> => {
    if (!reason) return;
    setBusy(true);
    try {
      await session.report(messageId, reason, note.trim());
      toast(t('report.done'), { tone: 'success' });
      onDone();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
      setBusy(false);
    }
  };
  return (
    <>
      <fieldset className="pl-reasons">
        <legend>{t('report.why')}</legend>
        {reportReasons.map((known) => (
          <label key={known}>
            <input
              type="radio"
              name="reason"
              checked={reason === known}
              onChange={() => setReason(known)}
              data-testid={`report-${known}`}
            />
            {t(`report.${known}`)}
          </label>
        ))}
      </fieldset>
      <textarea
        className="pl-report-note"
        rows={2}
        maxLength={200}
        value={note}
        placeholder={t('report.note')}
        aria-label={t('report.note')}
        onChange={(event) => setNote(event.target.value)}
      />
      <Button
        size="l"
        block
        variant="danger"
        disabled={!reason}
        loading={busy}
        onClick={() => void submit()}
        data-testid="report-send"
      >
        {t('report.send')}
      </Button>
    </>
  );
};

const Levels = (): ReactNode => {
  const t = useSheetT();
  return (
    <>
      <p className="pl-fine">{t('level.rule')}</p>
      <ul className="pl-levels">
        <li>
          <span className="pl-level pl-level-0">{t('level.0')}</span>
          {t('level.0.long')}
        </li>
        {CHAT_LEVEL_ORDERS.map((orders, at) => (
          <li key={orders}>
            <span className={`pl-level pl-level-${at + 1}`}>{t('level.n', { n: at + 1 })}</span>
            {t('level.row', { orders })}
          </li>
        ))}
      </ul>
    </>
  );
};
