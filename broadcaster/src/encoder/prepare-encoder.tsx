import { Button } from '@walnut-live/ui';
import { KeyRound } from 'lucide-react';
import type { ReactNode } from 'react';
import { EncoderPanel } from './encoder-panel.tsx';
import { useEncoderT } from './messages.ts';
import './encoder.css';

/** In the place of the mirror when an encoder will publish. Without a room yet, asking for the key makes it. */
export const PrepareEncoder = ({
  roomId,
  makeAtOnce,
  busy,
  onMakeRoom,
}: {
  roomId: string | null;
  makeAtOnce: boolean;
  busy: boolean;
  onMakeRoom: () => void;
}): ReactNode => {
  const t = useEncoderT();
  return (
    <div className="st-stage-center st-enc-stage">
      <section className="st-enc-card">
        <h2>{t('prepare.title')}</h2>
        <p className="st-enc-hint">{t('prepare.hint')}</p>
        {roomId ? (
          <EncoderPanel roomId={roomId} inUse={false} makeAtOnce={makeAtOnce} />
        ) : (
          <>
            <Button icon={<KeyRound aria-hidden />} loading={busy} onClick={onMakeRoom} data-testid="encoder-make-room">
              {t('prepare.make')}
            </Button>
            <p className="st-enc-hint">{t('prepare.later')}</p>
          </>
        )}
      </section>
    </div>
  );
};
