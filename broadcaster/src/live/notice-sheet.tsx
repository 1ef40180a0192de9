import type { RoomSession } from '@walnut-live/live-client/room';
import { Button, Sheet, useErrorText, useToast } from '@walnut-live/ui';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useSelect } from '../app/services.tsx';
import { useT } from '../i18n/index.ts';

const NoticeForm = ({ session, onDone }: { session: RoomSession; onDone: () => void }): ReactNode => {
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const id = useId();
  const notice = useSelect(session, (state) => state.notice);
  const [text, setText] = useState(notice);
  const [busy, setBusy] = useState(false);

  const save = async (value: string): Promise<void> => {
    setBusy(true);
    try {
      await session.setNotice(value.trim());
      toast(t('live.notice.saved'), { tone: 'success' });
      onDone();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void save(text);
      }}
    >
      <div className="st-field">
        <label htmlFor={id}>{t('live.notice')}</label>
        <textarea
          id={id}
          className="st-input st-textarea"
          rows={3}
          maxLength={120}
          value={text}
          placeholder={t('live.notice.placeholder')}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      <div className="st-row">
        {notice !== '' && (
          <Button variant="soft" size="l" onClick={() => void save('')} disabled={busy}>
            {t('live.notice.clear')}
          </Button>
        )}
        <Button type="submit" size="l" loading={busy} disabled={text.trim() === ''}>
          {t('live.notice.save')}
        </Button>
      </div>
    </form>
  );
};

export const NoticeSheet = ({
  session,
  open,
  onClose,
}: {
  session: RoomSession;
  open: boolean;
  onClose: () => void;
}): ReactNode => {
  const t = useT();
  return (
    <Sheet open={open} onClose={onClose} title={t('live.notice')} theme="dark">
      <NoticeForm session={session} onDone={onClose} />
    </Sheet>
  );
};
