import type { RoomSession } from '@walnut-live/live-client/room';
import { Sheet } from '@walnut-live/ui';
import { type ReactNode, useId, useState } from 'react';
import { useSelect } from '../app/services.tsx';
import { DrawPanel } from './draw-panel.tsx';
import { usePlayT } from './messages.ts';
import { RainPanel } from './rain-panel.tsx';
import './play.css';

const tabs = ['draw', 'rain'] as const;

/** Opens on what runs. */
const Panel = ({ session }: { session: RoomSession }): ReactNode => {
  const t = usePlayT();
  const id = useId();
  const raining = useSelect(session, (state) => state.interaction.redPacket?.state === 'running');
  const [chosen, setChosen] = useState<(typeof tabs)[number]>(raining ? 'rain' : 'draw');
  return (
    <>
      <div className="st-tabs" role="tablist">
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-selected={chosen === name}
            aria-controls={`${id}-panel`}
            tabIndex={chosen === name ? 0 : -1}
            onClick={() => setChosen(name)}
            onKeyDown={(event) => {
              if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
              const other = name === 'draw' ? 'rain' : 'draw';
              setChosen(other);
              document.getElementById(`${id}-${other}`)?.focus();
            }}
          >
            {t(`tab.${name}`)}
          </button>
        ))}
      </div>
      <div className="st-play-body" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${chosen}`}>
        {chosen === 'draw' ? <DrawPanel session={session} /> : <RainPanel session={session} />}
      </div>
    </>
  );
};

export const PlaySheet = ({
  session,
  open,
  onClose,
}: {
  session: RoomSession;
  open: boolean;
  onClose: () => void;
}): ReactNode => {
  const t = usePlayT();
  return (
    <Sheet open={open} onClose={onClose} title={t('title')} height="tall" theme="dark">
      {open && <Panel session={session} />}
    </Sheet>
  );
};
