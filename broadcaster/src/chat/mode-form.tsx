import { chatAudiences } from '@walnut-live/contracts';
import type { RoomSession } from '@walnut-live/live-client/room';
import { Button, cx, useErrorText, useToast } from '@walnut-live/ui';
import { type ReactNode, useState } from 'react';
import { useSelect } from '../app/services.tsx';
import { useTalkT } from './messages.ts';

const SLOW_SECONDS = [0, 5, 15, 30, 60, 120] as const;

/** How fast and to whom the room listens. */
export const ModeForm = ({ session, onDone }: { session: RoomSession; onDone: () => void }): ReactNode => {
  const talkT = useTalkT();
  const toast = useToast();
  const errorText = useErrorText();
  const now = useSelect(session, (state) => state.chatMode);
  const [mode, setMode] = useState(now);
  const [busy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    setBusy(true);
    try {
      await session.setMode(mode);
      toast(talkT('mode.saved'), { tone: 'success' });
      onDone();
    } catch (error) {
      toast(errorText(error), { tone: 'error' });
      setBusy(false);
    }
  };
  // A value that another client has set is kept among the choices.
  const seconds = [...new Set([...SLOW_SECONDS, now.slowSeconds])].sort((a, b) => a - b);
  return (
    <div className="st-actions" data-testid="mode-form">
      <fieldset className="st-reasons">
        <legend>
          {talkT('mode.slow')} · {talkT('mode.slow.hint')}
        </legend>
        {seconds.map((slowSeconds) => (
          <button
            key={slowSeconds}
            type="button"
            className={cx('st-choice', mode.slowSeconds === slowSeconds && 'st-choice-on')}
            aria-pressed={mode.slowSeconds === slowSeconds}
            onClick={() => setMode({ ...mode, slowSeconds })}
          >
            {slowSeconds === 0 ? talkT('mode.slow.off') : talkT('mode.slow.seconds', { n: slowSeconds })}
          </button>
        ))}
      </fieldset>
      <fieldset className="st-reasons">
        <legend>{talkT('mode.audience')}</legend>
        {chatAudiences.map((audience) => (
          <button
            key={audience}
            type="button"
            className={cx('st-choice', mode.audience === audience && 'st-choice-on')}
            aria-pressed={mode.audience === audience}
            onClick={() => setMode({ ...mode, audience })}
          >
            {talkT(`mode.${audience}`)}
          </button>
        ))}
      </fieldset>
      <p className="st-hint">{talkT('mode.crew')}</p>
      <Button size="l" block loading={busy} onClick={() => void save()}>
        {talkT('mode.save')}
      </Button>
    </div>
  );
};
